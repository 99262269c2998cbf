//! The JSON that clients see, name by name as the front end reads it (requirements §3).
//!
//! Separate from the stored events and from the rows of the views, so that either may change its shape without a
//! browser noticing. Built from rows for answers and from events for frames, by the same code, so that a message looks
//! the same however it arrives. Never in here: a query, a rule, a clock.

pub mod message;
pub mod names;
pub mod notification;
pub mod participant;
pub mod preferences;
pub mod report;
pub mod room;
pub mod schemas;
pub mod search;
pub mod subscription;
pub mod user;

pub use message::Message;
pub use notification::Notification;
pub use participant::Participant;
pub use preferences::Preferences;
pub use room::Room;
pub use subscription::Subscription;
pub use user::{BlockedUser, DirectoryEntry, FollowUser, OwnProfile, UserCard, UserProfile};

use std::fmt::Display;

use serde::Serializer;

/// For ids and position tokens: what prints itself goes out as text.
fn as_text<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
