//! What becomes of a delivery after an attempt: it is accepted, it waits, or it ends (requirements R7 and R73).
//!
//! Pure, so that what is decided of an outcome is in the log with it, and what-if can ask again.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// What came of one attempt: the vocabulary of every provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// The provider has taken it over.
    Accepted,
    /// This recipient can never be reached there.
    Unreachable,
    /// The request was a bad one.
    Refused,
    /// Key, sender or address of the service are wrong.
    Misconfigured,
    /// Credits are spent.
    Quota,
    /// Too much at once.
    Throttled,
    /// Not now, and it was not taken or would be recognised.
    Unavailable,
    /// It may have been taken, and nothing would recognise a repeat.
    Ambiguous,
}

impl OutcomeKind {
    pub const ALL: [Self; 8] = [
        Self::Accepted,
        Self::Unreachable,
        Self::Refused,
        Self::Misconfigured,
        Self::Quota,
        Self::Throttled,
        Self::Unavailable,
        Self::Ambiguous,
    ];

    /// As the log says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
            Self::Misconfigured => "misconfigured",
            Self::Quota => "quota",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Ambiguous => "ambiguous",
        }
    }

    /// Whether it uses up one of the attempts there are. What is wrong with the service itself, or with how much is sent to it, is no
    /// fault of a delivery: it is held until somebody has put that right.
    pub const fn counts(self) -> bool {
        !matches!(self, Self::Misconfigured | Self::Quota | Self::Throttled)
    }
}

/// Attempts of one delivery in all, those that do not count among them: nothing is tried for ever.
pub const ATTEMPTS_IN_ALL_MAX: u32 = 100;

/// How often it was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tried {
    /// In all, from 1.
    pub attempts: u32,
    /// Of those that count, this one among them where it does.
    pub counted: u32,
}

/// An outcome as it is kept. Nothing in it names an address, and nothing of what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptOutcome {
    pub kind: OutcomeKind,
    /// Why not, in one short line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the provider calls it: its receipts name that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
    /// How long the provider asked to be left alone, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_ms: Option<u64>,
}

impl AttemptOutcome {
    /// Nobody ever said what came of it.
    pub fn unknown() -> Self {
        let reason = Some("no outcome was written by its deadline".to_owned());
        Self { kind: OutcomeKind::Ambiguous, reason, provider_id: None, after_ms: None }
    }
}

/// How often, and how patiently. Written down nowhere: what came of it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts of one delivery that count, whoever carries them; at least 1.
    pub attempts_max: u32,
    /// Before the second attempt; doubled with each.
    pub backoff_ms: u64,
    pub backoff_ms_max: u64,
    /// What may have been taken is sent once more, although nothing would recognise a repeat.
    pub repeat_ambiguous: bool,
}

/// What a delivery is after an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Became {
    Accepted,
    /// Tried again then.
    Deferred {
        due: Timestamp,
        /// By another one than before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        provider: Option<String>,
    },
    /// Said no to, by everybody who could have carried it.
    Rejected,
    /// Given up: a dead letter.
    Abandoned,
}

impl RetryPolicy {
    /// After an attempt. `next_provider` is who comes after the one that was asked.
    pub fn became(
        &self,
        outcome: &AttemptOutcome,
        tried: Tried,
        next_provider: Option<&str>,
        (jitter, at): (u16, Timestamp),
    ) -> Became {
        let another = next_provider.filter(|_| !self.is_last(tried));
        let by_another = |provider: &str| Became::Deferred { due: at, provider: Some(provider.to_owned()) };
        match outcome.kind {
            OutcomeKind::Accepted => Became::Accepted,
            OutcomeKind::Unreachable => another.map_or(Became::Rejected, by_another),
            OutcomeKind::Refused => Became::Rejected,
            OutcomeKind::Misconfigured | OutcomeKind::Quota => match another {
                Some(provider) => by_another(provider),
                // An operator may put it right meanwhile.
                None => self.later(outcome, tried, (jitter, at)),
            },
            OutcomeKind::Throttled | OutcomeKind::Unavailable => self.later(outcome, tried, (jitter, at)),
            OutcomeKind::Ambiguous if self.repeat_ambiguous => self.later(outcome, tried, (jitter, at)),
            OutcomeKind::Ambiguous => Became::Abandoned,
        }
    }

    /// Whether there is to be none after it.
    const fn is_last(&self, tried: Tried) -> bool {
        tried.counted >= self.attempts_max || tried.attempts >= ATTEMPTS_IN_ALL_MAX
    }

    fn later(&self, outcome: &AttemptOutcome, tried: Tried, (jitter, at): (u16, Timestamp)) -> Became {
        if self.is_last(tried) {
            return Became::Abandoned;
        }
        let wait = self.backoff(tried.attempts, jitter).max(outcome.after_ms.unwrap_or_default());
        Became::Deferred { due: at.plus_millis(wait), provider: None }
    }

    /// Half of it is certain, half of it by `jitter`, so that what failed together does not come back together.
    fn backoff(&self, attempt: u32, jitter: u16) -> u64 {
        let doublings = attempt.saturating_sub(1).min(32);
        let whole = self.backoff_ms.saturating_mul(1 << doublings).min(self.backoff_ms_max);
        let half = whole / 2;
        let spread = u128::from(half) * u128::from(jitter.min(1_000)) / 1_000;
        half + u64::try_from(spread).unwrap_or(half)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cast::noon;

    const POLICY: RetryPolicy =
        RetryPolicy { attempts_max: 4, backoff_ms: 1_000, backoff_ms_max: 3_000, repeat_ambiguous: false };

    fn outcome(kind: OutcomeKind) -> AttemptOutcome {
        AttemptOutcome { kind, reason: None, provider_id: None, after_ms: None }
    }

    /// All of them counted.
    fn times(attempts: u32) -> Tried {
        Tried { attempts, counted: attempts }
    }

    fn became(kind: OutcomeKind, attempt: u32, next: Option<&str>) -> Became {
        POLICY.became(&outcome(kind), times(attempt), next, (0, noon()))
    }

    fn after(milliseconds: u64) -> Became {
        Became::Deferred { due: noon().plus_millis(milliseconds), provider: None }
    }

    #[test]
    fn every_outcome_has_its_end() {
        let by_smtp = || Became::Deferred { due: noon(), provider: Some("smtp".into()) };
        // Alone; with another provider behind it; at the last attempt.
        for (kind, alone, before_another, at_last) in [
            (OutcomeKind::Accepted, Became::Accepted, Became::Accepted, Became::Accepted),
            (OutcomeKind::Unreachable, Became::Rejected, by_smtp(), Became::Rejected),
            (OutcomeKind::Refused, Became::Rejected, Became::Rejected, Became::Rejected),
            (OutcomeKind::Misconfigured, after(500), by_smtp(), Became::Abandoned),
            (OutcomeKind::Quota, after(500), by_smtp(), Became::Abandoned),
            (OutcomeKind::Throttled, after(500), after(500), Became::Abandoned),
            (OutcomeKind::Unavailable, after(500), after(500), Became::Abandoned),
            (OutcomeKind::Ambiguous, Became::Abandoned, Became::Abandoned, Became::Abandoned),
        ] {
            assert_eq!(became(kind, 1, None), alone, "{kind:?} alone");
            assert_eq!(became(kind, 1, Some("smtp")), before_another, "{kind:?} before another");
            assert_eq!(became(kind, 4, Some("smtp")), at_last, "{kind:?} at last");
        }
    }

    #[test]
    fn what_may_have_been_taken_is_repeated_only_where_that_was_asked_for() {
        let repeating = RetryPolicy { repeat_ambiguous: true, ..POLICY };
        let ambiguous = outcome(OutcomeKind::Ambiguous);
        assert_eq!(repeating.became(&ambiguous, times(1), None, (0, noon())), after(500));
        assert_eq!(repeating.became(&ambiguous, times(4), None, (0, noon())), Became::Abandoned);
        assert_eq!(became(OutcomeKind::Ambiguous, 1, Some("smtp")), Became::Abandoned, "nor by another");
    }

    #[test]
    fn what_is_no_fault_of_the_delivery_does_not_use_up_its_attempts_and_is_not_tried_for_ever() {
        let held = [OutcomeKind::Misconfigured, OutcomeKind::Quota, OutcomeKind::Throttled];
        for kind in OutcomeKind::ALL {
            assert_eq!(kind.counts(), !held.contains(&kind), "{kind:?}");
        }
        for kind in held {
            let after = |attempts| POLICY.became(&outcome(kind), Tried { attempts, counted: 0 }, None, (0, noon()));
            assert!(matches!(after(ATTEMPTS_IN_ALL_MAX - 1), Became::Deferred { .. }), "{kind:?}");
            assert_eq!(after(ATTEMPTS_IN_ALL_MAX), Became::Abandoned, "{kind:?}");
        }
    }

    #[test]
    fn each_wait_is_longer_up_to_the_longest_and_spread_by_half() {
        let wait = |attempt, jitter| POLICY.backoff(attempt, jitter);
        assert_eq!([1, 2, 3, 4, 99].map(|attempt| wait(attempt, 0)), [500, 1_000, 1_500, 1_500, 1_500]);
        assert_eq!([0, 500, 1_000, 60_000].map(|jitter| wait(1, jitter)), [500, 750, 1_000, 1_000]);
        let longest = RetryPolicy { backoff_ms: u64::MAX, backoff_ms_max: u64::MAX, ..POLICY };
        assert_eq!(longest.backoff(40, 1_000), u64::MAX - 1, "nothing overflows");
    }

    #[test]
    fn a_provider_that_asks_to_be_left_alone_is() {
        let throttled = AttemptOutcome { after_ms: Some(60_000), ..outcome(OutcomeKind::Throttled) };
        assert_eq!(POLICY.became(&throttled, times(1), None, (1_000, noon())), after(60_000));
        let soon = AttemptOutcome { after_ms: Some(10), ..outcome(OutcomeKind::Throttled) };
        assert_eq!(
            POLICY.became(&soon, times(1), None, (1_000, noon())),
            after(1_000),
            "but never sooner than we would"
        );
    }

    #[test]
    fn names_are_as_the_log_has_them() {
        for kind in OutcomeKind::ALL {
            assert_eq!(serde_json::to_value(kind).ok(), Some(kind.name().into()));
        }
    }
}
