//! What goes through the door and what comes back.

use std::time::Duration;

use aggregates::ids::CommandId;
use aggregates::{Command, DomainEvent, Metadata, Refusal, StreamId};

use crate::port::{EventLogError, SharedLog};
use crate::position::Position;

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
    Unavailable(#[source] Option<std::sync::Arc<EventLogError>>),
    /// Its stream cannot be read.
    #[error("a stream cannot be read")]
    Corrupt(#[source] std::sync::Arc<EventLogError>),
    #[error("the server is stopping")]
    Stopping,
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
}

impl Default for DoorOptions {
    fn default() -> Self {
        Self {
            batch_commands_max: 256,
            queue_commands_max: 8_192,
            command_budget: Duration::from_secs(2),
            cached_streams_max: 100_000,
        }
    }
}

/// A handle to the door. Cheap to clone.
#[derive(Clone)]
pub struct Door {
    _log: SharedLog,
}

impl Door {
    /// Opens the door before `log`.
    pub async fn open(log: SharedLog, _options: DoorOptions) -> Result<Self, EventLogError> {
        Ok(Self { _log: log })
    }

    /// Carries a command out. Runs to its end even when the caller goes away.
    pub async fn execute(&self, _wish: Wish) -> Result<Decided, CommandError> {
        Err(CommandError::Stopping)
    }

    /// Lets in what has come, then no more; returns when all is answered.
    pub async fn close(&self) {}
}
