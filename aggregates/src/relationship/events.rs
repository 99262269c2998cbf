//! What has happened between two people.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::catalogue::EventSchema;
use crate::ids::UserId;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RelationshipEvent {
    UserFollowed(Directed),
    UserUnfollowed(Directed),
    UserBlocked(Directed),
    UserUnblocked(Directed),
}

/// `from` did it, to `to`. An unfollow that a block brought about names the follower, not the blocker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Directed {
    pub from: UserId,
    pub to: UserId,
    pub at: Timestamp,
}

impl RelationshipEvent {
    pub const USER_BLOCKED: &'static str = "user_blocked";
    pub const USER_UNBLOCKED: &'static str = "user_unblocked";
    /// What makes [`super::Relationship::is_blocked`] another: a refusal rests on it as much as a permission does.
    pub const BLOCKS: &'static [&'static str] = &[Self::USER_BLOCKED, Self::USER_UNBLOCKED];

    /// The stored name and current version of each event. Append-only.
    pub const fn schema(&self) -> EventSchema {
        match self {
            Self::UserFollowed(_) => EventSchema::new("user_followed", "1"),
            Self::UserUnfollowed(_) => EventSchema::new("user_unfollowed", "1"),
            Self::UserBlocked(_) => EventSchema::new(Self::USER_BLOCKED, "1"),
            Self::UserUnblocked(_) => EventSchema::new(Self::USER_UNBLOCKED, "1"),
        }
    }
}
