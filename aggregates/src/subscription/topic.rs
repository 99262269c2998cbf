//! What can be subscribed to.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::TargetId;

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
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.kind.name(), &self.target_id).cmp(&(other.kind.name(), &other.target_id))
    }
}

impl PartialOrd for Topic {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Part of a stream's name: never to change. No id has a colon in it.
impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.name(), self.target_id)
    }
}
