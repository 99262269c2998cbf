//! Somebody's notifications.

use aggregates::ids::UserId;
use aggregates::notification::NotificationType;
use event_log::Position;
use projections::ReadError;
use projections::feed::{FeedFilter, FeedPage};

use super::{Queries, cut, row_of};
use crate::wire::Notification;

/// Which notifications are asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedAsk {
    /// `None`: every type. Empty: none, as when a tab and a type have nothing in common.
    pub kinds: Option<Vec<NotificationType>>,
    pub unread_only: bool,
    pub page: FeedPage,
    pub limit: usize,
}

/// A page of the feed, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct NotificationsPage {
    pub notifications: Vec<Notification>,
    pub has_more: bool,
    /// Behind the last one, when there are more.
    pub next: Option<Position>,
}

impl Queries<'_> {
    pub async fn notifications(&self, user: &UserId, ask: FeedAsk) -> Result<NotificationsPage, ReadError> {
        if ask.kinds.as_ref().is_some_and(Vec::is_empty) {
            return Ok(NotificationsPage { notifications: Vec::new(), has_more: false, next: None });
        }
        let filter = FeedFilter { kinds: ask.kinds.unwrap_or_default(), unread_only: ask.unread_only };
        let rows = self.views.feed().list(user, &filter, ask.page, ask.limit + 1).await?;
        let (rows, has_more) = cut(rows, ask.limit);
        let next = rows.last().map(|row| row.position).filter(|_| has_more);
        let people = self.people(rows.iter().filter_map(|row| row.actor_id.as_ref())).await?;
        let actors: Vec<_> = rows.iter().filter_map(|row| row.actor_id.clone()).collect();
        let apart = self.apart(user, &actors).await?;
        let show = |row: projections::feed::NotificationRow| {
            if row.actor_id.as_ref().is_some_and(|actor| apart.contains(actor)) {
                // It stays, as it is counted; nobody is there any more whom it could name.
                let position = self.token(row.position);
                return Notification::of_nobody(row, position);
            }
            let actor = row.actor_id.as_ref().and_then(|id| row_of(&people, id));
            let position = self.token(row.position);
            Notification::from_row(row, position, actor)
        };
        Ok(NotificationsPage { notifications: rows.into_iter().map(show).collect(), has_more, next })
    }

    /// Of everything, whatever the filter.
    pub async fn unread_notifications(&self, user: &UserId) -> Result<u64, ReadError> {
        let counts = self.views.feed().unread_counts(std::slice::from_ref(user)).await?;
        Ok(counts.first().copied().unwrap_or_default())
    }
}
