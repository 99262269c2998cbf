//! What became of one attempt. Not a `Result`: a provider that says no is a fact, and becomes an event.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

/// The one vocabulary of every adapter (providers.md). Each says what may be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// The provider has taken it over. `provider_id` is its own name for it, where it gave one. Those of several
    /// recipients who cannot be reached here are named; whoever else was sent to in the same call was accepted or, with
    /// Web Push only, is `missed`: so many browsers were not reached this time and are not tried again, since one of the
    /// same user's was.
    Accepted { provider_id: Option<String>, unreachable: Vec<Recipient>, missed: usize },
    /// None of the recipients can be reached here, ever: no retry, suppress the address (drop the subscription), try the
    /// next provider.
    Unreachable(Reason),
    /// The request was a bad one. No retry: dead letter, alert.
    Refused(Reason),
    /// Key, sender or address of the service are wrong: open the circuit, alert, try the next provider.
    Misconfigured(Reason),
    /// Credits are spent or an account is restricted: as misconfigured.
    Quota(Reason),
    /// Too much at once: wait for max(`after`, backoff).
    Throttled { reason: Reason, after: Option<Duration> },
    /// Not now, and it was not taken (or will be recognised by its key): retry, no sooner than `after`.
    Unavailable { reason: Reason, after: Option<Duration> },
    /// It may have been taken, and nothing would recognise a repeat: the channel's policy decides.
    Ambiguous(Reason),
}

impl Outcome {
    /// Taken, all of it.
    pub(crate) fn accepted(provider_id: Option<String>) -> Self {
        Self::accepted_but(provider_id, vec![])
    }

    /// Taken for all but these.
    pub(crate) fn accepted_but(provider_id: Option<String>, unreachable: Vec<Recipient>) -> Self {
        let provider_id = provider_id.map(|id| bounded(&id, ID_LETTERS_MAX));
        Self::Accepted { provider_id, unreachable, missed: 0 }
    }

    pub(crate) fn unavailable(reason: Reason) -> Self {
        Self::Unavailable { reason, after: None }
    }

    /// A request left and its answer is not known.
    pub(crate) fn lost(reason: Reason, takes_idempotency_key: bool) -> Self {
        if takes_idempotency_key { Self::unavailable(reason) } else { Self::Ambiguous(reason) }
    }

    /// For events and measurements.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Unreachable(_) => "unreachable",
            Self::Refused(_) => "refused",
            Self::Misconfigured(_) => "misconfigured",
            Self::Quota(_) => "quota",
            Self::Throttled { .. } => "throttled",
            Self::Unavailable { .. } => "unavailable",
            Self::Ambiguous(_) => "ambiguous",
        }
    }

    /// Why not; none where it was accepted.
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Accepted { .. } => None,
            Self::Unreachable(reason)
            | Self::Refused(reason)
            | Self::Misconfigured(reason)
            | Self::Quota(reason)
            | Self::Throttled { reason, .. }
            | Self::Unavailable { reason, .. }
            | Self::Ambiguous(reason) => Some(reason),
        }
    }
}

/// Letters of a provider's id that are kept.
const ID_LETTERS_MAX: usize = 200;

/// One of several recipients: the external user id, or the endpoint of the browser's subscription, exactly as it was given.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Recipient(String);

impl Recipient {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whoever knows an endpoint can send to it.
impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recipient(***)")
    }
}

/// Why, in few words: at most `REASON_LETTERS_MAX` letters in one line, with nothing in it of the recipient's address,
/// of what was to be sent, or of a secret. Safe to keep in an event and to show to an operator.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Reason(String);

pub const REASON_LETTERS_MAX: usize = 160;

impl Reason {
    /// Of words of our own only.
    pub(crate) fn new(text: impl AsRef<str>) -> Self {
        Self(bounded(text.as_ref(), REASON_LETTERS_MAX))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// One line, shortened.
fn bounded(text: &str, letters_max: usize) -> String {
    let line: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    crate::outgoing::shortened(line.trim(), letters_max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_short_and_one_line() {
        let reason = Reason::new(format!("a\r\nb {}", "x".repeat(1_000)));
        assert!(reason.as_str().starts_with("a  b xx"));
        assert_eq!(reason.as_str().chars().count(), REASON_LETTERS_MAX);
    }

    #[test]
    fn what_a_provider_calls_it_is_bounded_too() {
        let Outcome::Accepted { provider_id, .. } = Outcome::accepted(Some("x".repeat(10_000))) else {
            panic!("accepted")
        };
        assert_eq!(provider_id.unwrap().chars().count(), ID_LETTERS_MAX);
    }

    #[test]
    fn an_answer_that_was_lost_is_ambiguous_where_nothing_would_recognise_a_repeat() {
        assert_eq!(Outcome::lost(Reason::new("x"), true).name(), "unavailable");
        assert_eq!(Outcome::lost(Reason::new("x"), false).name(), "ambiguous");
    }
}
