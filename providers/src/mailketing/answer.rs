//! What Mailketing's answers mean: by their texts, since a failure is HTTP 200 as well.

use serde_json::Value;

use super::TAKES_KEY;
use crate::http::Answer;
use crate::outcome::{Outcome, Reason};
use crate::quoting::Quoting;

pub fn judge(answer: &Answer, quoting: &Quoting<'_>) -> Outcome {
    let json = answer.json();
    let text = json.as_ref().map(said).unwrap_or_default();
    // Texts say more than a status; but of a service in trouble they mean nothing.
    let is_asked = answer.status.is_success() || answer.status.is_client_error();
    let has_failed = !answer.status.is_success() || json.as_ref().is_some_and(|json| is_success(json) != Some(true));
    if is_asked
        && has_failed
        && let Some(outcome) = by_text(&text, answer, quoting)
    {
        return outcome;
    }
    if let Some(outcome) = answer.by_status(TAKES_KEY, quoting, &text) {
        return outcome;
    }
    if !answer.status.is_success() {
        return Outcome::Refused(quoting.reason(&format!("HTTP {}", answer.status.as_u16()), &text));
    }
    match json.as_ref().and_then(is_success) {
        Some(true) => Outcome::accepted(json.as_ref().and_then(id)),
        Some(false) => Outcome::Refused(quoting.reason("Mailketing refuses the e-mail", &text)),
        None => answer.not_understood(TAKES_KEY),
    }
}

/// v1 `{"status": "success"}`, v2 `{"success": true}`; where both stand there, both must say so.
fn is_success(json: &Value) -> Option<bool> {
    let v1 = json.get("status").and_then(Value::as_str).map(|status| status.eq_ignore_ascii_case("success"));
    let v2 = json.get("success").and_then(Value::as_bool);
    match (v1, v2) {
        (None, None) => None,
        (one, other) => Some(one.unwrap_or(true) && other.unwrap_or(true)),
    }
}

fn id(json: &Value) -> Option<String> {
    let id = json.pointer("/data/message_id").or_else(|| json.get("message_id"))?;
    id.as_str().map(ToOwned::to_owned).or_else(|| id.as_i64().map(|id| id.to_string())).filter(|id| !id.is_empty())
}

/// v1 says it in `response`, v2 in `message` or, of a form that is wrong, in `errors`.
fn said(json: &Value) -> String {
    let places = ["response", "message", "error", "errors"];
    let texts: Vec<String> = places
        .iter()
        .filter_map(|place| json.get(*place))
        .map(|value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned))
        .collect();
    texts.join("; ")
}

/// The texts that are known (providers.md); none of another.
fn by_text(text: &str, answer: &Answer, quoting: &Quoting<'_>) -> Option<Outcome> {
    let lower = text.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if says(&["user not found", "wrong api token", "access denied", "invalid token"]) {
        Some(Outcome::Misconfigured(Reason::new("Mailketing does not know the API token")))
    } else if says(&["unknown sender"]) {
        Some(Outcome::Misconfigured(Reason::new("Mailketing does not know the sender (email.from_address)")))
    } else if says(&["no credits"]) {
        Some(Outcome::Quota(Reason::new("no credits are left at Mailketing")))
    } else if says(&["blacklisted"]) {
        Some(Outcome::Unreachable(Reason::new("the address is on Mailketing's blacklist")))
    } else if lower.starts_with("empty ") {
        Some(Outcome::Refused(quoting.reason("Mailketing misses a field", text)))
    } else if says(&["too many requests", "rate limit"]) {
        Some(Outcome::Throttled { reason: Reason::new("too much at once for Mailketing"), after: answer.retry_after })
    } else {
        None
    }
}
