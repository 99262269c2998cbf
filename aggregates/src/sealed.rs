//! What people said and how they are called: carried by the rules, never looked into by them.
//!
//! Separate so that one type says how words lie in the log: as ciphertext that names its key and nothing else. Sealing and
//! opening need keys and are `event-log`'s. Never in here: a key, a cipher.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Begins every sealed text: the first form. A later one gets another number.
const FORM: &str = "s1.";
const KEY_CHARS: usize = 22;

/// Words that belong to a user.
///
/// Commands validate words before they get here; no rule reads them. The stored form is ciphertext: words that were never
/// sealed cannot be written. Two are equal when they are stored as the same text, whether or not they can be read just
/// now. `Debug` does not show words, so that a log line about a command or an event never holds what somebody wrote.
#[derive(Clone)]
pub struct Sealed(Form);

#[derive(Clone)]
enum Form {
    /// On their way in: from a request, not sealed yet.
    Words(Arc<str>),
    /// Found in the log as they are: written by a program that seals nothing.
    Plain(Arc<str>),
    /// As stored, and not opened.
    Closed(Arc<str>),
    Open {
        stored: Arc<str>,
        words: Arc<str>,
    },
    Gone {
        stored: Arc<str>,
        why: Unreadable,
    },
}

/// Why words cannot be read any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// Their owner was erased.
    Erased,
    /// Their key is not there, or is not the one they were sealed with. A fault.
    Lost,
}

/// Names a key: 22 characters of base64url, random.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; KEY_CHARS]);

impl Sealed {
    pub fn new(words: impl Into<Arc<str>>) -> Self {
        Self(Form::Words(words.into()))
    }

    /// As the log has it.
    pub fn from_stored(text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        Self(if parts(&text).is_some() { Form::Closed(text) } else { Form::Plain(text) })
    }

    /// The stored text of words sealed under `key`.
    pub fn compose(key: KeyId, ciphertext: &str) -> String {
        [FORM, key.as_str(), ciphertext].concat()
    }

    /// For read models and the wire; empty where nothing can be read. Rules have no business in here.
    pub fn reveal(&self) -> &str {
        self.words().unwrap_or_default()
    }

    /// `None` for words that are not open: erased, lost, or read without opening them.
    pub fn words(&self) -> Option<&str> {
        match &self.0 {
            Form::Words(words) | Form::Plain(words) | Form::Open { words, .. } => Some(words),
            Form::Closed(_) | Form::Gone { .. } => None,
        }
    }

    /// The text in the log; `None` for words that were not sealed yet.
    pub fn stored(&self) -> Option<&str> {
        match &self.0 {
            Form::Words(_) => None,
            Form::Plain(stored) | Form::Closed(stored) | Form::Open { stored, .. } | Form::Gone { stored, .. } => {
                Some(stored)
            }
        }
    }

    /// What they were sealed with.
    pub fn key(&self) -> Option<KeyId> {
        parts(self.stored()?).map(|(key, _)| key)
    }

    /// Whether they lie in the log as they are, so that no erasure reaches them there.
    pub fn was_never_sealed(&self) -> bool {
        self.stored().is_some_and(|stored| !stored.is_empty() && parts(stored).is_none())
    }

    /// The key and the ciphertext of what is closed; `None` where there is nothing to open.
    pub fn closed(&self) -> Option<(KeyId, &str)> {
        match &self.0 {
            Form::Closed(stored) => parts(stored),
            Form::Words(_) | Form::Plain(_) | Form::Open { .. } | Form::Gone { .. } => None,
        }
    }

    /// What is to be sealed; `None` where that was done.
    pub fn unsealed(&self) -> Option<&str> {
        match &self.0 {
            Form::Words(words) => Some(words),
            Form::Plain(_) | Form::Closed(_) | Form::Open { .. } | Form::Gone { .. } => None,
        }
    }

    /// Takes the stored text of words that were just sealed; they stay readable here.
    pub fn seal(&mut self, stored: String) {
        if let Form::Words(words) = &self.0 {
            self.0 = Form::Open { stored: stored.into(), words: Arc::clone(words) };
        }
    }

    /// Takes the words of what was closed.
    pub fn open(&mut self, words: Result<Arc<str>, Unreadable>) {
        if let Form::Closed(stored) = &self.0 {
            let stored = Arc::clone(stored);
            self.0 = match words {
                Ok(words) => Form::Open { stored, words },
                Err(why) => Form::Gone { stored, why },
            };
        }
    }

    /// Lets go of the words: whoever said them was erased meanwhile. In the log they stay as they are.
    pub fn lose(&mut self, why: Unreadable) {
        if let Form::Plain(stored) | Form::Closed(stored) | Form::Open { stored, .. } = &self.0 {
            self.0 = Form::Gone { stored: Arc::clone(stored), why };
        }
    }

    /// The same as its stored form would be if nothing were sealed: for an export. Empty where nothing can be read.
    #[must_use]
    pub fn laid_open(&self) -> Self {
        Self(Form::Plain(self.reveal().into()))
    }

    /// What was read from an export, to be sealed here: its text is words, whatever it looks like.
    #[must_use]
    pub fn brought_in(&self) -> Self {
        match &self.0 {
            Form::Words(words) | Form::Plain(words) | Form::Closed(words) => Self(Form::Words(Arc::clone(words))),
            Form::Open { .. } | Form::Gone { .. } => self.clone(),
        }
    }

    pub fn unreadable(&self) -> Option<Unreadable> {
        match &self.0 {
            Form::Gone { why, .. } => Some(*why),
            Form::Words(_) | Form::Plain(_) | Form::Closed(_) | Form::Open { .. } => None,
        }
    }

    /// What two of them are compared by.
    fn identity(&self) -> (bool, &str) {
        match &self.0 {
            Form::Words(words) => (false, words),
            Form::Plain(stored) | Form::Closed(stored) | Form::Open { stored, .. } | Form::Gone { stored, .. } => {
                (true, stored)
            }
        }
    }
}

/// Key and ciphertext of a sealed text.
fn parts(text: &str) -> Option<(KeyId, &str)> {
    let rest = text.strip_prefix(FORM)?;
    let (key, ciphertext) = rest.split_at_checked(KEY_CHARS)?;
    Some((KeyId::parse(key)?, ciphertext))
}

impl KeyId {
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; KEY_CHARS] = text.as_bytes().try_into().ok()?;
        bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte)).then_some(Self(bytes))
    }

    pub fn as_str(&self) -> &str {
        // ASCII by construction.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl PartialEq for Sealed {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for Sealed {}

impl Hash for Sealed {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

impl Serialize for Sealed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.stored() {
            Some(stored) => serializer.serialize_str(stored),
            None => Err(serde::ser::Error::custom("words must be sealed before they are written")),
        }
    }
}

impl<'de> Deserialize<'de> for Sealed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from_stored(Arc::<str>::deserialize(deserializer)?))
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Words(words) => write!(f, "Sealed({} bytes, not yet)", words.len()),
            Form::Plain(words) => write!(f, "Sealed({} bytes, never)", words.len()),
            Form::Closed(_) => f.write_str("Sealed(closed)"),
            Form::Open { words, .. } => write!(f, "Sealed({} bytes)", words.len()),
            Form::Gone { why, .. } => write!(f, "Sealed({why:?})"),
        }
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({})", self.as_str())
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for KeyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for KeyId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("a key id is 22 characters of base64url"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "abcdefghijklmnopqrst-_";

    fn closed() -> Sealed {
        Sealed::from_stored(Sealed::compose(KeyId::parse(KEY).expect("a key id"), "xyz"))
    }

    #[test]
    fn words_that_were_not_sealed_cannot_be_written() {
        let mut words = Sealed::new("halo");
        assert!(serde_json::to_string(&words).is_err());
        words.seal(format!("s1.{KEY}xyz"));
        assert_eq!(serde_json::to_string(&words).expect("sealed"), format!("\"s1.{KEY}xyz\""));
        assert_eq!(words.reveal(), "halo", "whoever sealed them still has them");
    }

    #[test]
    fn a_stored_text_names_its_key_and_shows_no_words() {
        let mut closed = closed();
        assert_eq!(closed.key(), KeyId::parse(KEY));
        assert_eq!(closed.closed().map(|(_, ciphertext)| ciphertext), Some("xyz"));
        assert_eq!((closed.words(), closed.reveal()), (None, ""));
        closed.open(Ok("halo".into()));
        assert_eq!(closed.words(), Some("halo"));
        assert!(!format!("{closed:?}").contains("halo"));
    }

    #[test]
    fn what_is_stored_as_the_same_text_is_equal_however_readable() {
        let mut opened = closed();
        opened.open(Ok("halo".into()));
        let mut erased = closed();
        erased.open(Err(Unreadable::Erased));
        assert_eq!(opened, closed());
        assert_eq!(opened, erased);
        assert_ne!(opened, Sealed::new("halo"));
        assert_eq!(erased.unreadable(), Some(Unreadable::Erased));
    }

    #[test]
    fn words_that_were_never_sealed_are_known_and_can_be_let_go_of() {
        let mut plain = Sealed::from_stored("halo");
        assert!(plain.was_never_sealed() && !closed().was_never_sealed());
        assert!(!Sealed::from_stored("").was_never_sealed(), "that is no word");
        assert!(!Sealed::new("halo").was_never_sealed(), "they will be");
        plain.lose(Unreadable::Erased);
        assert_eq!((plain.words(), plain.unreadable(), plain.reveal()), (None, Some(Unreadable::Erased), ""));
        assert!(plain.was_never_sealed(), "and they still lie there");
    }

    #[test]
    fn words_of_a_program_that_seals_nothing_are_read_as_they_are() {
        for text in ["halo", "", "s1.", "s1.short", "s1.ééééééééééééééééééééééé"] {
            let plain = Sealed::from_stored(text);
            assert_eq!((plain.words(), plain.key()), (Some(text), None), "{text:?}");
            assert_eq!(serde_json::to_value(&plain).expect("as it was"), text);
        }
    }
}
