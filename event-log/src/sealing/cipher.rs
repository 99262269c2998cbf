//! What a sealed text is: AES-256-GCM-SIV under the owner's key, bound to its place.
//!
//! Deterministic on purpose: a command that is repeated or decided again must give the same text. SIV is made for that: it
//! shows whether two words in the same place are the same, and nothing else (ADR 0005). The nonce comes from the place, so
//! that it need not be stored and differs from message to message.

use std::sync::Arc;

use aggregates::words::Place;
use aggregates::{KeyId, Sealed};
use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::keys::Secret;
use crate::port::EventLogError;

/// Bytes of an encoded place besides the owner: form, field, uuid.
const PLACE_BYTES: usize = 18;
const FORM: u8 = 1;
const USER_ID_BYTES_MAX: usize = 128;

/// What one takes in memory, about: mostly what the cipher makes of a secret before it is used.
pub(super) const KEY_BYTES: usize = 640;

/// A key, ready to use.
pub(super) struct Key {
    id: KeyId,
    cipher: LessSafeKey,
}

impl Key {
    pub fn new(id: KeyId, secret: &Secret) -> Result<Self, EventLogError> {
        let key = UnboundKey::new(&AES_256_GCM_SIV, secret)
            .map_err(|_| EventLogError::Corrupt(format!("the key {id} cannot be used")))?;
        Ok(Self { id, cipher: LessSafeKey::new(key) })
    }

    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The stored text of `words`.
    pub fn seal(&self, words: &str, place: &Place<'_>) -> String {
        let mut bytes = words.as_bytes().to_vec();
        let sealed = self.cipher.seal_in_place_append_tag(nonce(place), Aad::from(Bound::to(place)), &mut bytes);
        // Fails only for texts beyond 64 GiB.
        sealed.expect("words are far shorter than the cipher's limit");
        Sealed::compose(self.id, &URL_SAFE_NO_PAD.encode(bytes))
    }

    /// `None` when it was not sealed with this key, for this place.
    pub fn open(&self, ciphertext: &str, place: &Place<'_>) -> Option<Arc<str>> {
        let mut bytes = URL_SAFE_NO_PAD.decode(ciphertext).ok()?;
        let words = self.cipher.open_in_place(nonce(place), Aad::from(Bound::to(place)), &mut bytes).ok()?;
        std::str::from_utf8(words).ok().map(Arc::from)
    }
}

fn nonce(place: &Place<'_>) -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    nonce[0] = place.field.tag();
    nonce[1..].copy_from_slice(&place.of.as_bytes()[..NONCE_LEN - 1]);
    Nonce::assume_unique_for_key(nonce)
}

/// A place as bytes; each part but the last has one length, so no two places share them.
struct Bound {
    bytes: [u8; PLACE_BYTES + USER_ID_BYTES_MAX],
    length: usize,
}

impl Bound {
    fn to(place: &Place<'_>) -> Self {
        let mut bytes = [0; PLACE_BYTES + USER_ID_BYTES_MAX];
        bytes[0] = FORM;
        bytes[1] = place.field.tag();
        bytes[2..PLACE_BYTES].copy_from_slice(place.of.as_bytes());
        let owner = place.owner.as_str().as_bytes();
        let length = PLACE_BYTES + owner.len().min(USER_ID_BYTES_MAX);
        bytes[PLACE_BYTES..length].copy_from_slice(&owner[..length - PLACE_BYTES]);
        Self { bytes, length }
    }
}

impl AsRef<[u8]> for Bound {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

#[cfg(test)]
mod tests {
    use aggregates::ids::UserId;
    use aggregates::words::Field;
    use uuid::Uuid;

    use super::*;

    fn key() -> Key {
        Key::new(KeyId::parse("abcdefghijklmnopqrstuv").expect("an id"), &[7; 32]).expect("a key")
    }

    fn user(name: &str) -> UserId {
        UserId::parse(name).expect("an id")
    }

    fn at(owner: &UserId) -> Place<'_> {
        Place { owner, field: Field::MessageContent, of: Uuid::from_u128(9) }
    }

    fn ciphertext(stored: &str) -> &str {
        &stored[25..]
    }

    /// What this program wrote once it must open for ever.
    #[test]
    fn the_stored_form_never_changes() {
        let ana = user("ana");
        let stored = "s1.abcdefghijklmnopqrstuvWCBA9n9E5EEHTQ6ayPtK8xYpIXoAPtOxYnGc_ufXrGtn";
        assert_eq!(key().seal("Halo \"semua\" 👋", &at(&ana)), stored);
        assert_eq!(key().open(ciphertext(stored), &at(&ana)).as_deref(), Some("Halo \"semua\" 👋"));
    }

    #[test]
    fn the_same_words_in_the_same_place_give_the_same_text_and_elsewhere_another() {
        let (ana, ben) = (user("ana"), user("ben"));
        let sealed = key().seal("ya", &at(&ana));
        assert_eq!(sealed, key().seal("ya", &at(&ana)));
        assert_ne!(sealed, key().seal("tidak", &at(&ana)));
        assert_ne!(sealed, key().seal("ya", &at(&ben)));
        assert_ne!(sealed, key().seal("ya", &Place { of: Uuid::from_u128(10), ..at(&ana) }));
    }

    #[test]
    fn a_text_that_was_moved_to_another_place_does_not_open() {
        let (ana, ben) = (user("ana"), user("ben"));
        for words in ["", "ya", &"x".repeat(8_000)] {
            let sealed = key().seal(words, &at(&ana));
            let opened = |place| key().open(ciphertext(&sealed), &place);
            assert_eq!(opened(at(&ana)).as_deref(), Some(words));
            assert_eq!(opened(at(&ben)), None, "another owner");
            assert_eq!(opened(Place { field: Field::AttachmentUrl, ..at(&ana) }), None, "another field");
            // The nonce holds 11 bytes of it; all 16 are bound.
            assert_eq!(opened(Place { of: Uuid::from_u128(10), ..at(&ana) }), None, "another message");
            let other = Key::new(key().id(), &[8; 32]).expect("a key");
            assert_eq!(other.open(ciphertext(&sealed), &at(&ana)), None, "another key");
        }
    }
}
