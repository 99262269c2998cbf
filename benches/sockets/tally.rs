//! How long frames took, in a histogram that threads share without a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Buckets of 100 us, up to two seconds; what is slower is in the last.
const BUCKETS: usize = 20_000;
const BUCKET: Duration = Duration::from_micros(100);

pub struct Tally {
    began: Instant,
    buckets: Vec<AtomicU64>,
}

impl Tally {
    pub fn new(began: Instant) -> Self {
        Self { began, buckets: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect() }
    }

    /// Microseconds since the beginning, to be sent along.
    pub fn now(began: Instant) -> u128 {
        began.elapsed().as_micros()
    }

    /// Takes a frame that carries `t=MICROSECONDS.` of its sending.
    pub fn take(&self, frame: &[u8]) {
        let Some(at) = memchr::memmem::find(frame, b"t=") else { return };
        let digits = frame[at + 2..].iter().take_while(|byte| byte.is_ascii_digit());
        let sent = digits.fold(0_u64, |number, digit| number * 10 + u64::from(digit - b'0'));
        self.add(self.began.elapsed().saturating_sub(Duration::from_micros(sent)));
    }

    pub fn add(&self, took: Duration) {
        let bucket = (took.as_micros() / BUCKET.as_micros()) as usize;
        self.buckets[bucket.min(BUCKETS - 1)].fetch_add(1, Ordering::Relaxed);
    }

    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).sum()
    }

    /// Milliseconds that a share of the frames took at most.
    pub fn quantile(&self, share: f64) -> f64 {
        let wanted = (self.count() as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (number, bucket) in self.buckets.iter().enumerate() {
            seen += bucket.load(Ordering::Relaxed);
            if seen >= wanted {
                return (number + 1) as f64 * BUCKET.as_secs_f64() * 1_000.0;
            }
        }
        f64::INFINITY
    }
}
