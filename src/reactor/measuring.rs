//! What the reactor measures of itself.

use std::time::{Duration, SystemTime};

use aggregates::Timestamp;
use metrics::{Counter, Histogram, counter, histogram};

use crate::measures;

pub(super) struct ReactorMeasures {
    carried_out: Counter,
    pub refused: Counter,
    seconds: Histogram,
}

impl ReactorMeasures {
    pub fn new() -> Self {
        Self {
            carried_out: counter!(measures::REACTOR_WISHES, "outcome" => "carried_out"),
            refused: counter!(measures::REACTOR_WISHES, "outcome" => "refused"),
            seconds: histogram!(measures::REACTOR_SECONDS),
        }
    }

    /// What follows from an event of that time is durable.
    pub fn carried_out(&self, recorded_at: Timestamp) {
        self.carried_out.increment(1);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        // The log's clock may be another machine's, and ahead of ours.
        let at = Duration::from_millis(recorded_at.as_millis().max(0).unsigned_abs());
        self.seconds.record(now.saturating_sub(at));
    }
}
