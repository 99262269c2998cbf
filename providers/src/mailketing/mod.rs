//! E-mail through Mailketing, by either version of its API.
//!
//! Source: providers.md, which gathered it from public clients that agree. Both versions may say no with HTTP 200, and the
//! texts they say it with are all there is to go by (`answer`). v2 takes an id of ours for a message, but nobody says
//! that it recognises a repeat: so a lost answer is ambiguous with both. Own headers cannot be given, so List-Unsubscribe
//! works through SMTP only.

mod answer;
mod settings;

use async_trait::async_trait;
use reqwest::RequestBuilder;
use reqwest::header::HeaderValue;
use serde_json::json;
use url::Url;

use crate::address::{Address, Mailbox};
use crate::http::Http;
use crate::outcome::{Outcome, Reason};
use crate::outgoing::Outgoing;
use crate::page;
use crate::provider::{Provider, ProviderKind};
use crate::quoting::Quoting;
use crate::sender::Sender;
use crate::setting::InvalidSetting;

pub use settings::{MailketingSettings, MailketingVersion};

const TAKES_KEY: bool = false;

pub struct MailketingProvider {
    http: Http,
    settings: MailketingSettings,
    sender: Sender,
    url: Url,
    token: HeaderValue,
}

impl MailketingProvider {
    pub fn try_new(settings: MailketingSettings, sender: &Sender, http: Http) -> Result<Self, Vec<InvalidSetting>> {
        let wrong = [settings.validate(), sender.validate()].concat();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let url = settings.url().map_err(|wrong| vec![wrong])?;
        let token = settings.token().map_err(|wrong| vec![wrong])?;
        Ok(Self { http, settings, sender: sender.clone(), url, token })
    }

    fn request(&self, outgoing: &Outgoing, to: &Mailbox) -> RequestBuilder {
        let subject = page::one_line(&outgoing.title);
        let content = page::html(outgoing);
        let (name, from) = (self.sender.from_name.as_str(), self.sender.from_address.as_str());
        let request = self.http.post(&self.url);
        match self.settings.version {
            MailketingVersion::V1 => request.form(&[
                ("api_token", self.settings.api_token.reveal()),
                ("from_name", name),
                ("from_email", from),
                ("recipient", to.address()),
                ("subject", &subject),
                ("content", &content),
            ]),
            MailketingVersion::V2 => request.header("X-Api-Token", self.token.clone()).json(&json!({
                "from_name": name,
                "from_email": from,
                "recipient": to.address(),
                "subject": subject,
                "content": content,
                // Comes back in webhooks.
                "message_id": outgoing.delivery_id,
            })),
        }
    }
}

#[async_trait]
impl Provider for MailketingProvider {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Mailketing
    }

    fn takes_idempotency_key(&self) -> bool {
        TAKES_KEY
    }

    async fn send(&self, outgoing: &Outgoing) -> Outcome {
        let Address::Email(to) = &outgoing.to else {
            return Outcome::Refused(Reason::new("Mailketing reaches people by e-mail only"));
        };
        match self.http.ask(self.request(outgoing, to)).await {
            Ok(answer) => answer::judge(&answer, &Quoting { outgoing, secrets: &[&self.settings.api_token] }),
            Err(lost) => lost.outcome(TAKES_KEY),
        }
    }
}
