//! The connections of one file: one writes, on a thread of its own; a few read, each in its own snapshot.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use event_log::new_file::make_where_absent;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tokio::sync::{Semaphore, oneshot};

use crate::store::StoreError;

/// Readers at a time; more wait their turn.
const READERS_MAX: usize = 4;
/// How long to wait for another process that writes the same file.
const BUSY_MAX: Duration = Duration::from_secs(5);
pub(super) const WRITER_CACHE_KIB: i32 = 16_384;
/// 16 MiB of WAL: pages that are written again and again go back into the file more seldom.
const CHECKPOINT_PAGES: u32 = 4_000;
/// Statements kept ready per connection.
const STATEMENTS_MAX: usize = 128;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

pub(super) struct Connections {
    path: PathBuf,
    /// `None` only while dropping.
    writer: Option<mpsc::Sender<Job>>,
    writing: Option<JoinHandle<()>>,
    readers: Arc<Mutex<Vec<Connection>>>,
    turns: Arc<Semaphore>,
}

impl Connections {
    /// Questions under way.
    pub(super) fn in_use(&self) -> usize {
        READERS_MAX.saturating_sub(self.turns.available_permits())
    }

    /// Opens an existing file, or makes it when `create` says so.
    pub(super) fn open(path: &Path, create: bool) -> Result<Self, StoreError> {
        let connection = writing(path, create)?;
        let (writer, jobs) = mpsc::channel::<Job>();
        let name = path.file_stem().map_or_else(|| "view".into(), |stem| stem.to_string_lossy().into_owned());
        let writing = std::thread::Builder::new()
            .name(name)
            .spawn(move || {
                let mut connection = connection;
                while let Ok(job) = jobs.recv() {
                    job(&mut connection);
                }
            })
            .map_err(StoreError::unreachable)?;
        Ok(Self {
            path: path.to_owned(),
            writer: Some(writer),
            writing: Some(writing),
            readers: Arc::default(),
            turns: Arc::new(Semaphore::new(READERS_MAX)),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `job` on the writing connection, after those before it.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // Nobody waits any more: what was asked for is done all the same.
            let _ = answer.send(job(connection));
        });
        self.writer.as_ref().and_then(|writer| writer.send(job).ok()).ok_or(StoreError::Gone)?;
        answered.await.map_err(|_| StoreError::Gone)?.map_err(in_file(&self.path))
    }

    /// Runs `job` on a reading connection, in one snapshot.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        // The semaphore lives as long as `self` and is never closed.
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(StoreError::unreachable)?;
        let readers = Arc::clone(&self.readers);
        let path = self.path.clone();
        let work = move || {
            let _turn = turn;
            let kept = readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut connection = match kept {
                Some(connection) => connection,
                None => reading(&path)?,
            };
            let answer = in_snapshot(&mut connection, job)?;
            readers.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            Ok(answer)
        };
        tokio::task::spawn_blocking(work).await.map_err(StoreError::unreachable)?.map_err(in_file(&self.path))
    }
}

/// Whoever drops it may delete the files and make new ones of the same name, and a connection that closes late would
/// delete the new one's write-ahead log. So: closed when dropped.
impl Drop for Connections {
    fn drop(&mut self) {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.writer = None;
        if let Some(writing) = self.writing.take()
            && writing.join().is_err()
        {
            tracing::error!(path = %self.path.display(), "the writing thread of a view panicked");
        }
    }
}

fn in_snapshot<T>(
    connection: &mut Connection,
    job: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> Result<T, StoreError> {
    let transaction = connection.transaction().map_err(sqlite_error)?;
    let answer = job(&transaction).map_err(sqlite_error)?;
    transaction.finish().map_err(sqlite_error)?;
    Ok(answer)
}

/// What a reading of a column that holds nonsense becomes is `Corrupt`; a file that the engine cannot read is `Damaged`; all
/// else may pass. Which file it is [`in_file`] says.
pub(super) fn sqlite_error(error: rusqlite::Error) -> StoreError {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType};
    if let Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) = error.sqlite_error_code() {
        return StoreError::Damaged { file: String::new(), reason: crate::store::chain(&error) };
    }
    if matches!(error, FromSqlConversionFailure(..) | InvalidColumnType(..) | IntegralValueOutOfRange(..)) {
        return StoreError::Corrupt(crate::store::chain(&error));
    }
    StoreError::unreachable(error)
}

/// Names the file that is damaged.
pub(super) fn in_file(path: &Path) -> impl Fn(StoreError) -> StoreError + '_ {
    move |error| match error {
        StoreError::Damaged { reason, .. } => StoreError::Damaged { file: path.display().to_string(), reason },
        StoreError::Unreachable(_)
        | StoreError::Gone
        | StoreError::Corrupt(_)
        | StoreError::WordsLost(_)
        | StoreError::Log(_) => error,
    }
}

/// A connection that may write. The log is the truth and a view is behind it at worst, so it is not flushed at each
/// commit; rows and checkpoint still come back together.
pub(super) fn writing(path: &Path, create: bool) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if create {
        // For its owner alone; SQLite gives its write-ahead log the same.
        make_where_absent(path).map_err(StoreError::unreachable)?;
    }
    let failed = |error| in_file(path)(sqlite_error(error));
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    let prepare = || -> rusqlite::Result<()> {
        connection.busy_timeout(BUSY_MAX)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "normal")?;
        connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        // What is blanked for an erased user is not to be found in the free space of a page.
        connection.pragma_update(None, "secure_delete", "on")?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        Ok(())
    };
    prepare().map_err(failed)?;
    Ok(connection)
}

/// Pages beyond it go at once.
pub(super) fn cache_at_most(connection: &Connection, kib: i32) -> Result<(), StoreError> {
    connection.pragma_update(None, "cache_size", -kib).map_err(sqlite_error)
}

pub(super) fn reading(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let failed = |error| in_file(path)(sqlite_error(error));
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY_MAX).map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// See `.cargo/config.toml`: connections would share their pages, and each could take what all others were allowed.
    #[test]
    fn promise_8_the_linked_sqlite_keeps_the_pages_of_each_connection_apart() {
        let connection = Connection::open_in_memory().expect("opens");
        let built_with = |option: &str| {
            let asked =
                connection.query_row("SELECT sqlite_compileoption_used(?)", [option], |row| row.get::<_, bool>(0));
            asked.expect("SQLite knows how it was built")
        };
        assert!(!built_with("ENABLE_MEMORY_MANAGEMENT"));
        assert!(built_with("DEFAULT_MEMSTATUS=0"));
    }
}
