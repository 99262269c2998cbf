//! Meta's WhatsApp Cloud API, simulated: an error is a code with a text.

use serde_json::{Value, json};

use super::server::{Asked, Dialect};
use super::told::Reply;

pub const TOKEN: &str = "EAAGsesame";
pub const PHONE_NUMBER_ID: &str = "106540352242922";

pub struct WhatsAppCloud;

impl Dialect for WhatsAppCloud {
    fn is_at(&self, path: &str) -> bool {
        let parts: Vec<&str> = path.split('/').collect();
        matches!(parts[..], ["", version, number, "messages"] if version.starts_with('v') && number == PHONE_NUMBER_ID)
    }

    fn complaint(&self, asked: &Asked) -> Option<Reply> {
        let body = asked.json();
        if asked.header("authorization") != format!("Bearer {TOKEN}") {
            return Some(self.failure(401, "190 Invalid OAuth access token"));
        }
        let text = |place: &str| body.pointer(place).and_then(Value::as_str).unwrap_or_default().to_owned();
        let is_said = match text("/type").as_str() {
            "text" => !text("/text/body").is_empty(),
            "template" => !text("/template/name").is_empty() && !text("/template/language/code").is_empty(),
            _ => false,
        };
        let is_whole = is_said && text("/messaging_product") == "whatsapp" && !text("/to").is_empty();
        (!is_whole).then(|| self.failure(400, "100 Invalid parameter"))
    }

    fn key(&self, asked: &Asked) -> String {
        asked.json()["biz_opaque_callback_data"].as_str().unwrap_or("(none)").to_owned()
    }

    fn recognises_repeats(&self) -> bool {
        false
    }

    fn success(&self, asked: &Asked, id: &str) -> Reply {
        let to = asked.json()["to"].clone();
        let answer = json!({
            "messaging_product": "whatsapp",
            "contacts": [{ "input": to, "wa_id": to }],
            "messages": [{ "id": format!("wamid.{id}") }],
        });
        Reply::json(200, answer.to_string())
    }

    fn failure(&self, status: u16, text: &str) -> Reply {
        let (code, message) = text.split_once(' ').unwrap_or((text, ""));
        let code: i64 = code.parse().unwrap_or_default();
        let error = json!({ "message": format!("(#{code}) {message}"), "type": "OAuthException", "code": code, "fbtrace_id": "A1" });
        Reply::json(status, json!({ "error": error }).to_string())
    }
}
