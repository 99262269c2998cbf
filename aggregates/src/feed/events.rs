//! What has happened to a feed as a whole.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::catalogue::EventSchema;
use crate::ids::UserId;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FeedEvent {
    FeedRead(FeedRead),
}

/// Everything raised up to `up_to` is read. A mark on one entry that comes later holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeedRead {
    pub user_id: UserId,
    /// Log position of the last entry meant.
    pub up_to: u64,
    pub at: Timestamp,
}

impl FeedEvent {
    /// Those by which something is read.
    pub const READS: &'static [&'static str] = &["feed_read"];

    /// The stored name and current version of each event. Append-only.
    pub const fn schema(&self) -> EventSchema {
        match self {
            Self::FeedRead(_) => EventSchema::new("feed_read", "1"),
        }
    }
}
