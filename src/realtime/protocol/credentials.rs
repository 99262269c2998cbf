//! Which application clients connect to: its id, key and secret, and the key of encrypted channels.

use std::fmt;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The application that pusher-js connects to: `PUSHER_APP_ID`, `PUSHER_APP_KEY`, `PUSHER_APP_SECRET`.
#[derive(Clone)]
pub struct AppCredentials {
    /// Digits only: some server SDKs parse it as a number.
    pub id: String,
    /// Public; part of the URL.
    pub key: String,
    /// Signs channels. Never shown, also not by `Debug`.
    pub secret: String,
}

impl fmt::Debug for AppCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppCredentials").field("id", &self.id).field("key", &self.key).finish_non_exhaustive()
    }
}

/// 32 bytes that the application's servers have, too. Never shown, also not by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey([u8; 32]);

/// The text is no such key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("32 bytes in base64")]
pub struct InvalidMasterKey;

impl MasterKey {
    /// From base64, as server SDKs take it.
    pub fn parse(text: &str) -> Result<Self, InvalidMasterKey> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_| InvalidMasterKey)?;
        bytes.try_into().map(Self).map_err(|_| InvalidMasterKey)
    }

    /// The key of one channel, in base64: what its clients open its events with.
    pub fn shared_secret(&self, channel: &str) -> String {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(channel.as_bytes());
        context.update(&self.0);
        STANDARD.encode(context.finish())
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_master_key_is_32_bytes_in_base64_and_is_not_shown() {
        let text = STANDARD.encode([7; 32]);
        let key = MasterKey::parse(&text).expect("a key");
        assert_eq!(format!("{key:?}"), "***");
        // sha256("private-encrypted-a" and 32 times 7), by another program.
        assert_eq!(key.shared_secret("private-encrypted-a"), "Dhj1FoClZczrz/R47X27PbzUv31V0dCJeUOBwc+bxJU=");
        for wrong in ["", "hush", &STANDARD.encode([7; 31]), &STANDARD.encode([7; 33])] {
            assert_eq!(MasterKey::parse(wrong), Err(InvalidMasterKey), "{wrong}");
        }
    }
}
