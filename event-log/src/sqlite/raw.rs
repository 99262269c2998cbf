//! The rows of the log's file, read by a connection that cannot write.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::connection::open_reader;
use super::{index, rows, tying};
use crate::port::EventLogError;
use crate::position::LogId;
use crate::raw::{
    Beginning, BrokenStream, Facts, IndexStanding, Place, RawEvent, RawLog, RawReactor, Reactors, Reading, RepeatedId,
    Sample, StreamKey,
};
use crate::store_url::StoreUrl;

/// Of `PRAGMA quick_check`.
const DAMAGES_MAX: u32 = 20;

/// See [`crate::raw::look`].
pub struct SqliteRaw {
    /// Lent to the thread that asks; `None` after a thread that panicked.
    connection: Option<Connection>,
    /// Lent as well; `None` until somebody asks where streams begin.
    begun: Option<Begun>,
    index: PathBuf,
}

/// Where streams begin, as far as was looked: in a file without a name that goes with the connection. Gathered from the
/// events themselves; the log's index is only something else to be examined.
struct Begun {
    file: Connection,
    up_to: i64,
}

impl SqliteRaw {
    pub(crate) async fn open(directory: &Path, reading: Reading) -> Result<Self, EventLogError> {
        let (file, index) = (StoreUrl::file(directory, "log"), index::path(directory));
        let opened = tokio::task::spawn_blocking(move || -> Result<Connection, EventLogError> {
            let connection = open_reader(&file)?;
            // What is checked in another order than the log's is sorted: on disk, not in memory.
            connection.execute_batch("PRAGMA temp_store = FILE;")?;
            if reading == Reading::OneMoment {
                // The moment is that of the first look.
                connection.execute_batch("BEGIN; SELECT count(*) FROM log_identity;")?;
            }
            Ok(connection)
        });
        let connection = opened.await.unwrap_or_else(|error| Err(EventLogError::Unavailable(error.into())))?;
        Ok(Self { connection: Some(connection), begun: None, index })
    }

    async fn ask<T: Send + 'static>(
        &mut self,
        question: impl FnOnce(&Connection) -> Result<T, EventLogError> + Send + 'static,
    ) -> Result<T, EventLogError> {
        let connection = self.connection.take().ok_or(EventLogError::Closed)?;
        let asked = tokio::task::spawn_blocking(move || (question(&connection), connection)).await;
        let (answer, connection) = asked.map_err(|error| EventLogError::Unavailable(error.into()))?;
        self.connection = Some(connection);
        answer
    }
}

#[async_trait]
impl RawLog for SqliteRaw {
    async fn facts(&mut self) -> Result<Facts, EventLogError> {
        self.ask(facts).await
    }

    async fn page(&mut self, (after, _): Place, up_to: i64, limit: usize) -> Result<Vec<RawEvent>, EventLogError> {
        // A position is the row's number: no two rows have the same.
        self.ask(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT position, event_id, aggregate_type, aggregate_id, sequence, event_type, event_version, \
                 payload, metadata, recorded_at FROM events WHERE position > ?1 AND position <= ?2 \
                 ORDER BY position LIMIT ?3",
            )?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let rows = statement.query_map(params![after, up_to, limit], raw_event)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn beginnings(&mut self, streams: &[StreamKey]) -> Result<Vec<Beginning>, EventLogError> {
        let (streams, begun) = (streams.to_vec(), self.begun.take());
        let (found, begun) = self
            .ask(move |connection| {
                let mut begun = begun.map_or_else(Begun::nothing, Ok)?;
                begun.go_on(connection)?;
                Ok((begun.of(streams)?, begun))
            })
            .await?;
        self.begun = Some(begun);
        Ok(found)
    }

    async fn broken_streams(&mut self, up_to: i64, named_max: usize) -> Result<Sample<BrokenStream>, EventLogError> {
        self.ask(move |connection| {
            // Sorted by the engine, on disk.
            let mut statement = connection.prepare(
                "SELECT aggregate_type, aggregate_id, sequence, position, before, before_position FROM (\
                 SELECT aggregate_type, aggregate_id, sequence, position, lag(sequence) OVER w AS before, \
                 lag(position) OVER w AS before_position FROM events WHERE position <= ?1 \
                 WINDOW w AS (PARTITION BY aggregate_type, aggregate_id ORDER BY sequence)) \
                 WHERE sequence <> coalesce(before, 0) + 1 OR position < before_position",
            )?;
            let rows = statement.query_map([up_to], |row| {
                let stream = StreamKey { aggregate_type: row.get(0)?, aggregate_id: row.get(1)? };
                let before = row.get::<_, Option<i64>>(4)?.zip(row.get::<_, Option<i64>>(5)?);
                Ok(BrokenStream { stream, sequence: row.get(2)?, position: row.get(3)?, before })
            })?;
            sample(rows, named_max)
        })
        .await
    }

    async fn repeated_ids(&mut self, up_to: i64, named_max: usize) -> Result<Sample<RepeatedId>, EventLogError> {
        self.ask(move |connection| {
            let mut statement = connection.prepare(
                "SELECT event_id, count(*), min(position) FROM events WHERE position <= ?1 \
                 GROUP BY event_id HAVING count(*) > 1",
            )?;
            let rows = statement.query_map([up_to], |row| {
                Ok(RepeatedId { event_id: row.get(0)?, times: row.get(1)?, position: row.get(2)? })
            })?;
            sample(rows, named_max)
        })
        .await
    }

    async fn index(&mut self, named_max: usize) -> Result<IndexStanding, EventLogError> {
        let path = self.index.clone();
        self.ask(move |connection| index::check(&path, connection, rows::log_id(connection)?, named_max)).await
    }

    async fn file_damage(&mut self) -> Result<Vec<String>, EventLogError> {
        self.ask(|connection| {
            let mut statement = connection.prepare(&format!("PRAGMA quick_check({DAMAGES_MAX})"))?;
            let said: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            Ok(said.into_iter().filter(|line| line != "ok").collect())
        })
        .await
    }
}

impl Begun {
    fn nothing() -> Result<Self, EventLogError> {
        let file = Connection::open("")?;
        file.execute_batch(
            "CREATE TABLE begun (kind TEXT NOT NULL, id TEXT NOT NULL, position INTEGER NOT NULL, event_type TEXT NOT NULL,
             PRIMARY KEY (kind, id, position)) STRICT, WITHOUT ROWID",
        )?;
        Ok(Self { file, up_to: i64::MIN })
    }

    /// Looks at what came since.
    fn go_on(&mut self, log: &Connection) -> Result<(), EventLogError> {
        let head = log.query_row("SELECT coalesce(max(position), 0) FROM events", [], |row| row.get(0))?;
        if head <= self.up_to {
            return Ok(());
        }
        let transaction = self.file.transaction()?;
        let mut firsts = log.prepare_cached(
            "SELECT aggregate_type, aggregate_id, position, event_type FROM events \
             WHERE position > ?1 AND position <= ?2 AND sequence = 1",
        )?;
        let mut rows = firsts.query([self.up_to, head])?;
        {
            let mut insert = transaction.prepare("INSERT INTO begun VALUES (?1, ?2, ?3, ?4)")?;
            while let Some(row) = rows.next()? {
                let (kind, id, event_type) = (rows::text(row, 0)?, rows::text(row, 1)?, rows::text(row, 3)?);
                insert.execute(params![kind, id, row.get::<_, i64>(2)?, event_type])?;
            }
        }
        transaction.commit()?;
        self.up_to = head;
        Ok(())
    }

    fn of(&self, streams: Vec<StreamKey>) -> Result<Vec<Beginning>, EventLogError> {
        let mut statement = self.file.prepare_cached(
            "SELECT position, event_type FROM begun WHERE kind = ?1 AND id = ?2 ORDER BY position LIMIT 1",
        )?;
        let mut found = Vec::new();
        for stream in streams {
            let key = params![stream.aggregate_type, stream.aggregate_id];
            let first = statement.query_row(key, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            found.extend(first.map(|(position, event_type)| Beginning { stream, position, event_type }));
        }
        Ok(found)
    }
}

fn facts(connection: &Connection) -> Result<Facts, EventLogError> {
    let id = rows::log_id(connection)?;
    let mut statement = connection.prepare("SELECT reactor, log_id, position FROM reactor_checkpoints ORDER BY 1")?;
    let reactors = statement
        .query_map([], |row| Ok(RawReactor { name: row.get(0)?, log: LogId(row.get(1)?), position: row.get(2)? }))?;
    let places = reactors.collect::<Result<_, _>>()?;
    let reactors = Reactors { places, lost: lost_reactors(connection)? };
    let head = connection.query_row("SELECT coalesce(max(position), 0) FROM events", [], |row| row.get(0))?;
    Ok(Facts { id, keys: tying::tied_to(connection)?, head, reactors, missing_indexes: Vec::new() })
}

/// A log that a program of before has not brought up to date knows of none.
fn lost_reactors(connection: &Connection) -> Result<Vec<String>, EventLogError> {
    let known: bool = connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'reactors_known')",
        [],
        |row| row.get(0),
    )?;
    if !known {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare(
        "SELECT reactor FROM reactors_known WHERE reactor NOT IN (SELECT reactor FROM reactor_checkpoints) ORDER BY 1",
    )?;
    let lost = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(lost)
}

fn raw_event(row: &Row<'_>) -> rusqlite::Result<RawEvent> {
    Ok(RawEvent {
        position: row.get(0)?,
        event_id: row.get(1)?,
        aggregate_type: row.get(2)?,
        aggregate_id: row.get(3)?,
        sequence: row.get(4)?,
        event_type: row.get(5)?,
        event_version: row.get(6)?,
        payload: row.get(7)?,
        metadata: row.get(8)?,
        recorded_us: row.get::<_, i64>(9)?.saturating_mul(1_000),
    })
}

fn sample<T>(rows: impl Iterator<Item = rusqlite::Result<T>>, named_max: usize) -> Result<Sample<T>, EventLogError> {
    let mut sample = Sample { named: Vec::new(), total: 0 };
    for row in rows {
        let row = row?;
        sample.total += 1;
        if sample.named.len() < named_max {
            sample.named.push(row);
        }
    }
    Ok(sample)
}
