//! A batch of inbox changes into the file: load what they touch, play them out, write what changed.
//!
//! Single prepared statements: inside one transaction of this engine they cost microseconds, there is no wire.

use std::hash::Hash;

use aggregates::ids::{RoomId, UserId};
use event_log::Position;
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use super::columns::{maybe_moment, maybe_mute, maybe_user, moment, named, number, position, user};
use super::{erasing, inbox_marks, reports};
use crate::inbox::FileRow;
use crate::inbox::batch::{FollowCounts, InboxBatch, Reader, RoomState, Since, Stay, Words};
use crate::inbox::changes::{InboxChange, SaidMessage};
use crate::store::names::{history_from, join_policy, natural, policy_name, role, room_kind, short, signed};
use crate::store::touched::Touched;
use crate::text::folded;

/// Plays the changes out and writes their messages; what the other rows came to is in `batch`, which is a new one or
/// remembers the rows of those before it.
pub(super) fn take(tx: &Connection, batch: &mut InboxBatch, changes: Vec<InboxChange>) -> Result<()> {
    batch.want_all(&changes);
    load(tx, batch)?;
    batch.play(changes);
    save_messages(tx, &batch.messages)?;
    inbox_marks::save_written(tx, batch)?;
    batch.written();
    Ok(())
}

/// Writes what the rows came to. `from`: where the transaction began.
pub(super) fn save(tx: &Connection, batch: &InboxBatch, from: Position) -> Result<()> {
    save_rooms(tx, batch)?;
    save_members(tx, batch)?;
    save_people(tx, batch)?;
    save_relations(tx, batch)?;
    inbox_marks::save(tx, batch)?;
    reports::save(tx, batch)?;
    erasing::write(tx, &batch.erased, from)
}

/// What the unique indexes of messages would have kept out while the rows were written without them: of those that
/// share an id or a place in a room, the first stays.
pub(super) fn keep_first_messages(tx: &Connection) -> Result<()> {
    const SHARED: &str = "SELECT position, message_id, room_id, seq FROM messages
        WHERE message_id IN (SELECT message_id FROM messages GROUP BY message_id HAVING count(*) > 1)
        OR (room_id, seq) IN (SELECT room_id, seq FROM messages GROUP BY room_id, seq HAVING count(*) > 1)
        ORDER BY position";
    let mut statement = tx.prepare(SHARED)?;
    let rows: Vec<(i64, uuid::Uuid, uuid::Uuid, i64)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
        .collect::<Result<_>>()?;
    for position in crate::inbox::batch::late_comers(rows) {
        tx.execute("DELETE FROM messages WHERE position = ?", [position])?;
    }
    Ok(())
}

/// Loads every wanted row with one statement, asked once per key.
pub(super) fn load_each<K: Ord + Hash + Clone, V>(
    tx: &Connection,
    rows: &mut Touched<K, V>,
    sql: &str,
    bind: impl Fn(&K) -> Vec<rusqlite::types::Value>,
    read: impl Fn(&Row<'_>) -> Result<V>,
) -> Result<()> {
    let keys: Vec<K> = rows.unknown().cloned().collect();
    if keys.is_empty() {
        return Ok(());
    }
    let mut statement = tx.prepare_cached(sql)?;
    for key in keys {
        let found = statement.query_row(rusqlite::params_from_iter(bind(&key)), &read).optional()?;
        if let Some(row) = found {
            rows.load(key, row);
        }
    }
    Ok(())
}

pub(super) fn id(room: &RoomId) -> rusqlite::types::Value {
    room.0.as_bytes().to_vec().into()
}

fn load(tx: &Connection, batch: &mut InboxBatch) -> Result<()> {
    const ROOM: &str = "SELECT kind, name, named_by, named_position, avatar, pictured_by, pictured_position, opened_by,
        group_id, first_id, second_id, closed, join_policy, history_from, slow_mode_seconds, participant_count, last_seq,
        last_tombstone_seq, last_position, last_message_at, last_message, last_words_by, last_words_position,
        last_deleted, position, created_at, updated_at FROM rooms WHERE room_id = ?";
    const STAY: &str = "SELECT from_position, role, join_seq, joined_at FROM members
        WHERE user_id = ? AND room_id = ? AND to_position IS NULL";
    const READER: &str = "SELECT read_seq, last_read_at, active_position, delivered_seq, delivered_at, muted,
        muted_until, pinned, archived_seq, seen_seq FROM participants WHERE room_id = ? AND user_id = ?";
    load_each(tx, &mut batch.rooms, ROOM, |room| vec![id(room)], room_state)?;
    load_each(
        tx,
        &mut batch.open_stays,
        STAY,
        |(room, user)| vec![user.as_str().to_owned().into(), id(room)],
        |row| {
            Ok(Stay {
                from: position(row, 0)?,
                to: None,
                role: named(row, 1, role)?,
                join_seq: number(row, 2)?,
                joined_at: moment(row, 3)?,
            })
        },
    )?;
    load_each(tx, &mut batch.readers, READER, |(room, user)| vec![id(room), user.as_str().to_owned().into()], reader)?;
    inbox_marks::load(tx, batch)?;
    reports::load(tx, batch)?;
    load_relations(tx, batch)
}

/// Three columns: the words, whose they are, and where they are.
fn words(row: &Row<'_>, first: usize) -> Result<Words> {
    Ok(Words { words: row.get(first)?, by: maybe_user(row, first + 1)?, position: position(row, first + 2)? })
}

fn room_state(row: &Row<'_>) -> Result<RoomState> {
    Ok(RoomState {
        kind: named(row, 0, room_kind)?,
        name: words(row, 1)?,
        avatar: words(row, 4)?,
        opened_by: user(row, 7)?,
        group_id: row.get(8)?,
        pair: maybe_user(row, 9)?.zip(maybe_user(row, 10)?),
        closed: row.get(11)?,
        join_policy: named(row, 12, join_policy)?,
        history_from: named(row, 13, history_from)?,
        slow_mode_seconds: short(number(row, 14)?),
        participant_count: number(row, 15)?,
        last_seq: number(row, 16)?,
        last_tombstone_seq: number(row, 17)?,
        last_position: position(row, 18)?,
        last_message_at: maybe_moment(row, 19)?,
        last_message: words(row, 20)?,
        last_deleted: row.get(23)?,
        position: position(row, 24)?,
        created_at: moment(row, 25)?,
        updated_at: moment(row, 26)?,
    })
}

fn reader(row: &Row<'_>) -> Result<Reader> {
    Ok(Reader {
        read_seq: number(row, 0)?,
        last_read_at: maybe_moment(row, 1)?,
        active_position: row.get(2)?,
        delivered_seq: number(row, 3)?,
        delivered_at: maybe_moment(row, 4)?,
        muted: maybe_mute(row, 5)?,
        pinned: row.get(7)?,
        archived_seq: row.get::<_, Option<i64>>(8)?.map(natural),
        seen_seq: number(row, 9)?,
    })
}

fn load_relations(tx: &Connection, batch: &mut InboxBatch) -> Result<()> {
    const FOLLOW: &str = "SELECT position, followed_at FROM follows WHERE from_id = ? AND to_id = ?";
    const BLOCK: &str = "SELECT position, blocked_at FROM blocks WHERE from_id = ? AND to_id = ?";
    const COUNTS: &str = "SELECT followers, following FROM follow_counts WHERE user_id = ?";
    for (rows, sql) in [(&mut batch.follows, FOLLOW), (&mut batch.blocks, BLOCK)] {
        load_each(
            tx,
            rows,
            sql,
            |(from, to)| vec![from.as_str().to_owned().into(), to.as_str().to_owned().into()],
            |row| Ok(Since { position: position(row, 0)?, at: moment(row, 1)? }),
        )?;
    }
    load_each(
        tx,
        &mut batch.follow_counts,
        COUNTS,
        |user| vec![user.as_str().to_owned().into()],
        |row| Ok(FollowCounts { followers: number(row, 0)?, following: number(row, 1)? }),
    )
}

/// As with readers: a message changes its room.
fn save_rooms(tx: &Connection, batch: &InboxBatch) -> Result<()> {
    let mut new = tx.prepare_cached(
        "INSERT INTO rooms (kind, name, name_folded, named_by, named_position, avatar, pictured_by, pictured_position,
         opened_by, group_id, first_id, second_id, closed, join_policy, history_from, slow_mode_seconds,
         participant_count, last_seq, last_tombstone_seq, last_position, last_message_at, last_message, last_words_by,
         last_words_position, last_deleted, position, created_at, updated_at, room_id)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    let mut changed = tx.prepare_cached(
        "UPDATE rooms SET kind = ?, name = ?, name_folded = ?, named_by = ?, named_position = ?, avatar = ?,
         pictured_by = ?, pictured_position = ?, opened_by = ?, group_id = ?, first_id = ?, second_id = ?, closed = ?,
         join_policy = ?, history_from = ?, slow_mode_seconds = ?, participant_count = ?, last_seq = ?,
         last_tombstone_seq = ?, last_position = ?, last_message_at = ?, last_message = ?, last_words_by = ?,
         last_words_position = ?, last_deleted = ?, position = ?, created_at = ?, updated_at = ? WHERE room_id = ?",
    )?;
    for (id, room) in batch.rooms.changed() {
        let pair = room.pair.as_ref();
        let statement = if batch.rooms.is_stored(id) { &mut changed } else { &mut new };
        statement.execute(params![
            room.kind.name(),
            room.name.words,
            folded(room.name.words.as_deref().unwrap_or_default()),
            by(&room.name),
            signed(room.name.position.0),
            room.avatar.words,
            by(&room.avatar),
            signed(room.avatar.position.0),
            room.opened_by.as_str(),
            room.group_id,
            pair.map(|(first, _)| first.as_str()),
            pair.map(|(_, second)| second.as_str()),
            room.closed,
            policy_name(room.join_policy),
            room.history_from.name(),
            room.slow_mode_seconds,
            signed(room.participant_count),
            signed(room.last_seq),
            signed(room.last_tombstone_seq),
            signed(room.last_position.0),
            room.last_message_at.map(|at| at.as_millis()),
            room.last_message.words,
            by(&room.last_message),
            signed(room.last_message.position.0),
            room.last_deleted,
            signed(room.position.0),
            room.created_at.as_millis(),
            room.updated_at.as_millis(),
            id.0,
        ])?;
    }
    Ok(())
}

fn by(words: &Words) -> Option<&str> {
    words.by.as_ref().map(UserId::as_str)
}

fn save_members(tx: &Connection, batch: &InboxBatch) -> Result<()> {
    // Ended stays first: a stay that begins meets the unique index of those who are in now.
    let mut stays = tx.prepare_cached(
        "INSERT INTO members VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (room_id, user_id, from_position)
         DO UPDATE SET to_position = excluded.to_position, role = excluded.role",
    )?;
    let (ended, open): (Vec<_>, Vec<_>) = batch.stays.iter().partition(|(_, stay)| stay.to.is_some());
    for ((room, user, from), stay) in ended.into_iter().chain(open) {
        stays.execute(params![
            room.0,
            user.as_str(),
            signed(from.0),
            stay.to.map(|to: Position| signed(to.0)),
            stay.role.name(),
            signed(stay.join_seq),
            stay.joined_at.as_millis(),
        ])?;
    }
    save_readers(tx, batch)
}

/// An update costs half of what a replacement does, and a message moves a reader.
fn save_readers(tx: &Connection, batch: &InboxBatch) -> Result<()> {
    let mut new = tx.prepare_cached(
        "INSERT INTO participants (read_seq, last_read_at, active_position, delivered_seq, delivered_at, muted,
         muted_until, pinned, archived_seq, seen_seq, room_id, user_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    let mut moved = tx.prepare_cached(
        "UPDATE participants SET read_seq = ?, last_read_at = ?, active_position = ?, delivered_seq = ?,
         delivered_at = ?, muted = ?, muted_until = ?, pinned = ?, archived_seq = ?, seen_seq = ?
         WHERE room_id = ? AND user_id = ?",
    )?;
    for (key, reader) in batch.readers.changed() {
        let statement = if batch.readers.is_stored(key) { &mut moved } else { &mut new };
        statement.execute(params![
            signed(reader.read_seq),
            reader.last_read_at.map(|at| at.as_millis()),
            reader.active_position,
            signed(reader.delivered_seq),
            reader.delivered_at.map(|at| at.as_millis()),
            reader.muted.is_some(),
            reader.muted.and_then(|mute| mute.until).map(|until| until.as_millis()),
            reader.pinned,
            reader.archived_seq.map(signed),
            signed(reader.seen_seq),
            key.0.0,
            key.1.as_str(),
        ])?;
    }
    Ok(())
}

fn save_messages(tx: &Connection, messages: &[SaidMessage]) -> Result<()> {
    // A message id or seq that is taken cannot come from our rules; the first one stays.
    let mut statement =
        tx.prepare_cached("INSERT OR IGNORE INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
    for message in messages {
        statement.execute(params![
            signed(message.position.0),
            message.id.0,
            message.room_id.0,
            signed(message.seq),
            message.sender_id.as_str(),
            message.kind.name(),
            message.content,
            message.attachment_url,
            message.attachment_type,
            message.reply_to.map(|id| id.0),
            message.forwarded.as_ref().map(|forwarded| forwarded.room_id.0),
            message.forwarded.as_ref().map(|forwarded| forwarded.message_id.0),
            message.forwarded.as_ref().map(|forwarded| forwarded.author_id.as_str()),
            message.client_message_id,
            message.created_at.as_millis(),
            message.attached_file.as_ref().map(FileRow::column),
        ])?;
    }
    Ok(())
}

fn save_people(tx: &Connection, batch: &InboxBatch) -> Result<()> {
    let mut statement = tx.prepare_cached("INSERT OR REPLACE INTO users VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
    let mut delete = tx.prepare_cached("DELETE FROM users WHERE user_id = ?")?;
    for (user, person) in &batch.people {
        let Some(person) = person else {
            delete.execute([user.as_str()])?;
            continue;
        };
        statement.execute(params![
            user.as_str(),
            person.name,
            person.username,
            person.avatar,
            person.email,
            person.role,
            person.folded(),
            person.locale,
            person.time_zone,
        ])?;
    }
    Ok(())
}

fn save_relations(tx: &Connection, batch: &InboxBatch) -> Result<()> {
    const FOLLOW: [&str; 2] =
        ["DELETE FROM follows WHERE from_id = ? AND to_id = ?", "INSERT OR REPLACE INTO follows VALUES (?, ?, ?, ?)"];
    const BLOCK: [&str; 2] =
        ["DELETE FROM blocks WHERE from_id = ? AND to_id = ?", "INSERT OR REPLACE INTO blocks VALUES (?, ?, ?, ?)"];
    for (rows, [delete, put]) in [(&batch.follows, FOLLOW), (&batch.blocks, BLOCK)] {
        let mut delete = tx.prepare_cached(delete)?;
        for (from, to) in rows.removed() {
            delete.execute([from.as_str(), to.as_str()])?;
        }
        let mut put = tx.prepare_cached(put)?;
        for ((from, to), since) in rows.changed() {
            put.execute(params![from.as_str(), to.as_str(), signed(since.position.0), since.at.as_millis()])?;
        }
    }
    let mut counts = tx.prepare_cached("INSERT OR REPLACE INTO follow_counts VALUES (?, ?, ?)")?;
    for (user, count) in batch.follow_counts.changed() {
        counts.execute(params![user.as_str(), signed(count.followers), signed(count.following)])?;
    }
    Ok(())
}
