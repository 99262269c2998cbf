//! How many open subscriptions each channel has, and when that is shown (`pusher_internal:subscription_count`).
//!
//! Pure bookkeeping under the hub's lock. Above a hundred a count is shown at most every five seconds, or a crowd that
//! comes at once would be told of each other one by one.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// Up to here each change is shown at once.
const SHOWN_AT_ONCE_MAX: usize = 100;
pub const SHOWN_EVERY: Duration = Duration::from_secs(5);

pub struct Occupancy {
    counts: HashMap<Arc<str>, usize>,
    /// Whether counts are shown to clients.
    shown: bool,
    due: HashSet<Arc<str>>,
}

impl Occupancy {
    pub fn new(shown: bool) -> Self {
        Self { counts: HashMap::new(), shown, due: HashSet::new() }
    }

    /// One more; how many it is now.
    pub fn came(&mut self, channel: &Arc<str>) -> usize {
        let count = self.counts.entry(channel.clone()).or_default();
        *count += 1;
        *count
    }

    /// One less; how many it is now.
    pub fn went(&mut self, channel: &str) -> usize {
        let Some(count) = self.counts.get_mut(channel) else { return 0 };
        *count = count.saturating_sub(1);
        let left = *count;
        if left == 0 {
            self.counts.remove(channel);
            self.due.remove(channel);
        }
        left
    }

    pub fn count(&self, channel: &str) -> usize {
        self.counts.get(channel).copied().unwrap_or_default()
    }

    pub fn channels(&self) -> impl Iterator<Item = &Arc<str>> {
        self.counts.keys()
    }

    /// Whether a change to `count` is shown now; otherwise it is due.
    pub fn is_shown_now(&mut self, channel: &Arc<str>, count: usize) -> bool {
        if !self.shown || count == 0 {
            return false;
        }
        if count <= SHOWN_AT_ONCE_MAX {
            self.due.remove(channel);
            return true;
        }
        self.due.insert(channel.clone());
        false
    }

    /// Those due, with their counts as they are now.
    pub fn take_due(&mut self) -> Vec<(Arc<str>, usize)> {
        let due = std::mem::take(&mut self.due);
        due.into_iter().map(|channel| (channel.clone(), self.count(&channel))).filter(|(_, count)| *count > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_to_a_hundred_each_change_is_shown_and_above_the_last_one_is_due() {
        let (mut occupancy, lobby) = (Occupancy::new(true), Arc::<str>::from("lobby"));
        for wanted in 1..=SHOWN_AT_ONCE_MAX {
            assert_eq!(occupancy.came(&lobby), wanted);
            assert!(occupancy.is_shown_now(&lobby, wanted));
        }
        assert_eq!(occupancy.take_due(), []);
        for _ in 0..3 {
            let count = occupancy.came(&lobby);
            assert!(!occupancy.is_shown_now(&lobby, count));
        }
        assert_eq!(occupancy.take_due(), [(lobby.clone(), 103)]);
        assert_eq!(occupancy.take_due(), [], "once");
        for _ in 0..103 {
            occupancy.went(&lobby);
        }
        assert_eq!((occupancy.count(&lobby), occupancy.went(&lobby)), (0, 0));
        assert!(occupancy.counts.is_empty());
    }

    #[test]
    fn counts_that_are_not_shown_are_kept_all_the_same() {
        let (mut occupancy, lobby) = (Occupancy::new(false), Arc::<str>::from("lobby"));
        let count = occupancy.came(&lobby);
        assert!(!occupancy.is_shown_now(&lobby, count));
        assert_eq!(occupancy.count("lobby"), 1);
    }
}
