//! A log that can be told to fail as no backend does on demand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use aggregates::ids::EventId;
use aggregates::{DomainEvent, StreamId};
use async_trait::async_trait;
use event_log::port::{AppendError, Appended, Batch, EventLog, Found, LogWrapper, Snapshot};
use event_log::{EventLogError, RecordedEvent, SharedLog};
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
impl LogWrapper for FailingLog {
    fn wrapped(&self) -> &dyn EventLog {
        &*self.log
    }

    async fn append(&self, batch: &Batch) -> Result<Appended, AppendError> {
        assert!(!self.has(Fault::Panic), "told to panic");
        let appended = self.log.append(batch).await;
        if self.has(Fault::Silence) { Err(AppendError::Unknown(lost())) } else { appended }
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

    async fn save_snapshots(&self, snapshots: &[Snapshot]) -> Result<(), EventLogError> {
        self.log.save_snapshots(snapshots).await?;
        self.kept.send_modify(|kept| *kept += snapshots.len() as u64);
        Ok(())
    }
}
