//! A batch of changes of what is found into the file: load what they touch, play them out, write, index.
//!
//! The index keeps nothing to take a row out by, so a row that changes is taken out with the words it was put in with.

use aggregates::ids::{MessageId, RoomId};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use super::columns::{maybe_user, moment, number, position, user};
use crate::search::batch::SearchBatch;
use crate::search::project::SearchChange;
use crate::search::rows::Entry;
use crate::search::words::{Place, tokens};
use crate::store::names::signed;

pub(super) fn write(tx: &Connection, changes: Vec<SearchChange>) -> Result<()> {
    let mut batch = SearchBatch::wanting(&changes);
    load(tx, &mut batch)?;
    batch.play(changes);
    // In the order of positions: the index wants rows ascending, and writes what it has when one is not.
    for (entry, is_stored) in batch.changed() {
        if is_stored {
            replace(tx, entry)?;
        } else {
            insert(tx, entry)?;
        }
    }
    Ok(())
}

fn load(tx: &Connection, batch: &mut SearchBatch) -> Result<()> {
    let mut statement = tx.prepare_cached(
        "SELECT position, message_id, room_id, seq, sender_id, author_id, sent_at, has_attachment, deleted, worded
         FROM entries WHERE room_id = ? AND seq = ?",
    )?;
    let keys: Vec<_> = batch.entries.unknown().copied().collect();
    for (room, seq) in keys {
        if let Some(row) = statement.query_row(params![room.0, signed(seq)], entry).optional()? {
            batch.entries.load((room, seq), row);
        }
    }
    Ok(())
}

fn entry(row: &Row<'_>) -> Result<Entry> {
    Ok(Entry {
        position: position(row, 0)?,
        message_id: MessageId(row.get(1)?),
        room_id: RoomId(row.get(2)?),
        seq: number(row, 3)?,
        sender_id: user(row, 4)?,
        author_id: maybe_user(row, 5)?,
        sent_at: moment(row, 6)?,
        has_attachment: row.get(7)?,
        deleted: row.get(8)?,
        worded: position(row, 9)?,
        words: None,
    })
}

fn insert(tx: &Connection, entry: &Entry) -> Result<()> {
    let words = entry.words.as_deref().unwrap_or_default();
    tx.prepare_cached("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?.execute(params![
        signed(entry.position.0),
        entry.message_id.0,
        entry.room_id.0,
        signed(entry.seq),
        entry.sender_id.as_str(),
        entry.author_id.as_ref().map(|author| author.as_str()),
        entry.sent_at.as_millis(),
        entry.has_attachment,
        entry.deleted,
        signed(entry.worded.0),
        words,
    ])?;
    index(tx, entry, words)
}

fn replace(tx: &Connection, entry: &Entry) -> Result<()> {
    let Some(words) = &entry.words else { return Ok(()) };
    take_out(tx, signed(entry.position.0))?;
    tx.prepare_cached("UPDATE entries SET author_id = ?, deleted = ?, worded = ?, words = ? WHERE position = ?")?
        .execute(params![
            entry.author_id.as_ref().map(|author| author.as_str()),
            entry.deleted,
            signed(entry.worded.0),
            words,
            signed(entry.position.0),
        ])?;
    index(tx, entry, words)
}

fn index(tx: &Connection, entry: &Entry, words: &str) -> Result<()> {
    if words.is_empty() {
        return Ok(());
    }
    tx.prepare_cached("INSERT INTO terms (rowid, tokens) VALUES (?, ?)")?
        .execute(params![signed(entry.position.0), spaced(entry.place(), words)])?;
    Ok(())
}

/// Takes the words that a row has now out of the index.
pub(super) fn take_out(tx: &Connection, at: i64) -> Result<()> {
    let mut stored = tx.prepare_cached(
        "SELECT room_id, sender_id, author_id, words FROM entries WHERE position = ? AND words <> ''",
    )?;
    let stored = stored
        .query_row([at], |row| Ok((RoomId(row.get(0)?), user(row, 1)?, maybe_user(row, 2)?, row.get::<_, String>(3)?)))
        .optional()?;
    let Some((room_id, sender, author, words)) = stored else { return Ok(()) };
    let place = Place { room_id, sender_id: &sender, owner_id: author.as_ref().unwrap_or(&sender) };
    tx.prepare_cached("INSERT INTO terms (terms, rowid, tokens) VALUES ('delete', ?, ?)")?
        .execute(params![at, spaced(place, &words)])?;
    Ok(())
}

fn spaced(place: Place<'_>, words: &str) -> String {
    tokens(place, words).into_iter().collect::<Vec<_>>().join(" ")
}
