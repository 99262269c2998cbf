//! Whoever is erased was never seen: follows the log and deletes what the table of "last seen" has of them.
//!
//! Apart from realtime, which forgets who is here in the moment it reads an erasure: this one remembers how far it came, so
//! that a start makes up for what a stop or a crash left. Never in here: anything else about presence.

use std::time::Duration;

use aggregates::AggregateKind;
use event_log::last_seen::{SharedLastSeen, delete_erased, erased};
use event_log::{Chain, EventLogError, Filter, Position, SharedLog, Subscription};
use tokio_util::sync::CancellationToken;

const PAGE_EVENTS_MAX: usize = 500;
const RETRY_AFTER: Duration = Duration::from_secs(5);

pub struct Unseen {
    table: SharedLastSeen,
    log: SharedLog,
}

impl Unseen {
    pub fn new(table: SharedLastSeen, log: SharedLog) -> Self {
        Self { table, log }
    }

    /// Until `stop`, or until the log holds something that cannot be read. The table is closed then.
    pub async fn run(self, stop: CancellationToken) -> Result<(), EventLogError> {
        let followed = tokio::select! {
            () = stop.cancelled() => Ok(()),
            followed = self.follow() => followed,
        };
        self.table.close().await;
        followed
    }

    async fn follow(&self) -> Result<(), EventLogError> {
        loop {
            let failed = match delete_erased(&*self.table, &self.log).await {
                Ok(at) => self.follow_from(at).await,
                Err(error) => error,
            };
            match failed {
                EventLogError::Unavailable(_) => {
                    tracing::warn!(error = %Chain(&failed), "who was erased may still be in the table of last seen");
                }
                EventLogError::Unreadable { .. } | EventLogError::Corrupt(_) | EventLogError::Closed => {
                    return Err(failed);
                }
            }
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }

    /// How far it came is written down with an erasure, and otherwise not worth a write.
    async fn follow_from(&self, at: Position) -> EventLogError {
        let mut subscription = Subscription::new(self.log.clone(), at, Filter::Kinds(&[AggregateKind::User]));
        loop {
            let page = match subscription.next(PAGE_EVENTS_MAX).await {
                Ok(page) => page,
                Err(error) => return error,
            };
            let gone: Vec<_> = page.events.iter().filter_map(|recorded| erased(&recorded.event)).cloned().collect();
            if gone.is_empty() {
                continue;
            }
            let deleted = async {
                self.table.delete(&gone).await?;
                self.table.save_erased_to(self.log.id(), page.scanned_to).await
            };
            if let Err(error) = deleted.await {
                return error;
            }
        }
    }
}
