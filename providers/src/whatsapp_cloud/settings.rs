//! What must be known of a business number at Meta.

use reqwest::header::HeaderValue;
use serde::Deserialize;
use url::Url;

use crate::http::{endpoint, parse_base};
use crate::secret::Secret;
use crate::setting::InvalidSetting;

const HOME: &str = "https://graph.facebook.com";
const VERSION: &str = "v23.0";

/// WhatsApp through Meta's Cloud API.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WhatsAppCloudSettings {
    /// Access token of a system user with `whatsapp_business_messaging`. Default none: required.
    pub access_token: Secret,
    /// Id of the number that messages come from (not the number itself). Default none: required.
    pub phone_number_id: String,
    /// Version of the Graph API. Default `v23.0`.
    pub api_version: String,
    /// Where the Graph API is, with or without a version. Default `https://graph.facebook.com`.
    pub base_url: Option<String>,
}

impl Default for WhatsAppCloudSettings {
    fn default() -> Self {
        Self {
            access_token: Secret::default(),
            phone_number_id: String::new(),
            api_version: VERSION.to_owned(),
            base_url: None,
        }
    }
}

impl WhatsAppCloudSettings {
    pub fn validate(&self) -> Vec<InvalidSetting> {
        let mut wrong = Vec::new();
        wrong.extend(InvalidSetting::unless_a_word("access_token", self.access_token.reveal()));
        if self.phone_number_id.is_empty() {
            wrong.push(InvalidSetting::new("phone_number_id", "is required"));
        } else if !self.phone_number_id.bytes().all(|byte| byte.is_ascii_digit()) {
            wrong.push(InvalidSetting::new("phone_number_id", "is Meta's id of the number, digits only"));
        }
        if !is_version(&self.api_version) {
            wrong.push(InvalidSetting::new("api_version", "must be like v23.0"));
        }
        wrong.extend(self.url().err());
        wrong
    }

    pub(super) fn url(&self) -> Result<Url, InvalidSetting> {
        let base = parse_base("base_url", self.base_url.as_deref().unwrap_or(HOME))?;
        // A version in the URL was chosen by somebody: it holds.
        let given =
            base.path_segments().into_iter().flatten().find(|segment| is_version(segment)).map(ToOwned::to_owned);
        let version = given.as_deref().unwrap_or(&self.api_version);
        Ok(endpoint(&base, &[version, &self.phone_number_id, "messages"], &[]))
    }

    pub(super) fn authorization(&self) -> Result<HeaderValue, InvalidSetting> {
        let value = HeaderValue::try_from(format!("Bearer {}", self.access_token.reveal()));
        let mut value = value.map_err(|_| InvalidSetting::new("access_token", "cannot stand in a header"))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

fn is_version(text: &str) -> bool {
    let numbers = text.strip_prefix('v').and_then(|rest| rest.split_once('.'));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    numbers.is_some_and(|(major, minor)| is_number(major) && is_number(minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_stands_in_the_url_once() {
        let url = |base: Option<&str>| {
            let settings = WhatsAppCloudSettings {
                phone_number_id: "123".into(),
                base_url: base.map(Into::into),
                ..WhatsAppCloudSettings::default()
            };
            settings.url().unwrap().to_string()
        };
        assert_eq!(url(None), "https://graph.facebook.com/v23.0/123/messages");
        assert_eq!(url(Some("https://graph.facebook.com/")), "https://graph.facebook.com/v23.0/123/messages");
        assert_eq!(url(Some("https://graph.facebook.com/v21.0")), "https://graph.facebook.com/v21.0/123/messages");
        assert_eq!(
            url(Some("http://127.0.0.1:9/meta/v21.0/123/messages")),
            "http://127.0.0.1:9/meta/v21.0/123/messages"
        );
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let fields = |settings: &WhatsAppCloudSettings| -> Vec<_> {
            settings.validate().into_iter().map(|invalid| invalid.field).collect()
        };
        assert_eq!(fields(&WhatsAppCloudSettings::default()), ["access_token", "phone_number_id"]);
        let wrong = WhatsAppCloudSettings {
            access_token: Secret::new("x"),
            phone_number_id: "+62 812".into(),
            api_version: "23".into(),
            base_url: None,
        };
        assert_eq!(fields(&wrong), ["phone_number_id", "api_version"]);
    }
}
