//! What an operator asks of the views: where they are, fill them anew, compare them with the log.
//!
//! A generation is one filling of a unit: a file or schema of its own. A rebuild fills the next one beside the live one
//! and then takes its place, so reads never go down and never go back in time. Never in here: SQL.

use event_log::{Position, SharedLog, StoreUrl};

use crate::views::{ReadError, UnitName};

/// How far a rebuild or a comparison has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Events read so far.
    pub events_done: u64,
    pub position: Position,
    /// Where it will end, as far as is known.
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
pub async fn status(_url: &StoreUrl, _log: &SharedLog) -> Result<Vec<UnitStatus>, ReadError> {
    Ok(Vec::new())
}

/// Fills the next generation of `unit` from the first event and puts it in the live one's place.
pub async fn rebuild(
    _url: &StoreUrl,
    _log: SharedLog,
    unit: UnitName,
    _on_progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<RebuildReport, ReadError> {
    Err(ReadError::Corrupt { unit, reason: "being built".to_owned() })
}

/// Rebuilds `unit` aside, up to where the live one is, compares row by row and leaves nothing behind.
pub async fn verify(
    _url: &StoreUrl,
    _log: SharedLog,
    unit: UnitName,
    _on_progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<VerifyReport, ReadError> {
    Err(ReadError::Corrupt { unit, reason: "being built".to_owned() })
}
