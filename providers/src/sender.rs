//! Whom e-mails come from, whichever provider brings them (requirements R12: both are required where e-mail is configured).

use lettre::message::Mailbox;
use serde::Deserialize;

use crate::setting::InvalidSetting;

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sender {
    /// Name that a reader sees. Default none: required.
    pub from_name: String,
    /// Address that the provider knows as a sender. Default none: required.
    pub from_address: String,
}

impl Sender {
    pub fn validate(&self) -> Vec<InvalidSetting> {
        let mut wrong = Vec::new();
        if self.from_name.trim().is_empty() {
            wrong.push(InvalidSetting::new("from_name", "is required"));
        } else if self.from_name.chars().any(char::is_control) {
            wrong.push(InvalidSetting::new("from_name", "must be one line"));
        }
        if self.from_address.is_empty() {
            wrong.push(InvalidSetting::new("from_address", "is required"));
        } else if self.from_address.parse::<lettre::Address>().is_err() {
            wrong.push(InvalidSetting::new("from_address", "is no e-mail address"));
        }
        wrong
    }

    pub(crate) fn mailbox(&self) -> Result<Mailbox, InvalidSetting> {
        let address = self.from_address.parse();
        let address = address.map_err(|_| InvalidSetting::new("from_address", "is no e-mail address"))?;
        Ok(Mailbox::new(Some(self.from_name.clone()), address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_has_a_name_and_an_address() {
        let fields = |name: &str, address: &str| -> Vec<_> {
            let sender = Sender { from_name: name.into(), from_address: address.into() };
            sender.validate().into_iter().map(|invalid| invalid.field).collect()
        };
        assert_eq!(fields("Kabar", "kabar@example.id"), [""; 0]);
        assert_eq!(fields("", ""), ["from_name", "from_address"]);
        assert_eq!(fields("Kabar\r\nBcc: x@y.z", "kabar@"), ["from_name", "from_address"]);
    }
}
