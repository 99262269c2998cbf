//! Mailketing, simulated (providers.md): v1 by form, v2 by JSON. No key is known to be recognised.

use serde_json::{Value, json};

use super::server::{Asked, Dialect};
use super::told::Reply;

pub const TOKEN: &str = "mk_token_sesame";

pub struct Mailketing {
    pub is_v2: bool,
}

impl Mailketing {
    fn field(&self, asked: &Asked, name: &str) -> String {
        if self.is_v2 {
            asked.json()[name].as_str().unwrap_or_default().to_owned()
        } else {
            asked.form().remove(name).unwrap_or_default()
        }
    }
}

impl Dialect for Mailketing {
    fn is_at(&self, path: &str) -> bool {
        path == if self.is_v2 { "/api/v2/send" } else { "/api/v1/send" }
    }

    fn complaint(&self, asked: &Asked) -> Option<Reply> {
        let status = if self.is_v2 { 422 } else { 200 };
        let token = if self.is_v2 { asked.header("x-api-token").to_owned() } else { self.field(asked, "api_token") };
        if token != TOKEN {
            return Some(self.failure(if self.is_v2 { 401 } else { 200 }, "Access Denied, Invalid Token"));
        }
        let required = ["from_name", "from_email", "recipient", "subject", "content"];
        let missing = required.iter().find(|name| self.field(asked, name).is_empty())?;
        Some(self.failure(status, &format!("Empty {missing}")))
    }

    fn key(&self, asked: &Asked) -> String {
        format!("{} {}", self.field(asked, "recipient"), self.field(asked, "subject"))
    }

    fn recognises_repeats(&self) -> bool {
        false
    }

    fn success(&self, asked: &Asked, id: &str) -> Reply {
        let answer: Value = if self.is_v2 {
            let named = self.field(asked, "message_id");
            json!({ "success": true, "data": { "message_id": if named.is_empty() { id.to_owned() } else { named } } })
        } else {
            json!({ "status": "success", "response": "Mail Sent" })
        };
        Reply::json(200, answer.to_string())
    }

    fn failure(&self, status: u16, text: &str) -> Reply {
        let answer = if self.is_v2 {
            json!({ "success": false, "message": text })
        } else {
            json!({ "status": "failed", "response": text })
        };
        Reply::json(status, answer.to_string())
    }
}
