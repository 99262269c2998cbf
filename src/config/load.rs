//! Brings the layers together. The environment is given as a list, so that tests bring their own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use config::{File, FileFormat, Value, ValueKind};

use super::places::{Places, is_about};
use super::wrong_keys::{Sifted, Table, sift, table_of, without_values};
use super::{Config, Invalid, LimitsConfig, Rate};

/// Looked for in the working directory when no file is named.
pub const DEFAULT_FILE: &str = "kabar.toml";
const PREFIX: &str = "KABAR__";

/// Lists, which the environment separates by commas.
const LISTS: [&str; 9] = [
    "auth.nextauth_secrets",
    "auth.jwt.secrets",
    "auth.service_keys",
    "cors.origins",
    "push.order",
    "push.webpush.endpoint_hosts",
    "email.order",
    "whatsapp.order",
    "delivery.retry_ambiguous",
];

/// The platform's own variables that stand for one key of ours (requirements R78), beside those of the services outside.
const ALIASES: [(&str, &str); 4] = [
    ("PUSHER_APP_ID", "realtime.app_id"),
    ("PUSHER_APP_KEY", "realtime.key"),
    ("PUSHER_APP_SECRET", "realtime.secret"),
    ("NEXTAUTH_URL", "platform.base_url"),
];

/// All of them, each with its key.
fn aliases() -> impl Iterator<Item = (&'static str, &'static str)> {
    ALIASES.into_iter().chain(providers::ALIASES)
}

/// These two may both be there: old and new secret of the same platform.
const NEXTAUTH_SECRETS: [&str; 2] = ["AUTH_SECRET", "NEXTAUTH_SECRET"];

/// The configuration cannot be read. Says where; never shows a value.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("the configuration file {0} cannot be read")]
    File(PathBuf, #[source] std::io::Error),
    /// Everything that was found, not only the first.
    #[error("the configuration is not right:\n{}", lines(.0))]
    Keys(Vec<WrongKey>),
    #[error("the configuration is not right: {0}")]
    Shape(String),
}

/// One key that cannot be taken, or a place that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongKey {
    /// `None`: all that stands there.
    pub key: Option<String>,
    /// The file or the variable that it stands in; of what was not set the variables that set it.
    pub place: String,
    pub reason: String,
}

fn lines(wrong: &[WrongKey]) -> String {
    let line = |WrongKey { key, place, reason }: &WrongKey| match key {
        Some(key) => format!("  {key} ({place}): {reason}"),
        None => format!("  {place}: {reason}"),
    };
    wrong.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Reads `file` (or ./kabar.toml where it exists) and `environment`, and looks at what they say. Values that cannot be so are
/// named beside keys that there are not: what is not understood is left out and the rest is looked at all the same.
pub fn load(file: Option<&Path>, environment: &BTreeMap<String, String>) -> Result<Config, LoadError> {
    let Layers { table, places, mut wrong, all_read } = layers(file, environment)?;
    let Sifted { rest, .. } = sift(table);
    let value = Value::new(None, ValueKind::Table(rest));
    let config: Config = match value.try_deserialize() {
        Ok(config) => config,
        Err(_) if !wrong.is_empty() => return Err(LoadError::Keys(wrong)),
        Err(error) => return Err(LoadError::Shape(without_values(&error))),
    };
    for invalid in config.validate() {
        // Of what was left out nothing more is said; nor that something is missing which may stand in what was not read.
        let is_told = wrong.iter().filter_map(|wrong| wrong.key.as_deref()).any(|key| is_about(key, &invalid.key));
        let place = places.of(&invalid.key);
        if !is_told && (all_read || place.is_some()) {
            wrong.push(invalid.at(place));
        }
    }
    if wrong.is_empty() { Ok(config) } else { Err(LoadError::Keys(wrong)) }
}

impl Invalid {
    fn at(self, place: Option<String>) -> WrongKey {
        let variables = || {
            let own = format!("{PREFIX}{}", self.key.to_ascii_uppercase().replace('.', "__"));
            let also = aliases().filter(|(_, key)| *key == self.key).map(|(variable, _)| variable.to_owned());
            std::iter::once(own).chain(also).collect::<Vec<_>>().join(" or ")
        };
        let place = place.unwrap_or_else(variables);
        WrongKey { key: Some(self.key.into_owned()), place, reason: self.reason }
    }
}

/// What the layers say together.
struct Layers {
    table: Table,
    places: Places,
    wrong: Vec<WrongKey>,
    /// Nothing was passed over as a whole.
    all_read: bool,
}

/// File and variables are read by themselves first, so that what is wrong is said with its place.
fn layers(file: Option<&Path>, environment: &BTreeMap<String, String>) -> Result<Layers, LoadError> {
    let (mut wrong, mut places, mut all_read) = (Vec::new(), Places::default(), true);
    let mut builder = defaults()?;
    let unreadable = |place: &str, error: &config::ConfigError| WrongKey {
        key: None,
        place: place.to_owned(),
        reason: without_values(error),
    };
    if let Some((path, text)) = text_of(file)? {
        let place = path.display().to_string();
        let source = File::from_str(&text, FileFormat::Toml);
        let alone = |builder: Builder| builder.add_source(source.clone()).build().and_then(table_of);
        match alone(config::Config::builder()) {
            Ok(own) => {
                places.note_all(&own, &place);
                wrong.extend(wrong_at(&place, alone(defaults()?).unwrap_or(own)));
                builder = builder.add_source(source);
            }
            Err(error) => {
                all_read = false;
                wrong.push(unreadable(&place, &error));
            }
        }
    }
    for Override { key, variable, value } in overrides(environment) {
        let alone = defaults()?.set_override(&key, value.clone()).and_then(Builder::build).and_then(table_of);
        match alone {
            Ok(table) => {
                wrong.extend(wrong_at(&variable, table));
                builder = builder.set_override(&key, value).map_err(|error| shape(&error))?;
                places.note(key, &variable);
            }
            Err(error) => wrong.push(unreadable(&variable, &error)),
        }
    }
    let table = builder.build().and_then(table_of).map_err(|error| shape(&error))?;
    Ok(Layers { table, places, wrong, all_read })
}

fn shape(error: &config::ConfigError) -> LoadError {
    LoadError::Shape(without_values(error))
}

fn wrong_at(place: &str, table: Table) -> impl Iterator<Item = WrongKey> {
    let found = sift(table).found.into_iter();
    found.map(move |(key, reason)| WrongKey { key: Some(key), place: place.to_owned(), reason })
}

type Builder = config::ConfigBuilder<config::builder::DefaultState>;

/// Halves of a rate may be set alone: the other half keeps its default, which serde's per-struct defaults cannot say.
fn defaults() -> Result<Builder, LoadError> {
    let limits = LimitsConfig::default();
    let rates = [
        ("sends", limits.sends),
        ("typing", limits.typing),
        ("writes", limits.writes),
        ("reads", limits.reads),
        ("services", limits.services),
    ];
    let set = |builder: Builder, (name, rate): (&str, Rate)| {
        builder
            .set_default(format!("limits.{name}.per_second"), rate.per_second)?
            .set_default(format!("limits.{name}.burst"), rate.burst)
    };
    let built = rates.into_iter().try_fold(config::Config::builder(), set);
    built.map_err(|error| shape(&error))
}

fn text_of(file: Option<&Path>) -> Result<Option<(PathBuf, String)>, LoadError> {
    let (path, required) = match file {
        Some(path) => (path.to_owned(), true),
        None => (PathBuf::from(DEFAULT_FILE), false),
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some((path, text))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !required => Ok(None),
        Err(error) => Err(LoadError::File(path, error)),
    }
}

/// A key that the environment sets.
struct Override {
    key: String,
    variable: String,
    value: Value,
}

/// Later ones win.
fn overrides(environment: &BTreeMap<String, String>) -> Vec<Override> {
    let mut found = Vec::new();
    for (variable, key) in aliases() {
        if let Some(text) = environment.get(variable).filter(|text| !text.is_empty()) {
            let value = Value::new(None, text.clone());
            found.push(Override { key: key.to_owned(), variable: variable.to_owned(), value });
        }
    }
    let given = |name: &&str| environment.get(*name).is_some_and(|text| !text.is_empty());
    let names: Vec<&str> = NEXTAUTH_SECRETS.into_iter().filter(given).collect();
    if !names.is_empty() {
        let secrets = names.iter().filter_map(|name| environment.get(*name));
        let secrets = secrets.map(|text| Value::new(None, text.clone())).collect();
        let value = Value::new(None, ValueKind::Array(secrets));
        let key = "auth.nextauth_secrets".to_owned();
        found.push(Override { key, variable: names.join(", "), value });
    }
    for (variable, text) in environment {
        let Some(rest) = variable.strip_prefix(PREFIX) else { continue };
        let key = rest.to_ascii_lowercase().replace("__", ".");
        let value = if LISTS.contains(&key.as_str()) { list(text) } else { Value::new(None, text.clone()) };
        found.push(Override { key, variable: variable.clone(), value });
    }
    found
}

fn list(text: &str) -> Value {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    Value::new(None, ValueKind::Array(parts.map(|part| Value::new(None, part)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;
    use std::io::Write;

    fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
        let file = file("[server]\nport = 1\nbody_bytes_max = 2\n[limits.sends]\nper_second = 7");
        let config = load(Some(file.path()), &environment(&[("KABAR__SERVER__PORT", "3")])).unwrap();
        assert_eq!((config.server.port, config.server.body_bytes_max), (3, 2));
        assert_eq!(config.server.view_wait_ms_max, 2_000);
        assert_eq!(config.limits.sends, Rate { per_second: 7, burst: 30 });
    }

    #[test]
    fn the_platforms_own_variables_work_as_they_are() {
        let given = environment(&[
            ("PUSHER_APP_ID", "007"),
            ("PUSHER_APP_KEY", "key"),
            ("PUSHER_APP_SECRET", "1e5"),
            ("NEXTAUTH_SECRET", "one"),
            ("AUTH_SECRET", "two"),
            ("NEXTAUTH_URL", "https://app.example.id"),
            ("KABAR__REALTIME__KEY", "wins"),
        ]);
        let config = load(None, &given).unwrap();
        assert_eq!((config.realtime.app_id.as_str(), config.realtime.key.as_str()), ("007", "wins"));
        assert_eq!(config.realtime.secret.as_ref().map(Secret::reveal), Some("1e5"));
        let secrets: Vec<_> = config.auth.nextauth_secrets.iter().map(Secret::reveal).collect();
        assert_eq!(secrets, ["two", "one"]);
        assert_eq!(config.base_url(), "https://app.example.id");
    }

    #[test]
    fn webhooks_are_told_of_everything_unless_they_say_of_what() {
        let text = "[[realtime.webhooks]]\nurl = \"http://a/x\"\n[[realtime.webhooks]]\nurl = \"https://b\"\nevents = [\"cache_miss\"]";
        let webhooks = load(Some(file(text).path()), &BTreeMap::new()).unwrap().realtime.webhooks;
        assert_eq!(webhooks.iter().map(|it| it.events.len()).collect::<Vec<_>>(), [7, 1]);
        let wrong = file("[[realtime.webhooks]]\nurl = \"http://a\"\nevents = [\"hush\"]");
        let error = load(Some(wrong.path()), &BTreeMap::new()).expect_err("no such event").to_string();
        assert!(error.contains("realtime.webhooks") && error.contains("member_added"), "{error}");
        assert!(!error.contains("hush"), "{error}");
    }

    #[test]
    fn lists_are_separated_by_commas() {
        let config = load(None, &environment(&[("KABAR__CORS__ORIGINS", "http://a, http://b,")])).unwrap();
        assert_eq!(config.cors.origins, ["http://a", "http://b"]);
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        for given in ["KABAR__SERVER__PROT", "KABAR__SEVER__PORT", "KABAR__REALTIME__SECRETT"] {
            let error = load(None, &environment(&[(given, "hush")])).expect_err(given).to_string();
            let key = given.rsplit("__").next().unwrap().to_ascii_lowercase();
            assert!(error.contains(&key) || error.contains("sever"), "{error}");
            assert!(!error.contains("hush"), "{error}");
        }
        let wrong = file("[server]\nprot = 1");
        assert!(load(Some(wrong.path()), &BTreeMap::new()).expect_err("unknown").to_string().contains("prot"));
    }

    #[test]
    fn a_value_of_another_type_is_refused_by_key_and_not_shown() {
        let error = load(None, &environment(&[("KABAR__SERVER__PORT", "hush")])).expect_err("no port").to_string();
        assert!(error.contains("server.port") && !error.contains("hush"), "{error}");
    }

    fn all_wrong(file: Option<&Path>, environment: &BTreeMap<String, String>) -> Vec<WrongKey> {
        let LoadError::Keys(found) = load(file, environment).expect_err("wrong") else { panic!("keys") };
        found
    }

    fn named(wrong: &WrongKey) -> (&str, &str) {
        (wrong.key.as_deref().unwrap_or_default(), &wrong.place)
    }

    #[test]
    fn values_that_cannot_be_so_are_said_beside_keys_that_there_are_not_each_with_its_place() {
        let text = "[server]\nprot = 1\nbody_bytes_max = 0\n[cors]\norigins = [\"app\"]\n[limits.reads]\nburst = 0";
        let file = file(text);
        let given = environment(&[
            ("NEXTAUTH_URL", "https://app.example.id/path"),
            ("KABAR__CORS__ORIGINS", "x"),
            ("KABAR__LOG__LEVEL", "loud"),
            ("KABAR__DATABASE__URL", "postgres://kabar@db/kabar"),
            ("KABAR__AUTH__JWT__SECRETS__0", "x"),
        ]);
        let found = all_wrong(Some(file.path()), &given);
        let path = file.path().display().to_string();
        assert_eq!(
            found.iter().map(named).collect::<Vec<_>>(),
            [
                ("server.prot", path.as_str()),
                ("auth.jwt.secrets", "KABAR__AUTH__JWT__SECRETS__0"),
                ("realtime.secret", "KABAR__REALTIME__SECRET or PUSHER_APP_SECRET"),
                ("platform.base_url", "NEXTAUTH_URL"),
                ("cors.origins", "KABAR__CORS__ORIGINS"),
                ("server.body_bytes_max", &path),
                ("limits.reads", &path),
                ("log.level", "KABAR__LOG__LEVEL"),
            ]
        );
    }

    #[test]
    fn of_a_file_that_is_no_toml_nothing_is_taken_for_missing() {
        let broken = file("[auth.jwt]\nsecrets = [hush]");
        let given = environment(&[
            ("KABAR__DATABASE__URL", "postgres://kabar@db/kabar"),
            ("KABAR__SERVER__PORT", "x"),
            ("KABAR__LIMITS__READS__BURST", "0"),
        ]);
        let found = all_wrong(Some(broken.path()), &given);
        let path = broken.path().display().to_string();
        assert_eq!(
            found.iter().map(named).collect::<Vec<_>>(),
            [
                ("", path.as_str()),
                ("server.port", "KABAR__SERVER__PORT"),
                ("limits.reads", "KABAR__LIMITS__READS__BURST")
            ]
        );
    }

    #[test]
    fn elements_of_lists_are_named_by_their_number() {
        let file = file(
            "[[auth.service_keys]]\nname = \"a\"\nscopes = [\"people\"]\n[[auth.service_keys]]\nname = \"b\"\nkye = \"x\"\n\
             [[realtime.webhooks]]\nurl = \"ftp://a\"\n[[limits.routes]]\nroute = \"x\"",
        );
        let found = all_wrong(Some(file.path()), &BTreeMap::new());
        let said: Vec<String> = found
            .iter()
            .map(|wrong| format!("{}: {}", wrong.key.as_deref().unwrap_or_default(), wrong.reason))
            .collect();
        assert_eq!(
            said,
            [
                "auth.service_keys: [0].key: missing",
                "auth.service_keys: [1].kye: there is no such key; one of name, key, scopes",
                "limits.routes: [0].rate: missing",
                "realtime.webhooks: [0].url: expected http(s)://host",
            ]
        );
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once_with_its_place() {
        let wrong = file("[server]\nprot = 1\nport = \"x\"\n[log]\nformat = \"xml\"\n[limits.sends]\nburst = -1");
        let given = environment(&[("KABAR__DEMO__MODE", "perhaps"), ("KABAR__SEVER__PORT", "1"), ("KABAR__DOOR", "5")]);
        let found = all_wrong(Some(wrong.path()), &given);
        let path = wrong.path().display().to_string();
        let mut said: Vec<_> = found.iter().map(named).collect();
        said.sort_unstable();
        assert_eq!(
            said,
            [
                ("demo.mode", "KABAR__DEMO__MODE"),
                ("door", "KABAR__DOOR"),
                ("limits.sends.burst", path.as_str()),
                ("log.format", &path),
                ("server.port", &path),
                ("server.prot", &path),
                ("sever", "KABAR__SEVER__PORT"),
            ]
        );
        let told = LoadError::Keys(found).to_string();
        assert!(told.contains("expected text or json") && told.contains("expected auto, on or off"), "{told}");
        assert!(!told.contains("xml") && !told.contains("perhaps"), "{told}");
    }

    #[test]
    fn what_is_no_toml_is_refused_and_not_shown() {
        let wrong = file("[realtime]\nsecret = hush");
        let error = load(Some(wrong.path()), &BTreeMap::new()).expect_err("no TOML").to_string();
        assert!(error.contains("line 2") && !error.contains("hush"), "{error}");
    }

    #[test]
    fn a_named_file_must_be_there() {
        let error = load(Some(Path::new("/nonexistent/kabar.toml")), &BTreeMap::new()).expect_err("no file");
        assert!(matches!(error, LoadError::File(..)));
    }
}
