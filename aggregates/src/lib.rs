//! The rules of Kabar: what may be done, and what has then happened.
//!
//! One folder per aggregate, the same file names in each: `commands`, `events`, `decide`, `state`, `error`, `tests`.
//! Separate from everything else so that a rule can be read, tested and replayed without a database.
//! Never in here: IO, a clock, randomness, an async runtime. Time, ids and facts of other streams arrive in the command.

// Adding an event must break the build where it has to be answered.
#![deny(clippy::wildcard_enum_match_arm)]

pub mod aggregate;
#[cfg(test)]
mod cast;
pub mod catalogue;
pub mod feed;
pub mod ids;
pub mod limits;
pub mod metadata;
pub mod notification;
pub mod participant;
pub mod policy;
pub mod preferences;
pub mod relationship;
pub mod report;
pub mod room;
mod room_members;
#[cfg(feature = "schema")]
mod schema;
pub mod sealed;
pub mod snapshot;
pub mod subscription;
pub mod time;
pub mod upcasting;
pub mod user;
pub mod versions;
pub mod visible;
pub mod words;

pub use aggregate::{Command, Need, Refusal, State};
pub use catalogue::{AggregateKind, DomainEvent, EventSchema, StreamId, UnreadableEvent};
pub use metadata::{Metadata, Origin};
pub use sealed::{KeyId, Sealed, Unreadable};
pub use time::Timestamp;
