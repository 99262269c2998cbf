//! Where rows are kept: the only room of the read models that does IO.
//!
//! A generation is one filling of a unit. Both engines keep the same tables and answer the same queries; what a batch
//! makes of the rows is worked out above them, in the `batch.rs` of each unit.
//! Never in here: what an event means.

pub(crate) mod feed_places;
pub(crate) mod names;
pub(crate) mod owned_words;
pub(crate) mod postgres;
pub(crate) mod sqlite;
pub(crate) mod touched;

use std::fmt;
use std::sync::Arc;

use aggregates::ids::UserId;
use async_trait::async_trait;
use event_log::{EventLogError, LogId, Position, RecordedEvent, StoreUrl};

use crate::feed::project::FeedChange;
use crate::feed::{self, FeedReads};
use crate::generations::LostWords;
use crate::inbox::changes::InboxChange;
use crate::inbox::{self, InboxReads};
use crate::search::project::SearchChange;
use crate::search::{self, SearchReads};
use crate::views::{ReadError, UnitName};

/// The form of the tables. Part of a generation's name: tables of another format are another family of files or
/// schemas, so that two versions of the program can live side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Format(pub u32);

impl Format {
    /// What this program makes, drives and reads. Grows with every change of a table or of what an event means in one.
    pub const CURRENT: Self = Self(9);
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Messages that blanking the words of an erased user looks at in one transaction, and rows of theirs that go in one: nobody
/// waits long for any of them.
pub(crate) const BLANK_ROWS_MAX: usize = 2_000;

/// Rows of one table that filling remembers; memory stays flat however large the log.
pub(crate) const REMEMBERED_ROWS_MAX: usize = 50_000;

/// A store that cannot do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("the store of the views cannot be reached")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Deleted, since later ones took its place.
    #[error("the generation is gone")]
    Gone,
    #[error("{0}")]
    Corrupt(String),
    /// The engine cannot make sense of the file. The rows are derived: another filling is the way out.
    #[error("{file} is damaged: {reason}")]
    Damaged { file: String, reason: String },
    /// What was filled is whole but for these, and the live view may have them.
    #[error("{0} cannot be read: their keys are lost")]
    WordsLost(LostWords),
    #[error(transparent)]
    Log(#[from] EventLogError),
}

impl StoreError {
    pub(crate) fn unreachable(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Unreachable(Box::new(source))
    }

    /// Whether another try may help.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            // A rebuild puts another in the place of a damaged one.
            Self::Unreachable(_) | Self::Gone | Self::Damaged { .. } => true,
            Self::Corrupt(_) | Self::WordsLost(_) => false,
            Self::Log(EventLogError::Unavailable(_)) => true,
            Self::Log(_) => false,
        }
    }

    /// Whether what is stored is at fault, and not the way to it.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self, Self::Corrupt(_) | Self::Damaged { .. })
    }

    pub(crate) fn of(self, unit: UnitName) -> ReadError {
        match self {
            Self::Unreachable(source) => ReadError::Unavailable { unit, source },
            Self::Gone => ReadError::Unavailable { unit, source: Box::new(Self::Gone) },
            Self::Corrupt(reason) => ReadError::Corrupt { unit, reason },
            Self::Damaged { file, reason } => ReadError::Damaged { unit, file, reason },
            Self::WordsLost(lost) => ReadError::WordsLost { unit, lost },
            Self::Log(error) if Self::is_passing(&error) => ReadError::Unavailable { unit, source: Box::new(error) },
            Self::Log(error) => ReadError::Corrupt { unit, reason: chain(&error) },
        }
    }

    fn is_passing(error: &EventLogError) -> bool {
        matches!(error, EventLogError::Unavailable(_) | EventLogError::Closed)
    }
}

/// An error with everything behind it, for a log line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GenerationState {
    /// Being filled by a rebuild.
    Building,
    Ready,
    /// No longer moved: a later one took its place.
    Closed,
}

impl GenerationState {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Building => "building",
            Self::Ready => "ready",
            Self::Closed => "closed",
        }
    }

    pub(crate) fn parse(name: &str) -> Result<Self, StoreError> {
        [Self::Building, Self::Ready, Self::Closed]
            .into_iter()
            .find(|state| state.name() == name)
            .ok_or_else(|| StoreError::Corrupt(format!("unknown state {name:?} of a generation")))
    }
}

/// What a generation says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub log: LogId,
    pub checkpoint: Position,
    pub state: GenerationState,
}

/// What a generation was filled with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilledWith {
    pub keys: String,
    /// Words are missing whose keys were lost.
    pub lost: bool,
}

impl FilledWith {
    /// Stands behind the keys.
    pub(crate) const LOST: &'static str = " lost";

    pub(crate) fn of(noted: &str) -> Self {
        let without = noted.strip_suffix(Self::LOST);
        Self { keys: without.unwrap_or(noted).to_owned(), lost: without.is_some() }
    }
}

/// Which generation of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GenerationName {
    Numbered(u32),
    /// Somewhere aside, for one comparison; only made with the rebuild's lock.
    Scratch,
}

/// The events of a stretch of the log, as one unit's changes.
#[derive(Debug)]
pub(crate) struct Step {
    /// Where the unit must stand for the step to be taken.
    pub from: Position,
    pub to: Position,
    pub log: LogId,
    pub changes: UnitChanges,
}

#[derive(Debug, Clone)]
pub(crate) enum UnitChanges {
    Inbox(Vec<InboxChange>),
    Feed(Vec<FeedChange>),
    Search(Vec<SearchChange>),
}

impl UnitChanges {
    pub(crate) fn none(unit: UnitName) -> Self {
        match unit {
            UnitName::Inbox => Self::Inbox(Vec::new()),
            UnitName::Feed => Self::Feed(Vec::new()),
            UnitName::Search => Self::Search(Vec::new()),
        }
    }

    pub(crate) fn take(&mut self, recorded: &RecordedEvent) {
        match self {
            Self::Inbox(changes) => changes.extend(inbox::project::project(recorded)),
            Self::Feed(changes) => changes.extend(feed::project::project(recorded)),
            Self::Search(changes) => changes.extend(search::project::project(recorded)),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Inbox(changes) => changes.len(),
            Self::Feed(changes) => changes.len(),
            Self::Search(changes) => changes.len(),
        }
    }
}

impl UnitChanges {
    /// Who is erased in here, and up to where what is theirs goes.
    pub(crate) fn erased(&self) -> Vec<(UserId, Position)> {
        match self {
            Self::Inbox(changes) => {
                let erased = changes.iter().filter_map(InboxChange::erased);
                erased.map(|erased| (erased.user_id.clone(), erased.position)).collect()
            }
            Self::Feed(changes) => {
                let erased = changes.iter().filter_map(FeedChange::erased);
                erased.map(|(user, position)| (user.clone(), position)).collect()
            }
            Self::Search(changes) => {
                let erased = changes.iter().filter_map(SearchChange::erased);
                erased.map(|(user, position)| (user.clone(), position)).collect()
            }
        }
    }
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Applied {
    Done,
    /// Somebody else moved the unit: it stands here. Nothing was written.
    Moved(Position),
    /// The generation is closed. Nothing was written.
    Closed,
}

/// How a unit is asked.
#[derive(Clone)]
pub(crate) enum UnitReads {
    Inbox(Arc<dyn InboxReads>),
    Feed(Arc<dyn FeedReads>),
    Search(Arc<dyn SearchReads>),
}

/// One opened generation.
#[async_trait]
pub(crate) trait Generation: Send + Sync {
    async fn standing(&self) -> Result<Standing, StoreError>;

    /// Writes rows and checkpoint in one transaction, if the unit stands where the step begins.
    async fn apply(&self, step: Step) -> Result<Applied, StoreError>;

    /// The same for a generation that is being filled, which nobody else writes: what steps came to is not stored before
    /// [`Self::flush`], and rows of earlier steps are remembered. A failure loses what was not.
    async fn fill(&self, step: Step) -> Result<Applied, StoreError>;

    /// Stores what was filled, rows and checkpoint, in one transaction.
    async fn flush(&self) -> Result<(), StoreError>;

    /// Makes what was left out for filling (indexes). Done twice, it does nothing.
    async fn finish(&self) -> Result<(), StoreError>;

    async fn set_state(&self, state: GenerationState) -> Result<(), StoreError>;

    /// Remembers which keys it is filled with: what they do not open is blank in it.
    async fn note_keys(&self, keys: &str) -> Result<(), StoreError>;

    /// Remembers that it misses words whose keys are lost. Nothing where no keys were noted.
    async fn note_lost(&self) -> Result<(), StoreError>;

    /// `None`: nobody noted any keys.
    async fn filled_with(&self) -> Result<Option<FilledWith>, StoreError>;

    /// Keeps every writer out until the answer is used or dropped.
    async fn hold(&self) -> Result<Box<dyn Held>, StoreError>;

    fn reads(&self) -> UnitReads;

    /// Connections that are at work right now.
    fn connections_in_use(&self) -> usize;

    /// Rows and checkpoint as they are at one moment, for comparing.
    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError>;
}

/// A generation that nobody moves, see [`Generation::hold`].
#[async_trait]
pub(crate) trait Held: Send {
    fn standing(&self) -> Standing;

    /// Closes the generation for ever and lets go.
    async fn close(self: Box<Self>) -> Result<(), StoreError>;
}

/// A row for comparing: its key in a form that sorts as the tables do, and all of it as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyedRow {
    pub key: Vec<String>,
    pub json: String,
}

#[async_trait]
pub(crate) trait Snapshot: Send {
    fn standing(&self) -> Standing;

    /// The next rows of `table`, in the order of their keys, at most `limit`; none at its end. Tables are read one
    /// after the other.
    async fn rows(&mut self, table: &'static Table, limit: usize) -> Result<Vec<KeyedRow>, StoreError>;

    /// What the program made beside the tables of the unit and is compared as they are: an index of its own.
    fn beside(&self) -> &'static [Table] {
        &[]
    }

    /// Looks no more. When this returns, nothing is kept for its sake; merely dropped, that comes a little later.
    async fn end(&mut self) {}
}

/// A table as comparing needs to know it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Table {
    pub name: &'static str,
    pub key: &'static [(&'static str, KeyKind)],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyKind {
    Text,
    Uuid,
    Number,
}

/// Every table of a unit but `unit` itself, which says what differs between generations.
pub(crate) fn tables(unit: UnitName) -> &'static [Table] {
    use KeyKind::{Number, Text, Uuid};
    const INBOX: &[Table] = &[
        Table { name: "rooms", key: &[("room_id", Uuid)] },
        Table { name: "members", key: &[("room_id", Uuid), ("user_id", Text), ("from_position", Number)] },
        Table { name: "participants", key: &[("room_id", Uuid), ("user_id", Text)] },
        Table { name: "messages", key: &[("position", Number)] },
        Table { name: "message_edits", key: &[("position", Number)] },
        Table { name: "tombstones", key: &[("room_id", Uuid), ("seq", Number)] },
        Table { name: "reactions", key: &[("room_id", Uuid), ("seq", Number), ("emoji", Text), ("user_id", Text)] },
        Table { name: "reaction_counts", key: &[("room_id", Uuid), ("seq", Number), ("emoji", Text)] },
        Table { name: "mentions", key: &[("room_id", Uuid), ("seq", Number), ("user_id", Text)] },
        Table { name: "pins", key: &[("room_id", Uuid), ("seq", Number)] },
        Table { name: "users", key: &[("user_id", Text)] },
        Table { name: "follows", key: &[("from_id", Text), ("to_id", Text)] },
        Table { name: "follow_counts", key: &[("user_id", Text)] },
        Table { name: "blocks", key: &[("from_id", Text), ("to_id", Text)] },
        Table { name: "reports", key: &[("report_id", Uuid)] },
    ];
    const FEED: &[Table] = &[
        Table { name: "notifications", key: &[("notification_id", Uuid)] },
        Table { name: "deliveries", key: &[("notification_id", Uuid), ("channel", Text)] },
        Table { name: "feeds", key: &[("recipient_id", Text)] },
        Table { name: "preferences", key: &[("user_id", Text)] },
        Table {
            name: "subscriptions",
            key: &[("user_id", Text), ("topic_kind", Text), ("target_id", Text), ("from_position", Number)],
        },
    ];
    const SEARCH: &[Table] = &[Table { name: "entries", key: &[("position", Number)] }];
    match unit {
        UnitName::Inbox => INBOX,
        UnitName::Feed => FEED,
        UnitName::Search => SEARCH,
    }
}

/// The generations of one unit in one store.
#[async_trait]
pub(crate) trait UnitStore: Send + Sync {
    /// Whose generations these are.
    fn format(&self) -> Format;

    /// The same unit in the same place, in another format.
    fn in_format(&self, format: Format) -> Arc<dyn UnitStore>;

    /// Every generation there is, of any format, ascending. Makes nothing.
    async fn all(&self) -> Result<Vec<(Format, u32)>, StoreError>;

    /// Numbers of the generations of this format, ascending.
    async fn numbers(&self) -> Result<Vec<u32>, StoreError> {
        let all = self.all().await?.into_iter();
        Ok(all.filter(|(format, _)| *format == self.format()).map(|(_, number)| number).collect())
    }

    /// Says that a program answers from this format, until the answer is dropped or its process ends.
    fn enter(&self) -> Result<InUse, StoreError>;

    /// Whether any program answers from this format.
    async fn is_in_use(&self) -> Result<bool, StoreError>;

    /// Opens a generation, `None` when there is none of that name.
    async fn open(&self, name: &GenerationName) -> Result<Option<Arc<dyn Generation>>, StoreError>;

    /// Opens a generation, making it at the log's start when there is none.
    async fn make(
        &self,
        name: &GenerationName,
        log: LogId,
        state: GenerationState,
    ) -> Result<Arc<dyn Generation>, StoreError>;

    async fn remove(&self, name: &GenerationName) -> Result<(), StoreError>;

    /// Leaves nothing behind of what rows held before. `false`: a reader was in the way.
    async fn scrub(&self, name: &GenerationName) -> Result<bool, StoreError>;

    /// Only one rebuild or comparison of a unit at a time. `None` when somebody else has it.
    async fn lock_rebuild(&self) -> Result<Option<Box<dyn RebuildLock>>, StoreError>;
}

/// See [`UnitStore::enter`].
pub(crate) type InUse = Box<dyn Send + Sync>;

/// Ends with its process at the latest.
#[async_trait]
pub(crate) trait RebuildLock: Send {
    /// When this returns, the next one can have it; merely dropped, it is let go a little later.
    async fn release(self: Box<Self>);
}

/// The stores of all units of one URL, in the order of [`UnitName::ALL`].
pub(crate) async fn connect(url: &StoreUrl, format: Format) -> Result<Vec<(UnitName, Arc<dyn UnitStore>)>, StoreError> {
    Ok(match url {
        StoreUrl::Sqlite(directory) => UnitName::ALL
            .into_iter()
            .map(|unit| -> (UnitName, Arc<dyn UnitStore>) {
                (unit, Arc::new(sqlite::SqliteStore::new(directory.clone(), unit, format)))
            })
            .collect(),
        StoreUrl::Postgres(text) => {
            let lender = postgres::connect(text, format).await?;
            UnitName::ALL
                .into_iter()
                .map(|unit| -> (UnitName, Arc<dyn UnitStore>) {
                    (unit, Arc::new(postgres::PostgresStore::new(lender.clone(), unit, format)))
                })
                .collect()
        }
    })
}
