//! What becomes of messages, in the file: tombstones, reactions, pins, and what is written as it comes.

use aggregates::ids::RoomId;
use event_log::Position;
use rusqlite::types::Value;
use rusqlite::{Connection, Result, params};

use super::columns::{moment, number, position, user};
use super::inbox_writes::{id, load_each};
use crate::inbox::batch::{EmojiCount, InboxBatch, Pin, Tombstone};
use crate::store::names::signed;

fn place(room: &RoomId, seq: u64) -> Vec<Value> {
    vec![id(room), signed(seq).into()]
}

pub(super) fn load(tx: &Connection, batch: &mut InboxBatch) -> Result<()> {
    const TOMBSTONE: &str = "SELECT deleted_by, deleted_at FROM tombstones WHERE room_id = ? AND seq = ?";
    const REACTION: &str = "SELECT position FROM reactions WHERE room_id = ? AND seq = ? AND emoji = ? AND user_id = ?";
    const COUNT: &str = "SELECT count, position FROM reaction_counts WHERE room_id = ? AND seq = ? AND emoji = ?";
    const PIN: &str = "SELECT pinned_by, pinned_at, position FROM pins WHERE room_id = ? AND seq = ?";
    load_each(
        tx,
        &mut batch.tombstones,
        TOMBSTONE,
        |(room, seq)| place(room, *seq),
        |row| Ok(Tombstone { by: user(row, 0)?, at: moment(row, 1)? }),
    )?;
    load_each(
        tx,
        &mut batch.reactions,
        REACTION,
        |(room, seq, emoji, user)| {
            let [room, seq] = [id(room), signed(*seq).into()];
            vec![room, seq, emoji.clone().into(), user.as_str().to_owned().into()]
        },
        |row| position(row, 0),
    )?;
    load_each(
        tx,
        &mut batch.emoji_counts,
        COUNT,
        |(room, seq, emoji)| vec![id(room), signed(*seq).into(), emoji.clone().into()],
        |row| Ok(EmojiCount { count: number(row, 0)?, position: position(row, 1)? }),
    )?;
    load_each(
        tx,
        &mut batch.pins,
        PIN,
        |(room, seq)| place(room, *seq),
        |row| Ok(Pin { by: user(row, 0)?, at: moment(row, 1)?, position: position(row, 2)? }),
    )
}

/// Other words, and whom words name.
pub(super) fn save_written(tx: &Connection, batch: &InboxBatch) -> Result<()> {
    let mut edit = tx.prepare_cached("INSERT OR IGNORE INTO message_edits VALUES (?, ?, ?, ?, ?, ?)")?;
    for edited in &batch.edits {
        let of = &edited.mentioned;
        edit.execute(params![
            signed(edited.position.0),
            of.room_id.0,
            signed(of.seq),
            of.sender_id.as_str(),
            edited.content,
            edited.at.as_millis(),
        ])?;
    }
    let mut forget = tx.prepare_cached("DELETE FROM mentions WHERE room_id = ? AND seq = ?")?;
    let mut name = tx.prepare_cached("INSERT OR IGNORE INTO mentions VALUES (?, ?, ?, ?)")?;
    for ((room, seq), mentions) in &batch.mentions {
        if mentions.replaced {
            forget.execute(params![room.0, signed(*seq)])?;
        }
        for (named, sender) in &mentions.named {
            name.execute(params![room.0, signed(*seq), named, sender.as_str()])?;
        }
    }
    Ok(())
}

pub(super) fn save(tx: &Connection, batch: &InboxBatch) -> Result<()> {
    let mut tombstone = tx.prepare_cached("INSERT OR REPLACE INTO tombstones VALUES (?, ?, ?, ?)")?;
    for ((room, seq), one) in batch.tombstones.changed() {
        tombstone.execute(params![room.0, signed(*seq), one.by.as_str(), one.at.as_millis()])?;
    }
    save_reactions(tx, batch)?;
    let mut unpin = tx.prepare_cached("DELETE FROM pins WHERE room_id = ? AND seq = ?")?;
    for (room, seq) in batch.pins.removed() {
        unpin.execute(params![room.0, signed(*seq)])?;
    }
    let mut pin = tx.prepare_cached("INSERT OR REPLACE INTO pins VALUES (?, ?, ?, ?, ?)")?;
    for ((room, seq), one) in batch.pins.changed() {
        let Position(position) = one.position;
        pin.execute(params![room.0, signed(*seq), one.by.as_str(), one.at.as_millis(), signed(position)])?;
    }
    Ok(())
}

fn save_reactions(tx: &Connection, batch: &InboxBatch) -> Result<()> {
    let mut gone =
        tx.prepare_cached("DELETE FROM reactions WHERE room_id = ? AND seq = ? AND emoji = ? AND user_id = ?")?;
    for (room, seq, emoji, user) in batch.reactions.removed() {
        gone.execute(params![room.0, signed(*seq), emoji, user.as_str()])?;
    }
    let mut set = tx.prepare_cached("INSERT OR REPLACE INTO reactions VALUES (?, ?, ?, ?, ?)")?;
    for ((room, seq, emoji, user), Position(position)) in batch.reactions.changed() {
        set.execute(params![room.0, signed(*seq), emoji, user.as_str(), signed(*position)])?;
    }
    let mut none = tx.prepare_cached("DELETE FROM reaction_counts WHERE room_id = ? AND seq = ? AND emoji = ?")?;
    for (room, seq, emoji) in batch.emoji_counts.removed() {
        none.execute(params![room.0, signed(*seq), emoji])?;
    }
    let mut count = tx.prepare_cached("INSERT OR REPLACE INTO reaction_counts VALUES (?, ?, ?, ?, ?)")?;
    for ((room, seq, emoji), counted) in batch.emoji_counts.changed() {
        let Position(position) = counted.position;
        count.execute(params![room.0, signed(*seq), emoji, signed(counted.count), signed(position)])?;
    }
    Ok(())
}
