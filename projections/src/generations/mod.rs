//! What an operator asks of the views: where they are, fill them anew, compare them with the log, mend them.
//!
//! A generation is one filling of a unit: a file or schema of its own, named by the format of its tables and a number. A
//! rebuild fills the next one beside the live one and then takes its place, so reads never go down and never go back in
//! time. Programs of two formats live side by side, each with generations of its own. Never in here: SQL.

mod fill;
mod formats;
mod lost;
mod rebuild;
mod scrub;
mod standings;
mod touches;
mod verify;

use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use event_log::{Position, SharedLog, StoreUrl};
use tokio::time::Instant;

use self::fill::Filling;
pub(crate) use self::formats::catch_up;
pub use self::formats::{Retired, Retiring, retire};
pub use self::lost::{IfLost, LostWords};
pub use self::scrub::scrub;
pub use self::standings::{Standings, UnitStage, UnitStanding, standings};
use crate::store::{self, Format, GenerationState, RebuildLock, StoreError, UnitStore};
use crate::unit;
use crate::views::{ReadError, UnitName};

/// The session of a rebuild that was killed a moment ago may hold its lock a little longer.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);
const LOCK_INTERVAL: Duration = Duration::from_millis(100);

/// How fast a unit is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// No more than this, on average since the beginning.
    pub events_per_second: Option<NonZeroU64>,
    /// Rests as long as it works while somebody writes to the log, so that a server in use keeps half of the machine.
    pub yields: bool,
}

impl Pace {
    pub const FULL: Self = Self { events_per_second: None, yields: false };
}

impl Default for Pace {
    fn default() -> Self {
        Self { events_per_second: None, yields: true }
    }
}

/// How to rebuild.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RebuildOptions {
    pub format: Format,
    /// Begins at the first event also where an unfinished generation could be gone on with.
    pub fresh: bool,
    pub pace: Pace,
    pub if_lost: IfLost,
}

impl Default for RebuildOptions {
    fn default() -> Self {
        Self { format: Format::CURRENT, fresh: false, pace: Pace::default(), if_lost: IfLost::Refuse }
    }
}

/// How far a rebuild or a comparison has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Events read so far.
    pub events_done: u64,
    pub position: Position,
    /// Where it will end, as far as is known: a rebuild follows a head that moves.
    pub head: Position,
    pub stage: Stage,
}

/// What a rebuild or a comparison is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Filling,
    /// Its indexes are made, of which nobody can tell how long it takes.
    Finishing {
        since: Duration,
    },
}

/// What a rebuild did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RebuildReport {
    pub unit: UnitName,
    /// The generation that was live before; `None` when there was none.
    pub replaced: Option<u32>,
    pub generation: u32,
    /// Where an unfinished generation was taken up; `None` when it began at the first event.
    pub resumed_at: Option<Position>,
    /// Events read by this run.
    pub events: u64,
    /// Where the new generation took over.
    pub checkpoint: Position,
    /// Older generations that were deleted.
    pub removed: Vec<u32>,
    /// How long it stood still, throttled or for the sake of a server in use.
    pub rested: Duration,
    /// Words that this run met and could not read. Always none, but where it was to go on without them.
    pub lost: LostWords,
}

/// How the live rows compare with a rebuild from the first event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyReport {
    pub unit: UnitName,
    pub generation: u32,
    /// Both were compared as of this position.
    pub checkpoint: Position,
    pub events: u64,
    pub rows: u64,
    /// At most [`DIFFERENCES_MAX`] of them are kept.
    pub differences: Vec<Difference>,
    /// All that were found.
    pub differences_total: u64,
    /// Words that are blank in what was compared with, because their keys are lost: the live view may have them.
    pub lost: LostWords,
}

/// Differences that a report spells out.
pub const DIFFERENCES_MAX: usize = 100;
/// Events that a difference names, the latest.
pub const TOUCHING_MAX: usize = 10;

impl VerifyReport {
    pub fn is_clean(&self) -> bool {
        self.differences_total == 0
    }
}

/// One row that is not what a rebuild makes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub table: &'static str,
    /// The row's key, its parts joined by `/`.
    pub key: String,
    /// As JSON; `None` where the row is missing.
    pub live: Option<String>,
    pub rebuilt: Option<String>,
    /// The latest events that touched the row, at most [`TOUCHING_MAX`], in the order of the log. None: the row is not
    /// from the log.
    pub touched_by: Vec<Touching>,
    /// All that did.
    pub touched_by_total: u64,
}

/// An event that touched a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touching {
    pub position: Position,
    /// As stored: `message_sent`.
    pub event: &'static str,
    pub stream: String,
}

/// What became of a repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepairReport {
    /// What was found before.
    pub found: VerifyReport,
    /// What was put in its place; `None` when nothing differed and nothing was changed.
    pub repaired: Option<RebuildReport>,
}

/// One generation of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitStatus {
    pub unit: UnitName,
    pub format: Format,
    pub generation: u32,
    pub checkpoint: Position,
    pub state: UnitState,
    /// Which file it is and what of it cannot be read.
    pub damage: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitState {
    /// Answers queries and follows the log.
    Live,
    /// A rebuild fills it, or died doing so.
    Building,
    /// A later generation took its place.
    Closed,
    /// Its positions belong to another log: rebuild it.
    Foreign,
    /// It is ahead of the log, which went back: rebuild it.
    PastHead,
    /// It cannot be read, and so it is not known how far it is: `replay rebuild UNIT --fresh`.
    Damaged,
}

/// Every generation of every unit and format, the oldest first. Makes nothing: an empty store has none.
pub async fn status(url: &StoreUrl, log: &SharedLog) -> Result<Vec<UnitStatus>, ReadError> {
    let mut found = Vec::new();
    for (unit, store) in store::connect(url, Format::CURRENT).await.map_err(|error| error.of(UnitName::Inbox))? {
        found.extend(status_of(unit, &*store, log).await.map_err(|error| error.of(unit))?);
    }
    Ok(found)
}

async fn status_of(unit: UnitName, store: &dyn UnitStore, log: &SharedLog) -> Result<Vec<UnitStatus>, StoreError> {
    let mut found = Vec::new();
    for (format, number) in store.all().await? {
        // One that was begun and not finished has nothing to say of itself.
        let standing = match unit::stood(&*store.in_format(format), number).await {
            Ok(Some((_, standing))) => standing,
            Ok(None) => continue,
            Err(error) if error.is_damage() => {
                let (checkpoint, state, damage) = (Position::START, UnitState::Damaged, Some(error.to_string()));
                found.push(UnitStatus { unit, format, generation: number, checkpoint, state, damage });
                continue;
            }
            Err(error) => return Err(error),
        };
        // Behind the checkpoint: read the other way round, a busy view would seem to be past the head.
        let head = log.head().await?;
        let state = match standing.state {
            _ if standing.log != log.id() => UnitState::Foreign,
            _ if standing.checkpoint > head => UnitState::PastHead,
            GenerationState::Building => UnitState::Building,
            GenerationState::Ready => UnitState::Live,
            GenerationState::Closed => UnitState::Closed,
        };
        let checkpoint = standing.checkpoint;
        found.push(UnitStatus { unit, format, generation: number, checkpoint, state, damage: None });
    }
    Ok(found)
}

/// Fills the next generation of `unit` from the first event and puts it in the live one's place. One that was cut short
/// is gone on with.
///
/// Programs that run meanwhile go on answering and go over by themselves. Refused while another rebuild or comparison
/// of the unit runs. Where words are lost that the live one may have, it takes nobody's place, unless
/// [`RebuildOptions::if_lost`] says so.
pub async fn rebuild(
    url: &StoreUrl,
    log: SharedLog,
    unit: UnitName,
    options: &RebuildOptions,
    on_progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<RebuildReport, ReadError> {
    let work = async {
        let store = store_of(url, unit, options.format).await?;
        let lock = lock(&*store).await?;
        let mut filling = Filling::new(unit, &log, options.pace, on_progress);
        let report = rebuild::run(unit, &*store, options, &mut filling, &log).await;
        lock.release().await;
        report
    };
    work.await.map_err(|error: StoreError| error.of(unit))
}

/// Rebuilds `unit` aside, up to where the live one is, compares row by row, says which events touched the rows that
/// differ, and leaves nothing behind.
pub async fn verify(
    url: &StoreUrl,
    log: SharedLog,
    unit: UnitName,
    on_progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<VerifyReport, ReadError> {
    let work = async {
        let store = store_of(url, unit, Format::CURRENT).await?;
        let lock = lock(&*store).await?;
        let mut filling = Filling::new(unit, &log, Pace::default(), on_progress);
        let report = verify::run(unit, &*store, &log, &mut filling).await;
        lock.release().await;
        report
    };
    work.await.map_err(|error: StoreError| error.of(unit))
}

/// Rebuilds `unit` aside and compares; where anything differs, puts the new rows in the live ones' place as
/// [`rebuild`] does. Where nothing does, nothing is changed.
pub async fn repair(
    url: &StoreUrl,
    log: SharedLog,
    unit: UnitName,
    options: &RebuildOptions,
    on_progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<RepairReport, ReadError> {
    let work = async {
        let store = store_of(url, unit, options.format).await?;
        let lock = lock(&*store).await?;
        let mut filling = Filling::new(unit, &log, options.pace, on_progress);
        let report = verify::repair(unit, &*store, options, &log, &mut filling).await;
        lock.release().await;
        report
    };
    work.await.map_err(|error: StoreError| error.of(unit))
}

async fn store_of(url: &StoreUrl, unit: UnitName, format: Format) -> Result<Arc<dyn UnitStore>, StoreError> {
    let stores = store::connect(url, format).await?;
    let found = stores.into_iter().find(|(name, _)| *name == unit);
    Ok(found.expect("a store has every unit of UnitName::ALL").1)
}

async fn lock(store: &dyn UnitStore) -> Result<Box<dyn RebuildLock>, StoreError> {
    let deadline = Instant::now() + LOCK_PATIENCE;
    loop {
        if let Some(lock) = store.lock_rebuild().await? {
            return Ok(lock);
        }
        if Instant::now() >= deadline {
            return Err(StoreError::Unreachable("another rebuild or comparison of it is running".into()));
        }
        tokio::time::sleep(LOCK_INTERVAL).await;
    }
}
