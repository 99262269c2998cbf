//! What values of requests must look like, for `#[garde(custom(..))]`: the limits of requirements R2 and §3.
//!
//! U+0000 is refused in every text: no database column can hold it, and a view that cannot store an event stops.

use std::fmt::Display;
use std::str::FromStr;

use aggregates::limits::MEDIA_TYPE_CHARS_MAX;
pub use aggregates::limits::NAME_CHARS_MAX;
use aggregates::limits::URL_BYTES_MAX;
use aggregates::room::is_media_type;
use aggregates::visible::{is_blank, is_one_line};
use attachments::UploadId;
use attachments::id::ADDRESS_PREFIX;
use jiff::tz::TimeZoneDatabase;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

/// A text that may be absent.
pub trait Text {
    fn text(&self) -> Option<&str>;
}

impl Text for String {
    fn text(&self) -> Option<&str> {
        Some(self)
    }
}

impl Text for Option<String> {
    fn text(&self) -> Option<&str> {
        self.as_deref()
    }
}

/// One that may be said to be absent.
impl Text for Option<Option<String>> {
    fn text(&self) -> Option<&str> {
        self.as_ref()?.as_deref()
    }
}

/// At most `chars_max` characters, U+0000 not among them; empty is fine.
pub fn text<T: Text>(chars_max: usize) -> impl Fn(&T, &()) -> garde::Result {
    move |value, ()| match value.text() {
        Some(text) if text.contains('\0') => Err(garde::Error::new("must not contain U+0000")),
        Some(text) if text.chars().count() > chars_max => {
            Err(garde::Error::new(format!("at most {chars_max} characters")))
        }
        _ => Ok(()),
    }
}

/// The same, and something to be seen in it.
pub fn filled_text<T: Text>(chars_max: usize) -> impl Fn(&T, &()) -> garde::Result {
    move |value, ()| match value.text() {
        Some(given) if is_blank(given) => Err(garde::Error::new("must not be empty")),
        _ => text(chars_max)(value, &()),
    }
}

/// What something is called: the same, in one line.
pub fn name_text<T: Text>(chars_max: usize) -> impl Fn(&T, &()) -> garde::Result {
    move |value, ()| match value.text() {
        Some(given) if !is_one_line(given.trim()) => Err(garde::Error::new(ONE_LINE)),
        _ => filled_text(chars_max)(value, &()),
    }
}

/// What somebody is called; spaces or nothing take it away.
pub fn own_name<T: Text>(chars_max: usize) -> impl Fn(&T, &()) -> garde::Result {
    move |value, ()| match value.text() {
        Some(given) if given.trim().is_empty() => text(chars_max)(value, &()),
        _ => name_text(chars_max)(value, &()),
    }
}

const ONE_LINE: &str = "one line: no control characters, and nothing that turns the direction of writing";

/// What front ends say that have no media type at hand.
const KINDS_OF_FILES: [&str; 5] = ["image", "video", "audio", "document", "file"];

/// `image/png`: two short names, or one of [`KINDS_OF_FILES`]. Free text would be words of somebody that no erasure reaches. Any
/// first half alone, which older histories have, is for imports.
pub fn media_type<T: Text>(value: &T, (): &()) -> garde::Result {
    match value.text() {
        Some(text) if text.len() > MEDIA_TYPE_CHARS_MAX => {
            Err(garde::Error::new(format!("at most {MEDIA_TYPE_CHARS_MAX} characters")))
        }
        Some(text) if KINDS_OF_FILES.contains(&text) => Ok(()),
        Some(text) if !text.contains('/') || !is_media_type(text) => {
            let kinds = KINDS_OF_FILES.join(", ");
            Err(garde::Error::new(format!("a media type such as image/png, or one of {kinds}")))
        }
        _ => Ok(()),
    }
}

/// A key as the header `Idempotency-Key` takes it.
pub fn key<T: Text>(value: &T, (): &()) -> garde::Result {
    let visible = |text: &str| (1..=200).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    match value.text() {
        Some(text) if !visible(text) => Err(garde::Error::new("1 to 200 visible ASCII characters")),
        _ => Ok(()),
    }
}

/// `https://host/..`, without a password in it. As it stands: the parser would pass over spaces and controls, which
/// would be kept all the same.
pub fn https_url<T: Text>(value: &T, (): &()) -> garde::Result {
    let Some(text) = value.text() else { return Ok(()) };
    if text.len() > URL_BYTES_MAX {
        return Err(garde::Error::new(format!("at most {URL_BYTES_MAX} bytes")));
    }
    if text.contains(|character: char| character.is_control() || character.is_whitespace()) {
        return Err(garde::Error::new("no spaces or control characters"));
    }
    let url = url::Url::parse(text).ok();
    let right = url.is_some_and(|url| {
        url.scheme() == "https" && url.has_host() && url.username().is_empty() && url.password().is_none()
    });
    if right { Ok(()) } else { Err(garde::Error::new("an https:// address")) }
}

/// An address elsewhere, or one of our uploads.
pub fn attachment_address<T: Text>(value: &T, context: &()) -> garde::Result {
    match value.text() {
        Some(text) if text.starts_with(ADDRESS_PREFIX) => match UploadId::of_address(text) {
            Some(_) => Ok(()),
            None => Err(garde::Error::new("not the address of an upload")),
        },
        Some(_) | None => https_url(value, context),
    }
}

/// Of the zones that the program brings along, spelled as they are: so every machine knows the same ones.
pub fn a_time_zone<T: Text>(value: &T, (): &()) -> garde::Result {
    let is_one = |name| TimeZoneDatabase::bundled().get(name).is_ok_and(|zone| zone.iana_name() == Some(name));
    match value.text() {
        Some(name) if !is_one(name) => Err(garde::Error::new("an IANA time zone such as Asia/Jakarta")),
        Some(_) | None => Ok(()),
    }
}

/// A language that people are spoken to in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    Id,
    En,
}

impl Locale {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::En => "en",
        }
    }
}

/// `Some(None)` for null, which serde would take for absent.
pub fn said<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A value that has a text form of its own; absent and null are `None`.
pub fn optional<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn a_text_is_counted_in_characters_and_holds_no_zero() {
        assert!(text(3)(&given("äöü"), &()).is_ok());
        assert!(text(3)(&given("abcd"), &()).is_err());
        assert!(text(3)(&given("a\0"), &()).is_err());
        assert!(text::<Option<String>>(3)(&None, &()).is_ok());
        assert!(filled_text(3)(&given(" \n"), &()).is_err());
        assert!(filled_text(3)(&"abc".to_owned(), &()).is_ok());
    }

    #[test]
    fn a_name_is_seen_and_stands_in_one_line() {
        for unseen in ["\u{200B}\u{2060}", "\u{FEFF}", "\u{202E}", "\u{3164}", " ", ""] {
            assert!(
                name_text(9)(&given(unseen), &()).is_err() && filled_text(9)(&given(unseen), &()).is_err(),
                "{unseen:?}"
            );
        }
        for broken in ["a\nb", "a\u{1B}[1m", "a\u{202E}b"] {
            assert!(
                name_text(9)(&given(broken), &()).is_err() && own_name(9)(&given(broken), &()).is_err(),
                "{broken:?}"
            );
            assert!(filled_text(9)(&given(broken), &()).is_ok(), "words may have lines");
        }
        assert!(name_text(9)(&given(" Kelas \n"), &()).is_ok(), "what is around it is left out");
        assert!(own_name(9)(&given(" "), &()).is_ok() && own_name(9)(&given("\u{200B}"), &()).is_err());
        assert!(name_text::<Option<String>>(9)(&None, &()).is_ok());
    }

    #[test]
    fn an_attachment_is_fetched_over_https_only() {
        assert!(https_url(&given("https://cdn.example.org/a.png?x=1"), &()).is_ok());
        for spaced in ["https://a.example/\0", " https://a.example/", "https://a.example/a\nb", "https://a.example/a b"]
        {
            assert!(https_url(&given(spaced), &()).is_err(), "{spaced:?}");
        }
        for wrong in ["", "http://a.example/b", "javascript:alert(1)", "https://", "https://u:p@a.example/", "//a/b"] {
            assert!(https_url(&given(wrong), &()).is_err(), "{wrong}");
        }
        assert!(https_url(&given(&format!("https://a.example/{}", "x".repeat(URL_BYTES_MAX))), &()).is_err());
    }

    #[test]
    fn a_client_message_id_is_a_key() {
        assert!(key(&given("c-1"), &()).is_ok());
        for wrong in ["", "a b", "é", &"x".repeat(201)] {
            assert!(key(&given(wrong), &()).is_err(), "{wrong}");
        }
    }
}
