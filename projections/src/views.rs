//! All units, opened together: what the backend holds and asks.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use event_log::{Position, SharedLog, StoreUrl};
use tokio_util::sync::CancellationToken;

use crate::feed::FeedReads;
use crate::feed::live::LiveFeed;
use crate::generations::{IfLost, LostWords};
use crate::inbox::InboxReads;
use crate::inbox::live::LiveInbox;
use crate::search::SearchReads;
use crate::search::live::LiveSearch;
use crate::store::Format;
use crate::unit::Unit;
use crate::{projector, store};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnitName {
    Inbox,
    Feed,
    Search,
}

impl UnitName {
    pub const ALL: [Self; 3] = [Self::Inbox, Self::Feed, Self::Search];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Feed => "feed",
            Self::Search => "search",
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
    #[error(
        "the {unit} view is damaged: {file}: {reason}. It is made of the log and loses nothing: \
         `replay rebuild {unit} --fresh` fills it anew and puts this file away"
    )]
    Damaged { unit: UnitName, file: String, reason: String },
    #[error("the {unit} view found no answer in {patience:?}")]
    TookTooLong { unit: UnitName, patience: Duration },
    /// A new view was filled, and it is not shown.
    #[error(
        "{lost} cannot be read, because their keys are lost, and the {unit} view that is there may be the last that has \
         them: it stays. Bring the keys back (replay restore --keys-from FILE); where there is no backup of them do not \
         rebuild, or go on without these words: --keys-lost, of the server database.keys_lost (docs/erasure.md)"
    )]
    WordsLost { unit: UnitName, lost: LostWords },
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

/// The opened units of one store. Cheap to clone.
#[derive(Clone)]
pub struct Views {
    inbox: Arc<LiveInbox>,
    feed: Arc<LiveFeed>,
    search: Arc<LiveSearch>,
    /// In the order of [`UnitName::ALL`].
    units: Arc<[Arc<Unit>]>,
}

impl Views {
    /// Opens the units beside `log`, making them when they are new. Does not move them: see [`Views::run`].
    ///
    /// Refuses a view of another log, and one that is ahead of the log: both need a rebuild.
    ///
    /// Where programs of another format answer, a unit first comes as far as they are: that may take as long as a
    /// rebuild, and can be done before by `replay rebuild` of the new version.
    pub async fn open(url: &StoreUrl, log: SharedLog) -> Result<Self, ReadError> {
        Self::open_although(url, log, IfLost::Refuse).await
    }

    /// The same where words may be lost: whether this program's format may be filled without them, when another's is there
    /// that may have them.
    pub async fn open_although(url: &StoreUrl, log: SharedLog, if_lost: IfLost) -> Result<Self, ReadError> {
        Self::open_as(url, log, Format::CURRENT, if_lost).await
    }

    /// The same as a program of another version does it.
    pub async fn open_format(url: &StoreUrl, log: SharedLog, format: Format) -> Result<Self, ReadError> {
        Self::open_as(url, log, format, IfLost::Refuse).await
    }

    async fn open_as(url: &StoreUrl, log: SharedLog, format: Format, if_lost: IfLost) -> Result<Self, ReadError> {
        let mut units = Vec::new();
        let stores = store::connect(url, format).await.map_err(|error| error.of(UnitName::Inbox))?;
        for (name, store) in stores {
            let unit = Unit::open(name, store, Arc::clone(&log), if_lost).await.map_err(|error| error.of(name))?;
            units.push(unit);
        }
        let unit = |name: UnitName| {
            let found = units.iter().find(|unit| unit.name() == name);
            Arc::clone(found.expect("a store has every unit of UnitName::ALL"))
        };
        let inbox = Arc::new(LiveInbox::new(unit(UnitName::Inbox)));
        let feed = Arc::new(LiveFeed::new(unit(UnitName::Feed)));
        let search = Arc::new(LiveSearch::new(unit(UnitName::Search)));
        Ok(Self { inbox, feed, search, units: units.into() })
    }

    pub fn inbox(&self) -> &dyn InboxReads {
        &*self.inbox
    }

    pub fn feed(&self) -> &dyn FeedReads {
        &*self.feed
    }

    pub fn search(&self) -> &dyn SearchReads {
        &*self.search
    }

    /// Drives every unit along the log until `shutdown`. A unit that meets something it cannot read stops loudly, never
    /// skips, and is shown by [`Views::health`]; the others go on. The first such reason is returned at the end.
    pub async fn run(&self, shutdown: CancellationToken) -> Result<(), ReadError> {
        let mut running = tokio::task::JoinSet::new();
        for unit in self.units.iter() {
            running.spawn(projector::run(Arc::clone(unit), shutdown.clone()));
        }
        let mut outcome = Ok(());
        while let Some(ended) = running.join_next().await {
            let ended = match ended {
                Ok(ended) => ended,
                Err(stopped) if stopped.is_panic() => std::panic::resume_unwind(stopped.into_panic()),
                Err(_) => Ok(()),
            };
            outcome = outcome.and(ended);
        }
        outcome
    }

    /// How far a unit has come, as this process knows; wakes whoever waits.
    pub fn progress(&self, unit: UnitName) -> tokio::sync::watch::Receiver<Position> {
        self.unit(unit).progress()
    }

    /// Connections that are at work for a unit right now. For operators.
    pub fn connections_in_use(&self) -> Vec<(UnitName, usize)> {
        self.units.iter().map(|unit| (unit.name(), unit.live().generation.connections_in_use())).collect()
    }

    /// How every unit fares now.
    pub fn health(&self) -> Vec<UnitHealth> {
        self.units.iter().map(|unit| unit.health()).collect()
    }

    /// Waits until `unit` shows everything up to `position`, at most `patience`. Also right when another process moves
    /// the unit.
    pub async fn wait_for(&self, unit: UnitName, position: Position, patience: Duration) -> Result<(), Lagging> {
        self.unit(unit).wait_for(position, patience).await
    }

    fn unit(&self, name: UnitName) -> &Unit {
        let found = self.units.iter().find(|unit| unit.name() == name);
        found.expect("every unit of UnitName::ALL is opened")
    }
}
