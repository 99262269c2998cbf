//! The words of the erased, blanked: what they said and how they called their rooms, up to where they were erased; and what
//! others said in reports about them.
//!
//! Apart from the other writes, because it goes by who and where instead of by row, and because a rebuild does it last.
//! What somebody said in years is walked through ahead of the step that erases them, a few rows per transaction; the step
//! itself finds only what it wrote. Their words are theirs to lose as soon as the erasure is in the log, so rows may be
//! blank before the unit gets there, and whoever dies in the middle begins the walk anew and finds the first part done.
//! No index by sender: it would be written with every message, for the sake of the few who are ever erased. What is rare
//! has one: [`OWNED_WORDS`], such as other words of a message, and words that others forwarded, which go with their author.

use std::collections::BTreeMap;

use aggregates::ids::UserId;
use event_log::Position;
use rusqlite::{Connection, Result, params};
use uuid::Uuid;

use super::columns::{position, user};
use crate::store::names::signed;
use crate::store::owned_words::{OWNED_WORDS, OwnedWords};

/// Behind everything else of a batch: it covers what the batch wrote as well. `from`: where the transaction began, up to
/// where the words were walked through.
pub(super) fn write(tx: &Connection, erased: &BTreeMap<UserId, Position>, from: Position) -> Result<()> {
    if erased.is_empty() {
        return Ok(());
    }
    if has_indexes(tx)? { blank(tx, erased, from) } else { note(tx, erased) }
}

/// Whether messages can be found by who is or was in a room. Filling does without, and there a look for the messages of
/// one user is a look at all.
pub(super) fn has_indexes(tx: &Connection) -> Result<bool> {
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

/// Those whom filling noted, to be walked through.
pub(super) fn noted(connection: &Connection) -> Result<Vec<(UserId, Position)>> {
    let mut statement = connection.prepare("SELECT user_id, position FROM erased")?;
    let noted = statement.query_map([], |row| Ok((user(row, 0)?, position(row, 1)?)))?;
    noted.collect()
}

/// Behind their walk: what else there is of them, and the note.
pub(super) fn finish_noted(tx: &Connection, user: &UserId, up_to: Position) -> Result<()> {
    blank(tx, &BTreeMap::from([(user.clone(), up_to)]), up_to)?;
    tx.execute("DELETE FROM erased WHERE user_id = ?", [user.as_str()])?;
    Ok(())
}

/// The way through every room that somebody was ever in, then through the words that an index leads to.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    user: UserId,
    up_to: Position,
    stage: Stage,
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    Rooms {
        /// Where it is: a room, and the last message there that was looked at.
        room: Option<(Uuid, i64)>,
        /// Rooms up to this one are done.
        done: Option<Uuid>,
    },
    /// Which of [`OWNED_WORDS`], and the last position there that was looked at.
    Owned(usize, i64),
}

const OWNED: Stage = Stage::Owned(0, i64::MIN);

impl Walk {
    /// Their words up to `up_to`; what they say behind it is left alone, however late this comes.
    pub(super) fn of(user: UserId, up_to: Position) -> Self {
        Self { user, up_to, stage: Stage::Rooms { room: None, done: None } }
    }

    /// Looks at about `rows_max` rows. `false`: that was the last of them.
    pub(super) fn on(&mut self, tx: &Connection, rows_max: usize) -> Result<bool> {
        let mut left = rows_max;
        while left > 0 {
            let (next, looked) = match self.stage {
                Stage::Rooms { room, done } => self.in_room(tx, (room, done), left)?,
                Stage::Owned(nth, behind) => {
                    let Some(words) = OWNED_WORDS.get(nth) else { return Ok(false) };
                    let (looked, last) = self.by_index(tx, words, behind, left)?;
                    (last.map_or(Stage::Owned(nth + 1, i64::MIN), |last| Stage::Owned(nth, last)), looked)
                }
            };
            self.stage = next;
            // A room costs something, also an empty one.
            left = left.saturating_sub(looked.max(1));
        }
        Ok(true)
    }

    /// The next stretch of rows that an index by who they are of leads to: how many, and the last unless it was the last.
    fn by_index(
        &self,
        tx: &Connection,
        OwnedWords { table, owner, position, blank }: &OwnedWords,
        behind: i64,
        limit: usize,
    ) -> Result<(usize, Option<i64>)> {
        let look = format!(
            "SELECT count(*), max({position}) FROM (SELECT {position} FROM {table}
             WHERE {owner} = ?1 AND {position} > ?2 AND {position} < ?3 ORDER BY {position} LIMIT ?4)"
        );
        let blank = format!("UPDATE {table} SET {blank} WHERE {owner} = ?1 AND {position} > ?2 AND {position} <= ?3");
        let user = self.user.as_str();
        let (looked, last): (usize, Option<i64>) = tx
            .prepare_cached(&look)?
            .query_row(params![user, behind, signed(self.up_to.0), limit], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if let Some(last) = last {
            tx.prepare_cached(&blank)?.execute(params![user, behind, last])?;
        }
        Ok((looked, last.filter(|_| looked == limit)))
    }

    fn in_room(
        &self,
        tx: &Connection,
        (room, done): (Option<(Uuid, i64)>, Option<Uuid>),
        limit: usize,
    ) -> Result<(Stage, usize)> {
        let Some((room, behind)) = self.place(tx, room, done)? else { return Ok((OWNED, 0)) };
        let (looked, last) = self.look(tx, room, behind, limit)?;
        if let Some(last) = last {
            self.blank(tx, room, behind, last)?;
        }
        let next = match last {
            Some(last) if looked == limit => Stage::Rooms { room: Some((room, last)), done },
            Some(_) | None => Stage::Rooms { room: None, done: Some(room) },
        };
        Ok((next, looked))
    }

    fn place(&self, tx: &Connection, room: Option<(Uuid, i64)>, done: Option<Uuid>) -> Result<Option<(Uuid, i64)>> {
        if room.is_some() {
            return Ok(room);
        }
        let mut next =
            tx.prepare_cached("SELECT min(room_id) FROM members WHERE user_id = ?1 AND (?2 IS NULL OR room_id > ?2)")?;
        let room: Option<Uuid> = next.query_row(params![self.user.as_str(), done], |row| row.get(0))?;
        Ok(room.map(|room| (room, i64::MIN)))
    }

    /// How many messages of anybody come next, and where the last of them is.
    fn look(&self, tx: &Connection, room: Uuid, behind: i64, limit: usize) -> Result<(usize, Option<i64>)> {
        let mut next = tx.prepare_cached(
            "SELECT count(*), max(position) FROM (SELECT position FROM messages
             WHERE room_id = ?1 AND position > ?2 AND position < ?3 ORDER BY position LIMIT ?4)",
        )?;
        next.query_row(params![room, behind, signed(self.up_to.0), limit], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    fn blank(&self, tx: &Connection, room: Uuid, behind: i64, last: i64) -> Result<()> {
        tx.prepare_cached(
            "UPDATE messages SET client_message_id = NULL,
             content = CASE WHEN forwarded_author_id IS NULL THEN '' ELSE content END,
             attachment_url = CASE WHEN forwarded_author_id IS NULL THEN NULL ELSE attachment_url END,
             attached_file = CASE WHEN forwarded_author_id IS NULL THEN NULL ELSE attached_file END
             WHERE room_id = ?1 AND position > ?2 AND position <= ?3 AND sender_id = ?4
             AND (client_message_id IS NOT NULL
                 OR forwarded_author_id IS NULL AND (content <> '' OR attachment_url IS NOT NULL))",
        )?
        .execute(params![room, behind, last, self.user.as_str()])?;
        Ok(())
    }
}

/// What a walk leaves: what was written behind `walked`, and what there is once per room.
fn blank(tx: &Connection, erased: &BTreeMap<UserId, Position>, walked: Position) -> Result<()> {
    const SAID: &str = "UPDATE messages SET client_message_id = NULL,
        content = CASE WHEN forwarded_author_id IS NULL THEN '' ELSE content END,
        attachment_url = CASE WHEN forwarded_author_id IS NULL THEN NULL ELSE attachment_url END,
        attached_file = CASE WHEN forwarded_author_id IS NULL THEN NULL ELSE attached_file END
        WHERE position > ?3 AND position < ?2 AND sender_id = ?1";
    let owned = OWNED_WORDS.map(|OwnedWords { table, owner, position, blank }| {
        format!("UPDATE {table} SET {blank} WHERE {owner} = ?1 AND {position} > ?3 AND {position} < ?2")
    });
    const LAST: &str = "UPDATE rooms SET last_message = ''
        WHERE room_id IN (SELECT room_id FROM members WHERE user_id = ?1
            UNION SELECT room_id FROM messages WHERE forwarded_author_id = ?1)
        AND last_words_by = ?1 AND last_words_position < ?2 AND last_message IS NOT NULL";
    const NAMES: &str = "UPDATE rooms SET name = NULL, name_folded = ''
        WHERE room_id IN (SELECT room_id FROM members WHERE user_id = ?1) AND named_by = ?1 AND named_position < ?2";
    const PICTURES: &str = "UPDATE rooms SET avatar = NULL
        WHERE room_id IN (SELECT room_id FROM members WHERE user_id = ?1)
        AND pictured_by = ?1 AND pictured_position < ?2";
    for (user, position) in erased {
        let (user, position) = (user.as_str(), signed(position.0));
        for sql in owned.iter().map(String::as_str).chain([SAID]) {
            tx.prepare_cached(sql)?.execute(params![user, position, signed(walked.0)])?;
        }
        for sql in [LAST, NAMES, PICTURES] {
            tx.prepare_cached(sql)?.execute(params![user, position])?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows that still have words, of `owner`: messages of theirs, messages of theirs that ben forwarded, edits.
    fn worded(connection: &Connection, owner: &str) -> i64 {
        let sql = "SELECT (SELECT count(*) FROM messages
            WHERE coalesce(forwarded_author_id, sender_id) = ?1 AND (content <> '' OR attached_file IS NOT NULL))
            + (SELECT count(*) FROM message_edits WHERE sender_id = ?1 AND content <> '')";
        connection.query_row(sql, [owner], |row| row.get(0)).expect("readable")
    }

    #[test]
    fn a_walk_looks_at_so_many_rows_at_a_time_and_what_it_did_stays_done() {
        let mut connection = Connection::open_in_memory().expect("memory");
        for sql in [
            include_str!("../../../../migrations/sqlite/inbox/20261122090000_create_inbox.sql"),
            include_str!("../../../../migrations/sqlite/inbox/20261128090000_index_inbox.sql"),
        ] {
            connection.execute_batch(sql).expect("the tables");
        }
        // Three rooms; ana was in the first two, and says every other message there.
        for (room, user) in [(1_u128, "ana"), (1, "ben"), (2, "ana"), (2, "ben"), (3, "ben")] {
            let values = params![Uuid::from_u128(room), user];
            let sql = "INSERT INTO members VALUES (?, ?, 1, NULL, 'MEMBER', 0, 0)";
            connection.execute(sql, values).expect("a member");
        }
        // Behind them what ben forwarded of hers where she never was, and what each of them put in other words.
        for position in 91..=120_i64 {
            let id = Uuid::from_u128(position.unsigned_abs().into());
            let sql =
                "INSERT INTO messages VALUES (?1, ?2, ?3, ?1, 'ben', 'text', 'words', NULL, NULL, NULL, ?3, ?2, 'ana',
                NULL, 0, '{\"bytes\":1}')";
            connection.execute(sql, params![position, id, Uuid::from_u128(3)]).expect("forwarded");
            let sql = "INSERT INTO message_edits VALUES (?1 + 100, ?2, ?1, ?3, 'words', 0)";
            let editor = if position % 2 == 0 { "ana" } else { "ben" };
            connection.execute(sql, params![position, Uuid::from_u128(1), editor]).expect("an edit");
        }
        for position in 1..=90_i64 {
            let (room, seq) = ((position % 3 + 1).unsigned_abs(), position / 3);
            let sender = if seq % 2 == 0 && room < 3 { "ana" } else { "ben" };
            let sql = "INSERT INTO messages VALUES (?, ?, ?, ?, ?, 'text', 'words', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0,
                '{\"bytes\":1}')";
            let ids = (Uuid::from_u128(position.unsigned_abs().into()), Uuid::from_u128(room.into()));
            connection.execute(sql, params![position, ids.0, ids.1, seq, sender]).expect("a message");
        }
        let bens = worded(&connection, "ben");
        let mut before = worded(&connection, "ana");
        let ana = UserId::parse("ana").expect("an id");
        let mut steps = 0;
        let mut walk = Walk::of(ana.clone(), Position(215));
        loop {
            let tx = connection.transaction().expect("a transaction");
            let more = walk.on(&tx, 7).expect("a part of the way");
            tx.commit().expect("kept");
            let now = worded(&connection, "ana");
            assert!(before - now <= 7, "{before} {now}");
            (before, steps) = (now, steps + 1);
            if steps == 4 {
                // As after a crash: from the beginning, through what is done.
                walk = Walk::of(ana.clone(), Position(215));
            }
            if !more {
                break;
            }
        }
        assert!(steps > 12, "{steps}");
        assert_eq!((worded(&connection, "ben"), worded(&connection, "ana")), (bens, 3), "nobody else, nothing later");
    }
}
