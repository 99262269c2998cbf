//! What OneSignal's answers mean. `errors` is a list of texts, a list of objects or an object, with 200 as well as with 400:
//! it is read as untyped JSON.

use std::collections::BTreeSet;

use serde_json::Value;

use super::TAKES_KEY;
use crate::http::Answer;
use crate::outcome::{Outcome, Reason, Recipient};
use crate::quoting::Quoting;

/// Where users that OneSignal does not know stand in `errors`.
const UNKNOWN_USERS: [&str; 2] = ["/invalid_aliases/external_id", "/invalid_external_user_ids"];

pub fn judge(answer: &Answer, users: &[String], quoting: &Quoting<'_>) -> Outcome {
    let json = answer.json();
    let errors = json.as_ref().and_then(|json| json.get("errors")).unwrap_or(&Value::Null);
    let text = texts(errors).join("; ");
    if let Some(outcome) = answer.by_status(TAKES_KEY, quoting, &text) {
        return outcome;
    }
    if !answer.status.is_success() {
        return refused(&text, quoting);
    }
    let Some(json) = &json else { return answer.not_understood(TAKES_KEY) };
    let unknown = unknown(errors, users);
    if unknown.len() == users.iter().collect::<BTreeSet<_>>().len() {
        return Outcome::Unreachable(Reason::new("OneSignal knows none of these users"));
    }
    match json.get("id").and_then(Value::as_str).filter(|id| !id.is_empty()) {
        Some(id) => Outcome::accepted_but(Some(id.to_owned()), unknown),
        None if text.is_empty() => answer.not_understood(TAKES_KEY),
        None => refused(&text, quoting),
    }
}

/// Nothing was made, and this is why.
fn refused(text: &str, quoting: &Quoting<'_>) -> Outcome {
    let lower = text.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if says(&["not subscribed"]) {
        Outcome::Unreachable(Reason::new("no push subscription"))
    // Also with 400: "app_id not found", "Please include a case-sensitive header of Authorization: ..", a disabled app.
    } else if says(&["app_id", "authorization", "api key", "app has been disabled", "app is disabled"]) {
        Outcome::Misconfigured(quoting.reason("OneSignal refuses the app or its key", text))
    } else if says(&["rate limit", "too many requests"]) {
        Outcome::Throttled { reason: quoting.reason("OneSignal has too much at once", text), after: None }
    } else {
        Outcome::Refused(quoting.reason("OneSignal refuses the request", text))
    }
}

/// Those of our users that OneSignal says it does not know, each once.
fn unknown(errors: &Value, users: &[String]) -> Vec<Recipient> {
    let named = UNKNOWN_USERS.iter().filter_map(|place| errors.pointer(place)?.as_array()).flatten();
    let named: BTreeSet<&str> = named.filter_map(Value::as_str).collect();
    let ours: BTreeSet<&str> = users.iter().map(String::as_str).collect();
    named.intersection(&ours).map(|user| Recipient::new(*user)).collect()
}

/// Whatever stands there in words.
fn texts(errors: &Value) -> Vec<&str> {
    match errors {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(fields) => {
            // Objects of a list: `{"code": .., "title": .., "detail": ..}` and the like; ids of users are no words.
            let words = ["message", "title", "detail", "description", "errors"];
            words.iter().filter_map(|name| fields.get(*name)).flat_map(texts).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => vec![],
    }
}
