//! Keys in a file, opened for reading alone.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use aggregates::KeyId;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::port::EventLogError;
use crate::sealing::sqlite::BUSY_MAX;
use crate::store_url::StoreUrl;

pub(super) struct Look(Arc<Mutex<Connection>>);

impl Look {
    /// `None` where there are no keys.
    pub fn at(directory: &Path) -> Result<Option<Self>, EventLogError> {
        let file = StoreUrl::file(directory, "keys");
        if !file.try_exists().map_err(|error| EventLogError::Unavailable(error.into()))? {
            return Ok(None);
        }
        let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(BUSY_MAX)?;
        let made = "SELECT count(*) > 0 FROM sqlite_schema WHERE type = 'table' AND name = 'keys'";
        let made: bool = connection.query_row(made, [], |row| row.get(0))?;
        Ok(made.then(|| Self(Arc::new(Mutex::new(connection)))))
    }

    /// Those that were ever here, and whether they are.
    pub async fn known(&self, ids: &[KeyId]) -> Result<Vec<(KeyId, bool)>, EventLogError> {
        let (connection, ids) = (Arc::clone(&self.0), ids.to_vec());
        let asked = tokio::task::spawn_blocking(move || {
            let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            let mut statement = connection.prepare_cached("SELECT secret IS NOT NULL FROM keys WHERE key_id = ?1")?;
            let mut known = Vec::new();
            for id in ids {
                let here = statement.query_row([id.as_str()], |row| row.get(0)).optional()?;
                known.extend(here.map(|here: bool| (id, here)));
            }
            Ok(known)
        });
        asked.await.unwrap_or_else(|error| Err(EventLogError::Unavailable(error.into())))
    }
}
