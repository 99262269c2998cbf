//! Starsender's webhook: what somebody wrote to the linked phone. Unsigned: the URL that it was given holds a secret.
//!
//! Source: providers.md (public clients that agree): `{message, from, timestamp[, device]}`.

use super::fields::{Fields, InvalidBody, dedupe_key, json};
use super::{IncomingMessage, Notice};
use crate::phone::PhoneNumber;

pub fn parse(body: &[u8]) -> Result<Vec<Notice>, InvalidBody> {
    let value = json(body)?;
    let fields = Fields::of(&value);
    let from = fields.required("from")?;
    // WhatsApp's own form, `62812..@s.whatsapp.net`.
    let number = from.split('@').next().unwrap_or_default();
    let from = PhoneNumber::parse(number).map_err(|_| fields.wrong("from", "is no phone number"))?;
    let Some(text) = fields.text("message")? else { return Err(fields.wrong("message", "is missing")) };
    let when = fields.text("timestamp")?.unwrap_or_default();
    Ok(vec![Notice::Message(IncomingMessage {
        dedupe_key: dedupe_key(&["starsender", from.as_str(), &when, &text]),
        from,
        text,
        at: fields.moment("timestamp")?,
    })])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_of_somebody() {
        let body = r#"{"message":"STOP","from":"6281234567890@s.whatsapp.net","timestamp":1795000000,"device":"x"}"#;
        let notices = parse(body.as_bytes()).unwrap();
        let [Notice::Message(message)] = &notices[..] else { panic!("{notices:?}") };
        assert_eq!((message.from.as_str(), message.text.as_str()), ("6281234567890", "STOP"));
        assert_eq!(message.at.unwrap().as_second(), 1_795_000_000);
        assert!(!format!("{notices:?}").contains("STOP"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (body, field) in [
            ("x", "body"),
            (r#"{"message":"x"}"#, "from"),
            (r#"{"message":"x","from":"ana"}"#, "from"),
            (r#"{"from":"081234567890"}"#, "message"),
            (r#"{"from":"081234567890","message":"x","timestamp":"soon"}"#, "timestamp"),
        ] {
            assert_eq!(parse(body.as_bytes()).expect_err(body).field, field, "{body}");
        }
    }
}
