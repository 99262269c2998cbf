//! Whether a program has a log, or a place of keys, open: what belongs together is not changed under one that runs.
//!
//! On SQLite whoever opens one keeps a file beside it locked together with others; the lock goes with its process, however
//! that ends. On PostgreSQL the names of sessions say it. Never in here: what is changed.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::open::OpenError;
use crate::port::EventLogError;
use crate::postgres;
use crate::store_url::StoreUrl;

/// A program that was ended a moment ago may still seem to be there; whoever changes something is done soon.
const PATIENCE: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(50);

/// What is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Log,
    Keys,
}

impl What {
    /// As its files are called.
    const fn file(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Keys => "keys",
        }
    }

    /// As its sessions on PostgreSQL are called.
    pub const fn sessions(self) -> &'static str {
        match self {
            Self::Log => "kabar-log",
            Self::Keys => "kabar-keys",
        }
    }
}

/// Somebody has it open.
#[derive(Debug, thiserror::Error)]
#[error(
    "{what} at {place} is open in a running program, a server or `replay`, and which keys belong to which log is changed \
     only while nobody uses them. Stop it first; nothing was changed"
)]
pub struct InUse {
    what: &'static str,
    place: String,
}

/// Nobody else has it open, and on SQLite nobody opens it as long as this is kept.
#[must_use]
#[derive(Debug)]
pub struct Alone {
    _locked: Option<File>,
}

/// Held by whoever has it open, in `directory`. Waits a moment for somebody who is alone with it.
pub(crate) fn enter(directory: &Path, what: What) -> Result<File, EventLogError> {
    let file = lock_file(directory, what)?;
    let since = Instant::now();
    loop {
        match file.try_lock_shared() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(EventLogError::Unavailable(error.into())),
            Err(TryLockError::WouldBlock) if since.elapsed() > PATIENCE => {
                let told = "somebody changes which keys belong to which log just now: try again when that is done";
                return Err(EventLogError::Unavailable(told.into()));
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
        }
    }
}

/// For a change to what belongs together; the log, or the keys, must be there.
pub(crate) async fn alone(url: &StoreUrl, what: What) -> Result<Alone, OpenError> {
    let since = Instant::now();
    loop {
        let found = match url {
            StoreUrl::Sqlite(directory) => {
                alone_in_directory(directory, what)?.map(|file| Alone { _locked: Some(file) })
            }
            StoreUrl::Postgres(url) => {
                (!postgres::tying::has_sessions(url, what).await?).then_some(Alone { _locked: None })
            }
        };
        if let Some(alone) = found {
            return Ok(alone);
        }
        if since.elapsed() > PATIENCE {
            let what = match what {
                What::Log => "the log",
                What::Keys => "the place of keys",
            };
            return Err(OpenError::InUse(InUse { what, place: url.to_string() }));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn alone_in_directory(directory: &Path, what: What) -> Result<Option<File>, EventLogError> {
    let file = lock_file(directory, what)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(EventLogError::Unavailable(error.into())),
    }
}

fn lock_file(directory: &Path, what: What) -> Result<File, EventLogError> {
    let path = directory.join(format!("{}.use.lock", what.file()));
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
    file.map_err(|error| EventLogError::Unavailable(error.into()))
}
