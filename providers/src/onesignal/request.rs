//! What OneSignal is asked.

use serde_json::{Map, Value, json};

use super::settings::{OneSignalMode, OneSignalSettings};
use super::{DATA_BYTES_MAX, USERS_MAX};
use crate::outcome::Reason;
use crate::outgoing::Outgoing;

/// Where our own id stands in `data`, for webhooks to be matched by.
pub const DELIVERY_ID: &str = "deliveryId";

/// The body, or why OneSignal would not take it.
pub fn body(settings: &OneSignalSettings, outgoing: &Outgoing, users: &[String]) -> Result<Value, Reason> {
    if users.is_empty() {
        return Err(Reason::new("no user is named"));
    }
    if users.len() > USERS_MAX {
        return Err(Reason::new(format!("{} users are named, at most {USERS_MAX}", users.len())));
    }
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| drop(body.insert(name.to_owned(), value));
    put("app_id", json!(settings.app_id));
    match settings.mode {
        OneSignalMode::Current => {
            put("include_aliases", json!({ "external_id": users }));
            // Else an alias means every channel that the user has there.
            put("target_channel", json!("push"));
        }
        OneSignalMode::Legacy => {
            put("include_external_user_ids", json!(users));
            put("channel_for_external_user_ids", json!("push"));
        }
    }
    // `en` is mandatory and what every device falls back to: the words are in the recipient's language already.
    put("contents", json!({ "en": outgoing.message }));
    if !outgoing.title.is_empty() {
        put("headings", json!({ "en": outgoing.title }));
    }
    put("data", within_limit(outgoing)?);
    put("idempotency_key", json!(outgoing.delivery_id));
    let urls = [
        ("url", &outgoing.link),
        ("chrome_web_icon", &outgoing.icon),
        ("chrome_web_image", &outgoing.image),
        ("big_picture", &outgoing.image),
    ];
    for (name, url) in urls {
        if let Some(url) = url {
            put(name, json!(url.as_str()));
        }
    }
    if let Some(topic) = outgoing.collapse_topic() {
        put("collapse_id", json!(topic));
    }
    Ok(Value::Object(body))
}

fn within_limit(outgoing: &Outgoing) -> Result<Value, Reason> {
    let mut data = Map::new();
    data.insert(DELIVERY_ID.to_owned(), json!(outgoing.delivery_id));
    data.extend(outgoing.data.iter().map(|(name, value)| (name.clone(), json!(value))));
    let data = Value::Object(data);
    let bytes = data.to_string().len();
    if bytes > DATA_BYTES_MAX {
        return Err(Reason::new(format!("data has {bytes} bytes, at most {DATA_BYTES_MAX}")));
    }
    Ok(data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use uuid::Uuid;

    fn outgoing(users: usize) -> (Outgoing, Vec<String>) {
        let users: Vec<String> = (0..users).map(|user| format!("user-{user}")).collect();
        (Outgoing::new(Uuid::nil(), Address::Users(users.clone()), "Pesan Baru", "Halo"), users)
    }

    fn settings(mode: OneSignalMode) -> OneSignalSettings {
        OneSignalSettings { mode, ..OneSignalSettings::default() }
    }

    #[test]
    fn a_request_names_users_in_the_way_of_its_mode() {
        let (mut outgoing, users) = outgoing(1);
        outgoing.link = Some("https://a.id/x".parse().unwrap());
        outgoing.collapse_key = Some("room-1".into());
        let current = body(&settings(OneSignalMode::Current), &outgoing, &users).unwrap();
        assert_eq!(current["include_aliases"], json!({ "external_id": ["user-0"] }));
        assert_eq!(current["target_channel"], "push");
        assert_eq!(current["contents"]["en"], "Halo");
        assert_eq!(current["headings"]["en"], "Pesan Baru");
        assert_eq!(current["url"], "https://a.id/x");
        assert_eq!(current["idempotency_key"], Uuid::nil().to_string());
        assert_eq!(current["data"]["deliveryId"], Uuid::nil().to_string());
        assert_eq!(current["collapse_id"].as_str().map(str::len), Some(32));
        assert!(current.get("external_id").is_none(), "deprecated, and not what its name says");

        let legacy = body(&settings(OneSignalMode::Legacy), &outgoing, &users).unwrap();
        assert_eq!(legacy["include_external_user_ids"], json!(["user-0"]));
        assert!(legacy.get("include_aliases").is_none(), "one way of naming users a call");
    }

    #[test]
    fn what_onesignal_would_not_take_is_not_sent() {
        let settings = settings(OneSignalMode::Current);
        for (users, fits) in [(0, false), (1, true), (USERS_MAX, true), (USERS_MAX + 1, false)] {
            let (outgoing, users) = outgoing(users);
            assert_eq!(body(&settings, &outgoing, &users).is_ok(), fits, "{}", users.len());
        }
        let (mut outgoing, users) = outgoing(1);
        let own = within_limit(&outgoing).unwrap().to_string().len() + r#","k":"""#.len();
        outgoing.data.insert("k".into(), "x".repeat(DATA_BYTES_MAX - own));
        assert!(body(&settings, &outgoing, &users).is_ok());
        outgoing.data.insert("k".into(), "x".repeat(DATA_BYTES_MAX - own + 1));
        assert!(body(&settings, &outgoing, &users).is_err());
    }
}
