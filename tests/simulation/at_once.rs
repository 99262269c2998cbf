//! SQLite as seen by a simulated clock: whatever is asked of it is answered before time goes on.
//!
//! Its threads are real, so what they do must not race with the clock: every question is waited for on the spot, without
//! letting any other task run. What takes time in a simulation is decided by `faulty_log`.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use aggregates::ids::EventId;
use aggregates::{DomainEvent, StreamId, Timestamp};
use async_trait::async_trait;
use event_log::port::{AppendError, Appended, Batch, EventLog, Foreign, Found, LockedLog, Snapshot, StoredSnapshot};
use event_log::sqlite::SqliteLog;
use event_log::{EventLogError, Filter, LogId, Page, Position, RecordedEvent};
use tokio::sync::{OwnedMutexGuard, watch};

pub struct AtOnce {
    log: SqliteLog,
    /// The writer's turn, as the simulation sees it: who waits for it waits in simulated time.
    pen: Arc<tokio::sync::Mutex<()>>,
    /// Its own: the file's listener runs by the real clock.
    heard: watch::Sender<Position>,
}

impl AtOnce {
    pub fn over(log: SqliteLog) -> Self {
        Self { log, pen: Arc::default(), heard: watch::Sender::new(Position::START) }
    }
}

struct Parked(Thread);

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Blocks the one thread of the simulation.
fn now<T>(work: impl Future<Output = T>) -> T {
    // Its own budget: nobody else runs, so yielding to them would be for ever.
    let mut work = pin!(tokio::task::unconstrained(work));
    let waker = Waker::from(Arc::new(Parked(std::thread::current())));
    loop {
        match work.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(done) => return done,
            Poll::Pending => std::thread::park(),
        }
    }
}

#[async_trait]
impl EventLog for AtOnce {
    fn id(&self) -> LogId {
        self.log.id()
    }

    async fn head(&self) -> Result<Position, EventLogError> {
        now(self.log.head())
    }

    async fn append(&self, batch: &Batch) -> Result<Appended, AppendError> {
        let _pen = self.pen.lock().await;
        now(self.log.append(batch))
    }

    async fn lock(&self, known: Position) -> Result<(Box<dyn LockedLog>, Foreign), AppendError> {
        let pen = Arc::clone(&self.pen).lock_owned().await;
        let (held, foreign) = now(self.log.lock(known))?;
        Ok((Box::new(Held { held, _pen: pen }), foreign))
    }

    async fn settle(&self, ids: &[EventId]) -> Result<Vec<Found>, EventLogError> {
        let _pen = self.pen.lock().await;
        now(self.log.settle(ids))
    }

    async fn find(&self, ids: &[EventId]) -> Result<Vec<Found>, EventLogError> {
        now(self.log.find(ids))
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, EventLogError> {
        now(self.log.read_stream(stream, after, limit))
    }

    async fn load(
        &self,
        stream: &StreamId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(u64, DomainEvent)>, EventLogError> {
        now(self.log.load(stream, after, limit))
    }

    async fn snapshot(&self, stream: &StreamId) -> Result<Option<StoredSnapshot>, EventLogError> {
        now(self.log.snapshot(stream))
    }

    async fn save_snapshots(&self, snapshots: &[Snapshot]) -> Result<(), EventLogError> {
        // A job of the writer: behind whoever holds it.
        let _pen = self.pen.lock().await;
        now(self.log.save_snapshots(snapshots))
    }

    async fn read_after(&self, position: Position, limit: usize, filter: Filter) -> Result<Page, EventLogError> {
        now(self.log.read_after(position, limit, filter))
    }

    async fn recorded_behind(&self, position: Position) -> Result<Option<Timestamp>, EventLogError> {
        now(self.log.recorded_behind(position))
    }

    fn tell(&self, position: Position) {
        self.heard.send_if_modified(|head| {
            let ahead = position > *head;
            *head = position.max(*head);
            ahead
        });
    }

    fn listen(&self) -> watch::Receiver<Position> {
        self.heard.subscribe()
    }

    async fn reactor_checkpoint(&self, reactor: &str) -> Result<Option<Position>, EventLogError> {
        now(self.log.reactor_checkpoint(reactor))
    }

    async fn reactors(&self) -> Result<Vec<(String, Position)>, EventLogError> {
        now(self.log.reactors())
    }

    async fn save_reactor_checkpoint(&self, reactor: &str, position: Position) -> Result<(), EventLogError> {
        // A job of the writer: behind whoever holds it.
        let _pen = self.pen.lock().await;
        now(self.log.save_reactor_checkpoint(reactor, position))
    }

    async fn close(&self) {
        now(self.log.close());
    }
}

struct Held {
    held: Box<dyn LockedLog>,
    _pen: OwnedMutexGuard<()>,
}

#[async_trait]
impl LockedLog for Held {
    async fn append(self: Box<Self>, batch: &Batch) -> Result<Appended, AppendError> {
        now(self.held.append(batch))
    }
}
