//! Messages as members of their rooms may read them, with what became of them, in this engine's SQL.
//!
//! Who may read what is asked in one place, [`place`], and every look at messages begins there. As in `inbox_rooms`, each
//! row is looked up by its key behind `LATERAL (.. LIMIT ..)`: a page costs what is on it.

use aggregates::ids::{MessageId, RoomId, UserId};
use aggregates::room::Forwarded;
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::columns::{attached_file, maybe_moment, maybe_user, moment, named, nonsense, number, position, user};
use crate::inbox::{Deletion, EMOJIS_SHOWN_MAX, MessageRow, PEOPLE_SHOWN_MAX, Pinning, ReactionRow};
use crate::store::names::{self, message_kind, natural};

/// The place of `user` in `room`, as far as reading goes; no row for whoever is not in the room now: they read nothing.
fn place(schema: &str, user: &str, room: &str) -> String {
    format!(
        "SELECT stay.room_id, CASE r.history_from WHEN 'start' THEN 0 ELSE stay.join_seq END AS floor,
         greatest(p.read_seq, stay.join_seq) AS counted_from, r.last_seq
         FROM {schema}.members stay
         CROSS JOIN LATERAL (SELECT * FROM {schema}.rooms r WHERE r.room_id = stay.room_id LIMIT 1) r
         LEFT JOIN LATERAL (SELECT p.read_seq FROM {schema}.participants p
             WHERE p.room_id = stay.room_id AND p.user_id = {user} LIMIT 1) p ON true
         WHERE stay.user_id = {user} AND stay.room_id = {room} AND stay.to_position IS NULL LIMIT 1"
    )
}

/// Columns of a message `m` with what became of it, from `d`, `e`, `p`, `n` and `r` of [`BECAME`].
const SHOWN: &str = "m.position, m.message_id, m.room_id, m.seq, m.sender_id, m.kind, m.content, m.attachment_url,
    m.attachment_type, m.reply_to, m.forwarded_room_id, m.forwarded_message_id, m.forwarded_author_id,
    m.client_message_id, m.created_at, d.deleted_by, d.deleted_at, e.content, e.edited_at, p.pinned_by, p.pinned_at,
    p.position, n.named, r.reactions, m.attached_file";
/// How many [`SHOWN`] are.
pub(super) const SHOWN_COLUMNS: usize = 25;

/// A look at each table by the place of `m`, most of them at nothing. What was deleted has nothing else.
fn became(schema: &str) -> String {
    format!(
        "LEFT JOIN LATERAL (SELECT * FROM {schema}.tombstones d
             WHERE d.room_id = m.room_id AND d.seq = m.seq LIMIT 1) d ON true
         LEFT JOIN LATERAL (SELECT * FROM {schema}.message_edits e WHERE e.room_id = m.room_id AND e.seq = m.seq
             AND d.seq IS NULL ORDER BY e.position DESC LIMIT 1) e ON true
         LEFT JOIN LATERAL (SELECT * FROM {schema}.pins p WHERE p.room_id = m.room_id AND p.seq = m.seq
             AND d.seq IS NULL LIMIT 1) p ON true
         LEFT JOIN LATERAL (SELECT array_agg(n.user_id) AS named FROM {schema}.mentions n
             WHERE n.room_id = m.room_id AND n.seq = m.seq AND d.seq IS NULL) n ON true
         LEFT JOIN LATERAL (SELECT json_agg(json_build_array(c.emoji, c.count, u.users)
                 ORDER BY c.position, c.emoji)::text AS reactions
             FROM (SELECT * FROM {schema}.reaction_counts c WHERE c.room_id = m.room_id AND c.seq = m.seq
                 AND d.seq IS NULL ORDER BY c.position, c.emoji LIMIT {EMOJIS_SHOWN_MAX}) c
             CROSS JOIN LATERAL (SELECT json_agg(f.user_id ORDER BY f.position) AS users
                 FROM (SELECT o.user_id, o.position FROM {schema}.reactions o WHERE o.room_id = m.room_id
                     AND o.seq = m.seq AND o.emoji = c.emoji ORDER BY o.position LIMIT {PEOPLE_SHOWN_MAX}) f) u
             ) r ON true"
    )
}

pub(super) fn message(row: &PgRow) -> sqlx::Result<MessageRow> {
    let id = |column| row.try_get::<Option<Uuid>, _>(column);
    let forwarded = match (id(10)?, id(11)?, maybe_user(row, 12)?) {
        (Some(room), Some(message), Some(author_id)) => {
            Some(Forwarded { room_id: RoomId(room), message_id: MessageId(message), author_id })
        }
        _ => None,
    };
    let deleted = match (maybe_user(row, 15)?, maybe_moment(row, 16)?) {
        (Some(by), Some(at)) => Some(Deletion { by, at }),
        _ => None,
    };
    let edited_at = maybe_moment(row, 18)?;
    let (mentions, mentions_all) = mentioned(row, 22)?;
    let message = MessageRow {
        position: position(row, 0)?,
        id: MessageId(row.try_get(1)?),
        room_id: RoomId(row.try_get(2)?),
        seq: number(row, 3)?,
        sender_id: user(row, 4)?,
        kind: named(row, 5, message_kind)?,
        content: if edited_at.is_some() { row.try_get(17)? } else { row.try_get(6)? },
        attachment_url: row.try_get(7)?,
        attachment_type: row.try_get(8)?,
        attached_file: attached_file(row, 24)?,
        reply_to: id(9)?.map(MessageId),
        forwarded,
        client_message_id: row.try_get(13)?,
        created_at: moment(row, 14)?,
        edited_at,
        deleted,
        mentions,
        mentions_all,
        reactions: reactions(row, 23)?,
        pinned: pinning(row, 19)?,
    };
    Ok(if message.deleted.is_some() { message.without_words() } else { message })
}

fn pinning(row: &PgRow, first: usize) -> sqlx::Result<Option<Pinning>> {
    let Some(by) = maybe_user(row, first)? else { return Ok(None) };
    Ok(Some(Pinning { by, at: moment(row, first + 1)?, position: position(row, first + 2)? }))
}

/// Whom it names, and whether everybody.
fn mentioned(row: &PgRow, column: usize) -> sqlx::Result<(Vec<UserId>, bool)> {
    let mut named = row.try_get::<Option<Vec<String>>, _>(column)?.unwrap_or_default();
    named.sort_unstable();
    let all = named.first().is_some_and(String::is_empty);
    let users = named.iter().filter(|name| !name.is_empty()).map(|name| names::user(name));
    Ok((users.collect::<Result<_, _>>().map_err(nonsense(column))?, all))
}

fn reactions(row: &PgRow, column: usize) -> sqlx::Result<Vec<ReactionRow>> {
    let Some(json) = row.try_get::<Option<&str>, _>(column)? else { return Ok(Vec::new()) };
    let found: Vec<(String, i64, Vec<UserId>)> = serde_json::from_str(json)
        .map_err(|error| sqlx::Error::ColumnDecode { index: column.to_string(), source: Box::new(error) })?;
    Ok(found.into_iter().map(|(emoji, count, users)| ReactionRow { emoji, count: natural(count), users }).collect())
}

/// Which way a page goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Back,
    On,
}

/// Up to $4 messages of the room $2 that $1 may read, before the position $3 or behind it. There is a row also when there
/// are none: for the place of whoever asks.
pub(super) fn stretch(schema: &str, way: Way) -> String {
    let (comparison, order) = match way {
        Way::Back => ("<", "DESC"),
        Way::On => (">", "ASC"),
    };
    format!(
        "SELECT {SHOWN}, w.floor, w.last_seq FROM ({place}) w
         LEFT JOIN LATERAL (SELECT * FROM {schema}.messages m WHERE m.room_id = w.room_id AND m.position {comparison} $3
             AND m.seq > w.floor ORDER BY m.position {order} LIMIT $4) m ON true
         {became} ORDER BY m.position",
        place = place(schema, "$1", "$2"),
        became = became(schema),
    )
}

/// Where the first message is that $1 has not read in the room $2: its position, and whether there is one.
pub(super) fn first_unread(schema: &str) -> String {
    format!(
        "SELECT m.position FROM ({place}) w
         LEFT JOIN LATERAL (SELECT m.position FROM {schema}.messages m WHERE m.room_id = w.room_id
             AND m.seq = w.counted_from + 1 LIMIT 1) m ON true",
        place = place(schema, "$1", "$2"),
    )
}

/// Those of $2 that $1 may read, in the order asked.
pub(super) fn by_ids(schema: &str) -> String {
    format!(
        "SELECT {SHOWN} FROM unnest($2::uuid[]) WITH ORDINALITY k (message_id, nth)
         CROSS JOIN LATERAL (SELECT * FROM {schema}.messages m WHERE m.message_id = k.message_id LIMIT 1) m
         CROSS JOIN LATERAL ({place}) w
         {became} WHERE m.seq > w.floor ORDER BY k.nth",
        place = place(schema, "$1", "m.room_id"),
        became = became(schema),
    )
}

/// The message $1, whoever is in its room: who may ask was asked before.
pub(super) fn for_admins(schema: &str) -> String {
    format!(
        "SELECT {SHOWN} FROM (SELECT * FROM {schema}.messages m WHERE m.message_id = $1 LIMIT 1) m {became}",
        became = became(schema),
    )
}

/// The message $3 of the room $2, if $1 may read it.
pub(super) fn by_seq(schema: &str) -> String {
    format!(
        "SELECT {SHOWN} FROM ({place}) w
         CROSS JOIN LATERAL (SELECT * FROM {schema}.messages m WHERE m.room_id = w.room_id AND m.seq = $3
             AND m.seq > w.floor LIMIT 1) m
         {became}",
        place = place(schema, "$1", "$2"),
        became = became(schema),
    )
}

/// Up to $4 that answer the message $2 behind the position $3, in its room $5, which $1 may read: what answers a message
/// came behind it.
pub(super) fn replies(schema: &str) -> String {
    format!(
        "SELECT {SHOWN} FROM ({place}) w
         CROSS JOIN LATERAL (SELECT * FROM {schema}.messages m WHERE m.reply_to = $2 AND m.position > $3
             AND m.room_id = w.room_id AND m.seq > w.floor ORDER BY m.position LIMIT $4) m
         {became} ORDER BY m.position",
        place = place(schema, "$1", "$5"),
        became = became(schema),
    )
}

/// Up to $3 messages that are pinned in the room $2, as $1 may read them. There is a row also when there are none.
pub(super) fn pins(schema: &str) -> String {
    format!(
        "SELECT {SHOWN} FROM ({place}) w
         LEFT JOIN LATERAL (SELECT o.seq FROM {schema}.pins o WHERE o.room_id = w.room_id AND o.seq > w.floor
             ORDER BY o.position DESC LIMIT $3) o ON true
         LEFT JOIN LATERAL (SELECT * FROM {schema}.messages m WHERE m.room_id = w.room_id AND m.seq = o.seq LIMIT 1) m
             ON true
         {became} ORDER BY p.position DESC",
        place = place(schema, "$1", "$2"),
        became = became(schema),
    )
}

/// The latest $3 versions of the message $2 of the room $1, the latest first. Without how it was sent.
pub(super) fn edits(schema: &str) -> String {
    format!(
        "SELECT content, edited_at FROM {schema}.message_edits WHERE room_id = $1 AND seq = $2
         ORDER BY position DESC LIMIT $3"
    )
}

/// How the message $1 was sent.
pub(super) fn sent(schema: &str) -> String {
    format!("SELECT content, created_at FROM {schema}.messages WHERE message_id = $1")
}

/// Whether a message that $1 may read carries the upload at the address $2. Looks into the rooms of whoever asks, not at
/// every place that a file was carried to.
pub(super) fn carries_upload(schema: &str) -> String {
    format!(
        "SELECT EXISTS (SELECT 1 FROM {schema}.members stay
         CROSS JOIN LATERAL (SELECT r.history_from FROM {schema}.rooms r WHERE r.room_id = stay.room_id LIMIT 1) r
         CROSS JOIN LATERAL (SELECT 1 FROM {schema}.messages m WHERE m.attachment_url = $2
             AND m.attachment_url LIKE '/api/uploads/%' AND m.room_id = stay.room_id
             AND m.seq > CASE r.history_from WHEN 'start' THEN 0 ELSE stay.join_seq END
             AND NOT EXISTS (SELECT 1 FROM {schema}.tombstones d WHERE d.room_id = m.room_id AND d.seq = m.seq)
             LIMIT 1) m
         WHERE stay.user_id = $1 AND stay.to_position IS NULL)"
    )
}

/// How many have read the message $3 at the position $2 of the room $1, which $4 sent, and who of them did last. Whoever
/// has was active since it was said: the others are not looked at. Nor is it said of whoever came too late to read it.
pub(super) fn read_by(schema: &str) -> String {
    let readers = format!(
        "{schema}.participants p WHERE room_id = $1 AND active_position >= $2 AND seen_seq >= $3 AND user_id <> $4
         AND ((SELECT history_from FROM {schema}.rooms WHERE room_id = $1) = 'start'
             OR EXISTS (SELECT FROM {schema}.members m WHERE m.user_id = p.user_id AND m.room_id = $1
                 AND m.to_position IS NULL AND m.join_seq < $3))"
    );
    format!(
        "SELECT (SELECT count(*) FROM {readers}), array(SELECT user_id FROM {readers}
             ORDER BY active_position DESC, user_id LIMIT {PEOPLE_SHOWN_MAX})"
    )
}
