//! People as somebody else may see them.

use aggregates::ids::UserId;
use event_log::Position;
use projections::ReadError;
use projections::inbox::{Person, UserRow};

use super::{Queries, cut, row_of};
use crate::wire::{BlockedUser, OwnProfile, UserProfile};

impl Queries<'_> {
    /// Whether `asking` may know that there is somebody called so: not across a block, whichever way it is.
    pub async fn is_shown(&self, about: &UserId, asking: &UserId) -> Result<bool, ReadError> {
        if self.directory.person(about).await?.is_none() {
            return Ok(false);
        }
        let apart = self.views.inbox().apart_from(asking, std::slice::from_ref(about)).await?;
        Ok(apart.is_empty())
    }

    /// `None` for somebody who is not there for `asking`.
    pub async fn profile(&self, about: &UserId, asking: &UserId) -> Result<Option<UserProfile>, ReadError> {
        if !self.is_shown(about, asking).await? {
            return Ok(None);
        }
        let inbox = self.views.inbox();
        let people = self.people([about].into_iter()).await?;
        let (followers, following) = inbox.follow_counts(about).await?;
        let presence = self.presence(about, asking).await?;
        Ok(Some(UserProfile {
            is_online: presence.is_online,
            last_seen_at: presence.last_seen_at,
            card: crate::wire::UserCard::of(about, row_of(&people, about)),
            followers_count: followers,
            following_count: following,
            is_following: inbox.follows(asking, about).await?,
            is_followed_by: inbox.follows(about, asking).await?,
        }))
    }

    /// As somebody sees themselves. Of whom the view has not heard yet, what their session says: `session`.
    pub async fn own_profile(&self, user: &UserId, session: Person) -> Result<OwnProfile, ReadError> {
        let inbox = self.views.inbox();
        let row = inbox.users(std::slice::from_ref(user)).await?.pop();
        let row = row.unwrap_or_else(|| UserRow { id: user.clone(), person: session });
        Ok(OwnProfile::of(row, inbox.follow_counts(user).await?))
    }

    /// A page of those whom `asking` blocks, the latest first, and where the next begins.
    pub async fn blocked(
        &self,
        asking: &UserId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<(Vec<BlockedUser>, Option<Position>), ReadError> {
        let rows = self.views.inbox().blocked_by(asking, after, limit + 1).await?;
        let (rows, more) = cut(rows, limit);
        let people = self.people(rows.iter().map(|row| &row.user_id)).await?;
        let next = rows.last().map(|row| row.position).filter(|_| more);
        let users = rows.iter().map(|row| BlockedUser::from_row(row, row_of(&people, &row.user_id))).collect();
        Ok((users, next))
    }
}
