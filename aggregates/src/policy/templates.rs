//! The words of notifications, kept as data beside the code (requirements §2): per type and locale.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::notification::NotificationType;

/// The locale of whoever chose none (requirements R9).
pub const DEFAULT_LOCALE: &str = "id";

/// A title, a message and a link with `{names}` to fill in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    pub title: String,
    pub message: String,
    pub link: String,
}

/// A notification's words, ready to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    pub title: String,
    pub message: String,
    pub link: String,
}

type Templates = BTreeMap<String, BTreeMap<String, Template>>;

/// Compiled in and parsed once; a test reads every entry, so it cannot fail in use.
static TEMPLATES: LazyLock<Templates> =
    LazyLock::new(|| serde_json::from_str(include_str!("templates.json")).unwrap_or_default());

/// The words for `kind` in `locale`, else in the default locale. `None` for a type that has no template yet.
pub fn render(kind: NotificationType, locale: &str, values: &[(&str, &str)]) -> Option<Text> {
    let by_locale = TEMPLATES.get(kind.name())?;
    let template = by_locale.get(locale).or_else(|| by_locale.get(DEFAULT_LOCALE))?;
    Some(Text {
        title: fill(&template.title, values, str::to_owned),
        message: fill(&template.message, values, str::to_owned),
        link: fill(&template.link, values, path_segment),
    })
}

/// One pass, so that a value that looks like a placeholder is not filled in again.
fn fill(template: &str, values: &[(&str, &str)], escape: fn(&str) -> String) -> String {
    let mut text = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some(start) = rest.find('{') {
        let Some(length) = rest[start..].find('}') else { break };
        let name = &rest[start + 1..start + length];
        text.push_str(&rest[..start]);
        match values.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => text.push_str(&escape(value)),
            None => text.push_str(&rest[start..=start + length]),
        }
        rest = &rest[start + length + 1..];
    }
    text.push_str(rest);
    text
}

/// A value in a link stays one segment of its path: a name such as `/elsewhere.example` must not lead elsewhere.
fn path_segment(value: &str) -> String {
    let mut segment = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            segment.push(char::from(byte));
        } else {
            segment.push_str(&format!("%{byte:02X}"));
        }
    }
    segment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_parses() {
        let templates: Result<Templates, _> = serde_json::from_str(include_str!("templates.json"));
        assert!(templates.is_ok_and(|templates| !templates.is_empty()));
    }

    #[test]
    fn a_follower_is_announced_in_the_readers_language() {
        let values = [("actor", "Rara {username}"), ("username", "rara")];
        let text = render(NotificationType::Follower, "id", &values).expect("a template");
        assert_eq!(text.title, "Pengikut Baru");
        assert_eq!(text.message, "Rara {username} mulai mengikuti Anda");
        assert_eq!(text.link, "/rara");
        let text = render(NotificationType::Follower, "en", &values).expect("a template");
        assert_eq!(text.title, "New follower");
    }

    #[test]
    fn a_name_cannot_lead_a_link_elsewhere() {
        let text = render(NotificationType::Follower, "id", &[("username", "/elsewhere.example")]).expect("a template");
        assert_eq!(text.link, "/%2Felsewhere.example");
    }
}
