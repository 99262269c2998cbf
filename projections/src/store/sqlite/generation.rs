//! One file: its own row about itself, and the transaction that moves it.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use event_log::migrations::{Migration, MigrationError, migrate};
use event_log::{LogId, Position};
use rusqlite::{Connection, ErrorCode, OptionalExtension, Transaction, TransactionBehavior, params};

use super::connections::{Connections, WRITER_CACHE_KIB, cache_at_most, in_file, sqlite_error, writing};
use super::erasing;
use super::feed_reads::SqliteFeedReads;
use super::filling::Filling;
use super::inbox_reads::SqliteInboxReads;
use super::search_reads::SqliteSearchReads;
use super::snapshot::SqliteSnapshot;
use super::walks::Walk;
use super::{feed_erasing, feed_writes, inbox_writes, search_writes};
use crate::inbox::batch::InboxBatch;
use crate::store::names::{natural, signed};
use crate::store::{
    Applied, BLANK_ROWS_MAX, FilledWith, Generation, GenerationState, Held, Snapshot, Standing, Step, StoreError,
    UnitChanges, UnitReads,
};
use crate::views::UnitName;

/// Oldest first: the tables, then what is made when they are filled. A file is never changed later: another form of the
/// tables is another format.
fn migrations(unit: UnitName) -> &'static [Migration] {
    match unit {
        UnitName::Inbox => &[
            Migration {
                name: "20261122090000_create_inbox",
                sql: include_str!("../../../../migrations/sqlite/inbox/20261122090000_create_inbox.sql"),
            },
            Migration {
                name: "20261128090000_index_inbox",
                sql: include_str!("../../../../migrations/sqlite/inbox/20261128090000_index_inbox.sql"),
            },
        ],
        UnitName::Feed => &[
            Migration {
                name: "20261122090000_create_feed",
                sql: include_str!("../../../../migrations/sqlite/feed/20261122090000_create_feed.sql"),
            },
            Migration {
                name: "20261128090000_index_feed",
                sql: include_str!("../../../../migrations/sqlite/feed/20261128090000_index_feed.sql"),
            },
        ],
        // Its index is a table, which rows go into as they come.
        UnitName::Search => &[Migration {
            name: "20261129110000_create_search",
            sql: include_str!("../../../../migrations/sqlite/search/20261129110000_create_search.sql"),
        }],
    }
}

/// Tables are read and indexes written from end to end: more would not be looked at twice.
const SORTING_CACHE_KIB: i32 = 4_096;

/// Whether anything was noted of what it is filled with.
const FILLED_WITH: &str = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'filled_with')";

/// A unique index could not be made: two rows share what it is of.
fn is_taken(error: &MigrationError) -> bool {
    match error {
        MigrationError::Step { source, .. } => source.sqlite_error_code() == Some(ErrorCode::ConstraintViolation),
        MigrationError::FromTheFuture { .. } | MigrationError::Version(_) => false,
    }
}

pub(super) struct SqliteGeneration {
    unit: UnitName,
    connections: Arc<Connections>,
    /// Lent to the writing thread.
    filling: Arc<Mutex<Filling>>,
}

impl SqliteGeneration {
    pub(super) fn new(unit: UnitName, connections: Connections) -> Self {
        Self { unit, connections: Arc::new(connections), filling: Arc::default() }
    }

    /// Whether its tables are there and say something of themselves.
    pub(super) async fn is_made(&self) -> Result<bool, StoreError> {
        const TABLES: &str = "SELECT count(*) FROM sqlite_schema WHERE name = 'unit'";
        const ROWS: &str = "SELECT count(*) FROM unit";
        let count = |connection: &Connection, sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        self.connections
            .read(move |connection| Ok(count(connection, TABLES)? > 0 && count(connection, ROWS)? > 0))
            .await
    }

    /// Runs `job` on the writing connection with what is being filled.
    async fn filling<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Filling, &mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let filling = Arc::clone(&self.filling);
        let job = move |connection: &mut Connection| {
            job(&mut filling.lock().unwrap_or_else(PoisonError::into_inner), connection)
        };
        self.connections.write(job).await
    }

    /// Makes the tables and the first row about itself, unless they are there.
    pub(super) async fn make(&self, log: LogId, state: GenerationState) -> Result<(), StoreError> {
        let unit = self.unit;
        self.connections
            .write(move |connection| {
                let steps = match state {
                    GenerationState::Building => &migrations(unit)[..1],
                    GenerationState::Ready | GenerationState::Closed => migrations(unit),
                };
                migrate(connection, steps).map_err(StoreError::unreachable)?;
                connection
                    .execute("INSERT OR IGNORE INTO unit VALUES (1, ?, 0, ?)", params![log.0, state.name()])
                    .map_err(sqlite_error)?;
                Ok(())
            })
            .await
    }
}

impl SqliteGeneration {
    /// The words of those whom `step` erases, up to where it begins. A unit that is elsewhere is left as it is: the step
    /// will not be taken.
    async fn blank_ahead(&self, step: &Step) -> Result<(), StoreError> {
        let from = step.from;
        for (user, up_to) in step.changes.erased() {
            let unit = self.unit;
            let walk = self.connections.read(move |connection| {
                if checkpoint(connection)? == from { Walk::of(unit, connection, user, up_to) } else { Ok(None) }
            });
            if let Some(walk) = walk.await? {
                self.walk(walk).await?;
            }
        }
        Ok(())
    }

    /// What is somebody's in the feed cannot be left for later: whoever has their id next begins with nothing. The other units
    /// find what they blank when they are filled.
    async fn index_for_erasing(&self) -> Result<(), StoreError> {
        let unit = self.unit;
        if unit == UnitName::Feed && !self.connections.read(feed_erasing::has_indexes).await? {
            self.connections.write(move |connection| sort_into_indexes(connection, unit)).await?;
        }
        Ok(())
    }

    /// A transaction for every few rows: questions and other writers come in between.
    async fn walk(&self, mut walk: Walk) -> Result<(), StoreError> {
        loop {
            let on = self.connections.write(move |connection| {
                let more = in_transaction(connection, |tx| walk.on(tx, BLANK_ROWS_MAX))?;
                Ok((walk, more))
            });
            let (walked, more) = on.await?;
            if !more {
                return Ok(());
            }
            walk = walked;
        }
    }
}

#[async_trait]
impl Generation for SqliteGeneration {
    async fn standing(&self) -> Result<Standing, StoreError> {
        // A deleted file can still be read by those who have it open.
        if !self.connections.path().exists() {
            return Err(StoreError::Gone);
        }
        self.connections.read(raw_standing).await?.read()
    }

    async fn apply(&self, step: Step) -> Result<Applied, StoreError> {
        self.blank_ahead(&step).await?;
        self.connections.write(move |connection| apply(connection, step)).await
    }

    async fn fill(&self, step: Step) -> Result<Applied, StoreError> {
        if !step.changes.erased().is_empty() {
            // Walked through is what is stored.
            self.flush().await?;
            self.index_for_erasing().await?;
            self.blank_ahead(&step).await?;
        }
        self.filling(move |filling, connection| filling.take(connection, step)).await
    }

    async fn flush(&self) -> Result<(), StoreError> {
        self.filling(Filling::flush).await
    }

    async fn finish(&self) -> Result<(), StoreError> {
        let unit = self.unit;
        let noted = self.filling(move |filling, connection| {
            filling.flush(connection)?;
            filling.forget();
            sort_into_indexes(connection, unit)?;
            match unit {
                UnitName::Inbox => erasing::noted(connection).map_err(sqlite_error),
                UnitName::Feed | UnitName::Search => Ok(Vec::new()),
            }
        });
        for (user, up_to) in noted.await? {
            self.walk(Walk::Inbox(erasing::Walk::of(user.clone(), up_to))).await?;
            let last = move |connection: &mut Connection| {
                in_transaction(connection, |tx| erasing::finish_noted(tx, &user, up_to))
            };
            self.connections.write(last).await?;
        }
        Ok(())
    }

    async fn set_state(&self, state: GenerationState) -> Result<(), StoreError> {
        self.filling(move |filling, connection| {
            filling.flush(connection)?;
            connection.execute("UPDATE unit SET state = ?", [state.name()]).map_err(sqlite_error)?;
            Ok(())
        })
        .await
    }

    async fn note_keys(&self, keys: &str) -> Result<(), StoreError> {
        let keys = keys.to_owned();
        self.connections
            .write(move |connection| {
                in_transaction(connection, |tx| {
                    tx.execute_batch("CREATE TABLE IF NOT EXISTS filled_with (keys TEXT NOT NULL) STRICT")?;
                    tx.execute("INSERT INTO filled_with VALUES (?)", [keys])
                })
            })
            .await?;
        Ok(())
    }

    async fn note_lost(&self) -> Result<(), StoreError> {
        self.connections
            .write(|connection| {
                if !connection.query_row(FILLED_WITH, [], |row| row.get::<_, bool>(0)).map_err(sqlite_error)? {
                    return Ok(());
                }
                const NOTE: &str = "UPDATE filled_with SET keys = keys || ?1 WHERE keys NOT LIKE '%' || ?1";
                in_transaction(connection, |tx| tx.execute(NOTE, [FilledWith::LOST]).map(drop))
            })
            .await
    }

    async fn filled_with(&self) -> Result<Option<FilledWith>, StoreError> {
        let noted: Option<String> = self
            .connections
            .read(|connection| {
                if !connection.query_row(FILLED_WITH, [], |row| row.get::<_, bool>(0))? {
                    return Ok(None);
                }
                connection.query_row("SELECT keys FROM filled_with", [], |row| row.get(0)).optional()
            })
            .await?;
        Ok(noted.as_deref().map(FilledWith::of))
    }

    async fn hold(&self) -> Result<Box<dyn Held>, StoreError> {
        let path = self.connections.path().to_owned();
        let held = tokio::task::spawn_blocking(move || {
            let connection = writing(&path, false)?;
            let begun = || -> rusqlite::Result<RawStanding> {
                connection.execute_batch("BEGIN IMMEDIATE")?;
                raw_standing(&connection)
            };
            let standing = begun().map_err(sqlite_error).and_then(RawStanding::read).map_err(in_file(&path))?;
            Ok::<_, StoreError>(SqliteHeld { connection, standing })
        });
        Ok(Box::new(held.await.map_err(StoreError::unreachable)??))
    }

    fn reads(&self) -> UnitReads {
        let connections = Arc::clone(&self.connections);
        match self.unit {
            UnitName::Inbox => UnitReads::Inbox(Arc::new(SqliteInboxReads::new(connections))),
            UnitName::Feed => UnitReads::Feed(Arc::new(SqliteFeedReads::new(connections))),
            UnitName::Search => UnitReads::Search(Arc::new(SqliteSearchReads::new(connections))),
        }
    }

    fn connections_in_use(&self) -> usize {
        self.connections.in_use()
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        let (path, unit) = (self.connections.path().to_owned(), self.unit);
        let opened = tokio::task::spawn_blocking(move || SqliteSnapshot::open(&path, unit));
        Ok(Box::new(opened.await.map_err(StoreError::unreachable)??))
    }
}

/// What sorts for an index may take as much memory as the pages of its connection, beside them.
fn sort_into_indexes(connection: &mut Connection, unit: UnitName) -> Result<(), StoreError> {
    cache_at_most(connection, SORTING_CACHE_KIB)?;
    make_indexes(connection, unit)?;
    cache_at_most(connection, WRITER_CACHE_KIB)
}

fn make_indexes(connection: &mut Connection, unit: UnitName) -> Result<(), StoreError> {
    match migrate(connection, migrations(unit)) {
        Ok(()) => return Ok(()),
        Err(error) if !is_taken(&error) => return Err(StoreError::unreachable(error)),
        Err(_) => {}
    }
    in_transaction(connection, |tx| inbox_writes::keep_first_messages(tx))?;
    migrate(connection, migrations(unit)).map_err(StoreError::unreachable)
}

fn in_transaction<T>(
    connection: &mut Connection,
    job: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> Result<T, StoreError> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sqlite_error)?;
    let done = job(&tx).map_err(sqlite_error)?;
    tx.commit().map_err(sqlite_error)?;
    Ok(done)
}

/// Nobody else gets the file's write lock until it is dropped, which rolls back.
struct SqliteHeld {
    connection: Connection,
    standing: Standing,
}

#[async_trait]
impl Held for SqliteHeld {
    fn standing(&self) -> Standing {
        self.standing
    }

    async fn close(self: Box<Self>) -> Result<(), StoreError> {
        let close = move || {
            let closed = self.connection.execute_batch("UPDATE unit SET state = 'closed'; COMMIT");
            closed.map_err(sqlite_error).map_err(in_file(Path::new(self.connection.path().unwrap_or_default())))
        };
        tokio::task::spawn_blocking(close).await.map_err(StoreError::unreachable)?
    }
}

pub(super) struct RawStanding {
    log: uuid::Uuid,
    checkpoint: i64,
    state: String,
}

impl RawStanding {
    pub(super) fn read(self) -> Result<Standing, StoreError> {
        Ok(Standing {
            log: LogId(self.log),
            checkpoint: Position(natural(self.checkpoint)),
            state: GenerationState::parse(&self.state)?,
        })
    }
}

pub(super) fn raw_standing(connection: &Connection) -> rusqlite::Result<RawStanding> {
    connection
        .prepare_cached("SELECT log_id, checkpoint, state FROM unit")?
        .query_row([], |row| Ok(RawStanding { log: row.get(0)?, checkpoint: row.get(1)?, state: row.get(2)? }))
}

pub(super) fn checkpoint(connection: &Connection) -> rusqlite::Result<Position> {
    let found: Option<i64> =
        connection.prepare_cached("SELECT checkpoint FROM unit")?.query_row([], |row| row.get(0)).optional()?;
    Ok(Position(natural(found.unwrap_or(0))))
}

/// Rows and checkpoint in one transaction. The write lock is taken first, so what is read in here stays true.
fn apply(connection: &mut Connection, step: Step) -> Result<Applied, StoreError> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sqlite_error)?;
    let may = may_take(&tx, &step)?;
    if may == Applied::Done {
        write(&tx, step).map_err(sqlite_error)?;
        tx.commit().map_err(sqlite_error)?;
    }
    Ok(may)
}

/// Whether the unit stands where the step begins.
pub(super) fn may_take(tx: &Connection, step: &Step) -> Result<Applied, StoreError> {
    let standing = raw_standing(tx).map_err(sqlite_error)?.read()?;
    if standing.log != step.log {
        return Err(StoreError::Corrupt(format!("it belongs to the log {}, not to {}", standing.log, step.log)));
    }
    Ok(if standing.state == GenerationState::Closed {
        Applied::Closed
    } else if standing.checkpoint != step.from {
        Applied::Moved(standing.checkpoint)
    } else {
        Applied::Done
    })
}

fn write(tx: &Connection, step: Step) -> rusqlite::Result<()> {
    match step.changes {
        UnitChanges::Inbox(changes) => {
            let mut batch = InboxBatch::default();
            inbox_writes::take(tx, &mut batch, changes)?;
            inbox_writes::save(tx, &batch, step.from)?;
        }
        UnitChanges::Feed(changes) => feed_writes::write(tx, changes)?,
        UnitChanges::Search(changes) => search_writes::write(tx, changes)?,
    }
    set_checkpoint(tx, step.to)
}

pub(super) fn set_checkpoint(tx: &Connection, position: Position) -> rusqlite::Result<()> {
    tx.prepare_cached("UPDATE unit SET checkpoint = ?")?.execute([signed(position.0)]).map(drop)
}
