//! Mailketing's webhook, as JSON or as a form. Unsigned: the URL that it was given holds a secret.
//!
//! Source: providers.md (public clients that agree). Nothing says that an e-mail was delivered. A bounce costs 30 credits:
//! the address is to be suppressed.

use serde_json::Value;
use uuid::Uuid;

use super::fields::{Fields, InvalidBody, dedupe_key, json};
use super::{Notice, Receipt, ReceiptKind};
use crate::quoting::impersonal;

pub fn parse(body: &[u8]) -> Result<Vec<Notice>, InvalidBody> {
    let value = json_or_form(body)?;
    let fields = Fields::of(&value);
    let given = fields.required("type")?;
    let kind = match given.as_str() {
        "emailopen" => ReceiptKind::Seen,
        "emailclick" => ReceiptKind::Clicked,
        "bounce" => ReceiptKind::Bounced,
        "unsubscribe" => ReceiptKind::Unsubscribed,
        // `newsubscriber` is about their lists.
        _ => return Ok(vec![]),
    };
    let email = fields.required("email")?;
    let message_id = fields.text("message_id")?;
    let date = fields.text("date")?.unwrap_or_default();
    let link = fields.text("link_clicked")?;
    let parts = [&given, &email, message_id.as_deref().unwrap_or_default(), &date, link.as_deref().unwrap_or_default()];
    let reason = fields.text("reason")?;
    Ok(vec![Notice::Receipt(Receipt {
        kind,
        delivery_id: message_id.as_deref().and_then(|id| Uuid::try_parse(id).ok()),
        dedupe_key: dedupe_key(&["mailketing", parts[0], parts[1], parts[2], parts[3], parts[4]]),
        provider_id: message_id,
        recipient: Some(email),
        link,
        reason: reason.map(|reason| impersonal(&reason)),
        // `date` names no time zone.
        at: None,
        is_hint: false,
    })])
}

fn json_or_form(body: &[u8]) -> Result<Value, InvalidBody> {
    let begins = body.iter().find(|byte| !byte.is_ascii_whitespace());
    if begins == Some(&b'{') || begins == Some(&b'[') {
        return json(body);
    }
    let wrong = || InvalidBody::new("body", "is neither JSON nor a form");
    let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(body).map_err(|_| wrong())?;
    if pairs.is_empty() || !body.contains(&b'=') {
        return Err(wrong());
    }
    Ok(Value::Object(pairs.into_iter().map(|(name, text)| (name, Value::String(text))).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(body: &str) -> Receipt {
        let notices = parse(body.as_bytes()).unwrap();
        let [Notice::Receipt(receipt)] = &notices[..] else { panic!("{notices:?}") };
        receipt.clone()
    }

    #[test]
    fn both_forms_are_the_same_receipt() {
        let form = "type=bounce&email=rara%40example.id&date=2026-11-22+08%3A00%3A00&message_id=9b2d7a1e-1c4f-4c7e-9c59-2f6a1c1b0f6d&reason=550+rara%40example.id+unknown";
        let json = r#"{"type":"bounce","email":"rara@example.id","date":"2026-11-22 08:00:00","message_id":"9b2d7a1e-1c4f-4c7e-9c59-2f6a1c1b0f6d","reason":"550 rara@example.id unknown"}"#;
        let bounce = receipt(form);
        assert!(bounce == receipt(json));
        assert_eq!(bounce.kind, ReceiptKind::Bounced);
        assert_eq!(bounce.recipient.as_deref(), Some("rara@example.id"));
        assert!(bounce.delivery_id.is_some());
        assert_eq!(bounce.reason.as_ref().map(ToString::to_string).as_deref(), Some("550 … unknown"));
        assert!(!bounce.dedupe_key.contains("rara"));
    }

    #[test]
    fn every_type_is_known() {
        let kind = |given: &str| parse(format!(r#"{{"type":"{given}","email":"a@b.id"}}"#).as_bytes()).unwrap();
        for (given, expected) in [
            ("emailopen", ReceiptKind::Seen),
            ("emailclick", ReceiptKind::Clicked),
            ("unsubscribe", ReceiptKind::Unsubscribed),
        ] {
            assert!(matches!(&kind(given)[..], [Notice::Receipt(receipt)] if receipt.kind == expected), "{given}");
        }
        assert_eq!(kind("newsubscriber"), []);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (body, field) in [
            ("", "body"),
            ("<html>", "body"),
            ("[]", "body"),
            ("{", "body"),
            (r#"{"email":"a@b.id"}"#, "type"),
            ("type=bounce", "email"),
            (r#"{"type":"bounce","email":{}}"#, "email"),
        ] {
            assert_eq!(parse(body.as_bytes()).expect_err(body).field, field, "{body}");
        }
    }
}
