//! What may be asked of the inbox. Each engine answers in its own SQL; one suite compares the answers.

use aggregates::ids::{GroupId, MessageId, RoomId, UserId};
use aggregates::room::RoomKind;
use async_trait::async_trait;
use event_log::Position;

use super::people::PeopleReads;
use super::reports::ReportReads;
use super::rows::{
    FollowRow, MemberRow, MessageRow, MutedRoom, ReadBy, RoomNature, RoomRow, Stay, SupportRow, UserRow, VersionRow,
};
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
    /// This message, with about as many before as behind it.
    Around(MessageId),
    /// The oldest ones that the asking member has not read; the newest ones when they have read all.
    Unread,
}

/// A page of messages.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MessagesFound {
    /// Oldest first.
    pub messages: Vec<MessageRow>,
    /// Whether there are further ones before the first.
    pub older: bool,
    /// Whether there are further ones behind the last.
    pub newer: bool,
}

impl MessagesFound {
    /// Messages of a room in which those behind `floor` can be read, and the last is `last_seq`: they are numbered without
    /// gaps, and so the ends are known.
    pub(crate) fn between(messages: Vec<MessageRow>, floor: u64, last_seq: u64) -> Self {
        let older = messages.first().is_some_and(|first| first.seq > floor + 1);
        let newer = messages.last().is_some_and(|last| last.seq < last_seq);
        Self { messages, older, newer }
    }

    /// Of messages that were asked for oldest first, one more than `limit`.
    pub(crate) fn cut(mut messages: Vec<MessageRow>, older: bool, limit: usize) -> Self {
        let newer = messages.len() > limit;
        messages.truncate(limit);
        Self { messages, older, newer }
    }
}

/// Where the next page of rooms begins: behind the room with this last position and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomCursor {
    /// Pinned ones come first.
    pub pinned: bool,
    /// Position of the room's last message, or of its opening.
    pub last_position: Position,
    pub room_id: RoomId,
}

/// Rooms that were put away, and nothing was said there since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Archived {
    /// Among the others, and marked.
    #[default]
    With,
    Only,
    Without,
}

/// Which of somebody's rooms.
#[derive(Debug, Clone, Copy, Default)]
pub struct RoomsAsk<'a> {
    /// Matches, without case, the room's name or, in rooms of two, the other's name or username.
    pub search: Option<&'a str>,
    pub kind: Option<RoomKind>,
    pub archived: Archived,
    pub after: Option<RoomCursor>,
    pub limit: usize,
    /// Members told of each room: those who read or spoke most recently.
    pub members_each: usize,
}

/// Rooms of somebody, all as they were at one moment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RoomsFound {
    /// Pinned ones first, then the latest message first; a room without one counts from its opening.
    pub rooms: Vec<(RoomRow, RoomCursor)>,
    /// Room by room, in the order of [`InboxReads::members`].
    pub members: Vec<MemberRow>,
    /// Over all their rooms but the archived ones, also those that were not asked for.
    pub total_unread: u64,
}

#[async_trait]
pub trait InboxReads: PeopleReads + ReportReads {
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
    async fn memberships(&self, user: &UserId) -> Result<(Vec<Stay>, Position), ReadError>;

    /// The rooms that somebody went out of behind `after` and up to `until`, also those they came into again, each with
    /// the last time; up to `limit`, the first first.
    async fn went_out(
        &self,
        user: &UserId,
        after: Position,
        until: Position,
        limit: usize,
    ) -> Result<Vec<(RoomId, Position)>, ReadError>;

    async fn room_nature(&self, room: RoomId) -> Result<Option<RoomNature>, ReadError>;

    /// Those of them that belong to this group of the platform's.
    async fn memberships_in(&self, user: &UserId, group: &GroupId) -> Result<Vec<RoomId>, ReadError>;

    /// Everybody in a room now, up to `limit`.
    async fn member_ids(&self, room: RoomId, limit: usize) -> Result<Vec<UserId>, ReadError>;

    /// Unread messages over all rooms, but the archived ones, of each of these users, in the order asked.
    async fn unread_totals(&self, users: &[UserId]) -> Result<Vec<u64>, ReadError>;

    /// The rooms that somebody muted, also of those they left: they stay muted for whoever comes back. With the checkpoint this was true at (one snapshot).
    async fn mutes(&self, user: &UserId) -> Result<(Vec<MutedRoom>, Position), ReadError>;

    /// Up to `limit` of those who are in a room now, by their ids, behind `after`; `None` unless `asking` is one of them.
    async fn members_by_id(
        &self,
        room: RoomId,
        asking: &UserId,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Option<Vec<MemberRow>>, ReadError>;

    /// SUPPORT rooms that are open, what was opened last first, behind `after`. For the platform's admins: who is one is
    /// not known here.
    async fn open_support_rooms(&self, after: Option<Position>, limit: usize) -> Result<Vec<SupportRow>, ReadError>;

    // ---- messages: each question says who asks, and is answered with what they may read ----
    //
    // Who is not in the room reads nothing. Where history begins at the join, nobody reads what was said before they
    // came in the last time.

    /// `None` unless `asking` is in the room, and where the page is to be around a message that they cannot read.
    async fn messages(
        &self,
        room: RoomId,
        asking: &UserId,
        page: MessagePage,
        limit: usize,
    ) -> Result<Option<MessagesFound>, ReadError>;

    /// Those of `ids` that `asking` may read, in the order asked.
    async fn messages_by_id(&self, ids: &[MessageId], asking: &UserId) -> Result<Vec<MessageRow>, ReadError>;

    async fn message_by_seq(&self, room: RoomId, seq: u64, asking: &UserId) -> Result<Option<MessageRow>, ReadError>;

    /// What answers a message, oldest first, behind `after`; `None` when `asking` cannot read the message.
    async fn replies(
        &self,
        message: MessageId,
        asking: &UserId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Option<MessagesFound>, ReadError>;

    /// What is pinned in a room, what was pinned last first, at most `limit`; `None` unless `asking` is in it.
    async fn pins(&self, room: RoomId, asking: &UserId, limit: usize) -> Result<Option<Vec<MessageRow>>, ReadError>;

    /// Everything a message has said, oldest first and the latest `limit` of it; nothing when it was deleted. `None` when
    /// `asking` cannot read it.
    async fn versions(
        &self,
        message: MessageId,
        asking: &UserId,
        limit: usize,
    ) -> Result<Option<Vec<VersionRow>>, ReadError>;

    /// Whether a message that `asking` may read, and that was not deleted, carries this attachment: an upload's address.
    async fn carries_upload(&self, address: &str, asking: &UserId) -> Result<bool, ReadError>;

    /// Who has read a message; `None` when `asking` cannot read it. Whoever left and came back is counted from when they
    /// read again.
    async fn read_by(&self, message: MessageId, asking: &UserId) -> Result<Option<ReadBy>, ReadError>;

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
