//! A new index, made of the whole log: under another name until it is whole.
//!
//! Sorted by SQLite, on disk where it does not fit into [`SORT_KIB`], and written once from left to right: so it takes about
//! as long as reading the log twice, whatever its size. Only while nobody else has the log open.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::functions::FunctionFlags;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::file::{Checkpoint, FORMAT, TABLES};
use super::keys::{Salt, id_key, stream_key};
use crate::port::EventLogError;
use crate::position::LogId;

/// Of memory for sorting.
const SORT_KIB: i32 = 65_536;
/// Between two lines that say how far it is.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// Puts a new index in the place of what is at `path`.
pub(super) fn build(path: &Path, log: &Path, id: LogId) -> Result<(), EventLogError> {
    let began = Instant::now();
    for ending in ["", "-wal", "-shm", ".building", ".building-journal"] {
        let there = beside(path, ending);
        match std::fs::remove_file(&there) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(error)),
            Ok(()) | Err(_) => {}
        }
    }
    let building = beside(path, ".building");
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&building).map_err(io)?;
    let events = fill(&building, log, id)?;
    file.sync_all().map_err(io)?;
    std::fs::rename(&building, path).map_err(io)?;
    if let Some(folder) = path.parent() {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)?;
    }
    if events > 0 {
        tracing::info!(events, seconds = began.elapsed().as_secs_f64(), "the log's index was made anew");
    }
    Ok(())
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Up to which position it was filled.
fn fill(building: &Path, log: &Path, id: LogId) -> Result<u64, EventLogError> {
    let index = Connection::open(building)?;
    index.execute_batch(&format!(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = FILE; PRAGMA cache_size = -{SORT_KIB};"
    ))?;
    let salt: [u8; 16] = index.query_row("SELECT randomblob(16)", [], |row| row.get(0))?;
    let salt = Salt(salt);
    let log = log.to_str().ok_or_else(|| EventLogError::Unavailable("the log's path is no text".into()))?;
    index.execute("ATTACH ?1 AS log", [log])?;
    // Everything is read of one moment.
    index.execute_batch("BEGIN")?;
    index.execute_batch(TABLES)?;
    let end: Option<(u64, Uuid)> = index
        .query_row("SELECT position, event_id FROM log.events ORDER BY position DESC LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let (position, event_id) = end.unwrap_or_default();
    keys_in_sql(&index, salt, position)?;
    index.execute(
        "INSERT INTO ids SELECT id_key(event_id) AS key, position FROM log.events WHERE position <= ?1 ORDER BY 1, 2",
        params![position],
    )?;
    index.execute(
        "INSERT INTO streams SELECT stream_key(aggregate_type, aggregate_id) AS key, sequence, position FROM log.events \
         WHERE position <= ?1 ORDER BY 1, 2, 3",
        params![position],
    )?;
    Checkpoint { log: id, position, event_id, salt }.store(&index)?;
    index.pragma_update(None, "user_version", FORMAT)?;
    index.execute_batch("COMMIT")?;
    index.close().map_err(|(_, error)| EventLogError::from(error))?;
    Ok(position)
}

/// The keys as functions of SQL, which also say how far it is: each is called once for every event.
fn keys_in_sql(index: &Connection, salt: Salt, events: u64) -> Result<(), EventLogError> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    let mut first = Progress::begin("ids", events);
    index.create_scalar_function("id_key", 1, flags, move |arguments| {
        first.step();
        // What is no id is the key of none: no reader gets past such a row.
        let id = arguments.get_raw(0).as_blob().ok().and_then(|id| Uuid::from_slice(id).ok()).unwrap_or_default();
        Ok(Value::Integer(id_key(id)))
    })?;
    let mut second = Progress::begin("streams", events);
    index.create_scalar_function("stream_key", 2, flags, move |arguments| {
        second.step();
        let text = |argument: ValueRef<'_>| argument.as_str().unwrap_or_default().to_owned();
        Ok(Value::Integer(stream_key(salt, &text(arguments.get_raw(0)), &text(arguments.get_raw(1)))))
    })?;
    Ok(())
}

struct Progress {
    what: &'static str,
    done: u64,
    of: u64,
    told: Instant,
}

impl Progress {
    fn begin(what: &'static str, of: u64) -> Self {
        Self { what, done: 0, of, told: Instant::now() }
    }

    fn step(&mut self) {
        self.done += 1;
        // A look at the clock costs more than the rest.
        if self.done.is_multiple_of(16_384) && self.told.elapsed() >= TELL_EVERY {
            self.told = Instant::now();
            tracing::info!(what = self.what, events = self.done, of = self.of, "the log's index is made anew");
        }
    }
}

fn io(error: std::io::Error) -> EventLogError {
    EventLogError::Unavailable(error.into())
}
