//! One recipient's notification of one cause, from being raised to being read.

mod commands;
mod decide;
mod error;
mod events;
mod state;
#[cfg(test)]
mod tests;

pub use crate::policy::deciding::Surroundings;
pub use commands::{
    BringInNotification, EndAttempt, MarkNotification, NotificationCommand, RaiseNotification, StartAttempt,
};
pub use error::NotificationError;
pub use events::{
    AttemptEnded, AttemptStarted, DeliveryDecided, NotificationEvent, NotificationMarked, NotificationRaised,
    NotificationType, Source,
};
pub use state::Notification;

crate::aggregate::cqrs_aggregate!(
    Notification,
    crate::AggregateKind::Notification,
    NotificationCommand,
    NotificationEvent,
    NotificationError
);
