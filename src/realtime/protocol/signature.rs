//! Signatures of the Pusher protocol: HMAC-SHA256 under the application's secret, in hex.
//!
//! A signature proves that some endpoint with the secret agreed, no more: who is a member is checked by the node.

use aws_lc_rs::hmac;

use super::credentials::AppCredentials;

/// The application's key and its secret, ready to sign.
#[derive(Clone)]
pub struct Signer {
    key: String,
    secret: hmac::Key,
}

impl Signer {
    pub fn new(app: &AppCredentials) -> Self {
        Self { key: app.key.clone(), secret: hmac::Key::new(hmac::HMAC_SHA256, app.secret.as_bytes()) }
    }

    /// The public key, as in the URL.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// `key:hex` over `socket_id:channel`, or `socket_id:channel:channel_data`.
    pub fn channel(&self, socket_id: &str, channel: &str, channel_data: Option<&str>) -> String {
        let tag = self.sign(channel_text(socket_id, channel, channel_data).as_bytes());
        format!("{}:{tag}", self.key)
    }

    /// Whether `auth` was made by [`Signer::channel`] of the same three texts, byte for byte. Takes the same time
    /// wherever a wrong signature goes wrong.
    pub fn permits(&self, auth: &str, socket_id: &str, channel: &str, channel_data: Option<&str>) -> bool {
        self.verifies(auth, &channel_text(socket_id, channel, channel_data))
    }

    /// `key:hex` over `socket_id::user::user_data`.
    pub fn user(&self, socket_id: &str, user_data: &str) -> String {
        format!("{}:{}", self.key, self.sign(user_text(socket_id, user_data).as_bytes()))
    }

    /// Whether `auth` was made by [`Signer::user`] of the same two texts, byte for byte.
    pub fn permits_user(&self, auth: &str, socket_id: &str, user_data: &str) -> bool {
        self.verifies(auth, &user_text(socket_id, user_data))
    }

    fn verifies(&self, auth: &str, text: &str) -> bool {
        let Some((key, signature)) = auth.split_once(':') else { return false };
        key == self.key && self.signed(text.as_bytes(), signature)
    }

    /// Whether `signature` is ours of `bytes`, in hex. Takes the same time wherever a wrong one goes wrong.
    pub fn signed(&self, bytes: &[u8], signature: &str) -> bool {
        let Ok(signature) = hex::decode(signature) else { return false };
        hmac::verify(&self.secret, bytes, &signature).is_ok()
    }

    /// Ours of `bytes`, in hex.
    pub fn sign(&self, bytes: &[u8]) -> String {
        hex::encode(hmac::sign(&self.secret, bytes).as_ref())
    }
}

fn user_text(socket_id: &str, user_data: &str) -> String {
    format!("{socket_id}::user::{user_data}")
}

fn channel_text(socket_id: &str, channel: &str, channel_data: Option<&str>) -> String {
    match channel_data {
        Some(channel_data) => format!("{socket_id}:{channel}:{channel_data}"),
        None => format!("{socket_id}:{channel}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer() -> Signer {
        Signer::new(&AppCredentials {
            id: "3".into(),
            key: "278d425bdf160c739803".into(),
            secret: "7ad3773142a6692b25b8".into(),
        })
    }

    /// The worked example of the protocol's documentation.
    const FOOBAR: &str = "278d425bdf160c739803:58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4";

    #[test]
    fn a_private_channel_is_signed_as_the_documentation_shows() {
        assert_eq!(signer().channel("1234.1234", "private-foobar", None), FOOBAR);
        assert!(signer().permits(FOOBAR, "1234.1234", "private-foobar", None));
    }

    #[test]
    fn channel_data_is_part_of_what_is_signed() {
        let data = r#"{"user_id":10,"user_info":{"name":"Mr. Channels"}}"#;
        let auth = signer().channel("1234.1234", "presence-foobar", Some(data));
        let documented = "31935e7d86dba64c2a90aed31fdc61869f9b22ba9d8863bba239c03ca481bc80";
        assert_eq!(auth, format!("278d425bdf160c739803:{documented}"));
        assert!(signer().permits(&auth, "1234.1234", "presence-foobar", Some(data)));
        assert!(!signer().permits(&auth, "1234.1234", "presence-foobar", None));
        assert!(!signer().permits(&auth, "1234.1234", "presence-foobar", Some(&data.replace("10", "11"))));
    }

    #[test]
    fn a_user_is_signed_as_the_documentation_shows() {
        let (socket, user) = ("1234.1234", r#"{"id":"12345"}"#);
        let auth = signer().user(socket, user);
        let documented = "4708d583dada6a56435fb8bc611c77c359a31eebde13337c16ab43aa6de336ba";
        assert_eq!(auth, format!("278d425bdf160c739803:{documented}"));
        assert!(signer().permits_user(&auth, socket, user));
        assert!(!signer().permits_user(&auth, socket, r#"{"id":"12346"}"#));
        assert!(!signer().permits_user(&auth, "1234.1235", user));
        assert!(!signer().permits(&auth, socket, user, None), "it opens no channel");
    }

    #[test]
    fn a_signature_of_another_socket_channel_or_key_permits_nothing() {
        let signer = signer();
        let other_key = FOOBAR.replace("278d", "378d");
        let other_tag = FOOBAR.replace("58df", "59df");
        assert!(!signer.permits(FOOBAR, "1234.1235", "private-foobar", None));
        assert!(!signer.permits(FOOBAR, "1234.1234", "private-foobaz", None));
        for auth in [other_key.as_str(), &other_tag, "", ":", "278d425bdf160c739803:", "278d425bdf160c739803:zz"] {
            assert!(!signer.permits(auth, "1234.1234", "private-foobar", None), "{auth:?}");
        }
    }
}
