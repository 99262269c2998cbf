//! The inbox's questions in this engine's SQL.

use std::sync::Arc;

use aggregates::ids::{GroupId, MessageId, RoomId, UserId};
use async_trait::async_trait;
use event_log::Position;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Result as SqlResult, Row, params, params_from_iter};

use super::columns::{maybe_moment, maybe_user, moment, named, number, position, user};
use super::connections::Connections;
use super::generation::checkpoint;
use crate::inbox::{
    FollowRow, InboxReads, MemberRow, MessagePage, MessageRow, Person, RoomCursor, RoomRow, RoomsAsk, RoomsFound,
    UserRow,
};
use crate::store::names::{at_most, message_kind, role, room_kind, signed};
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

/// A room with the asking member's place; `m` is their stay, `p` their pointer.
const ROOMS: &str = "SELECT r.room_id, r.kind, r.name, r.avatar, r.group_id, r.first_id, r.second_id, r.last_seq,
    r.last_message_at, r.last_message, r.participant_count, r.created_at, r.updated_at, r.last_position,
    max(0, r.last_seq - max(coalesce(p.read_seq, 0), m.join_seq))
    FROM members m JOIN rooms r ON r.room_id = m.room_id
    LEFT JOIN participants p ON p.room_id = m.room_id AND p.user_id = m.user_id
    WHERE m.user_id = ?1 AND m.to_position IS NULL";

fn room(row: &Row<'_>) -> SqlResult<(RoomRow, RoomCursor)> {
    let id = RoomId(row.get(0)?);
    let room = RoomRow {
        id,
        kind: named(row, 1, room_kind)?,
        name: row.get(2)?,
        avatar: row.get(3)?,
        group_id: row.get(4)?,
        pair: maybe_user(row, 5)?.zip(maybe_user(row, 6)?),
        last_seq: number(row, 7)?,
        last_message_at: maybe_moment(row, 8)?,
        last_message: row.get(9)?,
        participant_count: number(row, 10)?,
        created_at: moment(row, 11)?,
        updated_at: moment(row, 12)?,
        unread: number(row, 14)?,
    };
    Ok((room, RoomCursor { last_position: position(row, 13)?, room_id: id }))
}

/// Who is in now; `p` leads, so that the most recently active come without sorting a crowd.
const MEMBERS: &str = "SELECT m.room_id, m.user_id, m.role, m.joined_at, p.read_seq, p.last_read_at,
    max(0, r.last_seq - max(p.read_seq, m.join_seq))
    FROM participants p
    CROSS JOIN members m ON m.user_id = p.user_id AND m.room_id = p.room_id AND m.to_position IS NULL
    CROSS JOIN rooms r ON r.room_id = p.room_id
    WHERE p.room_id = ?1";

fn member(row: &Row<'_>) -> SqlResult<MemberRow> {
    Ok(MemberRow {
        room_id: RoomId(row.get(0)?),
        user_id: user(row, 1)?,
        role: named(row, 2, role)?,
        joined_at: moment(row, 3)?,
        read_seq: number(row, 4)?,
        last_read_at: maybe_moment(row, 5)?,
        unread: number(row, 6)?,
    })
}

const MESSAGES: &str = "SELECT position, message_id, room_id, seq, sender_id, kind, content, attachment_url,
    attachment_type, reply_to, client_message_id, created_at FROM messages";

fn message(row: &Row<'_>) -> SqlResult<MessageRow> {
    Ok(MessageRow {
        position: position(row, 0)?,
        id: MessageId(row.get(1)?),
        room_id: RoomId(row.get(2)?),
        seq: number(row, 3)?,
        sender_id: user(row, 4)?,
        kind: named(row, 5, message_kind)?,
        content: row.get(6)?,
        attachment_url: row.get(7)?,
        attachment_type: row.get(8)?,
        reply_to: row.get::<_, Option<uuid::Uuid>>(9)?.map(MessageId),
        client_message_id: row.get(10)?,
        created_at: moment(row, 11)?,
    })
}

fn all<T>(
    connection: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    read: impl FnMut(&Row<'_>) -> SqlResult<T>,
) -> SqlResult<Vec<T>> {
    connection.prepare_cached(sql)?.query_map(params, read)?.collect()
}

/// Those who are away come last in the index, and are not looked at.
fn members(
    connection: &Connection,
    rooms: impl Iterator<Item = RoomId>,
    limit_each: usize,
) -> SqlResult<Vec<MemberRow>> {
    let sql = format!("{MEMBERS} AND p.active_position >= 0 ORDER BY p.active_position DESC, p.user_id LIMIT ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut members = Vec::new();
    for room in rooms {
        for found in statement.query_map(params![room.0, at_most(limit_each)], member)? {
            members.push(found?);
        }
    }
    Ok(members)
}

fn unread_total(connection: &Connection, user: &UserId) -> SqlResult<u64> {
    const SQL: &str = "SELECT coalesce(sum(max(0, r.last_seq - max(coalesce(p.read_seq, 0), m.join_seq))), 0)
        FROM members m JOIN rooms r ON r.room_id = m.room_id
        LEFT JOIN participants p ON p.room_id = m.room_id AND p.user_id = m.user_id
        WHERE m.user_id = ? AND m.to_position IS NULL";
    connection.prepare_cached(SQL)?.query_row([user.as_str()], |row| number(row, 0))
}

#[async_trait]
impl InboxReads for SqliteInboxReads {
    async fn checkpoint(&self) -> Result<Position, ReadError> {
        self.ask(checkpoint).await
    }

    async fn rooms_of(&self, user: &UserId, ask: &RoomsAsk<'_>) -> Result<RoomsFound, ReadError> {
        let (user, search) = (user.clone(), searched(ask.search));
        let (after, limit, members_each) = (ask.after, ask.limit, ask.members_each);
        self.ask(move |connection| {
            let mut sql = ROOMS.to_owned();
            let mut values: Vec<Value> = vec![user.as_str().to_owned().into()];
            if let Some(cursor) = after {
                sql.push_str(" AND (r.last_position, r.room_id) < (?, ?)");
                values.push(signed(cursor.last_position.0).into());
                values.push(cursor.room_id.0.as_bytes().to_vec().into());
            }
            if let Some(search) = search {
                sql.push_str(
                    " AND (instr(r.name_folded, ?) > 0 OR EXISTS (SELECT 1 FROM users u
                      WHERE u.user_id = CASE r.first_id WHEN ?1 THEN r.second_id ELSE r.first_id END
                      AND instr(u.folded, ?) > 0))",
                );
                values.extend([search.clone().into(), search.into()]);
            }
            sql.push_str(" ORDER BY r.last_position DESC, r.room_id DESC LIMIT ?");
            values.push(at_most(limit).into());
            let rooms = all(connection, &sql, params_from_iter(values), room)?;
            let members = members(connection, rooms.iter().map(|(room, _)| room.id), members_each)?;
            Ok(RoomsFound { members, rooms, total_unread: unread_total(connection, &user)? })
        })
        .await
    }

    async fn room(&self, room_id: RoomId, user: &UserId) -> Result<Option<RoomRow>, ReadError> {
        let user = user.clone();
        self.ask(move |connection| {
            let mut statement = connection.prepare_cached(&format!("{ROOMS} AND m.room_id = ?2"))?;
            let found = statement.query_row(params![user.as_str(), room_id.0], room).optional()?;
            Ok(found.map(|(room, _)| room))
        })
        .await
    }

    async fn members(&self, rooms: &[RoomId], limit_each: usize) -> Result<Vec<MemberRow>, ReadError> {
        let rooms = rooms.to_vec();
        self.ask(move |connection| members(connection, rooms.into_iter(), limit_each)).await
    }

    async fn member(&self, room: RoomId, user: &UserId) -> Result<Option<MemberRow>, ReadError> {
        let user = user.clone();
        self.ask(move |connection| {
            let mut statement = connection.prepare_cached(&format!("{MEMBERS} AND p.user_id = ?2"))?;
            statement.query_row(params![room.0, user.as_str()], member).optional()
        })
        .await
    }

    async fn memberships(&self, user: &UserId) -> Result<(Vec<RoomId>, Position), ReadError> {
        const SQL: &str = "SELECT room_id FROM members WHERE user_id = ? AND to_position IS NULL ORDER BY room_id";
        let user = user.clone();
        self.ask(move |connection| {
            let rooms = all(connection, SQL, [user.as_str()], |row| Ok(RoomId(row.get(0)?)))?;
            Ok((rooms, checkpoint(connection)?))
        })
        .await
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
        self.ask(move |connection| users.iter().map(|user| unread_total(connection, user)).collect()).await
    }

    async fn messages(&self, room: RoomId, page: MessagePage, limit: usize) -> Result<Vec<MessageRow>, ReadError> {
        self.ask(move |connection| {
            let (edge, newest_first) = match page {
                MessagePage::Newest => (i64::MAX, true),
                MessagePage::Before(position) => (signed(position.0), true),
                MessagePage::After(position) => (signed(position.0), false),
            };
            let (comparison, order) = if newest_first { ("<", "DESC") } else { (">", "ASC") };
            let sql =
                format!("{MESSAGES} WHERE room_id = ? AND position {comparison} ? ORDER BY position {order} LIMIT ?");
            let mut found = all(connection, &sql, params![room.0, edge, at_most(limit)], message)?;
            if newest_first {
                found.reverse();
            }
            Ok(found)
        })
        .await
    }

    async fn messages_by_id(&self, ids: &[MessageId]) -> Result<Vec<MessageRow>, ReadError> {
        let ids = ids.to_vec();
        self.ask(move |connection| {
            let mut statement = connection.prepare_cached(&format!("{MESSAGES} WHERE message_id = ?"))?;
            let mut found = Vec::new();
            for id in ids {
                found.extend(statement.query_row([id.0], message).optional()?);
            }
            Ok(found)
        })
        .await
    }

    async fn message_by_seq(&self, room: RoomId, seq: u64) -> Result<Option<MessageRow>, ReadError> {
        self.ask(move |connection| {
            let mut statement = connection.prepare_cached(&format!("{MESSAGES} WHERE room_id = ? AND seq = ?"))?;
            statement.query_row(params![room.0, signed(seq)], message).optional()
        })
        .await
    }

    async fn users(&self, ids: &[UserId]) -> Result<Vec<UserRow>, ReadError> {
        const SQL: &str = "SELECT user_id, name, username, avatar, email, role FROM users WHERE user_id = ?";
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
        },
    })
}
