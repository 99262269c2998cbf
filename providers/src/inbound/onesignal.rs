//! OneSignal's two kinds of callbacks: Event Streams (from their servers, behind a header we chose) and the webhooks of web
//! push (from the recipient's browser, unsigned: a hint).
//!
//! Source: OneSignal's "Event Streams", "Event Stream data" and "Web push webhooks" pages. What a stream's body holds is for
//! the operator to say there; it must be at least
//! `{"event": {"id": "{{ event.id }}", "kind": "{{ event.kind }}", "timestamp": "{{ event.timestamp }}",
//! "external_id": "{{ event.external_id }}"}, "message": {"id": "{{ message.id }}"}}`.

use serde_json::Value;
use uuid::Uuid;

use super::fields::{Fields, InvalidBody, dedupe_key, json};
use super::{Notice, Receipt, ReceiptKind};

/// Either kind of body: in a browser's webhook `event` is a text, in a stream it is an object.
pub fn parse(body: &[u8]) -> Result<Vec<Notice>, InvalidBody> {
    let value = json(body)?;
    let fields = Fields::of(&value);
    let receipt = match fields.get("event") {
        None => return Err(fields.wrong("event", "is missing")),
        Some(Value::String(_)) => from_a_browser(&fields)?,
        Some(_) => from_a_stream(&fields)?,
    };
    Ok(receipt.map(Notice::Receipt).into_iter().collect())
}

fn from_a_stream(fields: &Fields<'_>) -> Result<Option<Receipt>, InvalidBody> {
    let event = fields.object("event")?.ok_or_else(|| fields.wrong("event", "is missing"))?;
    let kind = match event.required("kind")?.as_str() {
        "message.push.sent" => ReceiptKind::Sent,
        "message.push.received" => ReceiptKind::Delivered,
        "message.push.clicked" => ReceiptKind::Clicked,
        "message.push.failed" => ReceiptKind::Failed,
        "message.push.unsubscribed" => ReceiptKind::Unsubscribed,
        // Of other channels, or new ones: not ours.
        _ => return Ok(None),
    };
    let id = event.required("id")?;
    let provider_id = match fields.object("message")? {
        Some(message) => message.text("id")?,
        None => None,
    };
    Ok(Some(Receipt {
        kind,
        delivery_id: None,
        provider_id,
        recipient: event.text("external_id")?,
        link: None,
        reason: None,
        at: event.moment("timestamp")?,
        dedupe_key: format!("event:{id}"),
        is_hint: false,
    }))
}

fn from_a_browser(fields: &Fields<'_>) -> Result<Option<Receipt>, InvalidBody> {
    let event = fields.required("event")?;
    let kind = match event.as_str() {
        "notification.willDisplay" | "notification.displayed" => ReceiptKind::Seen,
        "notification.clicked" => ReceiptKind::Clicked,
        "notification.dismissed" => ReceiptKind::Dismissed,
        _ => return Ok(None),
    };
    // Older pages write the second of each.
    let one_of = |names: [&str; 2]| names.iter().map(|name| fields.text(name)).find_map(Result::transpose).transpose();
    let provider_id = one_of(["notificationId", "id"])?;
    let data = match fields.object("additionalData")? {
        Some(data) => Some(data),
        None => fields.object("data")?,
    };
    let delivery_id = match &data {
        Some(data) => data.text("deliveryId")?.and_then(|id| Uuid::try_parse(&id).ok()),
        None => None,
    };
    if provider_id.is_none() && delivery_id.is_none() {
        return Err(fields.wrong("notificationId", "is missing, and so is deliveryId in additionalData"));
    }
    let which = delivery_id.map(|id| id.to_string()).or_else(|| provider_id.clone()).unwrap_or_default();
    let browser = one_of(["subscriptionId", "userId"])?.unwrap_or_default();
    Ok(Some(Receipt {
        kind,
        delivery_id,
        dedupe_key: dedupe_key(&["onesignal", &event, &which, &browser]),
        provider_id,
        // `userId` there is OneSignal's name for a browser, not a user of ours.
        recipient: None,
        link: fields.text("url")?,
        reason: None,
        at: None,
        is_hint: true,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn receipt(body: &Value) -> Receipt {
        let notices = parse(body.to_string().as_bytes()).unwrap();
        let [Notice::Receipt(receipt)] = &notices[..] else { panic!("{notices:?}") };
        receipt.clone()
    }

    #[test]
    fn a_stream_tells_what_became_of_a_message() {
        let body = |kind: &str| {
            json!({
                "event": { "id": "e-1", "kind": kind, "timestamp": "1795000000", "external_id": "ana" },
                "message": { "id": "n-1" },
            })
        };
        for (kind, expected) in [
            ("message.push.sent", ReceiptKind::Sent),
            ("message.push.received", ReceiptKind::Delivered),
            ("message.push.clicked", ReceiptKind::Clicked),
            ("message.push.failed", ReceiptKind::Failed),
            ("message.push.unsubscribed", ReceiptKind::Unsubscribed),
        ] {
            let receipt = receipt(&body(kind));
            assert_eq!(receipt.kind, expected);
            assert_eq!((receipt.provider_id.as_deref(), receipt.recipient.as_deref()), (Some("n-1"), Some("ana")));
            assert_eq!((receipt.dedupe_key.as_str(), receipt.is_hint), ("event:e-1", false));
            assert_eq!(receipt.at.unwrap().as_second(), 1_795_000_000);
        }
        assert_eq!(parse(body("message.email.opened").to_string().as_bytes()), Ok(vec![]));
    }

    #[test]
    fn a_browser_gives_a_hint() {
        let id = "9b2d7a1e-1c4f-4c7e-9c59-2f6a1c1b0f6d";
        let body = json!({
            "event": "notification.clicked", "notificationId": "n-1", "heading": "Judul", "content": "Isi",
            "additionalData": { "deliveryId": id }, "url": "https://a.id/x", "subscriptionId": "s-1",
        });
        let clicked = receipt(&body);
        assert_eq!((clicked.kind, clicked.is_hint), (ReceiptKind::Clicked, true));
        assert_eq!(clicked.delivery_id.unwrap().to_string(), id);
        assert_eq!(clicked.link.as_deref(), Some("https://a.id/x"));
        assert_eq!(receipt(&body).dedupe_key, clicked.dedupe_key);
        let older = json!({ "event": "notification.dismissed", "id": "n-1", "data": null });
        assert_eq!(receipt(&older).kind, ReceiptKind::Dismissed);
        assert_eq!(parse(br#"{"event":"notification.permission"}"#), Ok(vec![]));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (body, field) in [
            ("x", "body"),
            ("{}", "event"),
            (r#"{"event":1}"#, "event"),
            (r#"{"event":{"id":"e"}}"#, "event.kind"),
            (r#"{"event":{"kind":"message.push.sent"}}"#, "event.id"),
            (r#"{"event":{"kind":"message.push.sent","id":"e"},"message":"n"}"#, "message"),
            (r#"{"event":{"kind":"message.push.sent","id":"e","timestamp":"x"}}"#, "event.timestamp"),
            (r#"{"event":"notification.clicked"}"#, "notificationId"),
        ] {
            assert_eq!(parse(body.as_bytes()).expect_err(body).field, field, "{body}");
        }
    }
}
