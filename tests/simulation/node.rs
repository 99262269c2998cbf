//! One process of the simulation: the real door over the real stack of logs, and somebody who reads along.

use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aggregates::ids::EventId;
use event_log::sealing::Unsealed;
use event_log::sealing::keys::SharedKeys;
use event_log::sqlite::SqliteLog;
use event_log::{
    CommandError, Decided, Door, DoorOptions, Filter, Position, Sealing, SharedLog, StoreUrl, Subscription, TailedLog,
    Wish,
};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::at_once::AtOnce;
use super::faulty_log::FaultyLog;
use super::foreign_writer::ForeignWriter;
use crate::support::memory_keys::MemoryKeys;
use crate::support::model_log::ModelLog;

/// Which log is at the bottom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Model,
    Sqlite,
}

/// What outlives every process.
pub struct Ground {
    pub log: SharedLog,
    pub keys: SharedKeys,
    /// Appends that were cut loose and may still land.
    pub late: Arc<AtomicUsize>,
    directory: TempDir,
}

impl Ground {
    pub async fn new(engine: Engine, tail_events_max: u64) -> Self {
        // In memory where the system has such a place: power cuts are not simulated, kill -9 is in `end_to_end`.
        let memory = Path::new("/dev/shm");
        let directory = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let directory = directory.expect("a temporary directory");
        let log: SharedLog = match engine {
            Engine::Model => Arc::new(ModelLog::new(tail_events_max)),
            Engine::Sqlite => Arc::new(AtOnce::over(SqliteLog::open(directory.path()).await.expect("a new log opens"))),
        };
        Self { log, keys: Arc::new(MemoryKeys::default()), late: Arc::default(), directory }
    }

    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub fn url(&self) -> StoreUrl {
        StoreUrl::Sqlite(self.directory.path().to_owned())
    }

    /// A process's way to the log, as the program puts it together, with faults at the bottom.
    pub async fn stack(&self, seed: u64) -> (FaultyLog, SharedLog) {
        let foreign = ForeignWriter::new(Arc::clone(&self.log), Sealing::new(Arc::clone(&self.keys)));
        let faulty = FaultyLog::over(Arc::clone(&self.log), foreign, Arc::clone(&self.late), seed);
        let unsealed = Unsealed::over(Arc::new(faulty.clone()), Sealing::new(Arc::clone(&self.keys)));
        let unsealed = Arc::new(unsealed.await.expect("no faults yet"));
        (faulty, Arc::new(TailedLog::over(unsealed).await.expect("no faults yet")))
    }
}

pub struct Node {
    pub faulty: FaultyLog,
    pub log: SharedLog,
    pub door: Door,
    pub reader: Reader,
}

impl Node {
    pub async fn start(ground: &Ground, seed: u64, options: DoorOptions) -> Self {
        let (faulty, log) = ground.stack(seed).await;
        let door = Door::open(Arc::clone(&log), options).await.expect("no faults yet");
        let reader = Reader::start(Arc::clone(&log), 1 + (seed % 20) as usize);
        Self { faulty, log, door, reader }
    }

    /// The process is gone: what it had under way ends here.
    pub fn dies(&self) {
        self.faulty.dies_now();
        self.reader.task.abort();
        // Its tasks are to end; what they answer is heard by nobody.
        let door = self.door.clone();
        tokio::spawn(async move { door.close().await });
    }
}

/// Reads along from the start.
pub struct Reader {
    seen: Arc<Mutex<Vec<(Position, EventId)>>>,
    task: JoinHandle<()>,
}

impl Reader {
    fn start(log: SharedLog, page_events: usize) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            let mut subscription = Subscription::new(log, Position::START, Filter::All);
            loop {
                match subscription.next(page_events).await {
                    Ok(page) => {
                        let events = page.events.iter().map(|event| (event.position, event.event_id));
                        told.lock().unwrap_or_else(PoisonError::into_inner).extend(events);
                    }
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                }
            }
        });
        Self { seen, task }
    }

    pub fn seen(&self) -> Vec<(Position, EventId)> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What a caller was told, as far as it counts.
#[derive(Debug, Clone)]
pub enum Answer {
    Decided(Decided),
    Refused {
        position: Position,
        reason: String,
    },
    /// Nothing was written, it says.
    NotWritten(String),
    Unknown,
    /// The caller went away, or the process died.
    Unheard,
}

pub struct Call {
    pub wish: Wish,
    /// The highest position that anybody had been told when it was asked.
    pub floor: Position,
    pub answer: Answer,
}

/// Somebody who calls. `hangs_up` after so long.
pub async fn call(
    (door, faulty): (Door, FaultyLog),
    wish: Wish,
    delay: Duration,
    hangs_up: Option<Duration>,
    told: Arc<AtomicU64>,
) -> Call {
    tokio::time::sleep(delay).await;
    let floor = Position(told.load(Ordering::SeqCst));
    let executed = door.execute(wish.clone());
    let answer = match hangs_up {
        Some(patience) => tokio::time::timeout(patience, executed).await.ok(),
        None => Some(executed.await),
    };
    let answer = match answer {
        _ if faulty.is_dead() => Answer::Unheard,
        None => Answer::Unheard,
        Some(Ok(decided)) => Answer::Decided(decided),
        Some(Err(CommandError::Refused { refusal, position })) => {
            Answer::Refused { position, reason: refusal.to_string() }
        }
        Some(Err(error @ (CommandError::Unavailable(_) | CommandError::NoKey(_) | CommandError::Stopping))) => {
            Answer::NotWritten(error.to_string())
        }
        Some(Err(CommandError::OutcomeUnknown(_))) => Answer::Unknown,
        Some(Err(error @ (CommandError::Corrupt(_) | CommandError::Misaddressed { .. }))) => {
            panic!("{}: {error}", wish.stream)
        }
    };
    match &answer {
        Answer::Decided(Decided { position, .. }) | Answer::Refused { position, .. } => {
            told.fetch_max(position.0, Ordering::SeqCst);
        }
        Answer::NotWritten(_) | Answer::Unknown | Answer::Unheard => {}
    }
    Call { wish, floor, answer }
}
