//! An event as the log keeps it.

use aggregates::ids::EventId;
use aggregates::{DomainEvent, Metadata, StreamId, Timestamp};

use crate::position::Position;

/// What has happened, where in the log, and under which circumstances.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedEvent {
    pub position: Position,
    pub event_id: EventId,
    pub stream: StreamId,
    /// 1, 2, 3 .. in the stream.
    pub sequence: u64,
    pub event: DomainEvent,
    pub metadata: Metadata,
    /// Given by the log; never goes back from one position to the next.
    pub recorded_at: Timestamp,
}
