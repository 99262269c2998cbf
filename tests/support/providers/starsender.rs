//! Starsender, simulated (providers.md): recognises no repeat and promises no id.

use serde_json::json;

use super::server::{Asked, Dialect};
use super::told::Reply;

pub const KEY: &str = "device-key-sesame";

pub struct Starsender;

impl Dialect for Starsender {
    fn is_at(&self, path: &str) -> bool {
        path == "/api/send"
    }

    fn complaint(&self, asked: &Asked) -> Option<Reply> {
        let body = asked.json();
        if asked.header("authorization") != KEY {
            return Some(self.failure(200, "Invalid device api key"));
        }
        if !["text", "media"].iter().any(|kind| body["messageType"] == *kind) {
            return Some(self.failure(200, "messageType is required"));
        }
        let to = body["to"].as_str().unwrap_or_default();
        if to.is_empty() || !to.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(self.failure(200, "Nomor tidak valid"));
        }
        body["body"].as_str().unwrap_or_default().is_empty().then(|| self.failure(200, "body is required"))
    }

    fn key(&self, asked: &Asked) -> String {
        let body = asked.json();
        format!("{} {}", body["to"].as_str().unwrap_or_default(), body["body"].as_str().unwrap_or_default())
    }

    fn recognises_repeats(&self) -> bool {
        false
    }

    fn success(&self, _: &Asked, _: &str) -> Reply {
        Reply::json(200, json!({ "success": true, "data": {}, "message": "Success sent message" }).to_string())
    }

    fn failure(&self, status: u16, text: &str) -> Reply {
        Reply::json(status, json!({ "success": false, "data": null, "message": text }).to_string())
    }
}
