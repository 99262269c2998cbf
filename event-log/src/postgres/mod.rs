//! The log on PostgreSQL: postgres-es's tables, one server-side function per batch.
//!
//! Appends go through one connection of their own (`appender`), reads through lent connections (`reading`, `lending`; whole streams by postgres-es: `streams`), news of other writers
//! through a listener (`listener`). Commit order is position order because positions are given under one advisory lock
//! that is held to the end of the transaction; so no reader ever has to guess about gaps.

mod announcer;
mod appender;
mod lending;
mod listener;
mod making;
mod raw;
mod reactors;
mod reading;
pub mod rewriting;
mod rows;
mod single;
mod snapshots;
mod streams;
pub(crate) mod tying;
pub(crate) mod unreached;
mod working;

use std::sync::Arc;
use std::time::{Duration, Instant};

use aggregates::ids::EventId;
use aggregates::{DomainEvent, StreamId, Timestamp};
use async_trait::async_trait;
use metrics::{Histogram, histogram};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;

use crate::heard::Heard;
use crate::in_use::What;
use crate::measures;
use crate::port::{
    AppendError, Appended, Batch, EventLog, EventLogError, Filter, Foreign, Found, LockedLog, Page, Snapshot,
    StoredSnapshot,
};
use crate::position::{LogId, Position};
use crate::recorded::RecordedEvent;

use appender::Appender;
pub use lending::{Lender, Lent, READ_PATIENCE, within};
pub use making::PostgresMaking;
pub use raw::PostgresRaw;
use streams::Streams;
pub use working::{LOOKS_FAILED_MAX, Session};

/// Connections for reading; appends, streams and the listener have their own.
const READERS_MAX: u32 = 8;
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);

/// For whoever filters the program's log: PostgreSQL tells at every start that what is to be made is there.
pub const QUIETER: &str = "sqlx::postgres::notice=warn";

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../migrations/postgres/log");

/// An event log in a PostgreSQL database.
pub struct PostgresLog {
    id: LogId,
    readers: Lender,
    streams: Streams,
    appender: Arc<Mutex<Appender>>,
    heard: Arc<Heard>,
    /// What this process wrote itself.
    own: Arc<Heard>,
    closing: CancellationToken,
    append_seconds: Histogram,
}

impl PostgresLog {
    /// Connects, brings the schema up to date and starts to listen. Several processes may do so at once.
    pub async fn open(url: &str) -> Result<Self, EventLogError> {
        let options: PgConnectOptions = url.parse().map_err(unavailable)?;
        let options = options.application_name(What::Log.sessions());
        // A connection of its own: a migration takes as long as it takes.
        let mut connection =
            within(CONNECT_PATIENCE, PgConnection::connect_with(&options)).await.map_err(unreached::at(&options))?;
        making::require_finished(&mut connection).await?;
        MIGRATIONS.run(&mut connection).await.map_err(unavailable)?;
        let id: uuid::Uuid = sqlx::query_scalar("SELECT log_id FROM log_identity")
            .fetch_one(&mut connection)
            .await
            .map_err(unavailable)?;
        // A courtesy: the server notices a vanished client by itself.
        let _ = tokio::time::timeout(CONNECT_PATIENCE, connection.close()).await;
        let readers = Lender::new(options.clone(), READERS_MAX);
        let head = reading::head(&readers).await?;
        let (heard, own) = (Arc::new(Heard::new(head)), Arc::new(Heard::new(head)));
        let closing = CancellationToken::new();
        listener::spawn(options.clone(), Arc::clone(&heard), closing.clone());
        announcer::spawn(readers.clone(), Arc::clone(&own), closing.clone());
        let streams = Streams::new(options.clone());
        let appender = Arc::new(Mutex::new(Appender::new(options)));
        let append_seconds = histogram!(measures::LOG_APPEND);
        Ok(Self { id: LogId(id), readers, streams, appender, heard, own, closing, append_seconds })
    }
}

#[async_trait]
impl EventLog for PostgresLog {
    fn id(&self) -> LogId {
        self.id
    }

    async fn head(&self) -> Result<Position, EventLogError> {
        let head = reading::head(&self.readers).await?;
        self.heard.tell(head);
        Ok(head)
    }

    async fn append(&self, batch: &Batch) -> Result<Appended, AppendError> {
        let mut appender = self.appender.lock().await;
        let began = Instant::now();
        let appended = appender.append(batch).await?;
        self.append_seconds.record(began.elapsed());
        Ok(appended)
    }

    async fn lock(&self, known: Position) -> Result<(Box<dyn LockedLog>, Foreign), AppendError> {
        let appender = Arc::clone(&self.appender).lock_owned().await;
        let (held, foreign) = appender::Held::take(appender, known).await?;
        Ok((Box::new(held), foreign))
    }

    async fn settle(&self, ids: &[EventId]) -> Result<Vec<Found>, EventLogError> {
        self.appender.lock().await.settle(ids).await
    }

    async fn find(&self, ids: &[EventId]) -> Result<Vec<Found>, EventLogError> {
        reading::find(&self.readers, ids).await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, EventLogError> {
        reading::read_stream(&self.readers, stream, after, limit).await
    }

    async fn load(
        &self,
        stream: &StreamId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(u64, DomainEvent)>, EventLogError> {
        reading::load(&self.readers, &self.streams, stream, after, limit).await
    }

    async fn snapshot(&self, stream: &StreamId) -> Result<Option<StoredSnapshot>, EventLogError> {
        snapshots::read(&self.readers, stream).await
    }

    async fn save_snapshots(&self, snapshots: &[Snapshot]) -> Result<(), EventLogError> {
        snapshots::save(&self.readers, self.id, snapshots).await
    }

    async fn prune_snapshots(&self, format: u32) -> Result<u64, EventLogError> {
        snapshots::prune(&self.readers, self.id, format).await
    }

    async fn read_after(&self, position: Position, limit: usize, filter: Filter) -> Result<Page, EventLogError> {
        reading::read_after(&self.readers, position, limit, filter).await
    }

    async fn recorded_behind(&self, position: Position) -> Result<Option<Timestamp>, EventLogError> {
        reading::recorded_behind(&self.readers, position).await
    }

    fn tell(&self, position: Position) {
        self.heard.tell(position);
        self.own.tell(position);
    }

    fn listen(&self) -> watch::Receiver<Position> {
        self.heard.listen()
    }

    async fn reactor_checkpoint(&self, reactor: &str) -> Result<Option<Position>, EventLogError> {
        reactors::checkpoint(&self.readers, self.id, reactor).await
    }

    async fn save_reactor_checkpoint(&self, reactor: &str, position: Position) -> Result<(), EventLogError> {
        reactors::save(&self.readers, self.id, reactor, position).await
    }

    async fn reactors(&self) -> Result<Vec<(String, Position)>, EventLogError> {
        reactors::all(&self.readers).await
    }

    fn connections_in_use(&self) -> usize {
        self.readers.in_use() + self.streams.in_use()
    }

    async fn close(&self) {
        self.closing.cancel();
        self.heard.end();
        self.own.end();
        self.appender.lock().await.close().await;
        self.streams.close().await;
        self.readers.close().await;
    }
}

fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> EventLogError {
    let error = error.into();
    match error.downcast_ref() {
        Some(sqlx::Error::PoolClosed) => EventLogError::Closed,
        _ => EventLogError::Unavailable(error),
    }
}
