//! What Meta's answers mean: by the code of the error, as its page tells to, and not by HTTP status or text.

use serde_json::Value;

use super::TAKES_KEY;
use crate::http::Answer;
use crate::outcome::{Outcome, Reason};
use crate::quoting::Quoting;

pub fn judge(answer: &Answer, quoting: &Quoting<'_>) -> Outcome {
    let json = answer.json();
    let error = json.as_ref().and_then(|json| json.get("error"));
    let text = error.map(said).unwrap_or_default();
    if let Some(code) = error.and_then(|error| error.get("code")).and_then(Value::as_i64)
        && let Some(outcome) = by_code(code, subcode(error), answer, &quoting.reason(&format!("code {code}"), &text))
    {
        return outcome;
    }
    if let Some(outcome) = answer.by_status(TAKES_KEY, quoting, &text) {
        return outcome;
    }
    if !answer.status.is_success() || error.is_some() {
        return Outcome::Refused(quoting.reason(&format!("HTTP {}", answer.status.as_u16()), &text));
    }
    match json.as_ref().and_then(|json| json.pointer("/messages/0/id")).and_then(Value::as_str) {
        Some(id) => Outcome::accepted(Some(id.to_owned())),
        None => answer.not_understood(TAKES_KEY),
    }
}

/// What a code means for us; none of one that is not known here. Unreachable means that the number itself is of no use any
/// more, so only what is lasting is. Source: Meta, "WhatsApp Cloud API error codes".
fn by_code(code: i64, subcode: Option<i64>, answer: &Answer, reason: &Reason) -> Option<Outcome> {
    let reason = reason.clone();
    Some(match code {
        // Not on WhatsApp or too old an app; not among a test number's recipients; wants no more of it.
        131_026 | 131_030 | 131_050 => Outcome::Unreachable(reason),
        // Of the app, of the account, of the number, of one pair of numbers; marked as spam.
        4 | 80_007 | 130_429 | 131_048 | 131_056 => Outcome::Throttled { reason, after: answer.retry_after },
        // The token, its rights; the number's registration; the account as such.
        0 | 3 | 10 | 190 | 200..=299 | 33 | 131_005 | 131_037 | 131_045 | 133_000..=133_015 => {
            Outcome::Misconfigured(reason)
        }
        // 100 with this subcode: there is no such phone_number_id.
        100 if subcode == Some(33) => Outcome::Misconfigured(reason),
        // Blocked for what was sent; locked; cannot be paid.
        368 | 131_031 | 131_042 => Outcome::Quota(reason),
        1 | 2 | 131_000 | 131_016 | 131_057 | 133_016 => Outcome::Unavailable { reason, after: answer.retry_after },
        // Parameters; texts after 24 h; what Meta would rather not deliver; templates. The number is as good as before.
        100
        | 130_472
        | 130_497
        | 131_008
        | 131_009
        | 131_021
        | 131_047
        | 131_049
        | 131_051..=131_053
        | 132_000..=132_999 => Outcome::Refused(reason),
        _ => return None,
    })
}

fn subcode(error: Option<&Value>) -> Option<i64> {
    error?.get("error_subcode")?.as_i64()
}

fn said(error: &Value) -> String {
    let details = error.pointer("/error_data/details").and_then(Value::as_str);
    details.or_else(|| error.get("message").and_then(Value::as_str)).unwrap_or_default().to_owned()
}
