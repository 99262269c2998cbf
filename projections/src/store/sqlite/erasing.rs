//! The words of the erased, blanked: what they said and how they called their rooms, up to where they were erased.
//!
//! Apart from the other writes, because it goes by who and where instead of by row, and because a rebuild does it last.

use std::collections::BTreeMap;

use aggregates::ids::UserId;
use event_log::Position;
use rusqlite::{Connection, Result, params};

use super::columns::{position, user};
use crate::store::names::signed;

/// Behind everything else of a batch: it covers what the batch wrote as well.
pub(super) fn write(tx: &Connection, erased: &BTreeMap<UserId, Position>) -> Result<()> {
    if erased.is_empty() {
        return Ok(());
    }
    if has_indexes(tx)? { blank(tx, erased) } else { note(tx, erased) }
}

/// Whether messages can be found by who is or was in a room. Filling does without, and there a look for the messages of
/// one user is a look at all.
fn has_indexes(tx: &Connection) -> Result<bool> {
    tx.prepare_cached("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'members_ever')")?
        .query_row([], |row| row.get(0))
}

fn note(tx: &Connection, erased: &BTreeMap<UserId, Position>) -> Result<()> {
    let mut statement = tx.prepare_cached("INSERT OR REPLACE INTO erased VALUES (?, ?)")?;
    for (user, position) in erased {
        statement.execute(params![user.as_str(), signed(position.0)])?;
    }
    Ok(())
}

/// Blanks those whom filling noted: what they said behind their erasure is left alone, however late this comes.
pub(super) fn blank_noted(tx: &Connection) -> Result<()> {
    let noted = tx
        .prepare("SELECT user_id, position FROM erased")?
        .query_map([], |row| Ok((user(row, 0)?, position(row, 1)?)))?
        .collect::<Result<_>>()?;
    blank(tx, &noted)?;
    tx.execute("DELETE FROM erased", [])?;
    Ok(())
}

fn blank(tx: &Connection, erased: &BTreeMap<UserId, Position>) -> Result<()> {
    const MESSAGES: &str = "UPDATE messages SET content = '', attachment_url = NULL
        WHERE room_id IN (SELECT room_id FROM members WHERE user_id = ?1) AND sender_id = ?1 AND position < ?2";
    const LAST: &str = "UPDATE rooms SET last_message = ''
        WHERE room_id IN (SELECT room_id FROM members WHERE user_id = ?1) AND last_message IS NOT NULL
        AND EXISTS (SELECT 1 FROM messages m WHERE m.room_id = rooms.room_id AND m.seq = rooms.last_seq
        AND m.sender_id = ?1 AND m.position < ?2)";
    const ROOMS: &str = "UPDATE rooms SET name = NULL, name_folded = '', avatar = NULL
        WHERE room_id IN (SELECT room_id FROM members WHERE user_id = ?1 AND from_position < ?2) AND opened_by = ?1";
    for (user, position) in erased {
        for sql in [MESSAGES, LAST, ROOMS] {
            tx.prepare_cached(sql)?.execute(params![user.as_str(), signed(position.0)])?;
        }
    }
    Ok(())
}
