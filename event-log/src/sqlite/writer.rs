//! The one thread of this process that writes the log, and the jobs it takes.
//!
//! SQLite blocks, and has one writer at a time anyway: a thread of its own keeps both away from the async threads, and
//! the order of its queue is what makes a settled look-up final.

use std::sync::{Arc, mpsc as blocking};
use std::time::Duration;

use aggregates::ids::EventId;
use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};

use super::append::Pen;
use crate::heard::Heard;
use crate::port::{AppendError, Appended, Batch, EventLogError, Foreign, Found, LockedLog, Snapshot};
use crate::position::Position;

/// Jobs that wait; beyond it callers wait before they are let in.
pub(super) const QUEUE_JOBS_MAX: usize = 1_024;

/// How long the log may be held between [`crate::EventLog::lock`] and its append: everybody else waits meanwhile.
const LOCK_HELD_MAX: Duration = Duration::from_secs(1);

type Answer<T> = oneshot::Sender<T>;

pub(super) enum Job {
    Append { batch: Box<Batch>, answer: Answer<Result<Appended, AppendError>> },
    Lock { known: Position, answer: Answer<Result<(HeldLog, Foreign), AppendError>> },
    Settle { ids: Vec<EventId>, answer: Answer<Result<Vec<Found>, EventLogError>> },
    SaveCheckpoint { reactor: String, position: Position, answer: Answer<Result<(), EventLogError>> },
    SaveSnapshots { snapshots: Vec<Snapshot>, answer: Answer<Result<(), EventLogError>> },
    PruneSnapshots { format: u32, answer: Answer<Result<u64, EventLogError>> },
    Close,
}

/// Runs until the queue is closed and empty. A caller that went away changes nothing: its job is done all the same.
pub(super) fn run(mut pen: Pen, mut jobs: mpsc::Receiver<Job>, heard: Arc<Heard>) {
    let _end = EndOfNews(heard);
    while let Some(job) = jobs.blocking_recv() {
        match job {
            Job::Append { batch, answer } => drop(answer.send(pen.append(&batch))),
            Job::Lock { known, answer } => hold(&mut pen, known, answer),
            Job::Settle { ids, answer } => drop(answer.send(pen.settle(&ids))),
            Job::SaveCheckpoint { reactor, position, answer } => {
                drop(answer.send(pen.save_reactor_checkpoint(&reactor, position)));
            }
            Job::SaveSnapshots { snapshots, answer } => drop(answer.send(pen.save_snapshots(&snapshots))),
            Job::PruneSnapshots { format, answer } => drop(answer.send(pen.prune_snapshots(format))),
            Job::Close => jobs.close(),
        }
    }
    pen.finish();
}

/// However the writer ends: nothing comes any more, and whoever listens is to know.
struct EndOfNews(Arc<Heard>);

impl Drop for EndOfNews {
    fn drop(&mut self) {
        self.0.end();
    }
}

struct HeldAppend {
    batch: Batch,
    answer: Answer<Result<Appended, AppendError>>,
}

/// The log, held by the writer's thread for whoever has this.
pub(super) struct HeldLog {
    appends: blocking::Sender<HeldAppend>,
}

fn hold(pen: &mut Pen, known: Position, answer: Answer<Result<(HeldLog, Foreign), AppendError>>) {
    if answer.is_closed() {
        return;
    }
    let tail = match pen.begin_after(known) {
        Ok(tail) => tail,
        Err(error) => return drop(answer.send(Err(error))),
    };
    let (appends, held) = blocking::channel();
    // When nobody takes the lock any more, its sender is dropped with the answer and the wait below ends at once.
    drop(answer.send(Ok((HeldLog { appends }, tail))));
    match held.recv_timeout(LOCK_HELD_MAX) {
        Ok(HeldAppend { batch, answer }) => drop(answer.send(pen.append_and_let_go(&batch))),
        Err(blocking::RecvTimeoutError::Disconnected) => pen.roll_back(),
        Err(blocking::RecvTimeoutError::Timeout) => {
            pen.roll_back();
            tracing::warn!(held_seconds_max = LOCK_HELD_MAX.as_secs(), "the event log was held for too long");
        }
    }
}

#[async_trait]
impl LockedLog for HeldLog {
    async fn append(self: Box<Self>, batch: &Batch) -> Result<Appended, AppendError> {
        let (answer, answered) = oneshot::channel();
        let job = HeldAppend { batch: super::without_originals(batch), answer };
        self.appends.send(job).map_err(|_| AppendError::NothingWritten(held_too_long()))?;
        // Came in the moment the hold ended, or the writer's thread is gone: a look-up tells.
        answered.await.unwrap_or_else(|_| Err(AppendError::Unknown(held_too_long())))
    }
}

fn held_too_long() -> EventLogError {
    EventLogError::Unavailable(format!("the log was held for more than {} s", LOCK_HELD_MAX.as_secs()).into())
}
