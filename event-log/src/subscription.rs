//! Reading along: everything from a position on, then whatever comes, in order, once.

use std::time::Duration;

use tokio::sync::watch;

use crate::port::{EventLogError, Filter, Page, SharedLog};
use crate::position::Position;

/// A slow look in case nobody called: other processes may write without being heard.
pub const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// One reader's place in the log.
pub struct Subscription {
    log: SharedLog,
    filter: Filter,
    position: Position,
    heard: watch::Receiver<Position>,
    /// Whether to look although nothing was heard: at first, and when nobody called for long.
    look: bool,
}

impl Subscription {
    /// Starts with the first event behind `position`.
    pub fn new(log: SharedLog, position: Position, filter: Filter) -> Self {
        let heard = log.listen();
        Self { log, filter, position, heard, look: true }
    }

    /// Up to `limit` events, waiting until there are any. A page may be empty when the filter left everything out;
    /// its `scanned_to` still moved.
    ///
    /// Safe to drop while waiting: the place moves only with the answer.
    pub async fn next(&mut self, limit: usize) -> Result<Page, EventLogError> {
        loop {
            // Marked as seen *before* looking: what lands in between wakes the wait below.
            let heard = *self.heard.borrow_and_update();
            if self.look || heard > self.position {
                let page = self.log.read_after(self.position, limit, self.filter).await?;
                // More than was heard of: somebody writes whom nobody hears, so look on at once.
                self.look = page.scanned_to > heard && page.scanned_to > self.position;
                if page.scanned_to > self.position {
                    self.position = page.scanned_to;
                    return Ok(page);
                }
            }
            tokio::select! {
                biased;
                changed = self.heard.changed() => changed.map_err(|_| EventLogError::Closed)?,
                () = tokio::time::sleep(POLL_INTERVAL) => self.look = true,
            }
        }
    }

    /// The last position handed out.
    pub fn position(&self) -> Position {
        self.position
    }
}
