//! From rows to events, and the few questions every connection may ask.

use aggregates::ids::EventId;
use aggregates::{AggregateKind, DomainEvent, StreamId, Timestamp, UnreadableEvent};
use rusqlite::types::FromSqlError;
use rusqlite::{Connection, OptionalExtension, Row, Rows, params, params_from_iter};
use uuid::Uuid;

use super::index::{Look, Moment};
use crate::port::{EventLogError, Filter, Foreign, Found, Page, Reading, Unreadable};
use crate::position::{LogId, Position};
use crate::reactor_place::{ReactorPlace, missing, not_past};
use crate::recorded::{RecordedEvent, StoredEvent};

/// Positions one filtered read looks at, so that a rare kind does not make it read the whole log at once.
const SCAN_POSITIONS_MAX: u64 = 20_000;

/// As [`recorded`] expects them.
macro_rules! select_events {
    ($rest:literal) => {
        concat!(
            "SELECT position, event_id, aggregate_type, aggregate_id, sequence, event_type, event_version, ",
            "payload, metadata, recorded_at FROM events ",
            $rest
        )
    };
}

/// The end of the log: the last position and when it was recorded.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Head {
    pub position: Position,
    pub recorded_at: Timestamp,
}

pub(super) fn head(connection: &Connection) -> Result<Head, EventLogError> {
    let head = connection
        .prepare_cached("SELECT position, recorded_at FROM events ORDER BY position DESC LIMIT 1")?
        .query_row([], |row| {
            Ok(Head { position: Position(row.get(0)?), recorded_at: Timestamp::from_millis(row.get(1)?) })
        })
        .optional()?;
    Ok(head.unwrap_or_default())
}

/// Nothing of the event itself is looked at.
pub(super) fn recorded_behind(connection: &Connection, position: Position) -> Result<Option<Timestamp>, EventLogError> {
    let recorded = connection
        .prepare_cached("SELECT recorded_at FROM events WHERE position > ?1 ORDER BY position LIMIT 1")?
        .query_row([capped(position.0)], |row| Ok(Timestamp::from_millis(row.get(0)?)))
        .optional()?;
    Ok(recorded)
}

pub(super) fn log_id(connection: &Connection) -> Result<LogId, EventLogError> {
    let id: Uuid = connection.query_row("SELECT log_id FROM log_identity", [], |row| row.get(0))?;
    Ok(LogId(id))
}

/// Everything in `(after, up_to]`, also what cannot be read.
pub(super) fn between(connection: &Connection, after: Position, up_to: Position) -> Result<Foreign, EventLogError> {
    let mut statement =
        connection.prepare_cached(select_events!("WHERE position > ?1 AND position <= ?2 ORDER BY position"))?;
    let mut rows = statement.query(params![capped(after.0), capped(up_to.0)])?;
    let mut tail = Foreign::default();
    while let Some(row) = rows.next()? {
        let id = text(row, 3)?;
        let unreadable = Unreadable {
            position: Position(row.get(0)?),
            stream: AggregateKind::parse(text(row, 2)?).map(|kind| StreamId::new(kind, id)),
            sequence: row.get(4)?,
            name: text(row, 5)?.to_owned(),
        };
        tail.push(recorded(row), unreadable)?;
    }
    Ok(tail)
}

pub(super) fn read_stream(
    connection: &Connection,
    look: &Look,
    stream: &StreamId,
    after: u64,
    limit: usize,
) -> Result<Vec<RecordedEvent>, EventLogError> {
    let _moment = Moment::of(connection)?;
    let mut statement = connection.prepare_cached(select_events!("WHERE position = ?1"))?;
    let mut events = Vec::new();
    look.each_of_stream(connection, (stream, after), limit, |position| {
        let mut rows = statement.query([capped(position)])?;
        let Some(row) = rows.next()? else { return Ok(false) };
        let is_of_stream = text(row, 2)? == stream.kind.name() && text(row, 3)? == &*stream.id;
        if is_of_stream {
            events.push(recorded(row)?);
        }
        Ok(is_of_stream)
    })?;
    Ok(events)
}

/// A page of a stream after `after`, without what no decision needs.
pub(super) fn load(
    connection: &Connection,
    look: &Look,
    stream: &StreamId,
    after: u64,
    limit: usize,
) -> Result<Vec<(u64, DomainEvent)>, EventLogError> {
    let _moment = Moment::of(connection)?;
    let mut statement = connection.prepare_cached(
        "SELECT aggregate_type, aggregate_id, sequence, event_type, event_version, payload FROM events \
         WHERE position = ?1",
    )?;
    let mut loaded = Vec::new();
    look.each_of_stream(connection, (stream, after), limit, |position| {
        let mut rows = statement.query([capped(position)])?;
        let Some(row) = rows.next()? else { return Ok(false) };
        if text(row, 0)? != stream.kind.name() || text(row, 1)? != &*stream.id {
            return Ok(false);
        }
        let event = DomainEvent::from_stored(stream, text(row, 3)?, text(row, 4)?, text(row, 5)?)
            .map_err(|source| EventLogError::Unreadable { position: Position(position), source })?;
        loaded.push((row.get(2)?, event));
        Ok(true)
    })?;
    Ok(loaded)
}

/// Where a stream's event of that sequence is.
pub(super) fn place_in_stream(
    connection: &Connection,
    look: &Look,
    stream: &StreamId,
    sequence: u64,
) -> Result<Option<u64>, EventLogError> {
    let _moment = Moment::of(connection)?;
    let mut statement = connection.prepare_cached(
        "SELECT 1 FROM events WHERE position = ?1 AND aggregate_type = ?2 AND aggregate_id = ?3 AND sequence = ?4",
    )?;
    let mut place = None;
    look.each_of_stream(connection, (stream, sequence.saturating_sub(1)), 1, |position| {
        let is_it = statement.exists(params![capped(position), stream.kind.name(), &*stream.id, capped(sequence)])?;
        place = place.or(is_it.then_some(position));
        Ok(is_it)
    })?;
    Ok(place)
}

pub(super) fn is_event(connection: &Connection, position: u64, id: Uuid) -> Result<bool, EventLogError> {
    let mut statement = connection.prepare_cached("SELECT 1 FROM events WHERE position = ?1 AND event_id = ?2")?;
    Ok(statement.exists(params![capped(position), id])?)
}

pub(super) fn is_of_stream(connection: &Connection, position: u64, stream: &StreamId) -> Result<bool, EventLogError> {
    let mut statement = connection
        .prepare_cached("SELECT 1 FROM events WHERE position = ?1 AND aggregate_type = ?2 AND aggregate_id = ?3")?;
    Ok(statement.exists(params![capped(position), stream.kind.name(), &*stream.id])?)
}

pub(super) fn read_after(
    connection: &Connection,
    position: Position,
    limit: usize,
    filter: Filter,
) -> Result<Page, EventLogError> {
    match filter {
        Filter::All => {
            let mut statement =
                connection.prepare_cached(select_events!("WHERE position > ?1 ORDER BY position LIMIT ?2"))?;
            let rows = statement.query(params![capped(position.0), capped(limit as u64)])?;
            Ok(read(position, rows)?.page(limit, None))
        }
        Filter::Kinds(kinds) => read_kinds_after(connection, position, limit, kinds),
    }
}

fn read_kinds_after(
    connection: &Connection,
    position: Position,
    limit: usize,
    kinds: &[AggregateKind],
) -> Result<Page, EventLogError> {
    // Positions are dense and appended in order: what is up to this head now is all there will ever be up to it.
    let end = head(connection)?.position.0.min(position.0.saturating_add(SCAN_POSITIONS_MAX));
    if limit == 0 || end <= position.0 {
        return Ok(Page { events: Vec::new(), scanned_to: position });
    }
    let marks = vec!["?"; kinds.len()].join(", ");
    let sql = format!(
        "{} IN ({marks}) ORDER BY position LIMIT ?",
        select_events!("WHERE position > ? AND position <= ? AND aggregate_type")
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut values: Vec<rusqlite::types::Value> = vec![capped(position.0).into(), capped(end).into()];
    values.extend(kinds.iter().map(|kind| kind.name().to_owned().into()));
    values.push(capped(limit as u64).into());
    Ok(read(position, statement.query(params_from_iter(values))?)?.page(limit, Some(Position(end))))
}

fn read(position: Position, mut rows: Rows<'_>) -> Result<Reading, EventLogError> {
    let mut reading = Reading::behind(position);
    while let Some(row) = rows.next()? {
        if !reading.take(recorded(row))? {
            break;
        }
    }
    Ok(reading)
}

pub(super) fn find(connection: &Connection, look: &Look, ids: &[EventId]) -> Result<Vec<Found>, EventLogError> {
    let _moment = Moment::of(connection)?;
    let plain: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let mut statement =
        connection.prepare_cached("SELECT aggregate_type, aggregate_id, sequence FROM events WHERE position = ?1")?;
    let mut found = Vec::new();
    for (event_id, position) in ids.iter().zip(look.find(connection, &plain)?) {
        let Some(position) = position else { continue };
        let mut rows = statement.query([capped(position)])?;
        if let Some(row) = rows.next()? {
            let position = Position(position);
            let kind = text(row, 0)?;
            let kind = AggregateKind::parse(kind).ok_or_else(|| EventLogError::Unreadable {
                position,
                source: UnreadableEvent::UnknownAggregate(kind.to_owned()),
            })?;
            let stream = StreamId::new(kind, text(row, 1)?);
            found.push(Found { event_id: *event_id, position, stream, sequence: row.get(2)? });
        }
    }
    Ok(found)
}

/// `None` for a reactor that never ran; one that ran and has none has lost it.
pub(super) fn reactor_checkpoint(
    connection: &Connection,
    log: LogId,
    reactor: &str,
) -> Result<Option<Position>, EventLogError> {
    if let Some(position) = stored_checkpoint(connection, log, reactor)? {
        return Ok(Some(position));
    }
    let known = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM reactors_known WHERE reactor = ?1)")?
        .query_row(params![reactor], |row| row.get(0))?;
    missing(known, reactor)
}

/// What is stored now.
pub(super) fn stored_checkpoint(
    connection: &Connection,
    log: LogId,
    reactor: &str,
) -> Result<Option<Position>, EventLogError> {
    let stored = connection
        .prepare_cached("SELECT log_id, position FROM reactor_checkpoints WHERE reactor = ?1")?
        .query_row(params![reactor], |row| {
            Ok(ReactorPlace { log: LogId(row.get(0)?), position: Position(row.get(1)?) })
        })
        .optional()?;
    let Some(stored) = stored else { return Ok(None) };
    let position = stored.of_log(log, reactor)?;
    not_past(head(connection)?.position, position, reactor).map(Some)
}

/// Every reactor's checkpoint, by name.
pub(super) fn reactors(connection: &Connection) -> Result<Vec<(String, Position)>, EventLogError> {
    let mut statement =
        connection.prepare_cached("SELECT reactor, position FROM reactor_checkpoints ORDER BY reactor")?;
    let mut rows = statement.query([])?;
    let mut reactors = Vec::new();
    while let Some(row) = rows.next()? {
        reactors.push((row.get(0)?, Position(row.get(1)?)));
    }
    Ok(reactors)
}

fn recorded(row: &Row<'_>) -> Result<RecordedEvent, EventLogError> {
    RecordedEvent::from_stored(StoredEvent {
        position: row.get(0)?,
        event_id: row.get(1)?,
        aggregate_type: text(row, 2)?,
        aggregate_id: text(row, 3)?,
        sequence: row.get(4)?,
        event_type: text(row, 5)?,
        event_version: text(row, 6)?,
        payload: text(row, 7)?,
        metadata: text(row, 8)?,
        recorded_at: Timestamp::from_millis(row.get(9)?),
    })
}

/// Borrowed from the row: an event's texts are parsed, not kept.
pub(super) fn text<'row>(row: &'row Row<'_>, column: usize) -> Result<&'row str, EventLogError> {
    let value = row.get_ref(column)?;
    value.as_str().map_err(|error: FromSqlError| {
        EventLogError::Corrupt(format!("column {column} of an event is no text: {error}"))
    })
}

/// SQLite's integers are signed.
pub(super) fn capped(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
