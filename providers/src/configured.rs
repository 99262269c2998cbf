//! The services that are configured, in the order in which they are tried (requirements R12).
//!
//! A channel without any is no fault: what would have gone there is suppressed, "channel not configured".

use std::sync::Arc;

use serde::Deserialize;

use crate::http::Http;
use crate::limits::AttemptLimits;
use crate::mailketing::{MailketingProvider, MailketingSettings};
use crate::onesignal::{OneSignalProvider, OneSignalSettings};
use crate::provider::{DeliveryChannel, Provider, ProviderKind};
use crate::sender::Sender;
use crate::setting::InvalidSetting;
use crate::smtp::{SmtpProvider, SmtpSettings};
use crate::starsender::{StarsenderProvider, StarsenderSettings};
use crate::webpush::{WebPushProvider, WebPushSettings};
use crate::whatsapp_cloud::{WhatsAppCloudProvider, WhatsAppCloudSettings};

/// The platform's own variables and which key of ours each stands for (requirements R78).
pub const ALIASES: [(&str, &str); 6] = [
    ("ONESIGNAL_APP_ID", "push.onesignal.app_id"),
    ("ONESIGNAL_REST_API_KEY", "push.onesignal.api_key"),
    ("MAILKETING_API_KEY", "email.mailketing.api_token"),
    ("MAILKETING_API_URL", "email.mailketing.base_url"),
    ("STARSENDER_API_KEY", "whatsapp.starsender.api_key"),
    ("STARSENDER_API_URL", "whatsapp.starsender.base_url"),
];

/// Push, to phones and browsers. Without one of the services below nothing goes there, and the same of e-mail and WhatsApp.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PushSettings {
    /// In which order they are tried; the next one only after unreachable or misconfigured. One that is left out is switched
    /// off. Default `onesignal`, `webpush`.
    pub order: Vec<ProviderKind>,
    pub onesignal: Option<OneSignalSettings>,
    pub webpush: Option<WebPushSettings>,
}

/// E-mail, from one sender whichever service brings it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EmailSettings {
    /// Name that a reader sees. Default none: required where e-mail is configured.
    pub from_name: String,
    /// Address that the provider knows as a sender. Default none: required where e-mail is configured.
    pub from_address: String,
    /// In which order they are tried, as in `push.order`. Default `mailketing`, `smtp`.
    pub order: Vec<ProviderKind>,
    pub mailketing: Option<MailketingSettings>,
    pub smtp: Option<SmtpSettings>,
}

/// WhatsApp, to people's telephone numbers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WhatsAppSettings {
    /// In which order they are tried, as in `push.order`. Default `starsender`, `cloud`.
    pub order: Vec<ProviderKind>,
    pub starsender: Option<StarsenderSettings>,
    pub cloud: Option<WhatsAppCloudSettings>,
}

impl Default for PushSettings {
    fn default() -> Self {
        Self { order: usual_order(DeliveryChannel::Push), onesignal: None, webpush: None }
    }
}

impl Default for EmailSettings {
    fn default() -> Self {
        let order = usual_order(DeliveryChannel::Email);
        Self { from_name: String::new(), from_address: String::new(), order, mailketing: None, smtp: None }
    }
}

impl Default for WhatsAppSettings {
    fn default() -> Self {
        Self { order: usual_order(DeliveryChannel::WhatsApp), starsender: None, cloud: None }
    }
}

fn usual_order(channel: DeliveryChannel) -> Vec<ProviderKind> {
    ProviderKind::ALL.into_iter().filter(|kind| kind.channel() == channel).collect()
}

/// All sections together, for the composition root to hold.
#[derive(Debug, Clone, Default)]
pub struct OutsideSettings {
    pub push: PushSettings,
    pub email: EmailSettings,
    pub whatsapp: WhatsAppSettings,
    pub limits: AttemptLimits,
}

impl OutsideSettings {
    /// In which order those of a channel are to be tried, whether or not there is anything of them.
    pub fn order(&self, channel: DeliveryChannel) -> &[ProviderKind] {
        match channel {
            DeliveryChannel::Push => &self.push.order,
            DeliveryChannel::Email => &self.email.order,
            DeliveryChannel::WhatsApp => &self.whatsapp.order,
        }
    }

    /// Whether there is a section of it.
    pub fn has(&self, kind: ProviderKind) -> bool {
        match kind {
            ProviderKind::OneSignal => self.push.onesignal.is_some(),
            ProviderKind::WebPush => self.push.webpush.is_some(),
            ProviderKind::Mailketing => self.email.mailketing.is_some(),
            ProviderKind::Smtp => self.email.smtp.is_some(),
            ProviderKind::Starsender => self.whatsapp.starsender.is_some(),
            ProviderKind::WhatsAppCloud => self.whatsapp.cloud.is_some(),
        }
    }

    /// Those of a channel that will be tried, in their order. Empty: the channel is not configured.
    pub fn tried(&self, channel: DeliveryChannel) -> impl Iterator<Item = ProviderKind> {
        self.order(channel).iter().copied().filter(|kind| self.has(*kind))
    }
}

/// The services that are configured. Cheap to clone.
#[derive(Clone, Default)]
pub struct Outside {
    push: Arc<[Arc<dyn Provider>]>,
    email: Arc<[Arc<dyn Provider>]>,
    whatsapp: Arc<[Arc<dyn Provider>]>,
}

impl Outside {
    /// All of them, or everything that is wrong, each with its whole key (`push.onesignal.api_key`; of the limits
    /// `attempt_ms_max` alone).
    pub fn try_new(settings: &OutsideSettings) -> Result<Self, Vec<InvalidSetting>> {
        let OutsideSettings { push, email, whatsapp, limits } = settings;
        let mut made = Made { kept: Vec::new(), wrong: limits.validate() };
        let http = match Http::try_new(limits) {
            Ok(http) => http,
            Err(error) => {
                made.wrong.push(InvalidSetting::new("attempt_ms_max", error.to_string()));
                return Err(made.wrong);
            }
        };
        made.push(push, &http);
        made.email(email, &http, limits);
        made.whatsapp(whatsapp, &http);
        let outside = Self {
            push: made.ordered("push", DeliveryChannel::Push, &push.order),
            email: made.ordered("email", DeliveryChannel::Email, &email.order),
            whatsapp: made.ordered("whatsapp", DeliveryChannel::WhatsApp, &whatsapp.order),
        };
        if made.wrong.is_empty() { Ok(outside) } else { Err(made.wrong) }
    }

    /// Those of a channel, in the order in which they are tried. Empty: the channel is not configured.
    pub fn of(&self, channel: DeliveryChannel) -> &[Arc<dyn Provider>] {
        match channel {
            DeliveryChannel::Push => &self.push,
            DeliveryChannel::Email => &self.email,
            DeliveryChannel::WhatsApp => &self.whatsapp,
        }
    }

    pub fn get(&self, kind: ProviderKind) -> Option<&Arc<dyn Provider>> {
        self.of(kind.channel()).iter().find(|provider| provider.kind() == kind)
    }
}

/// What could be made, and what could not.
struct Made {
    kept: Vec<Arc<dyn Provider>>,
    wrong: Vec<InvalidSetting>,
}

impl Made {
    fn push(&mut self, settings: &PushSettings, http: &Http) {
        if let Some(onesignal) = &settings.onesignal {
            self.keep("push.onesignal", OneSignalProvider::try_new(onesignal.clone(), http.clone()));
        }
        if let Some(webpush) = &settings.webpush {
            self.keep("push.webpush", WebPushProvider::try_new(webpush.clone(), http.clone()));
        }
    }

    fn email(&mut self, settings: &EmailSettings, http: &Http, limits: &AttemptLimits) {
        let EmailSettings { from_name, from_address, order, mailketing, smtp } = settings;
        if mailketing.is_none() && smtp.is_none() {
            return;
        }
        let sender = Sender { from_name: from_name.clone(), from_address: from_address.clone() };
        let no_sender = sender.validate();
        if !no_sender.is_empty() {
            let is_used = (mailketing.is_some() && order.contains(&ProviderKind::Mailketing))
                || (smtp.is_some() && order.contains(&ProviderKind::Smtp));
            if is_used {
                // Both need it, and it is said once.
                self.complain("email", no_sender);
            }
            self.complain("email.mailketing", mailketing.iter().flat_map(MailketingSettings::validate));
            self.complain("email.smtp", smtp.iter().flat_map(SmtpSettings::validate));
            return;
        }
        if let Some(mailketing) = mailketing {
            self.keep("email.mailketing", MailketingProvider::try_new(mailketing.clone(), &sender, http.clone()));
        }
        if let Some(smtp) = smtp {
            self.keep("email.smtp", SmtpProvider::try_new(smtp.clone(), &sender, limits));
        }
    }

    fn whatsapp(&mut self, settings: &WhatsAppSettings, http: &Http) {
        if let Some(starsender) = &settings.starsender {
            self.keep("whatsapp.starsender", StarsenderProvider::try_new(starsender.clone(), http.clone()));
        }
        if let Some(cloud) = &settings.cloud {
            self.keep("whatsapp.cloud", WhatsAppCloudProvider::try_new(cloud.clone(), http.clone()));
        }
    }

    fn keep<P: Provider + 'static>(&mut self, section: &str, made: Result<P, Vec<InvalidSetting>>) {
        match made {
            Ok(provider) => self.kept.push(Arc::new(provider)),
            Err(wrong) => self.complain(section, wrong),
        }
    }

    fn complain(&mut self, section: &str, wrong: impl IntoIterator<Item = InvalidSetting>) {
        self.wrong.extend(wrong.into_iter().map(|invalid| invalid.within(section)));
    }

    fn ordered(&mut self, section: &str, channel: DeliveryChannel, order: &[ProviderKind]) -> Arc<[Arc<dyn Provider>]> {
        self.complain(section, wrong_order(channel, order));
        order.iter().filter_map(|kind| self.kept.iter().find(|kept| kept.kind() == *kind)).cloned().collect()
    }
}

/// One that is named twice would be asked twice; one that is left out is switched off.
fn wrong_order(channel: DeliveryChannel, order: &[ProviderKind]) -> Option<InvalidSetting> {
    let usual = usual_order(channel);
    if let Some(foreign) = order.iter().find(|kind| !usual.contains(kind)) {
        return Some(InvalidSetting::new("order", format!("{} serves another channel", foreign.name())));
    }
    let is_twice = order.iter().enumerate().any(|(at, kind)| order[..at].contains(kind));
    is_twice.then(|| InvalidSetting::new("order", "names one twice"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(json: &str) -> OutsideSettings {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct All {
            push: PushSettings,
            email: EmailSettings,
            whatsapp: WhatsAppSettings,
        }
        let All { push, email, whatsapp } = serde_json::from_str(json).unwrap();
        OutsideSettings { push, email, whatsapp, limits: AttemptLimits::default() }
    }

    fn fields(json: &str) -> Vec<String> {
        let Err(wrong) = Outside::try_new(&settings(json)) else { panic!("{json} is right") };
        wrong.into_iter().map(|invalid| invalid.field).collect()
    }

    const ALL: &str = r#"{
        "push": { "onesignal": { "app_id": "11111111-2222-4333-8444-555555555555", "api_key": "hush" } },
        "email": { "from_name": "Kabar", "from_address": "kabar@example.id", "order": ["smtp", "mailketing"],
            "mailketing": { "api_token": "hush" }, "smtp": { "host": "smtp.example.id" } },
        "whatsapp": { "order": ["cloud"], "starsender": { "api_key": "hush" },
            "cloud": { "access_token": "hush", "phone_number_id": "1" } }
    }"#;

    #[test]
    fn what_is_configured_is_tried_in_its_order() {
        let outside = Outside::try_new(&settings(ALL)).unwrap();
        let kinds = |channel| outside.of(channel).iter().map(|provider| provider.kind()).collect::<Vec<_>>();
        for channel in DeliveryChannel::ALL {
            assert_eq!(settings(ALL).tried(channel).collect::<Vec<_>>(), kinds(channel), "known without making them");
        }
        assert_eq!(kinds(DeliveryChannel::Push), [ProviderKind::OneSignal]);
        assert_eq!(kinds(DeliveryChannel::Email), [ProviderKind::Smtp, ProviderKind::Mailketing]);
        assert_eq!(kinds(DeliveryChannel::WhatsApp), [ProviderKind::WhatsAppCloud], "what is left out is switched off");
        assert!(outside.get(ProviderKind::Smtp).is_some() && outside.get(ProviderKind::WebPush).is_none());
    }

    #[test]
    fn nothing_configured_is_no_fault() {
        let outside = Outside::try_new(&OutsideSettings::default()).unwrap();
        assert!(DeliveryChannel::ALL.iter().all(|channel| outside.of(*channel).is_empty()));
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once_with_its_whole_key() {
        assert_eq!(
            fields(
                r#"{ "push": { "onesignal": {}, "order": ["smtp"] },
                "email": { "mailketing": {}, "smtp": {} },
                "whatsapp": { "order": ["cloud", "cloud"], "starsender": { "base_url": "x" } } }"#
            ),
            [
                "push.onesignal.app_id",
                "push.onesignal.api_key",
                "email.from_name",
                "email.from_address",
                "email.mailketing.api_token",
                "email.smtp.host",
                "whatsapp.starsender.api_key",
                "whatsapp.starsender.base_url",
                "push.order",
                "whatsapp.order",
            ]
        );
    }

    #[test]
    fn mail_that_is_switched_off_needs_no_sender() {
        let mail =
            |order: &str| format!(r#"{{ "email": {{ "order": [{order}], "mailketing": {{ "api_token": "x" }} }} }}"#);
        let outside = Outside::try_new(&settings(&mail(""))).unwrap();
        assert!(outside.of(DeliveryChannel::Email).is_empty());
        assert!(Outside::try_new(&settings(&mail(r#""smtp""#))).is_ok());
        assert_eq!(fields(&mail(r#""mailketing""#)), ["email.from_name", "email.from_address"]);
    }

    #[test]
    fn nothing_secret_is_shown() {
        assert!(!format!("{:?}", settings(ALL)).contains("hush"));
        assert!(serde_json::from_str::<PushSettings>(r#"{"onesignal": {"api_kye": "hush"}}"#).is_err());
    }

    #[test]
    fn every_alias_names_a_key_that_there_is() {
        for (variable, key) in ALIASES {
            let mut value = serde_json::json!("x");
            let mut parts: Vec<&str> = key.split('.').collect();
            let section = parts.remove(0);
            for part in parts.iter().rev() {
                value = serde_json::json!({ *part: value });
            }
            let known = match section {
                "push" => serde_json::from_value::<PushSettings>(value).is_ok(),
                "email" => serde_json::from_value::<EmailSettings>(value).is_ok(),
                "whatsapp" => serde_json::from_value::<WhatsAppSettings>(value).is_ok(),
                _ => false,
            };
            assert!(known, "{variable} {key}");
        }
    }
}
