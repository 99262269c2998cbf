//! The life of a subscription.

use serde::{Deserialize, Serialize};

use super::topic::Topic;
use crate::Timestamp;
use crate::catalogue::EventSchema;
use crate::ids::UserId;
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
