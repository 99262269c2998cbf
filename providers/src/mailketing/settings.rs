//! What must be known of an account at Mailketing.

use reqwest::header::HeaderValue;
use serde::Deserialize;
use url::Url;

use crate::http::{endpoint, parse_base};
use crate::secret::Secret;
use crate::setting::InvalidSetting;

/// E-mail through Mailketing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailketingSettings {
    /// The account's API token. Default none: required. Also `MAILKETING_API_KEY`.
    pub api_token: Secret,
    /// Which version of the API, `v1` or `v2`. Default `v1`.
    pub version: MailketingVersion,
    /// Where Mailketing is, with or without its path. Default
    /// `https://api.mailketing.co.id`. Also `MAILKETING_API_URL`.
    pub base_url: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "String")]
pub enum MailketingVersion {
    /// A form, the token in it; every answer is HTTP 200.
    #[default]
    V1,
    /// JSON, the token in a header.
    V2,
}

impl TryFrom<String> for MailketingVersion {
    type Error = &'static str;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        match word.as_str() {
            "v1" => Ok(Self::V1),
            "v2" => Ok(Self::V2),
            _ => Err("expected v1 or v2"),
        }
    }
}

impl MailketingSettings {
    pub fn validate(&self) -> Vec<InvalidSetting> {
        let mut wrong = Vec::new();
        wrong.extend(InvalidSetting::unless_a_word("api_token", self.api_token.reveal()));
        wrong.extend(self.url().err());
        wrong
    }

    pub(super) fn url(&self) -> Result<Url, InvalidSetting> {
        let base = parse_base("base_url", self.base_url.as_deref().unwrap_or("https://api.mailketing.co.id"))?;
        // A URL that names the other version is an older one: `version` says which it is to be.
        Ok(match self.version {
            MailketingVersion::V1 => endpoint(&base, &["api", "v1", "send"], &["v2"]),
            MailketingVersion::V2 => endpoint(&base, &["api", "v2", "send"], &["v1"]),
        })
    }

    pub(super) fn token(&self) -> Result<HeaderValue, InvalidSetting> {
        let value = HeaderValue::try_from(self.api_token.reveal());
        let mut value = value.map_err(|_| InvalidSetting::new("api_token", "cannot stand in a header"))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_decides_where_requests_go() {
        let url = |version, base: Option<&str>| {
            let settings =
                MailketingSettings { version, base_url: base.map(Into::into), ..MailketingSettings::default() };
            settings.url().unwrap().to_string()
        };
        use MailketingVersion::{V1, V2};
        assert_eq!(url(V1, None), "https://api.mailketing.co.id/api/v1/send");
        for base in
            ["https://api.mailketing.co.id", "https://api.mailketing.co.id/api/v1/", "https://api.mailketing.co.id/v1"]
        {
            assert_eq!(url(V1, Some(base)), "https://api.mailketing.co.id/api/v1/send");
            assert_eq!(url(V2, Some(base)), "https://api.mailketing.co.id/api/v2/send");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let wrong = MailketingSettings { base_url: Some("x".into()), ..MailketingSettings::default() };
        let fields: Vec<_> = wrong.validate().into_iter().map(|invalid| invalid.field).collect();
        assert_eq!(fields, ["api_token", "base_url"]);
    }
}
