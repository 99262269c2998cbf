//! How long one attempt may take and how much of an answer is read, for every provider alike.

use std::time::Duration;

use serde::Deserialize;

use crate::setting::InvalidSetting;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AttemptLimits {
    /// Milliseconds until a connection must be made, its TLS handshake included. Default 5,000.
    pub connect_ms_max: u64,
    /// Milliseconds that one attempt may take in all; more than `connect_ms_max`. Default 20,000.
    pub attempt_ms_max: u64,
    /// Bytes of an answer that are read; what comes after them is not. Default 65,536.
    pub answer_bytes_max: usize,
}

impl Default for AttemptLimits {
    fn default() -> Self {
        Self { connect_ms_max: 5_000, attempt_ms_max: 20_000, answer_bytes_max: 64 * 1024 }
    }
}

impl AttemptLimits {
    pub fn validate(&self) -> Vec<InvalidSetting> {
        let mut wrong = Vec::new();
        if self.connect_ms_max == 0 {
            wrong.push(InvalidSetting::new("connect_ms_max", "must be at least 1"));
        }
        if self.attempt_ms_max <= self.connect_ms_max {
            // Else a connection that was never made would look like an answer that was lost.
            wrong.push(InvalidSetting::new("attempt_ms_max", "must be more than connect_ms_max"));
        }
        // OneSignal names up to 2,000 users in an answer.
        if !(1_024..=16 * 1024 * 1024).contains(&self.answer_bytes_max) {
            wrong.push(InvalidSetting::new("answer_bytes_max", "must be from 1,024 to 16,777,216"));
        }
        wrong
    }

    pub(crate) fn connect(&self) -> Duration {
        Duration::from_millis(self.connect_ms_max)
    }

    pub(crate) fn attempt(&self) -> Duration {
        Duration::from_millis(self.attempt_ms_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_contradict_each_other_are_named() {
        assert_eq!(AttemptLimits::default().validate(), []);
        let wrong = AttemptLimits { connect_ms_max: 0, attempt_ms_max: 0, answer_bytes_max: 0 };
        let fields: Vec<_> = wrong.validate().into_iter().map(|invalid| invalid.field).collect();
        assert_eq!(fields, ["connect_ms_max", "attempt_ms_max", "answer_bytes_max"]);
    }
}
