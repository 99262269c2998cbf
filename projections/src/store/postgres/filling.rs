//! A generation that nobody else writes, filled: many steps in one transaction, each row written once at its end.
//!
//! Events touch the same rows again and again (a room, who reads in it), and an update leaves a dead row behind; played out
//! in memory they are written when the transaction ends, with the checkpoint. Messages go in as they come.

use event_log::Position;
use sqlx::{Executor, PgConnection};

use super::columns::postgres_error;
use super::{generation, inbox_save};
use crate::inbox::batch::InboxBatch;
use crate::store::names::signed;
use crate::store::{Applied, REMEMBERED_ROWS_MAX, Step, StoreError};

#[derive(Default)]
pub(super) struct Filling {
    /// The rows of the inbox: those of the open transaction, and those that are remembered from before it.
    rows: InboxBatch,
    open: Option<Open>,
}

/// A transaction that has taken the unit's row. Dropping the connection undoes it.
struct Open {
    writer: PgConnection,
    began: Position,
    at: Position,
}

impl Filling {
    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// `writer` is in a transaction that may take steps from `at`.
    pub(super) fn begin(&mut self, writer: PgConnection, at: Position) {
        self.open = Some(Open { writer, began: at, at });
    }

    /// A failure, or being given up, undoes the transaction and with it every step since the last [`Self::flush`].
    pub(super) async fn take(&mut self, schema: &str, step: Step) -> Result<Applied, StoreError> {
        let Some(mut open) = self.open.take() else { return Ok(Applied::Moved(step.from)) };
        if open.at != step.from {
            let at = open.at;
            self.open = Some(open);
            return Ok(Applied::Moved(at));
        }
        let mut rows = std::mem::take(&mut self.rows);
        generation::take(&mut open.writer, schema, &mut rows, step.changes).await.map_err(postgres_error)?;
        open.at = step.to;
        (self.rows, self.open) = (rows, Some(open));
        Ok(Applied::Done)
    }

    /// Writes what the rows came to, and commits. The connection, when there was something to commit.
    pub(super) async fn flush(&mut self, schema: &str) -> Result<Option<PgConnection>, StoreError> {
        let Some(Open { mut writer, began, at }) = self.open.take() else { return Ok(None) };
        let mut rows = std::mem::take(&mut self.rows);
        inbox_save::save(&mut writer, schema, &rows, began).await.map_err(postgres_error)?;
        sqlx::query(&format!("UPDATE {schema}.unit SET checkpoint = $1"))
            .bind(signed(at.0))
            .execute(&mut writer)
            .await
            .map_err(postgres_error)?;
        writer.execute("COMMIT").await.map_err(postgres_error)?;
        rows.settle(REMEMBERED_ROWS_MAX);
        self.rows = rows;
        Ok(Some(writer))
    }

    /// What is remembered can be read again.
    pub(super) fn forget(&mut self) {
        self.rows = InboxBatch::default();
    }
}
