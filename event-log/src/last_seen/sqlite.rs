//! The table in a SQLite file of its own: `presence.db`.
//!
//! Not synced at each commit: after a loss of power somebody was last seen a little earlier.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aggregates::Timestamp;
use aggregates::ids::UserId;
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::Mutex as AsyncMutex;

use super::{LastSeen, Seen};
use crate::migrations::{Migration, MigrationError, migrate};
use crate::new_file::make_where_absent;
use crate::port::EventLogError;
use crate::position::{LogId, Position};
use crate::sqlite::make_directory;
use crate::store_url::StoreUrl;

const BUSY_MAX: Duration = Duration::from_secs(5);

/// Append-only, in order.
const STEPS: &[Migration] = &[Migration {
    name: "20261129120000_create_last_seen",
    sql: include_str!("../../../migrations/sqlite/presence/20261129120000_create_last_seen.sql"),
}];

pub(super) struct SqliteLastSeen {
    /// `None` once closed.
    connection: Arc<Mutex<Option<Connection>>>,
    /// Taken before a thread is.
    turn: Arc<AsyncMutex<()>>,
}

impl SqliteLastSeen {
    pub async fn open(directory: &Path) -> Result<Self, EventLogError> {
        let directory = directory.to_owned();
        let opened = tokio::task::spawn_blocking(move || open_blocking(&directory)).await;
        let connection = opened.unwrap_or_else(|error| Err(EventLogError::Unavailable(error.into())))?;
        Ok(Self { connection: Arc::new(Mutex::new(Some(connection))), turn: Arc::default() })
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Connection) -> Result<T, EventLogError> + Send + 'static,
    ) -> Result<T, EventLogError> {
        let connection = Arc::clone(&self.connection);
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let asked = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            question(connection.as_mut().ok_or(EventLogError::Closed)?)
        });
        asked.await.unwrap_or_else(|error| Err(EventLogError::Unavailable(error.into())))
    }
}

fn open_blocking(directory: &Path) -> Result<Connection, EventLogError> {
    let file = StoreUrl::file(directory, "presence");
    make_directory(directory)?;
    make_where_absent(&file).map_err(|error| EventLogError::Unavailable(error.into()))?;
    let mut connection = Connection::open(&file)?;
    connection.busy_timeout(BUSY_MAX)?;
    connection.execute_batch(
        "PRAGMA journal_mode = TRUNCATE;
         PRAGMA synchronous = OFF;
         PRAGMA secure_delete = ON;
         PRAGMA temp_store = MEMORY;",
    )?;
    migrate(&mut connection, STEPS).map_err(|error| match error {
        MigrationError::FromTheFuture { .. } => EventLogError::Corrupt(error.to_string()),
        MigrationError::Step { .. } | MigrationError::Version(_) => EventLogError::Unavailable(error.into()),
    })?;
    Ok(connection)
}

#[async_trait]
impl LastSeen for SqliteLastSeen {
    async fn saw(&self, seen: Vec<(UserId, Timestamp)>) -> Result<(), EventLogError> {
        const SAW: &str = "INSERT INTO last_seen (user_id, seen_at, invisible) VALUES (?1, ?2, 0)
            ON CONFLICT (user_id) DO UPDATE SET seen_at = max(excluded.seen_at, coalesce(seen_at, excluded.seen_at))";
        self.ask(move |connection| {
            let transaction = connection.transaction()?;
            for (user, at) in &seen {
                transaction.prepare_cached(SAW)?.execute(params![user.as_str(), at.as_millis()])?;
            }
            Ok(transaction.commit()?)
        })
        .await
    }

    async fn hide(&self, user: &UserId, invisible: bool) -> Result<(), EventLogError> {
        const HIDE: &str = "INSERT INTO last_seen (user_id, seen_at, invisible) VALUES (?1, NULL, ?2)
            ON CONFLICT (user_id) DO UPDATE SET invisible = excluded.invisible";
        let user = user.clone();
        self.ask(move |connection| {
            connection.prepare_cached(HIDE)?.execute(params![user.as_str(), invisible])?;
            Ok(())
        })
        .await
    }

    async fn of(&self, users: &[UserId]) -> Result<Vec<Seen>, EventLogError> {
        const OF: &str = "SELECT seen_at, invisible FROM last_seen WHERE user_id = ?1";
        let users = users.to_vec();
        self.ask(move |connection| {
            let mut statement = connection.prepare_cached(OF)?;
            let mut found = Vec::new();
            for user_id in users {
                let row = statement
                    .query_row([user_id.as_str()], |row| Ok((row.get::<_, Option<i64>>(0)?, row.get(1)?)))
                    .optional()?;
                if let Some((at, invisible)) = row {
                    found.push(Seen { user_id, at: at.map(Timestamp::from_millis), invisible });
                }
            }
            Ok(found)
        })
        .await
    }

    async fn delete(&self, users: &[UserId]) -> Result<(), EventLogError> {
        let users = users.to_vec();
        self.ask(move |connection| {
            let transaction = connection.transaction()?;
            for user in &users {
                transaction.execute("DELETE FROM last_seen WHERE user_id = ?1", [user.as_str()])?;
            }
            Ok(transaction.commit()?)
        })
        .await
    }

    async fn erased_to(&self, log: LogId) -> Result<Position, EventLogError> {
        self.ask(move |connection| {
            let mut statement = connection.prepare_cached("SELECT position FROM erased_to WHERE log_id = ?1")?;
            let position: Option<i64> = statement.query_row([log.0], |row| row.get(0)).optional()?;
            Ok(Position(position.unwrap_or_default().unsigned_abs()))
        })
        .await
    }

    async fn save_erased_to(&self, log: LogId, position: Position) -> Result<(), EventLogError> {
        const SAVE: &str = "INSERT INTO erased_to (log_id, position) VALUES (?1, ?2)
            ON CONFLICT (log_id) DO UPDATE SET position = max(position, excluded.position)";
        let position = i64::try_from(position.0).unwrap_or(i64::MAX);
        self.ask(move |connection| {
            connection.execute(SAVE, params![log.0, position])?;
            Ok(())
        })
        .await
    }

    async fn close(&self) {
        let connection = Arc::clone(&self.connection);
        let _turn = self.turn.lock().await;
        drop(connection.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}
