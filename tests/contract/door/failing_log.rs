//! A log that can be told to fail as no backend does on demand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use aggregates::ids::EventId;
use aggregates::{DomainEvent, StreamId};
use async_trait::async_trait;
use event_log::port::{AppendError, Appended, Batch, EventLog, Foreign, Found, LockedLog, Snapshot, StoredSnapshot};
use event_log::{EventLogError, Filter, LogId, Page, Position, RecordedEvent, SharedLog};
use tokio::sync::watch;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Fault {
    None,
    /// An append panics.
    Panic,
    /// An append is carried out, its answer is lost, and nothing tells what became of it.
    Silence,
    /// A stream's events cannot be read.
    Unreadable,
}

pub struct FailingLog {
    log: SharedLog,
    fault: AtomicU8,
    /// Events read for states.
    pub loaded: AtomicU64,
    /// States kept.
    pub kept: watch::Sender<u64>,
}

impl FailingLog {
    pub fn over(log: SharedLog) -> Arc<Self> {
        Arc::new(Self {
            log,
            fault: AtomicU8::new(Fault::None as u8),
            loaded: AtomicU64::new(0),
            kept: watch::Sender::new(0),
        })
    }

    pub fn set(&self, fault: Fault) {
        self.fault.store(fault as u8, Ordering::SeqCst);
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault.load(Ordering::SeqCst) == fault as u8
    }
}

fn lost() -> EventLogError {
    EventLogError::Unavailable("told to fail".into())
}

#[async_trait]
impl EventLog for FailingLog {
    fn id(&self) -> LogId {
        self.log.id()
    }

    fn sealing(&self) -> Option<&event_log::Sealing> {
        self.log.sealing()
    }

    async fn head(&self) -> Result<Position, EventLogError> {
        self.log.head().await
    }

    async fn append(&self, batch: &Batch) -> Result<Appended, AppendError> {
        assert!(!self.has(Fault::Panic), "told to panic");
        let appended = self.log.append(batch).await;
        if self.has(Fault::Silence) { Err(AppendError::Unknown(lost())) } else { appended }
    }

    async fn lock(&self, known: Position) -> Result<(Box<dyn LockedLog>, Foreign), AppendError> {
        self.log.lock(known).await
    }

    async fn settle(&self, ids: &[EventId]) -> Result<Vec<Found>, EventLogError> {
        if self.has(Fault::Silence) { Err(lost()) } else { self.log.settle(ids).await }
    }

    async fn find(&self, ids: &[EventId]) -> Result<Vec<Found>, EventLogError> {
        self.log.find(ids).await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, EventLogError> {
        if self.has(Fault::Unreadable) { Err(lost()) } else { self.log.read_stream(stream, after, limit).await }
    }

    async fn load(
        &self,
        stream: &StreamId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(u64, DomainEvent)>, EventLogError> {
        if self.has(Fault::Unreadable) {
            return Err(lost());
        }
        let page = self.log.load(stream, after, limit).await?;
        self.loaded.fetch_add(page.len() as u64, Ordering::SeqCst);
        Ok(page)
    }

    async fn snapshot(&self, stream: &StreamId) -> Result<Option<StoredSnapshot>, EventLogError> {
        self.log.snapshot(stream).await
    }

    async fn save_snapshots(&self, snapshots: &[Snapshot]) -> Result<(), EventLogError> {
        self.log.save_snapshots(snapshots).await?;
        self.kept.send_modify(|kept| *kept += snapshots.len() as u64);
        Ok(())
    }

    async fn prune_snapshots(&self, format: u32) -> Result<u64, EventLogError> {
        self.log.prune_snapshots(format).await
    }

    async fn read_after(&self, position: Position, limit: usize, filter: Filter) -> Result<Page, EventLogError> {
        self.log.read_after(position, limit, filter).await
    }

    fn tell(&self, position: Position) {
        self.log.tell(position);
    }

    fn listen(&self) -> watch::Receiver<Position> {
        self.log.listen()
    }

    async fn reactor_checkpoint(&self, reactor: &str) -> Result<Option<Position>, EventLogError> {
        self.log.reactor_checkpoint(reactor).await
    }

    async fn reactors(&self) -> Result<Vec<(String, Position)>, EventLogError> {
        self.log.reactors().await
    }

    async fn save_reactor_checkpoint(&self, reactor: &str, position: Position) -> Result<(), EventLogError> {
        self.log.save_reactor_checkpoint(reactor, position).await
    }

    async fn close(&self) {
        self.log.close().await;
    }
}
