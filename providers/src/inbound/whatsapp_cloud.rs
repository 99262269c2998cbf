//! Meta's webhook of a WhatsApp number: what became of messages, and what people wrote. Signed ([`super::proof`]).
//!
//! Source: Meta's "Webhooks: messages" page: `entry[].changes[].value.{statuses, messages}[]`.

use serde_json::Value;
use uuid::Uuid;

use super::fields::{Fields, InvalidBody, json};
use super::{IncomingMessage, Notice, Receipt, ReceiptKind};
use crate::outcome::Reason;
use crate::phone::PhoneNumber;
use crate::quoting::impersonal;

/// What one body may tell of. Meta sends one or a few.
const NOTICES_MAX: usize = 1_000;

pub fn parse(body: &[u8]) -> Result<Vec<Notice>, InvalidBody> {
    let value = json(body)?;
    let fields = Fields::of(&value);
    if fields.get("entry").is_none() {
        return Err(fields.wrong("entry", "is missing"));
    }
    let mut notices = Vec::new();
    for entry in fields.list("entry")? {
        for change in entry.list("changes")? {
            let Some(value) = change.object("value")? else { continue };
            for status in value.list("statuses")? {
                notices.extend(receipt(&status)?.map(Notice::Receipt));
            }
            for message in value.list("messages")? {
                notices.extend(incoming(&message)?.map(Notice::Message));
            }
            if notices.len() > NOTICES_MAX {
                return Err(change.wrong("value", "tells of too much at once"));
            }
        }
    }
    Ok(notices)
}

fn receipt(status: &Fields<'_>) -> Result<Option<Receipt>, InvalidBody> {
    let given = status.required("status")?;
    let kind = match given.as_str() {
        "sent" => ReceiptKind::Sent,
        "delivered" => ReceiptKind::Delivered,
        "read" => ReceiptKind::Seen,
        "failed" => ReceiptKind::Failed,
        // `deleted`, `played`, ..
        _ => return Ok(None),
    };
    let id = status.required("id")?;
    let errors = status.list("errors")?;
    let reason = match errors.first() {
        Some(error) => Some(why(error)?),
        None => None,
    };
    Ok(Some(Receipt {
        kind,
        delivery_id: status.text("biz_opaque_callback_data")?.and_then(|id| Uuid::try_parse(&id).ok()),
        dedupe_key: format!("{id}:{given}"),
        provider_id: Some(id),
        recipient: status.text("recipient_id")?,
        link: None,
        reason,
        at: status.moment("timestamp")?,
        is_hint: false,
    }))
}

fn why(error: &Fields<'_>) -> Result<Reason, InvalidBody> {
    let code = error.text("code")?.unwrap_or_default();
    let title = error.text("title")?.unwrap_or_default();
    let code: String = code.chars().filter(char::is_ascii_digit).take(9).collect();
    // Meta's codes have six digits and are nobody's number.
    Ok(Reason::new(format!("code {code}: {}", impersonal(&title))))
}

fn incoming(message: &Fields<'_>) -> Result<Option<IncomingMessage>, InvalidBody> {
    let id = message.required("id")?;
    let from = message.required("from")?;
    let from = PhoneNumber::parse(&format!("+{from}")).map_err(|_| message.wrong("from", "is no phone number"))?;
    // A picture or a sticker says nothing that would be acted on; a button's text does.
    let said = ["/text/body", "/button/text", "/interactive/button_reply/title"];
    let Some(text) = said.iter().find_map(|place| message.value.pointer(place)).and_then(Value::as_str) else {
        return Ok(None);
    };
    Ok(Some(IncomingMessage { from, text: text.to_owned(), at: message.moment("timestamp")?, dedupe_key: id }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parsed(value: &Value) -> Result<Vec<Notice>, InvalidBody> {
        let body = json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": value }] }] });
        parse(body.to_string().as_bytes())
    }

    #[test]
    fn what_became_of_a_message_is_told_by_its_id_and_ours() {
        let id = "9b2d7a1e-1c4f-4c7e-9c59-2f6a1c1b0f6d";
        let status = |status: &str| {
            json!({ "id": "wamid.1", "status": status, "timestamp": "1795000000", "recipient_id": "6281234567890",
                "biz_opaque_callback_data": id,
                "errors": [{ "code": 131_026, "title": "Message undeliverable to 6281234567890" }] })
        };
        for (given, expected) in [
            ("sent", ReceiptKind::Sent),
            ("delivered", ReceiptKind::Delivered),
            ("read", ReceiptKind::Seen),
            ("failed", ReceiptKind::Failed),
        ] {
            let notices = parsed(&json!({ "statuses": [status(given)] })).unwrap();
            let [Notice::Receipt(receipt)] = &notices[..] else { panic!("{notices:?}") };
            assert_eq!(receipt.kind, expected);
            assert_eq!(receipt.delivery_id.unwrap().to_string(), id);
            assert_eq!(receipt.dedupe_key, format!("wamid.1:{given}"));
            assert_eq!(receipt.reason.as_ref().unwrap().as_str(), "code 131026: Message undeliverable to …");
            assert!(!format!("{receipt:?}").contains("62812"));
        }
        assert_eq!(parsed(&json!({ "statuses": [status("deleted")] })), Ok(vec![]));
    }

    #[test]
    fn what_people_write_is_told_and_pictures_are_passed_over() {
        let message = |extra: &Value| {
            let mut message = json!({ "from": "81901234567", "id": "wamid.2", "timestamp": "1795000000" });
            message.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            json!({ "messages": [message] })
        };
        let notices = parsed(&message(&json!({ "type": "text", "text": { "body": "STOP" } }))).unwrap();
        let [Notice::Message(said)] = &notices[..] else { panic!("{notices:?}") };
        assert_eq!((said.from.as_str(), said.text.as_str()), ("81901234567", "STOP"), "a Japanese number stays one");
        assert_eq!(parsed(&message(&json!({ "type": "image", "image": {} }))), Ok(vec![]));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_path() {
        assert_eq!(parse(b"{}").expect_err("nothing").field, "entry");
        assert_eq!(parse(br#"{"entry":{}}"#).expect_err("no list").field, "entry");
        assert_eq!(parse(br#"{"entry":[1]}"#).expect_err("no object").field, "entry.0");
        let place = "entry.0.changes.0.value";
        for (value, field) in [
            (json!({ "statuses": [{ "id": "x" }] }), "statuses.0.status"),
            (json!({ "statuses": [{ "status": "sent" }] }), "statuses.0.id"),
            (json!({ "messages": [{ "id": "x" }] }), "messages.0.from"),
            (json!({ "messages": [{ "id": "x", "from": "ana" }] }), "messages.0.from"),
            (json!({ "messages": [{ "from": "628123456789" }] }), "messages.0.id"),
        ] {
            assert_eq!(parsed(&value).expect_err(field).field, format!("{place}.{field}"));
        }
        let status = json!({ "id": "x", "status": "sent" });
        let many = json!({ "statuses": vec![status; NOTICES_MAX + 1] });
        assert_eq!(parsed(&many).expect_err("too many").field, place);
    }
}
