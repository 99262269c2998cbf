//! Push notifications through OneSignal, to users by our own ids ("external ids").
//!
//! Source: OneSignal's "Create notification" and "Idempotent notification requests" pages, as gathered in providers.md. A
//! call takes an idempotency key that is remembered for 30 days, so a lost answer is asked for again with the same key.

mod answer;
mod request;
mod settings;

use async_trait::async_trait;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use url::Url;

use crate::address::Address;
use crate::http::Http;
use crate::outcome::{Outcome, Reason};
use crate::outgoing::Outgoing;
use crate::provider::{Provider, ProviderKind};
use crate::quoting::Quoting;
use crate::setting::InvalidSetting;

pub use settings::{OneSignalMode, OneSignalSettings};

/// Users that one call may name.
pub const USERS_MAX: usize = 2_000;
/// Bytes of `data`, as JSON.
pub const DATA_BYTES_MAX: usize = 2_048;

const TAKES_KEY: bool = true;

pub struct OneSignalProvider {
    http: Http,
    settings: OneSignalSettings,
    url: Url,
    authorization: HeaderValue,
}

impl OneSignalProvider {
    pub fn try_new(settings: OneSignalSettings, http: Http) -> Result<Self, Vec<InvalidSetting>> {
        let wrong = settings.validate();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let url = settings.url().map_err(|wrong| vec![wrong])?;
        let authorization = settings.authorization().map_err(|wrong| vec![wrong])?;
        Ok(Self { http, settings, url, authorization })
    }
}

#[async_trait]
impl Provider for OneSignalProvider {
    fn kind(&self) -> ProviderKind {
        ProviderKind::OneSignal
    }

    fn takes_idempotency_key(&self) -> bool {
        TAKES_KEY
    }

    async fn send(&self, outgoing: &Outgoing) -> Outcome {
        let Address::Users(users) = &outgoing.to else {
            return Outcome::Refused(Reason::new("OneSignal reaches users by their ids only"));
        };
        let body = match request::body(&self.settings, outgoing, users) {
            Ok(body) => body,
            Err(reason) => return Outcome::Refused(reason),
        };
        let request = self.http.post(&self.url).header(AUTHORIZATION, self.authorization.clone()).json(&body);
        match self.http.ask(request).await {
            Ok(answer) => {
                let quoting = Quoting { outgoing, secrets: &[&self.settings.api_key] };
                answer::judge(&answer, users, &quoting)
            }
            Err(lost) => lost.outcome(TAKES_KEY),
        }
    }
}
