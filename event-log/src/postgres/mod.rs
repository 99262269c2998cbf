//! The log on PostgreSQL: postgres-es's tables, one server-side function per batch.
//!
//! Appends go through one connection of their own (`appender`), reads through a pool (`reading`), news of other writers
//! through a listener (`listener`). Commit order is position order because positions are given under one advisory lock
//! that is held to the end of the transaction; so no reader ever has to guess about gaps.

mod announcer;
mod appender;
mod listener;
mod making;
mod raw;
mod reactors;
mod reading;
pub mod rewriting;
mod rows;
mod single;
mod snapshots;

use std::sync::Arc;
use std::time::{Duration, Instant};

use aggregates::ids::EventId;
use aggregates::{DomainEvent, StreamId};
use async_trait::async_trait;
use metrics::{Histogram, histogram};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;

use crate::heard::Heard;
use crate::measures;
use crate::port::{
    AppendError, Appended, Batch, EventLog, EventLogError, Filter, Foreign, Found, LockedLog, Page, Snapshot,
    StoredSnapshot,
};
use crate::position::{LogId, Position};
use crate::recorded::RecordedEvent;

use appender::Appender;
pub use making::PostgresMaking;
pub use raw::PostgresRaw;

/// Connections for reading; appends have one of their own.
const READERS_MAX: u32 = 8;
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../migrations/postgres/log");

/// An event log in a PostgreSQL database.
pub struct PostgresLog {
    id: LogId,
    pool: PgPool,
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
        let options = options.application_name("kabar-log");
        let pool = PgPoolOptions::new()
            .max_connections(READERS_MAX)
            .acquire_timeout(CONNECT_PATIENCE)
            .connect_with(options.clone())
            .await
            .map_err(unavailable)?;
        let mut connection = pool.acquire().await.map_err(unavailable)?;
        making::require_finished(&mut connection).await?;
        drop(connection);
        MIGRATIONS.run(&pool).await.map_err(unavailable)?;
        let id: uuid::Uuid =
            sqlx::query_scalar("SELECT log_id FROM log_identity").fetch_one(&pool).await.map_err(unavailable)?;
        let head = reading::head(&pool).await?;
        let (heard, own) = (Arc::new(Heard::new(head)), Arc::new(Heard::new(head)));
        let closing = CancellationToken::new();
        listener::spawn(pool.clone(), Arc::clone(&heard), closing.clone());
        announcer::spawn(pool.clone(), Arc::clone(&own), closing.clone());
        let appender = Arc::new(Mutex::new(Appender::new(options)));
        let append_seconds = histogram!(measures::LOG_APPEND);
        Ok(Self { id: LogId(id), pool, appender, heard, own, closing, append_seconds })
    }
}

#[async_trait]
impl EventLog for PostgresLog {
    fn id(&self) -> LogId {
        self.id
    }

    async fn head(&self) -> Result<Position, EventLogError> {
        let head = reading::head(&self.pool).await?;
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
        reading::find(&self.pool, ids).await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, EventLogError> {
        reading::read_stream(&self.pool, stream, after, limit).await
    }

    async fn load(
        &self,
        stream: &StreamId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(u64, DomainEvent)>, EventLogError> {
        reading::load(&self.pool, stream, after, limit).await
    }

    async fn snapshot(&self, stream: &StreamId) -> Result<Option<StoredSnapshot>, EventLogError> {
        snapshots::read(&self.pool, stream).await
    }

    async fn save_snapshots(&self, snapshots: &[Snapshot]) -> Result<(), EventLogError> {
        snapshots::save(&self.pool, self.id, snapshots).await
    }

    async fn prune_snapshots(&self, format: u32) -> Result<u64, EventLogError> {
        snapshots::prune(&self.pool, self.id, format).await
    }

    async fn read_after(&self, position: Position, limit: usize, filter: Filter) -> Result<Page, EventLogError> {
        reading::read_after(&self.pool, position, limit, filter).await
    }

    fn tell(&self, position: Position) {
        self.heard.tell(position);
        self.own.tell(position);
    }

    fn listen(&self) -> watch::Receiver<Position> {
        self.heard.listen()
    }

    async fn reactor_checkpoint(&self, reactor: &str) -> Result<Option<Position>, EventLogError> {
        reactors::checkpoint(&self.pool, self.id, reactor).await
    }

    async fn save_reactor_checkpoint(&self, reactor: &str, position: Position) -> Result<(), EventLogError> {
        reactors::save(&self.pool, self.id, reactor, position).await
    }

    async fn reactors(&self) -> Result<Vec<(String, Position)>, EventLogError> {
        reactors::all(&self.pool).await
    }

    fn connections_in_use(&self) -> usize {
        (self.pool.size() as usize).saturating_sub(self.pool.num_idle())
    }

    async fn close(&self) {
        self.closing.cancel();
        self.heard.end();
        self.own.end();
        self.appender.lock().await.close().await;
        self.pool.close().await;
    }
}

fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> EventLogError {
    let error = error.into();
    match error.downcast_ref() {
        Some(sqlx::Error::PoolClosed) => EventLogError::Closed,
        _ => EventLogError::Unavailable(error),
    }
}
