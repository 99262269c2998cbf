//! The rows of the log's tables, read by a connection of its own that takes no lock.
//!
//! Each question may take as long as the server works on it, and no longer: some sort the whole log, and where an index is
//! missing, which is what whoever looks wants to be told, every page of it may be a scan.

use async_trait::async_trait;
use futures_util::TryStreamExt;
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{Connection, Executor, FromRow, PgConnection, Row};
use uuid::Uuid;

use super::lending::{READ_PATIENCE, within};
use super::{Session, tying, unavailable};
use crate::port::EventLogError;
use crate::position::LogId;
use crate::raw::{
    Beginning, BrokenStream, Facts, IndexStanding, Place, RawEvent, RawLog, RawReactor, Reactors, Reading, RepeatedId,
    Sample, StreamKey,
};

/// What holds the table's promises: unique and valid each.
const INDEXES: [&str; 3] = ["events_pkey", "events_position", "events_event_id"];

/// See [`crate::raw::look`].
pub struct PostgresRaw {
    connection: PgConnection,
    session: Session,
}

impl PostgresRaw {
    pub(crate) async fn open(url: &str, reading: Reading) -> Result<Self, EventLogError> {
        let options: PgConnectOptions = url.parse().map_err(unavailable)?;
        let options = options.application_name("kabar-replay").options([("default_transaction_read_only", "on")]);
        let begun = within(READ_PATIENCE, async {
            let mut connection = PgConnection::connect_with(&options).await?;
            if reading == Reading::OneMoment {
                connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
            }
            let session = Session::of(&mut connection, &options).await?;
            Ok(Self { connection, session })
        });
        begun.await.map_err(unavailable)
    }
}

#[async_trait]
impl RawLog for PostgresRaw {
    async fn facts(&mut self) -> Result<Facts, EventLogError> {
        let Self { connection, session } = self;
        session.as_long_as_it_works(facts(connection)).await.map_err(unavailable)
    }

    async fn page(&mut self, (after, id): Place, up_to: i64, limit: usize) -> Result<Vec<RawEvent>, EventLogError> {
        // By id as well: without its index two rows may have one position.
        let rows = sqlx::query(
            "SELECT position, event_id, aggregate_type, aggregate_id, sequence, event_type, event_version, \
             payload::text, metadata::text, (extract(epoch FROM recorded_at) * 1000000)::int8 FROM events \
             WHERE position >= $1 AND (position > $1 OR event_id > $2) AND position <= $3 \
             ORDER BY position, event_id LIMIT $4",
        )
        .bind(after)
        .bind(id)
        .bind(up_to)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&mut self.connection);
        let rows = self.session.as_long_as_it_works(rows).await.map_err(unavailable)?;
        rows.iter().map(raw_event).collect::<Result<_, _>>().map_err(unavailable)
    }

    async fn beginnings(&mut self, streams: &[StreamKey]) -> Result<Vec<Beginning>, EventLogError> {
        let rows = sqlx::query_as(
            "SELECT e.aggregate_type, e.aggregate_id, e.position, e.event_type \
             FROM unnest($1::text[], $2::text[]) u(type, id) \
             JOIN events e ON e.aggregate_type = u.type AND e.aggregate_id = u.id AND e.sequence = 1",
        )
        .bind(streams.iter().map(|stream| stream.aggregate_type.as_str()).collect::<Vec<_>>())
        .bind(streams.iter().map(|stream| stream.aggregate_id.as_str()).collect::<Vec<_>>())
        .fetch_all(&mut self.connection);
        let rows: Vec<(String, String, i64, String)> =
            self.session.as_long_as_it_works(rows).await.map_err(unavailable)?;
        let beginning = |(aggregate_type, aggregate_id, position, event_type)| Beginning {
            stream: StreamKey { aggregate_type, aggregate_id },
            position,
            event_type,
        };
        Ok(rows.into_iter().map(beginning).collect())
    }

    async fn broken_streams(&mut self, up_to: i64, named_max: usize) -> Result<Sample<BrokenStream>, EventLogError> {
        let query = sqlx::query_as(
            "SELECT aggregate_type, aggregate_id, sequence, position, before, before_position FROM (\
             SELECT aggregate_type, aggregate_id, sequence, position, lag(sequence) OVER w AS before, \
             lag(position) OVER w AS before_position FROM events WHERE position <= $1 \
             WINDOW w AS (PARTITION BY aggregate_type, aggregate_id ORDER BY sequence)) x \
             WHERE sequence <> coalesce(before, 0) + 1 OR position < before_position",
        );
        let row = |(aggregate_type, aggregate_id, sequence, position, before, before_position): BrokenRow| {
            let stream = StreamKey { aggregate_type, aggregate_id };
            BrokenStream { stream, sequence, position, before: before.zip(before_position) }
        };
        let sample = sample(&mut self.connection, query.bind(up_to), named_max, row);
        self.session.as_long_as_it_works(sample).await.map_err(unavailable)
    }

    async fn repeated_ids(&mut self, up_to: i64, named_max: usize) -> Result<Sample<RepeatedId>, EventLogError> {
        let query = sqlx::query_as(
            "SELECT event_id, count(*), min(position) FROM events WHERE position <= $1 \
             GROUP BY event_id HAVING count(*) > 1",
        );
        let row = |(event_id, times, position): (Uuid, i64, i64)| RepeatedId { event_id, times, position };
        let sample = sample(&mut self.connection, query.bind(up_to), named_max, row);
        self.session.as_long_as_it_works(sample).await.map_err(unavailable)
    }

    async fn index(&mut self, _named_max: usize) -> Result<IndexStanding, EventLogError> {
        Ok(IndexStanding::Within)
    }

    async fn file_damage(&mut self) -> Result<Vec<String>, EventLogError> {
        Ok(Vec::new())
    }
}

async fn facts(connection: &mut PgConnection) -> sqlx::Result<Facts> {
    let id: Uuid = sqlx::query_scalar("SELECT log_id FROM log_identity").fetch_one(&mut *connection).await?;
    let reactors: Vec<(String, Uuid, i64)> =
        sqlx::query_as("SELECT reactor, log_id, position FROM reactor_checkpoints ORDER BY reactor COLLATE \"C\"")
            .fetch_all(&mut *connection)
            .await?;
    let lost = lost_reactors(connection).await?;
    let keys = tying::tied_to(connection).await?;
    let valid: Vec<String> = sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
         WHERE i.indrelid = 'events'::regclass AND i.indisunique AND i.indisvalid",
    )
    .fetch_all(&mut *connection)
    .await?;
    let head: Option<i64> = sqlx::query_scalar("SELECT max(position) FROM events").fetch_one(connection).await?;
    let reactor = |(name, log, position)| RawReactor { name, log: LogId(log), position };
    Ok(Facts {
        id: LogId(id),
        keys,
        head: head.unwrap_or(0),
        reactors: Reactors { places: reactors.into_iter().map(reactor).collect(), lost },
        missing_indexes: INDEXES.into_iter().filter(|name| !valid.iter().any(|found| found == name)).collect(),
    })
}

/// A log that a program of before has not brought up to date knows of none.
async fn lost_reactors(connection: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    let known = sqlx::query_scalar("SELECT to_regclass('reactors_known') IS NOT NULL");
    if !known.fetch_one(&mut *connection).await? {
        return Ok(Vec::new());
    }
    sqlx::query_scalar(
        "SELECT reactor FROM reactors_known k WHERE NOT EXISTS (SELECT FROM reactor_checkpoints c \
         WHERE c.reactor = k.reactor) ORDER BY reactor COLLATE \"C\"",
    )
    .fetch_all(connection)
    .await
}

/// aggregate_type, aggregate_id, sequence, position, sequence and position of the one before
type BrokenRow = (String, String, i64, i64, Option<i64>, Option<i64>);

type Query<'q, R> = sqlx::query::QueryAs<'q, sqlx::Postgres, R, sqlx::postgres::PgArguments>;

/// As the rows come: however many there are, few are kept.
async fn sample<R, T>(
    connection: &mut PgConnection,
    query: Query<'_, R>,
    named_max: usize,
    row: impl Fn(R) -> T,
) -> sqlx::Result<Sample<T>>
where
    R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
{
    let mut sample = Sample { named: Vec::new(), total: 0 };
    let mut rows = query.fetch(connection);
    while let Some(found) = rows.try_next().await? {
        sample.total += 1;
        if sample.named.len() < named_max {
            sample.named.push(row(found));
        }
    }
    Ok(sample)
}

fn raw_event(row: &PgRow) -> Result<RawEvent, sqlx::Error> {
    Ok(RawEvent {
        position: row.try_get(0)?,
        event_id: row.try_get(1)?,
        aggregate_type: row.try_get(2)?,
        aggregate_id: row.try_get(3)?,
        sequence: row.try_get(4)?,
        event_type: row.try_get(5)?,
        event_version: row.try_get(6)?,
        payload: row.try_get(7)?,
        metadata: row.try_get(8)?,
        recorded_us: row.try_get(9)?,
    })
}
