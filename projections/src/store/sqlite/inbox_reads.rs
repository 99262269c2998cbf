//! The inbox's questions in this engine's SQL.

use std::sync::Arc;

use aggregates::ids::{GroupId, MessageId, RoomId, UserId};
use async_trait::async_trait;
use event_log::Position;
use rusqlite::{Connection, OptionalExtension, Result as SqlResult, Row, params};

use super::columns::{moment, number, position, user};
use super::connections::Connections;
use super::generation::checkpoint;
use super::{inbox_messages, inbox_rooms};
use crate::inbox::{
    FollowRow, InboxReads, MemberRow, MessagePage, MessageRow, MessagesFound, MutedRoom, Person, ReadBy, RoomNature,
    RoomRow, RoomsAsk, RoomsFound, Stay, SupportRow, UserRow, VersionRow,
};
use crate::store::names::{at_most, signed};
use crate::text::searched;
use crate::views::{ReadError, UnitName};

pub(super) struct SqliteInboxReads {
    connections: Arc<Connections>,
}

impl SqliteInboxReads {
    pub(super) fn new(connections: Arc<Connections>) -> Self {
        Self { connections }
    }

    pub(super) async fn ask<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> SqlResult<T> + Send + 'static,
    ) -> Result<T, ReadError> {
        self.connections.read(query).await.map_err(|error| error.of(UnitName::Inbox))
    }
}

fn all<T>(
    connection: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    read: impl FnMut(&Row<'_>) -> SqlResult<T>,
) -> SqlResult<Vec<T>> {
    connection.prepare_cached(sql)?.query_map(params, read)?.collect()
}

#[async_trait]
impl InboxReads for SqliteInboxReads {
    async fn checkpoint(&self) -> Result<Position, ReadError> {
        self.ask(checkpoint).await
    }

    async fn rooms_of(&self, user: &UserId, ask: &RoomsAsk<'_>) -> Result<RoomsFound, ReadError> {
        let (user, search) = (user.clone(), searched(ask.search));
        let RoomsAsk { kind, archived, after, limit, members_each, .. } = *ask;
        let ask = RoomsAsk { search: None, kind, archived, after, limit, members_each };
        self.ask(move |connection| {
            let rooms = inbox_rooms::list(connection, &user, search, ask)?;
            let ids = rooms.iter().map(|(room, _)| room.id);
            let members = inbox_rooms::most_active(connection, ids, ask.members_each)?;
            Ok(RoomsFound { members, rooms, total_unread: inbox_rooms::unread_total(connection, &user)? })
        })
        .await
    }

    async fn room(&self, room_id: RoomId, user: &UserId) -> Result<Option<RoomRow>, ReadError> {
        let user = user.clone();
        self.ask(move |connection| inbox_rooms::one(connection, room_id, &user)).await
    }

    async fn members(&self, rooms: &[RoomId], limit_each: usize) -> Result<Vec<MemberRow>, ReadError> {
        let rooms = rooms.to_vec();
        self.ask(move |connection| inbox_rooms::most_active(connection, rooms.into_iter(), limit_each)).await
    }

    async fn member(&self, room: RoomId, user: &UserId) -> Result<Option<MemberRow>, ReadError> {
        let user = user.clone();
        self.ask(move |connection| inbox_rooms::member_of(connection, room, &user)).await
    }

    async fn memberships(&self, user: &UserId) -> Result<(Vec<Stay>, Position), ReadError> {
        let user = user.clone();
        self.ask(move |connection| Ok((inbox_rooms::stays(connection, &user)?, checkpoint(connection)?))).await
    }

    async fn went_out(
        &self,
        user: &UserId,
        after: Position,
        until: Position,
        limit: usize,
    ) -> Result<Vec<(RoomId, Position)>, ReadError> {
        let user = user.clone();
        self.ask(move |connection| inbox_rooms::went_out(connection, &user, (after, until), limit)).await
    }

    async fn room_nature(&self, room: RoomId) -> Result<Option<RoomNature>, ReadError> {
        self.ask(move |connection| inbox_rooms::room_nature(connection, room)).await
    }

    async fn memberships_in(&self, user: &UserId, group: &GroupId) -> Result<Vec<RoomId>, ReadError> {
        const SQL: &str = "SELECT m.room_id FROM members m JOIN rooms r ON r.room_id = m.room_id
            WHERE m.user_id = ? AND m.to_position IS NULL AND r.group_id = ? ORDER BY m.room_id";
        let (user, group) = (user.clone(), group.clone());
        self.ask(move |connection| all(connection, SQL, [user.as_str(), group.as_str()], |row| Ok(RoomId(row.get(0)?))))
            .await
    }

    async fn member_ids(&self, room: RoomId, limit: usize) -> Result<Vec<UserId>, ReadError> {
        const SQL: &str =
            "SELECT user_id FROM members WHERE room_id = ? AND to_position IS NULL ORDER BY user_id LIMIT ?";
        self.ask(move |connection| all(connection, SQL, params![room.0, at_most(limit)], |row| user(row, 0))).await
    }

    async fn unread_totals(&self, users: &[UserId]) -> Result<Vec<u64>, ReadError> {
        let users = users.to_vec();
        self.ask(move |connection| users.iter().map(|user| inbox_rooms::unread_total(connection, user)).collect()).await
    }

    async fn mutes(&self, user: &UserId) -> Result<(Vec<MutedRoom>, Position), ReadError> {
        let user = user.clone();
        self.ask(move |connection| Ok((inbox_rooms::mutes(connection, &user)?, checkpoint(connection)?))).await
    }

    async fn members_by_id(
        &self,
        room: RoomId,
        asking: &UserId,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Option<Vec<MemberRow>>, ReadError> {
        let (asking, after) = (asking.clone(), after.cloned());
        self.ask(move |connection| match inbox_rooms::member_of(connection, room, &asking)? {
            Some(_) => inbox_rooms::members_by_id(connection, room, after.as_ref(), limit).map(Some),
            None => Ok(None),
        })
        .await
    }

    async fn open_support_rooms(&self, after: Option<Position>, limit: usize) -> Result<Vec<SupportRow>, ReadError> {
        let before = after.map_or(i64::MAX, |position| signed(position.0));
        self.ask(move |connection| inbox_rooms::open_support_rooms(connection, before, limit)).await
    }

    async fn messages(
        &self,
        room: RoomId,
        asking: &UserId,
        page: MessagePage,
        limit: usize,
    ) -> Result<Option<MessagesFound>, ReadError> {
        let asking = asking.clone();
        self.ask(move |connection| inbox_messages::page(connection, room, &asking, page, limit)).await
    }

    async fn messages_by_id(&self, ids: &[MessageId], asking: &UserId) -> Result<Vec<MessageRow>, ReadError> {
        let (ids, asking) = (ids.to_vec(), asking.clone());
        self.ask(move |connection| {
            let found = ids.into_iter().map(|id| inbox_messages::by_id(connection, id, &asking));
            found.filter_map(SqlResult::transpose).collect()
        })
        .await
    }

    async fn message_by_seq(&self, room: RoomId, seq: u64, asking: &UserId) -> Result<Option<MessageRow>, ReadError> {
        let asking = asking.clone();
        self.ask(move |connection| inbox_messages::by_seq(connection, room, seq, &asking)).await
    }

    async fn replies(
        &self,
        message: MessageId,
        asking: &UserId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Option<MessagesFound>, ReadError> {
        let asking = asking.clone();
        self.ask(move |connection| inbox_messages::replies(connection, message, &asking, after, limit)).await
    }

    async fn pins(&self, room: RoomId, asking: &UserId, limit: usize) -> Result<Option<Vec<MessageRow>>, ReadError> {
        let asking = asking.clone();
        self.ask(move |connection| inbox_messages::pins(connection, room, &asking, limit)).await
    }

    async fn versions(
        &self,
        message: MessageId,
        asking: &UserId,
        limit: usize,
    ) -> Result<Option<Vec<VersionRow>>, ReadError> {
        let asking = asking.clone();
        self.ask(move |connection| inbox_messages::versions(connection, message, &asking, limit)).await
    }

    async fn carries_upload(&self, address: &str, asking: &UserId) -> Result<bool, ReadError> {
        let (address, asking) = (address.to_owned(), asking.clone());
        self.ask(move |connection| inbox_messages::carries_upload(connection, &address, &asking)).await
    }

    async fn read_by(&self, message: MessageId, asking: &UserId) -> Result<Option<ReadBy>, ReadError> {
        let asking = asking.clone();
        self.ask(move |connection| inbox_messages::read_by(connection, message, &asking)).await
    }

    async fn users(&self, ids: &[UserId]) -> Result<Vec<UserRow>, ReadError> {
        const SQL: &str =
            "SELECT user_id, name, username, avatar, email, role, locale, time_zone FROM users WHERE user_id = ?";
        let ids = ids.to_vec();
        self.ask(move |connection| {
            let mut statement = connection.prepare_cached(SQL)?;
            let mut found = Vec::new();
            for id in ids {
                found.extend(statement.query_row([id.as_str()], person).optional()?);
            }
            Ok(found)
        })
        .await
    }

    async fn follows(&self, from: &UserId, to: &UserId) -> Result<bool, ReadError> {
        self.relation("SELECT EXISTS (SELECT 1 FROM follows WHERE from_id = ? AND to_id = ?)", from, to).await
    }

    async fn blocks(&self, from: &UserId, to: &UserId) -> Result<bool, ReadError> {
        self.relation("SELECT EXISTS (SELECT 1 FROM blocks WHERE from_id = ? AND to_id = ?)", from, to).await
    }

    async fn follow_counts(&self, user: &UserId) -> Result<(u64, u64), ReadError> {
        const SQL: &str = "SELECT followers, following FROM follow_counts WHERE user_id = ?";
        let user = user.clone();
        self.ask(move |connection| {
            let mut statement = connection.prepare_cached(SQL)?;
            let found = statement.query_row([user.as_str()], |row| Ok((number(row, 0)?, number(row, 1)?)));
            Ok(found.optional()?.unwrap_or_default())
        })
        .await
    }

    async fn followers(
        &self,
        user: &UserId,
        asking: &UserId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<FollowRow>, ReadError> {
        const SQL: &str = "SELECT f.from_id, f.followed_at, f.position,
            EXISTS (SELECT 1 FROM follows o WHERE o.from_id = ?2 AND o.to_id = f.from_id)
            FROM follows f WHERE f.to_id = ?1 AND f.position < ?3 ORDER BY f.position DESC LIMIT ?4";
        self.page_of_follows(SQL, (user, asking), after, limit).await
    }

    async fn following(
        &self,
        user: &UserId,
        asking: &UserId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<FollowRow>, ReadError> {
        const SQL: &str = "SELECT f.to_id, f.followed_at, f.position,
            EXISTS (SELECT 1 FROM follows o WHERE o.from_id = ?2 AND o.to_id = f.to_id)
            FROM follows f WHERE f.from_id = ?1 AND f.position < ?3 ORDER BY f.position DESC LIMIT ?4";
        self.page_of_follows(SQL, (user, asking), after, limit).await
    }
}

impl SqliteInboxReads {
    async fn relation(&self, sql: &'static str, from: &UserId, to: &UserId) -> Result<bool, ReadError> {
        let (from, to) = (from.clone(), to.clone());
        self.ask(move |connection| {
            connection.prepare_cached(sql)?.query_row([from.as_str(), to.as_str()], |row| row.get(0))
        })
        .await
    }

    async fn page_of_follows(
        &self,
        sql: &'static str,
        (user, asking): (&UserId, &UserId),
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<FollowRow>, ReadError> {
        let (user, asking) = (user.clone(), asking.clone());
        let before = after.map_or(i64::MAX, |position| signed(position.0));
        self.ask(move |connection| {
            all(connection, sql, params![user.as_str(), asking.as_str(), before, at_most(limit)], |row| {
                Ok(FollowRow {
                    user_id: self::user(row, 0)?,
                    followed_at: moment(row, 1)?,
                    position: position(row, 2)?,
                    is_following: row.get(3)?,
                })
            })
        })
        .await
    }
}

fn person(row: &Row<'_>) -> SqlResult<UserRow> {
    Ok(UserRow {
        id: user(row, 0)?,
        person: Person {
            name: row.get(1)?,
            username: row.get(2)?,
            avatar: row.get(3)?,
            email: row.get(4)?,
            role: row.get(5)?,
            locale: row.get(6)?,
            time_zone: row.get(7)?,
        },
    })
}
