//! What must be known to push to browsers directly.

use serde::Deserialize;
use url::{Host, Url};

use super::subscription::decoded;
use super::vapid::VapidKey;
use crate::secret::Secret;
use crate::setting::InvalidSetting;

/// The push services of today's browsers: Chrome, Edge on Android and others; Firefox; Edge on Windows; Safari.
const PUSH_SERVICES: [&str; 5] = [
    "fcm.googleapis.com",
    "*.push.services.mozilla.com",
    "*.notify.windows.com",
    "web.push.apple.com",
    "*.push.apple.com",
];
const TTL_SECONDS_DEFAULT: u64 = 24 * 60 * 60;
/// What push services keep a message for at most.
const TTL_SECONDS_MAX: u64 = 28 * 24 * 60 * 60;

/// Push to browsers without a service in between.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebPushSettings {
    /// The public VAPID key that pages subscribe with, as `npx web-push generate-vapid-keys` prints it;
    /// a private key that does not belong to it is refused at the start. Default none: required.
    pub public_key: String,
    /// The private key that belongs to it. Default none: required.
    pub private_key: Secret,
    /// Where push services write to when something is wrong with what we send: `mailto:..` or `https://..`. Default none:
    /// required.
    pub contact: String,
    /// Seconds a push service keeps a message for a browser that is away, at most 2,419,200. Default 86,400.
    pub ttl_seconds: u64,
    /// Hosts that endpoints may have. They come from browsers, so anybody can name any: without this list Kabar would send
    /// requests into its own network for whoever asks. `*.` stands for any name in front. Default: the push services of
    /// Chrome, Firefox, Edge and Safari.
    pub endpoint_hosts: Vec<String>,
}

impl Default for WebPushSettings {
    fn default() -> Self {
        Self {
            public_key: String::new(),
            private_key: Secret::default(),
            contact: String::new(),
            ttl_seconds: TTL_SECONDS_DEFAULT,
            endpoint_hosts: PUSH_SERVICES.map(ToOwned::to_owned).to_vec(),
        }
    }
}

impl WebPushSettings {
    pub fn validate(&self) -> Vec<InvalidSetting> {
        let mut wrong = Vec::new();
        if self.public_key.is_empty() {
            wrong.push(InvalidSetting::new("public_key", "is required"));
        }
        if self.private_key.is_empty() {
            wrong.push(InvalidSetting::new("private_key", "is required"));
        } else {
            wrong.extend(self.key().err());
        }
        let is_contact = |contact: &str| contact.starts_with("mailto:") || contact.starts_with("https://");
        if self.contact.is_empty() {
            wrong.push(InvalidSetting::new("contact", "is required"));
        } else if !is_contact(&self.contact) {
            wrong.push(InvalidSetting::new("contact", "must begin with mailto: or https://"));
        }
        if self.ttl_seconds > TTL_SECONDS_MAX {
            wrong.push(InvalidSetting::new("ttl_seconds", "must be at most 2,419,200"));
        }
        if self.endpoint_hosts.is_empty() {
            wrong.push(InvalidSetting::new("endpoint_hosts", "must name a host"));
        } else if self.endpoint_hosts.iter().any(|host| host == "*" || host == "*.") {
            wrong.push(InvalidSetting::new("endpoint_hosts", "must not allow every host"));
        }
        wrong
    }

    /// Whether something may be sent to `endpoint`: to be asked where a subscription is registered, so that one that
    /// could never be used is not kept. HTTP without TLS is for simulators on the same machine.
    pub fn allows(&self, endpoint: &Url) -> bool {
        let (Some(host), Some(name)) = (endpoint.host(), endpoint.host_str()) else { return false };
        let is_here = match &host {
            Host::Domain(name) => *name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        let fits = |allowed: &String| match allowed.strip_prefix("*.") {
            Some(domain) => name.strip_suffix(domain).is_some_and(|front| front.ends_with('.')),
            None => name == allowed,
        };
        (endpoint.scheme() == "https" || (endpoint.scheme() == "http" && is_here))
            && self.endpoint_hosts.iter().any(fits)
    }

    pub(super) fn key(&self) -> Result<VapidKey, InvalidSetting> {
        let wrong = |reason: &str| InvalidSetting::new("private_key", reason);
        let number: [u8; 32] =
            decoded(self.private_key.reveal()).ok_or_else(|| wrong("is not 32 bytes in base64url"))?;
        let key = VapidKey::of(&number).map_err(|_| wrong("is no key of P-256"))?;
        if key.public() != self.public_key.trim().trim_end_matches('=') {
            return Err(wrong("does not belong to public_key"));
        }
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> WebPushSettings {
        WebPushSettings {
            public_key: "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
                .into(),
            private_key: Secret::new("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
            contact: "mailto:ops@example.id".into(),
            ..WebPushSettings::default()
        }
    }

    fn fields(settings: &WebPushSettings) -> Vec<String> {
        settings.validate().into_iter().map(|invalid| invalid.field).collect()
    }

    #[test]
    fn what_is_missing_or_does_not_belong_together_is_named() {
        assert_eq!(fields(&settings()), [""; 0]);
        assert_eq!(fields(&WebPushSettings::default()), ["public_key", "private_key", "contact"]);
        for private in ["AAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE", "not base64"] {
            assert_eq!(fields(&WebPushSettings { private_key: Secret::new(private), ..settings() }), ["private_key"]);
        }
        assert_eq!(fields(&WebPushSettings { contact: "ops@example.id".into(), ..settings() }), ["contact"]);
        assert_eq!(fields(&WebPushSettings { endpoint_hosts: vec!["*".into()], ..settings() }), ["endpoint_hosts"]);
        assert_eq!(fields(&WebPushSettings { ttl_seconds: TTL_SECONDS_MAX + 1, ..settings() }), ["ttl_seconds"]);
        assert!(!format!("{:?}", settings()).contains("yfWP"));
    }

    #[test]
    fn nothing_is_sent_to_hosts_that_are_no_push_service() {
        let mut settings = settings();
        let allows = |settings: &WebPushSettings, url: &str| settings.allows(&url.parse().unwrap());
        for good in [
            "https://fcm.googleapis.com/fcm/send/x",
            "https://updates.push.services.mozilla.com/wpush/v2/x",
            "https://wns2-by3p.notify.windows.com/w/?token=x",
            "https://web.push.apple.com/x",
        ] {
            assert!(allows(&settings, good), "{good}");
        }
        for bad in [
            "http://fcm.googleapis.com/x",
            "https://evilfcm.googleapis.com/x",
            "https://evilpush.services.mozilla.com/x",
            "https://push.apple.com.evil.net/x",
            "https://169.254.169.254/latest",
            "http://127.0.0.1:8080/x",
            "https://localhost/x",
        ] {
            assert!(!allows(&settings, bad), "{bad}");
        }
        settings.endpoint_hosts = vec!["127.0.0.1".into(), "10.0.0.1".into()];
        assert!(allows(&settings, "http://127.0.0.1:8080/x"));
        assert!(!allows(&settings, "http://10.0.0.1/x"), "without TLS only on this machine");
    }
}
