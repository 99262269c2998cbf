//! What people chose: their settings, and what they are subscribed to; and what may be asked about that.
//!
//! Apart from the other questions of the unit, because they are about what somebody wants to hear and not about what they heard.

use aggregates::ids::{TargetId, UserId};
use aggregates::policy::channels::Channels;
use aggregates::policy::settings::Settings;
use aggregates::subscription::{Topic, TopicKind};
use async_trait::async_trait;
use event_log::Position;

use super::live::{LiveFeed, ask};
use crate::views::ReadError;

/// What somebody chose last.
#[derive(Debug, Clone, PartialEq)]
pub struct SettingsRow {
    pub user_id: UserId,
    pub settings: Settings,
    pub position: Position,
}

/// A stretch of the log in which somebody takes these channels of a topic.
#[derive(Debug, Clone, PartialEq)]
pub struct SubscriptionRow {
    pub user_id: UserId,
    pub topic: Topic,
    pub channels: Channels,
    /// It came with something else; nobody asked for it.
    pub auto: bool,
    pub from: Position,
    /// Not with it any more; `None`: it has not ended.
    pub to: Option<Position>,
}

/// Which of somebody's subscriptions are asked for; `None`: of any kind, to anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TopicFilter {
    pub kind: Option<TopicKind>,
    pub target_id: Option<TargetId>,
}

impl SubscriptionRow {
    /// Whether it goes on there, having begun before.
    pub(crate) fn is_open_at(&self, at: Position) -> bool {
        self.to.is_none_or(|to| at < to)
    }

    /// Whether it is the same but for where it is.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        self.channels == other.channels && self.auto == other.auto
    }
}

/// Settings as they stand in a column. Of names and truths alone: writing them as JSON cannot fail.
pub(crate) fn column(settings: &Settings) -> String {
    serde_json::to_string(settings).unwrap_or_default()
}

#[async_trait]
pub trait ChoiceReads: Send + Sync {
    /// Those of whoever chose nothing are the default.
    async fn settings(&self, user: &UserId) -> Result<Settings, ReadError>;

    /// What somebody is subscribed to now, by kind's name and id, behind `after`.
    async fn subscriptions(
        &self,
        user: &UserId,
        filter: &TopicFilter,
        after: Option<&Topic>,
        limit: usize,
    ) -> Result<Vec<SubscriptionRow>, ReadError>;

    /// Who is subscribed to it now, by id, behind `after`.
    async fn subscribers(
        &self,
        topic: &Topic,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Vec<SubscriptionRow>, ReadError>;

    /// How somebody was subscribed to it when the log was at `at`; `None` when they were not.
    async fn subscription_at(
        &self,
        user: &UserId,
        topic: &Topic,
        at: Position,
    ) -> Result<Option<SubscriptionRow>, ReadError>;
}

#[async_trait]
impl ChoiceReads for LiveFeed {
    async fn settings(&self, user: &UserId) -> Result<Settings, ReadError> {
        ask!(self.settings(user))
    }

    async fn subscriptions(
        &self,
        user: &UserId,
        filter: &TopicFilter,
        after: Option<&Topic>,
        limit: usize,
    ) -> Result<Vec<SubscriptionRow>, ReadError> {
        ask!(self.subscriptions(user, filter, after, limit))
    }

    async fn subscribers(
        &self,
        topic: &Topic,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Vec<SubscriptionRow>, ReadError> {
        ask!(self.subscribers(topic, after, limit))
    }

    async fn subscription_at(
        &self,
        user: &UserId,
        topic: &Topic,
        at: Position,
    ) -> Result<Option<SubscriptionRow>, ReadError> {
        ask!(self.subscription_at(user, topic, at))
    }
}
