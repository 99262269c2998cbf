//! `client-..` events: from one client to the others of a channel, through the server and never into the log.
//!
//! Only on private and presence channels that the sender is subscribed to, never back to the sender. What is refused is
//! an error with code 4301; as a close code pusher-js would take it as final.

use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use tokio::time::Instant;

use crate::realtime::protocol::channel_name::takes_client_events;
use crate::realtime::protocol::{self, ClientEvent, DATA_BYTES_MAX, EVENT_CHARACTERS_MAX, ErrorCode};

/// How many a connection may still send: a bucket in one number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowance {
    /// When it is full again.
    full_at: Instant,
}

impl Allowance {
    pub fn full(now: Instant) -> Self {
        Self { full_at: now }
    }

    /// `per_second` at once, and as many in every second after.
    pub fn take(&mut self, per_second: u32, now: Instant) -> bool {
        let interval = Duration::from_secs(1) / per_second.max(1);
        let ahead = self.full_at.max(now);
        if ahead - now > Duration::from_secs(1).saturating_sub(interval) {
            return false;
        }
        self.full_at = ahead + interval;
        true
    }
}

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
    fn ten_pass_at_once_and_ten_in_every_second_after() {
        let start = Instant::now();
        let mut allowance = Allowance::full(start);
        assert_eq!((0..20).filter(|_| allowance.take(10, start)).count(), 10);
        assert!(!allowance.take(10, start + Duration::from_millis(99)));
        assert!(allowance.take(10, start + Duration::from_millis(100)));
        let second = start + Duration::from_secs(5);
        assert_eq!((0..20).filter(|_| allowance.take(10, second)).count(), 10);
    }

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
