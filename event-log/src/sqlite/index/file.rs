//! The index's file: how it is opened, what it says of itself, and whether it may be believed.
//!
//! Never in here: what is looked up in it (`look`), what is written to it (`merge`, `build`).

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use uuid::Uuid;

use super::super::connection::{base_flags, enter_wal, open_reader, wait_for_another_writer};
use super::keys::{Salt, id_key, stream_key};
use crate::port::EventLogError;
use crate::position::LogId;
use crate::store_url::StoreUrl;

/// Raised with every change of the tables or of what a key is made of: an index of another format is made anew.
pub(super) const FORMAT: i64 = 1;

pub(super) const TABLES: &str =
    include_str!("../../../../migrations/sqlite/log-index/20261129100000_create_log_index.sql");

const CACHE_KIB: i32 = 16_384;

/// In the directory of the log.
pub(in crate::sqlite) fn path(directory: &Path) -> PathBuf {
    StoreUrl::file(directory, "log-index")
}

/// How far an index has come, and in which log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sqlite) struct Checkpoint {
    pub log: LogId,
    pub position: u64,
    /// Of the event at that position; nil before the first.
    pub event_id: Uuid,
    pub salt: Salt,
}

impl Checkpoint {
    pub fn read(index: &Connection) -> Result<Self, EventLogError> {
        let read =
            index.prepare_cached("SELECT log_id, position, event_id, salt FROM checkpoint")?.query_row([], |row| {
                let (log, salt) = (LogId(row.get(0)?), Salt(row.get(3)?));
                Ok(Self { log, position: row.get(1)?, event_id: row.get(2)?, salt })
            });
        Ok(read?)
    }

    pub fn store(&self, index: &Connection) -> Result<(), EventLogError> {
        index
            .prepare_cached(
                "INSERT OR REPLACE INTO checkpoint (one_row, log_id, position, event_id, salt) VALUES (1, ?1, ?2, ?3, ?4)",
            )?
            .execute(params![self.log.0, self.position, self.event_id, self.salt.0])?;
        Ok(())
    }
}

/// The connection that merges.
pub(super) fn open_writer(path: &Path) -> Result<Connection, EventLogError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | base_flags())?;
    connection.busy_handler(Some(wait_for_another_writer))?;
    enter_wal(&connection)?;
    // What a power cut takes back of it is read from the log again.
    connection.execute_batch(&format!(
        "PRAGMA synchronous = NORMAL;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -{CACHE_KIB};
         PRAGMA wal_autocheckpoint = 1;
         PRAGMA journal_size_limit = 67108864;"
    ))?;
    Ok(connection)
}

/// Whether an index may be followed.
#[derive(Debug)]
pub(in crate::sqlite) enum Verdict {
    Sound(Checkpoint),
    /// Why it has to be made anew.
    Useless(String),
}

/// Looks at the index at `path` beside its log. An error is one of the log, or of reaching the file.
pub(in crate::sqlite) fn judge(path: &Path, log: &Connection, id: LogId) -> Result<Verdict, EventLogError> {
    if !path.try_exists().map_err(|error| EventLogError::Unavailable(error.into()))? {
        return Ok(Verdict::Useless("there is none".to_owned()));
    }
    let said = open_reader(path).and_then(|index| what_it_says(&index));
    let Said { format, checkpoint, has_id } = match said {
        Ok(said) => said,
        Err(EventLogError::Corrupt(what)) => return Ok(Verdict::Useless(what)),
        Err(EventLogError::Unavailable(error)) if is_of_its_form(&*error) => {
            return Ok(Verdict::Useless(error.to_string()));
        }
        Err(error) => return Err(error),
    };
    let useless = |what: &str| Ok(Verdict::Useless(what.to_owned()));
    if format != FORMAT {
        return useless("it is of another format");
    }
    if checkpoint.log != id {
        return useless("it is of another log");
    }
    let there = log
        .query_row(
            "SELECT event_id, aggregate_type, aggregate_id, sequence FROM events WHERE position = ?1",
            [checkpoint.position],
            |row| {
                Ok((row.get::<_, Uuid>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?, row.get::<_, i64>(3)?))
            },
        )
        .optional()?;
    let Some((event_id, kind, stream, sequence)) = there else {
        if checkpoint.position > 0 {
            return useless("it is past the end of the log");
        }
        return Ok(Verdict::Sound(checkpoint));
    };
    if event_id != checkpoint.event_id {
        return useless("the log has another event where it ends");
    }
    if !has_id {
        return useless("it does not have the event where it ends");
    }
    // By its own salt: with another one it would know no stream, and every stream would begin anew.
    let key = stream_key(checkpoint.salt, &kind, &stream);
    if !has_place(path, key, sequence, checkpoint.position)? {
        return useless("it does not have the place of the event where it ends");
    }
    Ok(Verdict::Sound(checkpoint))
}

/// What an index says of itself.
struct Said {
    format: i64,
    checkpoint: Checkpoint,
    /// Whether the event at the checkpoint is in it.
    has_id: bool,
}

fn what_it_says(index: &Connection) -> Result<Said, EventLogError> {
    let format = index.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let checkpoint = Checkpoint::read(index)?;
    let has_id = index.query_row(
        "SELECT EXISTS (SELECT 1 FROM ids WHERE key = ?1 AND position = ?2)",
        params![id_key(checkpoint.event_id), checkpoint.position],
        |row| row.get(0),
    )?;
    Ok(Said { format, checkpoint, has_id })
}

/// `false` as well where the table cannot be read.
fn has_place(path: &Path, key: i64, sequence: i64, position: u64) -> Result<bool, EventLogError> {
    let asked = open_reader(path)?.query_row(
        "SELECT EXISTS (SELECT 1 FROM streams WHERE key = ?1 AND sequence = ?2 AND position = ?3)",
        params![key, sequence, position],
        |row| row.get(0),
    );
    match asked.map_err(EventLogError::from) {
        Err(EventLogError::Corrupt(_)) => Ok(false),
        Err(EventLogError::Unavailable(error)) if is_of_its_form(&*error) => Ok(false),
        answer => answer,
    }
}

/// No table, no row, no such column: it was made by something else, or not to its end.
fn is_of_its_form(error: &(dyn std::error::Error + 'static)) -> bool {
    let Some(error) = error.downcast_ref::<rusqlite::Error>() else { return false };
    let code = error.sqlite_error_code();
    code.is_none() || code == Some(rusqlite::ErrorCode::Unknown)
}
