//! Somebody who reads the log along all the time, on a handle of their own, as a process beside the one under test does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use event_log::{Filter, Position, RecordedEvent, SharedLog, Subscription};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Small, so that what is written meanwhile is met at every place.
const PAGE_EVENTS: usize = 100;
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Watcher {
    /// Where it may stop; `None` as long as nobody knows.
    end: watch::Sender<Option<Position>>,
    watching: JoinHandle<Vec<RecordedEvent>>,
}

impl Watcher {
    /// From the first event on.
    pub fn of(log: SharedLog) -> Self {
        let (end, mut told) = watch::channel(None);
        let watching = tokio::spawn(async move {
            let mut events: Vec<RecordedEvent> = Vec::new();
            let mut subscription = Subscription::new(Arc::clone(&log), Position::START, Filter::All);
            while told.borrow_and_update().is_none_or(|end| subscription.position() < end) {
                tokio::select! {
                    page = subscription.next(PAGE_EVENTS) => match page {
                        Ok(page) => events.extend(page.into_events()),
                        // The database is away: it comes back.
                        Err(_) => tokio::task::yield_now().await,
                    },
                    told = told.changed() => if told.is_err() { break },
                }
            }
            events
        });
        Self { end, watching }
    }

    /// What it saw up to `end`, in the order it saw it.
    pub async fn up_to(self, end: Position) -> Vec<RecordedEvent> {
        self.end.send_replace(Some(end));
        let events = tokio::time::timeout(PATIENCE, self.watching).await;
        let events = events.unwrap_or_else(|_| panic!("it did not come to {end} within {PATIENCE:?}"));
        let events = events.expect("no panic");
        assert_in_order(&events);
        events
    }
}

/// Positions without gaps, streams without gaps, no id twice.
pub fn assert_in_order(events: &[RecordedEvent]) {
    let (mut sequences, mut ids) = (BTreeMap::new(), BTreeSet::new());
    for (recorded, position) in events.iter().zip(1..) {
        assert_eq!(recorded.position, Position(position), "positions are dense");
        let sequence = sequences.entry(recorded.stream.clone()).or_insert(0);
        *sequence += 1;
        assert_eq!(recorded.sequence, *sequence, "{} is without gaps", recorded.stream);
        assert!(ids.insert(recorded.event_id), "the event at {position} is there twice");
    }
}
