//! `client-..` events: from one client to the others of a channel, through the server and never into the log.
//!
//! Only on private and presence channels that the sender is subscribed to, never back to the sender. What is refused is
//! an error with code 4301; as a close code pusher-js would take it as final.

use axum::extract::ws::Utf8Bytes;

use crate::realtime::protocol::channel_name::takes_client_events;
use crate::realtime::protocol::{self, ClientEvent, DATA_BYTES_MAX, EVENT_CHARACTERS_MAX, ErrorCode};

/// What is wrong with it, as it is said to its sender.
pub(super) fn check(said: &ClientEvent) -> Result<(), String> {
    if said.event.chars().count() > EVENT_CHARACTERS_MAX {
        return Err(format!("an event's name has at most {EVENT_CHARACTERS_MAX} characters"));
    }
    if said.data.len() > DATA_BYTES_MAX {
        return Err(format!("the data of an event has at most {DATA_BYTES_MAX} bytes"));
    }
    if !takes_client_events(&said.channel) {
        return Err("client events are for private and presence channels".to_owned());
    }
    Ok(())
}

pub(super) fn refusal(reason: &str) -> Utf8Bytes {
    protocol::error_with(ErrorCode::ClientEventRejected, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_an_event_is_said() {
        let event = |event: String, channel: &str, data: usize| {
            check(&ClientEvent { event, channel: channel.to_owned(), data: "x".repeat(data) })
        };
        assert_eq!(event("client-x".into(), "private-a", DATA_BYTES_MAX), Ok(()));
        assert!(event("client-x".into(), "private-a", DATA_BYTES_MAX + 1).is_err_and(|said| said.contains("10240")));
        let long = format!("client-{}", "x".repeat(EVENT_CHARACTERS_MAX));
        assert!(event(long, "private-a", 1).is_err_and(|said| said.contains("200")));
        for channel in ["lobby", "user-ana", "#server-to-user-ana"] {
            assert!(event("client-x".into(), channel, 1).is_err(), "{channel}");
        }
    }
}
