//! Opens compact JWEs with a key agreed on beforehand (`alg: dir`): A256GCM and A256CBC-HS512 (RFC 7516, RFC 7518 §5).
//!
//! Knows nothing of claims. Every failure is the same `None`: why a token did not open helps only who forges one.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_256, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// Session tokens are cookies of some kilobytes at most.
pub const TOKEN_BYTES_MAX: usize = 16 * 1024;
const GCM_TAG_BYTES: usize = 16;
const CBC_IV_BYTES: usize = 16;
/// RFC 7518 §5.2.5: the first half of the key authenticates, the second encrypts.
const CBC_HALF_KEY_BYTES: usize = 32;
const CBC_TAG_BYTES: usize = 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Encryption {
    #[serde(rename = "A256GCM")]
    Gcm,
    #[serde(rename = "A256CBC-HS512")]
    CbcHmac,
}

/// A JWE taken apart, not yet believed.
#[derive(Debug)]
pub struct Jwe<'a> {
    pub encryption: Encryption,
    /// The header as it stands in the token: it is authenticated too.
    protected: &'a str,
    iv: Vec<u8>,
    ciphertext: Vec<u8>,
    tag: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    enc: Encryption,
    /// Compression and extensions that must be understood: NextAuth uses neither, so nobody may.
    #[serde(default)]
    zip: Option<serde_json::Value>,
    #[serde(default)]
    crit: Option<serde_json::Value>,
}

impl<'a> Jwe<'a> {
    pub fn parse(token: &'a str) -> Option<Self> {
        if token.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let parts: Vec<&str> = token.split('.').collect();
        let &[protected, "", iv, ciphertext, tag] = parts.as_slice() else { return None };
        let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        let header: Header = serde_json::from_slice(&bytes(protected)?).ok()?;
        if header.alg != "dir" || header.zip.is_some() || header.crit.is_some() {
            return None;
        }
        let (iv, ciphertext, tag) = (bytes(iv)?, bytes(ciphertext)?, bytes(tag)?);
        Some(Self { encryption: header.enc, protected, iv, ciphertext, tag })
    }

    /// What is inside, if it was made with `key`: 32 bytes for GCM, 64 for CBC.
    pub fn open(&self, key: &[u8]) -> Option<Vec<u8>> {
        match self.encryption {
            Encryption::Gcm => self.open_gcm(key),
            Encryption::CbcHmac => self.open_cbc(key),
        }
    }

    fn open_gcm(&self, key: &[u8]) -> Option<Vec<u8>> {
        // A shorter tag would be easier to guess; the cipher below would take whatever is appended as ciphertext.
        if self.tag.len() != GCM_TAG_BYTES {
            return None;
        }
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?);
        let nonce = Nonce::try_assume_unique_for_key(&self.iv).ok()?;
        let mut sealed = [self.ciphertext.as_slice(), &self.tag].concat();
        let opened = key.open_in_place(nonce, Aad::from(self.protected.as_bytes()), &mut sealed).ok()?;
        Some(opened.to_vec())
    }

    fn open_cbc(&self, key: &[u8]) -> Option<Vec<u8>> {
        if key.len() != 2 * CBC_HALF_KEY_BYTES || self.tag.len() != CBC_TAG_BYTES {
            return None;
        }
        let (mac_key, encryption_key) = key.split_at(CBC_HALF_KEY_BYTES);
        // Verified before anything is decrypted: otherwise the padding would be an oracle.
        let expected = cbc_tag(mac_key, self.protected, &self.iv, &self.ciphertext);
        verify_slices_are_equal(expected.as_ref().get(..CBC_TAG_BYTES)?, &self.tag).ok()?;

        let iv: [u8; CBC_IV_BYTES] = self.iv.as_slice().try_into().ok()?;
        let key = PaddedBlockDecryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_256, encryption_key).ok()?).ok()?;
        let mut bytes = self.ciphertext.clone();
        let opened = key.decrypt(&mut bytes, DecryptionContext::Iv128(iv.into())).ok()?;
        Some(opened.to_vec())
    }
}

/// HMAC over header, IV, ciphertext and the header's length in bits (RFC 7518 §5.2.2.1); not yet cut to its half.
fn cbc_tag(mac_key: &[u8], protected: &str, iv: &[u8], ciphertext: &[u8]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA512, mac_key));
    context.update(protected.as_bytes());
    context.update(iv);
    context.update(ciphertext);
    context.update(&(protected.len() as u64 * 8).to_be_bytes());
    context.sign()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str) -> String {
        format!("{}..aaaa.bbbb.cccc", URL_SAFE_NO_PAD.encode(header))
    }

    #[test]
    fn only_direct_encryption_by_these_two_ciphers_is_looked_at() {
        assert!(Jwe::parse(&token(r#"{"alg":"dir","enc":"A256GCM"}"#)).is_some());
        for header in [
            r#"{"alg":"none","enc":"A256GCM"}"#,
            r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#,
            r#"{"alg":"dir","enc":"A128GCM"}"#,
            r#"{"alg":"dir","enc":"A256GCM","zip":"DEF"}"#,
            r#"{"alg":"dir","enc":"A256GCM","crit":["x"]}"#,
            r#"{"enc":"A256GCM"}"#,
            "[]",
        ] {
            assert!(Jwe::parse(&token(header)).is_none(), "{header}");
        }
    }

    #[test]
    fn what_has_another_shape_is_no_token() {
        let long = "a".repeat(TOKEN_BYTES_MAX + 1);
        for text in ["", "a.b.c", "....", "a.b.c.d.e", "!..a.b.c", &long] {
            assert!(Jwe::parse(text).is_none(), "{text}");
        }
        // An encrypted key where there must be none.
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"dir","enc":"A256GCM"}"#);
        assert!(Jwe::parse(&format!("{header}.aaaa.aaaa.bbbb.cccc")).is_none());
    }

    /// RFC 7518 appendix B.3, without its JWE framing: the key, the text and the tag of the standard itself.
    #[test]
    fn the_tag_is_that_of_the_standard() {
        let mac_key: Vec<u8> = (0u8..32).collect();
        let protected = "The second principle of Auguste Kerckhoffs";
        let iv = hex::decode("1af38c2dc2b96ffdd86694092341bc04").unwrap();
        let ciphertext = hex::decode(
            "4affaaadb78c31c5da4b1b590d10ffbd3dd8d5d302423526912da037ecbcc7bd822c301dd67c373bccb584ad3e9279c2e6d12a1374b77f077553df829410446b36ebd97066296ae6427ea75c2e0846a11a09ccf5370dc80bfecbad28c73f09b3a3b75e662a2594410ae496b2e2e6609e31e6e02cc837f053d21f37ff4f51950bbe2638d09dd7a4930930806d0703b1f6",
        )
        .unwrap();
        let tag = cbc_tag(&mac_key, protected, &iv, &ciphertext);
        assert_eq!(
            hex::encode(&tag.as_ref()[..32]),
            "4dd3b4c088a7f45c216839645b2012bf2e6269a8c56a816dbc1b267761955bc5"
        );
    }
}
