//! The last event of each cache channel, for whoever subscribes later.
//!
//! Kept for half an hour, as the protocol allows, and only of so many channels: at the limit the one that was quiet for
//! longest goes, and its next subscriber hears of a miss.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use tokio::time::Instant;

/// How long an event is kept.
pub const KEPT: Duration = Duration::from_secs(30 * 60);

struct Kept {
    frame: Utf8Bytes,
    data: Arc<str>,
    since: Instant,
}

/// By channel.
pub struct LastEvents {
    events: HashMap<Arc<str>, Kept>,
    channels_max: usize,
}

impl LastEvents {
    pub fn up_to(channels_max: usize) -> Self {
        Self { events: HashMap::new(), channels_max }
    }

    pub fn keep(&mut self, channel: &str, frame: Utf8Bytes, data: &str, now: Instant) {
        if self.events.len() >= self.channels_max && !self.events.contains_key(channel) {
            self.make_room(now);
        }
        self.events.insert(Arc::from(channel), Kept { frame, data: Arc::from(data), since: now });
    }

    /// As it was sent.
    pub fn frame(&self, channel: &str, now: Instant) -> Option<Utf8Bytes> {
        self.fresh(channel, now).map(|kept| kept.frame.clone())
    }

    /// Its data, and how much longer it is kept.
    pub fn data(&self, channel: &str, now: Instant) -> Option<(Arc<str>, Duration)> {
        self.fresh(channel, now).map(|kept| (kept.data.clone(), KEPT - now.duration_since(kept.since)))
    }

    fn fresh(&self, channel: &str, now: Instant) -> Option<&Kept> {
        self.events.get(channel).filter(|kept| now.duration_since(kept.since) < KEPT)
    }

    fn make_room(&mut self, now: Instant) {
        self.events.retain(|_, kept| now.duration_since(kept.since) < KEPT);
        if self.events.len() < self.channels_max {
            return;
        }
        let oldest = self.events.iter().min_by_key(|(_, kept)| kept.since).map(|(channel, _)| channel.clone());
        if let Some(oldest) = oldest {
            self.events.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &'static str) -> Utf8Bytes {
        Utf8Bytes::from_static(text)
    }

    #[test]
    fn the_last_event_is_kept_for_half_an_hour() {
        let (mut events, start) = (LastEvents::up_to(2), Instant::now());
        assert_eq!(events.frame("cache-a", start), None);
        events.keep("cache-a", text("1"), "one", start);
        events.keep("cache-a", text("2"), "two", start + KEPT / 2);
        assert_eq!(events.frame("cache-a", start + KEPT), Some(text("2")));
        let (data, left) = events.data("cache-a", start + KEPT).expect("kept");
        assert_eq!((&*data, left), ("two", KEPT / 2));
        assert_eq!(events.frame("cache-a", start + KEPT + KEPT / 2), None);
    }

    #[test]
    fn at_the_limit_the_one_quiet_for_longest_goes() {
        let (mut events, start) = (LastEvents::up_to(2), Instant::now());
        let second = Duration::from_secs(1);
        events.keep("cache-a", text("a"), "", start);
        events.keep("cache-b", text("b"), "", start + second);
        events.keep("cache-a", text("a"), "", start + 2 * second);
        events.keep("cache-c", text("c"), "", start + 3 * second);
        let kept = |channel| events.frame(channel, start + 3 * second).is_some();
        assert_eq!((kept("cache-a"), kept("cache-b"), kept("cache-c")), (true, false, true));
        assert_eq!(events.events.len(), 2);
    }
}
