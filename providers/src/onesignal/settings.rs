//! What must be known of an app at OneSignal.

use reqwest::header::HeaderValue;
use serde::Deserialize;
use url::Url;

use crate::http::{endpoint, parse_base};
use crate::secret::Secret;
use crate::setting::InvalidSetting;

/// Push through OneSignal.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OneSignalSettings {
    /// The app's id, a UUID. Default none: required. Also `ONESIGNAL_APP_ID`.
    pub app_id: String,
    /// The app's API key; with `mode = "legacy"` the REST API key. Default none: required. Also `ONESIGNAL_REST_API_KEY`.
    pub api_key: Secret,
    /// Which of OneSignal's two ways of naming users and keys, `current` or `legacy`. Default `current`.
    pub mode: OneSignalMode,
    /// Where OneSignal is, with or without its path. Default `https://api.onesignal.com`: legacy `https://onesignal.com`.
    pub base_url: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "String")]
pub enum OneSignalMode {
    /// `/notifications`, `Authorization: Key ..`, `include_aliases`.
    #[default]
    Current,
    /// `/api/v1/notifications`, `Authorization: Basic ..`, `include_external_user_ids`: for apps that still have such a key.
    Legacy,
}

impl TryFrom<String> for OneSignalMode {
    type Error = &'static str;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        match word.as_str() {
            "current" => Ok(Self::Current),
            "legacy" => Ok(Self::Legacy),
            _ => Err("expected current or legacy"),
        }
    }
}

impl OneSignalSettings {
    pub fn validate(&self) -> Vec<InvalidSetting> {
        let mut wrong = Vec::new();
        if self.app_id.is_empty() {
            wrong.push(InvalidSetting::new("app_id", "is required"));
        } else if uuid::Uuid::try_parse(&self.app_id).is_err() {
            wrong.push(InvalidSetting::new("app_id", "is no UUID"));
        }
        wrong.extend(InvalidSetting::unless_a_word("api_key", self.api_key.reveal()));
        wrong.extend(self.url().err());
        wrong
    }

    pub(super) fn url(&self) -> Result<Url, InvalidSetting> {
        let (home, path): (_, &[_]) = match self.mode {
            OneSignalMode::Current => ("https://api.onesignal.com", &["notifications"]),
            OneSignalMode::Legacy => ("https://onesignal.com", &["api", "v1", "notifications"]),
        };
        Ok(endpoint(&parse_base("base_url", self.base_url.as_deref().unwrap_or(home))?, path, &[]))
    }

    pub(super) fn authorization(&self) -> Result<HeaderValue, InvalidSetting> {
        let scheme = match self.mode {
            OneSignalMode::Current => "Key",
            // The key as it is, whatever RFC 7617 says about Basic.
            OneSignalMode::Legacy => "Basic",
        };
        let value = HeaderValue::try_from(format!("{scheme} {}", self.api_key.reveal()));
        let mut value = value.map_err(|_| InvalidSetting::new("api_key", "cannot stand in a header"))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(mode: OneSignalMode, base_url: Option<&str>) -> OneSignalSettings {
        OneSignalSettings {
            app_id: "11111111-2222-4333-8444-555555555555".into(),
            api_key: Secret::new("hush"),
            mode,
            base_url: base_url.map(Into::into),
        }
    }

    #[test]
    fn requests_go_where_the_mode_says() {
        let url = |mode, base| settings(mode, base).url().unwrap().to_string();
        use OneSignalMode::{Current, Legacy};
        assert_eq!(url(Current, None), "https://api.onesignal.com/notifications");
        assert_eq!(url(Legacy, None), "https://onesignal.com/api/v1/notifications");
        assert_eq!(url(Legacy, Some("https://onesignal.com/api/v1/")), "https://onesignal.com/api/v1/notifications");
        assert_eq!(url(Current, Some("http://127.0.0.1:9/")), "http://127.0.0.1:9/notifications");
    }

    #[test]
    fn what_is_missing_is_named_and_the_key_is_not_shown() {
        let fields = |settings: &OneSignalSettings| -> Vec<_> {
            settings.validate().into_iter().map(|invalid| invalid.field).collect()
        };
        assert_eq!(fields(&OneSignalSettings::default()), ["app_id", "api_key"]);
        let mut given = settings(OneSignalMode::Current, Some("nowhere"));
        given.app_id = "x".into();
        given.api_key = Secret::new("two words");
        assert_eq!(fields(&given), ["app_id", "api_key", "base_url"]);
        assert!(!format!("{:?}", settings(OneSignalMode::Current, None)).contains("hush"));
    }

    #[test]
    fn an_unknown_key_is_refused() {
        assert!(serde_json::from_str::<OneSignalSettings>(r#"{"app_id": "x", "mode": "legacy"}"#).is_ok());
        assert!(serde_json::from_str::<OneSignalSettings>(r#"{"app": "x"}"#).is_err());
    }
}
