//! One person in one room: how far they have read. A stream of its own, so that readers never contend with writers.

mod commands;
mod decide;
mod error;
mod events;
mod state;
#[cfg(test)]
mod tests;

pub use commands::{MarkRead, ParticipantCommand, ReadUpTo};
pub use error::ParticipantError;
pub use events::{MessagesRead, ParticipantEvent};
pub use state::Participant;

crate::aggregate::cqrs_aggregate!(
    Participant,
    crate::AggregateKind::Participant,
    ParticipantCommand,
    ParticipantEvent,
    ParticipantError
);
