//! What the server says: the frames of the Pusher protocol, version 7, as JSON text.
//!
//! One event a frame. `data` of everything we send is a *string* of JSON: pusher-js would take an object as well, the
//! Swift, Java and .NET clients would not.

use std::sync::Arc;

use aggregates::ids::UserId;
use axum::extract::ws::Utf8Bytes;
use serde::Serialize;
use serde_json::Value;

use super::codes::ErrorCode;

/// Somebody's first connection is on a presence channel, or their last one is on it no more.
pub const MEMBER_ADDED: &str = "pusher_internal:member_added";
pub const MEMBER_REMOVED: &str = "pusher_internal:member_removed";

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

pub(super) fn outgoing(event: &str, channel: Option<&str>, data: &Value) -> Utf8Bytes {
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
    fn an_event_of_somebody_else_says_whose_it_is() {
        let frame: Value = serde_json::from_str(&event("client-\"", "presence-x", "{}", Some("7"))).expect("JSON");
        assert_eq!(
            frame,
            serde_json::json!({ "event": "client-\"", "channel": "presence-x", "data": "{}", "user_id": "7" })
        );
    }

    proptest! {
        #[test]
        fn data_comes_out_of_a_frame_as_it_went_in(words in ".*", number: i64) {
            let sent = serde_json::json!({ "words": words, "number": number });
            let frame = EventData::of(&sent).expect("encodes").frame("new-message", "private-user-a@b.c");
            let (frame, data) = read(&frame);
            prop_assert_eq!(data, sent);
            prop_assert_eq!(&frame["event"], "new-message");
            prop_assert_eq!(&frame["channel"], "private-user-a@b.c");
        }
    }
}
