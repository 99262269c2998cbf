//! Keys in a file, asked and nothing else.
//!
//! Opened for writing all the same: a program that died while it made a key leaves a journal, and whoever looks first must
//! roll it back, or sees nothing. Where the file may not be written, SQLite opens it for reading alone.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use aggregates::KeyId;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::port::EventLogError;
use crate::sealing::keys::Identity;
use crate::sealing::sqlite::{BUSY_MAX, identity};
use crate::store_url::StoreUrl;

pub(super) struct Look {
    connection: Arc<Mutex<Connection>>,
    /// Up to date, or made by a program of before.
    current: bool,
}

impl Look {
    /// `None` where there are no keys.
    pub fn at(directory: &Path) -> Result<Option<Self>, EventLogError> {
        let file = StoreUrl::file(directory, "keys");
        if !file.try_exists().map_err(|error| EventLogError::Unavailable(error.into()))? {
            return Ok(None);
        }
        let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.busy_timeout(BUSY_MAX)?;
        connection.pragma_update(None, "query_only", true)?;
        let has = "SELECT count(*) > 0 FROM sqlite_schema WHERE type = 'table' AND name = ?1";
        let has = |table| connection.query_row(has, [table], |row| row.get::<_, bool>(0));
        let (made, current) = (has("keys")?, has("older_keys")?);
        Ok(made.then(|| Self { connection: Arc::new(Mutex::new(connection)), current }))
    }

    /// On a thread that may block.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T, EventLogError> + Send + 'static,
    ) -> Result<T, EventLogError> {
        let connection = Arc::clone(&self.connection);
        let asked = move || question(&connection.lock().unwrap_or_else(PoisonError::into_inner));
        let asked = tokio::task::spawn_blocking(asked).await;
        asked.unwrap_or_else(|error| Err(EventLogError::Unavailable(error.into())))
    }

    /// Those that were ever here, and whether they are.
    pub async fn known(&self, ids: &[KeyId]) -> Result<Vec<(KeyId, bool)>, EventLogError> {
        let ids = ids.to_vec();
        let sql = if self.current {
            "SELECT secret IS NOT NULL FROM keys WHERE key_id = ?1 UNION ALL SELECT 1 FROM older_keys WHERE key_id = ?1"
        } else {
            "SELECT secret IS NOT NULL FROM keys WHERE key_id = ?1"
        };
        self.ask(move |connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let mut known = Vec::new();
            for id in ids {
                let here = statement.query_row([id.as_str()], |row| row.get(0)).optional()?;
                known.extend(here.map(|here: bool| (id, here)));
            }
            Ok(known)
        })
        .await
    }

    pub async fn identity(&self) -> Result<Option<Identity>, EventLogError> {
        if !self.current {
            return Ok(None);
        }
        self.ask(|connection| identity(connection).map(Some)).await
    }

    pub async fn has_any(&self) -> Result<bool, EventLogError> {
        let sql = if self.current {
            "SELECT EXISTS (SELECT 1 FROM keys WHERE secret IS NOT NULL) OR EXISTS (SELECT 1 FROM older_keys)"
        } else {
            "SELECT EXISTS (SELECT 1 FROM keys WHERE secret IS NOT NULL)"
        };
        self.ask(move |connection| Ok(connection.query_row(sql, [], |row| row.get(0))?)).await
    }
}
