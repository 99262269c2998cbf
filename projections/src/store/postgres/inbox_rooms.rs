//! Rooms, who is in them and what of them is unread, in this engine's SQL.
//!
//! Every statement looks up row by row, each row by its key: `LATERAL (.. LIMIT 1)` is a wall that the planner does not
//! look over. Without it a server that has no statistics yet reads a whole index for each room, and one that has them
//! sorts all members of a large room for the twenty that are shown. So a list costs what is on the page, and the pointers
//! of the asking user's rooms.

use aggregates::Timestamp;
use aggregates::ids::RoomId;
use aggregates::room::{HistoryFrom, JoinPolicy, Role};
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::columns::{maybe_moment, maybe_user, moment, named, nonsense, number, position, user};
use crate::inbox::{MemberRow, RoomCursor, RoomRow, RoomsFound};
use crate::store::names::{self, natural, role, room_kind};

const ROOM: &str = "r.room_id, r.kind, r.name, r.avatar, r.group_id, r.first_id, r.second_id, r.last_seq,
    r.last_message_at, r.last_message, r.participant_count, r.created_at, r.updated_at, r.last_position,
    r.opened_by";
/// Columns of [`ROOM`] and the unread of whoever asks.
const ROOM_COLUMNS: usize = 16;

/// The rooms of `user` with what is unread there, and what `more` says of each.
fn places(schema: &str, user: &str, more: &str) -> String {
    format!(
        "SELECT m.room_id, r.last_position, greatest(0, r.last_seq - greatest(p.read_seq, m.join_seq)) AS unread {more}
         FROM {schema}.members m
         CROSS JOIN LATERAL (SELECT * FROM {schema}.rooms r WHERE r.room_id = m.room_id LIMIT 1) r
         LEFT JOIN LATERAL (SELECT p.read_seq FROM {schema}.participants p
             WHERE p.room_id = m.room_id AND p.user_id = {user} LIMIT 1) p ON true
         WHERE m.user_id = {user} AND m.to_position IS NULL"
    )
}

/// Who is in the room `r` now, up to `limit`. Those who are away come last in the index, and are not looked at.
fn most_active(schema: &str, limit: &str) -> String {
    format!(
        "SELECT a.user_id, m.role, m.joined_at, a.read_seq, a.last_read_at,
         greatest(0, r.last_seq - greatest(a.read_seq, m.join_seq)) AS unread, a.active_position
         FROM (SELECT p.user_id, p.read_seq, p.last_read_at, p.active_position FROM {schema}.participants p
             WHERE p.room_id = r.room_id AND p.active_position >= 0
             ORDER BY p.active_position DESC, p.user_id LIMIT {limit}) a
         CROSS JOIN LATERAL (SELECT m.role, m.joined_at, m.join_seq FROM {schema}.members m
             WHERE m.room_id = r.room_id AND m.user_id = a.user_id AND m.to_position IS NULL LIMIT 1) m"
    )
}

/// The list of $1's rooms behind ($2, $3), searched for $4, $5 of them with $6 members each. Members are arrays beside
/// their room: rows of their own would repeat the room. There is a row also when no room is found: for the total.
pub(super) fn list(schema: &str) -> String {
    let found = format!(
        ", $4::text IS NULL OR strpos(r.name_folded, $4) > 0 OR EXISTS (SELECT 1 FROM {schema}.users u
             WHERE u.user_id = CASE r.first_id WHEN $1 THEN r.second_id ELSE r.first_id END
             AND strpos(u.folded, $4) > 0) AS found"
    );
    format!(
        "WITH mine AS MATERIALIZED ({mine}),
         page AS MATERIALIZED (SELECT room_id, unread FROM mine
             WHERE found AND ($2::bigint IS NULL OR (last_position, room_id) < ($2, $3::uuid))
             ORDER BY last_position DESC, room_id DESC LIMIT $5)
         SELECT {ROOM}, page.unread, t.unread, x.*
         FROM (SELECT sum(unread)::bigint AS unread FROM mine) t
         LEFT JOIN page ON true
         LEFT JOIN LATERAL (SELECT * FROM {schema}.rooms r WHERE r.room_id = page.room_id LIMIT 1) r ON true
         LEFT JOIN LATERAL (SELECT array_agg(user_id), array_agg(role), array_agg(joined_at), array_agg(read_seq),
             array_agg(last_read_at), array_agg(unread), array_agg(active_position) FROM ({members}) y) x ON true
         ORDER BY r.last_position DESC, r.room_id DESC",
        mine = places(schema, "$1", &found),
        members = most_active(schema, "$6"),
    )
}

/// The one room $2, if $1 is in it.
pub(super) fn room_of(schema: &str) -> String {
    format!(
        "SELECT {ROOM}, greatest(0, r.last_seq - greatest(p.read_seq, m.join_seq))
         FROM {schema}.members m JOIN {schema}.rooms r ON r.room_id = m.room_id
         LEFT JOIN {schema}.participants p ON p.room_id = m.room_id AND p.user_id = m.user_id
         WHERE m.user_id = $1 AND m.room_id = $2 AND m.to_position IS NULL"
    )
}

/// Of each of the rooms $1, up to $2 who are in now.
pub(super) fn members(schema: &str) -> String {
    format!(
        "SELECT r.room_id, x.* FROM unnest($1::uuid[]) WITH ORDINALITY k (room_id, nth)
         CROSS JOIN LATERAL (SELECT r.room_id, r.last_seq FROM {schema}.rooms r WHERE r.room_id = k.room_id LIMIT 1) r
         CROSS JOIN LATERAL ({}) x
         ORDER BY k.nth, x.active_position DESC, x.user_id",
        most_active(schema, "$2")
    )
}

/// The place of $2 in the room $1, if they are in.
pub(super) fn member_of(schema: &str) -> String {
    format!(
        "SELECT m.room_id, m.user_id, m.role, m.joined_at, p.read_seq, p.last_read_at,
         greatest(0, r.last_seq - greatest(p.read_seq, m.join_seq))
         FROM {schema}.participants p
         JOIN {schema}.members m ON m.user_id = p.user_id AND m.room_id = p.room_id AND m.to_position IS NULL
         JOIN {schema}.rooms r ON r.room_id = p.room_id
         WHERE p.room_id = $1 AND p.user_id = $2"
    )
}

/// Of each of the users $1.
pub(super) fn unread_totals(schema: &str) -> String {
    format!(
        "SELECT coalesce(t.unread, 0) FROM unnest($1::text[]) WITH ORDINALITY k (user_id, nth)
         CROSS JOIN LATERAL (SELECT sum(unread)::bigint AS unread FROM ({}) mine) t
         ORDER BY k.nth",
        places(schema, "k.user_id", "")
    )
}

pub(super) fn room(row: &PgRow) -> sqlx::Result<(RoomRow, RoomCursor)> {
    let id = RoomId(row.try_get(0)?);
    let room = RoomRow {
        id,
        kind: named(row, 1, room_kind)?,
        name: row.try_get(2)?,
        avatar: row.try_get(3)?,
        group_id: row.try_get(4)?,
        pair: maybe_user(row, 5)?.zip(maybe_user(row, 6)?),
        last_seq: number(row, 7)?,
        last_message_at: maybe_moment(row, 8)?,
        last_message: row.try_get(9)?,
        participant_count: number(row, 10)?,
        created_at: moment(row, 11)?,
        updated_at: moment(row, 12)?,
        unread: number(row, 15)?,
        opened_by: user(row, 14)?,
        closed: false,
        join_policy: JoinPolicy::Open,
        history_from: HistoryFrom::Start,
        slow_mode_seconds: 0,
        last_deleted: false,
        role: Role::Member,
        join_seq: 0,
        read_seq: 0,
        mentions: 0,
        muted: None,
        pinned: false,
        archived: false,
    };
    Ok((room, RoomCursor { pinned: false, last_position: position(row, 13)?, room_id: id }))
}

pub(super) fn member(row: &PgRow) -> sqlx::Result<MemberRow> {
    Ok(MemberRow {
        room_id: RoomId(row.try_get(0)?),
        user_id: user(row, 1)?,
        role: named(row, 2, role)?,
        joined_at: moment(row, 3)?,
        read_seq: number(row, 4)?,
        last_read_at: maybe_moment(row, 5)?,
        join_seq: 0,
        delivered_seq: 0,
        delivered_at: None,
        muted: None,
        pinned: false,
        unread: number(row, 6)?,
    })
}

/// The rows of [`list`].
pub(super) fn listed(rows: &[PgRow]) -> sqlx::Result<RoomsFound> {
    let mut found = RoomsFound::default();
    for row in rows {
        found.total_unread = natural(row.try_get::<Option<i64>, _>(ROOM_COLUMNS)?.unwrap_or_default());
        if row.try_get::<Option<uuid::Uuid>, _>(0)?.is_some() {
            let (room, cursor) = room(row)?;
            members_beside(row, room.id, &mut found.members)?;
            found.rooms.push((room, cursor));
        }
    }
    Ok(found)
}

/// A column of [`most_active`] as an array; a room that everybody left has none.
fn column<'r, T>(row: &'r PgRow, nth: usize) -> sqlx::Result<Vec<T>>
where
    Vec<T>: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    Ok(row.try_get::<Option<Vec<T>>, _>(ROOM_COLUMNS + 1 + nth)?.unwrap_or_default())
}

/// In the order of [`members`]: nothing promises the one in which an array was gathered behind a join.
fn members_beside(row: &PgRow, room_id: RoomId, members: &mut Vec<MemberRow>) -> sqlx::Result<()> {
    let (users, roles) = (column::<String>(row, 0)?, column::<String>(row, 1)?);
    let (joined, read, last_read) = (column::<i64>(row, 2)?, column::<i64>(row, 3)?, column::<Option<i64>>(row, 4)?);
    let (unread, active) = (column::<i64>(row, 5)?, column::<i64>(row, 6)?);
    let names = users.iter().zip(&roles);
    let reading = read.into_iter().zip(last_read).zip(unread);
    let mut beside = Vec::with_capacity(users.len());
    for (((user, named_role), joined_at), (((read_seq, last_read_at), unread), active)) in
        names.zip(joined).zip(reading.zip(active))
    {
        let member = MemberRow {
            room_id,
            user_id: names::user(user).map_err(nonsense(ROOM_COLUMNS + 1))?,
            role: role(named_role).map_err(nonsense(ROOM_COLUMNS + 2))?,
            joined_at: Timestamp::from_millis(joined_at),
            read_seq: natural(read_seq),
            last_read_at: last_read_at.map(Timestamp::from_millis),
            join_seq: 0,
            delivered_seq: 0,
            delivered_at: None,
            muted: None,
            pinned: false,
            unread: natural(unread),
        };
        beside.push((active, member));
    }
    beside.sort_unstable_by(|(a_active, a), (b_active, b)| {
        b_active.cmp(a_active).then_with(|| a.user_id.cmp(&b.user_id))
    });
    members.extend(beside.into_iter().map(|(_, member)| member));
    Ok(())
}
