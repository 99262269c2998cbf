//! Somebody's notifications.

use aggregates::ids::UserId;
use aggregates::notification::NotificationType;
use event_log::Position;
use projections::ReadError;
use projections::feed::{FeedEntry, FeedFilter, FeedPage};

use super::{Queries, cut, row_of};
use crate::wire::Notification;

/// Which notifications are asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedAsk {
    /// `None`: every type. Empty: none, as when a tab and a type have nothing in common.
    pub kinds: Option<Vec<NotificationType>>,
    pub unread_only: bool,
    /// Those that were archived, and no others; without it all the others.
    pub archived: bool,
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
        let FeedAsk { kinds, unread_only, archived, .. } = &ask;
        let filter =
            FeedFilter { kinds: kinds.clone().unwrap_or_default(), unread_only: *unread_only, archived: *archived };
        let rows = self.views.feed().list(user, &filter, ask.page, ask.limit + 1).await?;
        let (rows, has_more) = cut(rows, ask.limit);
        let next = rows.last().map(|entry| entry.notification.position).filter(|_| has_more);
        let actors: Vec<_> = rows.iter().filter_map(|entry| entry.notification.actor_id.clone()).collect();
        let people = self.people(actors.iter()).await?;
        let apart = self.apart(user, &actors).await?;
        let show = |entry: FeedEntry| {
            let row = &entry.notification;
            if row.actor_id.as_ref().is_some_and(|actor| apart.contains(actor)) {
                // It stays, as it is counted; nobody is there any more whom it could name.
                let position = self.token(row.position);
                return Notification::of_nobody(entry, position);
            }
            let actor = row.actor_id.as_ref().and_then(|id| row_of(&people, id));
            let position = self.token(row.position);
            Notification::from_entry(entry, position, actor)
        };
        Ok(NotificationsPage { notifications: rows.into_iter().map(show).collect(), has_more, next })
    }

    /// Of everything, whatever the filter.
    pub async fn unread_notifications(&self, user: &UserId) -> Result<u64, ReadError> {
        let counts = self.views.feed().unread_counts(std::slice::from_ref(user)).await?;
        Ok(counts.first().copied().unwrap_or_default())
    }
}
