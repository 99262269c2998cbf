//! A frame on its way to a socket, and what it comes of.

use aggregates::Timestamp;
use aggregates::ids::RoomId;
use aggregates::room::HistoryFrom;
use axum::extract::ws::Utf8Bytes;
use event_log::{Position, RecordedEvent};
use projections::inbox::Stay;

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
    /// The message it is about, where it is about one.
    pub about: Option<About>,
}

impl Cause {
    #[must_use]
    pub fn about(self, message: About) -> Self {
        Self { about: Some(message), ..self }
    }
}

/// A message, as far as it decides who may hear of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    pub room: RoomId,
    pub seq: u64,
    pub history_from: HistoryFrom,
}

impl About {
    /// Whether a member may read it, as their stay in its room is.
    pub fn is_for(&self, stay: Option<&Stay>) -> bool {
        match self.history_from {
            HistoryFrom::Start => true,
            HistoryFrom::Join => stay.is_some_and(|stay| stay.join_seq < self.seq),
        }
    }
}

impl From<&RecordedEvent> for Cause {
    fn from(recorded: &RecordedEvent) -> Self {
        Self {
            position: recorded.position,
            recorded_at: Some(recorded.recorded_at),
            is_told_at_once: true,
            about: None,
        }
    }
}

/// A frame that was held back on purpose: how long it took says nothing.
impl From<Position> for Cause {
    fn from(position: Position) -> Self {
        Self { position, recorded_at: None, is_told_at_once: false, about: None }
    }
}
