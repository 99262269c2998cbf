//! Configuration: defaults, then kabar.toml, then the platform's own variables, then `KABAR__SECTION__KEY`.
//!
//! Separate so that every limit of the program is found in one place, documented, and checked before anything starts.
//! The manual of all keys, docs/configuration.md, is made of the comments in here (`manual`).
//! Never in here: reading a key anywhere else than at the start, or a default that depends on the machine.

mod delivery;
mod load;
mod made_secrets;
#[cfg(test)]
mod manual;
mod outside;
mod places;
mod secret;
mod sections;
mod service_keys;
mod uploads;
mod validate;
mod warnings;
mod webhooks;
mod wrong_keys;

use std::path::PathBuf;

use event_log::StoreUrl;
use providers::{EmailSettings, PushSettings, WhatsAppSettings};
use serde::Deserialize;

pub use delivery::DeliveryConfig;
pub use load::{LoadError, WrongKey, load};
pub use made_secrets::{MadeSecretsError, can_sign, settle};
pub use secret::Secret;
pub use sections::{
    AuthConfig, CachesConfig, CorsConfig, DatabaseConfig, DemoConfig, DemoMode, DoorConfig, JwtConfig, LimitsConfig,
    LogConfig, LogFormat, PlatformConfig, Rate, RealtimeSection, RouteLimit, ServerConfig,
};
pub use service_keys::{Scope, ServiceKey};
pub use uploads::UploadsConfig;
pub use validate::Invalid;
pub use warnings::warnings;
pub use webhooks::WebhookSection;

/// Everything that can be set.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    pub server: ServerConfig,
    pub database: DatabaseConfig,
    pub auth: AuthConfig,
    pub platform: PlatformConfig,
    pub cors: CorsConfig,
    pub realtime: RealtimeSection,
    pub door: DoorConfig,
    pub caches: CachesConfig,
    pub limits: LimitsConfig,
    pub uploads: UploadsConfig,
    pub push: PushSettings,
    pub email: EmailSettings,
    pub whatsapp: WhatsAppSettings,
    pub delivery: DeliveryConfig,
    pub log: LogConfig,
    pub demo: DemoConfig,
}

impl Config {
    /// Base of absolute links, without a slash at the end.
    pub fn base_url(&self) -> String {
        match &self.platform.base_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{}", std::net::SocketAddr::new(self.server.host, self.server.port)),
        }
    }

    /// Where files of people lie; `None` where that was not said and the store has no folder.
    pub fn uploads_folder(&self) -> Option<PathBuf> {
        match (&self.uploads.folder, StoreUrl::parse(self.database.url.reveal())) {
            (Some(folder), _) => Some(folder.clone()),
            (None, Ok(StoreUrl::Sqlite(directory))) => Some(directory.join(attachments::folder::BESIDE)),
            (None, Ok(StoreUrl::Postgres(_)) | Err(_)) => None,
        }
    }

    /// The origins whose pages may read answers and write by cookie, as browsers name them.
    pub fn allowed_origins(&self) -> Vec<String> {
        let given = self.cors.origins.iter().map(String::as_str);
        std::iter::once(self.base_url().as_str())
            .chain(given)
            .filter_map(|text| url::Url::parse(text).ok())
            .map(|url| url.origin().ascii_serialization())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_named_as_browsers_name_them() {
        let mut config = Config::default();
        config.platform.base_url = Some("https://App.Example.id:443/".to_owned());
        config.cors.origins = vec!["http://localhost:3000".to_owned()];
        assert_eq!(config.allowed_origins(), ["https://app.example.id", "http://localhost:3000"]);
        assert_eq!(config.base_url(), "https://App.Example.id:443");
    }

    #[test]
    fn without_a_platform_kabars_own_address_is_the_base() {
        assert_eq!(Config::default().base_url(), "http://127.0.0.1:8080");
    }
}
