//! What may be asked about people and each other: whom somebody blocks, whom they must not see.

use aggregates::Timestamp;
use aggregates::ids::UserId;
use async_trait::async_trait;
use event_log::Position;

use super::live::{LiveInbox, ask};
use crate::views::ReadError;

/// Somebody who is blocked.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockRow {
    pub user_id: UserId,
    pub blocked_at: Timestamp,
    /// Pages by it: the log position of the block.
    pub position: Position,
}

/// Everybody between whom and somebody there is a block.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BlocksAround {
    /// Whom they block.
    pub blocks: Vec<UserId>,
    /// Who blocks them.
    pub blocked_by: Vec<UserId>,
    /// The checkpoint this was true at (one snapshot).
    pub as_of: Position,
}

#[async_trait]
pub trait PeopleReads: Send + Sync {
    /// Whom `user` blocks, the latest first, behind `after`.
    async fn blocked_by(
        &self,
        user: &UserId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<BlockRow>, ReadError>;

    /// Those of `others` between whom and `user` there is a block, whichever way.
    async fn apart_from(&self, user: &UserId, others: &[UserId]) -> Result<Vec<UserId>, ReadError>;

    /// All blocks around `user`, up to `limit` each way.
    async fn blocks_around(&self, user: &UserId, limit: usize) -> Result<BlocksAround, ReadError>;

    /// Those of `others` who are in a room with `user` now, or of whom one follows the other.
    async fn acquainted_with(&self, user: &UserId, others: &[UserId]) -> Result<Vec<UserId>, ReadError>;
}

#[async_trait]
impl PeopleReads for LiveInbox {
    async fn blocked_by(
        &self,
        user: &UserId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<BlockRow>, ReadError> {
        ask!(self.blocked_by(user, after, limit))
    }

    async fn apart_from(&self, user: &UserId, others: &[UserId]) -> Result<Vec<UserId>, ReadError> {
        ask!(self.apart_from(user, others))
    }

    async fn blocks_around(&self, user: &UserId, limit: usize) -> Result<BlocksAround, ReadError> {
        ask!(self.blocks_around(user, limit))
    }

    async fn acquainted_with(&self, user: &UserId, others: &[UserId]) -> Result<Vec<UserId>, ReadError> {
        ask!(self.acquainted_with(user, others))
    }
}
