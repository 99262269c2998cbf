//! A push service of browsers and the browsers behind it, simulated: it checks who sends (RFC 8292), and a browser opens what
//! it was sent (RFC 8291), both written from the browser's side.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::signature::{self, ECDSA_P256_SHA256_FIXED};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde_json::Value;

use super::server::{Asked, Dialect};
use super::told::Reply;

/// A pair of VAPID keys (that of RFC 8291's example).
pub const PUBLIC_KEY: &str = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";
pub const PRIVATE_KEY: &str = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";

/// One browser's own side of its subscription.
pub struct Browser {
    key: PrivateKey,
    auth: [u8; 16],
}

/// Cheap to clone: whoever starts the simulator keeps one to make subscriptions with.
#[derive(Clone, Default)]
pub struct PushService {
    browsers: Arc<Mutex<HashMap<String, Arc<Browser>>>>,
}

/// What a page hands over.
pub struct Subscribed {
    pub endpoint: String,
    pub p256dh: String,
    pub auth: String,
}

impl PushService {
    /// A new browser behind the service at `url`. One whose name begins with `gone` has unsubscribed.
    pub fn subscribe(&self, url: &str, name: &str) -> Subscribed {
        let mut auth = [0; 16];
        aws_lc_rs::rand::fill(&mut auth).expect("randomness");
        let browser = Browser { key: PrivateKey::generate(&ECDH_P256).expect("a key"), auth };
        let public = browser.key.compute_public_key().expect("its public half");
        let subscribed = Subscribed {
            endpoint: format!("{url}/push/{name}"),
            p256dh: BASE64URL.encode(public.as_ref()),
            auth: BASE64URL.encode(auth),
        };
        self.browsers.lock().unwrap_or_else(PoisonError::into_inner).insert(format!("/push/{name}"), Arc::new(browser));
        subscribed
    }

    /// What the page's service worker sees.
    pub fn opened(&self, asked: &Asked) -> Option<Value> {
        let browser = self.browsers.lock().unwrap_or_else(PoisonError::into_inner).get(&asked.path).cloned()?;
        serde_json::from_slice(&open(&asked.body, &browser).ok()?).ok()
    }
}

impl Dialect for PushService {
    fn is_at(&self, path: &str) -> bool {
        path.starts_with("/push/")
    }

    fn complaint(&self, asked: &Asked) -> Option<Reply> {
        let origin = format!("http://{}", asked.header("host"));
        if !is_signed(asked.header("authorization"), &origin) {
            return Some(self.failure(403, "the VAPID token is not valid"));
        }
        if asked.header("ttl").parse::<u64>().is_err() {
            return Some(self.failure(400, "TTL is missing"));
        }
        if asked.header("content-encoding") != "aes128gcm" {
            return Some(self.failure(415, "not aes128gcm"));
        }
        if asked.header("topic").len() > 32 {
            return Some(self.failure(400, "Topic is too long"));
        }
        if asked.path.starts_with("/push/gone") {
            return Some(self.failure(410, "push subscription has unsubscribed or expired."));
        }
        if self.opened(asked).is_none() {
            return Some(self.failure(400, "the browser cannot open it"));
        }
        None
    }

    fn key(&self, asked: &Asked) -> String {
        let id = self.opened(asked).and_then(|message| message["id"].as_str().map(ToOwned::to_owned));
        id.unwrap_or_else(|| "(none)".to_owned())
    }

    fn recognises_repeats(&self) -> bool {
        false
    }

    fn success(&self, asked: &Asked, id: &str) -> Reply {
        Reply::json(201, "created").with("location", &format!("http://{}/message/{id}", asked.header("host")))
    }

    fn failure(&self, status: u16, text: &str) -> Reply {
        let mut reply = Reply::json(status, format!("{text}\n"));
        reply.headers = vec![("content-type", "text/plain".to_owned())];
        reply
    }
}

fn is_signed(authorization: &str, origin: &str) -> bool {
    let parts = || {
        let (token, key) = authorization.strip_prefix("vapid t=")?.split_once(", k=")?;
        let (signed, sign) = token.rsplit_once('.')?;
        let public = signature::UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, BASE64URL.decode(key).ok()?);
        public.verify(signed.as_bytes(), &BASE64URL.decode(sign).ok()?).ok()?;
        let claims: Value = serde_json::from_slice(&BASE64URL.decode(signed.split_once('.')?.1).ok()?).ok()?;
        let is_named = claims["sub"].as_str()?.starts_with("mailto:");
        (key == PUBLIC_KEY && claims["aud"] == origin && claims["exp"].as_u64()? > 0 && is_named).then_some(())
    };
    parts().is_some()
}

/// salt (16) | record size (4) | length of key (1) | key (65) | record
fn open(body: &[u8], browser: &Browser) -> Result<Vec<u8>, Unspecified> {
    if body.len() < 86 + 17 || body[20] != 65 {
        return Err(Unspecified);
    }
    let (salt, server) = (&body[..16], &body[21..86]);
    let own = browser.key.compute_public_key()?;
    let mut input = [0; 32];
    agree(&browser.key, UnparsedPublicKey::new(&ECDH_P256, server), Unspecified, |shared| {
        let about = [b"WebPush: info\0", own.as_ref(), server];
        expand(&browser.auth, shared, &about, &mut input)
    })?;
    let (mut key, mut nonce) = ([0; 16], [0; 12]);
    expand(salt, &input, &[b"Content-Encoding: aes128gcm\0"], &mut key)?;
    expand(salt, &input, &[b"Content-Encoding: nonce\0"], &mut nonce)?;
    let mut record = body[86..].to_vec();
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key)?);
    let plain = key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut record)?;
    let end = plain.iter().rposition(|byte| *byte != 0).ok_or(Unspecified)?;
    if plain[end] == 2 { Ok(plain[..end].to_vec()) } else { Err(Unspecified) }
}

struct Bytes(usize);

impl KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand(salt: &[u8], secret: &[u8], about: &[&[u8]], out: &mut [u8]) -> Result<(), Unspecified> {
    Salt::new(HKDF_SHA256, salt).extract(secret).expand(about, Bytes(out.len()))?.fill(out)
}
