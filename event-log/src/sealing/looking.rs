//! A look at the keys that changes nothing, not even by making what is not there: for the doctor.
//!
//! Apart from the stores, which bring their tables up to date when they are opened. Never in here: a secret.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use aggregates::KeyId;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use sqlx::{Connection as _, PgConnection};

use super::keys::key_id;
use crate::port::EventLogError;
use crate::store_url::StoreUrl;

/// What the store says of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Here,
    /// Somebody was erased.
    Dropped,
    /// Never seen here.
    Missing,
}

/// The keys of a place, which may have none.
pub struct KeysLook(Place);

enum Place {
    Empty,
    Sqlite(Arc<Mutex<Connection>>),
    Postgres(PgConnection),
}

impl KeysLook {
    pub async fn at(url: &StoreUrl) -> Result<Self, EventLogError> {
        Ok(Self(match url {
            StoreUrl::Sqlite(directory) => in_file(&StoreUrl::file(directory, "keys"))?,
            StoreUrl::Postgres(url) => in_postgres(url).await.map_err(unavailable)?,
        }))
    }

    pub async fn standing(&mut self, ids: &[KeyId]) -> Result<HashMap<KeyId, Standing>, EventLogError> {
        let known: Vec<(KeyId, bool)> = match &mut self.0 {
            Place::Empty => Vec::new(),
            Place::Sqlite(connection) => {
                let (connection, ids) = (Arc::clone(connection), ids.to_vec());
                let asked = tokio::task::spawn_blocking(move || {
                    let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
                    let mut statement =
                        connection.prepare_cached("SELECT secret IS NOT NULL FROM keys WHERE key_id = ?1")?;
                    let mut known = Vec::new();
                    for id in ids {
                        let here = statement.query_row([id.as_str()], |row| row.get(0)).optional()?;
                        known.extend(here.map(|here: bool| (id, here)));
                    }
                    Ok(known)
                });
                asked.await.unwrap_or_else(|error| Err(EventLogError::Unavailable(error.into())))?
            }
            Place::Postgres(connection) => {
                let ids: Vec<&str> = ids.iter().map(KeyId::as_str).collect();
                let rows: Vec<(String, bool)> =
                    sqlx::query_as("SELECT key_id, secret IS NOT NULL FROM kabar_keys.keys WHERE key_id = ANY ($1)")
                        .bind(ids)
                        .fetch_all(connection)
                        .await
                        .map_err(unavailable)?;
                rows.into_iter().map(|(id, here)| Ok((key_id(&id)?, here))).collect::<Result<_, EventLogError>>()?
            }
        };
        let mut standing: HashMap<KeyId, Standing> = ids.iter().map(|id| (*id, Standing::Missing)).collect();
        for (id, here) in known {
            standing.insert(id, if here { Standing::Here } else { Standing::Dropped });
        }
        Ok(standing)
    }
}

fn in_file(file: &Path) -> Result<Place, EventLogError> {
    if !file.try_exists().map_err(|error| EventLogError::Unavailable(error.into()))? {
        return Ok(Place::Empty);
    }
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(super::sqlite::BUSY_MAX)?;
    let made = "SELECT count(*) > 0 FROM sqlite_schema WHERE type = 'table' AND name = 'keys'";
    let made: bool = connection.query_row(made, [], |row| row.get(0))?;
    Ok(if made { Place::Sqlite(Arc::new(Mutex::new(connection))) } else { Place::Empty })
}

async fn in_postgres(url: &str) -> sqlx::Result<Place> {
    let mut connection = PgConnection::connect(url).await?;
    let made: bool =
        sqlx::query_scalar("SELECT to_regclass('kabar_keys.keys') IS NOT NULL").fetch_one(&mut connection).await?;
    Ok(if made { Place::Postgres(connection) } else { Place::Empty })
}

fn unavailable(error: sqlx::Error) -> EventLogError {
    EventLogError::Unavailable(error.into())
}
