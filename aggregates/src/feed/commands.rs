//! What may be asked of a feed.

use crate::Timestamp;
use crate::ids::UserId;

#[derive(Debug, Clone, PartialEq)]
pub enum FeedCommand {
    MarkRead(MarkFeedRead),
}

#[derive(Debug, Clone, PartialEq)]
pub struct MarkFeedRead {
    pub user_id: UserId,
    /// Log position of the last entry the reader can have seen.
    pub up_to: u64,
    pub at: Timestamp,
}
