//! Rooms, who is in them and what of them is unread, in this engine's SQL.
//!
//! Every statement looks up row by row, each row by its key: `LATERAL (.. LIMIT 1)` is a wall that the planner does not
//! look over. Without it a server that has no statistics yet reads a whole index for each room, and one that has them
//! sorts all members of a large room for the twenty that are shown. So a list costs what is on the page, and the pointers
//! of the asking user's rooms.

use aggregates::Timestamp;
use aggregates::ids::RoomId;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::columns::{maybe_moment, maybe_mute, maybe_user, moment, named, nonsense, number, position, user};
use crate::inbox::{MemberRow, Mute, RoomCursor, RoomRow, RoomsFound, SupportRow, delivered};
use crate::store::names::{self, history_from, join_policy, natural, role, room_kind, short};

const ROOM: &str = "r.room_id, r.kind, r.name, r.avatar, r.opened_by, r.group_id, r.first_id, r.second_id, r.closed,
    r.join_policy, r.history_from, r.slow_mode_seconds, r.last_seq, r.last_message_at, r.last_message, r.last_deleted,
    r.participant_count, r.created_at, r.updated_at, r.last_position";
/// What [`places`] says of whoever asks, behind [`ROOM`].
const PLACE: &str = "role, join_seq, read_seq, unread, mentions, muted, muted_until, pinned, archived";
/// Columns of [`ROOM`] and [`PLACE`].
const ROOM_COLUMNS: usize = 29;

/// Messages of the room `r` behind `from` without the deleted ones, which are counted only where there is any.
fn unread(schema: &str, from: &str) -> String {
    format!(
        "greatest(0, r.last_seq - {from} - CASE WHEN r.last_tombstone_seq > {from} THEN
             (SELECT count(*) FROM {schema}.tombstones t WHERE t.room_id = r.room_id AND t.seq > {from}) ELSE 0 END)"
    )
}

/// The rooms of `user` with their place there. Counting begins behind what they read, said, or missed before they came;
/// a mark of unread goes back further than what they said, and so their own words count.
fn places(schema: &str, user: &str) -> String {
    format!(
        "SELECT m.room_id, r.kind, r.last_position, r.name_folded, r.first_id, r.second_id, r.last_seq,
         r.last_tombstone_seq, m.role, m.join_seq, coalesce(p.read_seq, 0) AS read_seq,
         greatest(p.read_seq, m.join_seq) AS counted_from, coalesce(p.muted, false) AS muted, p.muted_until,
         coalesce(p.pinned, false) AS pinned, coalesce(r.last_seq <= p.archived_seq, false) AS archived
         FROM {schema}.members m
         CROSS JOIN LATERAL (SELECT * FROM {schema}.rooms r WHERE r.room_id = m.room_id LIMIT 1) r
         LEFT JOIN LATERAL (SELECT * FROM {schema}.participants p
             WHERE p.room_id = m.room_id AND p.user_id = {user} LIMIT 1) p ON true
         WHERE m.user_id = {user} AND m.to_position IS NULL"
    )
}

/// [`PLACE`] of the row `r` of [`places`], whose user is `user`. Mentions are looked up by whom they call: by their room,
/// those of everybody else would be read.
fn place(schema: &str, user: &str) -> String {
    format!(
        "r.role, r.join_seq, r.read_seq, {unread} AS unread,
         CASE WHEN r.last_seq > r.counted_from THEN (SELECT count(DISTINCT x.seq) FROM unnest(ARRAY[{user}, '']) called (id)
             CROSS JOIN LATERAL (SELECT seq FROM {schema}.mentions x WHERE x.user_id = called.id
                 AND x.room_id = r.room_id AND x.seq > r.counted_from AND x.sender_id <> {user} OFFSET 0) x)
             ELSE 0 END AS mentions,
         r.muted, r.muted_until, r.pinned, r.archived",
        unread = unread(schema, "r.counted_from")
    )
}

/// Who is in the room `r` now, up to `limit`. Those who are away come last in the index, and are not looked at.
fn most_active(schema: &str, limit: &str) -> String {
    format!(
        "SELECT a.user_id, m.role, m.joined_at, m.join_seq, a.read_seq, a.last_read_at, a.delivered_seq, a.delivered_at,
         a.muted, a.muted_until, a.pinned, {unread} AS unread, a.seen_seq,
         a.active_position
         FROM (SELECT p.* FROM {schema}.participants p
             WHERE p.room_id = r.room_id AND p.active_position >= 0
             ORDER BY p.active_position DESC, p.user_id LIMIT {limit}) a
         CROSS JOIN LATERAL (SELECT m.role, m.joined_at, m.join_seq FROM {schema}.members m
             WHERE m.room_id = r.room_id AND m.user_id = a.user_id AND m.to_position IS NULL LIMIT 1) m",
        unread = unread(schema, "greatest(a.read_seq, m.join_seq)")
    )
}

/// The list of $1's rooms behind ($2, $3, $4), searched for $5, $6 of them with $7 members each; of the kind $8, and
/// archived or not as $9 says. Members are arrays beside their room: rows of their own would repeat the room. There is a
/// row also when no room is found: for the total.
pub(super) fn list(schema: &str) -> String {
    format!(
        "WITH mine AS MATERIALIZED ({mine}),
         page AS MATERIALIZED (SELECT * FROM mine r
             WHERE ($5::text IS NULL OR strpos(r.name_folded, $5) > 0 OR EXISTS (SELECT 1 FROM {schema}.users u
                 WHERE u.user_id = CASE r.first_id WHEN $1 THEN r.second_id ELSE r.first_id END
                 AND strpos(u.folded, $5) > 0))
             AND ($2::boolean IS NULL OR (pinned, last_position, room_id) < ($2, $3::bigint, $4::uuid))
             AND ($8::text IS NULL OR kind = $8) AND ($9::boolean IS NULL OR archived = $9)
             ORDER BY pinned DESC, last_position DESC, room_id DESC LIMIT $6),
         placed AS MATERIALIZED (SELECT r.room_id, {place} FROM page r)
         SELECT {ROOM}, {placed}, t.total, x.*
         FROM (SELECT sum({unread})::bigint AS total FROM mine r WHERE NOT r.archived) t
         LEFT JOIN placed ON true
         LEFT JOIN LATERAL (SELECT * FROM {schema}.rooms r WHERE r.room_id = placed.room_id LIMIT 1) r ON true
         LEFT JOIN LATERAL (SELECT array_agg(user_id), array_agg(role), array_agg(joined_at), array_agg(join_seq),
             array_agg(read_seq), array_agg(last_read_at), array_agg(delivered_seq), array_agg(delivered_at),
             array_agg(muted), array_agg(muted_until), array_agg(pinned), array_agg(unread), array_agg(seen_seq),
             array_agg(active_position)
             FROM ({members}) y) x ON true
         ORDER BY placed.pinned DESC, r.last_position DESC, r.room_id DESC",
        placed = placed("placed"),
        mine = places(schema, "$1"),
        place = place(schema, "$1"),
        unread = unread(schema, "r.counted_from"),
        members = most_active(schema, "$7"),
    )
}

/// [`PLACE`] as columns of `row`.
fn placed(row: &str) -> String {
    PLACE.split(", ").map(|column| format!("{row}.{column}")).collect::<Vec<_>>().join(", ")
}

/// The one room $2, if $1 is in it.
pub(super) fn room_of(schema: &str) -> String {
    format!(
        "SELECT {ROOM}, {placed} FROM (SELECT r.room_id, {place} FROM ({mine} AND m.room_id = $2 LIMIT 1) r) w
         CROSS JOIN LATERAL (SELECT * FROM {schema}.rooms r WHERE r.room_id = w.room_id LIMIT 1) r",
        placed = placed("w"),
        place = place(schema, "$1"),
        mine = places(schema, "$1"),
    )
}

/// Of each of the rooms $1, up to $2 who are in now.
pub(super) fn members(schema: &str) -> String {
    format!(
        "SELECT r.room_id, x.* FROM unnest($1::uuid[]) WITH ORDINALITY k (room_id, nth)
         CROSS JOIN LATERAL (SELECT * FROM {schema}.rooms r WHERE r.room_id = k.room_id LIMIT 1) r
         CROSS JOIN LATERAL ({}) x
         ORDER BY k.nth, x.active_position DESC, x.user_id",
        most_active(schema, "$2")
    )
}

/// A member's columns, of their stay `m`, their place `p` and the room `r`.
fn member_columns(schema: &str) -> String {
    format!(
        "m.room_id, m.user_id, m.role, m.joined_at, m.join_seq, p.read_seq, p.last_read_at, p.delivered_seq,
         p.delivered_at, p.muted, p.muted_until, p.pinned, {}, p.seen_seq",
        unread(schema, "greatest(p.read_seq, m.join_seq)")
    )
}

/// The place of $2 in the room $1, if they are in.
pub(super) fn member_of(schema: &str) -> String {
    format!(
        "SELECT {columns}
         FROM {schema}.participants p
         JOIN {schema}.members m ON m.user_id = p.user_id AND m.room_id = p.room_id AND m.to_position IS NULL
         JOIN {schema}.rooms r ON r.room_id = p.room_id
         WHERE p.room_id = $1 AND p.user_id = $2",
        columns = member_columns(schema)
    )
}

/// Up to $4 who are in the room $1 now, behind the id $3; nobody unless $2 is one of them. There is a row also when there
/// is nobody behind $3.
pub(super) fn members_by_id(schema: &str) -> String {
    format!(
        "SELECT {columns}
         FROM (SELECT FROM {schema}.members WHERE user_id = $2 AND room_id = $1 AND to_position IS NULL LIMIT 1) asking
         LEFT JOIN LATERAL (SELECT * FROM {schema}.members m WHERE m.room_id = $1 AND m.user_id > $3
             AND m.to_position IS NULL ORDER BY m.user_id LIMIT $4) m ON true
         LEFT JOIN LATERAL (SELECT * FROM {schema}.participants p
             WHERE p.room_id = m.room_id AND p.user_id = m.user_id LIMIT 1) p ON true
         LEFT JOIN LATERAL (SELECT * FROM {schema}.rooms r WHERE r.room_id = m.room_id LIMIT 1) r ON true
         ORDER BY m.user_id",
        columns = member_columns(schema)
    )
}

/// Of each of the users $1.
pub(super) fn unread_totals(schema: &str) -> String {
    format!(
        "SELECT coalesce(t.unread, 0) FROM unnest($1::text[]) WITH ORDINALITY k (user_id, nth)
         CROSS JOIN LATERAL (SELECT sum({unread})::bigint AS unread FROM ({mine}) r WHERE NOT r.archived) t
         ORDER BY k.nth",
        unread = unread(schema, "r.counted_from"),
        mine = places(schema, "k.user_id")
    )
}

/// What $1 muted, also where they are not now.
pub(super) fn mutes(schema: &str) -> String {
    format!(
        "SELECT checkpoint, x.* FROM {schema}.unit LEFT JOIN LATERAL (
             SELECT DISTINCT m.room_id, p.muted_until FROM {schema}.members m
             CROSS JOIN LATERAL (SELECT * FROM {schema}.participants p
                 WHERE p.room_id = m.room_id AND p.user_id = $1 LIMIT 1) p
             WHERE m.user_id = $1 AND p.muted) x ON true
         ORDER BY x.room_id"
    )
}

/// Up to $2 that were opened before $1.
pub(super) fn open_support_rooms(schema: &str) -> String {
    format!(
        "SELECT room_id, name, opened_by, participant_count, last_seq, last_message_at, created_at, position
         FROM {schema}.rooms WHERE kind = 'SUPPORT' AND NOT closed AND position < $1 ORDER BY position DESC LIMIT $2"
    )
}

pub(super) fn room(row: &PgRow) -> sqlx::Result<(RoomRow, RoomCursor)> {
    let id = RoomId(row.try_get(0)?);
    let room = RoomRow {
        id,
        kind: named(row, 1, room_kind)?,
        name: row.try_get(2)?,
        avatar: row.try_get(3)?,
        opened_by: user(row, 4)?,
        group_id: row.try_get(5)?,
        pair: maybe_user(row, 6)?.zip(maybe_user(row, 7)?),
        closed: row.try_get(8)?,
        join_policy: named(row, 9, join_policy)?,
        history_from: named(row, 10, history_from)?,
        slow_mode_seconds: short(number(row, 11)?),
        last_seq: number(row, 12)?,
        last_message_at: maybe_moment(row, 13)?,
        last_message: row.try_get(14)?,
        last_deleted: row.try_get(15)?,
        participant_count: number(row, 16)?,
        created_at: moment(row, 17)?,
        updated_at: moment(row, 18)?,
        role: named(row, 20, role)?,
        join_seq: number(row, 21)?,
        read_seq: number(row, 22)?,
        unread: number(row, 23)?,
        mentions: number(row, 24)?,
        muted: maybe_mute(row, 25)?,
        pinned: row.try_get(27)?,
        archived: row.try_get(28)?,
    };
    let cursor = RoomCursor { pinned: room.pinned, last_position: position(row, 19)?, room_id: id };
    Ok((room.readable_part(), cursor))
}

pub(super) fn member(row: &PgRow) -> sqlx::Result<MemberRow> {
    let seen = (number(row, 13)?, maybe_moment(row, 6)?);
    let (delivered_seq, delivered_at) = delivered((number(row, 7)?, maybe_moment(row, 8)?), seen);
    Ok(MemberRow {
        room_id: RoomId(row.try_get(0)?),
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
        pinned: row.try_get(11)?,
        unread: number(row, 12)?,
    })
}

pub(super) fn support(row: &PgRow) -> sqlx::Result<SupportRow> {
    Ok(SupportRow {
        room_id: RoomId(row.try_get(0)?),
        name: row.try_get(1)?,
        opened_by: user(row, 2)?,
        participant_count: number(row, 3)?,
        last_seq: number(row, 4)?,
        last_message_at: maybe_moment(row, 5)?,
        created_at: moment(row, 6)?,
        position: position(row, 7)?,
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
    let (users, roles, active) = (column::<String>(row, 0)?, column::<String>(row, 1)?, column::<i64>(row, 13)?);
    let (joined, join_seqs) = (column::<i64>(row, 2)?, column::<i64>(row, 3)?);
    let (read, read_at) = (column::<i64>(row, 4)?, column::<Option<i64>>(row, 5)?);
    let (arrived, arrived_at) = (column::<i64>(row, 6)?, column::<Option<i64>>(row, 7)?);
    let (muted, until) = (column::<bool>(row, 8)?, column::<Option<i64>>(row, 9)?);
    let (pinned, unread, seen) = (column::<bool>(row, 10)?, column::<i64>(row, 11)?, column::<i64>(row, 12)?);
    let at = |moments: &[Option<i64>], nth: usize| moments[nth].map(Timestamp::from_millis);
    let mut beside = Vec::with_capacity(users.len());
    for (nth, user) in users.iter().enumerate() {
        let seen = (natural(seen[nth]), at(&read_at, nth));
        let (delivered_seq, delivered_at) = delivered((natural(arrived[nth]), at(&arrived_at, nth)), seen);
        let member = MemberRow {
            room_id,
            user_id: names::user(user).map_err(nonsense(ROOM_COLUMNS + 1))?,
            role: role(&roles[nth]).map_err(nonsense(ROOM_COLUMNS + 2))?,
            joined_at: Timestamp::from_millis(joined[nth]),
            join_seq: natural(join_seqs[nth]),
            read_seq: natural(read[nth]),
            seen_seq: seen.0,
            last_read_at: seen.1,
            delivered_seq,
            delivered_at,
            muted: muted[nth].then_some(Mute { until: at(&until, nth) }),
            pinned: pinned[nth],
            unread: natural(unread[nth]),
        };
        beside.push((active[nth], member));
    }
    beside.sort_unstable_by(|(a_active, a), (b_active, b)| {
        b_active.cmp(a_active).then_with(|| a.user_id.cmp(&b.user_id))
    });
    members.extend(beside.into_iter().map(|(_, member)| member));
    Ok(())
}
