//! What may be asked of the feed.

use aggregates::ids::{NotificationId, UserId};
use aggregates::notification::NotificationType;
use async_trait::async_trait;
use event_log::Position;

use super::choices::ChoiceReads;
use super::deliveries::DeliveryReads;
use super::rows::FeedEntry;
use crate::views::ReadError;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedFilter {
    /// Empty: every type.
    pub kinds: Vec<NotificationType>,
    pub unread_only: bool,
    /// What was put away, and nothing else; without it, everything else.
    pub archived: bool,
}

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedPage {
    Offset(usize),
    /// Behind (older than) this position.
    Before(Position),
}

#[async_trait]
pub trait FeedReads: ChoiceReads + DeliveryReads {
    /// How far the unit has come.
    async fn checkpoint(&self) -> Result<Position, ReadError>;

    /// What is in the feed, newest first.
    async fn list(
        &self,
        user: &UserId,
        filter: &FeedFilter,
        page: FeedPage,
        limit: usize,
    ) -> Result<Vec<FeedEntry>, ReadError>;

    /// Those of `ids` that are in the feed of `user`, also what was put away; in the order asked.
    async fn by_ids(&self, user: &UserId, ids: &[NotificationId]) -> Result<Vec<FeedEntry>, ReadError>;

    /// What was raised for `user`, also where it was kept from the feed or deleted there.
    async fn raised(&self, user: &UserId, id: NotificationId) -> Result<Option<FeedEntry>, ReadError>;

    /// Unread entries of each of these users, in the order asked.
    async fn unread_counts(&self, users: &[UserId]) -> Result<Vec<u64>, ReadError>;
}
