//! What a page's service worker is handed, as JSON: `{id, tag, title, body, url?, icon?, image?, data?}`.

use serde_json::{Map, Value, json};

use crate::outgoing::{Outgoing, shortened};

/// At most `bytes_max` bytes: the words give way, from their end. None where all else is too long already.
pub fn message(outgoing: &Outgoing, bytes_max: usize) -> Option<Vec<u8>> {
    let mut letters = outgoing.message.chars().count();
    loop {
        let message = written(outgoing, letters).into_bytes();
        let over = message.len().saturating_sub(bytes_max);
        if over == 0 {
            return Some(message);
        }
        if letters == 0 {
            return None;
        }
        // A letter is at most 6 bytes in JSON (`\u0000`): never too many are taken away at once, and few steps are needed.
        letters -= over.div_ceil(6).min(letters);
    }
}

fn written(outgoing: &Outgoing, letters: usize) -> String {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
    put("id", json!(outgoing.delivery_id));
    // Under the same tag a notification takes the other's place: a repeat its first, a room's next one its last.
    put("tag", json!(outgoing.collapse_key.clone().unwrap_or_else(|| outgoing.delivery_id.to_string())));
    put("title", json!(shortened(&outgoing.title, 200)));
    put("body", json!(shortened(&outgoing.message, letters)));
    for (name, url) in [("url", &outgoing.link), ("icon", &outgoing.icon), ("image", &outgoing.image)] {
        if let Some(url) = url {
            put(name, json!(url.as_str()));
        }
    }
    if !outgoing.data.is_empty() {
        put("data", json!(outgoing.data));
    }
    Value::Object(fields).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use uuid::Uuid;

    #[test]
    fn words_give_way_until_the_message_fits() {
        let mut outgoing = Outgoing::new(Uuid::nil(), Address::Users(vec![]), "Judul", "");
        for letter in ["x", "é", "😀", "\"", "\u{1}"] {
            outgoing.message = letter.repeat(5_000);
            let message = message(&outgoing, 1_000).unwrap();
            assert!((980..=1_000).contains(&message.len()), "{letter}: {}", message.len());
            let read: Value = serde_json::from_slice(&message).unwrap();
            assert!(read["body"].as_str().unwrap().ends_with(&format!("{letter}…")));
        }
        outgoing.data.insert("k".into(), "x".repeat(1_000));
        assert_eq!(message(&outgoing, 1_000), None);
    }

    #[test]
    fn a_repeat_takes_the_place_of_the_first() {
        let mut outgoing = Outgoing::new(Uuid::nil(), Address::Users(vec![]), "Judul", "Isi");
        let tag = |outgoing: &Outgoing| {
            let read: Value = serde_json::from_slice(&message(outgoing, 4_000).unwrap()).unwrap();
            read["tag"].as_str().unwrap().to_owned()
        };
        assert_eq!(tag(&outgoing), Uuid::nil().to_string());
        outgoing.collapse_key = Some("room-1".into());
        assert_eq!(tag(&outgoing), "room-1");
    }
}
