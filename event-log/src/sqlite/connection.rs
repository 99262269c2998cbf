//! How the log's file is opened: who writes, who reads, how durable, and who may look into it.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::migrations::{Migration, MigrationError, migrate};
use crate::new_file::make_where_absent;
use crate::port::EventLogError;

/// SQLite before 3.51.3 can corrupt a WAL file that two connections checkpoint and write at once.
const SQLITE_VERSION_MIN: i32 = 3_051_003;

/// How long an append waits for another process that writes. The door gives a command two seconds in all.
const BUSY_ATTEMPTS_MAX: i32 = 1_500;

/// 64 MiB of WAL. The indexer writes it back long before that, beside the commits; this is what bounds it when that is not
/// enough, and when the little that is left is written back and it begins anew.
const CHECKPOINT_PAGES: u32 = 16_000;

const WRITER_CACHE_KIB: i32 = 16_384;
const READER_CACHE_KIB: i32 = 4_096;

macro_rules! steps {
    ($($name:literal),+ $(,)?) => {
        &[$(Migration {
            name: $name,
            sql: include_str!(concat!("../../../migrations/sqlite/log/", $name, ".sql")),
        }),+]
    };
}

/// Append-only, in order.
pub(super) const STEPS: &[Migration] = steps![
    "20261122090000_create_events",
    "20261122090100_create_log_identity",
    "20261122090200_create_reactor_checkpoints",
    "20261128100000_create_reactors_known",
    "20261128120000_create_state_snapshots",
    "20261129090000_create_log_keys",
    "20261129100000_drop_event_indexes",
];

/// The connection that writes; makes directory, file and tables where there are none.
///
/// New directories and files are for their owner alone: the log holds what people wrote to each other.
pub(super) fn open_writer(directory: &Path, file: &Path) -> Result<Connection, EventLogError> {
    require_linked_version(rusqlite::version_number())?;
    let io = |error: std::io::Error| EventLogError::Unavailable(error.into());
    super::make_directory(directory)?;
    make_where_absent(file).map_err(io)?;

    let mut connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE | base_flags())?;
    connection.busy_handler(Some(wait_for_another_writer))?;
    enter_wal(&connection)?;
    connection.execute_batch(&format!(
        "PRAGMA synchronous = FULL;
         PRAGMA fullfsync = ON;
         PRAGMA foreign_keys = OFF;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -{WRITER_CACHE_KIB};
         PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES};
         PRAGMA journal_size_limit = 67108864;"
    ))?;
    migrate(&mut connection, STEPS).map_err(|error| match error {
        MigrationError::FromTheFuture { .. } => EventLogError::Corrupt(error.to_string()),
        MigrationError::Step { .. } | MigrationError::Version(_) => EventLogError::Unavailable(error.into()),
    })?;
    Ok(connection)
}

/// The first look at a file of which nobody knows how its maker ended. Before it is in WAL, what is half made is in a
/// rollback journal, and only a connection that may write rolls that back. Never the one that empties a write-ahead log.
pub(super) fn open_first(file: &Path) -> Result<Connection, EventLogError> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE | base_flags())?;
    connection.busy_handler(Some(wait_for_another_writer))?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// The connection that writes back what the writer wrote ahead.
pub(super) fn open_flusher(file: &Path) -> Result<Connection, EventLogError> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE | base_flags())?;
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA wal_autocheckpoint = 0;")?;
    Ok(connection)
}

/// A connection that cannot write.
pub(super) fn open_reader(file: &Path) -> Result<Connection, EventLogError> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY | base_flags())?;
    connection.busy_handler(Some(wait_for_another_writer))?;
    // No mmap: a failing disk should be an error, not a signal that ends the server.
    connection.execute_batch(&format!(
        "PRAGMA query_only = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -{READER_CACHE_KIB};"
    ))?;
    Ok(connection)
}

/// Each connection is used by one thread at a time, so SQLite's own mutex is not needed.
pub(super) fn base_flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_NO_MUTEX
}

pub(super) fn require_linked_version(linked: i32) -> Result<(), EventLogError> {
    if linked < SQLITE_VERSION_MIN {
        return Err(EventLogError::Unavailable(
            format!("SQLite {linked} is linked; {SQLITE_VERSION_MIN} or later is needed").into(),
        ));
    }
    Ok(())
}

/// Two processes that make the same file at once meet here; SQLite does not call the busy handler for it.
pub(super) fn enter_wal(connection: &Connection) -> Result<(), EventLogError> {
    let deadline = Instant::now() + Duration::from_secs(2);
    loop {
        match connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0)) {
            Ok(mode) if mode.eq_ignore_ascii_case("wal") => return Ok(()),
            Ok(mode) => {
                let problem = format!("the log needs a file system that can do WAL; SQLite stays in mode {mode}");
                return Err(EventLogError::Unavailable(problem.into()));
            }
            Err(error) if is_busy(&error) && Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Appends take well under a millisecond: SQLite's own handler, which soon sleeps 100 ms, would lose every race.
pub(super) fn wait_for_another_writer(attempts: i32) -> bool {
    if attempts >= BUSY_ATTEMPTS_MAX {
        return false;
    }
    std::thread::sleep(Duration::from_micros(if attempts < 16 { 200 } else { 1_000 }));
    true
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

impl From<rusqlite::Error> for EventLogError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(error.to_string()),
            _ => Self::Unavailable(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_linked_sqlite_is_one_without_the_wal_reset_bug() {
        assert!(require_linked_version(rusqlite::version_number()).is_ok(), "{}", rusqlite::version());
        assert!(require_linked_version(3_046_000).is_err());
    }

    #[test]
    fn steps_are_in_the_order_of_their_names() {
        assert!(STEPS.is_sorted_by(|a, b| a.name < b.name));
    }
}
