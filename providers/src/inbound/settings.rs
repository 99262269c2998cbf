//! What proves who calls a webhook of ours.

use serde::Deserialize;

use crate::secret::Secret;

/// Secrets of incoming webhooks. Without its secret a webhook answers nobody.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookSecrets {
    /// Xendit's callback token, as its dashboard shows it. Default none. Also `XENDIT_WEBHOOK_TOKEN`.
    pub xendit_token: Secret,
    /// What OneSignal's Event Streams are told to send as `Authorization`, and what the URL of its browser webhooks holds.
    /// Default none.
    pub onesignal_secret: Secret,
    /// What the URL that Mailketing was given holds. Default none.
    pub mailketing_secret: Secret,
    /// What the URL that Starsender was given holds. Default none.
    pub starsender_secret: Secret,
    /// The app secret that Meta signs with. Default none.
    pub whatsapp_app_secret: Secret,
    /// What Meta gives back as `hub.verify_token` in its handshake. Default none.
    pub whatsapp_verify_token: Secret,
}

/// The platform's own variables and which key of ours each stands for (requirements R78).
pub const ALIASES: [(&str, &str); 1] = [("XENDIT_WEBHOOK_TOKEN", "xendit_token")];
