//! What a client may say: the frames of the Pusher protocol, version 7, read from JSON text.

use serde::Deserialize;
use serde_json::value::RawValue;

/// Characters of the name of a client event, or of one that the application's servers trigger.
pub const EVENT_CHARACTERS_MAX: usize = 200;
/// Bytes of its data.
pub const DATA_BYTES_MAX: usize = 10 * 1024;

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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

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
        fn any_channel_and_auth_are_read_as_they_were_sent(channel in ".*", auth in ".*", twice: bool) {
            let data = serde_json::json!({ "channel": channel, "auth": auth });
            let data = if twice { Value::String(data.to_string()) } else { data };
            let text = serde_json::json!({ "event": "pusher:subscribe", "data": data }).to_string();
            let read = Subscribe { channel, auth: Some(auth), channel_data: None };
            prop_assert_eq!(ClientFrame::parse(&text), Ok(ClientFrame::Subscribe(read)));
        }
    }
}
