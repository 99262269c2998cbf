//! A browser's push subscription, as its page hands it over (W3C Push API, `PushSubscription.toJSON()`).

use std::fmt;

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use url::Url;

/// Browsers leave the padding out, some libraries put it there.
pub(super) const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_encode_padding(false).with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Letters that an endpoint may have; those of today have up to some 700.
const ENDPOINT_LETTERS_MAX: usize = 2_000;
/// A point of P-256, uncompressed: 0x04, x, y (RFC 8291 §3.1).
pub(super) const PUBLIC_KEY_BYTES: usize = 65;
pub(super) const AUTH_BYTES: usize = 16;

/// Where and how one browser can be reached. Whoever has it can send to it: `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Subscription {
    endpoint: Url,
    given: [String; 3],
    pub(super) public_key: [u8; PUBLIC_KEY_BYTES],
    pub(super) auth: [u8; AUTH_BYTES],
}

/// What a page handed over is no subscription. Says which field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSubscription {
    #[error("endpoint: is no https address of at most 2,000 letters")]
    Endpoint,
    #[error("p256dh: is no public key of P-256 in base64url")]
    PublicKey,
    #[error("auth: is not 16 bytes in base64url")]
    Auth,
}

impl Subscription {
    /// The three fields as they are in the browser's JSON. Whether the endpoint is one of a push service is the
    /// operator's to say: [`crate::WebPushSettings::allows`].
    pub fn parse(endpoint: &str, p256dh: &str, auth: &str) -> Result<Self, InvalidSubscription> {
        if endpoint.len() > ENDPOINT_LETTERS_MAX {
            return Err(InvalidSubscription::Endpoint);
        }
        let url = Url::parse(endpoint).map_err(|_| InvalidSubscription::Endpoint)?;
        let is_plain = url.username().is_empty() && url.password().is_none();
        if !is_plain || url.host_str().is_none() || !matches!(url.scheme(), "https" | "http") {
            return Err(InvalidSubscription::Endpoint);
        }
        let public_key = decoded(p256dh).ok_or(InvalidSubscription::PublicKey)?;
        if !super::encryption::is_a_point(&public_key) {
            return Err(InvalidSubscription::PublicKey);
        }
        let auth_bytes = decoded(auth).ok_or(InvalidSubscription::Auth)?;
        let given = [endpoint, p256dh, auth].map(ToOwned::to_owned);
        Ok(Self { endpoint: url, given, public_key, auth: auth_bytes })
    }

    /// Exactly as it was given.
    pub fn endpoint(&self) -> &str {
        &self.given[0]
    }

    /// `p256dh` and `auth`, exactly as they were given.
    pub fn keys(&self) -> [&str; 2] {
        [&self.given[1], &self.given[2]]
    }

    pub(super) fn url(&self) -> &Url {
        &self.endpoint
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subscription(***)")
    }
}

/// Exactly `N` bytes.
pub(super) fn decoded<const N: usize>(text: &str) -> Option<[u8; N]> {
    BASE64URL.decode(text.trim()).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 8291 §5.
    const KEY: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

    #[test]
    fn what_a_browser_hands_over_is_kept_as_it_is() {
        let endpoint = "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV";
        let subscription = Subscription::parse(endpoint, KEY, &format!("{AUTH}==")).unwrap();
        assert_eq!(subscription.endpoint(), endpoint);
        assert_eq!(subscription.keys(), [KEY, &format!("{AUTH}==")]);
        assert!(!format!("{subscription:?}").contains("push"), "an endpoint is a secret");
    }

    #[test]
    fn what_is_no_subscription_is_refused_by_field() {
        use InvalidSubscription::{Auth, Endpoint, PublicKey};
        let good = "https://push.example.net/x";
        let long = format!("https://push.example.net/{}", "x".repeat(2_000));
        // On the curve's field, not on the curve.
        let beside = BASE64URL.encode([&[4_u8][..], &[1; 64]].concat());
        for (endpoint, key, auth, wrong) in [
            ("push.example.net", KEY, AUTH, Endpoint),
            ("ftp://push.example.net", KEY, AUTH, Endpoint),
            ("https://me:you@push.example.net", KEY, AUTH, Endpoint),
            (&long, KEY, AUTH, Endpoint),
            (good, "", AUTH, PublicKey),
            (good, AUTH, AUTH, PublicKey),
            (good, &beside, AUTH, PublicKey),
            (good, KEY, "", Auth),
            (good, KEY, KEY, Auth),
            (good, KEY, "!", Auth),
        ] {
            assert_eq!(Subscription::parse(endpoint, key, auth), Err(wrong), "{endpoint} {key} {auth}");
        }
    }
}
