//! Who follows whom.

use aggregates::ids::UserId;
use event_log::Position;
use projections::ReadError;

use super::{Queries, cut, row_of};
use crate::wire::FollowUser;

/// Seen from the one the list is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Followers,
    Following,
}

/// A page of people, the latest follow first.
#[derive(Debug, Clone, PartialEq)]
pub struct FollowsPage {
    pub users: Vec<FollowUser>,
    pub total: u64,
    /// Behind the last one, when there are more.
    pub next: Option<Position>,
}

impl Queries<'_> {
    /// `None` for somebody the directory does not know.
    pub async fn follow_list(
        &self,
        about: &UserId,
        asking: &UserId,
        direction: Direction,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Option<FollowsPage>, ReadError> {
        if !self.is_shown(about, asking).await? {
            return Ok(None);
        }
        let inbox = self.views.inbox();
        let (followers, following) = inbox.follow_counts(about).await?;
        let (total, rows) = match direction {
            Direction::Followers => (followers, inbox.followers(about, asking, after, limit + 1).await?),
            Direction::Following => (following, inbox.following(about, asking, after, limit + 1).await?),
        };
        let (mut rows, more) = cut(rows, limit);
        let next = rows.last().map(|row| row.position).filter(|_| more);
        // A page may be shorter by them; its cursor goes on all the same.
        let ids: Vec<UserId> = rows.iter().map(|row| row.user_id.clone()).collect();
        let hidden = inbox.apart_from(asking, &ids).await?;
        rows.retain(|row| !hidden.contains(&row.user_id));
        let people = self.people(rows.iter().map(|row| &row.user_id)).await?;
        let users = rows.iter().map(|row| FollowUser::from_row(row, row_of(&people, &row.user_id))).collect();
        Ok(Some(FollowsPage { users, total, next }))
    }
}
