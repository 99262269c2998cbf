//! E-mail by SMTP, to a mail server that takes it from us.
//!
//! Separate steps, own connections: see `conversation`. What was asked for and not answered before the letter left was
//! not taken; after that it is ambiguous, since SMTP recognises no repeat (our `Message-ID` is the same, and some mailboxes
//! show such a letter once).

mod conversation;
mod idle;
mod message;
mod settings;
mod verdict;

use std::time::Duration;

use async_trait::async_trait;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::TlsParameters;

use crate::address::Address;
use crate::limits::AttemptLimits;
use crate::outcome::{Outcome, Reason};
use crate::outgoing::Outgoing;
use crate::provider::{Provider, ProviderKind};
use crate::quoting::Quoting;
use crate::secret::Secret;
use crate::sender::Sender;
use crate::setting::InvalidSetting;
use conversation::{Broken, Server, Step};
use idle::Idle;

pub use settings::{SmtpSettings, SmtpTls};

const TAKES_KEY: bool = false;

pub struct SmtpProvider {
    server: Server,
    idle: Idle,
    from: Mailbox,
    password: Secret,
    attempt_time_max: Duration,
}

impl SmtpProvider {
    pub fn try_new(
        settings: SmtpSettings,
        sender: &Sender,
        limits: &AttemptLimits,
    ) -> Result<Self, Vec<InvalidSetting>> {
        let wrong = [settings.validate(), sender.validate()].concat();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let from = sender.mailbox().map_err(|wrong| vec![wrong])?;
        // Brings its own TLS provider, or takes the one that is installed; it installs none.
        let tls_parameters = TlsParameters::new_rustls(settings.host.clone());
        let tls_parameters =
            tls_parameters.map_err(|_| vec![InvalidSetting::new("host", "is nothing a certificate could be for")])?;
        let credentials = (!settings.username.is_empty())
            .then(|| Credentials::new(settings.username.clone(), settings.password.reveal().to_owned()));
        let server = Server {
            port: settings.port(),
            tls: settings.tls,
            tls_parameters,
            hello: settings.hello(from.email.domain()),
            credentials,
            connect_time_max: limits.connect(),
            host: settings.host,
        };
        Ok(Self {
            server,
            idle: Idle::default(),
            from,
            password: settings.password,
            attempt_time_max: limits.attempt(),
        })
    }

    /// `step` says how far it came, also where it is dropped half-way.
    async fn attempt(&self, to: &Mailbox, letter: &[u8], step: &mut Step) -> Result<(), Broken> {
        let mut connection = match self.idle.take().await {
            Some(connection) => connection,
            None => self.server.connect(step).await?,
        };
        let delivered = conversation::deliver(&mut connection, (&self.from, to), letter, step).await;
        let is_answered = match &delivered {
            Ok(_) => true,
            // 421: the server is about to hang up.
            Err(Broken::Smtp(error)) => error.status().is_some_and(|code| u16::from(code) != 421),
            Err(Broken::NoSuchAddress) => true,
            Err(Broken::NoStarttls | Broken::NoAuthentication) => false,
        };
        if is_answered {
            self.idle.keep(connection);
        }
        delivered.map(drop)
    }
}

#[async_trait]
impl Provider for SmtpProvider {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Smtp
    }

    fn takes_idempotency_key(&self) -> bool {
        TAKES_KEY
    }

    async fn send(&self, outgoing: &Outgoing) -> Outcome {
        let Address::Email(to) = &outgoing.to else {
            return Outcome::Refused(Reason::new("SMTP reaches people by e-mail only"));
        };
        let Ok(letter) = message::message(outgoing, &self.from, to.inner()) else {
            return Outcome::Refused(Reason::new("no e-mail can be made of it"));
        };
        let letter = letter.formatted();
        let mut step = Step::Greeting;
        let attempt = self.attempt(to.inner(), &letter, &mut step);
        match tokio::time::timeout(self.attempt_time_max, attempt).await {
            Ok(Ok(())) => Outcome::accepted(Some(message::message_id(outgoing, self.from.email.domain()))),
            Ok(Err(broken)) => verdict::verdict(&broken, step, &Quoting { outgoing, secrets: &[&self.password] }),
            Err(_) => verdict::too_late(step),
        }
    }
}
