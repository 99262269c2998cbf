//! Where something goes: one kind of address for each way there is.

use std::fmt;

use crate::phone::PhoneNumber;
use crate::webpush::Subscription;

/// Whom to reach. `Debug` shows how many they are, never who.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// Users whom OneSignal knows by our own ids, at most 2,000 ([`crate::onesignal::USERS_MAX`]).
    Users(Vec<String>),
    /// Browsers of one user, at most 50 ([`crate::webpush::SUBSCRIPTIONS_MAX`]).
    Browsers(Vec<Subscription>),
    Email(Mailbox),
    Phone(PhoneNumber),
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Users(users) => write!(f, "Users({})", users.len()),
            Self::Browsers(browsers) => write!(f, "Browsers({})", browsers.len()),
            Self::Email(_) => f.write_str("Email(***)"),
            Self::Phone(_) => f.write_str("Phone(***)"),
        }
    }
}

/// An e-mail address and the name of whose it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Mailbox(lettre::message::Mailbox);

/// What somebody gave as their e-mail address is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no e-mail address")]
pub struct InvalidMailbox;

impl Mailbox {
    /// An address as lettre (RFC 5321) takes it. Of a name with line ends or other control characters those are left out.
    pub fn parse(address: &str, name: Option<&str>) -> Result<Self, InvalidMailbox> {
        let address: lettre::Address = address.trim().parse().map_err(|_| InvalidMailbox)?;
        let name = name.map(|name| name.chars().filter(|letter| !letter.is_control()).collect::<String>());
        let name = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        Ok(Self(lettre::message::Mailbox::new(name, address)))
    }

    pub fn address(&self) -> &str {
        self.0.email.as_ref()
    }

    pub fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    pub(crate) fn inner(&self) -> &lettre::message::Mailbox {
        &self.0
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailbox(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_that_mail_can_go_to() {
        for good in ["rara@example.id", " rara@example.id ", "ra.ra+kabar@sub.example.id", "rara@[192.0.2.1]"] {
            assert_eq!(Mailbox::parse(good, None).expect(good).address(), good.trim());
        }
        for bad in
            ["", "rara", "rara@", "@example.id", "ra ra@example.id", "a@b@c", "a@b.id\r\nRCPT TO:<x@y.z>", "a@b.id>"]
        {
            assert_eq!(Mailbox::parse(bad, None), Err(InvalidMailbox), "{bad}");
        }
    }

    #[test]
    fn a_name_is_one_line() {
        let name = |name: &str| Mailbox::parse("a@b.id", Some(name)).unwrap().name().map(ToOwned::to_owned);
        assert_eq!(name("Rara Ayu").as_deref(), Some("Rara Ayu"));
        assert_eq!(name("Rara\r\nBcc: x").as_deref(), Some("RaraBcc: x"));
        assert_eq!(name(" \n "), None);
    }

    #[test]
    fn an_address_is_not_shown() {
        let to = Address::Email(Mailbox::parse("rara@example.id", Some("Rara")).unwrap());
        let shown = format!("{to:?} {:?}", Address::Users(vec!["rara".into()]));
        assert!(!shown.to_lowercase().contains("rara"), "{shown}");
    }
}
