//! A command inside the door, and what the door's task is told.

use std::sync::Arc;

use aggregates::ids::EventId;
use aggregates::{DomainEvent, Refusal, StreamId};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::Instant;

use super::types::{CommandError, Decided, Outcome, Wish};
use crate::loading::Loaded;
use crate::measures::{Ending, Endings};
use crate::port::{EventLogError, Found};
use crate::position::Position;

pub(super) struct Job {
    pub wish: Wish,
    pub born: Instant,
    /// How often it was decided.
    pub tries: u32,
    /// In which of [`super::intake::Intake::doubt_look_ups`]'s times it was looked up.
    pub looked_up: u64,
    pub answer: oneshot::Sender<Result<Decided, CommandError>>,
    pub endings: Arc<Endings>,
    /// Its place inside; given back with the answer.
    pub _place: OwnedSemaphorePermit,
}

impl Job {
    /// The id that tells whether this command was carried out before.
    pub fn first_event(&self) -> EventId {
        EventId::of(self.wish.id, 0)
    }

    /// A caller who went away is not an error: the command runs to its end all the same.
    pub fn answer(self, answer: Result<Decided, CommandError>) {
        let ending = ending(&answer);
        self.endings.count(ending);
        if tracing::enabled!(tracing::Level::DEBUG) {
            let Wish { stream, metadata, id, .. } = &self.wish;
            tracing::debug!(
                correlation = metadata.correlation.map(tracing::field::display),
                command = %id.0,
                %stream,
                outcome = ending.name(),
                position = answer.as_ref().ok().map(|decided| decided.position.0),
                tries = self.tries,
                micros = self.born.elapsed().as_micros(),
                "a command was answered"
            );
        }
        let _ = self.answer.send(answer);
    }

    pub fn give_up(self, reason: Option<Arc<EventLogError>>) {
        self.answer(Err(CommandError::Unavailable(reason)));
    }

    pub fn decided(self, position: Position, outcome: Outcome) {
        let tries = self.tries.max(1);
        self.answer(Ok(Decided { position, outcome, tries }));
    }

    pub fn refused(self, refusal: Refusal, position: Position) {
        self.answer(Err(CommandError::Refused { refusal, position }));
    }
}

fn ending(answer: &Result<Decided, CommandError>) -> Ending {
    match answer {
        Ok(decided) => match decided.outcome {
            Outcome::Written(_) => Ending::Written,
            Outcome::Repeated(_) => Ending::Repeated,
            Outcome::Nothing => Ending::Nothing,
        },
        Err(CommandError::Refused { .. }) => Ending::Refused,
        Err(CommandError::Unavailable(_) | CommandError::NoKey(_)) => Ending::Unavailable,
        Err(CommandError::OutcomeUnknown(_)) => Ending::Unknown,
        Err(CommandError::Corrupt(_) | CommandError::Misaddressed { .. }) => Ending::Corrupt,
        Err(CommandError::Stopping) => Ending::Stopping,
    }
}

/// What a decision came to, until it is durable.
pub(super) enum Verdict {
    /// Positions `first..first + events.len()` of the batch's events.
    Events {
        first: usize,
        events: Vec<DomainEvent>,
    },
    Nothing,
    Refused(Refusal),
}

/// What the door's task is told.
pub(super) enum Message {
    Wish(Job),
    Loaded {
        stream: StreamId,
        loaded: Result<Loaded, EventLogError>,
    },
    LookedUp {
        jobs: Vec<Job>,
        found: Result<Vec<Found>, EventLogError>,
    },
    /// A command that must wait a moment before it is tried again.
    Again(Job),
    Close(oneshot::Sender<()>),
}
