//! From rows to events.

use aggregates::ids::EventId;
use aggregates::{AggregateKind, DomainEvent, Metadata, StreamId, Timestamp, UnreadableEvent};
use uuid::Uuid;

use crate::port::{EventLogError, Foreign, Found, Unreadable};
use crate::position::Position;
use crate::recorded::RecordedEvent;

/// position, aggregate_type, aggregate_id, sequence, event_id, event_type, event_version, payload, metadata, recorded ms
pub(super) type EventRow = (i64, String, String, i64, Uuid, String, String, String, String, i64);

/// The columns of [`EventRow`], as a query selects them from `events e`.
pub(super) const EVENT_COLUMNS: &str = "e.position, e.aggregate_type, e.aggregate_id, e.sequence, e.event_id, \
     e.event_type, e.event_version, e.payload::text, e.metadata::text, (extract(epoch FROM e.recorded_at) * 1000)::int8";

/// event_id, position, aggregate_type, aggregate_id, sequence
pub(super) type FoundRow = (Uuid, i64, String, String, i64);

pub(super) fn recorded(row: EventRow) -> Result<RecordedEvent, EventLogError> {
    let (position, kind, id, sequence, event_id, name, version, payload, metadata, at) = row;
    let position = Position(position.unsigned_abs());
    let unreadable = |source| EventLogError::Unreadable { position, source };
    let stream = stream(kind, id).map_err(unreadable)?;
    let event = DomainEvent::from_stored(&stream, &name, &version, &payload).map_err(unreadable)?;
    Ok(RecordedEvent {
        position,
        event_id: EventId(event_id),
        stream,
        sequence: sequence.unsigned_abs(),
        event,
        metadata: read_metadata(&metadata),
        recorded_at: Timestamp::from_millis(at),
    })
}

/// What others wrote, also what cannot be read.
pub(super) fn tail(rows: Vec<EventRow>) -> Result<Foreign, EventLogError> {
    let mut tail = Foreign::default();
    for row in rows {
        let unreadable = Unreadable {
            position: Position(row.0.unsigned_abs()),
            stream: AggregateKind::parse(&row.1).map(|kind| StreamId::new(kind, row.2.as_str())),
            sequence: row.3.unsigned_abs(),
            name: row.5.clone(),
        };
        tail.push(recorded(row), unreadable)?;
    }
    Ok(tail)
}

pub(super) fn found(row: FoundRow) -> Result<Found, EventLogError> {
    let (event_id, position, kind, id, sequence) = row;
    let position = Position(position.unsigned_abs());
    let stream = stream(kind, id).map_err(|source| EventLogError::Unreadable { position, source })?;
    Ok(Found { event_id: EventId(event_id), position, stream, sequence: sequence.unsigned_abs() })
}

fn stream(kind: String, id: String) -> Result<StreamId, UnreadableEvent> {
    match AggregateKind::parse(&kind) {
        Some(kind) => Ok(StreamId::new(kind, id)),
        None => Err(UnreadableEvent::UnknownAggregate(kind)),
    }
}

/// Stock programs keep what they like in metadata: what is not ours is read as absent.
fn read_metadata(json: &str) -> Metadata {
    if json == "{}" { Metadata::default() } else { serde_json::from_str(json).unwrap_or_default() }
}
