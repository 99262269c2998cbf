//! One person in one room: how far they have read. A stream of its own, so that readers never contend with writers.

mod commands;
mod decide;
mod error;
mod events;
mod state;
#[cfg(test)]
mod tests;

pub use commands::{Arrange, MarkDelivered, MarkRead, MarkUnread, ParticipantCommand, ReadUpTo, UnreadFrom};
pub use error::ParticipantError;
pub use events::{Arrangement, MarkedUnread, MessagesDelivered, MessagesRead, ParticipantEvent, RoomArranged};
pub use state::Participant;

crate::aggregate::cqrs_aggregate!(
    Participant,
    crate::AggregateKind::Participant,
    ParticipantCommand,
    ParticipantEvent,
    ParticipantError
);
