//! OneSignal, simulated (providers.md): a key is remembered, users whose ids begin with `unknown-` have no subscription.

use serde_json::{Value, json};

use super::server::{Asked, Dialect};
use super::told::Reply;

pub const APP_ID: &str = "11111111-2222-4333-8444-555555555555";
pub const KEY: &str = "os_v2_app_sesame";

pub struct OneSignal {
    pub is_legacy: bool,
}

impl OneSignal {
    fn users(&self, asked: &Asked) -> Vec<String> {
        let place = if self.is_legacy { "/include_external_user_ids" } else { "/include_aliases/external_id" };
        let users = asked.json().pointer(place).cloned().unwrap_or_default();
        serde_json::from_value(users).unwrap_or_default()
    }
}

impl Dialect for OneSignal {
    fn is_at(&self, path: &str) -> bool {
        path == if self.is_legacy { "/api/v1/notifications" } else { "/notifications" }
    }

    fn complaint(&self, asked: &Asked) -> Option<Reply> {
        let body = asked.json();
        let scheme = if self.is_legacy { "Basic" } else { "Key" };
        if asked.header("authorization") != format!("{scheme} {KEY}") {
            return Some(
                self.failure(403, "Access denied. Please include an 'Authorization: ...' header with a valid API key"),
            );
        }
        if body["app_id"] != APP_ID {
            return Some(
                self.failure(400, "app_id not found. You may be missing a Content-Type: application/json header."),
            );
        }
        if !self.is_legacy && body["target_channel"] != "push" {
            return Some(self.failure(400, "target_channel must be one of push, email, sms"));
        }
        if body.pointer("/contents/en").and_then(Value::as_str).unwrap_or_default().is_empty() {
            return Some(self.failure(400, "Message Notifications must have English language content"));
        }
        let users = self.users(asked);
        if users.is_empty() || users.len() > 2_000 {
            return Some(self.failure(400, "include_aliases must name from 1 to 2000 users"));
        }
        if users.iter().all(|user| user.starts_with("unknown-")) {
            let nothing = json!({ "id": "", "errors": ["All included players are not subscribed"] });
            return Some(Reply::json(200, nothing.to_string()));
        }
        None
    }

    fn key(&self, asked: &Asked) -> String {
        asked.json()["idempotency_key"].as_str().unwrap_or("(none)").to_owned()
    }

    fn recognises_repeats(&self) -> bool {
        true
    }

    fn success(&self, asked: &Asked, id: &str) -> Reply {
        let unknown: Vec<String> = self.users(asked).into_iter().filter(|user| user.starts_with("unknown-")).collect();
        let answer = match (unknown.is_empty(), self.is_legacy) {
            (true, _) => json!({ "id": id, "external_id": null }),
            (false, true) => json!({ "id": id, "errors": { "invalid_external_user_ids": unknown } }),
            (false, false) => json!({ "id": id, "errors": { "invalid_aliases": { "external_id": unknown } } }),
        };
        Reply::json(200, answer.to_string())
    }

    fn failure(&self, status: u16, text: &str) -> Reply {
        Reply::json(status, json!({ "errors": [text] }).to_string())
    }
}
