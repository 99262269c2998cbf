//! What is to be sent, already in words: rendered, translated, with absolute links. One value for every channel; each
//! provider takes what it has a place for.

use std::collections::BTreeMap;
use std::fmt;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use url::Url;
use uuid::Uuid;

use crate::address::Address;

/// One delivery. Everything but `delivery_id`, `to`, `title` and `message` may be absent.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The same for every attempt: what a provider that takes an idempotency key is given as such, and what its receipts
    /// are matched by.
    pub delivery_id: Uuid,
    pub to: Address,
    /// One line, plain. The subject of an e-mail.
    pub title: String,
    /// Plain text.
    pub message: String,
    /// What an e-mail shows instead of `message`; without it the message is shown in a plain page.
    pub html: Option<String>,
    /// Where a click goes.
    pub link: Option<Url>,
    /// A picture to show large. With Starsender it makes the message one with a file.
    pub image: Option<Url>,
    /// A picture to show small.
    pub icon: Option<Url>,
    /// What is still unseen under the same key is replaced, where the provider can (push only).
    pub collapse_key: Option<String>,
    /// For the front end that receives a push. OneSignal takes 2,048 bytes of it.
    pub data: BTreeMap<String, String>,
    /// One click on it ends e-mails of this kind (RFC 8058, with SMTP only). A link in the footer is the caller's.
    pub unsubscribe: Option<Url>,
    /// An approved template (WhatsApp Cloud only); without it the message goes as text.
    pub template: Option<Template>,
}

/// A template that Meta has approved, and what is put into its body.
#[derive(Clone, PartialEq, Eq)]
pub struct Template {
    pub name: String,
    /// As Meta writes it, `id` or `en_US`.
    pub language: String,
    /// In the order of the body's placeholders.
    pub parameters: Vec<String>,
}

impl Outgoing {
    pub fn new(delivery_id: Uuid, to: Address, title: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            delivery_id,
            to,
            title: title.into(),
            message: message.into(),
            html: None,
            link: None,
            image: None,
            icon: None,
            collapse_key: None,
            data: BTreeMap::new(),
            unsubscribe: None,
            template: None,
        }
    }

    /// Title, message and link as one text for a chat, at most `letters_max` long: the message gives way.
    pub(crate) fn as_chat_text(&self, letters_max: usize) -> String {
        let title = shortened(self.title.trim(), letters_max / 4);
        let link = self.link.as_ref().map(|link| format!("\n\n{link}")).unwrap_or_default();
        let head = if title.is_empty() { title } else { format!("{title}\n\n") };
        let left = letters_max.saturating_sub(head.chars().count() + link.chars().count());
        format!("{head}{}{link}", shortened(self.message.trim(), left))
    }

    /// The collapse key in at most 32 letters of the URL-safe alphabet, which every push service takes (RFC 8030 §5.4).
    pub(crate) fn collapse_topic(&self) -> Option<String> {
        let key = self.collapse_key.as_ref()?;
        let digest = digest::digest(&digest::SHA256, key.as_bytes());
        Some(URL_SAFE_NO_PAD.encode(&digest.as_ref()[..24]))
    }
}

/// At most so many letters, the last one an ellipsis where something was left out.
pub(crate) fn shortened(text: &str, letters_max: usize) -> String {
    if text.chars().count() <= letters_max {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(letters_max.saturating_sub(1)).collect();
    if letters_max > 0 {
        short.push('…');
    }
    short
}

/// Which delivery, and how many it is for. Words and addresses are people's.
impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").field("delivery_id", &self.delivery_id).field("to", &self.to).finish_non_exhaustive()
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template").field("name", &self.name).field("language", &self.language).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outgoing() -> Outgoing {
        Outgoing::new(Uuid::nil(), Address::Users(vec!["ana".into()]), "Pesan Baru", "Halo dunia")
    }

    #[test]
    fn words_are_not_shown() {
        let mut outgoing = outgoing();
        outgoing.html = Some("<p>Halo</p>".into());
        outgoing.template = Some(Template { name: "t".into(), language: "id".into(), parameters: vec!["Halo".into()] });
        let shown = format!("{outgoing:?} {:?}", outgoing.template);
        assert!(!shown.contains("Halo") && !shown.contains("Pesan") && !shown.contains("ana"), "{shown}");
    }

    #[test]
    fn a_chat_text_keeps_its_title_and_its_link() {
        let mut outgoing = outgoing();
        assert_eq!(outgoing.as_chat_text(100), "Pesan Baru\n\nHalo dunia");
        outgoing.link = Some("https://a.id/x".parse().unwrap());
        assert_eq!(outgoing.as_chat_text(100), "Pesan Baru\n\nHalo dunia\n\nhttps://a.id/x");
        outgoing.message = "x".repeat(100);
        let short = outgoing.as_chat_text(60);
        assert_eq!(short.chars().count(), 60);
        assert!(short.starts_with("Pesan Baru\n\nxx") && short.ends_with("x…\n\nhttps://a.id/x"), "{short}");
    }

    #[test]
    fn a_topic_fits_and_tells_keys_apart() {
        let topic = |key: &str| {
            let mut outgoing = outgoing();
            outgoing.collapse_key = Some(key.into());
            outgoing.collapse_topic().unwrap()
        };
        assert_eq!(topic(&"x".repeat(500)).len(), 32);
        assert_eq!(topic("room-1"), topic("room-1"));
        assert_ne!(topic("room-1"), topic("room-2"));
        assert_eq!(outgoing().collapse_topic(), None);
    }
}
