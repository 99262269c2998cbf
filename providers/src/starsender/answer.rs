//! What Starsender's answers mean: by what they hold and by their words, since a failure may be HTTP 200.

use serde_json::Value;

use super::TAKES_KEY;
use crate::http::Answer;
use crate::outcome::{Outcome, Reason};
use crate::quoting::Quoting;

pub fn judge(answer: &Answer, quoting: &Quoting<'_>) -> Outcome {
    let json = answer.json();
    let text = json.as_ref().map(said).unwrap_or_default();
    // Of a service in trouble its words mean nothing ("invalid memory address" is nobody's number).
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
        Some(false) => Outcome::Refused(quoting.reason("Starsender refuses the message", &text)),
        None => answer.not_understood(TAKES_KEY),
    }
}

/// `{"success": true}`, and nothing beside it that says otherwise (also seen: `status: false`, `code` of 400 and more,
/// `error`). None where nothing of that is there.
fn is_success(json: &Value) -> Option<bool> {
    let flags = [json.get("success"), json.get("status")].map(|flag| flag.and_then(Value::as_bool));
    let code = json.get("code").and_then(Value::as_i64);
    let is_empty = |error: &Value| match error {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(true) | Value::Number(_) => false,
    };
    let has_error = json.get("error").is_some_and(|error| !is_empty(error));
    if flags.contains(&Some(false)) || code.is_some_and(|code| code >= 400) || has_error {
        return Some(false);
    }
    flags.contains(&Some(true)).then_some(true)
}

/// Not promised; where there is one it is kept.
fn id(json: &Value) -> Option<String> {
    let id = ["/data/id", "/data/message_id", "/data/messageId", "/id"].iter().find_map(|place| json.pointer(place))?;
    id.as_str().map(ToOwned::to_owned).or_else(|| id.as_i64().map(|id| id.to_string())).filter(|id| !id.is_empty())
}

fn said(json: &Value) -> String {
    let texts: Vec<String> = ["message", "error", "errors"]
        .iter()
        .filter_map(|place| json.get(*place))
        .filter(|value| !value.is_null())
        .map(|value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned))
        .collect();
    texts.join("; ")
}

/// By the words that are known (providers.md), in an order in which "invalid token" is no invalid number and a limit of a
/// device is a limit. None of other words.
fn by_text(text: &str, answer: &Answer, quoting: &Quoting<'_>) -> Option<Outcome> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split(|letter: char| !letter.is_alphanumeric()).collect();
    let has = |known: &[&str]| words.iter().any(|word| known.contains(word));
    let says = |known: &[&str]| known.iter().any(|part| lower.contains(part));
    if has(&["limit", "limited", "limits", "rate", "ratelimit"]) || says(&["too many"]) {
        Some(Outcome::Throttled {
            reason: quoting.reason("too much at once for Starsender", text),
            after: answer.retry_after,
        })
    } else if says(&[
        "logout",
        "logged out",
        "disconnect",
        "not connected",
        "device",
        "token",
        "api key",
        "api-key",
        "apikey",
    ]) {
        Some(Outcome::Misconfigured(quoting.reason("Starsender's device or key", text)))
    } else if says(&["invalid", "nomor", "number", "tidak valid", "not registered"]) {
        Some(Outcome::Unreachable(Reason::new("Starsender cannot reach this number")))
    } else {
        None
    }
}
