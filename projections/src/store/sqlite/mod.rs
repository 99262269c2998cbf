//! Views in SQLite: one file per generation of a unit.

mod choices;
mod columns;
mod connections;
mod erasing;
mod feed_erasing;
mod feed_reads;
mod feed_writes;
mod filling;
mod generation;
mod inbox_marks;
mod inbox_messages;
mod inbox_reads;
mod inbox_rooms;
mod inbox_writes;
mod people_reads;
mod reports;
mod search_erasing;
mod search_reads;
mod search_writes;
mod snapshot;
mod walks;

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use event_log::{LogId, StoreUrl};

use self::connections::Connections;
use self::generation::SqliteGeneration;
use super::{Format, Generation, GenerationName, GenerationState, InUse, RebuildLock, StoreError, UnitStore};
use crate::views::UnitName;

pub(crate) struct SqliteStore {
    directory: PathBuf,
    unit: UnitName,
    format: Format,
}

impl SqliteStore {
    pub(crate) fn new(directory: PathBuf, unit: UnitName, format: Format) -> Self {
        Self { directory, unit, format }
    }

    /// `inbox-4-g2.db`: unit, format, generation.
    fn file(&self, name: &GenerationName) -> PathBuf {
        let (unit, format) = (self.unit.name(), self.format);
        let stem = match name {
            GenerationName::Numbered(number) => format!("{unit}-{format}-g{number}"),
            GenerationName::Scratch => format!("{unit}-{format}-verify"),
        };
        StoreUrl::file(&self.directory, &stem)
    }

    fn parsed(&self, file: &str) -> Option<(Format, u32)> {
        let rest = file.strip_prefix(self.unit.name())?.strip_prefix('-')?.strip_suffix(".db")?;
        let (format, number) = rest.split_once("-g")?;
        Some((Format(format.parse().ok()?), number.parse().ok()?))
    }

    /// A file that holds nothing but a lock.
    fn lock_file(&self, what: &str) -> Result<File, StoreError> {
        make_directory(&self.directory)?;
        let path = self.directory.join(format!("{}-{}.{what}.lock", self.unit.name(), self.format));
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        file.map_err(at(&path))
    }
}

#[async_trait]
impl UnitStore for SqliteStore {
    fn format(&self) -> Format {
        self.format
    }

    fn in_format(&self, format: Format) -> Arc<dyn UnitStore> {
        Arc::new(Self::new(self.directory.clone(), self.unit, format))
    }

    async fn all(&self) -> Result<Vec<(Format, u32)>, StoreError> {
        let entries = match std::fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(at(&self.directory)(error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(StoreError::unreachable)?;
            found.extend(entry.file_name().to_str().and_then(|file| self.parsed(file)));
        }
        found.sort_unstable();
        Ok(found)
    }

    fn enter(&self) -> Result<InUse, StoreError> {
        let file = self.lock_file("use")?;
        file.lock_shared().map_err(StoreError::unreachable)?;
        Ok(Box::new(file))
    }

    async fn is_in_use(&self) -> Result<bool, StoreError> {
        match self.lock_file("use")?.try_lock() {
            Ok(()) => Ok(false),
            Err(std::fs::TryLockError::WouldBlock) => Ok(true),
            Err(std::fs::TryLockError::Error(error)) => Err(StoreError::unreachable(error)),
        }
    }

    async fn open(&self, name: &GenerationName) -> Result<Option<Arc<dyn Generation>>, StoreError> {
        let path = self.file(name);
        if !path.exists() {
            return Ok(None);
        }
        let unit = self.unit;
        let opened = tokio::task::spawn_blocking(move || Connections::open(&path, false));
        let connections = opened.await.map_err(StoreError::unreachable)??;
        let generation = SqliteGeneration::new(unit, connections);
        // A file that was begun and not finished: whoever makes it will finish it.
        if !generation.is_made().await? {
            return Ok(None);
        }
        Ok(Some(Arc::new(generation)))
    }

    async fn make(
        &self,
        name: &GenerationName,
        log: LogId,
        state: GenerationState,
    ) -> Result<Arc<dyn Generation>, StoreError> {
        let (path, unit, directory) = (self.file(name), self.unit, self.directory.clone());
        let opened = tokio::task::spawn_blocking(move || {
            make_directory(&directory)?;
            Connections::open(&path, true)
        });
        let connections = opened.await.map_err(StoreError::unreachable)??;
        let generation = SqliteGeneration::new(unit, connections);
        generation.make(log, state).await?;
        Ok(Arc::new(generation))
    }

    async fn remove(&self, name: &GenerationName) -> Result<(), StoreError> {
        let path = self.file(name);
        // The main file last: while it is there, the next try finds what is left.
        for suffix in ["-wal", "-shm", ""] {
            remove_file(&with_suffix(&path, suffix))?;
        }
        Ok(())
    }

    async fn scrub(&self, name: &GenerationName) -> Result<bool, StoreError> {
        let (path, unit) = (self.file(name), self.unit);
        let scrubbed = tokio::task::spawn_blocking(move || {
            // Waits for readers as long as any writer would.
            let connection = connections::writing(&path, false)?;
            match unit {
                UnitName::Search => search_erasing::write_index_anew(&connection)
                    .map_err(|error| connections::in_file(&path)(connections::sqlite_error(error)))?,
                UnitName::Inbox | UnitName::Feed => {}
            }
            let busy: i64 = connection
                .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
                .map_err(|error| connections::in_file(&path)(connections::sqlite_error(error)))?;
            Ok(busy == 0)
        });
        scrubbed.await.map_err(StoreError::unreachable)?
    }

    async fn lock_rebuild(&self) -> Result<Option<Box<dyn RebuildLock>>, StoreError> {
        let file = self.lock_file("rebuild")?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(LockedFile(file)))),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(error)) => Err(StoreError::unreachable(error)),
        }
    }
}

struct LockedFile(File);

#[async_trait]
impl RebuildLock for LockedFile {
    async fn release(self: Box<Self>) {
        // Closing the file is what lets go.
        drop(self.0);
    }
}

/// For its owner alone: the rows hold what people wrote to each other.
fn make_directory(directory: &Path) -> Result<(), StoreError> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(at(directory))
}

/// Names the file: "permission denied" alone helps nobody.
fn at(path: &Path) -> impl Fn(io::Error) -> StoreError + '_ {
    move |error| StoreError::unreachable(io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn remove_file(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(path)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}
