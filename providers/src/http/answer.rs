//! An answer, as far as it was read, and what its status alone says.

use std::time::{Duration, SystemTime};

use reqwest::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use serde_json::Value;

use super::retry_after::retry_after;
use crate::outcome::{Outcome, Reason};
use crate::quoting::Quoting;

pub(crate) struct Answer {
    pub status: StatusCode,
    pub retry_after: Option<Duration>,
    /// Where what was made can be asked about; a Web Push service's name for a message.
    pub location: Option<String>,
    pub body: Vec<u8>,
    /// Whether `body` is all of it.
    pub is_whole: bool,
    says_html: bool,
}

impl Answer {
    /// Without its body.
    pub fn of(response: &Response) -> Self {
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        Self {
            status: response.status(),
            retry_after: header(RETRY_AFTER).and_then(|value| retry_after(value, SystemTime::now())),
            location: header(LOCATION).map(ToOwned::to_owned),
            body: Vec::new(),
            is_whole: false,
            says_html: header(CONTENT_TYPE).is_some_and(|value| value.to_ascii_lowercase().contains("html")),
        }
    }

    /// The body, where it is JSON and all there.
    pub fn json(&self) -> Option<Value> {
        if self.is_whole { serde_json::from_slice(&self.body).ok() } else { None }
    }

    /// A page for people: something else than the service answers there.
    pub fn is_html(&self) -> bool {
        let begins_as_one = || self.body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<');
        self.says_html || begins_as_one()
    }

    /// What every service means by such a status, whatever it says beside it. None where the body must be asked: of
    /// success, and of a request that was refused as such. `text` is what the service says in words.
    pub fn by_status(&self, takes_idempotency_key: bool, quoting: &Quoting<'_>, text: &str) -> Option<Outcome> {
        let code = self.status.as_u16();
        let reason = || quoting.reason(&format!("HTTP {code}"), text);
        Some(match code {
            429 => Outcome::Throttled { reason: reason(), after: self.retry_after },
            // What a gateway says that passed the request on and got no answer (the last two are Cloudflare's).
            504 | 520 | 524 if !takes_idempotency_key => Outcome::Ambiguous(reason()),
            // 408: the request did not come in time, 425: it is to come again.
            408 | 425 | 500.. => Outcome::Unavailable { reason: reason(), after: self.retry_after },
            402 => Outcome::Quota(reason()),
            401 | 403 => Outcome::Misconfigured(reason()),
            404 | 405 | 410 => {
                Outcome::Misconfigured(quoting.reason(&format!("HTTP {code}, not the service's address"), text))
            }
            300..=399 => Outcome::Misconfigured(Reason::new(format!("HTTP {code}, a redirect that is not followed"))),
            _ if self.is_html() => {
                Outcome::Misconfigured(Reason::new(format!("HTTP {code} with a page, not the service's address")))
            }
            _ => return None,
        })
    }

    /// A success that says nothing that can be understood: it was taken, or it was not.
    pub fn not_understood(&self, takes_idempotency_key: bool) -> Outcome {
        let reason = if self.is_whole { "an answer that cannot be understood" } else { "an answer that was cut off" };
        Outcome::lost(Reason::new(reason), takes_idempotency_key)
    }
}
