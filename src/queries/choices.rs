//! What somebody wants to hear of.

use aggregates::ids::UserId;
use aggregates::subscription::Topic;
use projections::ReadError;
use projections::feed::TopicFilter;

use super::{Queries, cut};
use crate::wire::{Preferences, Subscription};

/// A page of somebody's subscriptions, by kind and id.
#[derive(Debug, Clone, PartialEq)]
pub struct SubscriptionsPage {
    pub subscriptions: Vec<Subscription>,
    /// The last one, when there are more.
    pub next: Option<Topic>,
}

impl Queries<'_> {
    pub async fn preferences(&self, user: &UserId) -> Result<Preferences, ReadError> {
        Ok(Preferences::of(&self.views.feed().settings(user).await?))
    }

    pub async fn subscriptions(
        &self,
        user: &UserId,
        filter: &TopicFilter,
        after: Option<&Topic>,
        limit: usize,
    ) -> Result<SubscriptionsPage, ReadError> {
        let rows = self.views.feed().subscriptions(user, filter, after, limit + 1).await?;
        let (rows, more) = cut(rows, limit);
        let next = rows.last().map(|row| row.topic.clone()).filter(|_| more);
        let shown = rows.into_iter().map(|row| Subscription::of(row.topic, row.channels, row.auto));
        Ok(SubscriptionsPage { subscriptions: shown.collect(), next })
    }
}
