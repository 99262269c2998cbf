//! A frame on its way to a socket, and what it comes of.

use aggregates::Timestamp;
use axum::extract::ws::Utf8Bytes;
use event_log::{Position, RecordedEvent};

/// Text that all sockets share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub text: Utf8Bytes,
    /// Of the event it tells of; `None` where there is none, or more than one.
    pub recorded_at: Option<Timestamp>,
    /// Of that event; the start of the log where there is none.
    pub position: Position,
}

impl Frame {
    pub fn of(text: Utf8Bytes, cause: Option<Cause>) -> Self {
        let position = cause.map(|cause| cause.position).unwrap_or_default();
        Self { text, recorded_at: cause.and_then(|cause| cause.recorded_at), position }
    }
}

impl From<Utf8Bytes> for Frame {
    fn from(text: Utf8Bytes) -> Self {
        Self::of(text, None)
    }
}

/// The event a frame tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause {
    pub position: Position,
    pub recorded_at: Option<Timestamp>,
    /// The frame says what this one event was, told in the order of the log: the window keeps it.
    pub is_told_at_once: bool,
}

impl From<&RecordedEvent> for Cause {
    fn from(recorded: &RecordedEvent) -> Self {
        Self { position: recorded.position, recorded_at: Some(recorded.recorded_at), is_told_at_once: true }
    }
}

/// A frame that was held back on purpose: how long it took says nothing.
impl From<Position> for Cause {
    fn from(position: Position) -> Self {
        Self { position, recorded_at: None, is_told_at_once: false }
    }
}
