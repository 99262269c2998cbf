//! The life of a subscription.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::catalogue::EventSchema;
use crate::ids::{TargetId, UserId};
use crate::policy::channels::Channels;
use crate::user::is_zero;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum SubscriptionEvent {
    Subscribed(Subscribed),
    Unsubscribed(Unsubscribed),
}

/// For the first time, again, or with other channels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subscribed {
    pub user_id: UserId,
    pub topic: Topic,
    /// All that they take.
    pub channels: Channels,
    /// It came with something else; nobody asked for it.
    pub auto: bool,
    /// How often somebody of this id had been erased: whoever comes back starts anew.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub erased_before: u32,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unsubscribed {
    pub user_id: UserId,
    pub topic: Topic,
    pub why: Why,
    /// As in [`Subscribed`].
    #[serde(default, skip_serializing_if = "is_zero")]
    pub erased_before: u32,
    pub at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// By themselves: only they can take it back.
    Asked,
    /// What it came with is over. Coming back subscribes again.
    Left,
}

/// What can be subscribed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TopicKind {
    Group,
    Course,
    Event,
    Post,
    User,
}

impl TopicKind {
    pub const ALL: [Self; 5] = [Self::Group, Self::Course, Self::Event, Self::Post, Self::User];

    /// As the wire and the log say it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Group => "GROUP",
            Self::Course => "COURSE",
            Self::Event => "EVENT",
            Self::Post => "POST",
            Self::User => "USER",
        }
    }
}

/// Ordered by kind's name and then by id, as the views page through them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Topic {
    pub kind: TopicKind,
    pub target_id: TargetId,
}

impl Ord for Topic {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.kind.name(), &self.target_id).cmp(&(other.kind.name(), &other.target_id))
    }
}

impl PartialOrd for Topic {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Part of a stream's name: never to change. No id has a colon in it.
impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.name(), self.target_id)
    }
}

impl SubscriptionEvent {
    pub const SUBSCRIBED: &'static str = "subscribed";
    pub const UNSUBSCRIBED: &'static str = "unsubscribed";
    pub const ALL: &'static [&'static str] = &[Self::SUBSCRIBED, Self::UNSUBSCRIBED];

    /// The stored name and current version of each event. Append-only.
    pub const fn schema(&self) -> EventSchema {
        match self {
            Self::Subscribed(_) => EventSchema::new(Self::SUBSCRIBED, "1"),
            Self::Unsubscribed(_) => EventSchema::new(Self::UNSUBSCRIBED, "1"),
        }
    }
}
