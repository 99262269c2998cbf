//! What goes through the door and what comes back.

use std::sync::Arc;
use std::time::Duration;

use aggregates::ids::CommandId;
use aggregates::{AggregateKind, Command, DomainEvent, Metadata, Refusal, StreamId};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::time::Instant;

use super::job::{Job, Message};
use super::run::Sizes;
use super::run::Task;
use crate::caches::CacheSize;
use crate::measures::Endings;
use crate::port::{EventLogError, SharedLog};
use crate::position::Position;
use crate::sealing::Sealing;
use crate::snapshots::SNAPSHOT_EVENTS_MIN;

/// A command on its way to its stream.
#[derive(Debug, Clone)]
pub struct Wish {
    pub stream: StreamId,
    pub command: Command,
    /// Event ids derive from it, so the same id is carried out once, for ever.
    pub id: CommandId,
    /// Whether somebody may ask for it again under the same id. Random ids need no look-up.
    pub repeatable: bool,
    pub metadata: Metadata,
}

/// A command that was carried out, or needed nothing. Durable, and so is everything it was decided on.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// A view that has this position shows what the answer says.
    pub position: Position,
    pub outcome: Outcome,
    /// How often it had to be decided; 1 unless others wrote to the same streams.
    pub tries: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// These events were written just now, the last of them at `position`.
    Written(Vec<DomainEvent>),
    /// These events were written when the command first came.
    Repeated(Vec<DomainEvent>),
    /// Already so.
    Nothing,
}

impl Outcome {
    pub fn events(&self) -> &[DomainEvent] {
        match self {
            Self::Written(events) | Self::Repeated(events) => events,
            Self::Nothing => &[],
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// A rule said no, on everything up to `position`.
    #[error("{refusal}")]
    Refused { refusal: Refusal, position: Position },
    /// Its time is spent; nothing was written.
    #[error("the command could not be carried out in time")]
    Unavailable(#[source] Option<Arc<EventLogError>>),
    /// No key for its words can be made or read; nothing was written.
    #[error("the keys that words are sealed with cannot be used, nothing was written")]
    NoKey(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// The log took it or did not, and cannot be asked now. The same command under the same id is safe to repeat.
    #[error("it is not known yet whether the command was carried out")]
    OutcomeUnknown(#[source] Arc<EventLogError>),
    /// Its stream cannot be read.
    #[error("a stream cannot be read")]
    Corrupt(#[source] Arc<EventLogError>),
    #[error("the server is stopping")]
    Stopping,
    /// A mistake in this program: nothing was written.
    #[error("a command of kind {command:?} was addressed to the stream {stream}")]
    Misaddressed { stream: StreamId, command: AggregateKind },
}

/// Limits of the door.
#[derive(Debug, Clone, Copy)]
pub struct DoorOptions {
    /// Commands decided into one append.
    pub batch_commands_max: usize,
    /// Commands waiting to come in; beyond it callers wait.
    pub queue_commands_max: usize,
    /// How long a command may take before it is given up with nothing written.
    pub command_budget: Duration,
    /// Aggregates kept in memory.
    pub cached_streams_max: usize,
    /// Commands remembered as just carried out. Closes the moment between a look-up that found nothing and a decision; a
    /// repeat that slips past it meets the log's unique event ids and is looked up again.
    pub recent_commands_max: usize,
    /// Events of a stream behind what was kept of it, at the least, before its state is kept again.
    pub snapshot_events_min: u64,
    /// A batch slower than this is worth a line in the log that says where the time went.
    pub slow_batch: Duration,
}

impl Default for DoorOptions {
    fn default() -> Self {
        Self {
            batch_commands_max: 256,
            queue_commands_max: 8_192,
            command_budget: Duration::from_secs(2),
            cached_streams_max: 50_000,
            recent_commands_max: 16_384,
            snapshot_events_min: SNAPSHOT_EVENTS_MIN,
            slow_batch: Duration::from_millis(500),
        }
    }
}

/// A handle to the door. Cheap to clone.
#[derive(Clone)]
pub struct Door {
    inbox: mpsc::UnboundedSender<Message>,
    /// Places inside: the door's queue has an end.
    places: Arc<Semaphore>,
    /// Words are sealed out here, on as many tasks as there are callers.
    sealing: Option<Sealing>,
    options: DoorOptions,
    failed: watch::Receiver<Option<String>>,
    endings: Arc<Endings>,
    sizes: Arc<Sizes>,
}

impl Door {
    /// Opens the door before `log`.
    pub async fn open(log: SharedLog, options: DoorOptions) -> Result<Self, EventLogError> {
        let known = log.head().await?;
        let sealing = log.sealing().cloned();
        let (inbox, receiver) = mpsc::unbounded_channel();
        let (failing, failed) = watch::channel(None);
        let task = Task::new(log, options, known, (inbox.clone(), receiver));
        let (sizes, places) = (task.sizes(), Arc::new(Semaphore::new(options.queue_commands_max)));
        tokio::spawn(watch_over(task, failing, Arc::clone(&places)));
        let endings = Arc::new(Endings::new());
        Ok(Self { inbox, places, sealing, options, failed, endings, sizes })
    }

    /// Carries a command out. Runs to its end even when the caller goes away.
    pub async fn execute(&self, mut wish: Wish) -> Result<Decided, CommandError> {
        if wish.command.kind() != wish.stream.kind {
            // Refused out here: inside, a rule would have no answer to it, and everybody's commands are inside.
            return Err(CommandError::Misaddressed { stream: wish.stream, command: wish.command.kind() });
        }
        let born = Instant::now();
        self.seal(&mut wish).await?;
        let place = tokio::time::timeout(self.options.command_budget, Arc::clone(&self.places).acquire_owned())
            .await
            .map_err(|_| CommandError::Unavailable(None))?
            .map_err(|_| CommandError::Stopping)?;
        let (answer, answered) = oneshot::channel();
        let endings = Arc::clone(&self.endings);
        let job = Job { wish, born, tries: 0, looked_up: 0, answer, endings, _place: place };
        self.inbox.send(Message::Wish(job)).map_err(|_| CommandError::Stopping)?;
        match answered.await {
            Ok(answer) => answer,
            Err(_) => Err(self.unanswered().await),
        }
    }

    /// No command comes in with words that could be read in the log.
    async fn seal(&self, wish: &mut Wish) -> Result<(), CommandError> {
        let Some(sealing) = &self.sealing else { return Ok(()) };
        let sealed = sealing.seal(std::slice::from_mut(&mut wish.command));
        match tokio::time::timeout(self.options.command_budget, sealed).await {
            Ok(sealed) => sealed.map_err(|error| match error {
                // It would say that the log cannot be reached.
                EventLogError::Unavailable(cause) => CommandError::NoKey(Arc::from(cause)),
                error => CommandError::NoKey(Arc::new(error)),
            }),
            Err(_) => Err(CommandError::Unavailable(None)),
        }
    }

    /// Let in and never answered. A door that was closed in order dropped it undecided; one that fell may have been in
    /// the middle of writing it.
    async fn unanswered(&self) -> CommandError {
        let mut failed = self.failed.clone();
        let unknown = |reason: &str| CommandError::OutcomeUnknown(Arc::new(EventLogError::Unavailable(reason.into())));
        match tokio::time::timeout(self.options.command_budget, failed.wait_for(Option::is_some)).await {
            Ok(Ok(reason)) => unknown(reason.as_deref().unwrap_or_default()),
            // The task ended without having failed.
            Ok(Err(_)) => CommandError::Stopping,
            Err(_) => unknown("the command was lost on its way"),
        }
    }

    /// Why the door closed by itself, which it does only when the log lost what it had or by a mistake in this program;
    /// `None` while it works.
    pub fn failure(&self) -> Option<String> {
        self.failed.borrow().clone()
    }

    /// Commands inside that are not answered yet.
    pub fn inside(&self) -> usize {
        self.options.queue_commands_max.saturating_sub(self.places.available_permits())
    }

    /// What it keeps in memory, as of the last batch. For operators.
    pub fn caches(&self) -> Vec<CacheSize> {
        let streams = CacheSize::counted("streams", self.sizes.streams(), self.options.cached_streams_max);
        let commands = CacheSize::counted("commands", self.sizes.commands(), self.options.recent_commands_max);
        vec![streams, commands]
    }

    /// Lets in what has come, then no more; returns when all is answered.
    pub async fn close(&self) {
        self.places.close();
        let (closed, done) = oneshot::channel();
        if self.inbox.send(Message::Close(closed)).is_ok() {
            let _ = done.await;
        }
    }
}

/// A panic in the door's task is an end like any other: said aloud, and nobody is let in any more.
async fn watch_over(task: Task, failing: watch::Sender<Option<String>>, places: Arc<Semaphore>) {
    let reason = match tokio::spawn(task.run()).await {
        Ok(Ok(())) => return,
        Ok(Err(fatal)) => fatal.to_string(),
        Err(panic) => format!("the door's task ended: {panic}"),
    };
    tracing::error!(reason, "the door is closed for good");
    places.close();
    failing.send_replace(Some(reason));
}
