//! How many bytes may wait: a queue of a bounded number of things is not bounded while each may be of any size.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Shared by both ends of a queue.
#[derive(Clone)]
pub(super) struct Budget {
    used: Arc<AtomicUsize>,
    bytes_max: usize,
}

impl Budget {
    pub fn of(bytes_max: usize) -> Self {
        Self { used: Arc::default(), bytes_max }
    }

    /// Whether there is room for `bytes` more, which is then taken.
    pub fn take(&self, bytes: usize) -> bool {
        let more = |used: usize| used.checked_add(bytes).filter(|used| *used <= self.bytes_max);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    /// Gives back what was taken.
    pub fn give(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_takes_nothing() {
        let budget = Budget::of(10);
        assert!(budget.take(6));
        assert!(!budget.clone().take(5), "both ends share it");
        assert!(budget.take(4));
        assert!(!budget.take(1));
        budget.give(6);
        assert!(budget.take(6));
        assert!(!budget.take(usize::MAX));
    }
}
