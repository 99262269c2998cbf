//! Keys in a SQLite file of their own beside the log: `keys.db`.
//!
//! Not in WAL: a rollback journal is emptied with each commit, and with `secure_delete` nothing of a dropped key stays in
//! any file. It is written once per user, so what that costs does not matter.

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aggregates::KeyId;
use aggregates::ids::UserId;
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use tokio::sync::Mutex as AsyncMutex;

use super::keys::{Brought, Found, Identity, Kept, KeyStore, KeysId, Offered, key_id, owner, secret};
use crate::in_use::{What, enter};
use crate::migrations::{Migration, MigrationError, migrate};
use crate::new_file::make_where_absent;
use crate::port::EventLogError;
use crate::position::{LogId, Position};
use crate::sqlite::make_directory;
use crate::store_url::StoreUrl;

/// How long to wait for another process that makes or drops a key.
pub(super) const BUSY_MAX: Duration = Duration::from_secs(5);

/// Append-only, in order.
const STEPS: &[Migration] = &[
    Migration {
        name: "20261128090000_create_keys",
        sql: include_str!("../../../migrations/sqlite/keys/20261128090000_create_keys.sql"),
    },
    Migration {
        name: "20261129090000_create_keys_identity",
        sql: include_str!("../../../migrations/sqlite/keys/20261129090000_create_keys_identity.sql"),
    },
    Migration {
        name: "20261129090100_create_older_keys",
        sql: include_str!("../../../migrations/sqlite/keys/20261129090100_create_older_keys.sql"),
    },
];

/// Remembered, also of a key that was never here.
const DROP: &str =
    "INSERT INTO keys (key_id, owner, secret) VALUES (?1, ?2, NULL) ON CONFLICT (key_id) DO UPDATE SET secret = NULL";
const DROP_OLDER: &str = "DELETE FROM older_keys WHERE key_id = ?1";

pub(super) struct SqliteKeys {
    /// `None` once closed.
    opened: Arc<Mutex<Option<Opened>>>,
    /// Taken before a thread is: a hundred people who come at once must not be a hundred threads that wait, each with memory
    /// of its own.
    turn: Arc<AsyncMutex<()>>,
}

struct Opened {
    connection: Connection,
    _in_use: File,
}

impl SqliteKeys {
    /// Opens `keys.db` in `directory`, making both where there are none, for their owner alone.
    pub async fn open(directory: &Path) -> Result<Self, EventLogError> {
        let directory = directory.to_owned();
        let opened = tokio::task::spawn_blocking(move || open_blocking(&directory)).await;
        let opened = opened.unwrap_or_else(|error| Err(EventLogError::Unavailable(error.into())))?;
        Ok(Self { opened: Arc::new(Mutex::new(Some(opened))), turn: Arc::default() })
    }

    /// On a thread that may block, one at a time.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Connection) -> Result<T, EventLogError> + Send + 'static,
    ) -> Result<T, EventLogError> {
        let opened = Arc::clone(&self.opened);
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let asked = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let mut opened = opened.lock().unwrap_or_else(PoisonError::into_inner);
            question(&mut opened.as_mut().ok_or(EventLogError::Closed)?.connection)
        });
        asked.await.unwrap_or_else(|error| Err(EventLogError::Unavailable(error.into())))
    }
}

fn open_blocking(directory: &Path) -> Result<Opened, EventLogError> {
    let io = |error: std::io::Error| EventLogError::Unavailable(error.into());
    let file = StoreUrl::file(directory, "keys");
    make_directory(directory)?;
    let in_use = enter(directory, What::Keys)?;
    make_where_absent(&file).map_err(io)?;
    let mut connection = Connection::open(&file)?;
    connection.busy_timeout(BUSY_MAX)?;
    connection.execute_batch(
        "PRAGMA journal_mode = TRUNCATE;
         PRAGMA synchronous = FULL;
         PRAGMA fullfsync = ON;
         PRAGMA secure_delete = ON;
         PRAGMA temp_store = MEMORY;",
    )?;
    migrate(&mut connection, STEPS).map_err(|error| match error {
        MigrationError::FromTheFuture { .. } => EventLogError::Corrupt(error.to_string()),
        MigrationError::Step { .. } | MigrationError::Version(_) => EventLogError::Unavailable(error.into()),
    })?;
    Ok(Opened { connection, _in_use: in_use })
}

fn writing(connection: &mut Connection) -> Result<Transaction<'_>, EventLogError> {
    Ok(connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
}

#[async_trait]
impl KeyStore for SqliteKeys {
    async fn keep(&self, offered: Vec<Offered>) -> Result<Vec<Offered>, EventLogError> {
        self.ask(move |connection| {
            // Mostly they are there already, and a look takes no lock.
            if let Some(kept) = all_kept(connection, &offered)? {
                return Ok(kept);
            }
            let transaction = writing(connection)?;
            for new in &offered {
                transaction
                    .prepare_cached("INSERT OR IGNORE INTO keys (key_id, owner, secret) VALUES (?1, ?2, ?3)")?
                    .execute(params![new.id.as_str(), new.owner.as_str(), new.secret])?;
            }
            let kept = all_kept(&transaction, &offered)?;
            transaction.commit()?;
            kept.ok_or_else(|| EventLogError::Corrupt("a key that was just made is not there".to_owned()))
        })
        .await
    }

    async fn find(&self, ids: &[KeyId]) -> Result<Vec<Found>, EventLogError> {
        let ids = ids.to_vec();
        self.ask(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT secret FROM keys WHERE key_id = ?1 UNION ALL SELECT secret FROM older_keys WHERE key_id = ?1",
            )?;
            let mut found = Vec::with_capacity(ids.len());
            for id in ids {
                let bytes: Option<Option<Vec<u8>>> = statement.query_row([id.as_str()], |row| row.get(0)).optional()?;
                if let Some(bytes) = bytes {
                    found.push(Found { id, secret: bytes.map(|bytes| secret(id, &bytes)).transpose()? });
                }
            }
            Ok(found)
        })
        .await
    }

    async fn of_owner(&self, owner: &UserId) -> Result<Vec<KeyId>, EventLogError> {
        let owner = owner.clone();
        self.ask(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT key_id, 0 FROM keys WHERE owner = ?1 AND secret IS NOT NULL
                 UNION ALL SELECT key_id, 1 FROM older_keys WHERE owner = ?1 ORDER BY 2, 1",
            )?;
            let ids = statement.query_map([owner.as_str()], |row| row.get::<_, String>(0))?;
            ids.map(|id| key_id(&id?)).collect()
        })
        .await
    }

    async fn drop_keys(&self, owner: &UserId, ids: &[KeyId]) -> Result<(), EventLogError> {
        let (owner, ids) = (owner.clone(), ids.to_vec());
        self.ask(move |connection| {
            let transaction = writing(connection)?;
            for id in ids {
                transaction.prepare_cached(DROP)?.execute([id.as_str(), owner.as_str()])?;
                transaction.prepare_cached(DROP_OLDER)?.execute([id.as_str()])?;
            }
            Ok(transaction.commit()?)
        })
        .await
    }

    async fn page(&self, after: Option<KeyId>, limit: usize) -> Result<Vec<Kept>, EventLogError> {
        self.ask(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT owner, key_id, secret, 1 FROM keys WHERE key_id > ?1
                     UNION ALL SELECT owner, key_id, secret, 0 FROM older_keys WHERE key_id > ?1
                     ORDER BY key_id LIMIT ?2",
            )?;
            let after = after.map(|id| id.as_str().to_owned()).unwrap_or_default();
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let rows = statement
                .query_map(params![after, limit], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
            rows.map(|row| kept(row?)).collect()
        })
        .await
    }

    async fn bring_in(&self, keys: Vec<Kept>) -> Result<Brought, EventLogError> {
        self.ask(move |connection| {
            let transaction = writing(connection)?;
            transaction.execute("DELETE FROM mended", [])?;
            let mut brought = Brought::default();
            for key in keys {
                let new = bring_in(&transaction, &key)?;
                brought.new += u64::from(new);
                brought.known += u64::from(!new);
            }
            transaction.execute("UPDATE keys_identity SET brought = brought + 1 WHERE ?1", [brought.new > 0])?;
            transaction.commit()?;
            Ok(brought)
        })
        .await
    }

    async fn identity(&self) -> Result<Identity, EventLogError> {
        self.ask(|connection| identity(connection)).await
    }

    async fn claim(&self, log: LogId) -> Result<Identity, EventLogError> {
        self.ask(move |connection| {
            connection.execute("UPDATE keys_identity SET log_id = ?1 WHERE log_id IS NULL", [log.0])?;
            identity(connection)
        })
        .await
    }

    async fn take_over(&self, log: LogId) -> Result<Identity, EventLogError> {
        self.ask(move |connection| {
            let transaction = writing(connection)?;
            transaction.execute("UPDATE keys_identity SET keys_id = randomblob(16), log_id = ?1", [log.0])?;
            transaction.execute("DELETE FROM mended", [])?;
            let identity = identity(&transaction)?;
            transaction.commit()?;
            Ok(identity)
        })
        .await
    }

    async fn mended(&self, log: LogId) -> Result<Position, EventLogError> {
        self.ask(move |connection| {
            let position = connection
                .prepare_cached("SELECT position FROM mended WHERE log_id = ?1")?
                .query_row([log.0], |row| row.get(0))
                .optional()?;
            Ok(Position(position.unwrap_or_default()))
        })
        .await
    }

    async fn save_mended(&self, log: LogId, position: Position) -> Result<(), EventLogError> {
        self.ask(move |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO mended (log_id, position) VALUES (?1, ?2)
                     ON CONFLICT (log_id) DO UPDATE SET position = max(position, excluded.position)",
                )?
                .execute(params![log.0, position.0.cast_signed()])?;
            Ok(())
        })
        .await
    }

    /// Nothing to do: see the module.
    async fn scrub(&self) -> Result<bool, EventLogError> {
        Ok(true)
    }

    async fn close(&self) {
        let opened = Arc::clone(&self.opened);
        let closing = move || drop(opened.lock().unwrap_or_else(PoisonError::into_inner).take());
        // Nothing to lose: every change was durable when it was answered.
        let _ = tokio::task::spawn_blocking(closing).await;
    }
}

/// As the file says it.
pub(super) fn identity(connection: &Connection) -> Result<Identity, EventLogError> {
    Ok(connection.query_row("SELECT keys_id, log_id, brought FROM keys_identity", [], |row| {
        Ok(Identity { id: KeysId(row.get(0)?), log: row.get::<_, Option<_>>(1)?.map(LogId), brought: row.get(2)? })
    })?)
}

/// Whether it is new here.
fn bring_in(transaction: &Transaction<'_>, Kept { owner, id, secret, seals }: &Kept) -> Result<bool, EventLogError> {
    let here =
        "SELECT EXISTS (SELECT 1 FROM keys WHERE key_id = ?1 UNION ALL SELECT 1 FROM older_keys WHERE key_id = ?1)";
    let here: bool = transaction.prepare_cached(here)?.query_row([id.as_str()], |row| row.get(0))?;
    let Some(secret) = secret else {
        transaction.prepare_cached(DROP)?.execute([id.as_str(), owner.as_str()])?;
        transaction.prepare_cached(DROP_OLDER)?.execute([id.as_str()])?;
        return Ok(!here);
    };
    if here {
        return Ok(false);
    }
    let key = params![id.as_str(), owner.as_str(), secret];
    let first = "INSERT OR IGNORE INTO keys (key_id, owner, secret) VALUES (?1, ?2, ?3)";
    if !seals || transaction.prepare_cached(first)?.execute(key)? == 0 {
        let older = "INSERT INTO older_keys (key_id, owner, secret) VALUES (?1, ?2, ?3)";
        transaction.prepare_cached(older)?.execute(key)?;
    }
    Ok(true)
}

fn kept((whose, id, bytes, seals): (String, String, Option<Vec<u8>>, bool)) -> Result<Kept, EventLogError> {
    let id = key_id(&id)?;
    Ok(Kept { owner: owner(&whose)?, id, secret: bytes.map(|bytes| secret(id, &bytes)).transpose()?, seals })
}

/// The keys of all these owners; `None` when one has none.
fn all_kept(connection: &Connection, offered: &[Offered]) -> Result<Option<Vec<Offered>>, EventLogError> {
    let mut statement =
        connection.prepare_cached("SELECT key_id, secret, owner FROM keys WHERE owner = ?1 AND secret IS NOT NULL")?;
    let mut kept = Vec::with_capacity(offered.len());
    for wanted in offered {
        let row: Option<(String, Vec<u8>, String)> = statement
            .query_row([wanted.owner.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let Some((id, bytes, whose)) = row else { return Ok(None) };
        let id = key_id(&id)?;
        kept.push(Offered { owner: owner(&whose)?, id, secret: secret(id, &bytes)? });
    }
    Ok(Some(kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two threads that may block: if those who wait for the keys took one each, nobody else would get the second.
    #[test]
    fn promise_8_those_who_wait_for_the_keys_take_no_threads() {
        const PATIENCE: Duration = Duration::from_secs(20);
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).max_blocking_threads(2).enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let folder = tempfile::tempdir().expect("a folder");
            let keys = Arc::new(SqliteKeys::open(folder.path()).await.expect("keys"));
            let (begun, begins) = tokio::sync::oneshot::channel();
            let (finish, finished) = std::sync::mpsc::channel::<()>();
            let held = Arc::clone(&keys);
            let first = tokio::spawn(async move {
                let wait = move |_: &mut Connection| {
                    let _ = begun.send(());
                    Ok(finished.recv().is_ok())
                };
                held.ask(wait).await
            });
            begins.await.expect("it has the keys");
            let mut waiting: Vec<_> = (0..100).map(|_| Box::pin(keys.ask(|_| Ok(())))).collect();
            for asked in &mut waiting {
                assert!(futures_util::poll!(asked.as_mut()).is_pending());
            }
            let other = tokio::time::timeout(PATIENCE, tokio::task::spawn_blocking(|| ())).await;
            finish.send(()).expect("it waits for this");
            assert!(other.is_ok(), "nothing else got a thread");
            assert!(first.await.expect("no panic").expect("answered"));
            for asked in waiting {
                asked.await.expect("answered");
            }
        });
    }
}
