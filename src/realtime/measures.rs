//! What realtime measures: every name once, see `event_log::measures`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use aggregates::Timestamp;
use event_log::measures::{Measure, count, gauge, spread};
use metrics::{Counter, Gauge, Histogram, counter, histogram};

pub const CONNECTIONS: &str = "kabar_realtime_connections";
pub const FRAMES: &str = "kabar_realtime_frames_total";
pub const FRAME_SECONDS: &str = "kabar_realtime_frame_seconds";
pub const OUTGOING: &str = "kabar_realtime_outgoing_frames_max";
pub const SLOW: &str = "kabar_realtime_slow_sockets_total";
pub const RESUMES: &str = "kabar_realtime_resumes_total";
pub const REPLAYED: &str = "kabar_realtime_replayed_frames_total";
pub const WEBHOOK_REQUESTS: &str = "kabar_realtime_webhook_requests_total";
pub const WEBHOOK_EVENTS_DROPPED: &str = "kabar_realtime_webhook_events_dropped_total";

/// All of them.
pub const MEASURES: &[Measure] = &[
    gauge(CONNECTIONS, "open sockets"),
    count(FRAMES, "frames written to sockets"),
    spread(FRAME_SECONDS, "from the moment the log recorded an event until its frame was written to a socket"),
    gauge(OUTGOING, "the most frames that waited for any one socket since the last look"),
    count(SLOW, "sockets that were sent away because too many frames waited for them"),
    count(RESUMES, "subscriptions that asked for what they missed, by what came of it"),
    count(REPLAYED, "frames given to those that had missed them"),
    count(WEBHOOK_REQUESTS, "attempts to tell a webhook of something, by outcome"),
    count(
        WEBHOOK_EVENTS_DROPPED,
        "events that a webhook was not told of: its queue was full or it took them for five minutes not",
    ),
];

/// Of webhooks; there also where nobody is told.
#[derive(Clone)]
pub(super) struct WebhookMeasures {
    pub taken: Counter,
    pub refused: Counter,
    pub dropped: Counter,
}

impl WebhookMeasures {
    pub fn new() -> Self {
        Self {
            taken: counter!(WEBHOOK_REQUESTS, "outcome" => "taken"),
            refused: counter!(WEBHOOK_REQUESTS, "outcome" => "refused"),
            dropped: counter!(WEBHOOK_EVENTS_DROPPED),
        }
    }
}

/// Shared by the hub, its outboxes and the sockets' tasks.
pub(super) struct RealtimeMeasures {
    pub connections: Gauge,
    pub slow: Counter,
    replayed: Counter,
    frames: Counter,
    frame_seconds: Histogram,
    outgoing_max: AtomicUsize,
}

impl RealtimeMeasures {
    pub fn new() -> Self {
        // The others come with the first of their kind; this one shows that nobody has asked yet.
        counter!(RESUMES, "outcome" => "replayed").increment(0);
        Self {
            connections: metrics::gauge!(CONNECTIONS),
            slow: counter!(SLOW),
            replayed: counter!(REPLAYED),
            frames: counter!(FRAMES),
            frame_seconds: histogram!(FRAME_SECONDS),
            outgoing_max: AtomicUsize::new(0),
        }
    }

    /// Seldom, so it is looked up.
    #[expect(clippy::unused_self, reason = "all that is measured is said through here")]
    pub fn resumed(&self, outcome: &'static str) {
        counter!(RESUMES, "outcome" => outcome).increment(1);
    }

    pub fn replayed(&self, frames: usize) {
        self.replayed.increment(frames as u64);
    }

    pub fn waiting(&self, frames: usize) {
        // Most of the time it is not a new maximum: then nothing is written that other cores share.
        if frames > self.outgoing_max.load(Ordering::Relaxed) {
            self.outgoing_max.fetch_max(frames, Ordering::Relaxed);
        }
    }

    /// The maximum since it was last taken.
    pub fn take_outgoing_max(&self) -> usize {
        self.outgoing_max.swap(0, Ordering::Relaxed)
    }

    /// Frames were written and flushed; `recorded` are the times of the events that some of them tell of.
    pub fn written(&self, frames: usize, recorded: &[Timestamp]) {
        self.frames.increment(frames as u64);
        if recorded.is_empty() {
            return;
        }
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        for at in recorded {
            // The log's clock may be another machine's, and ahead of ours.
            let at = Duration::from_millis(at.as_millis().max(0).unsigned_abs());
            self.frame_seconds.record(now.saturating_sub(at));
        }
    }
}
