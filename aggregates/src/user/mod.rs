//! A person in the directory: what the platform, or their own session, says of them.

mod commands;
mod decide;
mod error;
mod events;
mod state;
#[cfg(test)]
mod tests;

pub use commands::{EraseUser, PutProfile, UserCommand};
pub use error::UserError;
pub use events::{Profile, ProfileChanged, UserErased, UserEvent, UserRegistered, UserRole};
pub use state::User;

crate::aggregate::cqrs_aggregate!(User, crate::AggregateKind::User, UserCommand, UserEvent, UserError);
