//! Adapters to outside delivery services: each a folder behind one trait, [`Provider`], with one vocabulary of what became
//! of an attempt, [`Outcome`], and one contract suite (`tests/contract`) that runs over all of them.
//!
//! Separate so that nothing that replays can be linked with anything that sends (`tests/tidy` holds it), and so that an
//! adapter is read without knowing the rest of Kabar: it knows no event, no view and no policy. An attempt here is one
//! attempt. Never in here: retries, rate limits, circuit breakers, who is told of what and in which words.
//!
//! What comes back from the providers later (receipts, payments, messages) is understood in [`inbound`], purely.

mod address;
mod configured;
mod http;
pub mod inbound;
mod limits;
pub mod mailketing;
pub mod onesignal;
mod outcome;
mod outgoing;
mod page;
mod phone;
mod provider;
mod quoting;
mod secret;
mod sender;
mod setting;
pub mod smtp;
pub mod starsender;
pub mod webpush;
pub mod whatsapp_cloud;

pub use address::{Address, InvalidMailbox, Mailbox};
pub use configured::{ALIASES, EmailSettings, Outside, OutsideSettings, PushSettings, WhatsAppSettings};
pub use http::{Http, HttpError};
pub use limits::AttemptLimits;
pub use mailketing::{MailketingProvider, MailketingSettings};
pub use onesignal::{OneSignalProvider, OneSignalSettings};
pub use outcome::{Outcome, Reason, Recipient};
pub use outgoing::{Outgoing, Template};
pub use phone::{InvalidPhone, PhoneNumber};
pub use provider::{DeliveryChannel, Provider, ProviderKind};
pub use secret::Secret;
pub use sender::Sender;
pub use setting::InvalidSetting;
pub use smtp::{SmtpProvider, SmtpSettings};
pub use starsender::{StarsenderProvider, StarsenderSettings};
pub use webpush::{InvalidSubscription, Subscription, WebPushProvider, WebPushSettings};
pub use whatsapp_cloud::{WhatsAppCloudProvider, WhatsAppCloudSettings};
