//! One e-mail over one connection, step by step, so that an error is known with the step it came in.
//!
//! lettre's own transport sends an e-mail in one call: what failed in it, the recipient or the letter, before the letter had
//! left or after, it does not say. And that is all the difference between unreachable, refused, unavailable and ambiguous.

use std::time::Duration;

use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::{Error, response::Response};

use super::settings::SmtpTls;

/// How far an attempt has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Connection, greeting, EHLO.
    Greeting,
    Tls,
    SigningIn,
    Sender,
    Recipient,
    /// Asking whether a letter may come.
    Asking,
    /// From here on the letter may have been taken.
    Letter,
}

/// Whom to talk to, and how.
pub struct Server {
    pub host: String,
    pub port: u16,
    pub tls: SmtpTls,
    pub tls_parameters: TlsParameters,
    pub hello: ClientId,
    pub credentials: Option<Credentials>,
    pub connect_time_max: Duration,
}

/// What can end a conversation.
pub enum Broken {
    Smtp(Error),
    /// The server does not offer what was configured.
    NoStarttls,
    NoAuthentication,
    /// It takes no address with letters beyond ASCII.
    NoSuchAddress,
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self::Smtp(error)
    }
}

impl Server {
    /// A connection that is ready for an e-mail.
    pub async fn connect(&self, step: &mut Step) -> Result<AsyncSmtpConnection, Broken> {
        *step = Step::Greeting;
        let implicit = (self.tls == SmtpTls::Implicit).then(|| self.tls_parameters.clone());
        let address = (self.host.as_str(), self.port);
        let time_max = Some(self.connect_time_max);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(address, time_max, &self.hello, implicit, None).await?;
        if self.tls == SmtpTls::Starttls {
            *step = Step::Tls;
            if !connection.can_starttls() {
                return Err(Broken::NoStarttls);
            }
            connection.starttls(self.tls_parameters.clone(), &self.hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            *step = Step::SigningIn;
            let known = [Mechanism::Plain, Mechanism::Login];
            if connection.server_info().get_auth_mechanism(&known).is_none() {
                return Err(Broken::NoAuthentication);
            }
            connection.auth(&known, credentials).await?;
        }
        Ok(connection)
    }
}

/// Whether a connection that was kept can be used again; what it was in the middle of is forgotten.
pub async fn is_alive(connection: &mut AsyncSmtpConnection) -> bool {
    connection.command(Rset).await.is_ok()
}

pub async fn deliver(
    connection: &mut AsyncSmtpConnection,
    (from, to): (&Mailbox, &Mailbox),
    letter: &[u8],
    step: &mut Step,
) -> Result<Response, Broken> {
    *step = Step::Sender;
    let is_plain = [from, to].iter().all(|mailbox| AsRef::<str>::as_ref(&mailbox.email).is_ascii());
    if !is_plain && !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
        return Err(Broken::NoSuchAddress);
    }
    let parameters = if is_plain { vec![] } else { vec![MailParameter::SmtpUtfEight] };
    connection.command(Mail::new(Some(from.email.clone()), parameters)).await?;
    *step = Step::Recipient;
    connection.command(Rcpt::new(to.email.clone(), vec![])).await?;
    *step = Step::Asking;
    connection.command(Data).await?;
    *step = Step::Letter;
    Ok(connection.message(letter).await?)
}
