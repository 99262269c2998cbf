//! Says to a push service who sends: RFC 8292, a token signed with ES256.

use std::time::{Duration, SystemTime};

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use serde_json::json;
use url::Url;

use super::subscription::{BASE64URL, PUBLIC_KEY_BYTES};

/// RFC 8292 §2 allows 24 h; clocks differ.
const TOKEN_LIVES: Duration = Duration::from_secs(12 * 60 * 60);

/// The key of this application server.
pub struct VapidKey {
    pair: EcdsaKeyPair,
    public: [u8; PUBLIC_KEY_BYTES],
}

impl VapidKey {
    /// `private` is the number itself, as `web-push generate-vapid-keys` prints it.
    pub fn of(private: &[u8; 32]) -> Result<Self, Unspecified> {
        let point = PrivateKey::from_private_key(&ECDH_P256, private)?.compute_public_key()?;
        let public = point.as_ref().try_into().map_err(|_| Unspecified)?;
        let pair =
            EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, private, point.as_ref())?;
        Ok(Self { pair, public })
    }

    /// What pages subscribe with, in base64url.
    pub fn public(&self) -> String {
        BASE64URL.encode(self.public)
    }

    /// The value of `Authorization` for a request to `endpoint`. `contact` is a `mailto:` or `https:` address.
    pub fn authorization(&self, endpoint: &Url, contact: &str, now: SystemTime) -> Result<String, Unspecified> {
        let ends = now + TOKEN_LIVES;
        let ends = ends.duration_since(SystemTime::UNIX_EPOCH).map_err(|_| Unspecified)?.as_secs();
        let claims = json!({ "aud": endpoint.origin().ascii_serialization(), "exp": ends, "sub": contact });
        let head = BASE64URL.encode(r#"{"typ":"JWT","alg":"ES256"}"#);
        let signed = format!("{head}.{}", BASE64URL.encode(claims.to_string()));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes())?;
        Ok(format!("vapid t={signed}.{}, k={}", BASE64URL.encode(signature.as_ref()), self.public()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::subscription::decoded;
    use super::*;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use serde_json::Value;

    /// The private key of RFC 8291's example; its public one is derived from it.
    fn key() -> VapidKey {
        VapidKey::of(&decoded("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw").unwrap()).unwrap()
    }

    #[test]
    fn a_public_key_belongs_to_its_private_one() {
        assert_eq!(
            key().public(),
            "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
        );
        assert!(VapidKey::of(&[0; 32]).is_err(), "zero is no key");
        assert!(VapidKey::of(&[0xff; 32]).is_err(), "more than the order of the curve is none");
    }

    /// The token of RFC 8292 §2.4 verifies with the key beside it, by the same code that checks ours below.
    #[test]
    fn the_example_of_the_rfc_is_understood() {
        let token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA";
        let key = "BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs";
        let claims = verified(token, key).expect("signed");
        assert_eq!(
            claims,
            json!({ "aud": "https://push.example.net", "exp": 1_453_523_768, "sub": "mailto:push@example.com" })
        );
    }

    #[test]
    fn a_push_service_learns_who_sends_and_for_how_long() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let endpoint = "https://push.example.net:8443/push/x?y".parse().unwrap();
        let value = key().authorization(&endpoint, "mailto:ops@example.id", now).unwrap();
        let (token, public) = value.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        assert_eq!(public, key().public());
        let claims = verified(token, public).expect("signed");
        assert_eq!(
            claims,
            json!({ "aud": "https://push.example.net:8443", "exp": 44_200, "sub": "mailto:ops@example.id" })
        );
        let (start, _) = token.rsplit_once('.').unwrap();
        assert_eq!(verified(&format!("{start}.{}", BASE64URL.encode([7; 64])), public), None);
    }

    fn verified(token: &str, public: &str) -> Option<Value> {
        let (signed, signature) = token.rsplit_once('.')?;
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, BASE64URL.decode(public).ok()?);
        key.verify(signed.as_bytes(), &BASE64URL.decode(signature).ok()?).ok()?;
        serde_json::from_slice(&BASE64URL.decode(signed.split_once('.')?.1).ok()?).ok()
    }
}
