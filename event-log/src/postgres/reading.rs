//! Everything that only looks.

use std::sync::Arc;

use aggregates::feed::Feed;
use aggregates::ids::EventId;
use aggregates::notification::Notification;
use aggregates::participant::Participant;
use aggregates::relationship::Relationship;
use aggregates::room::Room;
use aggregates::user::User;
use aggregates::{AggregateKind, DomainEvent, StreamId};
use cqrs_es::persist::{PersistedEventRepository, PersistenceError, SerializedEvent};
use postgres_es::PostgresEventRepository;
use sqlx::PgPool;
use uuid::Uuid;

use super::rows::{self, EVENT_COLUMNS, EventRow, FoundRow};
use super::unavailable;
use crate::port::{EventLogError, Filter, Found, Page};
use crate::position::Position;
use crate::recorded::RecordedEvent;

/// Positions one filtered read looks at, so that a rare kind does not make it read the whole log at once.
const SCAN_POSITIONS_MAX: u64 = 20_000;

pub(super) async fn head(pool: &PgPool) -> Result<Position, EventLogError> {
    let head: Option<i64> =
        sqlx::query_scalar("SELECT max(position) FROM events").fetch_one(pool).await.map_err(unavailable)?;
    Ok(Position(head.unwrap_or(0).unsigned_abs()))
}

pub(super) async fn find(pool: &PgPool, ids: &[EventId]) -> Result<Vec<Found>, EventLogError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<FoundRow> = sqlx::query_as(
        "SELECT event_id, position, aggregate_type, aggregate_id, sequence FROM events WHERE event_id = ANY ($1)",
    )
    .bind(ids)
    .fetch_all(pool)
    .await
    .map_err(unavailable)?;
    rows.into_iter().map(rows::found).collect()
}

pub(super) async fn read_stream(
    pool: &PgPool,
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
        .fetch_all(pool)
        .await;
    recorded(rows)
}

pub(super) async fn read_after(
    pool: &PgPool,
    position: Position,
    limit: usize,
    filter: Filter,
) -> Result<Page, EventLogError> {
    match filter {
        Filter::All => {
            let query =
                format!("SELECT {EVENT_COLUMNS} FROM events e WHERE e.position > $1 ORDER BY e.position LIMIT $2");
            let rows = sqlx::query_as(&query).bind(position.0.cast_signed()).bind(at_most(limit)).fetch_all(pool).await;
            let events = recorded(rows)?;
            let scanned_to = events.last().map_or(position, |last| last.position);
            Ok(page(events, scanned_to))
        }
        Filter::Kinds(kinds) => read_kinds_after(pool, position, limit, kinds).await,
    }
}

async fn read_kinds_after(
    pool: &PgPool,
    position: Position,
    limit: usize,
    kinds: &[AggregateKind],
) -> Result<Page, EventLogError> {
    // Positions are dense and come in the order of commits: what is up to this head now is all there will ever be.
    let end = head(pool).await?.min(Position(position.0.saturating_add(SCAN_POSITIONS_MAX)));
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
        .fetch_all(pool)
        .await;
    let events = recorded(rows)?;
    let full = events.len() == limit;
    let scanned_to = events.last().filter(|_| full).map_or(end, |last| last.position);
    Ok(page(events, scanned_to))
}

fn page(events: Vec<RecordedEvent>, scanned_to: Position) -> Page {
    Page { events: events.into_iter().map(Arc::new).collect(), scanned_to }
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
    pool: &PgPool,
    stream: &StreamId,
    after: u64,
    limit: usize,
) -> Result<Vec<(u64, DomainEvent)>, EventLogError> {
    let left = last_sequence(pool, stream).await?.saturating_sub(after);
    if left == 0 {
        return Ok(Vec::new());
    }
    if left > limit as u64 {
        let page = read_stream(pool, stream, after, limit).await?;
        return Ok(page.into_iter().map(|recorded| (recorded.sequence, recorded.event)).collect());
    }
    let mut loaded = load_rest(pool, stream, after).await?;
    // What came after the look is on the next page.
    loaded.truncate(limit);
    Ok(loaded)
}

async fn last_sequence(pool: &PgPool, stream: &StreamId) -> Result<u64, EventLogError> {
    let last: Option<i64> =
        sqlx::query_scalar("SELECT max(sequence) FROM events WHERE aggregate_type = $1 AND aggregate_id = $2")
            .bind(stream.kind.name())
            .bind(&*stream.id)
            .fetch_one(pool)
            .await
            .map_err(unavailable)?;
    Ok(last.unwrap_or(0).unsigned_abs())
}

/// All that is left of a stream, as postgres-es reads it.
async fn load_rest(pool: &PgPool, stream: &StreamId, after: u64) -> Result<Vec<(u64, DomainEvent)>, EventLogError> {
    let repository = PostgresEventRepository::new(pool.clone());
    let stored = match stream.kind {
        AggregateKind::Room => stored::<Room>(&repository, &stream.id, after).await,
        AggregateKind::Participant => stored::<Participant>(&repository, &stream.id, after).await,
        AggregateKind::Relationship => stored::<Relationship>(&repository, &stream.id, after).await,
        AggregateKind::Notification => stored::<Notification>(&repository, &stream.id, after).await,
        AggregateKind::Feed => stored::<Feed>(&repository, &stream.id, after).await,
        AggregateKind::User => stored::<User>(&repository, &stream.id, after).await,
    };
    let stored = stored.map_err(unavailable)?;
    stored
        .into_iter()
        .map(|event| {
            let payload = event.payload.to_string();
            DomainEvent::from_stored(stream, &event.event_type, &event.event_version, &payload)
                .map(|domain| (event.sequence as u64, domain))
                .map_err(|source| EventLogError::Corrupt(format!("{stream} {}: {source}", event.sequence)))
        })
        .collect()
}

async fn stored<A: cqrs_es::Aggregate>(
    repository: &PostgresEventRepository,
    id: &str,
    after: u64,
) -> Result<Vec<SerializedEvent>, PersistenceError> {
    if after == 0 {
        repository.get_events::<A>(id).await
    } else {
        repository.get_last_events::<A>(id, usize::try_from(after).unwrap_or(usize::MAX)).await
    }
}
