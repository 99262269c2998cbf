//! Whether a webhook comes from whom it says. All comparisons take as long for a near miss as for a wild guess.

use aws_lc_rs::hmac;

use crate::secret::Secret;

/// For every service that only knows a secret: Xendit's `x-callback-token` (equal to the token, no HMAC: requirements §7),
/// the header that was chosen for OneSignal's Event Streams, the secret in the URL of Mailketing's and Starsender's webhooks,
/// Meta's `hub.verify_token`. Nobody knows a secret that was never configured.
pub fn knows(given: Option<&str>, secret: &Secret) -> bool {
    given.is_some_and(|given| secret.is(given))
}

/// Meta's `X-Hub-Signature-256: sha256=<hex>`: an HMAC of the body as it came, byte for byte.
pub fn is_signed_by_meta(header: Option<&str>, body: &[u8], app_secret: &Secret) -> bool {
    let Some(signature) = header.and_then(|header| header.strip_prefix("sha256=")) else { return false };
    let Ok(signature) = hex::decode(signature.trim()) else { return false };
    let key = hmac::Key::new(hmac::HMAC_SHA256, app_secret.reveal().as_bytes());
    !app_secret.is_empty() && hmac::verify(&key, body, &signature).is_ok()
}

/// Meta's handshake: what to answer to `GET ?hub.mode=subscribe&hub.verify_token=..&hub.challenge=..`, as plain text.
/// None: 403. Only a challenge of letters and digits is given back, since whoever asks chooses it.
pub fn hub_challenge(mode: Option<&str>, token: Option<&str>, challenge: Option<&str>, own: &Secret) -> Option<String> {
    let challenge = challenge.filter(|text| (1..=128).contains(&text.len()))?;
    let is_plain = challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    (mode == Some("subscribe") && knows(token, own) && is_plain).then(|| challenge.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_does_not_know_the_secret_is_nobody() {
        let secret = Secret::new("hunter2");
        assert!(knows(Some("hunter2"), &secret));
        for given in [None, Some(""), Some("hunter"), Some("hunter22")] {
            assert!(!knows(given, &secret), "{given:?}");
        }
        assert!(!knows(Some(""), &Secret::default()), "nothing is configured, so nobody may come in");
    }

    /// RFC 4231, test case 2.
    #[test]
    fn a_signature_is_of_this_body_under_this_secret() {
        let secret = Secret::new("Jefe");
        let body = b"what do ya want for nothing?";
        let signature = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert!(is_signed_by_meta(Some(&format!("sha256={signature}")), body, &secret));
        assert!(!is_signed_by_meta(Some(&format!("sha256={signature}")), b"another body", &secret));
        assert!(!is_signed_by_meta(Some(&format!("sha256={signature}")), body, &Secret::new("jefe")));
        for header in [None, Some(signature), Some("sha1=00"), Some("sha256="), Some("sha256=zz"), Some("sha256=5bdc")]
        {
            assert!(!is_signed_by_meta(header, body, &secret), "{header:?}");
        }
        let empty = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b""), body);
        let header = format!("sha256={}", hex::encode(empty.as_ref()));
        assert!(!is_signed_by_meta(Some(&header), body, &Secret::default()), "no secret was configured");
    }

    #[test]
    fn a_handshake_is_answered_to_whom_it_belongs() {
        let own = Secret::new("verify-me");
        let answer = |mode, token, challenge| hub_challenge(mode, token, challenge, &own);
        assert_eq!(answer(Some("subscribe"), Some("verify-me"), Some("1158201444")).as_deref(), Some("1158201444"));
        assert_eq!(answer(Some("subscribe"), Some("wrong"), Some("1")), None);
        assert_eq!(answer(Some("unsubscribe"), Some("verify-me"), Some("1")), None);
        assert_eq!(answer(Some("subscribe"), Some("verify-me"), None), None);
        assert_eq!(answer(Some("subscribe"), Some("verify-me"), Some("<script>")), None);
        assert_eq!(hub_challenge(Some("subscribe"), Some(""), Some("1"), &Secret::default()), None);
    }
}
