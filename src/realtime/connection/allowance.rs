//! How much one connection may say in a second: a bucket in one number.

use std::time::Duration;

use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy)]
pub(super) struct Allowance {
    /// When it is full again.
    full_at: Instant,
}

impl Allowance {
    pub fn full(now: Instant) -> Self {
        Self { full_at: now }
    }

    /// `per_second` at once, and as many in every second after. `false` takes nothing.
    pub fn take(&mut self, per_second: u32, now: Instant) -> bool {
        let is_left = self.next_at(per_second) <= now;
        if is_left {
            self.full_at = self.full_at.max(now) + interval(per_second);
        }
        is_left
    }

    /// Takes one in any case; `Some` is when the next may be taken, if it is not now.
    pub fn take_and_wait(&mut self, per_second: u32, now: Instant) -> Option<Instant> {
        self.full_at = self.full_at.max(now) + interval(per_second);
        Some(self.next_at(per_second)).filter(|next| *next > now)
    }

    fn next_at(&self, per_second: u32) -> Instant {
        (self.full_at + interval(per_second)).checked_sub(SECOND).unwrap_or(self.full_at)
    }
}

fn interval(per_second: u32) -> Duration {
    SECOND / per_second.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_pass_at_once_and_ten_in_every_second_after() {
        let start = Instant::now();
        let mut allowance = Allowance::full(start);
        assert_eq!((0..20).filter(|_| allowance.take(10, start)).count(), 10);
        assert!(!allowance.take(10, start + Duration::from_millis(99)));
        assert!(allowance.take(10, start + Duration::from_millis(100)));
        let second = start + Duration::from_secs(5);
        assert_eq!((0..20).filter(|_| allowance.take(10, second)).count(), 10);
    }

    #[test]
    fn who_says_more_is_heard_at_that_pace_and_loses_nothing() {
        let start = Instant::now();
        let mut allowance = Allowance::full(start);
        let mut now = start;
        for said in 1..=30 {
            now = allowance.take_and_wait(10, now).unwrap_or(now);
            let expected = start + Duration::from_millis(100) * u32::saturating_sub(said, 9);
            assert_eq!(now, expected, "when the one after {said} is heard");
        }
        assert_eq!(allowance.take_and_wait(10, now + Duration::from_secs(5)), None);
    }
}
