//! Triggers that came with an `Idempotency-Key`, so that a repeat is answered like the first and delivers nothing.
//!
//! Memory of this node, bounded: an SDK that has heard nothing asks again within seconds.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

const KEPT: Duration = Duration::from_secs(10 * 60);
const KEPT_MAX: usize = 10_000;

#[derive(Default)]
pub(super) struct Repeats(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    answers: HashMap<String, Value>,
    order: VecDeque<(Instant, String)>,
}

impl Repeats {
    /// Does `work` unless `key` was there before, and answers as it was answered then. Without a key it is always done.
    pub fn once(&self, key: Option<String>, now: Instant, work: impl FnOnce() -> Value) -> Value {
        let Some(key) = key else { return work() };
        // Held while it is done, or two at once would both be the first. The work is memory work.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.forget(now);
        if let Some(answer) = kept.answers.get(&key) {
            return answer.clone();
        }
        let answer = work();
        kept.answers.insert(key.clone(), answer.clone());
        kept.order.push_back((now, key));
        answer
    }
}

impl Kept {
    fn forget(&mut self, now: Instant) {
        let full = self.order.len() >= KEPT_MAX;
        let mut first = full;
        while let Some((_, key)) = self.order.pop_front_if(|(since, _)| first || now.duration_since(*since) > KEPT) {
            self.answers.remove(&key);
            first = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_repeat_is_answered_like_the_first_for_ten_minutes_and_never_too_many_are_kept() {
        let (repeats, start) = (Repeats::default(), Instant::now());
        let mut done = 0;
        let mut ask = |key: Option<&str>, now| {
            repeats.once(key.map(str::to_owned), now, || {
                done += 1;
                json!(done)
            })
        };
        assert_eq!((ask(Some("a"), start), ask(Some("a"), start + KEPT)), (json!(1), json!(1)));
        assert_eq!((ask(Some("b"), start), ask(None, start), ask(None, start)), (json!(2), json!(3), json!(4)));
        assert_eq!(ask(Some("a"), start + KEPT + Duration::from_secs(1)), json!(5), "forgotten");
        for number in 0..2 * KEPT_MAX {
            ask(Some(&number.to_string()), start + 2 * KEPT);
        }
        let kept = repeats.0.lock().expect("nobody panicked");
        assert_eq!((kept.order.len(), kept.answers.len()), (KEPT_MAX, KEPT_MAX));
    }
}
