//! The platform's session tokens: which key opens which (NextAuth v4 and Auth.js v5, see docs of both on `jwt`).

use aws_lc_rs::hkdf;

use super::claims::Claims;
use super::jwe::{Encryption, Jwe};
use crate::config::Secret;

/// The session cookies, the secure ones first: a browser that has both got the plain one from somewhere else. The name
/// of a v5 cookie is also the salt of its key.
pub const COOKIES: [&str; 4] = [V5_SECURE, V5, "__Secure-next-auth.session-token", "next-auth.session-token"];
const V5: &str = "authjs.session-token";
const V5_SECURE: &str = "__Secure-authjs.session-token";
const V4_INFO: &str = "NextAuth.js Generated Encryption Key";

/// The keys that come from the configured secrets, derived once.
pub struct SessionKeys {
    per_secret: Vec<Keys>,
}

struct Keys {
    v4: [u8; 32],
    v5: [u8; 64],
    v5_secure: [u8; 64],
}

impl SessionKeys {
    pub fn of(secrets: &[Secret]) -> Self {
        Self { per_secret: secrets.iter().map(|secret| Keys::of(secret.reveal())).collect() }
    }

    /// What a token says, if one of the secrets opens it. `cookie` is the name of the cookie it came in; a bearer
    /// token may have been taken from either v5 cookie.
    pub fn claims(&self, token: &str, cookie: Option<&str>) -> Option<Claims> {
        let jwe = Jwe::parse(token)?;
        let words = self.per_secret.iter().find_map(|keys| keys.open(&jwe, cookie))?;
        serde_json::from_slice(&words).ok()
    }
}

impl std::fmt::Debug for SessionKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SessionKeys({} secrets)", self.per_secret.len())
    }
}

impl Keys {
    fn of(secret: &str) -> Self {
        let v5 = |salt: &str| derive(secret, salt, &format!("Auth.js Generated Encryption Key ({salt})"));
        Self { v4: derive(secret, "", V4_INFO), v5: v5(V5), v5_secure: v5(V5_SECURE) }
    }

    fn open(&self, jwe: &Jwe<'_>, cookie: Option<&str>) -> Option<Vec<u8>> {
        match (jwe.encryption, cookie) {
            (Encryption::Gcm, _) => jwe.open(&self.v4),
            (Encryption::CbcHmac, Some(V5)) => jwe.open(&self.v5),
            (Encryption::CbcHmac, Some(V5_SECURE)) => jwe.open(&self.v5_secure),
            (Encryption::CbcHmac, Some(_)) => None,
            (Encryption::CbcHmac, None) => jwe.open(&self.v5_secure).or_else(|| jwe.open(&self.v5)),
        }
    }
}

struct Bytes(usize);

impl hkdf::KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

fn derive<const N: usize>(secret: &str, salt: &str, info: &str) -> [u8; N] {
    let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, salt.as_bytes()).extract(secret.as_bytes());
    let mut key = [0; N];
    extracted
        .expand(&[info.as_bytes()], Bytes(N))
        .and_then(|expanded| expanded.fill(&mut key))
        .expect("32 and 64 bytes are within what HKDF-SHA256 gives");
    key
}
