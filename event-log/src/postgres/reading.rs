//! Everything that only looks.

use aggregates::ids::EventId;
use aggregates::{AggregateKind, DomainEvent, StreamId, Timestamp};
use uuid::Uuid;

use super::lending::Lender;
use super::rows::{self, EVENT_COLUMNS, EventRow, FoundRow};
use super::streams::Streams;
use super::unavailable;
use crate::port::{EventLogError, Filter, Found, Page, Reading};
use crate::position::Position;
use crate::recorded::RecordedEvent;

/// Positions one filtered read looks at, so that a rare kind does not make it read the whole log at once.
const SCAN_POSITIONS_MAX: u64 = 20_000;

pub(super) async fn head(readers: &Lender) -> Result<Position, EventLogError> {
    let head: Option<i64> =
        sqlx::query_scalar("SELECT max(position) FROM events").fetch_one(readers).await.map_err(unavailable)?;
    Ok(Position(head.unwrap_or(0).unsigned_abs()))
}

/// Nothing of the event itself is looked at.
pub(super) async fn recorded_behind(readers: &Lender, position: Position) -> Result<Option<Timestamp>, EventLogError> {
    let recorded: Option<i64> = sqlx::query_scalar(
        "SELECT (extract(epoch FROM recorded_at) * 1000)::int8 FROM events WHERE position > $1 ORDER BY position LIMIT 1",
    )
    .bind(position.0.cast_signed())
    .fetch_optional(readers)
    .await
    .map_err(unavailable)?;
    Ok(recorded.map(Timestamp::from_millis))
}

pub(super) async fn find(readers: &Lender, ids: &[EventId]) -> Result<Vec<Found>, EventLogError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<FoundRow> = sqlx::query_as(
        "SELECT event_id, position, aggregate_type, aggregate_id, sequence FROM events WHERE event_id = ANY ($1)",
    )
    .bind(ids)
    .fetch_all(readers)
    .await
    .map_err(unavailable)?;
    rows.into_iter().map(rows::found).collect()
}

pub(super) async fn read_stream(
    readers: &Lender,
    stream: &StreamId,
    after: u64,
    limit: usize,
) -> Result<Vec<RecordedEvent>, EventLogError> {
    let query = format!(
        "SELECT {EVENT_COLUMNS} FROM events e WHERE e.aggregate_type = $1 AND e.aggregate_id = $2 AND e.sequence > $3 \
         ORDER BY e.sequence LIMIT $4"
    );
    let rows = sqlx::query_as(&query)
        .bind(stream.kind.name())
        .bind(&*stream.id)
        .bind(after.cast_signed())
        .bind(at_most(limit))
        .fetch_all(readers)
        .await;
    recorded(rows)
}

pub(super) async fn read_after(
    readers: &Lender,
    position: Position,
    limit: usize,
    filter: Filter,
) -> Result<Page, EventLogError> {
    match filter {
        Filter::All => {
            let query =
                format!("SELECT {EVENT_COLUMNS} FROM events e WHERE e.position > $1 ORDER BY e.position LIMIT $2");
            let rows =
                sqlx::query_as(&query).bind(position.0.cast_signed()).bind(at_most(limit)).fetch_all(readers).await;
            Ok(read(position, rows)?.page(limit, None))
        }
        Filter::Kinds(kinds) => read_kinds_after(readers, position, limit, kinds).await,
    }
}

async fn read_kinds_after(
    readers: &Lender,
    position: Position,
    limit: usize,
    kinds: &[AggregateKind],
) -> Result<Page, EventLogError> {
    // Positions are dense and come in the order of commits: what is up to this head now is all there will ever be.
    let end = head(readers).await?.min(Position(position.0.saturating_add(SCAN_POSITIONS_MAX)));
    if limit == 0 || end <= position {
        return Ok(Page { events: Vec::new(), scanned_to: position });
    }
    // Appended to nothing, the kind matches no index: the planner walks the positions instead of sorting whole kinds.
    let query = format!(
        "SELECT {EVENT_COLUMNS} FROM events e WHERE e.position > $1 AND e.position <= $2 \
         AND e.aggregate_type || '' = ANY ($3) ORDER BY e.position LIMIT $4"
    );
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    let rows = sqlx::query_as(&query)
        .bind(position.0.cast_signed())
        .bind(end.0.cast_signed())
        .bind(names)
        .bind(at_most(limit))
        .fetch_all(readers)
        .await;
    Ok(read(position, rows)?.page(limit, Some(end)))
}

fn read(position: Position, rows: Result<Vec<EventRow>, sqlx::Error>) -> Result<Reading, EventLogError> {
    let mut reading = Reading::behind(position);
    for row in rows.map_err(unavailable)? {
        if !reading.take(rows::recorded(row))? {
            break;
        }
    }
    Ok(reading)
}

fn recorded(rows: Result<Vec<EventRow>, sqlx::Error>) -> Result<Vec<RecordedEvent>, EventLogError> {
    rows.map_err(unavailable)?.into_iter().map(rows::recorded).collect()
}

fn at_most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// A page of a stream, for deciding.
///
/// postgres-es reads a stream to its end, however far that is. So its end is looked up first (one look into the primary
/// key): postgres-es reads what fits into the page, which is nearly every stream; a longer one is read in pages.
pub(super) async fn load(
    readers: &Lender,
    streams: &Streams,
    stream: &StreamId,
    after: u64,
    limit: usize,
) -> Result<Vec<(u64, DomainEvent)>, EventLogError> {
    let left = last_sequence(readers, stream).await?.saturating_sub(after);
    if left == 0 {
        return Ok(Vec::new());
    }
    if left > limit as u64 {
        let page = read_stream(readers, stream, after, limit).await?;
        return Ok(page.into_iter().map(|recorded| (recorded.sequence, recorded.event)).collect());
    }
    let mut loaded = streams.rest(stream, after).await?;
    // What came after the look is on the next page.
    loaded.truncate(limit);
    Ok(loaded)
}

async fn last_sequence(readers: &Lender, stream: &StreamId) -> Result<u64, EventLogError> {
    let last: Option<i64> =
        sqlx::query_scalar("SELECT max(sequence) FROM events WHERE aggregate_type = $1 AND aggregate_id = $2")
            .bind(stream.kind.name())
            .bind(&*stream.id)
            .fetch_one(readers)
            .await
            .map_err(unavailable)?;
    Ok(last.unwrap_or(0).unsigned_abs())
}
