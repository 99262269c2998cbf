//! An event as the log keeps it.

use aggregates::ids::EventId;
use aggregates::words::HasWords;
use aggregates::{AggregateKind, DomainEvent, Metadata, StreamId, Timestamp, UnreadableEvent};
use uuid::Uuid;

use crate::port::EventLogError;
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

/// A row of the events table, as an engine gives it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoredEvent<'a> {
    pub position: u64,
    pub event_id: Uuid,
    pub aggregate_type: &'a str,
    pub aggregate_id: &'a str,
    pub sequence: u64,
    pub event_type: &'a str,
    pub event_version: &'a str,
    pub payload: &'a str,
    pub metadata: &'a str,
    pub recorded_at: Timestamp,
}

impl RecordedEvent {
    /// Whether it holds words that nobody tried to open.
    pub(crate) fn is_closed(&self) -> bool {
        let mut closed = false;
        self.event.clone().visit_words(&mut |_, words| closed |= words.closed().is_some());
        closed
    }

    /// Reads a row of any version; the one place where all engines do it.
    pub(crate) fn from_stored(row: StoredEvent<'_>) -> Result<Self, EventLogError> {
        let position = Position(row.position);
        let unreadable = |source| EventLogError::Unreadable { position, source };
        let kind = AggregateKind::parse(row.aggregate_type)
            .ok_or_else(|| unreadable(UnreadableEvent::UnknownAggregate(row.aggregate_type.to_owned())))?;
        let stream = StreamId::new(kind, row.aggregate_id);
        let event =
            DomainEvent::from_stored(&stream, row.event_type, row.event_version, row.payload).map_err(unreadable)?;
        // Other programs write to the same table and put into `metadata` what they like: what is not ours is as absent.
        let metadata = serde_json::from_str(row.metadata).unwrap_or_default();
        Ok(Self {
            position,
            event_id: EventId(row.event_id),
            stream,
            sequence: row.sequence,
            event,
            metadata,
            recorded_at: row.recorded_at,
        })
    }
}
