//! Providers' own words in our reasons, without what they repeat of ours.
//!
//! An operator who reads "refused" wants to know what the provider said; but providers quote the address, the text, even
//! the key in what they say. So everything is left out of a quotation that was in the request, and everything that looks
//! like an address, a number or a key.

use std::collections::BTreeSet;

use crate::address::Address;
use crate::outcome::Reason;
use crate::outgoing::Outgoing;
use crate::secret::Secret;

/// Stands where something was left out.
const LEFT_OUT: &str = "…";
/// A word of the request is left out from so many letters on: shorter ones are no secret, and every sentence has them.
const WORD_LETTERS_MIN: usize = 3;
/// So many digits in one word are a number of somebody.
const DIGITS_MIN: usize = 5;
/// Longer words are keys or ids.
const WORD_LETTERS_MAX: usize = 24;
/// What is looked at of a provider's text; a reason is shorter still.
const TEXT_LETTERS_MAX: usize = 600;

/// What must not be quoted: a request's words, and the secrets it was made with.
pub(crate) struct Quoting<'a> {
    pub outgoing: &'a Outgoing,
    pub secrets: &'a [&'a Secret],
}

impl Quoting<'_> {
    /// `said`, then what the provider said.
    pub fn reason(&self, said: &str, text: &str) -> Reason {
        let quoted = left_out(text, &self.private_words());
        if quoted.is_empty() { Reason::new(said) } else { Reason::new(format!("{said}: {quoted}")) }
    }

    fn private_words(&self) -> BTreeSet<String> {
        let outgoing = self.outgoing;
        let mut words = BTreeSet::new();
        let mut add = |text: &str| words.extend(words_of(text).filter(|word| word.chars().count() >= WORD_LETTERS_MIN));
        let texts =
            [&outgoing.title, &outgoing.message].into_iter().chain(&outgoing.html).chain(outgoing.data.values());
        texts.chain(&outgoing.collapse_key).for_each(|text| add(text));
        outgoing.template.iter().flat_map(|template| &template.parameters).for_each(|text| add(text));
        let urls = [&outgoing.link, &outgoing.image, &outgoing.icon, &outgoing.unsubscribe].into_iter().flatten();
        // Not the host: it is the platform's own, and its words (`app`) are in what providers say.
        urls.for_each(|url| {
            [Some(url.path()), url.query(), url.fragment()].into_iter().flatten().for_each(|text| add(text))
        });
        match &outgoing.to {
            Address::Users(users) => users.iter().for_each(|user| add(user)),
            Address::Browsers(browsers) => browsers.iter().for_each(|browser| {
                add(browser.endpoint());
                browser.keys().iter().for_each(|key| add(key));
            }),
            Address::Email(mailbox) => {
                add(mailbox.address());
                mailbox.name().iter().for_each(|name| add(name));
            }
            Address::Phone(number) => add(number.as_str()),
        }
        self.secrets.iter().for_each(|secret| add(secret.reveal()));
        words
    }
}

/// A text of a provider's without addresses, numbers and keys, where it is not known what was sent.
pub(crate) fn impersonal(text: &str) -> Reason {
    Reason::new(left_out(text, &BTreeSet::new()))
}

fn left_out(text: &str, private: &BTreeSet<String>) -> String {
    let text: String = text.chars().take(TEXT_LETTERS_MAX).collect();
    let parts: Vec<String> = text.split_whitespace().map(|part| without(part, private)).collect();
    let mut quoted: Vec<&str> = parts.iter().map(String::as_str).collect();
    quoted.dedup_by(|next, last| next == last && *next == LEFT_OUT);
    quoted.join(" ")
}

fn words_of(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// A word, its punctuation left on it, or nothing of it.
fn without(part: &str, private: &BTreeSet<String>) -> String {
    let telling = |word: String| {
        let digits = word.chars().filter(char::is_ascii_digit).count();
        digits >= DIGITS_MIN || word.chars().count() > WORD_LETTERS_MAX || private.contains(&word)
    };
    let digits = part.chars().filter(char::is_ascii_digit).count();
    let is_left_out = part.contains('@') || part.contains("://") || digits >= DIGITS_MIN || words_of(part).any(telling);
    if is_left_out { LEFT_OUT.to_owned() } else { part.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Mailbox;
    use crate::phone::PhoneNumber;
    use uuid::Uuid;

    fn quoted(to: Address, text: &str) -> String {
        let mut outgoing = Outgoing::new(Uuid::nil(), to, "Pesan Baru", "Rahasia negara");
        outgoing.link = Some("https://app.example.id/chat?room=lobby".parse().unwrap());
        let secret = Secret::new("os-key_hunter");
        let reason = Quoting { outgoing: &outgoing, secrets: &[&secret] }.reason("HTTP 400", text);
        reason.as_str().to_owned()
    }

    fn mailbox() -> Address {
        Address::Email(Mailbox::parse("rara.ayu@example.id", Some("Dewi Lestari")).unwrap())
    }

    #[test]
    fn a_provider_is_quoted() {
        assert_eq!(quoted(mailbox(), "Unknown Sender, please verify"), "HTTP 400: Unknown Sender, please verify");
        assert_eq!(quoted(mailbox(), ""), "HTTP 400");
        assert_eq!(quoted(mailbox(), "line\r\nend"), "HTTP 400: line end");
    }

    #[test]
    fn what_was_ours_is_left_out() {
        for (text, kept) in [
            ("no such user rara.ayu@example.id here", "no such user … here"),
            ("no such user <rara.ayu@example.id>.", "no such user …"),
            ("somebody@elsewhere.id bounced", "… bounced"),
            ("mailbox of dewi is full", "mailbox of … is full"),
            ("spam: \"RAHASIA negara\" (score 9)", "spam: … (score 9)"),
            ("bad link https://x.id/y", "bad link …"),
            ("room=lobby unknown", "… unknown"),
            ("token os-key_hunter is wrong", "token … is wrong"),
            ("wrong: HUNTER", "wrong: …"),
            ("number 6281234567890 or 0812-3456-7890", "number … or …"),
            ("id 0123456789abcdefghijklmnopqrstuv", "id …"),
        ] {
            assert_eq!(quoted(mailbox(), text), format!("HTTP 400: {kept}"), "{text}");
        }
        let phone = Address::Phone(PhoneNumber::parse("0812345678").unwrap());
        assert_eq!(quoted(phone, "62812345678 invalid"), "HTTP 400: … invalid");
        assert_eq!(quoted(Address::Users(vec!["ana".into()]), "ana unknown"), "HTTP 400: … unknown");
    }
}
