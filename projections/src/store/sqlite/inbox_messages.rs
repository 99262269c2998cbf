//! Messages as members of their rooms may read them, with what became of them, in this engine's SQL.
//!
//! Who may read what is asked in one place, [`place`], and every look at messages begins there.

use aggregates::ids::{MessageId, RoomId, UserId};
use aggregates::room::Forwarded;
use event_log::Position;
use rusqlite::{Connection, OptionalExtension, Params, Result, Row, params};

use super::columns::{attached_file, maybe_user, moment, named, number, position, user};
use crate::inbox::batch::EVERYBODY;
use crate::inbox::{
    Deletion, EMOJIS_SHOWN_MAX, MessagePage, MessageRow, MessagesFound, PEOPLE_SHOWN_MAX, Pinning, ReactionRow, ReadBy,
    VersionRow,
};
use crate::store::names::{at_most, message_kind, signed};

/// Somebody's place in a room, as far as reading goes.
struct Place {
    /// Up to this seq nothing is readable.
    floor: u64,
    /// Up to this seq nothing counts as unread.
    from: u64,
    last_seq: u64,
}

/// `None` for whoever is not in the room now: they read nothing.
fn place(connection: &Connection, room: RoomId, asking: &UserId) -> Result<Option<Place>> {
    const SQL: &str = "SELECT CASE r.history_from WHEN 'start' THEN 0 ELSE m.join_seq END,
        max(coalesce(p.read_seq, 0), m.join_seq), r.last_seq
        FROM members m CROSS JOIN rooms r ON r.room_id = m.room_id
        LEFT JOIN participants p ON p.room_id = m.room_id AND p.user_id = m.user_id
        WHERE m.user_id = ? AND m.room_id = ? AND m.to_position IS NULL";
    connection
        .prepare_cached(SQL)?
        .query_row(params![asking.as_str(), room.0], |row| {
            Ok(Place { floor: number(row, 0)?, from: number(row, 1)?, last_seq: number(row, 2)? })
        })
        .optional()
}

const MESSAGES: &str = "SELECT position, message_id, room_id, seq, sender_id, kind, content, attachment_url,
    attachment_type, reply_to, forwarded_room_id, forwarded_message_id, forwarded_author_id, client_message_id,
    created_at, attached_file FROM messages";

fn message(row: &Row<'_>) -> Result<MessageRow> {
    let id = |column| row.get::<_, Option<uuid::Uuid>>(column);
    let forwarded = match (id(10)?, id(11)?, maybe_user(row, 12)?) {
        (Some(room), Some(message), Some(author_id)) => {
            Some(Forwarded { room_id: RoomId(room), message_id: MessageId(message), author_id })
        }
        _ => None,
    };
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
        attached_file: attached_file(row, 15)?,
        reply_to: id(9)?.map(MessageId),
        forwarded,
        client_message_id: row.get(13)?,
        created_at: moment(row, 14)?,
        edited_at: None,
        deleted: None,
        mentions: Vec::new(),
        mentions_all: false,
        reactions: Vec::new(),
        pinned: None,
    })
}

/// What became of it: a look at each table by the message's place, most of them at nothing.
fn completed(connection: &Connection, mut row: MessageRow) -> Result<MessageRow> {
    const TOMBSTONE: &str = "SELECT deleted_by, deleted_at FROM tombstones WHERE room_id = ? AND seq = ?";
    const EDIT: &str = "SELECT content, edited_at FROM message_edits WHERE room_id = ? AND seq = ?
        ORDER BY position DESC LIMIT 1";
    const PIN: &str = "SELECT pinned_by, pinned_at, position FROM pins WHERE room_id = ? AND seq = ?";
    let place = (row.room_id.0, signed(row.seq));
    row.deleted = connection
        .prepare_cached(TOMBSTONE)?
        .query_row(place, |row| Ok(Deletion { by: user(row, 0)?, at: moment(row, 1)? }))
        .optional()?;
    if row.deleted.is_some() {
        return Ok(row.without_words());
    }
    let edit =
        connection.prepare_cached(EDIT)?.query_row(place, |row| Ok((row.get(0)?, moment(row, 1)?))).optional()?;
    if let Some((content, at)) = edit {
        (row.content, row.edited_at) = (content, Some(at));
    }
    row.pinned = connection
        .prepare_cached(PIN)?
        .query_row(place, |row| Ok(Pinning { by: user(row, 0)?, at: moment(row, 1)?, position: position(row, 2)? }))
        .optional()?;
    (row.mentions, row.mentions_all) = mentioned(connection, place)?;
    row.reactions = reactions(connection, place)?;
    Ok(row)
}

fn mentioned(connection: &Connection, place: (uuid::Uuid, i64)) -> Result<(Vec<UserId>, bool)> {
    const SQL: &str = "SELECT nullif(user_id, '') FROM mentions WHERE room_id = ? AND seq = ? ORDER BY user_id";
    let mut statement = connection.prepare_cached(SQL)?;
    let named: Vec<Option<UserId>> = statement.query_map(place, |row| maybe_user(row, 0))?.collect::<Result<_>>()?;
    let all = named.iter().any(Option::is_none);
    Ok((named.into_iter().flatten().collect(), all))
}

fn reactions(connection: &Connection, (room, seq): (uuid::Uuid, i64)) -> Result<Vec<ReactionRow>> {
    const COUNTS: &str = "SELECT emoji, count FROM reaction_counts WHERE room_id = ? AND seq = ?
        ORDER BY position, emoji LIMIT ?";
    const USERS: &str = "SELECT user_id FROM reactions WHERE room_id = ? AND seq = ? AND emoji = ?
        ORDER BY position LIMIT ?";
    let mut counts = connection.prepare_cached(COUNTS)?;
    let mut users = connection.prepare_cached(USERS)?;
    let counted: Vec<(String, u64)> = counts
        .query_map(params![room, seq, at_most(EMOJIS_SHOWN_MAX)], |row| Ok((row.get(0)?, number(row, 1)?)))?
        .collect::<Result<_>>()?;
    let mut reactions = Vec::with_capacity(counted.len());
    for (emoji, count) in counted {
        let shown = users.query_map(params![room, seq, emoji, at_most(PEOPLE_SHOWN_MAX)], |row| user(row, 0))?;
        reactions.push(ReactionRow { users: shown.collect::<Result<_>>()?, emoji, count });
    }
    Ok(reactions)
}

fn all(connection: &Connection, sql: &str, params: impl Params) -> Result<Vec<MessageRow>> {
    let rows: Vec<MessageRow> = connection.prepare_cached(sql)?.query_map(params, message)?.collect::<Result<_>>()?;
    rows.into_iter().map(|row| completed(connection, row)).collect()
}

/// If `asking` may read it.
fn readable(connection: &Connection, id: MessageId, asking: &UserId) -> Result<Option<MessageRow>> {
    let sql = format!("{MESSAGES} WHERE message_id = ?");
    let found = connection.prepare_cached(&sql)?.query_row([id.0], message).optional()?;
    let Some(found) = found else { return Ok(None) };
    let place = place(connection, found.room_id, asking)?;
    Ok(place.filter(|place| found.seq > place.floor).map(|_| found))
}

pub(super) fn by_id(connection: &Connection, id: MessageId, asking: &UserId) -> Result<Option<MessageRow>> {
    readable(connection, id, asking)?.map(|row| completed(connection, row)).transpose()
}

/// Whoever is in its room: who may ask was asked before.
pub(super) fn for_admins(connection: &Connection, id: MessageId) -> Result<Option<MessageRow>> {
    let sql = format!("{MESSAGES} WHERE message_id = ?");
    let found = connection.prepare_cached(&sql)?.query_row([id.0], message).optional()?;
    found.map(|row| completed(connection, row)).transpose()
}

pub(super) fn by_seq(connection: &Connection, room: RoomId, seq: u64, asking: &UserId) -> Result<Option<MessageRow>> {
    let Some(place) = place(connection, room, asking)? else { return Ok(None) };
    if seq <= place.floor {
        return Ok(None);
    }
    let sql = format!("{MESSAGES} WHERE room_id = ? AND seq = ?");
    Ok(all(connection, &sql, params![room.0, signed(seq)])?.pop())
}

/// Up to `limit` of a room behind `floor`, before a position or behind it; oldest first.
fn stretch(connection: &Connection, room: RoomId, floor: u64, edge: Edge, limit: usize) -> Result<Vec<MessageRow>> {
    let (edge, comparison, order) = match edge {
        Edge::Before(edge) => (edge, "<", "DESC"),
        Edge::Behind(edge) => (edge, ">", "ASC"),
    };
    let sql = format!(
        "{MESSAGES} WHERE room_id = ? AND position {comparison} ? AND seq > ? ORDER BY position {order} LIMIT ?"
    );
    let mut found = all(connection, &sql, params![room.0, edge, signed(floor), at_most(limit)])?;
    if order == "DESC" {
        found.reverse();
    }
    Ok(found)
}

#[derive(Clone, Copy)]
enum Edge {
    Before(i64),
    Behind(i64),
}

pub(super) fn page(
    connection: &Connection,
    room: RoomId,
    asking: &UserId,
    page: MessagePage,
    limit: usize,
) -> Result<Option<MessagesFound>> {
    let Some(place) = place(connection, room, asking)? else { return Ok(None) };
    let stretch = |edge, limit| stretch(connection, room, place.floor, edge, limit);
    let found = match page {
        MessagePage::Newest => stretch(Edge::Before(i64::MAX), limit)?,
        MessagePage::Before(position) => stretch(Edge::Before(signed(position.0)), limit)?,
        MessagePage::After(position) => stretch(Edge::Behind(signed(position.0)), limit)?,
        MessagePage::Unread if place.last_seq > place.from => {
            let first = position_of(connection, room, place.from + 1)?;
            stretch(first.map_or(Edge::Before(i64::MAX), |first| Edge::Behind(first - 1)), limit)?
        }
        MessagePage::Unread => stretch(Edge::Before(i64::MAX), limit)?,
        MessagePage::Around(id) => {
            let Some(middle) = readable(connection, id, asking)?.filter(|row| row.room_id == room) else {
                return Ok(None);
            };
            let middle = signed(middle.position.0);
            let mut found = stretch(Edge::Before(middle), limit / 2)?;
            found.extend(stretch(Edge::Behind(middle - 1), limit - limit / 2)?);
            found
        }
    };
    Ok(Some(MessagesFound::between(found, place.floor, place.last_seq)))
}

fn position_of(connection: &Connection, room: RoomId, seq: u64) -> Result<Option<i64>> {
    const SQL: &str = "SELECT position FROM messages WHERE room_id = ? AND seq = ?";
    connection.prepare_cached(SQL)?.query_row(params![room.0, signed(seq)], |row| row.get(0)).optional()
}

pub(super) fn replies(
    connection: &Connection,
    id: MessageId,
    asking: &UserId,
    after: Option<Position>,
    limit: usize,
) -> Result<Option<MessagesFound>> {
    let Some(answered) = readable(connection, id, asking)? else { return Ok(None) };
    // What answers a message came behind it: whoever may read the one may read the others.
    let sql = format!("{MESSAGES} WHERE reply_to = ? AND position > ? AND room_id = ? ORDER BY position LIMIT ?");
    let behind = after.map_or(0, |position| signed(position.0));
    let found = all(connection, &sql, params![id.0, behind, answered.room_id.0, at_most(limit + 1)])?;
    Ok(Some(MessagesFound::cut(found, after.is_some(), limit)))
}

pub(super) fn pins(
    connection: &Connection,
    room: RoomId,
    asking: &UserId,
    limit: usize,
) -> Result<Option<Vec<MessageRow>>> {
    let Some(place) = place(connection, room, asking)? else { return Ok(None) };
    let sql = format!(
        "{MESSAGES} WHERE position IN (SELECT m.position FROM pins p
             CROSS JOIN messages m ON m.room_id = p.room_id AND m.seq = p.seq
             WHERE p.room_id = ?1 AND p.seq > ?2 ORDER BY p.position DESC LIMIT ?3)"
    );
    let mut found = all(connection, &sql, params![room.0, signed(place.floor), at_most(limit)])?;
    found.sort_by_key(|row| std::cmp::Reverse(row.pinned.as_ref().map(|pinned| pinned.position)));
    Ok(Some(found))
}

pub(super) fn versions(
    connection: &Connection,
    id: MessageId,
    asking: &UserId,
    limit: usize,
) -> Result<Option<Vec<VersionRow>>> {
    const SQL: &str = "SELECT content, edited_at FROM message_edits WHERE room_id = ? AND seq = ?
        ORDER BY position DESC LIMIT ?";
    const DELETED: &str = "SELECT EXISTS (SELECT 1 FROM tombstones WHERE room_id = ? AND seq = ?)";
    let Some(sent) = readable(connection, id, asking)? else { return Ok(None) };
    let place = (sent.room_id.0, signed(sent.seq));
    if connection.prepare_cached(DELETED)?.query_row(place, |row| row.get(0))? {
        return Ok(Some(Vec::new()));
    }
    let mut statement = connection.prepare_cached(SQL)?;
    let version = |row: &Row<'_>| Ok(VersionRow { content: row.get(0)?, at: moment(row, 1)? });
    let mut versions: Vec<VersionRow> =
        statement.query_map(params![place.0, place.1, at_most(limit)], version)?.collect::<Result<_>>()?;
    if versions.len() < limit {
        versions.push(VersionRow { content: sent.content, at: sent.created_at });
    }
    versions.reverse();
    Ok(Some(versions))
}

/// Looks into the rooms of whoever asks, not at every place that a file was carried to.
pub(super) fn carries_upload(connection: &Connection, address: &str, asking: &UserId) -> Result<bool> {
    const SQL: &str = "SELECT EXISTS (SELECT 1 FROM members stay
        CROSS JOIN rooms r ON r.room_id = stay.room_id
        CROSS JOIN messages m ON m.attachment_url = ?2 AND m.attachment_url GLOB '/api/uploads/*'
            AND m.room_id = stay.room_id
        WHERE stay.user_id = ?1 AND stay.to_position IS NULL
        AND m.seq > CASE r.history_from WHEN 'start' THEN 0 ELSE stay.join_seq END
        AND NOT EXISTS (SELECT 1 FROM tombstones d WHERE d.room_id = m.room_id AND d.seq = m.seq))";
    connection.prepare_cached(SQL)?.query_row(params![asking.as_str(), address], |row| row.get(0))
}

/// Whoever has read it was active since it was said: the others are not looked at. Nor is it said of whoever came too late to
/// read it.
pub(super) fn read_by(connection: &Connection, id: MessageId, asking: &UserId) -> Result<Option<ReadBy>> {
    const READERS: &str = "FROM participants p WHERE room_id = ?1 AND active_position >= ?2 AND seen_seq >= ?3
        AND user_id <> ?4 AND ((SELECT history_from FROM rooms WHERE room_id = ?1) = 'start'
            OR EXISTS (SELECT 1 FROM members m WHERE m.user_id = p.user_id AND m.room_id = ?1
                AND m.to_position IS NULL AND m.join_seq < ?3))";
    let Some(row) = readable(connection, id, asking)? else { return Ok(None) };
    let values = params![row.room_id.0, signed(row.position.0), signed(row.seq), row.sender_id.as_str()];
    let sql = format!("SELECT count(*) {READERS}");
    let count = connection.prepare_cached(&sql)?.query_row(values, |row| number(row, 0))?;
    let sql =
        format!("SELECT user_id {READERS} ORDER BY active_position DESC, user_id LIMIT {}", at_most(PEOPLE_SHOWN_MAX));
    let users = connection.prepare_cached(&sql)?.query_map(values, |row| user(row, 0))?.collect::<Result<_>>()?;
    Ok(Some(ReadBy { count, users }))
}

const _: () = assert!(EVERYBODY.is_empty(), "as `nullif` in `mentioned` says it");
