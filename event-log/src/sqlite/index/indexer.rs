//! The thread that brings the index's file forward, and writes the log's write-ahead log back, so that no commit has to.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

use super::recent::Segment;
use super::{Index, file, merge};
use crate::port::EventLogError;
use crate::sqlite::connection;

/// Before it is tried again when the file could not be written.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// What the thread works with.
pub(in crate::sqlite) struct Indexer {
    index: Arc<Index>,
    file: Connection,
    /// To the log.
    flusher: Connection,
}

impl Indexer {
    pub fn open(index: Arc<Index>, log: &Path) -> Result<Self, EventLogError> {
        let file = file::open_writer(&index.file)?;
        let flusher = connection::open_flusher(log)?;
        Ok(Self { index, file, flusher })
    }

    /// Until nothing more is appended here; what is held then is merged as well.
    pub fn run(mut self) {
        let _end = End(Arc::clone(&self.index));
        loop {
            let work = self.index.recent.next_work();
            let segments: Vec<&Segment> = work.full.iter().map(|segment| &**segment).collect();
            match merge::merge(&mut self.file, (self.index.log, self.index.salt), &segments) {
                Ok(position) => self.index.recent.let_go(position),
                Err(error) => {
                    self.failed(error);
                    if !work.closing {
                        self.index.recent.pause(RETRY_PAUSE);
                    }
                }
            }
            if work.flush {
                self.flush();
            }
            if work.closing {
                break;
            }
        }
        if let Err(error) = self.file.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
            tracing::warn!(%error, "the log's index was closed without tidying up");
        }
    }

    fn failed(&self, error: EventLogError) {
        match error {
            EventLogError::Corrupt(what) => drop(self.index.recent.spoil(&what)),
            EventLogError::Unavailable(_) | EventLogError::Unreadable { .. } | EventLogError::Closed => {
                tracing::error!(error = %crate::chain::Chain(&error), "the log's index cannot be written");
            }
        }
    }

    /// What readers still need stays; the writer's own limit is behind this.
    fn flush(&self) {
        if let Err(error) = self.flusher.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
            tracing::warn!(%error, "the event log's write-ahead log could not be written back");
        }
    }
}

/// However the thread ends: whoever waits for room is to know.
struct End(Arc<Index>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.recent.end();
    }
}
