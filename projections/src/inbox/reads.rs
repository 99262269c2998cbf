//! What may be asked of the inbox. Each engine answers in its own SQL; one suite compares the answers.

use aggregates::ids::{GroupId, MessageId, RoomId, UserId};
use async_trait::async_trait;
use event_log::Position;

use super::people::PeopleReads;
use super::rows::{FollowRow, MemberRow, MessageRow, RoomRow, UserRow};
use crate::views::ReadError;

/// Which messages of a room, always answered oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessagePage {
    /// The newest ones.
    Newest,
    /// The newest ones before this position.
    Before(Position),
    /// The oldest ones after this position.
    After(Position),
}

/// Where the next page of rooms begins: behind the room with this last position and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomCursor {
    /// Position of the room's last message, or of its opening.
    pub last_position: Position,
    pub room_id: RoomId,
}

/// Which of somebody's rooms.
#[derive(Debug, Clone, Copy, Default)]
pub struct RoomsAsk<'a> {
    /// Matches, without case, the room's name or, in DIRECT rooms, the other's name or username.
    pub search: Option<&'a str>,
    pub after: Option<RoomCursor>,
    pub limit: usize,
    /// Members told of each room: those who read or spoke most recently.
    pub members_each: usize,
}

/// Rooms of somebody, all as they were at one moment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RoomsFound {
    /// The latest message first; a room without one counts from its opening.
    pub rooms: Vec<(RoomRow, RoomCursor)>,
    /// Room by room, in the order of [`InboxReads::members`].
    pub members: Vec<MemberRow>,
    /// Over all their rooms, also those that were not asked for.
    pub total_unread: u64,
}

#[async_trait]
pub trait InboxReads: PeopleReads {
    /// How far the unit has come.
    async fn checkpoint(&self) -> Result<Position, ReadError>;

    /// The rooms somebody is in.
    async fn rooms_of(&self, user: &UserId, ask: &RoomsAsk<'_>) -> Result<RoomsFound, ReadError>;

    /// One room, if `user` is in it now.
    async fn room(&self, room: RoomId, user: &UserId) -> Result<Option<RoomRow>, ReadError>;

    /// For each room up to `limit_each` members: those who read or spoke most recently first.
    async fn members(&self, rooms: &[RoomId], limit_each: usize) -> Result<Vec<MemberRow>, ReadError>;

    async fn member(&self, room: RoomId, user: &UserId) -> Result<Option<MemberRow>, ReadError>;

    /// The rooms somebody is in now, with the checkpoint this was true at (one snapshot).
    async fn memberships(&self, user: &UserId) -> Result<(Vec<RoomId>, Position), ReadError>;

    /// Those of them that belong to this group of the platform's.
    async fn memberships_in(&self, user: &UserId, group: &GroupId) -> Result<Vec<RoomId>, ReadError>;

    /// Everybody in a room now, up to `limit`.
    async fn member_ids(&self, room: RoomId, limit: usize) -> Result<Vec<UserId>, ReadError>;

    /// Unread messages over all rooms of each of these users, in the order asked.
    async fn unread_totals(&self, users: &[UserId]) -> Result<Vec<u64>, ReadError>;

    async fn messages(&self, room: RoomId, page: MessagePage, limit: usize) -> Result<Vec<MessageRow>, ReadError>;

    async fn messages_by_id(&self, ids: &[MessageId]) -> Result<Vec<MessageRow>, ReadError>;

    async fn message_by_seq(&self, room: RoomId, seq: u64) -> Result<Option<MessageRow>, ReadError>;

    /// Those of `ids` that the directory knows.
    async fn users(&self, ids: &[UserId]) -> Result<Vec<UserRow>, ReadError>;

    async fn follows(&self, from: &UserId, to: &UserId) -> Result<bool, ReadError>;

    /// Whether `from` blocks `to`.
    async fn blocks(&self, from: &UserId, to: &UserId) -> Result<bool, ReadError>;

    /// (followers, following) of somebody.
    async fn follow_counts(&self, user: &UserId) -> Result<(u64, u64), ReadError>;

    /// Who follows `user`, latest first, behind `after`; `asking` decides `is_following`.
    async fn followers(
        &self,
        user: &UserId,
        asking: &UserId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<FollowRow>, ReadError>;

    /// Whom `user` follows, latest first, behind `after`.
    async fn following(
        &self,
        user: &UserId,
        asking: &UserId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<FollowRow>, ReadError>;
}
