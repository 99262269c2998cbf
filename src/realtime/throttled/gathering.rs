//! A pacer that one task empties while others fill it: for what is shown at most once a second.
//!
//! Filling never waits; what was not fetched yet is joined with what comes, so it holds one value per key.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::pacing::Pacer;

/// The filling end.
pub struct Gathering<K, V> {
    /// Two values of one key become one; the second is the later.
    join: fn(V, V) -> V,
    come: Mutex<HashMap<K, V>>,
    called: Notify,
}

impl<K: Clone + Eq + Hash, V> Gathering<K, V> {
    pub fn new(join: fn(V, V) -> V) -> Self {
        Self { join, come: Mutex::default(), called: Notify::new() }
    }

    pub fn offer(&self, values: impl IntoIterator<Item = (K, V)>) {
        let mut come = self.come.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in values {
            let joined = match come.remove(&key) {
                Some(before) => (self.join)(before, value),
                None => value,
            };
            come.insert(key, joined);
        }
        drop(come);
        self.called.notify_one();
    }

    fn fetch(&self) -> HashMap<K, V> {
        std::mem::take(&mut *self.come.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The emptying end; one task has it.
pub struct Gathered<'a, K, V> {
    gathering: &'a Gathering<K, V>,
    pacer: Pacer<K, V>,
}

impl<'a, K: Clone + Eq + Hash, V> Gathered<'a, K, V> {
    pub fn new(gathering: &'a Gathering<K, V>, stretch: Duration) -> Self {
        Self { gathering, pacer: Pacer::new(stretch) }
    }

    /// What may go now, waiting until there is something; `None` when it is time to stop.
    pub async fn next(&mut self, stop: &CancellationToken) -> Option<Vec<(K, V)>> {
        loop {
            let now = Instant::now();
            let mut ready = self.pacer.due(now);
            for (key, value) in self.gathering.fetch() {
                if let Some(value) = self.pacer.offer_joined(key.clone(), value, now, self.gathering.join) {
                    ready.push((key, value));
                }
            }
            if !ready.is_empty() {
                return Some(ready);
            }
            let next_end = self.pacer.next_end();
            let end = async {
                match next_end {
                    Some(end) => tokio::time::sleep_until(end).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => return None,
                () = self.gathering.called.notified() => {}
                () = end => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_comes_in_a_burst_goes_as_first_and_last() {
        let gathering = Gathering::new(u64::max);
        let mut gathered = Gathered::new(&gathering, Duration::from_millis(20));
        let stop = CancellationToken::new();
        gathering.offer([("ana", 1)]);
        assert_eq!(gathered.next(&stop).await, Some(vec![("ana", 1)]));
        gathering.offer([("ana", 3), ("ana", 2)]);
        gathering.offer([("ana", 2)]);
        assert_eq!(gathered.next(&stop).await, Some(vec![("ana", 3)]));
        stop.cancel();
        assert_eq!(gathered.next(&stop).await, None);
    }
}
