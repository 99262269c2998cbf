//! A few connections that only read, lent out one question at a time, and the ear that hears other processes write.
//!
//! Each is two: to the log, and to its index.

use std::path::PathBuf;
use std::sync::mpsc as blocking;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::connection::open_reader;
use super::index::{Index, Look};
use super::rows;
use crate::heard::Heard;
use crate::port::EventLogError;

/// Questions answered at once; the others wait.
const READERS_MAX: u32 = 4;

/// How late writes of other processes may be heard.
const LISTEN_INTERVAL: Duration = Duration::from_millis(250);

pub(super) struct Readers {
    file: PathBuf,
    /// Opened when first needed.
    idle: Mutex<Vec<(Connection, Look)>>,
    index: Arc<Index>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub fn new(file: PathBuf, index: Arc<Index>) -> Self {
        Self { file, index, idle: Mutex::default(), permits: Arc::new(Semaphore::new(READERS_MAX as usize)) }
    }

    /// Questions under way.
    pub fn in_use(&self) -> usize {
        (READERS_MAX as usize).saturating_sub(self.permits.available_permits())
    }

    /// Asks on a thread that may block. The question runs to its end even when the caller goes away.
    pub async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        question: impl FnOnce(&Connection, &Look) -> Result<T, EventLogError> + Send + 'static,
    ) -> Result<T, EventLogError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| EventLogError::Closed)?;
        let readers = Arc::clone(self);
        let asked = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let (connection, look) = readers.borrow()?;
            let answer = question(&connection, &look);
            readers.lock_idle().push((connection, look));
            answer
        });
        asked.await.unwrap_or_else(|error| Err(EventLogError::Unavailable(error.into())))
    }

    /// Waits for the questions that are being answered; there are no others after them.
    pub async fn close(&self) {
        if let Ok(_all) = self.permits.acquire_many(READERS_MAX).await {
            self.permits.close();
            self.lock_idle().clear();
        }
    }

    fn borrow(&self) -> Result<(Connection, Look), EventLogError> {
        let idle = self.lock_idle().pop();
        idle.map_or_else(|| Ok((open_reader(&self.file)?, self.index.look()?)), Ok)
    }

    fn lock_idle(&self) -> std::sync::MutexGuard<'_, Vec<(Connection, Look)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs on a thread of its own until `stop` is dropped.
pub(super) fn listen(connection: &Connection, heard: &Heard, stop: &blocking::Receiver<()>) {
    let mut last_version = None;
    while stop.recv_timeout(LISTEN_INTERVAL) == Err(blocking::RecvTimeoutError::Timeout) {
        if let Err(error) = listen_once(connection, heard, &mut last_version) {
            tracing::warn!(%error, "the event log cannot be listened to");
        }
    }
}

fn listen_once(connection: &Connection, heard: &Heard, last_version: &mut Option<i64>) -> Result<(), EventLogError> {
    // Changes whenever any other connection has committed; costs no more than a look into shared memory.
    let version: i64 = connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
    if *last_version == Some(version) {
        return Ok(());
    }
    let head = rows::head(connection)?.position;
    *last_version = Some(version);
    heard.tell(head);
    Ok(())
}
