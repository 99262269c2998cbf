//! The inbox's questions, asked of whichever generation is live; asked again when it was just replaced.

use std::sync::Arc;

use aggregates::ids::{GroupId, MessageId, RoomId, UserId};
use async_trait::async_trait;
use event_log::Position;

use super::reads::{InboxReads, MessagePage, MessagesFound, RoomsAsk, RoomsFound};
use super::rows::{
    FollowRow, MemberRow, MessageRow, MutedRoom, ReadBy, RoomNature, RoomRow, Stay, SupportRow, UserRow, VersionRow,
};
use crate::store::UnitReads;
use crate::unit::{Live, Unit};
use crate::views::ReadError;

pub(crate) struct LiveInbox {
    pub(super) unit: Arc<Unit>,
}

impl LiveInbox {
    pub(crate) fn new(unit: Arc<Unit>) -> Self {
        Self { unit }
    }

    pub(super) fn reads(live: &Live) -> &dyn InboxReads {
        match &live.reads {
            UnitReads::Inbox(reads) => &**reads,
            UnitReads::Feed(_) | UnitReads::Search(_) => {
                unreachable!("the unit inbox is opened with the inbox's reads")
            }
        }
    }
}

macro_rules! ask {
    ($self:ident.$question:ident($($argument:ident),*)) => {{
        let live = $self.unit.live();
        match Self::reads(&live).$question($($argument),*).await {
            Err(ReadError::Unavailable { .. } | ReadError::Damaged { .. }) if $self.unit.reopened_since(&live).await => {
                Self::reads(&$self.unit.live()).$question($($argument),*).await
            }
            answer => answer,
        }
    }};
}
pub(super) use ask;

#[async_trait]
impl InboxReads for LiveInbox {
    async fn checkpoint(&self) -> Result<Position, ReadError> {
        ask!(self.checkpoint())
    }

    async fn rooms_of(&self, user: &UserId, ask: &RoomsAsk<'_>) -> Result<RoomsFound, ReadError> {
        ask!(self.rooms_of(user, ask))
    }

    async fn room(&self, room: RoomId, user: &UserId) -> Result<Option<RoomRow>, ReadError> {
        ask!(self.room(room, user))
    }

    async fn members(&self, rooms: &[RoomId], limit_each: usize) -> Result<Vec<MemberRow>, ReadError> {
        ask!(self.members(rooms, limit_each))
    }

    async fn member(&self, room: RoomId, user: &UserId) -> Result<Option<MemberRow>, ReadError> {
        ask!(self.member(room, user))
    }

    async fn memberships(&self, user: &UserId) -> Result<(Vec<Stay>, Position), ReadError> {
        ask!(self.memberships(user))
    }

    async fn went_out(
        &self,
        user: &UserId,
        after: Position,
        until: Position,
        limit: usize,
    ) -> Result<Vec<(RoomId, Position)>, ReadError> {
        ask!(self.went_out(user, after, until, limit))
    }

    async fn room_nature(&self, room: RoomId) -> Result<Option<RoomNature>, ReadError> {
        ask!(self.room_nature(room))
    }

    async fn memberships_in(&self, user: &UserId, group: &GroupId) -> Result<Vec<RoomId>, ReadError> {
        ask!(self.memberships_in(user, group))
    }

    async fn member_ids(&self, room: RoomId, limit: usize) -> Result<Vec<UserId>, ReadError> {
        ask!(self.member_ids(room, limit))
    }

    async fn unread_totals(&self, users: &[UserId]) -> Result<Vec<u64>, ReadError> {
        ask!(self.unread_totals(users))
    }

    async fn mutes(&self, user: &UserId) -> Result<(Vec<MutedRoom>, Position), ReadError> {
        ask!(self.mutes(user))
    }

    async fn members_by_id(
        &self,
        room: RoomId,
        asking: &UserId,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Option<Vec<MemberRow>>, ReadError> {
        ask!(self.members_by_id(room, asking, after, limit))
    }

    async fn open_support_rooms(&self, after: Option<Position>, limit: usize) -> Result<Vec<SupportRow>, ReadError> {
        ask!(self.open_support_rooms(after, limit))
    }

    async fn messages(
        &self,
        room: RoomId,
        asking: &UserId,
        page: MessagePage,
        limit: usize,
    ) -> Result<Option<MessagesFound>, ReadError> {
        ask!(self.messages(room, asking, page, limit))
    }

    async fn messages_by_id(&self, ids: &[MessageId], asking: &UserId) -> Result<Vec<MessageRow>, ReadError> {
        ask!(self.messages_by_id(ids, asking))
    }

    async fn message_by_seq(&self, room: RoomId, seq: u64, asking: &UserId) -> Result<Option<MessageRow>, ReadError> {
        ask!(self.message_by_seq(room, seq, asking))
    }

    async fn replies(
        &self,
        message: MessageId,
        asking: &UserId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Option<MessagesFound>, ReadError> {
        ask!(self.replies(message, asking, after, limit))
    }

    async fn pins(&self, room: RoomId, asking: &UserId, limit: usize) -> Result<Option<Vec<MessageRow>>, ReadError> {
        ask!(self.pins(room, asking, limit))
    }

    async fn versions(
        &self,
        message: MessageId,
        asking: &UserId,
        limit: usize,
    ) -> Result<Option<Vec<VersionRow>>, ReadError> {
        ask!(self.versions(message, asking, limit))
    }

    async fn carries_upload(&self, address: &str, asking: &UserId) -> Result<bool, ReadError> {
        ask!(self.carries_upload(address, asking))
    }

    async fn read_by(&self, message: MessageId, asking: &UserId) -> Result<Option<ReadBy>, ReadError> {
        ask!(self.read_by(message, asking))
    }

    async fn users(&self, ids: &[UserId]) -> Result<Vec<UserRow>, ReadError> {
        ask!(self.users(ids))
    }

    async fn follows(&self, from: &UserId, to: &UserId) -> Result<bool, ReadError> {
        ask!(self.follows(from, to))
    }

    async fn blocks(&self, from: &UserId, to: &UserId) -> Result<bool, ReadError> {
        ask!(self.blocks(from, to))
    }

    async fn follow_counts(&self, user: &UserId) -> Result<(u64, u64), ReadError> {
        ask!(self.follow_counts(user))
    }

    async fn followers(
        &self,
        user: &UserId,
        asking: &UserId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<FollowRow>, ReadError> {
        ask!(self.followers(user, asking, after, limit))
    }

    async fn following(
        &self,
        user: &UserId,
        asking: &UserId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<FollowRow>, ReadError> {
        ask!(self.following(user, asking, after, limit))
    }
}
