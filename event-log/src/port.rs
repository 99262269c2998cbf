//! What every event log promises. `tests/contract` holds each backend to it.

use std::sync::Arc;

use aggregates::ids::EventId;
use aggregates::{AggregateKind, DomainEvent, Metadata, StreamId, Timestamp, UnreadableEvent};
use async_trait::async_trait;
use tokio::sync::watch;

use crate::caches::CacheSize;
use crate::forwarding::port_with_wrapper;
use crate::position::{LogId, Position};
use crate::recorded::RecordedEvent;
use crate::sealing::Sealing;

port_with_wrapper! {
    /// One total order of events: appended in batches, read by stream or from a position on.
    pub trait EventLog;

    /// A log around another one: passes everything on that is not written.
    pub trait LogWrapper;

    at once {
        /// Which log this is; positions of another one mean nothing here.
        fn id(&self) -> LogId;

        /// Tells those who [`EventLog::listen`], here and in other processes, that something was written up to
        /// `position`. Said by whoever appended, as soon as it can be read here; an append alone says nothing.
        fn tell(&self, position: Position);

        /// The head as this process last heard of it. A hint to look, never a substitute for looking: writers elsewhere
        /// may be heard late. Its sender goes away when the log is closed.
        fn listen(&self) -> watch::Receiver<Position>;
    }

    at once, otherwise {
        /// What words are sealed with on their way in; `None` for an engine without its keys, which opens nothing either.
        fn sealing(&self) -> Option<&Sealing> = { None };

        /// Connections that answer a question right now. For operators.
        fn connections_in_use(&self) -> usize = { 0 };

        /// What is kept in memory right now. For operators.
        fn caches(&self) -> Vec<CacheSize> = { Vec::new() };

        /// Why commands fail although the log can be read; `None` while all is well. For operators.
        fn trouble(&self) -> Option<String> = { None };
    }

    asked {
        /// The last position that is durable now.
        async fn head(&self) -> Result<Position, EventLogError>;

        /// Writes what still holds, all of it or nothing, and says what others wrote meanwhile.
        ///
        /// An entry holds as long as nobody wrote behind `batch.known` to what it was decided on. Groups that do not hold
        /// are left out and named; the others are written.
        async fn append(&self, batch: &Batch) -> Result<Appended, AppendError>;

        /// Takes the log for itself: nobody else appends until the answer is used or dropped.
        ///
        /// For the second try of those who lost a race. Brings what others wrote behind `known`.
        async fn lock(&self, known: Position) -> Result<(Box<dyn LockedLog>, Foreign), AppendError>;

        /// What became of events whose append was never answered. When it returns, no earlier append of this process can
        /// land any more: what was not found will not appear.
        async fn settle(&self, ids: &[EventId]) -> Result<Vec<Found>, EventLogError>;

        /// Which of these events are in the log. A plain look, without the fence of [`EventLog::settle`].
        async fn find(&self, ids: &[EventId]) -> Result<Vec<Found>, EventLogError>;

        /// The events of a stream with a sequence above `after`, oldest first, at most `limit`.
        async fn read_stream(
            &self, stream: &StreamId, after: u64, limit: usize
        ) -> Result<Vec<RecordedEvent>, EventLogError>;

        /// Up to `limit` events behind `position`, in order. A page may be short although the log goes on: only one that
        /// did not move at all is the end.
        ///
        /// [`EventLogError::Unreadable`] only for the very next event: a page ends before one further on.
        async fn read_after(&self, position: Position, limit: usize, filter: Filter) -> Result<Page, EventLogError>;

        /// When the first event behind `position` was recorded, whether it can be read or not. `None` at the end.
        async fn recorded_behind(&self, position: Position) -> Result<Option<Timestamp>, EventLogError>;

        /// How far a reactor has come; kept in the log's own database. `None` for one that never ran.
        ///
        /// [`EventLogError::Corrupt`] when it was written for another log or lies past the head: the log was restored or
        /// copied without it, and nobody knows what the reactor has done.
        async fn reactor_checkpoint(&self, reactor: &str) -> Result<Option<Position>, EventLogError>;

        /// Every reactor that has a checkpoint, with it, by name. For operators: a reactor asks for its own.
        async fn reactors(&self) -> Result<Vec<(String, Position)>, EventLogError>;

        /// Never goes back: a lower position than the stored one changes nothing. [`EventLogError::Corrupt`] when the
        /// stored one is of another log.
        async fn save_reactor_checkpoint(&self, reactor: &str, position: Position) -> Result<(), EventLogError>;

        /// Stops background work (listeners, the writer thread) after finishing what was begun.
        async fn close(&self);
    }

    asked, otherwise {
        /// What a stream's state is made of: (sequence, event) above `after`, oldest first, at most `limit`. A page that
        /// is not full is the end. `loading` folds them.
        async fn load(
            &self, stream: &StreamId, after: u64, limit: usize
        ) -> Result<Vec<(u64, DomainEvent)>, EventLogError> = {
            let page = self.read_stream(stream, after, limit).await?;
            Ok(page.into_iter().map(|recorded| (recorded.sequence, recorded.event)).collect())
        };

        /// The state that was kept of a stream, whatever it is worth: whoever asks must judge it. An engine without a
        /// place for states has none.
        async fn snapshot(&self, stream: &StreamId) -> Result<Option<StoredSnapshot>, EventLogError> = {
            let _ = stream;
            Ok(None)
        };

        /// Keeps states, each in the place of the one before. Those whose last event is not in the log are left out.
        async fn save_snapshots(&self, snapshots: &[Snapshot]) -> Result<(), EventLogError> = {
            let _ = snapshots;
            Ok(())
        };

        /// Deletes what can never be used again: kept states of another log, or of a format before `format`. How many.
        async fn prune_snapshots(&self, format: u32) -> Result<u64, EventLogError> = {
            let _ = format;
            Ok(0)
        };
    }
}

/// A log that is held, see [`EventLog::lock`]. Dropping it writes nothing and lets go.
#[async_trait]
pub trait LockedLog: Send {
    /// Appends and lets go.
    async fn append(self: Box<Self>, batch: &Batch) -> Result<Appended, AppendError>;
}

pub type SharedLog = Arc<dyn EventLog>;

/// What a batch of commands came to.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The head that everything in here was decided on.
    pub known: Position,
    /// What the decisions rest on: own streams (any later event breaks them) and guards (later events of some kinds do).
    pub conditions: Vec<Condition>,
    pub events: Vec<NewEvent>,
    /// Groups are numbered `0..groups`: commands that rest on each other's undurable events share one.
    pub groups: u32,
}

/// `group` holds while nothing (or, with `kinds`, nothing of these stored names) is written to `stream` after `version`.
#[derive(Debug, Clone)]
pub struct Condition {
    pub group: u32,
    pub stream: StreamId,
    pub version: u64,
    /// Empty: every event breaks it.
    pub kinds: &'static [&'static str],
}

#[derive(Debug, Clone)]
pub struct NewEvent {
    pub group: u32,
    pub stream: StreamId,
    pub sequence: u64,
    pub event_id: EventId,
    pub name: &'static str,
    pub version: &'static str,
    /// Flat JSON, its words sealed, see [`aggregates::DomainEvent::to_json`].
    pub payload: String,
    /// [`aggregates::Metadata`] as JSON; shared by the events of one command.
    pub metadata: Arc<str>,
    /// What was written down above, for those who read along in this process. `None`: they read it from the log.
    pub original: Option<Original>,
}

/// An event before it was written down.
#[derive(Debug, Clone)]
pub struct Original {
    pub event: DomainEvent,
    pub metadata: Arc<Metadata>,
}

impl NewEvent {
    /// As a reader will see it once it is written; `None` without the original.
    pub(crate) fn recorded(&self, position: Position, recorded_at: Timestamp) -> Option<RecordedEvent> {
        let Original { event, metadata } = self.original.as_ref()?;
        Some(RecordedEvent {
            position,
            event_id: self.event_id,
            stream: self.stream.clone(),
            sequence: self.sequence,
            event: event.clone(),
            metadata: Metadata::clone(metadata),
            recorded_at,
        })
    }
}

/// An append that was carried out.
#[derive(Debug, Clone, Default)]
pub struct Appended {
    /// Written events have the positions after this one, in the order of the batch, without gaps.
    pub base: Position,
    /// Groups that were left out, ascending.
    pub left_out: Vec<u32>,
    /// What others wrote behind `known`, up to `base`.
    pub foreign: Foreign,
    /// When the log took the events.
    pub recorded_at: Timestamp,
}

impl Appended {
    /// The head after it: what was written follows `base` without gaps.
    pub fn end(&self, batch: &Batch) -> Position {
        let left_out = |event: &NewEvent| self.left_out.binary_search(&event.group).is_ok();
        let written = batch.events.iter().filter(|event| !left_out(event)).count();
        Position(self.base.0 + written as u64)
    }
}

/// What others wrote behind a known head.
#[derive(Debug, Clone, Default)]
pub struct Foreign {
    /// In order.
    pub events: Vec<RecordedEvent>,
    /// Those among them that this program cannot read, in order. Their streams can be neither brought forward nor read
    /// anew; every other stream is none of their business.
    pub unreadable: Vec<Unreadable>,
}

/// An event of a later program, or of a stock one with types of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    pub position: Position,
    /// `None` for a kind of stream that this program does not know.
    pub stream: Option<StreamId>,
    pub sequence: u64,
    /// As stored.
    pub name: String,
}

impl Foreign {
    /// The last position in it; `None` when nobody wrote.
    pub fn end(&self) -> Option<Position> {
        let read = self.events.last().map(|event| event.position);
        read.max(self.unreadable.last().map(|event| event.position))
    }

    pub fn is_empty(&self) -> bool {
        self.end().is_none()
    }

    /// Takes the next event, as it was read or as it could not be.
    pub(crate) fn push(
        &mut self,
        read: Result<RecordedEvent, EventLogError>,
        row: Unreadable,
    ) -> Result<(), EventLogError> {
        match read {
            Ok(event) => self.events.push(event),
            Err(EventLogError::Unreadable { source, position }) => {
                tracing::error!(%position, error = %source, "somebody wrote an event that this program cannot read");
                metrics::counter!(crate::measures::LOG_UNREADABLE).increment(1);
                self.unreadable.push(row);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Where an event is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub event_id: EventId,
    pub position: Position,
    pub stream: StreamId,
    pub sequence: u64,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// Shared with everybody else who reads along.
    pub events: Vec<Arc<RecordedEvent>>,
    /// Everything up to here has been looked at, also what the filter left out.
    pub scanned_to: Position,
}

impl Page {
    /// The events as one's own.
    pub fn into_events(self) -> impl Iterator<Item = RecordedEvent> {
        self.events.into_iter().map(Arc::unwrap_or_clone)
    }
}

/// A page while it is read, from behind a position on. It ends before an event that cannot be read: only whoever stands
/// right before that one is told so, and everybody comes that far.
pub(crate) struct Reading {
    from: Position,
    events: Vec<Arc<RecordedEvent>>,
    stopped: Option<Position>,
}

impl Reading {
    pub(crate) fn behind(from: Position) -> Self {
        Self { from, events: Vec::new(), stopped: None }
    }

    /// Takes the next event, as it was read or as it could not be. `false`: the page ends here.
    pub(crate) fn take(&mut self, read: Result<RecordedEvent, EventLogError>) -> Result<bool, EventLogError> {
        match read {
            Ok(event) => self.events.push(Arc::new(event)),
            Err(EventLogError::Unreadable { position, .. }) if position.0 > self.from.0 + 1 => {
                self.stopped = Some(Position(position.0 - 1));
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    /// `looked_to`: up to where nothing else was found, for a page that was not full.
    pub(crate) fn page(self, limit: usize, looked_to: Option<Position>) -> Page {
        let last = self.events.last().map_or(self.from, |event| event.position);
        let looked_to = looked_to.filter(|_| self.events.len() < limit).unwrap_or(last);
        Page { events: self.events, scanned_to: self.stopped.unwrap_or(looked_to) }
    }
}

/// A state, to be kept. Only ever a cache of what the events say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub stream: StreamId,
    /// Of the last event in it.
    pub sequence: u64,
    /// See [`aggregates::snapshot::FORMAT`].
    pub format: u32,
    /// JSON, see [`aggregates::State::to_kept`].
    pub state: String,
}

/// A state as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSnapshot {
    pub snapshot: Snapshot,
    /// The log it was made of.
    pub log: LogId,
    /// Its last event is in the log, and is the one it was made with.
    pub in_the_log: bool,
}

/// Which streams a reader wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Filter {
    #[default]
    All,
    Kinds(&'static [AggregateKind]),
}

impl Filter {
    pub fn wants(self, kind: AggregateKind) -> bool {
        match self {
            Self::All => true,
            Self::Kinds(kinds) => kinds.contains(&kind),
        }
    }
}

/// A log that cannot do its work. Never the caller's fault.
#[derive(Debug, thiserror::Error)]
pub enum EventLogError {
    #[error("the event log cannot be reached")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the event log holds something unreadable at position {position}")]
    Unreadable { position: Position, source: UnreadableEvent },
    #[error("the event log is damaged: {0}")]
    Corrupt(String),
    #[error("the event log was closed")]
    Closed,
}

/// An append that was not (or may not have been) carried out.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Certainly nothing was written; trying again may help.
    #[error("nothing was written")]
    NothingWritten(#[source] EventLogError),
    /// Nothing was written, because an event id or a place in a stream is taken: look the ids up.
    #[error("an event of the batch is in the log already")]
    Taken,
    /// The answer was lost: it may or may not be written. Only [`EventLog::settle`] can tell.
    #[error("the outcome of an append is unknown")]
    Unknown(#[source] EventLogError),
    /// Nothing was written: others wrote more behind `known` than one answer carries. Read on from there first.
    #[error("the log is far ahead, at {head}")]
    Behind { head: Position },
    /// The log is behind what this process has seen of it: a restore or a failover that lost events. Fatal.
    #[error("the log went back: its head is {head}, {known} was seen before")]
    WentBack { known: Position, head: Position },
}
