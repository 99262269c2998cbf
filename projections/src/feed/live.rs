//! The feed's questions, asked of whichever generation is live; asked again when it was just replaced.

use std::sync::Arc;

use aggregates::ids::{NotificationId, UserId};
use async_trait::async_trait;
use event_log::Position;

use super::reads::{FeedFilter, FeedPage, FeedReads};
use super::rows::FeedEntry;
use crate::store::UnitReads;
use crate::unit::{Live, Unit};
use crate::views::ReadError;

pub(crate) struct LiveFeed {
    pub(super) unit: Arc<Unit>,
}

impl LiveFeed {
    pub(crate) fn new(unit: Arc<Unit>) -> Self {
        Self { unit }
    }

    pub(super) fn reads(live: &Live) -> &dyn FeedReads {
        match &live.reads {
            UnitReads::Feed(reads) => &**reads,
            UnitReads::Inbox(_) | UnitReads::Search(_) => unreachable!("the unit feed is opened with the feed's reads"),
        }
    }
}

/// For all traits of the unit's questions.
macro_rules! ask {
    ($self:ident.$question:ident($($argument:ident),*)) => {{
        let live = $self.unit.live();
        match LiveFeed::reads(&live).$question($($argument),*).await {
            Err(ReadError::Unavailable { .. } | ReadError::Damaged { .. }) if $self.unit.reopened_since(&live).await => {
                LiveFeed::reads(&$self.unit.live()).$question($($argument),*).await
            }
            answer => answer,
        }
    }};
}

pub(super) use ask;

#[async_trait]
impl FeedReads for LiveFeed {
    async fn checkpoint(&self) -> Result<Position, ReadError> {
        ask!(self.checkpoint())
    }

    async fn list(
        &self,
        user: &UserId,
        filter: &FeedFilter,
        page: FeedPage,
        limit: usize,
    ) -> Result<Vec<FeedEntry>, ReadError> {
        ask!(self.list(user, filter, page, limit))
    }

    async fn by_ids(&self, user: &UserId, ids: &[NotificationId]) -> Result<Vec<FeedEntry>, ReadError> {
        ask!(self.by_ids(user, ids))
    }

    async fn raised(&self, user: &UserId, id: NotificationId) -> Result<Option<FeedEntry>, ReadError> {
        ask!(self.raised(user, id))
    }

    async fn unread_counts(&self, users: &[UserId]) -> Result<Vec<u64>, ReadError> {
        ask!(self.unread_counts(users))
    }
}
