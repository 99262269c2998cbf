//! What a client has received, shown by its own WebSocket: a ping carries the last position written to the connection,
//! and the pong, which comes behind everything before it, brings it back.
//!
//! It says that the frames arrived, never that anybody has read them. One ping is under way at a time and not more often
//! than the interval, so that a busy channel costs no more for it. Never in here: the socket, who listens.

use std::time::Duration;

use axum::body::Bytes;
use event_log::Position;
use tokio::time::Instant;

/// Of one connection.
pub(in crate::realtime) struct Receipts {
    /// `None`: nothing is asked.
    interval: Option<Duration>,
    written: Position,
    /// What the last ping carried, and when it was.
    asked: Position,
    asked_at: Option<Instant>,
    answered: bool,
}

impl Receipts {
    pub fn every(interval: Option<Duration>) -> Self {
        Self { interval, written: Position::START, asked: Position::START, asked_at: None, answered: true }
    }

    /// Everything up to `position` that this client is to have was written.
    pub fn wrote(&mut self, position: Position) {
        self.written = self.written.max(position);
    }

    /// When to ask next, if there is anything to ask about: only then the clock is looked at. A client that never answers is
    /// never asked again.
    pub fn due_at(&self, now: impl FnOnce() -> Instant) -> Option<Instant> {
        let interval = self.interval?;
        let due = self.answered && self.written > self.asked;
        due.then(|| self.asked_at.map_or_else(now, |asked_at| asked_at + interval))
    }

    /// What the ping carries, when it is time for one.
    pub fn ask(&mut self, now: impl Fn() -> Instant) -> Option<Bytes> {
        let due_at = self.due_at(&now)?;
        let now = now();
        if due_at > now {
            return None;
        }
        (self.asked, self.asked_at, self.answered) = (self.written, Some(now), false);
        Some(Bytes::from(self.asked.to_string()))
    }

    /// A pong. Only the answer to what was asked counts: a client may send what it likes.
    pub fn answered(&mut self, payload: &[u8]) -> Option<Position> {
        let right = !self.answered && payload == self.asked.to_string().as_bytes();
        self.answered |= right;
        right.then_some(self.asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_last_position_is_asked_about_once_at_a_time_and_not_more_often_than_the_interval() {
        let (mut receipts, now) = (Receipts::every(Some(SECOND)), Instant::now());
        assert_eq!(receipts.ask(|| now), None, "nothing was written");
        receipts.wrote(Position(7));
        assert_eq!(receipts.ask(|| now).as_deref(), Some(&b"7"[..]));
        receipts.wrote(Position(9));
        receipts.wrote(Position(8));
        assert_eq!(receipts.ask(|| now + 2 * SECOND), None, "one is under way");
        assert_eq!(receipts.answered(b"7"), Some(Position(7)));
        assert_eq!(receipts.due_at(|| now), Some(now + SECOND));
        assert_eq!(receipts.ask(|| now + SECOND / 2), None, "too early");
        assert_eq!(receipts.ask(|| now + SECOND).as_deref(), Some(&b"9"[..]));
        assert_eq!(receipts.answered(b"9"), Some(Position(9)));
        assert_eq!(receipts.due_at(|| now + 9 * SECOND), None, "all is received");
    }

    #[test]
    fn what_was_not_asked_is_no_receipt() {
        let (mut receipts, now) = (Receipts::every(Some(SECOND)), Instant::now());
        assert_eq!(receipts.answered(b"0"), None);
        receipts.wrote(Position(7));
        receipts.ask(|| now);
        for payload in [&b""[..], b"8", b"70", b"007"] {
            assert_eq!(receipts.answered(payload), None);
        }
        assert_eq!(receipts.answered(b"7"), Some(Position(7)));
        assert_eq!(receipts.answered(b"7"), None, "twice");
    }

    #[test]
    fn switched_off_nothing_is_asked() {
        let (mut receipts, now) = (Receipts::every(None), Instant::now());
        receipts.wrote(Position(7));
        assert_eq!((receipts.ask(|| now), receipts.due_at(|| now)), (None, None));
    }
}
