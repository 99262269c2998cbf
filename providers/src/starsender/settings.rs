//! What must be known of a device at Starsender.

use reqwest::header::HeaderValue;
use serde::Deserialize;
use url::Url;

use crate::http::{endpoint, parse_base};
use crate::secret::Secret;
use crate::setting::InvalidSetting;

/// WhatsApp through Starsender.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StarsenderSettings {
    /// The device's API key. Default none: required. Also `STARSENDER_API_KEY`.
    pub api_key: Secret,
    /// Where Starsender is, with or without its path. Default
    /// `https://api.starsender.online`. Also `STARSENDER_API_URL`.
    pub base_url: Option<String>,
}

impl StarsenderSettings {
    pub fn validate(&self) -> Vec<InvalidSetting> {
        let mut wrong = Vec::new();
        wrong.extend(InvalidSetting::unless_a_word("api_key", self.api_key.reveal()));
        wrong.extend(self.url().err());
        wrong
    }

    pub(super) fn url(&self) -> Result<Url, InvalidSetting> {
        let base = parse_base("base_url", self.base_url.as_deref().unwrap_or("https://api.starsender.online"))?;
        Ok(endpoint(&base, &["api", "send"], &[]))
    }

    /// The key as it is, without a scheme.
    pub(super) fn authorization(&self) -> Result<HeaderValue, InvalidSetting> {
        let value = HeaderValue::try_from(self.api_key.reveal());
        let mut value = value.map_err(|_| InvalidSetting::new("api_key", "cannot stand in a header"))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_may_have_the_path_or_not() {
        for base in [
            None,
            Some("https://api.starsender.online"),
            Some("https://api.starsender.online/api/"),
            Some("https://api.starsender.online/api/send"),
        ] {
            let settings = StarsenderSettings { base_url: base.map(Into::into), ..StarsenderSettings::default() };
            assert_eq!(settings.url().unwrap().as_str(), "https://api.starsender.online/api/send", "{base:?}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let wrong = StarsenderSettings { base_url: Some("x".into()), ..StarsenderSettings::default() };
        let fields: Vec<_> = wrong.validate().into_iter().map(|invalid| invalid.field).collect();
        assert_eq!(fields, ["api_key", "base_url"]);
    }
}
