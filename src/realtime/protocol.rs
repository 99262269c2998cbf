//! The frames of the Pusher protocol, version 7, in and out.
//!
//! One event a frame, as JSON text. `data` of everything we send is a *string* of JSON: pusher-js would take an object
//! as well, the Swift, Java and .NET clients would not.

use std::sync::Arc;

use aggregates::ids::UserId;
use axum::extract::ws::Utf8Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::wire::names::PositionText;

/// Versions that are served. 5 and 6 differ from 7 only in what we do for all: data as text, errors before no close.
pub const VERSIONS: std::ops::RangeInclusive<u32> = 5..=7;

/// Why a connection is closed. What pusher-js does is decided by the range: 4000..4099 never again, 4100..4199 again
/// after a second, 4200..4299 again at once. Never 43xx or 4009 for something that passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseCode {
    NoSuchApp,
    /// Beside `/app/{key}`.
    NoSuchPath,
    InvalidVersion,
    UnsupportedVersion,
    NoVersion,
    /// The application said that this user is not to be served any more.
    Unauthorized,
    /// No room, or no answer from the views: come back in a second.
    OverCapacity,
    /// Come back at once: a node that stops, or a client too slow to follow.
    Reconnect,
    PongNotReceived,
}

impl CloseCode {
    pub const fn number(self) -> u16 {
        match self {
            Self::NoSuchApp => 4001,
            Self::NoSuchPath => 4005,
            Self::InvalidVersion => 4006,
            Self::UnsupportedVersion => 4007,
            Self::NoVersion => 4008,
            Self::Unauthorized => 4009,
            Self::OverCapacity => 4100,
            Self::Reconnect => 4200,
            Self::PongNotReceived => 4201,
        }
    }
}

/// What is said of something wrong while the connection stays. As a *close* code a 43xx would be final for pusher-js.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// `pusher:signin` with a signature that is not ours, or as somebody else.
    Unauthorized,
    ClientEventRejected,
    WatchlistTooLong,
}

impl ErrorCode {
    pub const fn number(self) -> u16 {
        match self {
            Self::Unauthorized => CloseCode::Unauthorized.number(),
            Self::ClientEventRejected => 4301,
            Self::WatchlistTooLong => 4302,
        }
    }
}

/// What a client may say.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientFrame {
    Ping,
    Pong,
    Subscribe(Subscribe),
    Unsubscribe {
        channel: String,
    },
    ClientEvent(ClientEvent),
    SignIn(SignIn),
    /// An event of the protocol that this version does not know.
    Unknown {
        event: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Subscribe {
    pub channel: String,
    /// `key:signature`; empty or absent for public channels.
    #[serde(default)]
    pub auth: Option<String>,
    /// Signed byte for byte as it is.
    #[serde(default)]
    pub channel_data: Option<String>,
}

/// From one client to the others of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientEvent {
    pub event: String,
    pub channel: String,
    /// What `data` says: a string as it was, anything else as JSON.
    pub data: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SignIn {
    /// `key:signature`.
    pub auth: String,
    /// Signed byte for byte as it is.
    pub user_data: String,
}

/// Why a frame cannot be understood; said to the client, who stays connected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("expected a JSON object with event")]
    NotAnEvent,
    #[error("{event} needs data with {fields}")]
    Data { event: &'static str, fields: &'static str },
    #[error("a client event needs a channel")]
    NoChannel,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    event: String,
    #[serde(default)]
    channel: Option<String>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ChannelOnly {
    channel: String,
}

impl ClientFrame {
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let envelope: Envelope<'_> = serde_json::from_str(text).map_err(|_| Malformed::NotAnEvent)?;
        let raw = envelope.data.map_or("null", RawValue::get);
        let wrong = |event, fields| Malformed::Data { event, fields };
        match envelope.event.as_str() {
            "pusher:ping" => Ok(Self::Ping),
            "pusher:pong" => Ok(Self::Pong),
            "pusher:subscribe" => {
                data(raw).map(Self::Subscribe).ok_or_else(|| wrong("pusher:subscribe", "channel, auth?, channel_data?"))
            }
            "pusher:unsubscribe" => data(raw)
                .map(|ChannelOnly { channel }| Self::Unsubscribe { channel })
                .ok_or_else(|| wrong("pusher:unsubscribe", "channel")),
            "pusher:signin" => {
                data(raw).map(Self::SignIn).ok_or_else(|| wrong("pusher:signin", "auth and user_data, a string"))
            }
            event if event.starts_with("client-") => {
                let channel = envelope.channel.ok_or(Malformed::NoChannel)?;
                Ok(Self::ClientEvent(ClientEvent { channel, data: spoken(raw), event: envelope.event }))
            }
            _ => Ok(Self::Unknown { event: envelope.event }),
        }
    }
}

/// As an object, or as a string of one: some clients encode twice in this direction, too.
fn data<T: for<'de> Deserialize<'de>>(raw: &str) -> Option<T> {
    match serde_json::from_str::<String>(raw) {
        Ok(text) => serde_json::from_str(&text).ok(),
        Err(_) => serde_json::from_str(raw).ok(),
    }
}

/// What goes on as a string, whatever it came as.
fn spoken(raw: &str) -> String {
    serde_json::from_str::<String>(raw).unwrap_or_else(|_| raw.to_owned())
}

/// `data` of an event, encoded twice, ready to stand in any number of frames; clones share it.
#[derive(Debug, Clone)]
pub struct EventData(Arc<str>);

impl EventData {
    pub fn of(data: &impl Serialize) -> Result<Self, serde_json::Error> {
        Ok(Self(serde_json::to_string(&serde_json::to_string(data)?)?.into()))
    }

    /// What was encoded.
    pub fn read(&self) -> Option<Value> {
        serde_json::from_str(&serde_json::from_str::<String>(&self.0).ok()?).ok()
    }

    /// Bytes it takes.
    pub fn bytes(&self) -> usize {
        self.0.len()
    }

    /// The frame of `event` on `channel`, which only contains characters that JSON takes as they are.
    pub fn frame(&self, event: &str, channel: &str) -> Utf8Bytes {
        let mut text = String::with_capacity(40 + event.len() + channel.len() + self.0.len());
        text.push_str("{\"event\":\"");
        text.push_str(event);
        text.push_str("\",\"channel\":\"");
        text.push_str(channel);
        text.push_str("\",\"data\":");
        text.push_str(&self.0);
        text.push('}');
        Utf8Bytes::from(text)
    }
}

#[derive(Serialize)]
struct Outgoing<'a> {
    event: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'a str>,
    data: String,
}

#[derive(Serialize)]
struct Spoken<'a> {
    event: &'a str,
    channel: &'a str,
    data: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
}

fn outgoing(event: &str, channel: Option<&str>, data: &Value) -> Utf8Bytes {
    let frame = Outgoing { event, channel, data: data.to_string() };
    // Three texts always serialise; an empty frame would be told apart by any client.
    Utf8Bytes::from(serde_json::to_string(&frame).unwrap_or_default())
}

/// The first frame of every connection. `activity_timeout` is in whole seconds and never 0, which pusher-js refuses.
pub fn connection_established(socket_id: &str, activity_timeout: std::time::Duration) -> Utf8Bytes {
    let seconds = activity_timeout.as_secs().max(1);
    let data = serde_json::json!({ "socket_id": socket_id, "activity_timeout": seconds });
    outgoing("pusher:connection_established", None, &data)
}

/// Whom a frame of `event` tells of, by its `userId`; `None` for a frame of any other event.
pub fn told_of(frame: &str, event: &str) -> Option<UserId> {
    let rest = frame.strip_prefix("{\"event\":\"")?.strip_prefix(event)?;
    if !rest.starts_with('"') {
        return None;
    }
    let frame: Value = serde_json::from_str(frame).ok()?;
    let data: Value = serde_json::from_str(frame["data"].as_str()?).ok()?;
    UserId::parse(data["userId"].as_str()?).ok()
}

pub fn ping() -> Utf8Bytes {
    Utf8Bytes::from_static(r#"{"event":"pusher:ping","data":"{}"}"#)
}

pub fn pong() -> Utf8Bytes {
    Utf8Bytes::from_static(r#"{"event":"pusher:pong","data":"{}"}"#)
}

/// Something was wrong, the connection stays.
pub fn error(message: &str) -> Utf8Bytes {
    outgoing("pusher:error", None, &serde_json::json!({ "message": message, "code": null }))
}

/// The same, with the code that the protocol has for it.
pub fn error_with(code: ErrorCode, message: &str) -> Utf8Bytes {
    outgoing("pusher:error", None, &serde_json::json!({ "message": message, "code": code.number() }))
}

pub fn subscription_succeeded(channel: &str) -> Utf8Bytes {
    outgoing("pusher_internal:subscription_succeeded", Some(channel), &serde_json::json!({}))
}

/// On channels that can be resumed: everything up to `position` is in the views.
pub fn subscription_succeeded_at(channel: &str, position: &str) -> Utf8Bytes {
    outgoing("pusher_internal:subscription_succeeded", Some(channel), &serde_json::json!({ "position": position }))
}

/// The client cannot be given what it missed: it must load anew what it shows of this channel.
pub fn reload(channel: &str, reason: Reload, position: &str) -> Utf8Bytes {
    outgoing(RELOAD, Some(channel), &serde_json::json!(ToReload { reason: reason.name(), position }))
}

/// The one event of Kabar's own that is not in the log's order: it stands where the missed ones would have been.
pub const RELOAD: &str = "kabar:reload";

#[derive(Debug, Serialize, JsonSchema)]
pub struct ToReload<'a> {
    #[schemars(extend("enum" = Reload::ALL.map(Reload::name)))]
    reason: &'static str,
    /// Everything up to there is in the answers of the routes.
    #[schemars(with = "PositionText")]
    position: &'a str,
}

/// Why what was missed is not replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reload {
    /// The position is one of another log: a backup was restored.
    OtherLog,
    /// It is longer ago than the window reaches, or the window was emptied by an erasure.
    TooLongAgo,
    /// More frames than are replayed.
    TooMuch,
    /// The log does not go as far.
    UnknownPosition,
}

impl Reload {
    pub const ALL: [Self; 4] = [Self::OtherLog, Self::TooLongAgo, Self::TooMuch, Self::UnknownPosition];

    pub const fn name(self) -> &'static str {
        match self {
            Self::OtherLog => "other-log",
            Self::TooLongAgo => "too-long-ago",
            Self::TooMuch => "too-much",
            Self::UnknownPosition => "unknown-position",
        }
    }
}

/// On a presence channel: `data` says who is here.
pub fn subscription_succeeded_among(channel: &str, data: &impl Serialize) -> Result<Utf8Bytes, serde_json::Error> {
    Ok(EventData::of(data)?.frame("pusher_internal:subscription_succeeded", channel))
}

pub fn subscription_count(channel: &str, count: usize) -> Utf8Bytes {
    outgoing("pusher_internal:subscription_count", Some(channel), &serde_json::json!({ "subscription_count": count }))
}

/// Nothing is kept for this cache channel.
pub fn cache_miss(channel: &str) -> Utf8Bytes {
    outgoing("pusher:cache_miss", Some(channel), &serde_json::json!({}))
}

pub fn signin_success(user_data: &str) -> Utf8Bytes {
    outgoing("pusher:signin_success", None, &serde_json::json!({ "user_data": user_data }))
}

/// Who of a watchlist came or went.
pub fn watchlist_events(events: &[(&str, &[aggregates::ids::UserId])]) -> Utf8Bytes {
    let events: Vec<Value> =
        events.iter().map(|(name, users)| serde_json::json!({ "name": name, "user_ids": users })).collect();
    outgoing("pusher_internal:watchlist_events", None, &serde_json::json!({ "events": events }))
}

/// An event that somebody else named; `data` as it was given. `user_id` on presence channels only.
pub fn event(event: &str, channel: &str, data: &str, user_id: Option<&str>) -> Utf8Bytes {
    let frame = Spoken { event, channel, data, user_id };
    // Texts always serialise; an empty frame would be told apart by any client.
    Utf8Bytes::from(serde_json::to_string(&frame).unwrap_or_default())
}

/// Also sent when a subscription ends because the membership did.
pub fn subscription_error(channel: &str, error: &str, status: u16) -> Utf8Bytes {
    let kind = if matches!(status, 401 | 403) { "AuthError" } else { "SubscriptionError" };
    let data = serde_json::json!({ "type": kind, "error": error, "status": status });
    outgoing("pusher:subscription_error", Some(channel), &data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(frame: &Utf8Bytes) -> (Value, Value) {
        let frame: Value = serde_json::from_str(frame.as_str()).expect("JSON");
        let data = serde_json::from_str(frame["data"].as_str().expect("data is a string")).expect("JSON in data");
        (frame, data)
    }

    #[test]
    fn the_first_frame_carries_socket_id_and_timeout_in_a_string() {
        let (frame, data) = read(&connection_established("123.456", std::time::Duration::from_secs(120)));
        assert_eq!(frame["event"], "pusher:connection_established");
        assert_eq!(data, serde_json::json!({ "socket_id": "123.456", "activity_timeout": 120 }));
        let (_, data) = read(&connection_established("1.2", std::time::Duration::from_millis(50)));
        assert_eq!(data["activity_timeout"], 1);
    }

    #[test]
    fn everything_we_send_has_a_string_as_data() {
        let ana = aggregates::ids::UserId::parse("ana").expect("an id");
        let code = ErrorCode::WatchlistTooLong;
        for frame in [ping(), pong(), error("a \"word\""), error_with(code, "x"), signin_success("{}")] {
            read(&frame);
        }
        for frame in [subscription_succeeded("x"), subscription_error("x", "y", 403), subscription_count("x", 2)] {
            read(&frame);
        }
        for frame in [cache_miss("cache-x"), watchlist_events(&[("online", &[ana])]), event("e", "c", "{}", None)] {
            read(&frame);
        }
        let (frame, data) = read(&subscription_error("private-x", "not a member", 403));
        assert_eq!(frame["channel"], "private-x");
        assert_eq!(data, serde_json::json!({ "type": "AuthError", "error": "not a member", "status": 403 }));
    }

    #[test]
    fn a_subscription_is_read_with_data_as_object_or_as_string() {
        let subscribe = Subscribe { channel: "a".into(), auth: Some("k:s".into()), channel_data: Some("{}".into()) };
        let object = r#"{"event":"pusher:subscribe","data":{"channel":"a","auth":"k:s","channel_data":"{}"}}"#;
        assert_eq!(ClientFrame::parse(object), Ok(ClientFrame::Subscribe(subscribe)));
        let string = r#"{"event":"pusher:unsubscribe","data":"{\"channel\":\"a\"}"}"#;
        assert_eq!(ClientFrame::parse(string), Ok(ClientFrame::Unsubscribe { channel: "a".into() }));
        assert_eq!(ClientFrame::parse(r#"{"event":"pusher:ping"}"#), Ok(ClientFrame::Ping));
    }

    #[test]
    fn a_client_event_is_read_with_its_data_as_text() {
        let said = |data: &str| match ClientFrame::parse(&format!(
            r#"{{"event":"client-x","channel":"private-a","data":{data}}}"#
        )) {
            Ok(ClientFrame::ClientEvent(event)) => event.data,
            other => panic!("{other:?}"),
        };
        assert_eq!(said(r#"{"b":1,"a":[ 2 ]}"#), r#"{"b":1,"a":[ 2 ]}"#, "as it was, in its own order");
        assert_eq!(said(r#""{\"a\":1}""#), r#"{"a":1}"#);
        assert_eq!((said("\"hi\"").as_str(), said("5").as_str(), said("null").as_str()), ("hi", "5", "null"));
        assert_eq!(ClientFrame::parse(r#"{"event":"client-x","data":1}"#), Err(Malformed::NoChannel));
        let frame: Value = serde_json::from_str(&event("client-\"", "presence-x", "{}", Some("7"))).expect("JSON");
        assert_eq!(
            frame,
            serde_json::json!({ "event": "client-\"", "channel": "presence-x", "data": "{}", "user_id": "7" })
        );
    }

    #[test]
    fn signing_in_is_read_with_its_data_as_it_was_signed() {
        let text = r#"{"event":"pusher:signin","data":{"auth":"k:s","user_data":"{\"id\":\"7\"}"}}"#;
        let read = SignIn { auth: "k:s".into(), user_data: r#"{"id":"7"}"#.into() };
        assert_eq!(ClientFrame::parse(text), Ok(ClientFrame::SignIn(read)));
        let error = ClientFrame::parse(r#"{"event":"pusher:signin","data":{"auth":"k:s"}}"#).expect_err("no user");
        assert!(error.to_string().contains("user_data"), "{error}");
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = ClientFrame::parse(r#"{"event":"pusher:subscribe","data":{"auth":""}}"#).expect_err("no channel");
        assert!(error.to_string().contains("channel"), "{error}");
        for text in ["", "[]", "5", "{}", r#"{"event":5}"#, r#"{"event":"x""#] {
            assert_eq!(ClientFrame::parse(text), Err(Malformed::NotAnEvent), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_a_client_says_makes_the_parser_panic(text in ".*") {
            let _ = ClientFrame::parse(&text);
        }

        #[test]
        fn data_comes_out_of_a_frame_as_it_went_in(words in ".*", number: i64) {
            let sent = serde_json::json!({ "words": words, "number": number });
            let frame = EventData::of(&sent).expect("encodes").frame("new-message", "private-user-a@b.c");
            let (frame, data) = read(&frame);
            prop_assert_eq!(data, sent);
            prop_assert_eq!(&frame["event"], "new-message");
            prop_assert_eq!(&frame["channel"], "private-user-a@b.c");
        }

        #[test]
        fn any_channel_and_auth_are_read_as_they_were_sent(channel in ".*", auth in ".*", twice: bool) {
            let data = serde_json::json!({ "channel": channel, "auth": auth });
            let data = if twice { Value::String(data.to_string()) } else { data };
            let text = serde_json::json!({ "event": "pusher:subscribe", "data": data }).to_string();
            let read = Subscribe { channel, auth: Some(auth), channel_data: None };
            prop_assert_eq!(ClientFrame::parse(&text), Ok(ClientFrame::Subscribe(read)));
        }
    }
}
