//! All units, opened together: what the backend holds and asks.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use event_log::{Position, SharedLog, StoreUrl};
use tokio_util::sync::CancellationToken;

use crate::feed::FeedReads;
use crate::inbox::InboxReads;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnitName {
    Inbox,
    Feed,
}

impl UnitName {
    pub const ALL: [Self; 2] = [Self::Inbox, Self::Feed];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Feed => "feed",
        }
    }
}

impl fmt::Display for UnitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A view that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("the {unit} view cannot be reached")]
    Unavailable { unit: UnitName, source: Box<dyn std::error::Error + Send + Sync> },
    #[error("the {unit} view holds something unreadable: {reason}")]
    Corrupt { unit: UnitName, reason: String },
}

/// A view did not come as far as was asked in the time there was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the {unit} view is at {at}, {wanted} was asked for")]
pub struct Lagging {
    pub unit: UnitName,
    pub at: Position,
    pub wanted: Position,
}

/// How a unit fares, for /readyz.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitHealth {
    pub unit: UnitName,
    pub generation: u32,
    pub checkpoint: Position,
    pub run: UnitRun,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnitRun {
    /// Opened, not driven by this process.
    Idle,
    Running,
    /// Its store or the log cannot be reached; it tries again.
    Retrying {
        reason: String,
    },
    /// It met something it cannot read and stopped.
    Failed {
        reason: String,
    },
}

/// The opened units of one store.
#[derive(Clone)]
pub struct Views {
    inbox: Arc<dyn InboxReads>,
    feed: Arc<dyn FeedReads>,
}

impl Views {
    /// Opens the units beside `log`, making them when they are new. Does not move them: see [`Views::run`].
    pub async fn open(_url: &StoreUrl, _log: SharedLog) -> Result<Self, ReadError> {
        unreachable!("being built")
    }

    pub fn inbox(&self) -> &dyn InboxReads {
        &*self.inbox
    }

    pub fn feed(&self) -> &dyn FeedReads {
        &*self.feed
    }

    /// Drives every unit along the log until `shutdown`. A unit that meets something it cannot read stops loudly, never
    /// skips, and is shown by [`Views::health`]; the others go on. The first such reason is returned at the end.
    pub async fn run(&self, _shutdown: CancellationToken) -> Result<(), ReadError> {
        Ok(())
    }

    /// How far a unit has come, as this process knows; wakes whoever waits.
    pub fn progress(&self, _unit: UnitName) -> tokio::sync::watch::Receiver<Position> {
        tokio::sync::watch::channel(Position::START).1
    }

    /// How every unit fares now.
    pub fn health(&self) -> Vec<UnitHealth> {
        Vec::new()
    }

    /// Waits until `unit` shows everything up to `position`, at most `patience`.
    pub async fn wait_for(&self, _unit: UnitName, _position: Position, _patience: Duration) -> Result<(), Lagging> {
        Ok(())
    }
}
