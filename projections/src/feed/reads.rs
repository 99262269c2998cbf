//! What may be asked of the feed.

use aggregates::ids::{NotificationId, UserId};
use aggregates::notification::NotificationType;
use async_trait::async_trait;
use event_log::Position;

use super::choices::ChoiceReads;
use super::rows::NotificationRow;
use crate::views::ReadError;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedFilter {
    /// Empty: every type.
    pub kinds: Vec<NotificationType>,
    pub unread_only: bool,
}

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedPage {
    Offset(usize),
    /// Behind (older than) this position.
    Before(Position),
}

#[async_trait]
pub trait FeedReads: ChoiceReads {
    /// How far the unit has come.
    async fn checkpoint(&self) -> Result<Position, ReadError>;

    /// Newest first.
    async fn list(
        &self,
        user: &UserId,
        filter: &FeedFilter,
        page: FeedPage,
        limit: usize,
    ) -> Result<Vec<NotificationRow>, ReadError>;

    /// Those of `ids` that exist and belong to `user`.
    async fn by_ids(&self, user: &UserId, ids: &[NotificationId]) -> Result<Vec<NotificationRow>, ReadError>;

    /// Unread entries of each of these users, in the order asked.
    async fn unread_counts(&self, users: &[UserId]) -> Result<Vec<u64>, ReadError>;
}
