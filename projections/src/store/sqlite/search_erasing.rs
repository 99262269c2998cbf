//! The words of the erased, taken out of rows and index, and what an index keeps of words that are in it no more.

use aggregates::ids::UserId;
use event_log::Position;
use rusqlite::{Connection, OptionalExtension, Result, params};

use super::search_writes::take_out;
use crate::search::words::of_owner;
use crate::store::names::signed;

/// Pages of the index that one transaction of writing it anew brings together, about: others write in between.
const MERGED_PAGES_MAX: i64 = 500;
/// Stands in no row; what is indexed under it is nobody's.
const NOBODYS_ROW: i64 = -1;

/// The way through everything somebody said, the oldest first.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    user: UserId,
    up_to: Position,
    behind: i64,
}

impl Walk {
    /// Their words up to `up_to`; what was said behind it is left alone, however late this comes.
    pub(super) fn of(user: UserId, up_to: Position) -> Self {
        Self { user, up_to, behind: 0 }
    }

    /// Looks at up to `rows_max` messages. `false`: that was the last of them.
    pub(super) fn on(&mut self, tx: &Connection, rows_max: usize) -> Result<bool> {
        let theirs = self.next(tx, rows_max)?;
        let mut is_to_go = tx.prepare_cached(
            "SELECT 1 FROM entries WHERE position = ? AND coalesce(author_id, sender_id) = ? AND worded < ?",
        )?;
        let mut blank = tx.prepare_cached("UPDATE entries SET words = '' WHERE position = ?")?;
        for at in &theirs {
            let asked = params![at, self.user.as_str(), signed(self.up_to.0)];
            if is_to_go.query_row(asked, |_| Ok(())).optional()?.is_some() {
                take_out(tx, *at)?;
                blank.execute([at])?;
            }
        }
        self.behind = theirs.last().copied().unwrap_or(self.behind);
        Ok(theirs.len() == rows_max)
    }

    fn next(&self, tx: &Connection, limit: usize) -> Result<Vec<i64>> {
        let mut statement =
            tx.prepare_cached("SELECT rowid FROM terms WHERE terms MATCH ? AND rowid > ? ORDER BY rowid LIMIT ?")?;
        let token = format!("\"{}\"", of_owner(&self.user));
        statement.query_map(params![token, self.behind, limit], |row| row.get(0))?.collect()
    }
}

/// Writes the index anew: its pages are told apart by beginnings of words, of which those that were taken out may stay.
/// Another segment first, for one that is alone would be left as it is.
pub(super) fn write_index_anew(connection: &Connection) -> Result<()> {
    // Another format may keep its words elsewhere.
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'terms')";
    if !connection.query_row(sql, [], |row| row.get(0))? {
        return Ok(());
    }
    let nobodys = "INSERT INTO terms (rowid, tokens) VALUES (?, ':')";
    connection.execute(nobodys, [NOBODYS_ROW])?;
    // Below zero: all of it, a part at a time.
    let mut merge = connection.prepare("INSERT INTO terms (terms, rank) VALUES ('merge', ?)")?;
    merge.execute([-MERGED_PAGES_MAX])?;
    loop {
        let before = connection.total_changes();
        merge.execute([MERGED_PAGES_MAX])?;
        // The statement itself is one; no more than that, and there was nothing to do.
        if connection.total_changes() - before < 2 {
            break;
        }
    }
    connection.execute("INSERT INTO terms (terms, rowid, tokens) VALUES ('delete', ?, ':')", [NOBODYS_ROW])?;
    Ok(())
}
