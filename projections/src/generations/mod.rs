//! What an operator asks of the views: where they are, fill them anew, compare them with the log.
//!
//! A generation is one filling of a unit: a file or schema of its own. A rebuild fills the next one beside the live one
//! and then takes its place, so reads never go down and never go back in time. Never in here: SQL.

mod rebuild;
mod scrub;
mod standings;
mod verify;

use std::sync::Arc;

use event_log::{Position, SharedLog, StoreUrl};

pub use scrub::scrub;

use crate::store::{Generation, GenerationName, GenerationState, RebuildLock, StoreError, UnitStore};
use crate::views::{ReadError, UnitName};
use crate::{projector, store};

pub use standings::{UnitStage, UnitStanding, standings};

/// How far a rebuild or a comparison has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Events read so far.
    pub events_done: u64,
    pub position: Position,
    /// Where it will end, as far as is known: a rebuild follows a head that moves.
    pub head: Position,
}

/// What a rebuild did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RebuildReport {
    pub unit: UnitName,
    /// The generation that was live before; `None` when there was none.
    pub replaced: Option<u32>,
    pub generation: u32,
    pub events: u64,
    /// Where the new generation took over.
    pub checkpoint: Position,
    /// Older generations that were deleted.
    pub removed: Vec<u32>,
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
}

/// Differences that a report spells out.
pub const DIFFERENCES_MAX: usize = 100;

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
}

/// One generation of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitStatus {
    pub unit: UnitName,
    pub generation: u32,
    pub checkpoint: Position,
    pub state: UnitState,
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
}

/// Every generation of every unit, the oldest first. Makes nothing: an empty store has none.
pub async fn status(url: &StoreUrl, log: &SharedLog) -> Result<Vec<UnitStatus>, ReadError> {
    let mut found = Vec::new();
    for (unit, store) in store::connect(url).await.map_err(|error| error.of(UnitName::Inbox))? {
        found.extend(status_of(unit, &*store, log).await.map_err(|error| error.of(unit))?);
    }
    Ok(found)
}

async fn status_of(unit: UnitName, store: &dyn UnitStore, log: &SharedLog) -> Result<Vec<UnitStatus>, StoreError> {
    let mut found = Vec::new();
    for number in store.numbers().await? {
        // One that was begun and not finished has nothing to say of itself.
        let Some(generation) = store.open(&GenerationName::Numbered(number)).await? else { continue };
        let standing = generation.standing().await?;
        // Behind the checkpoint: read the other way round, a busy view would seem to be past the head.
        let head = log.head().await?;
        let state = match standing.state {
            _ if standing.log != log.id() => UnitState::Foreign,
            _ if standing.checkpoint > head => UnitState::PastHead,
            GenerationState::Building => UnitState::Building,
            GenerationState::Ready => UnitState::Live,
            GenerationState::Closed => UnitState::Closed,
        };
        found.push(UnitStatus { unit, generation: number, checkpoint: standing.checkpoint, state });
    }
    Ok(found)
}

/// Fills the next generation of `unit` from the first event and puts it in the live one's place.
///
/// Programs that run meanwhile go on answering and go over by themselves. Refused while another rebuild or comparison
/// of the unit runs.
pub async fn rebuild(
    url: &StoreUrl,
    log: SharedLog,
    unit: UnitName,
    on_progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<RebuildReport, ReadError> {
    let work = async {
        let store = store_of(url, unit).await?;
        let lock = lock(&*store).await?;
        let report = rebuild::run(unit, &*store, &log, on_progress).await;
        lock.release().await;
        report
    };
    work.await.map_err(|error: StoreError| error.of(unit))
}

/// Rebuilds `unit` aside, up to where the live one is, compares row by row and leaves nothing behind.
pub async fn verify(
    url: &StoreUrl,
    log: SharedLog,
    unit: UnitName,
    on_progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<VerifyReport, ReadError> {
    let work = async {
        let store = store_of(url, unit).await?;
        let lock = lock(&*store).await?;
        let report = verify::run(unit, &*store, &log, on_progress).await;
        lock.release().await;
        report
    };
    work.await.map_err(|error: StoreError| error.of(unit))
}

async fn store_of(url: &StoreUrl, unit: UnitName) -> Result<Arc<dyn UnitStore>, StoreError> {
    let stores = store::connect(url).await?;
    let found = stores.into_iter().find(|(name, _)| *name == unit);
    Ok(found.expect("a store has every unit of UnitName::ALL").1)
}

async fn lock(store: &dyn UnitStore) -> Result<Box<dyn RebuildLock>, StoreError> {
    let taken = store.lock_rebuild().await?;
    taken.ok_or_else(|| StoreError::Unreachable("another rebuild or comparison of it is running".into()))
}

/// Moves `generation` to `target` and tells about it.
async fn advance_telling(
    (unit, generation): (UnitName, &dyn Generation),
    log: &SharedLog,
    target: Position,
    events: &mut u64,
    on_progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<(), StoreError> {
    let mut tell = |taken: u64, position: Position| {
        *events += taken;
        on_progress(Progress { events_done: *events, position, head: target });
    };
    projector::advance(unit, generation, log, target, &mut tell).await
}
