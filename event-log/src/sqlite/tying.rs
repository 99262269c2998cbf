//! Which keys a log's words are sealed with, in its own file. Why they are tied is in `crate::tying`.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::connection::open_writer;
use crate::port::EventLogError;
use crate::sealing::keys::KeysId;
use crate::store_url::StoreUrl;
use crate::tying::Tie;

/// Also of a log that this program has not brought up to date.
pub(super) fn tied_to(connection: &Connection) -> Result<Option<KeysId>, EventLogError> {
    let made = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'log_keys')";
    let made: bool = connection.query_row(made, [], |row| row.get(0))?;
    if !made {
        return Ok(None);
    }
    Ok(connection.query_row("SELECT keys_id FROM log_keys", [], |row| row.get(0)).optional()?.map(KeysId))
}

/// Carries `tie` out while nobody else writes; what the log is tied to then.
pub(crate) async fn tie(directory: &Path, tie: Tie) -> Result<KeysId, EventLogError> {
    let directory = directory.to_owned();
    let tied = tokio::task::spawn_blocking(move || {
        let mut connection = open_writer(&directory, &StoreUrl::file(&directory, "log"))?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let now = tied_to(&transaction)?;
        if let Some(other) = now.filter(|_| now != tie.if_tied_to) {
            return Ok(other);
        }
        transaction.execute("INSERT OR REPLACE INTO log_keys (one_row, keys_id) VALUES (1, ?1)", params![tie.to.0])?;
        transaction.commit()?;
        Ok(tie.to)
    });
    tied.await.unwrap_or_else(|error| Err(EventLogError::Unavailable(error.into())))
}
