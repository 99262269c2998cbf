//! Rooms, who is in them, what of them is unread, and how they are kept, in this engine's SQL.

use aggregates::ids::{RoomId, UserId};
use event_log::Position;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Result, Row, params, params_from_iter};

use super::columns::{maybe_moment, maybe_mute, maybe_user, moment, named, number, position, user};
use crate::inbox::batch::EVERYBODY;
use crate::inbox::{
    Archived, MemberRow, Mute, MutedRoom, RoomCursor, RoomNature, RoomRow, RoomsAsk, Stay, SupportRow, delivered,
};
use crate::store::names::{at_most, history_from, join_policy, role, room_kind, short, signed};

/// Where counting begins: behind what they read, said, or missed before they came. A mark of unread goes back further
/// than what they said, and so their own words count.
const FROM: &str = "max(coalesce(p.read_seq, 0), m.join_seq)";

/// Behind [`FROM`] without the deleted ones, which are counted only where there is any.
fn unread() -> String {
    format!(
        "max(0, r.last_seq - {FROM} - CASE WHEN r.last_tombstone_seq > {FROM} THEN (SELECT count(*) FROM tombstones t
             WHERE t.room_id = r.room_id AND t.seq > {FROM}) ELSE 0 END)"
    )
}

/// Messages behind [`FROM`] that name a member, or everybody.
fn mentions() -> String {
    format!(
        "CASE WHEN r.last_seq > {FROM} THEN (SELECT count(DISTINCT x.seq) FROM mentions x
             WHERE x.user_id IN (m.user_id, '{EVERYBODY}') AND x.room_id = r.room_id AND x.seq > {FROM}
             AND x.sender_id <> m.user_id) ELSE 0 END"
    )
}

const ARCHIVED: &str = "coalesce(r.last_seq <= p.archived_seq, 0)";

/// A room with the asking member's place; `m` is their stay, `p` their pointer.
fn rooms() -> String {
    format!(
        "SELECT r.room_id, r.kind, r.name, r.avatar, r.opened_by, r.group_id, r.first_id, r.second_id, r.closed,
         r.join_policy, r.history_from, r.slow_mode_seconds, r.last_seq, r.last_message_at, r.last_message,
         r.last_deleted, r.participant_count, r.created_at, r.updated_at, r.last_position, m.role, m.join_seq,
         coalesce(p.read_seq, 0), {unread}, {mentions}, coalesce(p.muted, 0), p.muted_until, coalesce(p.pinned, 0),
         {ARCHIVED}
         FROM members m JOIN rooms r ON r.room_id = m.room_id
         LEFT JOIN participants p ON p.room_id = m.room_id AND p.user_id = m.user_id
         WHERE m.user_id = ?1 AND m.to_position IS NULL",
        unread = unread(),
        mentions = mentions(),
    )
}

fn room(row: &Row<'_>) -> Result<(RoomRow, RoomCursor)> {
    let id = RoomId(row.get(0)?);
    let room = RoomRow {
        id,
        kind: named(row, 1, room_kind)?,
        name: row.get(2)?,
        avatar: row.get(3)?,
        opened_by: user(row, 4)?,
        group_id: row.get(5)?,
        pair: maybe_user(row, 6)?.zip(maybe_user(row, 7)?),
        closed: row.get(8)?,
        join_policy: named(row, 9, join_policy)?,
        history_from: named(row, 10, history_from)?,
        slow_mode_seconds: short(number(row, 11)?),
        last_seq: number(row, 12)?,
        last_message_at: maybe_moment(row, 13)?,
        last_message: row.get(14)?,
        last_deleted: row.get(15)?,
        participant_count: number(row, 16)?,
        created_at: moment(row, 17)?,
        updated_at: moment(row, 18)?,
        role: named(row, 20, role)?,
        join_seq: number(row, 21)?,
        read_seq: number(row, 22)?,
        unread: number(row, 23)?,
        mentions: number(row, 24)?,
        muted: maybe_mute(row, 25)?,
        pinned: row.get(27)?,
        archived: row.get(28)?,
    };
    let cursor = RoomCursor { pinned: room.pinned, last_position: position(row, 19)?, room_id: id };
    Ok((room.readable_part(), cursor))
}

/// `search` is what to look for, folded.
pub(super) fn list(
    connection: &Connection,
    user: &UserId,
    search: Option<String>,
    ask: RoomsAsk<'static>,
) -> Result<Vec<(RoomRow, RoomCursor)>> {
    let mut sql = rooms();
    let mut values: Vec<Value> = vec![user.as_str().to_owned().into()];
    if let Some(kind) = ask.kind {
        sql.push_str(" AND r.kind = ?");
        values.push(kind.name().to_owned().into());
    }
    match ask.archived {
        Archived::With => {}
        Archived::Only => sql.push_str(&format!(" AND {ARCHIVED}")),
        Archived::Without => sql.push_str(&format!(" AND NOT {ARCHIVED}")),
    }
    if let Some(cursor) = ask.after {
        sql.push_str(" AND (coalesce(p.pinned, 0), r.last_position, r.room_id) < (?, ?, ?)");
        values.push(i64::from(cursor.pinned).into());
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
    sql.push_str(" ORDER BY coalesce(p.pinned, 0) DESC, r.last_position DESC, r.room_id DESC LIMIT ?");
    values.push(at_most(ask.limit).into());
    connection.prepare_cached(&sql)?.query_map(params_from_iter(values), room)?.collect()
}

pub(super) fn one(connection: &Connection, room_id: RoomId, user: &UserId) -> Result<Option<RoomRow>> {
    let mut statement = connection.prepare_cached(&format!("{} AND m.room_id = ?2", rooms()))?;
    let found = statement.query_row(params![user.as_str(), room_id.0], room).optional()?;
    Ok(found.map(|(room, _)| room))
}

pub(super) fn unread_total(connection: &Connection, user: &UserId) -> Result<u64> {
    let sql = format!(
        "SELECT coalesce(sum({}), 0) FROM members m JOIN rooms r ON r.room_id = m.room_id
         LEFT JOIN participants p ON p.room_id = m.room_id AND p.user_id = m.user_id
         WHERE m.user_id = ? AND m.to_position IS NULL AND NOT {ARCHIVED}",
        unread()
    );
    connection.prepare_cached(&sql)?.query_row([user.as_str()], |row| number(row, 0))
}

/// Who is in now; `p` leads, so that the most recently active come without sorting a crowd.
fn members() -> String {
    format!(
        "SELECT m.room_id, m.user_id, m.role, m.joined_at, m.join_seq, p.read_seq, p.last_read_at, p.delivered_seq,
         p.delivered_at, p.muted, p.muted_until, p.pinned, {}, p.seen_seq
         FROM participants p
         CROSS JOIN members m ON m.user_id = p.user_id AND m.room_id = p.room_id AND m.to_position IS NULL
         CROSS JOIN rooms r ON r.room_id = p.room_id
         WHERE p.room_id = ?1",
        unread()
    )
}

fn member(row: &Row<'_>) -> Result<MemberRow> {
    let seen = (number(row, 13)?, maybe_moment(row, 6)?);
    let (delivered_seq, delivered_at) = delivered((number(row, 7)?, maybe_moment(row, 8)?), seen);
    Ok(MemberRow {
        room_id: RoomId(row.get(0)?),
        user_id: user(row, 1)?,
        role: named(row, 2, role)?,
        joined_at: moment(row, 3)?,
        join_seq: number(row, 4)?,
        read_seq: number(row, 5)?,
        seen_seq: seen.0,
        last_read_at: seen.1,
        delivered_seq,
        delivered_at,
        muted: maybe_mute(row, 9)?,
        pinned: row.get(11)?,
        unread: number(row, 12)?,
    })
}

/// Those who are away come last in the index, and are not looked at.
pub(super) fn most_active(
    connection: &Connection,
    rooms: impl Iterator<Item = RoomId>,
    limit_each: usize,
) -> Result<Vec<MemberRow>> {
    let sql = format!("{} AND p.active_position >= 0 ORDER BY p.active_position DESC, p.user_id LIMIT ?2", members());
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = Vec::new();
    for room in rooms {
        for one in statement.query_map(params![room.0, at_most(limit_each)], member)? {
            found.push(one?);
        }
    }
    Ok(found)
}

pub(super) fn member_of(connection: &Connection, room: RoomId, user: &UserId) -> Result<Option<MemberRow>> {
    let mut statement = connection.prepare_cached(&format!("{} AND p.user_id = ?2", members()))?;
    statement.query_row(params![room.0, user.as_str()], member).optional()
}

pub(super) fn members_by_id(
    connection: &Connection,
    room: RoomId,
    after: Option<&UserId>,
    limit: usize,
) -> Result<Vec<MemberRow>> {
    let sql = format!("{} AND p.user_id > ?2 ORDER BY p.user_id LIMIT ?3", members());
    let after = after.map_or(EVERYBODY, UserId::as_str);
    connection.prepare_cached(&sql)?.query_map(params![room.0, after, at_most(limit)], member)?.collect()
}

pub(super) fn mutes(connection: &Connection, user: &UserId) -> Result<Vec<MutedRoom>> {
    const SQL: &str = "SELECT DISTINCT m.room_id, p.muted_until FROM members m
        CROSS JOIN participants p ON p.room_id = m.room_id AND p.user_id = m.user_id
        WHERE m.user_id = ? AND p.muted ORDER BY m.room_id";
    let read =
        |row: &Row<'_>| Ok(MutedRoom { room_id: RoomId(row.get(0)?), mute: Mute { until: maybe_moment(row, 1)? } });
    connection.prepare_cached(SQL)?.query_map([user.as_str()], read)?.collect()
}

/// Those opened before the position `before`.
pub(super) fn open_support_rooms(connection: &Connection, before: i64, limit: usize) -> Result<Vec<SupportRow>> {
    const SQL: &str =
        "SELECT room_id, name, opened_by, participant_count, last_seq, last_message_at, created_at, position
        FROM rooms WHERE kind = 'SUPPORT' AND closed = 0 AND position < ? ORDER BY position DESC LIMIT ?";
    let read = |row: &Row<'_>| {
        Ok(SupportRow {
            room_id: RoomId(row.get(0)?),
            name: row.get(1)?,
            opened_by: user(row, 2)?,
            participant_count: number(row, 3)?,
            last_seq: number(row, 4)?,
            last_message_at: maybe_moment(row, 5)?,
            created_at: moment(row, 6)?,
            position: position(row, 7)?,
        })
    };
    connection.prepare_cached(SQL)?.query_map(params![before, at_most(limit)], read)?.collect()
}

/// The rooms that somebody is in now.
pub(super) fn stays(connection: &Connection, user: &UserId) -> Result<Vec<Stay>> {
    const SQL: &str = "SELECT room_id, from_position, join_seq FROM members
        WHERE user_id = ? AND to_position IS NULL ORDER BY room_id";
    let stay =
        |row: &Row<'_>| Ok(Stay { room_id: RoomId(row.get(0)?), from: position(row, 1)?, join_seq: number(row, 2)? });
    connection.prepare_cached(SQL)?.query_map([user.as_str()], stay)?.collect()
}

/// The rooms that they went out of behind a position and up to another, the last time each.
pub(super) fn went_out(
    connection: &Connection,
    user: &UserId,
    (after, until): (Position, Position),
    limit: usize,
) -> Result<Vec<(RoomId, Position)>> {
    const SQL: &str = "SELECT room_id, max(to_position) AS gone FROM members
        WHERE user_id = ? AND to_position > ? AND to_position <= ? GROUP BY room_id ORDER BY gone, room_id LIMIT ?";
    let asked = params![user.as_str(), signed(after.0), signed(until.0), at_most(limit)];
    let gone = |row: &Row<'_>| Ok((RoomId(row.get(0)?), position(row, 1)?));
    connection.prepare_cached(SQL)?.query_map(asked, gone)?.collect()
}

pub(super) fn room_nature(connection: &Connection, room: RoomId) -> Result<Option<RoomNature>> {
    const SQL: &str = "SELECT first_id, second_id, history_from FROM rooms WHERE room_id = ?";
    let nature = |row: &Row<'_>| {
        let pair = maybe_user(row, 0)?.zip(maybe_user(row, 1)?);
        Ok(RoomNature { pair, history_from: named(row, 2, history_from)? })
    };
    connection.prepare_cached(SQL)?.query_row([room.0], nature).optional()
}
