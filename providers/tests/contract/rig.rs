//! One provider with its simulated service, for every kind and mode there is.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use providers::{
    Address, AttemptLimits, Http, Mailbox, MailketingProvider, MailketingSettings, OneSignalProvider,
    OneSignalSettings, Outgoing, PhoneNumber, Provider, ProviderKind, Secret, Sender, SmtpProvider, SmtpSettings,
    StarsenderProvider, StarsenderSettings, Subscription, WebPushProvider, WebPushSettings, WhatsAppCloudProvider,
    WhatsAppCloudSettings, mailketing::MailketingVersion, onesignal::OneSignalMode, smtp::SmtpTls,
};
use uuid::Uuid;

use crate::simulated::server::Simulator;
use crate::simulated::smtp::{SmtpServer, SmtpTold};
use crate::simulated::told::Told;
use crate::simulated::webpush::PushService;
use crate::simulated::{mailketing, onesignal, smtp, starsender, webpush, whatsapp_cloud};

/// Which provider, and in which of its ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    OneSignal(OneSignalMode),
    WebPush,
    Mailketing(MailketingVersion),
    Smtp,
    Starsender,
    WhatsAppCloud,
}

/// Every way of every provider: one that is added does not compile until it is here.
pub fn ways() -> Vec<Way> {
    let of = |kind: ProviderKind| match kind {
        ProviderKind::OneSignal => vec![Way::OneSignal(OneSignalMode::Current), Way::OneSignal(OneSignalMode::Legacy)],
        ProviderKind::WebPush => vec![Way::WebPush],
        ProviderKind::Mailketing => {
            vec![Way::Mailketing(MailketingVersion::V1), Way::Mailketing(MailketingVersion::V2)]
        }
        ProviderKind::Smtp => vec![Way::Smtp],
        ProviderKind::Starsender => vec![Way::Starsender],
        ProviderKind::WhatsAppCloud => vec![Way::WhatsAppCloud],
    };
    ProviderKind::ALL.into_iter().flat_map(of).collect()
}

/// Time enough for a busy machine.
pub fn patient() -> AttemptLimits {
    AttemptLimits { connect_ms_max: 20_000, attempt_ms_max: 30_000, ..AttemptLimits::default() }
}

/// For what never answers.
pub const IMPATIENCE: Duration = Duration::from_millis(2_000);

pub fn impatient() -> AttemptLimits {
    AttemptLimits { connect_ms_max: 1_900, attempt_ms_max: 2_000, ..AttemptLimits::default() }
}

pub enum Service {
    Http(Simulator),
    Smtp(SmtpServer),
}

pub struct Rig {
    pub way: Way,
    pub provider: Box<dyn Provider>,
    pub service: Service,
    push: PushService,
    made: AtomicUsize,
}

pub fn sender() -> Sender {
    Sender { from_name: "Kabar".into(), from_address: "kabar@example.id".into() }
}

pub fn made<T>(made: Result<T, Vec<providers::InvalidSetting>>) -> T {
    made.unwrap_or_else(|wrong| panic!("{wrong:?}"))
}

/// The provider of this way, its service at `url` (`host:port` for SMTP).
pub fn provider_at(way: Way, url: &str, limits: &AttemptLimits) -> Box<dyn Provider> {
    let http = Http::try_new(limits).expect("a client");
    let base_url = Some(url.to_owned());
    match way {
        Way::OneSignal(mode) => {
            let (app_id, api_key) = (onesignal::APP_ID.into(), Secret::new(onesignal::KEY));
            Box::new(made(OneSignalProvider::try_new(OneSignalSettings { app_id, api_key, mode, base_url }, http)))
        }
        Way::WebPush => {
            let settings = WebPushSettings {
                public_key: webpush::PUBLIC_KEY.into(),
                private_key: Secret::new(webpush::PRIVATE_KEY),
                contact: "mailto:ops@example.id".into(),
                endpoint_hosts: vec!["127.0.0.1".into()],
                ..WebPushSettings::default()
            };
            Box::new(made(WebPushProvider::try_new(settings, http)))
        }
        Way::Mailketing(version) => {
            let settings = MailketingSettings { api_token: Secret::new(mailketing::TOKEN), version, base_url };
            Box::new(made(MailketingProvider::try_new(settings, &sender(), http)))
        }
        Way::Smtp => Box::new(made(SmtpProvider::try_new(smtp_settings(url), &sender(), limits))),
        Way::Starsender => {
            let settings = StarsenderSettings { api_key: Secret::new(starsender::KEY), base_url };
            Box::new(made(StarsenderProvider::try_new(settings, http)))
        }
        Way::WhatsAppCloud => {
            let settings = WhatsAppCloudSettings {
                access_token: Secret::new(whatsapp_cloud::TOKEN),
                phone_number_id: whatsapp_cloud::PHONE_NUMBER_ID.into(),
                base_url,
                ..WhatsAppCloudSettings::default()
            };
            Box::new(made(WhatsAppCloudProvider::try_new(settings, http)))
        }
    }
}

pub fn smtp_settings(address: &str) -> SmtpSettings {
    let (host, port) = address.rsplit_once(':').expect("host:port");
    SmtpSettings {
        host: host.into(),
        port: Some(port.parse().expect("a port")),
        username: smtp::USER.into(),
        password: Secret::new(smtp::PASSWORD),
        tls: SmtpTls::None,
        ..SmtpSettings::default()
    }
}

impl Rig {
    pub async fn start(way: Way) -> Self {
        Self::start_within(way, &patient()).await
    }

    pub async fn start_within(way: Way, limits: &AttemptLimits) -> Self {
        let push = PushService::default();
        let service = match way {
            Way::OneSignal(mode) => {
                let is_legacy = mode == OneSignalMode::Legacy;
                Service::Http(Simulator::start(onesignal::OneSignal { is_legacy }).await)
            }
            Way::WebPush => Service::Http(Simulator::start(push.clone()).await),
            Way::Mailketing(version) => {
                let is_v2 = version == MailketingVersion::V2;
                Service::Http(Simulator::start(mailketing::Mailketing { is_v2 }).await)
            }
            Way::Smtp => Service::Smtp(SmtpServer::start().await),
            Way::Starsender => Service::Http(Simulator::start(starsender::Starsender).await),
            Way::WhatsAppCloud => Service::Http(Simulator::start(whatsapp_cloud::WhatsAppCloud).await),
        };
        let url = match &service {
            Service::Http(simulator) => simulator.url(),
            Service::Smtp(server) => server.address(),
        };
        Self { way, provider: provider_at(way, &url, limits), service, push, made: AtomicUsize::new(0) }
    }

    /// The HTTP service; SMTP has none.
    pub fn http(&self) -> &Simulator {
        let Service::Http(simulator) = &self.service else { panic!("{:?} speaks no HTTP", self.way) };
        simulator
    }

    pub fn smtp(&self) -> &SmtpServer {
        let Service::Smtp(server) = &self.service else { panic!("{:?} speaks HTTP", self.way) };
        server
    }

    /// Told over HTTP, or the nearest that SMTP has to it.
    pub fn tell(&self, told: Told, over_smtp: SmtpTold) {
        match &self.service {
            Service::Http(simulator) => simulator.tell(told),
            Service::Smtp(server) => server.tell(over_smtp),
        }
    }

    /// A delivery of its own, to somebody who can be reached.
    pub fn outgoing(&self) -> Outgoing {
        let number = self.made.fetch_add(1, Ordering::SeqCst);
        let to = match self.way {
            Way::OneSignal(_) => Address::Users(vec![format!("user-{number}")]),
            Way::WebPush => Address::Browsers(vec![self.browser(&format!("browser-{number}"))]),
            Way::Mailketing(_) | Way::Smtp => Address::Email(
                Mailbox::parse(&format!("rara{number}@example.id"), Some("Rara Ayu")).expect("an address"),
            ),
            Way::Starsender | Way::WhatsAppCloud => {
                Address::Phone(PhoneNumber::parse(&format!("0812 3456 {number:04}")).expect("a number"))
            }
        };
        let mut outgoing = Outgoing::new(Uuid::new_v4(), to, format!("Pesan Baru {number}"), "Halo dunia");
        outgoing.link = Some("https://app.example.id/chat?room=lobby".parse().expect("a link"));
        outgoing
    }

    /// One more browser behind the push service.
    pub fn browser(&self, name: &str) -> Subscription {
        let made = self.push.subscribe(&self.http().url(), name);
        Subscription::parse(&made.endpoint, &made.p256dh, &made.auth).expect("a subscription")
    }

    pub fn push(&self) -> &PushService {
        &self.push
    }

    /// How often people got this delivery.
    pub fn sends_of(&self, outgoing: &Outgoing) -> usize {
        let phone = |number: &PhoneNumber| {
            let link = outgoing.link.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("{} {}\n\n{}\n\n{link}", number.as_str(), outgoing.title, outgoing.message)
        };
        let key = match (&outgoing.to, self.way) {
            (Address::Email(mailbox), Way::Mailketing(_)) => format!("{} {}", mailbox.address(), outgoing.title),
            (Address::Phone(number), Way::Starsender) => phone(number),
            _ => outgoing.delivery_id.to_string(),
        };
        match &self.service {
            Service::Http(simulator) => simulator.sends_of(&key),
            Service::Smtp(server) => server.sends_of(&key),
        }
    }
}
