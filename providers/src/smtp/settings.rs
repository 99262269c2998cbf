//! What must be known of a mail server that takes e-mails from us.

use lettre::transport::smtp::extension::ClientId;
use serde::Deserialize;

use crate::secret::Secret;
use crate::setting::InvalidSetting;

/// E-mail by SMTP.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SmtpSettings {
    /// Name of the server, which its certificate must have. Default none: required.
    pub host: String,
    /// TCP port. Default as `tls` has it: 587 with `starttls`, 465 with `implicit`, 25 with `none`.
    pub port: Option<u16>,
    /// How the connection is encrypted: `starttls` (required of the server, never only tried), `implicit`, or `none`.
    /// Default `starttls`.
    pub tls: SmtpTls,
    /// Who signs in. Default none: nobody does.
    pub username: String,
    /// Goes with `username`. Default none.
    pub password: Secret,
    /// What we call ourselves in EHLO. Default: the domain of `email.from_address`.
    pub hello_name: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "String")]
pub enum SmtpTls {
    #[default]
    Starttls,
    Implicit,
    /// For a mail server on the same machine, and for tests.
    None,
}

impl TryFrom<String> for SmtpTls {
    type Error = &'static str;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        match word.as_str() {
            "starttls" => Ok(Self::Starttls),
            "implicit" => Ok(Self::Implicit),
            "none" => Ok(Self::None),
            _ => Err("expected starttls, implicit or none"),
        }
    }
}

impl SmtpSettings {
    pub fn validate(&self) -> Vec<InvalidSetting> {
        let mut wrong = Vec::new();
        let is_name = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        if self.host.is_empty() {
            wrong.push(InvalidSetting::new("host", "is required"));
        } else if !is_name(&self.host) || self.host.contains(['/', '@']) {
            wrong.push(InvalidSetting::new("host", "is no name of a host"));
        }
        if self.port == Some(0) {
            wrong.push(InvalidSetting::new("port", "must be at least 1"));
        }
        if self.username.is_empty() != self.password.is_empty() {
            wrong.push(InvalidSetting::new("password", "goes with username: both or neither"));
        }
        let is_here = self.host == "localhost"
            || self.host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        if self.tls == SmtpTls::None && !self.username.is_empty() && !is_here {
            wrong.push(InvalidSetting::new("tls", "must not be none where a password goes to another machine"));
        }
        if self.hello_name.as_deref().is_some_and(|name| !is_name(name)) {
            wrong.push(InvalidSetting::new("hello_name", "is no name of a host"));
        }
        wrong
    }

    pub(super) fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            SmtpTls::Starttls => 587,
            SmtpTls::Implicit => 465,
            SmtpTls::None => 25,
        })
    }

    pub(super) fn hello(&self, sender_domain: &str) -> ClientId {
        ClientId::Domain(self.hello_name.clone().unwrap_or_else(|| sender_domain.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_or_unsafe_is_named() {
        let fields = |settings: SmtpSettings| -> Vec<_> {
            settings.validate().into_iter().map(|invalid| invalid.field).collect()
        };
        let good = SmtpSettings {
            host: "smtp.example.id".into(),
            username: "kabar".into(),
            password: Secret::new("hush"),
            ..SmtpSettings::default()
        };
        assert_eq!(fields(good.clone()), [""; 0]);
        assert_eq!((good.port(), good.tls), (587, SmtpTls::Starttls));
        assert_eq!(fields(SmtpSettings::default()), ["host"]);
        assert_eq!(fields(SmtpSettings { host: "smtp://x".into(), ..good.clone() }), ["host"]);
        assert_eq!(fields(SmtpSettings { port: Some(0), ..good.clone() }), ["port"]);
        assert_eq!(fields(SmtpSettings { password: Secret::default(), ..good.clone() }), ["password"]);
        assert_eq!(fields(SmtpSettings { tls: SmtpTls::None, ..good.clone() }), ["tls"]);
        assert_eq!(fields(SmtpSettings { tls: SmtpTls::None, host: "127.0.0.1".into(), ..good.clone() }), [""; 0]);
        assert_eq!(fields(SmtpSettings { hello_name: Some("a b".into()), ..good.clone() }), ["hello_name"]);
        assert!(!format!("{good:?}").contains("hush"));
    }
}
