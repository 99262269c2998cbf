//! Where an id and where a stream's events are: an index that follows the log, in a file of its own.
//!
//! The log's own file only grows at its end, so an append writes what it has to say and nothing else. What is looked up is
//! in memory first (`recent`), and merged into `log-index.db` some ten thousand events at a time by a thread of its own
//! (`indexer`). The file is a projection of the log: never believed where it does not fit, and made anew from the log
//! (`build`). ADR 0016. Never in here: what is not in the log, or anything that can be read: numbers only.

mod build;
mod check;
mod file;
mod indexer;
mod keys;
mod look;
mod merge;
mod recent;
#[cfg(test)]
mod tests;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::connection::open_reader;
use super::rows;
use crate::port::EventLogError;
use crate::position::LogId;
use crate::store_url::StoreUrl;
use file::{Checkpoint, Verdict, judge};
use keys::Salt;
use recent::Recent;

pub(super) use check::check;
pub(super) use file::path;
pub(super) use indexer::Indexer;
pub(super) use look::{Look, Moment};
pub(super) use recent::{Entry, StreamName};

/// How long others are waited for who open the same log at this moment, before it is said that they stay.
const LEAVE_PATIENCE: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The index of a log that is open.
pub(super) struct Index {
    file: PathBuf,
    log: LogId,
    salt: Salt,
    recent: Arc<Recent>,
    /// The log's directory, locked together with everybody else who uses the index: nobody puts another one in its place.
    /// `None` once closed.
    in_use: Mutex<Option<File>>,
}

impl Index {
    /// Opens the index beside the log that `log` is a connection to, and makes it where there is none that can be followed.
    pub fn open(directory: &Path, log: &Connection, id: LogId) -> Result<Arc<Self>, EventLogError> {
        let file = path(directory);
        let (in_use, checkpoint) = enter(directory, &file, log, id)?;
        let mut base = checkpoint.position;
        let head = rows::head(log)?.position.0;
        if head - base.min(head) > recent::SEGMENT_EVENTS_MAX {
            base = merge::catch_up(&mut file::open_writer(&file)?, log, head)?;
        }
        let recent = Arc::new(Recent::behind(base, file.clone()));
        Ok(Arc::new(Self { file, log: id, salt: checkpoint.salt, recent, in_use: Mutex::new(Some(in_use)) }))
    }

    /// For one thread at a time, as the connection to the log that it is used with.
    pub fn look(&self) -> Result<Look, EventLogError> {
        let file = open_reader(&self.file)?;
        Ok(Look::new(file, Arc::clone(&self.recent), self.log, self.salt))
    }

    /// What keeps look-ups from being answered, until every program that uses it has ended.
    pub fn trouble(&self) -> Option<String> {
        let text = || {
            format!("{} was found damaged: end every program that uses the log, and start again", self.file.display())
        };
        self.recent.is_spoiled().then(text)
    }

    #[cfg(test)]
    fn recent(&self) -> &Arc<Recent> {
        &self.recent
    }

    /// Nobody here uses it any more.
    pub fn leave(&self) {
        self.in_use.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Takes part in using the index, having made it where that is needed and nobody else uses it.
fn enter(directory: &Path, path: &Path, log: &Connection, id: LogId) -> Result<(File, Checkpoint), EventLogError> {
    let unavailable = |error: std::io::Error| EventLogError::Unavailable(error.into());
    let lock = File::open(directory).map_err(unavailable)?;
    let began = Instant::now();
    let mut made = false;
    loop {
        let alone = match lock.try_lock() {
            Ok(()) => true,
            Err(TryLockError::Error(error)) => return Err(unavailable(error)),
            // By somebody who makes the index: however long that takes.
            Err(TryLockError::WouldBlock) => {
                lock.lock_shared().map_err(unavailable)?;
                false
            }
        };
        match judge(path, log, id)? {
            Verdict::Sound(checkpoint) => {
                lock.lock_shared().map_err(unavailable)?;
                return Ok((lock, checkpoint));
            }
            Verdict::Useless(why) if alone && !made => {
                if rows::head(log)?.position.0 > 0 {
                    tracing::warn!(why, "the log's index cannot be followed: it is made anew");
                }
                let log = StoreUrl::file(directory, "log");
                build::build(path, &log, id)?;
                made = true;
            }
            Verdict::Useless(why) if alone || began.elapsed() > LEAVE_PATIENCE => {
                let problem = format!(
                    "{}: {why}; it can be made anew only while no other program uses the log: end those first",
                    path.display()
                );
                return Err(EventLogError::Unavailable(problem.into()));
            }
            Verdict::Useless(_) => {
                lock.unlock().map_err(unavailable)?;
                std::thread::sleep(LOOK_AGAIN);
            }
        }
    }
}
