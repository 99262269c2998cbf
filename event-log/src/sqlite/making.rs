//! A new log's file, made from rows under another name and given its own when it is whole.
//!
//! Until then there is no `log.db`, and the file under the other name tells [`super::SqliteLog`] to keep its hands off.
//! Given by a link, which is refused where the name is taken: a rename would put it over a log that was made meanwhile.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};

use super::connection::{STEPS, require_linked_version};
use super::rows;
use crate::migrations::migrate;
use crate::port::EventLogError;
use crate::position::LogId;
use crate::raw::{MakeError, MakingLog, RawEvent, Reactors};
use crate::store_url::StoreUrl;

/// The name of a log's file as long as it is not whole.
pub(super) fn unfinished(directory: &Path) -> PathBuf {
    directory.join("log.db.restoring")
}

/// Whether a restore was begun in `directory` and not finished. One that died between giving the file its name and taking
/// the other one away is finished, and is finished here.
pub(super) fn require_finished(directory: &Path) -> Result<(), EventLogError> {
    let unfinished = unfinished(directory);
    let Ok(begun) = std::fs::metadata(&unfinished) else { return Ok(()) };
    if let Ok(log) = std::fs::metadata(StoreUrl::file(directory, "log"))
        && (log.dev(), log.ino()) == (begun.dev(), begun.ino())
    {
        return std::fs::remove_file(&unfinished).map_err(io);
    }
    Err(EventLogError::Corrupt(format!(
        "a restore was begun here and not finished: run `replay restore` again, or delete {}",
        unfinished.display()
    )))
}

/// A write-ahead log without its file would be taken for that of the new one.
fn require_empty(directory: &Path) -> Result<(), MakeError> {
    for there in ["log.db", "log.db-wal", "log.db-shm"] {
        let there = directory.join(there);
        if there.exists() {
            return Err(MakeError::NotEmpty(format!("{} is there already", there.display())));
        }
    }
    Ok(())
}

/// See [`crate::raw::make`].
pub struct SqliteMaking {
    directory: PathBuf,
    connection: Option<Connection>,
    /// Locked: one at a time. Let go with the process, whatever becomes of it.
    lock: File,
}

impl SqliteMaking {
    pub(crate) async fn begin(directory: &Path) -> Result<Self, MakeError> {
        let directory = directory.to_owned();
        let begun = tokio::task::spawn_blocking(move || Self::begin_blocking(directory));
        begun.await.unwrap_or_else(|error| Err(EventLogError::Unavailable(error.into()).into()))
    }

    fn begin_blocking(directory: PathBuf) -> Result<Self, MakeError> {
        require_linked_version(rusqlite::version_number())?;
        DirBuilder::new().recursive(true).mode(0o700).create(&directory).map_err(io)?;
        Place::look(directory)?.take()
    }
}

/// A directory that was empty when it was looked at, and the file in it that whoever makes a log locks.
struct Place {
    directory: PathBuf,
    file: File,
}

impl Place {
    fn look(directory: PathBuf) -> Result<Self, MakeError> {
        require_empty(&directory)?;
        let path = unfinished(&directory);
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(io)?;
        Ok(Self { directory, file })
    }

    fn take(self) -> Result<SqliteMaking, MakeError> {
        let Self { directory, file: lock } = self;
        let path = unfinished(&directory);
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(MakeError::NotEmpty(format!("another restore is writing {}", path.display())));
            }
            Err(TryLockError::Error(error)) => return Err(io(error).into()),
        }
        // Once more: the restore that had the lock before may have finished, and then this is its log.
        require_empty(&directory)?;
        // What a restore that died has left is begun anew.
        lock.set_len(0).map_err(io)?;
        let mut connection = Connection::open(&path).map_err(EventLogError::from)?;
        // Nobody reads it before it is whole, and then it is flushed as a whole.
        connection
            .execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536; PRAGMA temp_store = FILE;")
            .map_err(EventLogError::from)?;
        migrate(&mut connection, STEPS).map_err(|error| EventLogError::Unavailable(error.into()))?;
        connection.execute_batch("BEGIN").map_err(EventLogError::from)?;
        Ok(SqliteMaking { directory, connection: Some(connection), lock })
    }
}

#[async_trait]
impl MakingLog for SqliteMaking {
    async fn write(&mut self, events: Vec<RawEvent>) -> Result<(), EventLogError> {
        let connection = self.connection.take().ok_or(EventLogError::Closed)?;
        let written = tokio::task::spawn_blocking(move || (insert(&connection, &events), connection)).await;
        let (written, connection) = written.map_err(|error| EventLogError::Unavailable(error.into()))?;
        self.connection = Some(connection);
        written
    }

    async fn finish(self: Box<Self>, from: LogId, reactors: Reactors) -> Result<LogId, MakeError> {
        let Self { directory, connection, lock } = *self;
        let connection = connection.ok_or(EventLogError::Closed)?;
        let finished = tokio::task::spawn_blocking(move || {
            let id = fill_in(&connection, from, &reactors)?;
            connection.close().map_err(|(_, error)| EventLogError::from(error))?;
            lock.sync_all().map_err(io)?;
            give_name(&directory)?;
            Ok(id)
        });
        finished.await.unwrap_or_else(|error| Err(EventLogError::Unavailable(error.into()).into()))
    }
}

/// What is not an event.
fn fill_in(connection: &Connection, from: LogId, reactors: &Reactors) -> Result<LogId, EventLogError> {
    // Made with the tables, and never anybody else's.
    let id = rows::log_id(connection)?;
    for reactor in &reactors.places {
        let log = if reactor.log == from { id } else { reactor.log };
        connection.execute(
            "INSERT INTO reactor_checkpoints (reactor, log_id, position) VALUES (?1, ?2, ?3)",
            params![reactor.name, log.0, reactor.position],
        )?;
    }
    for name in &reactors.lost {
        connection.execute("INSERT OR IGNORE INTO reactors_known (reactor) VALUES (?1)", [name])?;
    }
    require_unique(connection)?;
    connection.execute_batch("COMMIT; PRAGMA optimize;")?;
    Ok(id)
}

/// The table itself would take an event twice: what has been written is looked at once, as a whole.
fn require_unique(connection: &Connection) -> Result<(), EventLogError> {
    let repeated = connection
        .query_row("SELECT min(position) FROM events GROUP BY event_id HAVING count(*) > 1 LIMIT 1", [], |row| {
            row.get(0)
        })
        .optional()?;
    let met = connection
        .query_row(
            "SELECT min(position) FROM events GROUP BY aggregate_type, aggregate_id, sequence HAVING count(*) > 1 LIMIT 1",
            [],
            |row| row.get(0),
        )
        .optional()?;
    let refused =
        |position: i64, what: &str| Err(EventLogError::Corrupt(format!("{what} of position {position} comes twice")));
    match (repeated, met) {
        (Some(position), _) => refused(position, "the event id"),
        (None, Some(position)) => refused(position, "the place in its stream"),
        (None, None) => Ok(()),
    }
}

/// The last step, which makes it a log.
fn give_name(directory: &Path) -> Result<(), MakeError> {
    let (unfinished, log) = (unfinished(directory), StoreUrl::file(directory, "log"));
    std::fs::hard_link(&unfinished, &log).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            MakeError::NotEmpty(format!("{} was made meanwhile; {} is not needed", log.display(), unfinished.display()))
        }
        _ => io(error).into(),
    })?;
    let folder = File::open(directory).map_err(io)?;
    folder.sync_all().map_err(io)?;
    std::fs::remove_file(&unfinished).map_err(io)?;
    folder.sync_all().map_err(io)?;
    Ok(())
}

fn insert(connection: &Connection, events: &[RawEvent]) -> Result<(), EventLogError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO events (position, event_id, aggregate_type, aggregate_id, sequence, event_type, \
         event_version, payload, metadata, recorded_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    for event in events {
        statement.execute(params![
            event.position,
            event.event_id,
            event.aggregate_type,
            event.aggregate_id,
            event.sequence,
            event.event_type,
            event.event_version,
            event.payload,
            event.metadata,
            event.recorded_ms(),
        ])?;
    }
    Ok(())
}

fn io(error: std::io::Error) -> EventLogError {
    EventLogError::Unavailable(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_write_ahead_log_without_its_file_is_not_taken_for_that_of_a_new_one() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("log.db-wal"), b"of a log that was taken away").expect("written");
        let Err(MakeError::NotEmpty(what)) = SqliteMaking::begin(folder.path()).await else {
            panic!("it would be played into the new log");
        };
        assert!(what.contains("log.db-wal"), "{what}");
        assert!(!unfinished(folder.path()).exists());
    }
    /// It looked while the first was still writing, and came to the lock when the first had finished: the file that it holds
    /// open is the first's log now.
    #[tokio::test]
    async fn a_restore_that_looked_before_another_had_finished_does_not_truncate_its_log() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = Box::new(SqliteMaking::begin(folder.path()).await.expect("an empty place"));
        let second = Place::look(folder.path().to_owned()).expect("nothing is there yet");
        let id = first.finish(LogId(uuid::Uuid::nil()), Reactors::default()).await.expect("finished");
        let Err(MakeError::NotEmpty(what)) = second.take() else { panic!("it took the first's place") };
        assert!(what.contains("log.db is there already"), "{what}");
        let log = Connection::open(StoreUrl::file(folder.path(), "log")).expect("it opens");
        assert_eq!(rows::log_id(&log).expect("it is whole"), id);
    }
}
