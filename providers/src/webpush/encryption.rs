//! Encrypts one message for one browser: RFC 8291 on top of RFC 8188 (`aes128gcm`), one record.
//!
//! By hand on aws-lc-rs, forty lines that are held against the RFC's own example: the crates for it want OpenSSL
//! (`web-push`, `ece`) or a second family of cryptography (`web-push-native`).

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::rand;

use super::subscription::{PUBLIC_KEY_BYTES, Subscription};

const SALT_BYTES: usize = 16;
const TAG_BYTES: usize = 16;
/// What a push service must take of a body (RFC 8030 §7.2); also our only record's size.
const BODY_BYTES_MAX: usize = 4_096;
const HEADER_BYTES: usize = SALT_BYTES + 4 + 1 + PUBLIC_KEY_BYTES;
/// What is left for a message: one byte ends it, a tag follows (RFC 8291 §4).
pub const MESSAGE_BYTES_MAX: usize = BODY_BYTES_MAX - HEADER_BYTES - 1 - TAG_BYTES;
/// Behind the last record's message.
const END: u8 = 2;

/// The body of a push request. A fresh key and salt each time.
pub fn encrypt(message: &[u8], subscription: &Subscription) -> Result<Vec<u8>, Unspecified> {
    let mut salt = [0; SALT_BYTES];
    rand::fill(&mut salt)?;
    encrypt_with(message, subscription, &PrivateKey::generate(&ECDH_P256)?, salt)
}

/// Whether these bytes are a point that a secret can be agreed on with.
pub fn is_a_point(public_key: &[u8; PUBLIC_KEY_BYTES]) -> bool {
    let agree = || {
        let own = PrivateKey::generate(&ECDH_P256)?;
        agreement::agree(&own, UnparsedPublicKey::new(&ECDH_P256, public_key), Unspecified, |_| Ok(()))
    };
    public_key[0] == 4 && agree().is_ok()
}

fn encrypt_with(
    message: &[u8],
    subscription: &Subscription,
    own: &PrivateKey,
    salt: [u8; SALT_BYTES],
) -> Result<Vec<u8>, Unspecified> {
    if message.len() > MESSAGE_BYTES_MAX {
        return Err(Unspecified);
    }
    let own_public = own.compute_public_key()?;
    let theirs = UnparsedPublicKey::new(&ECDH_P256, &subscription.public_key);
    let input_key: [u8; 32] = agreement::agree(own, theirs, Unspecified, |shared| {
        // RFC 8291 §3.4: bound to both keys and to the secret that only the browser and we have.
        let about = [b"WebPush: info\0", &subscription.public_key[..], own_public.as_ref()];
        derived(&subscription.auth, shared, &about)
    })?;
    // RFC 8188 §2.2, §2.3; the only record has number 0, so the nonce is as derived.
    let key: [u8; 16] = derived(&salt, &input_key, &[b"Content-Encoding: aes128gcm\0"])?;
    let nonce: [u8; 12] = derived(&salt, &input_key, &[b"Content-Encoding: nonce\0"])?;

    let mut record = [message, &[END]].concat();
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key)?);
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut record)?;

    let mut body = Vec::with_capacity(HEADER_BYTES + record.len());
    body.extend_from_slice(&salt);
    body.extend_from_slice(&4_096_u32.to_be_bytes());
    body.push(65);
    body.extend_from_slice(own_public.as_ref());
    body.extend_from_slice(&record);
    Ok(body)
}

/// HKDF-SHA-256, extract and expand.
fn derived<const N: usize>(salt: &[u8], key: &[u8], about: &[&[u8]]) -> Result<[u8; N], Unspecified> {
    struct Bytes(usize);
    impl KeyType for Bytes {
        fn len(&self) -> usize {
            self.0
        }
    }
    let mut derived = [0; N];
    Salt::new(HKDF_SHA256, salt).extract(key).expand(about, Bytes(N))?.fill(&mut derived)?;
    Ok(derived)
}

#[cfg(test)]
mod tests {
    use super::super::subscription::{BASE64URL, decoded};
    use super::*;
    use base64::Engine;

    /// The example of RFC 8291 §5 and its appendix A.
    #[test]
    fn the_example_of_the_rfc_comes_out() {
        let subscription = Subscription::parse(
            "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "BTBZMqHH6r4Tts7J_aSIgg",
        )
        .unwrap();
        let own: [u8; 32] = decoded("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw").unwrap();
        let own = PrivateKey::from_private_key(&ECDH_P256, &own).unwrap();
        let salt = decoded("DGv6ra1nlYgDCS1FRnbzlw").unwrap();
        let body = encrypt_with(b"When I grow up, I want to be a watermelon", &subscription, &own, salt).unwrap();
        assert_eq!(
            BASE64URL.encode(body),
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
        );
    }

    #[test]
    fn a_message_fits_or_is_refused() {
        let subscription = Subscription::parse(
            "https://push.example.net/x",
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "BTBZMqHH6r4Tts7J_aSIgg",
        )
        .unwrap();
        assert_eq!(MESSAGE_BYTES_MAX, 3_993, "RFC 8291 §4");
        assert_eq!(encrypt(&[b'x'; MESSAGE_BYTES_MAX], &subscription).unwrap().len(), BODY_BYTES_MAX);
        assert!(encrypt(&[b'x'; MESSAGE_BYTES_MAX + 1], &subscription).is_err());
        assert_ne!(
            encrypt(b"x", &subscription).unwrap(),
            encrypt(b"x", &subscription).unwrap(),
            "never the same twice"
        );
    }
}
