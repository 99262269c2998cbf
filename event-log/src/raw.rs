//! The log as it lies there: rows, before anybody reads them as events, and the making of a log from such rows.
//!
//! For operators' tools (the doctor, backups, restores). Separate from the port because the port refuses what it cannot
//! read, and these must be able to look at exactly that; and because opening a log through the port brings its schema up
//! to date, which looking must not. Nothing in here takes a lock that a running server would wait for.
//! Never in here: what an event means, the form of a backup.

use aggregates::{Timestamp, UnreadableEvent};
use async_trait::async_trait;
use uuid::Uuid;

use crate::port::EventLogError;
use crate::position::LogId;
use crate::postgres::{PostgresMaking, PostgresRaw};
use crate::recorded::{RecordedEvent, StoredEvent};
use crate::sealing::keys::KeysId;
use crate::sqlite::{SqliteMaking, SqliteRaw};
use crate::store_url::StoreUrl;

/// A row of the log, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawEvent {
    pub position: i64,
    pub event_id: Uuid,
    pub aggregate_type: String,
    pub aggregate_id: String,
    pub sequence: i64,
    pub event_type: String,
    pub event_version: String,
    /// The text as it was written, to the byte.
    pub payload: String,
    pub metadata: String,
    /// Microseconds since 1970: PostgreSQL keeps them, SQLite keeps milliseconds.
    pub recorded_us: i64,
}

impl RawEvent {
    /// As readers of the log would read it.
    pub fn read(&self) -> Result<RecordedEvent, EventLogError> {
        RecordedEvent::from_stored(StoredEvent {
            position: self.position.max(0).unsigned_abs(),
            event_id: self.event_id,
            aggregate_type: &self.aggregate_type,
            aggregate_id: &self.aggregate_id,
            sequence: self.sequence.max(0).unsigned_abs(),
            event_type: &self.event_type,
            event_version: &self.event_version,
            payload: &self.payload,
            metadata: &self.metadata,
            recorded_at: Timestamp::from_millis(self.recorded_ms()),
        })
    }

    /// Rounded as PostgreSQL rounds, so that both engines give one event one time.
    pub fn recorded_ms(&self) -> i64 {
        self.recorded_us.saturating_add(500).div_euclid(1_000)
    }

    pub fn stream(&self) -> StreamKey {
        StreamKey { aggregate_type: self.aggregate_type.clone(), aggregate_id: self.aggregate_id.clone() }
    }
}

/// Why a row is not an event; `None` when something else than the row was wrong.
pub fn unreadable(error: EventLogError) -> Option<UnreadableEvent> {
    match error {
        EventLogError::Unreadable { source, .. } => Some(source),
        EventLogError::Unavailable(_) | EventLogError::Corrupt(_) | EventLogError::Closed => None,
    }
}

/// A stream by its stored names, which may be names of nothing this program knows.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamKey {
    pub aggregate_type: String,
    pub aggregate_id: String,
}

/// The first event of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beginning {
    pub stream: StreamKey,
    pub position: i64,
    pub event_type: String,
}

/// A reactor's checkpoint, of whichever log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawReactor {
    pub name: String,
    pub log: LogId,
    pub position: i64,
}

/// What a log knows of its reactors.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reactors {
    /// By name.
    pub places: Vec<RawReactor>,
    /// Those that had a place once and have lost it, by name: they must go on refusing to begin anew at the head.
    pub lost: Vec<String>,
}

/// What a log says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub id: LogId,
    /// Which keys its words are sealed with; `None` when it was never opened with any.
    pub keys: Option<KeysId>,
    /// The last position, read after the checkpoints: a busy reactor is not past it.
    pub head: i64,
    pub reactors: Reactors,
    /// Indexes that keep the promises of the table and are not there, or not valid.
    pub missing_indexes: Vec<&'static str>,
}

/// An event that does not follow on the one before it in its stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenStream {
    pub stream: StreamKey,
    pub sequence: i64,
    pub position: i64,
    /// Sequence and position of the one before; `None` at the beginning.
    pub before: Option<(i64, i64)>,
}

/// An event id that occurs more than once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepeatedId {
    pub event_id: Uuid,
    pub times: i64,
    pub position: i64,
}

/// What finds ids and streams, where that is not part of the log's tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexStanding {
    /// Part of the tables: the engine keeps it.
    Within,
    /// There is none: it is made when the log is opened.
    Absent,
    /// Why it is made anew when the log is opened.
    Useless(String),
    /// Up to `checkpoint`, and where it does not say what the log says.
    Follows { checkpoint: i64, wrong: Sample<String> },
}

/// The first few of something, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample<T> {
    pub named: Vec<T>,
    pub total: u64,
}

/// Where a reader of rows goes on: behind this position and id.
pub type Place = (i64, Uuid);

/// Before every row.
pub const BEGINNING: Place = (i64::MIN, Uuid::nil());

/// Whether everything read is of one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// What is appended meanwhile is not seen. Old rows (PostgreSQL) and the write-ahead log (SQLite) are kept for as
    /// long as it takes; nobody waits.
    OneMoment,
    /// Each question by itself, for as little of the server's resources as possible.
    Moving,
}

/// A look at the rows of a log.
#[async_trait]
pub trait RawLog: Send {
    async fn facts(&mut self) -> Result<Facts, EventLogError>;

    /// Up to `limit` rows behind `after` and not past position `up_to`, by position.
    async fn page(&mut self, after: Place, up_to: i64, limit: usize) -> Result<Vec<RawEvent>, EventLogError>;

    /// The first events (sequence 1) of those of `streams` that have one.
    async fn beginnings(&mut self, streams: &[StreamKey]) -> Result<Vec<Beginning>, EventLogError>;

    /// Holes, repeats and turned-round places within streams, up to position `up_to`. The engine looks; nothing is held
    /// here but the `named_max` first.
    async fn broken_streams(&mut self, up_to: i64, named_max: usize) -> Result<Sample<BrokenStream>, EventLogError>;

    async fn repeated_ids(&mut self, up_to: i64, named_max: usize) -> Result<Sample<RepeatedId>, EventLogError>;

    /// Whether what finds ids and streams says what the log says.
    async fn index(&mut self, named_max: usize) -> Result<IndexStanding, EventLogError>;

    /// What the engine itself finds wrong with its file; PostgreSQL has tools of its own for that.
    async fn file_damage(&mut self) -> Result<Vec<String>, EventLogError>;
}

/// A log that is being made from rows. Dropped before it is finished, it is no log: [`crate::open()`] refuses it, and the
/// next [`make`] begins anew.
#[async_trait]
pub trait MakingLog: Send {
    async fn write(&mut self, events: Vec<RawEvent>) -> Result<(), EventLogError>;

    /// Makes it a log of its own, under a new id, in one step: checkpoints of the log `from` become its own, those that
    /// were foreign stay so.
    async fn finish(self: Box<Self>, from: LogId, reactors: Reactors) -> Result<LogId, MakeError>;
}

/// There cannot be made a log.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// Something is there already; says what.
    #[error("{0}")]
    NotEmpty(String),
    #[error(transparent)]
    Log(#[from] EventLogError),
}

/// Looks at the log that `url` names, which must exist.
pub async fn look(url: &StoreUrl, reading: Reading) -> Result<Box<dyn RawLog>, EventLogError> {
    Ok(match url {
        StoreUrl::Sqlite(directory) => Box::new(SqliteRaw::open(directory, reading).await?),
        StoreUrl::Postgres(url) => Box::new(PostgresRaw::open(url, reading).await?),
    })
}

/// Begins a log where there is none.
pub async fn make(url: &StoreUrl) -> Result<Box<dyn MakingLog>, MakeError> {
    Ok(match url {
        StoreUrl::Sqlite(directory) => Box::new(SqliteMaking::begin(directory).await?),
        StoreUrl::Postgres(url) => Box::new(PostgresMaking::begin(url).await?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn microseconds_are_rounded_as_postgres_rounds_them() {
        let at = |recorded_us| RawEvent { recorded_us, ..raw() }.recorded_ms();
        assert_eq!((at(1_499), at(1_500), at(-1_600), at(i64::MAX)), (1, 2, -2, i64::MAX / 1_000));
    }

    fn raw() -> RawEvent {
        RawEvent {
            position: 1,
            event_id: Uuid::nil(),
            aggregate_type: "room".into(),
            aggregate_id: "x".into(),
            sequence: 1,
            event_type: "room_opened".into(),
            event_version: "1".into(),
            payload: "{}".into(),
            metadata: "{}".into(),
            recorded_us: 0,
        }
    }
}
