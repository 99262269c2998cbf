//! What a mail server's answer means at the step it came in (RFC 5321 §4.2, RFC 3463 for the codes in texts).

use std::error::Error as _;

use lettre::transport::smtp::Error;

use super::conversation::{Broken, Step};
use crate::outcome::{Outcome, Reason};
use crate::quoting::Quoting;

pub fn verdict(broken: &Broken, step: Step, quoting: &Quoting<'_>) -> Outcome {
    match broken {
        Broken::Smtp(error) => match error.status() {
            Some(code) => answered(u16::from(code), &text(error), step, quoting),
            None => unanswered(error, step),
        },
        Broken::NoStarttls => {
            Outcome::Misconfigured(Reason::new("the mail server offers no STARTTLS (email.smtp.tls)"))
        }
        Broken::NoAuthentication => Outcome::Misconfigured(Reason::new("the mail server lets nobody sign in here")),
        Broken::NoSuchAddress => Outcome::Refused(Reason::new("the mail server takes ASCII addresses only")),
    }
}

/// An attempt that took too long.
pub fn too_late(step: Step) -> Outcome {
    lost("no answer in time", step)
}

fn answered(code: u16, text: &str, step: Step, quoting: &Quoting<'_>) -> Outcome {
    let reason = quoting.reason(&format!("SMTP {code}{}", enhanced(text)), text);
    if code < 500 {
        return if is_too_much(text) {
            Outcome::Throttled { reason, after: None }
        } else {
            Outcome::unavailable(reason)
        };
    }
    match step {
        Step::Greeting | Step::Tls | Step::SigningIn | Step::Sender => Outcome::Misconfigured(reason),
        Step::Recipient if is_about_us(code, text) => Outcome::Misconfigured(reason),
        Step::Recipient => Outcome::Unreachable(reason),
        Step::Asking | Step::Letter => Outcome::Refused(reason),
    }
}

/// A no to the recipient that is one to us: we must sign in first, or this server does not pass e-mails on for us.
fn is_about_us(code: u16, text: &str) -> bool {
    let lower = text.to_lowercase();
    [530, 535, 538].contains(&code) || lower.contains("relay") || lower.contains("authenticat")
}

/// 4.7.x is policy, 4.5.3 too many recipients, 4.3.2 and the like the server itself. Grey-listing wants time, not haste.
fn is_too_much(text: &str) -> bool {
    let lower = text.to_lowercase();
    let words = ["too many", "too much", "rate", "limit", "slow down", "throttl", "greylist", "graylist"];
    // "temporary" has "rate" in no place, but "operation" and "generated" have: whole words only there.
    let has_word = |word: &str| lower.split(|letter: char| !letter.is_alphanumeric()).any(|found| found == word);
    words.iter().any(|word| if *word == "rate" { has_word(word) } else { lower.contains(word) })
}

/// ` 5.1.1` where the text begins with such a code: of itself it tells nothing of anybody.
fn enhanced(text: &str) -> String {
    let first = text.split_whitespace().next().unwrap_or_default();
    let is_code = first.split('.').count() == 3
        && first.split('.').all(|part| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()));
    if is_code { format!(" {first}") } else { String::new() }
}

fn unanswered(error: &Error, step: Step) -> Outcome {
    let why = if error.is_tls() {
        "no connection: TLS failed"
    } else if error.is_timeout() {
        "no connection in time"
    } else if error.is_response() {
        "an answer that cannot be understood"
    } else if step == Step::Greeting {
        "no connection"
    } else {
        "the connection ended without an answer"
    };
    tracing::debug!(
        ?step,
        is_tls = error.is_tls(),
        is_timeout = error.is_timeout(),
        why,
        "a mail server did not answer"
    );
    lost(why, step)
}

fn lost(why: &str, step: Step) -> Outcome {
    if step < Step::Letter { Outcome::unavailable(Reason::new(why)) } else { Outcome::Ambiguous(Reason::new(why)) }
}

/// What the server said.
fn text(error: &Error) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policy_and_haste_are_told_from_trouble() {
        for much in ["4.7.1 Too many messages", "rate exceeded", "Greylisted, try again", "4.7.28 rate limit"] {
            assert!(is_too_much(much), "{much}");
        }
        for trouble in ["4.3.0 temporary failure", "Requested operation aborted", "4.2.1 mailbox busy", ""] {
            assert!(!is_too_much(trouble), "{trouble}");
        }
    }

    #[test]
    fn a_code_of_its_own_is_kept() {
        assert_eq!(enhanced("5.1.1 no such user"), " 5.1.1");
        for none in ["no such user", "1.2", "10.0.0.1234 x", "5.1.x y", ""] {
            assert_eq!(enhanced(none), "", "{none}");
        }
    }

    #[test]
    fn what_was_lost_before_the_letter_was_not_taken() {
        assert_eq!(too_late(Step::Asking).name(), "unavailable");
        assert_eq!(too_late(Step::Letter).name(), "ambiguous");
    }
}
