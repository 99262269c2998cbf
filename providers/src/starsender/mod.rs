//! WhatsApp through Starsender, which sends from a phone that is linked as a device.
//!
//! Source: providers.md, which gathered it from public clients that agree. It recognises no repeat and promises no id: a lost
//! answer is ambiguous. It says no with HTTP 200 too, in more than one form (`answer`).

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

pub use settings::StarsenderSettings;

/// What WhatsApp takes as one message.
const LETTERS_MAX: usize = 4_096;

const TAKES_KEY: bool = false;

pub struct StarsenderProvider {
    http: Http,
    settings: StarsenderSettings,
    url: Url,
    authorization: HeaderValue,
}

impl StarsenderProvider {
    pub fn try_new(settings: StarsenderSettings, http: Http) -> Result<Self, Vec<InvalidSetting>> {
        let wrong = settings.validate();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let url = settings.url().map_err(|wrong| vec![wrong])?;
        let authorization = settings.authorization().map_err(|wrong| vec![wrong])?;
        Ok(Self { http, settings, url, authorization })
    }
}

/// With a picture the message is its caption.
fn body(outgoing: &Outgoing, to: &PhoneNumber) -> Value {
    let text = outgoing.as_chat_text(LETTERS_MAX);
    match &outgoing.image {
        Some(image) => json!({ "messageType": "media", "to": to.as_str(), "body": text, "file": image.as_str() }),
        None => json!({ "messageType": "text", "to": to.as_str(), "body": text }),
    }
}

#[async_trait]
impl Provider for StarsenderProvider {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Starsender
    }

    fn takes_idempotency_key(&self) -> bool {
        TAKES_KEY
    }

    async fn send(&self, outgoing: &Outgoing) -> Outcome {
        let Address::Phone(to) = &outgoing.to else {
            return Outcome::Refused(Reason::new("Starsender reaches phones only"));
        };
        let request = self.http.post(&self.url).header(AUTHORIZATION, self.authorization.clone());
        match self.http.ask(request.json(&body(outgoing, to))).await {
            Ok(answer) => answer::judge(&answer, &Quoting { outgoing, secrets: &[&self.settings.api_key] }),
            Err(lost) => lost.outcome(TAKES_KEY),
        }
    }
}
