//! Keys of the platform's own programs, each with what it may do.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Error, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};

use super::{Invalid, Secret};

const KEY_BYTES_MIN: usize = 32;
const NAME_CHARS_MAX: usize = 64;

/// In kabar.toml `{ name = "platform", key = "..", scopes = ["people"] }`; in the environment, separated by commas,
/// `platform:people+moderation:KEY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceKey {
    /// For logs and limits; letters, digits, - and _.
    pub name: String,
    pub key: Secret,
    pub scopes: BTreeSet<Scope>,
}

/// What a service may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub enum Scope {
    /// Say who people are.
    People,
    /// Read and resolve reports.
    Moderation,
    /// Send notifications.
    Notifications,
}

impl Scope {
    pub const ALL: [Self; 3] = [Self::People, Self::Moderation, Self::Notifications];

    pub const fn name(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Moderation => "moderation",
            Self::Notifications => "notifications",
        }
    }

    fn parse(name: &str) -> Result<Self, String> {
        let known = || Self::ALL.map(Self::name).join(" or ");
        Self::ALL.into_iter().find(|scope| scope.name() == name).ok_or_else(|| format!("expected {}", known()))
    }
}

impl TryFrom<String> for Scope {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::parse(&name)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    name: String,
    key: Secret,
    scopes: BTreeSet<Scope>,
}

impl<'de> Deserialize<'de> for ServiceKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EitherForm)
    }
}

struct EitherForm;

impl<'de> Visitor<'de> for EitherForm {
    type Value = ServiceKey;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NAME:SCOPE+SCOPE:KEY, or a table with name, key and scopes")
    }

    // What is said must not show the text: there is a key in it.
    fn visit_str<E: Error>(self, text: &str) -> Result<ServiceKey, E> {
        let mut parts = text.splitn(3, ':');
        let (Some(name), Some(scopes), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(E::custom("expected NAME:SCOPE+SCOPE:KEY"));
        };
        let scopes = scopes.split('+').map(Scope::parse).collect::<Result<_, _>>().map_err(E::custom)?;
        Ok(ServiceKey { name: name.to_owned(), key: Secret::new(key), scopes })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ServiceKey, A::Error> {
        let Table { name, key, scopes } = Table::deserialize(MapAccessDeserializer::new(map))?;
        Ok(ServiceKey { name, key, scopes })
    }
}

/// What cannot be so.
pub(super) fn wrong(keys: &[ServiceKey]) -> Vec<Invalid> {
    let mut found = Vec::new();
    let mut complain = |reason: String| found.push(Invalid::new("auth.service_keys", reason));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let mut names = BTreeSet::new();
    for (index, ServiceKey { name, key, scopes }) in keys.iter().enumerate() {
        if name.is_empty() || name.len() > NAME_CHARS_MAX || !name.bytes().all(plain) {
            complain(format!("[{index}]: a name has 1 to {NAME_CHARS_MAX} letters, digits, - and _"));
        } else if !names.insert(name) {
            complain(format!("{name} is there twice"));
        }
        let visible = key.reveal().bytes().all(|byte| byte.is_ascii_graphic());
        if key.reveal().len() < KEY_BYTES_MIN || !visible {
            complain(format!("[{index}]: a key has at least {KEY_BYTES_MIN} visible ASCII characters"));
        }
        if keys[..index].iter().any(|other| other.key == *key) {
            complain(format!("[{index}]: the same key as another"));
        }
        if scopes.is_empty() {
            complain(format!("[{index}]: without a scope it can do nothing"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Write;

    use super::*;

    const KEY: &str = "0123456789abcdef0123456789abcdef";

    fn key(name: &str, key: &str) -> ServiceKey {
        ServiceKey { name: name.to_owned(), key: Secret::new(key), scopes: BTreeSet::from([Scope::People]) }
    }

    #[test]
    fn a_key_is_written_in_a_file_or_in_a_variable() {
        let variable = format!("platform:people+moderation+notifications:{KEY},other:people:{KEY}:x");
        let given = BTreeMap::from([("KABAR__AUTH__SERVICE_KEYS".to_owned(), variable)]);
        let config = super::super::load(None, &given).expect("right");
        let all = ServiceKey { scopes: BTreeSet::from(Scope::ALL), ..key("platform", KEY) };
        assert_eq!(config.auth.service_keys, [all.clone(), key("other", &format!("{KEY}:x"))]);

        let mut file = tempfile::NamedTempFile::new().expect("a file");
        let text = format!(
            "[[auth.service_keys]]\nname = \"platform\"\nkey = \"{KEY}\"\nscopes = [\"people\", \"moderation\", \"notifications\"]\n"
        );
        file.write_all(text.as_bytes()).expect("written");
        let config = super::super::load(Some(file.path()), &BTreeMap::new()).expect("right");
        assert_eq!(config.auth.service_keys, [all]);
        assert!(!format!("{config:?}").contains(KEY));
    }

    #[test]
    fn a_key_of_another_form_is_refused_and_not_shown() {
        for wrong in ["hush", "a:hush", "a:king:hush"] {
            let given = BTreeMap::from([("KABAR__AUTH__SERVICE_KEYS".to_owned(), wrong.to_owned())]);
            let error = super::super::load(None, &given).expect_err(wrong).to_string();
            assert!(error.contains("auth.service_keys") && !error.contains("hush"), "{error}");
        }
    }

    #[test]
    fn names_and_keys_are_ones_own_and_a_key_is_long() {
        assert_eq!(wrong(&[key("a", KEY), key("b", &KEY.replace('0', "x"))]), []);
        for keys in [
            vec![key("a b", KEY)],
            vec![key("a", "short")],
            vec![key("a", &KEY.replace('0', " "))],
            vec![key("a", KEY), key("b", KEY)],
            vec![key("a", KEY), key("a", &KEY.replace('0', "x"))],
            vec![ServiceKey { scopes: BTreeSet::new(), ..key("a", KEY) }],
        ] {
            let found = wrong(&keys);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(!found[0].reason.contains(KEY));
        }
    }
}
