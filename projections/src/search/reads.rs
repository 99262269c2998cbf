//! What may be asked of a search.

use std::time::Duration;

use aggregates::Timestamp;
use aggregates::ids::{RoomId, UserId};
use async_trait::async_trait;
use event_log::Position;

use super::rows::Hit;
use super::wanted::Wanted;
use crate::views::ReadError;

/// A room to be searched, as far as whoever asks may read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchedRoom {
    pub room_id: RoomId,
    /// Only messages behind this one.
    pub after_seq: u64,
    /// Nothing in it is later: rooms that cannot have anything newer than what was found are not looked into.
    pub last_position: Position,
}

#[derive(Debug, Clone)]
pub struct SearchAsk {
    /// In any order; each at most once.
    pub rooms: Vec<SearchedRoom>,
    pub wanted: Wanted,
    /// Only what they sent.
    pub sender: Option<UserId>,
    /// Only what was sent at that moment or later.
    pub sent_from: Option<Timestamp>,
    /// Only what was sent before.
    pub sent_before: Option<Timestamp>,
    pub has_attachment: Option<bool>,
    /// Only what is older than this: where the page before ended.
    pub before: Option<Position>,
    pub limit: usize,
    /// Longer, and there is no answer: [`ReadError::TookTooLong`].
    pub patience: Duration,
}

#[async_trait]
pub trait SearchReads: Send + Sync {
    /// How far the unit has come.
    async fn checkpoint(&self) -> Result<Position, ReadError>;

    /// The newest messages that have all the words, newest first. A phrase is not told from its words here.
    async fn search(&self, ask: &SearchAsk) -> Result<Vec<Hit>, ReadError>;
}
