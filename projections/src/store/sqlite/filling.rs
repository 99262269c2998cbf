//! A generation that nobody else writes, filled: many steps in one transaction, each row written once at its end.
//!
//! Events touch the same rows again and again (a room, who reads in it); played out in memory they are written when the
//! transaction ends, with the checkpoint. Messages, which are written once anyway, go in as they come, so memory does not
//! grow with them.

use rusqlite::Connection;

use super::connections::sqlite_error;
use super::generation::{may_take, set_checkpoint};
use super::{feed_writes, inbox_writes, search_writes};
use crate::inbox::batch::InboxBatch;
use crate::store::{Applied, REMEMBERED_ROWS_MAX, Step, StoreError, UnitChanges};
use event_log::Position;

#[derive(Default)]
pub(super) struct Filling {
    /// The rows of an inbox: those of the open transaction, and those that are remembered from before it.
    rows: Option<InboxBatch>,
    /// Where the open transaction began, and how far it has come.
    open: Option<(Position, Position)>,
}

impl Filling {
    /// A failure undoes the transaction, and with it every step since the last [`Self::flush`].
    pub(super) fn take(&mut self, connection: &mut Connection, step: Step) -> Result<Applied, StoreError> {
        let taken = self.in_transaction(connection, step);
        if !matches!(taken, Ok(Applied::Done)) {
            self.undo(connection);
        }
        taken
    }

    fn in_transaction(&mut self, connection: &Connection, step: Step) -> Result<Applied, StoreError> {
        let began = match self.open {
            Some((_, at)) if at != step.from => return Ok(Applied::Moved(at)),
            Some((began, _)) => began,
            None => {
                connection.execute_batch("BEGIN IMMEDIATE").map_err(sqlite_error)?;
                let may = may_take(connection, &step)?;
                if may != Applied::Done {
                    return Ok(may);
                }
                step.from
            }
        };
        match step.changes {
            UnitChanges::Inbox(changes) => inbox_writes::take(connection, self.rows.get_or_insert_default(), changes),
            UnitChanges::Feed(changes) => feed_writes::write(connection, changes),
            UnitChanges::Search(changes) => search_writes::write(connection, changes),
        }
        .map_err(sqlite_error)?;
        self.open = Some((began, step.to));
        Ok(Applied::Done)
    }

    /// Writes what the rows came to, and commits.
    pub(super) fn flush(&mut self, connection: &mut Connection) -> Result<(), StoreError> {
        let Some((began, at)) = self.open else { return Ok(()) };
        let save = || {
            if let Some(rows) = &self.rows {
                inbox_writes::save(connection, rows, began)?;
            }
            set_checkpoint(connection, at)?;
            connection.execute_batch("COMMIT")
        };
        if let Err(error) = save() {
            self.undo(connection);
            return Err(sqlite_error(error));
        }
        self.open = None;
        if let Some(rows) = &mut self.rows {
            rows.settle(REMEMBERED_ROWS_MAX);
        }
        Ok(())
    }

    /// What is remembered can be read again.
    pub(super) fn forget(&mut self) {
        self.rows = None;
    }

    fn undo(&mut self, connection: &Connection) {
        *self = Self::default();
        if !connection.is_autocommit()
            && let Err(error) = connection.execute_batch("ROLLBACK")
        {
            tracing::warn!(%error, "a transaction could not be rolled back");
        }
    }
}
