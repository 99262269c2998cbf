//! The one trait behind which every outside delivery service stands.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::outcome::Outcome;
use crate::outgoing::Outgoing;

/// The channels that an outside service serves (requirements R7; IN_APP needs none).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub enum DeliveryChannel {
    Push,
    Email,
    WhatsApp,
}

impl DeliveryChannel {
    pub const ALL: [Self; 3] = [Self::Push, Self::Email, Self::WhatsApp];

    /// As events and the wire say it; in small letters the section of its services.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Push => "PUSH",
            Self::Email => "EMAIL",
            Self::WhatsApp => "WHATSAPP",
        }
    }
}

// Not derived: a derived enum shows what it was given, which may be a secret in the wrong place. All words of the
// configuration are read so.
impl TryFrom<String> for DeliveryChannel {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::ALL.into_iter().find(|channel| channel.name() == name).ok_or("expected PUSH, EMAIL or WHATSAPP")
    }
}

/// Which service. Its name is the one of its section in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum ProviderKind {
    OneSignal,
    WebPush,
    Mailketing,
    Smtp,
    Starsender,
    #[serde(rename = "cloud")]
    WhatsAppCloud,
}

impl ProviderKind {
    pub const ALL: [Self; 6] =
        [Self::OneSignal, Self::WebPush, Self::Mailketing, Self::Smtp, Self::Starsender, Self::WhatsAppCloud];

    /// Stable: events and the configuration hold it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OneSignal => "onesignal",
            Self::WebPush => "webpush",
            Self::Mailketing => "mailketing",
            Self::Smtp => "smtp",
            Self::Starsender => "starsender",
            Self::WhatsAppCloud => "cloud",
        }
    }

    pub const fn channel(self) -> DeliveryChannel {
        match self {
            Self::OneSignal | Self::WebPush => DeliveryChannel::Push,
            Self::Mailketing | Self::Smtp => DeliveryChannel::Email,
            Self::Starsender | Self::WhatsAppCloud => DeliveryChannel::WhatsApp,
        }
    }

    /// Recipients that one call may have: 2,000 users, 50 browsers of a user, one mailbox, one phone.
    pub const fn recipients_max(self) -> usize {
        match self {
            Self::OneSignal => crate::onesignal::USERS_MAX,
            Self::WebPush => crate::webpush::SUBSCRIPTIONS_MAX,
            Self::Mailketing | Self::Smtp | Self::Starsender | Self::WhatsAppCloud => 1,
        }
    }
}

impl TryFrom<String> for ProviderKind {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let known = || Self::ALL.map(Self::name).join(", ");
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| format!("expected one of {}", known()))
    }
}

/// A delivery service. One value is shared by all workers: it holds connections, and nothing about any delivery.
#[async_trait]
pub trait Provider: Send + Sync {
    fn kind(&self) -> ProviderKind;

    fn name(&self) -> &'static str {
        self.kind().name()
    }

    fn channel(&self) -> DeliveryChannel {
        self.kind().channel()
    }

    /// Whether a repeat under the same delivery id is recognised: then a lost answer is `Unavailable`, else `Ambiguous`.
    fn takes_idempotency_key(&self) -> bool;

    /// One attempt, within the time that was configured. Never fails: whatever happens is an outcome. Dropped half-way, the
    /// request may have left.
    async fn send(&self, outgoing: &Outgoing) -> Outcome;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_provider_has_a_name_of_its_own() {
        let names: BTreeSet<_> = ProviderKind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), ProviderKind::ALL.len());
        for kind in ProviderKind::ALL {
            let name = serde_json::to_value(kind).unwrap();
            assert_eq!(name, kind.name());
            assert_eq!(serde_json::from_value::<ProviderKind>(name).unwrap(), kind);
        }
    }

    #[test]
    fn a_word_that_is_none_is_not_shown() {
        let kind = serde_json::from_str::<ProviderKind>(r#""hush""#).unwrap_err().to_string();
        let channel = serde_json::from_str::<DeliveryChannel>(r#""hush""#).unwrap_err().to_string();
        assert!(kind.contains("webpush") && channel.contains("WHATSAPP"), "{kind} {channel}");
        assert!(!kind.contains("hush") && !channel.contains("hush"), "{kind} {channel}");
    }
}
