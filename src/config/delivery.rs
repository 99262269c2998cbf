//! Section `delivery`: how attempts to reach somebody outside are made.

use providers::{AttemptLimits, DeliveryChannel};
use serde::Deserialize;

use super::Invalid;

/// After so many nobody waits for the news any more.
const ATTEMPTS_MAX: u64 = 100;
const BACKOFF_MS_MAX: u64 = 24 * 60 * 60 * 1_000;
/// Each is a request of its own, and an SMTP connection.
const WORKERS_MAX: u64 = 1_024;

/// How attempts to reach somebody outside are made, whichever service makes them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeliveryConfig {
    /// Attempts of one delivery until it has failed, at most 100; those that end by a fault of the service itself (its key, its
    /// credits, too much at once) do not count. Default 12.
    pub attempts_max: u32,
    /// Milliseconds between the first attempt and the second; twice as long each further time. Default 5,000.
    pub backoff_ms: u64,
    /// Milliseconds that grows to; at least `delivery.backoff_ms`, at most 86,400,000. Default 3,600,000.
    pub backoff_ms_max: u64,
    /// Attempts under way at once, at most 1,024; each channel has a third of them. Default 64.
    pub workers_max: usize,
    /// Channels, of `PUSH`, `EMAIL` and `WHATSAPP`, on which an attempt is repeated although the service may have taken it:
    /// somebody may be told twice, where otherwise they may not be told at all. Default none.
    pub retry_ambiguous: Vec<DeliveryChannel>,
    /// Milliseconds until a connection must be made, its TLS handshake included. Default 5,000.
    pub connect_ms_max: u64,
    /// Milliseconds that one attempt may take in all; longer than `delivery.connect_ms_max`. Default 20,000.
    pub attempt_ms_max: u64,
    /// Bytes of an answer that are read; what comes after them is not. At least 1,024, at most 16,777,216. Default 65,536.
    pub answer_bytes_max: usize,
}

impl Default for DeliveryConfig {
    fn default() -> Self {
        let AttemptLimits { connect_ms_max, attempt_ms_max, answer_bytes_max } = AttemptLimits::default();
        Self {
            attempts_max: 12,
            backoff_ms: 5_000,
            backoff_ms_max: 3_600_000,
            workers_max: 64,
            retry_ambiguous: Vec::new(),
            connect_ms_max,
            attempt_ms_max,
            answer_bytes_max,
        }
    }
}

impl DeliveryConfig {
    /// Of one attempt. What is wrong with them the providers say, with everything else of theirs.
    pub fn limits(&self) -> AttemptLimits {
        let Self { connect_ms_max, attempt_ms_max, answer_bytes_max, .. } = *self;
        AttemptLimits { connect_ms_max, attempt_ms_max, answer_bytes_max }
    }

    /// What cannot be so, beside the limits of one attempt.
    pub(super) fn wrong(&self) -> Vec<Invalid> {
        let bounds = [
            ("delivery.attempts_max", u64::from(self.attempts_max), 1, ATTEMPTS_MAX),
            ("delivery.backoff_ms", self.backoff_ms, 1, u64::MAX),
            ("delivery.backoff_ms_max", self.backoff_ms_max, self.backoff_ms, BACKOFF_MS_MAX),
            ("delivery.workers_max", self.workers_max as u64, 1, WORKERS_MAX),
        ];
        let reason = |(key, value, least, most): (&'static str, u64, u64, u64)| {
            if value < least {
                Some(Invalid::new(key, format!("at least {least}")))
            } else {
                (value > most).then(|| Invalid::new(key, format!("at most {most}")))
            }
        };
        bounds.into_iter().filter_map(reason).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Config, LoadError, load};
    use super::*;

    fn loaded(pairs: &[(&str, &str)]) -> Result<Config, LoadError> {
        load(None, &pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn all_that_cannot_be_is_said_at_once() {
        let mut config = DeliveryConfig::default();
        assert_eq!(config.wrong(), []);
        config.attempts_max = 101;
        config.backoff_ms_max = config.backoff_ms - 1;
        config.workers_max = 0;
        let said: Vec<_> = config.wrong().into_iter().map(|wrong| format!("{}: {}", wrong.key, wrong.reason)).collect();
        assert_eq!(
            said,
            [
                "delivery.attempts_max: at most 100",
                "delivery.backoff_ms_max: at least 5000",
                "delivery.workers_max: at least 1",
            ]
        );
    }

    #[test]
    fn the_limits_of_an_attempt_are_named_with_their_section() {
        let given = [("KABAR__DELIVERY__CONNECT_MS_MAX", "0"), ("KABAR__DELIVERY__ANSWER_BYTES_MAX", "7")];
        let told = loaded(&given).expect_err("too little").to_string();
        for key in ["delivery.connect_ms_max (KABAR__DELIVERY__CONNECT_MS_MAX)", "delivery.answer_bytes_max ("] {
            assert!(told.contains(key), "{key}: {told}");
        }
        let longest = loaded(&[("KABAR__DELIVERY__ATTEMPT_MS_MAX", "6000")]).expect("right");
        assert_eq!(longest.outside().limits, AttemptLimits { attempt_ms_max: 6_000, ..AttemptLimits::default() });
    }

    #[test]
    fn what_is_repeated_although_it_may_have_arrived_is_named_by_channel() {
        let config = loaded(&[("KABAR__DELIVERY__RETRY_AMBIGUOUS", "EMAIL, WHATSAPP")]).expect("right");
        assert_eq!(config.delivery.retry_ambiguous, [DeliveryChannel::Email, DeliveryChannel::WhatsApp]);
        let told = loaded(&[("KABAR__DELIVERY__RETRY_AMBIGUOUS", "EMAIL,hush")]).expect_err("no channel").to_string();
        assert!(told.contains("delivery.retry_ambiguous (") && told.contains("[1]: expected PUSH, EMAIL"), "{told}");
        assert!(!told.contains("hush"), "{told}");
    }
}
