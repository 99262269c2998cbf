//! WhatsApp through Meta's own Cloud API.
//!
//! Source: Meta's "Send messages" and "Error codes" pages. A text reaches only who wrote within the last 24 hours; everybody
//! else is reached by a template that Meta has approved. No idempotency key is taken, so a lost answer is ambiguous; our id
//! goes along as `biz_opaque_callback_data` and comes back in the status webhooks.

mod answer;
mod settings;

use async_trait::async_trait;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use serde_json::{Value, json};
use url::Url;

use crate::address::Address;
use crate::http::Http;
use crate::outcome::{Outcome, Reason};
use crate::outgoing::Outgoing;
use crate::phone::PhoneNumber;
use crate::provider::{Provider, ProviderKind};
use crate::quoting::Quoting;
use crate::setting::InvalidSetting;

pub use settings::WhatsAppCloudSettings;

/// Letters of a text message.
const LETTERS_MAX: usize = 4_096;

const TAKES_KEY: bool = false;

pub struct WhatsAppCloudProvider {
    http: Http,
    settings: WhatsAppCloudSettings,
    url: Url,
    authorization: HeaderValue,
}

impl WhatsAppCloudProvider {
    pub fn try_new(settings: WhatsAppCloudSettings, http: Http) -> Result<Self, Vec<InvalidSetting>> {
        let wrong = settings.validate();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let url = settings.url().map_err(|wrong| vec![wrong])?;
        let authorization = settings.authorization().map_err(|wrong| vec![wrong])?;
        Ok(Self { http, settings, url, authorization })
    }
}

fn body(outgoing: &Outgoing, to: &PhoneNumber) -> Value {
    let mut body = json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": to.as_str(),
        "biz_opaque_callback_data": outgoing.delivery_id,
    });
    match &outgoing.template {
        Some(template) => {
            body["type"] = json!("template");
            body["template"] = json!({ "name": template.name, "language": { "code": template.language } });
            if !template.parameters.is_empty() {
                let parameter = |text: &String| json!({ "type": "text", "text": parameter(text) });
                let parameters: Vec<Value> = template.parameters.iter().map(parameter).collect();
                body["template"]["components"] = json!([{ "type": "body", "parameters": parameters }]);
            }
        }
        None => {
            body["type"] = json!("text");
            body["text"] =
                json!({ "preview_url": outgoing.link.is_some(), "body": outgoing.as_chat_text(LETTERS_MAX) });
        }
    }
    body
}

/// Meta takes no line ends, no tabs, no long gaps and nothing empty in a parameter (error 132018 and its like).
fn parameter(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.is_empty() { "-".to_owned() } else { words.join(" ") }
}

#[async_trait]
impl Provider for WhatsAppCloudProvider {
    fn kind(&self) -> ProviderKind {
        ProviderKind::WhatsAppCloud
    }

    fn takes_idempotency_key(&self) -> bool {
        TAKES_KEY
    }

    async fn send(&self, outgoing: &Outgoing) -> Outcome {
        let Address::Phone(to) = &outgoing.to else {
            return Outcome::Refused(Reason::new("WhatsApp reaches phones only"));
        };
        let request = self.http.post(&self.url).header(AUTHORIZATION, self.authorization.clone());
        match self.http.ask(request.json(&body(outgoing, to))).await {
            Ok(answer) => answer::judge(&answer, &Quoting { outgoing, secrets: &[&self.settings.access_token] }),
            Err(lost) => lost.outcome(TAKES_KEY),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outgoing::Template;
    use uuid::Uuid;

    #[test]
    fn a_template_is_filled_in_order_and_its_parameters_are_one_line() {
        let number = PhoneNumber::parse("081234567890").unwrap();
        let mut outgoing = Outgoing::new(Uuid::nil(), Address::Phone(number.clone()), "Judul", "Isi");
        assert_eq!(body(&outgoing, &number)["text"]["body"], "Judul\n\nIsi");
        let parameters = vec!["Rara\n\tAyu     K".into(), String::new()];
        outgoing.template = Some(Template { name: "membership".into(), language: "id".into(), parameters });
        let body = body(&outgoing, &number);
        assert_eq!(body["type"], "template");
        assert!(body.get("text").is_none());
        assert_eq!(
            body["template"],
            json!({
                "name": "membership",
                "language": { "code": "id" },
                "components": [{
                    "type": "body",
                    "parameters": [{ "type": "text", "text": "Rara Ayu K" }, { "type": "text", "text": "-" }],
                }],
            })
        );
    }
}
