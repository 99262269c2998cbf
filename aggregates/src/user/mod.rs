//! A person in the directory: what the platform, or their own session, says of them.

mod commands;
mod decide;
mod error;
mod events;
mod state;
#[cfg(test)]
mod tests;

pub(crate) use events::is_zero;

pub use commands::{Change, EraseUser, ProfileChanges, PutProfile, PutUser, UserCommand};
pub use error::UserError;
pub use events::{DEVICES_MAX, Profile, ProfileChanged, Reach, UserErased, UserEvent, UserRegistered, UserRole};
pub use state::User;

crate::aggregate::cqrs_aggregate!(User, crate::AggregateKind::User, UserCommand, UserEvent, UserError);
