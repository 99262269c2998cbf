//! Push notifications to browsers without a service in between: RFC 8030 (the request), 8291 (its encryption) and 8292 (who
//! sends).
//!
//! A push service takes no idempotency key: `Topic` replaces what has not arrived yet, but not what has. The message carries
//! the delivery's id as `tag`, so a page that shows it under its tag shows a repeat in the first one's place.

mod encryption;
mod message;
mod settings;
mod subscription;
mod vapid;

use std::time::SystemTime;

use async_trait::async_trait;
use futures_util::future::join_all;
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};

use crate::address::Address;
use crate::http::{Answer, Http};
use crate::outcome::{Outcome, Reason, Recipient};
use crate::outgoing::Outgoing;
use crate::provider::{Provider, ProviderKind};
use crate::quoting::Quoting;
use crate::setting::InvalidSetting;
use vapid::VapidKey;

pub use settings::WebPushSettings;
pub use subscription::{InvalidSubscription, Subscription};

/// Browsers that one delivery may go to: all at once, so not without a limit.
pub const SUBSCRIPTIONS_MAX: usize = 50;

const TAKES_KEY: bool = false;

pub struct WebPushProvider {
    http: Http,
    settings: WebPushSettings,
    key: VapidKey,
}

impl WebPushProvider {
    pub fn try_new(settings: WebPushSettings, http: Http) -> Result<Self, Vec<InvalidSetting>> {
        let wrong = settings.validate();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let key = settings.key().map_err(|wrong| vec![wrong])?;
        Ok(Self { http, settings, key })
    }

    async fn send_to(&self, subscription: &Subscription, message: &[u8], outgoing: &Outgoing) -> Outcome {
        let url = subscription.url();
        if !self.settings.allows(url) {
            return Outcome::Refused(Reason::new("an endpoint of a host that is not allowed (endpoint_hosts)"));
        }
        let body = encryption::encrypt(message, subscription);
        let authorization = self.key.authorization(url, &self.settings.contact, SystemTime::now());
        let (Ok(body), Ok(authorization)) = (body, authorization) else {
            return Outcome::Refused(Reason::new("the message cannot be encrypted for this browser"));
        };
        let mut request = self
            .http
            .post(url)
            .header(AUTHORIZATION, authorization)
            .header(CONTENT_ENCODING, "aes128gcm")
            .header(CONTENT_TYPE, "application/octet-stream")
            .header("TTL", self.settings.ttl_seconds)
            .header("Urgency", "normal")
            .body(body);
        if let Some(topic) = outgoing.collapse_topic() {
            request = request.header("Topic", topic);
        }
        match self.http.ask(request).await {
            Ok(answer) => judge(&answer, &Quoting { outgoing, secrets: &[&self.settings.private_key] }),
            Err(lost) => lost.outcome(TAKES_KEY),
        }
    }
}

#[async_trait]
impl Provider for WebPushProvider {
    fn kind(&self) -> ProviderKind {
        ProviderKind::WebPush
    }

    fn takes_idempotency_key(&self) -> bool {
        TAKES_KEY
    }

    async fn send(&self, outgoing: &Outgoing) -> Outcome {
        let Address::Browsers(browsers) = &outgoing.to else {
            return Outcome::Refused(Reason::new("Web Push reaches browsers by their subscriptions only"));
        };
        if browsers.is_empty() || browsers.len() > SUBSCRIPTIONS_MAX {
            return Outcome::Refused(Reason::new(format!(
                "{} browsers, from 1 to {SUBSCRIPTIONS_MAX}",
                browsers.len()
            )));
        }
        let Some(message) = message::message(outgoing, encryption::MESSAGE_BYTES_MAX) else {
            return Outcome::Refused(Reason::new("links and data are too long for a push message"));
        };
        let each = join_all(browsers.iter().map(|browser| self.send_to(browser, &message, outgoing))).await;
        together(browsers, each)
    }
}

/// What one push service's answer means (RFC 8030 §5, §7.3, §8.4).
fn judge(answer: &Answer, quoting: &Quoting<'_>) -> Outcome {
    let text = String::from_utf8_lossy(&answer.body);
    // Of a page only its status is worth quoting.
    let text = if answer.is_html() { "" } else { text.as_ref() };
    let made_with_another_key = || {
        // Chrome's service says the first with 403, Apple's the second with 400, when a page subscribed under another
        // VAPID key: this subscription will never work again, and nothing else is wrong.
        text.contains("do not correspond to the credentials used to create") || text.contains("VapidPkHashMismatch")
    };
    match answer.status.as_u16() {
        200..300 => Outcome::accepted(answer.location.clone()),
        404 | 410 => Outcome::Unreachable(Reason::new("the subscription is gone")),
        400 | 403 if made_with_another_key() => {
            Outcome::Unreachable(Reason::new("the subscription was made under another VAPID key"))
        }
        _ => answer
            .by_status(TAKES_KEY, quoting, text)
            .unwrap_or_else(|| Outcome::Refused(quoting.reason(&format!("HTTP {}", answer.status.as_u16()), text))),
    }
}

/// One outcome for all browsers of a user. Reached in one is reached. Otherwise what may have arrived weighs most, then
/// what may still arrive, then what an operator must hear of.
fn together(browsers: &[Subscription], each: Vec<Outcome>) -> Outcome {
    let unreachable: Vec<Recipient> = browsers
        .iter()
        .zip(&each)
        .filter(|(_, outcome)| matches!(outcome, Outcome::Unreachable(_)))
        .map(|(browser, _)| Recipient::new(browser.endpoint()))
        .collect();
    let taken = each.iter().filter(|outcome| matches!(outcome, Outcome::Accepted { .. })).count();
    let missed = each.len() - taken - unreachable.len();
    let weightiest = each.into_iter().reduce(|one, other| if weight(&other) > weight(&one) { other } else { one });
    match weightiest {
        Some(Outcome::Accepted { provider_id, .. }) => Outcome::Accepted { provider_id, unreachable, missed },
        Some(other) => other,
        None => Outcome::Refused(Reason::new("no browser is named")),
    }
}

fn weight(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Accepted { .. } => 7,
        Outcome::Ambiguous(_) => 6,
        Outcome::Throttled { .. } => 5,
        Outcome::Unavailable { .. } => 4,
        Outcome::Quota(_) => 3,
        Outcome::Misconfigured(_) => 2,
        Outcome::Refused(_) => 1,
        Outcome::Unreachable(_) => 0,
    }
}
