//! `[[realtime.webhooks]]`: which of the application's servers are told what happens on channels.

use serde::Deserialize;

use super::secret::Secret;
use crate::realtime::webhooks::{EventKind, Webhook};

/// One server that is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSection {
    /// http or https.
    pub url: Secret,
    /// `channel_occupied`, `channel_vacated`, `member_added`, `member_removed`, `client_event`, `cache_miss`,
    /// `subscription_count`. Default all of them.
    #[serde(default = "every_event")]
    pub events: Vec<EventKind>,
}

fn every_event() -> Vec<EventKind> {
    EventKind::ALL.to_vec()
}

impl WebhookSection {
    /// Whom it means; an error where the address is none.
    pub fn webhook(&self) -> Result<Webhook, String> {
        let url = url::Url::parse(self.url.reveal()).map_err(|error| error.to_string())?;
        match matches!(url.scheme(), "http" | "https") && url.has_host() {
            true => Ok(Webhook::new(url, self.events.clone())),
            false => Err("expected http(s)://host".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_the_web() {
        let webhook = |url: &str| WebhookSection { url: Secret::new(url), events: every_event() }.webhook();
        assert_eq!(webhook("https://app.example.id/hook?token=x").map(|it| it.events.len()), Ok(7));
        for wrong in ["", "app.example.id", "ftp://app.example.id", "file:///etc/passwd"] {
            assert!(webhook(wrong).is_err(), "{wrong}");
        }
    }
}
