//! At most one value per key in a stretch of time: the first at once, then the latest, and the last one always.
//!
//! Pure: time is an argument. Never in here: a timer, a lock.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::time::Duration;

use tokio::time::Instant;

/// Holds one entry per key that was offered something within the last stretch.
pub struct Pacer<K, V> {
    stretch: Duration,
    /// `Some`: a value that waits for the end of the stretch.
    waiting: HashMap<K, Option<V>>,
    /// Every stretch is as long as the others, so the ends come in the order in which they were begun.
    ends: VecDeque<(Instant, K)>,
}

impl<K: Clone + Eq + Hash, V> Pacer<K, V> {
    pub fn new(stretch: Duration) -> Self {
        Self { stretch, waiting: HashMap::new(), ends: VecDeque::new() }
    }

    /// Answers with the value when it may go now; else it waits, in the place of one that waited before.
    pub fn offer(&mut self, key: K, value: V, now: Instant) -> Option<V> {
        match self.waiting.get_mut(&key) {
            Some(waiting) => {
                *waiting = Some(value);
                None
            }
            None => {
                self.waiting.insert(key.clone(), None);
                self.ends.push_back((now + self.stretch, key));
                Some(value)
            }
        }
    }

    /// Like [`Pacer::offer`], but joins with a value that waits.
    pub fn offer_joined(&mut self, key: K, value: V, now: Instant, join: impl FnOnce(V, V) -> V) -> Option<V> {
        match self.waiting.get_mut(&key).and_then(Option::take) {
            Some(waiting) => self.offer(key, join(waiting, value), now),
            None => self.offer(key, value, now),
        }
    }

    /// What waited for stretches that have ended by `now`. Keys without anything are forgotten.
    pub fn due(&mut self, now: Instant) -> Vec<(K, V)> {
        let mut due = Vec::new();
        while let Some((_, key)) = self.ends.pop_front_if(|(end, _)| *end <= now) {
            match self.waiting.get_mut(&key).and_then(Option::take) {
                Some(value) => {
                    self.ends.push_back((now + self.stretch, key.clone()));
                    due.push((key, value));
                }
                None => drop(self.waiting.remove(&key)),
            }
        }
        due
    }

    /// When [`Pacer::due`] may have something.
    pub fn next_end(&self) -> Option<Instant> {
        self.ends.front().map(|(end, _)| *end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_first_goes_at_once_and_the_last_after_the_stretch() {
        let start = Instant::now();
        let mut pacer = Pacer::new(SECOND);
        assert_eq!(pacer.offer("ana", 1, start), Some(1));
        assert_eq!(pacer.offer("ana", 2, start), None);
        assert_eq!(pacer.offer("ana", 3, start), None);
        assert_eq!(pacer.offer("ben", 9, start), Some(9));
        assert_eq!(pacer.due(start + SECOND / 2), vec![]);
        assert_eq!(pacer.due(start + SECOND), vec![("ana", 3)]);
        assert_eq!(pacer.offer("ana", 4, start + SECOND), None, "a value just went");
        assert_eq!(pacer.due(start + 2 * SECOND), vec![("ana", 4)]);
        assert_eq!(pacer.due(start + 3 * SECOND), vec![]);
        assert_eq!((pacer.waiting.len(), pacer.next_end()), (0, None), "who is quiet is forgotten");
        assert_eq!(pacer.offer("ana", 5, start + 3 * SECOND), Some(5));
    }

    proptest! {
        #[test]
        fn no_two_values_of_a_key_go_within_a_stretch_and_the_last_always_goes(
            offers in prop::collection::vec((0_u8..3, 0_u64..800), 1..60),
        ) {
            let start = Instant::now();
            let mut now = start;
            let mut pacer = Pacer::new(SECOND);
            let mut went: HashMap<u8, Vec<(Instant, usize)>> = HashMap::new();
            let mut last: HashMap<u8, usize> = HashMap::new();
            for (number, (key, later)) in offers.into_iter().enumerate() {
                now += Duration::from_millis(later);
                for (key, value) in pacer.due(now) {
                    went.entry(key).or_default().push((now, value));
                }
                if let Some(value) = pacer.offer(key, number, now) {
                    went.entry(key).or_default().push((now, value));
                }
                last.insert(key, number);
            }
            for (key, value) in pacer.due(now + SECOND) {
                went.entry(key).or_default().push((now + SECOND, value));
            }
            for (key, sent) in &went {
                prop_assert!(sent.windows(2).all(|pair| pair[1].0 - pair[0].0 >= SECOND));
                prop_assert_eq!(sent.last().map(|(_, value)| value), last.get(key));
            }
        }
    }
}
