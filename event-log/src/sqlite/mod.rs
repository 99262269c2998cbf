//! The log in one SQLite file: for one machine, needs nothing else.
//!
//! One thread writes (`writer`), a few connections read; WAL lets them not wait for each other, and every commit is
//! on the disk before it is answered. What is where stands in an index that follows the log (`index`). Other processes (the replay tools) may write the same file: the append sees what
//! they wrote, and the listener hears of it. Never in here: anything of the views, which are files of their own.

mod append;
mod connection;
mod index;
mod making;
mod raw;
mod readers;
mod rows;
mod snapshots;
#[cfg(test)]
mod tests;
pub(crate) mod tying;
mod writer;

use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc as blocking;
use std::thread::JoinHandle;
use std::time::Instant;

use aggregates::ids::EventId;
use aggregates::{DomainEvent, StreamId, Timestamp};
use async_trait::async_trait;
use metrics::{Histogram, histogram};
use tokio::sync::{Mutex, mpsc, oneshot, watch};

use crate::heard::Heard;
use crate::in_use::{What, enter};
use crate::measures;
use crate::port::{
    AppendError, Appended, Batch, EventLog, EventLogError, Filter, Foreign, Found, LockedLog, NewEvent, Page, Snapshot,
    StoredSnapshot,
};
use crate::position::{LogId, Position};
use crate::recorded::RecordedEvent;
use crate::store_url::StoreUrl;
use index::{Index, Indexer};
pub use making::SqliteMaking;
pub use raw::SqliteRaw;
use readers::Readers;
use writer::Job;

/// Whether the file is there and its tables are made: whoever makes one makes the file first.
pub(crate) fn holds_a_log(file: &Path) -> Result<bool, EventLogError> {
    if !file.try_exists().map_err(|error| EventLogError::Unavailable(error.into()))? {
        return Ok(false);
    }
    let made = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'log_identity')";
    Ok(connection::open_first(file)?.query_row(made, [], |row| row.get(0))?)
}

/// See the module.
pub struct SqliteLog {
    id: LogId,
    jobs: mpsc::Sender<Job>,
    readers: Arc<Readers>,
    index: Arc<Index>,
    /// Ends with the writer's thread.
    heard: Arc<Heard>,
    /// `None` once closed.
    threads: Mutex<Option<Threads>>,
    append_seconds: Histogram,
}

struct Threads {
    writer: JoinHandle<()>,
    /// Ends behind the writer's.
    indexer: JoinHandle<()>,
    listener: JoinHandle<()>,
    stop_listening: blocking::Sender<()>,
    in_use: File,
}

impl SqliteLog {
    /// Opens `log.db` in `directory`, making both where there are none.
    pub async fn open(directory: &Path) -> Result<Self, EventLogError> {
        let directory = directory.to_owned();
        let opened = tokio::task::spawn_blocking(move || Self::open_blocking(&directory));
        opened.await.unwrap_or_else(|error| Err(EventLogError::Unavailable(error.into())))
    }

    fn open_blocking(directory: &Path) -> Result<Self, EventLogError> {
        let file: PathBuf = StoreUrl::file(directory, "log");
        making::require_finished(directory)?;
        make_directory(directory)?;
        let in_use = enter(directory, What::Log)?;
        let connection = connection::open_writer(directory, &file)?;
        let id = rows::log_id(&connection)?;
        let index = Index::open(directory, &connection, id)?;
        let heard = Arc::new(Heard::new(rows::head(&connection)?.position));

        let ear = connection::open_reader(&file)?;
        let (stop_listening, stop) = blocking::channel();
        let listening = Arc::clone(&heard);
        let listener = named_thread("log-listener", move || readers::listen(&ear, &listening, &stop))?;

        let (jobs, queue) = mpsc::channel(writer::QUEUE_JOBS_MAX);
        let (pen, news) = (append::Pen::new(connection, index.look()?, id), Arc::clone(&heard));
        let indexer = Indexer::open(Arc::clone(&index), &file)?;
        let writer = named_thread("log-writer", move || writer::run(pen, queue, news))?;
        let indexer = named_thread("log-indexer", move || indexer.run())?;

        let threads = Mutex::new(Some(Threads { writer, indexer, listener, stop_listening, in_use }));
        let append_seconds = histogram!(measures::LOG_APPEND);
        let readers = Arc::new(Readers::new(file, Arc::clone(&index)));
        Ok(Self { id, jobs, readers, index, heard, threads, append_seconds })
    }

    /// Hands a job to the writer's thread. `Err` when it was certainly not taken.
    async fn hand_in<T>(
        &self,
        job: impl FnOnce(oneshot::Sender<T>) -> Job,
    ) -> Result<oneshot::Receiver<T>, EventLogError> {
        let (answer, answered) = oneshot::channel();
        self.jobs.send(job(answer)).await.map_err(|_| EventLogError::Closed)?;
        Ok(answered)
    }
}

#[async_trait]
impl EventLog for SqliteLog {
    fn id(&self) -> LogId {
        self.id
    }

    async fn head(&self) -> Result<Position, EventLogError> {
        self.readers.ask(|connection, _| Ok(rows::head(connection)?.position)).await
    }

    async fn append(&self, batch: &Batch) -> Result<Appended, AppendError> {
        let began = Instant::now();
        let handed_in = Box::new(without_originals(batch));
        let answered = self.hand_in(|answer| Job::Append { batch: handed_in, answer }).await;
        let answered = answered.map_err(AppendError::NothingWritten)?;
        // Without an answer the writer's thread is gone, nobody knows how far it came.
        let appended = answered.await.unwrap_or_else(|_| Err(AppendError::Unknown(EventLogError::Closed)))?;
        self.append_seconds.record(began.elapsed());
        Ok(appended)
    }

    async fn lock(&self, known: Position) -> Result<(Box<dyn LockedLog>, Foreign), AppendError> {
        let answered = self.hand_in(|answer| Job::Lock { known, answer }).await;
        let locked = answered.map_err(AppendError::NothingWritten)?.await;
        let (held, tail) = locked.unwrap_or_else(|_| Err(AppendError::NothingWritten(EventLogError::Closed)))?;
        Ok((Box::new(held), tail))
    }

    async fn settle(&self, ids: &[EventId]) -> Result<Vec<Found>, EventLogError> {
        let ids = ids.to_vec();
        let answered = self.hand_in(|answer| Job::Settle { ids, answer }).await?;
        answered.await.unwrap_or(Err(EventLogError::Closed))
    }

    async fn find(&self, ids: &[EventId]) -> Result<Vec<Found>, EventLogError> {
        let ids = ids.to_vec();
        self.readers.ask(move |connection, look| rows::find(connection, look, &ids)).await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, EventLogError> {
        let stream = stream.clone();
        self.readers.ask(move |connection, look| rows::read_stream(connection, look, &stream, after, limit)).await
    }

    async fn load(
        &self,
        stream: &StreamId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(u64, DomainEvent)>, EventLogError> {
        let stream = stream.clone();
        self.readers.ask(move |connection, look| rows::load(connection, look, &stream, after, limit)).await
    }

    async fn snapshot(&self, stream: &StreamId) -> Result<Option<StoredSnapshot>, EventLogError> {
        let stream = stream.clone();
        self.readers.ask(move |connection, look| snapshots::read(connection, look, &stream)).await
    }

    async fn save_snapshots(&self, snapshots: &[Snapshot]) -> Result<(), EventLogError> {
        let snapshots = snapshots.to_vec();
        let answered = self.hand_in(|answer| Job::SaveSnapshots { snapshots, answer }).await?;
        answered.await.unwrap_or(Err(EventLogError::Closed))
    }

    async fn prune_snapshots(&self, format: u32) -> Result<u64, EventLogError> {
        let answered = self.hand_in(|answer| Job::PruneSnapshots { format, answer }).await?;
        answered.await.unwrap_or(Err(EventLogError::Closed))
    }

    async fn read_after(&self, position: Position, limit: usize, filter: Filter) -> Result<Page, EventLogError> {
        self.readers.ask(move |connection, _| rows::read_after(connection, position, limit, filter)).await
    }

    async fn recorded_behind(&self, position: Position) -> Result<Option<Timestamp>, EventLogError> {
        self.readers.ask(move |connection, _| rows::recorded_behind(connection, position)).await
    }

    fn tell(&self, position: Position) {
        self.heard.tell(position);
    }

    fn listen(&self) -> watch::Receiver<Position> {
        self.heard.listen()
    }

    async fn reactor_checkpoint(&self, reactor: &str) -> Result<Option<Position>, EventLogError> {
        let (log, reactor) = (self.id, reactor.to_owned());
        self.readers.ask(move |connection, _| rows::reactor_checkpoint(connection, log, &reactor)).await
    }

    async fn reactors(&self) -> Result<Vec<(String, Position)>, EventLogError> {
        self.readers.ask(|connection, _| rows::reactors(connection)).await
    }

    async fn save_reactor_checkpoint(&self, reactor: &str, position: Position) -> Result<(), EventLogError> {
        let reactor = reactor.to_owned();
        let answered = self.hand_in(|answer| Job::SaveCheckpoint { reactor, position, answer }).await?;
        answered.await.unwrap_or(Err(EventLogError::Closed))
    }

    fn trouble(&self) -> Option<String> {
        self.index.trouble()
    }

    fn connections_in_use(&self) -> usize {
        self.readers.in_use()
    }

    async fn close(&self) {
        let mut threads = self.threads.lock().await;
        let Some(Threads { writer, indexer, listener, stop_listening, in_use }) = threads.take() else { return };
        // Readers first: the WAL can be emptied only when nobody reads from it any more.
        self.readers.close().await;
        drop(stop_listening);
        // An error means that the writer's thread is gone already.
        self.jobs.send(Job::Close).await.ok();
        let joined = tokio::task::spawn_blocking(move || [listener, writer, indexer].map(|it| it.join().is_ok())).await;
        if !matches!(joined, Ok([true, true, true])) {
            tracing::error!("a thread of the event log had panicked");
        }
        self.index.leave();
        drop(in_use);
    }
}

/// For its owner alone: the log holds what people wrote to each other.
pub(crate) fn make_directory(directory: &Path) -> Result<(), EventLogError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
    made.map_err(|error| EventLogError::Unavailable(error.into()))
}

/// What the writer's thread needs: the events as they were before they were written down stay where they are.
fn without_originals(batch: &Batch) -> Batch {
    let plain = |event: &NewEvent| NewEvent {
        stream: event.stream.clone(),
        payload: event.payload.clone(),
        metadata: Arc::clone(&event.metadata),
        original: None,
        ..*event
    };
    let Batch { known, conditions, events, groups } = batch;
    Batch { known: *known, conditions: conditions.clone(), events: events.iter().map(plain).collect(), groups: *groups }
}

fn named_thread(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, EventLogError> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(|error| EventLogError::Unavailable(error.into()))
}
