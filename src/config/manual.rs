//! `docs/configuration.md` against the code: every key with its variable, its default and what it means.
//!
//! The tables of the manual are made of the comments in the sections, so that there is one place to say it; what the
//! comments say of defaults is held against the defaults. `KABAR_REGENERATE=1` writes the tables anew.

use std::collections::BTreeMap;

use providers::{DeliveryChannel, OutsideSettings, ProviderKind};

use super::{Config, LoadError, load};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md");
/// What stands behind it in the manual is made here.
const MADE: &str = "<!-- From here on made of the comments in src/config, by a test with KABAR_REGENERATE=1. -->\n";

const SECTIONS: &str = include_str!("sections.rs");
const UPLOADS: &str = include_str!("uploads.rs");
const DELIVERY: &str = include_str!("delivery.rs");
/// What a service needs is told where it is made.
const PROVIDERS: &str = include_str!("../../providers/src/configured.rs");
const ONESIGNAL: &str = include_str!("../../providers/src/onesignal/settings.rs");
const WEBPUSH: &str = include_str!("../../providers/src/webpush/settings.rs");
const MAILKETING: &str = include_str!("../../providers/src/mailketing/settings.rs");
const SMTP: &str = include_str!("../../providers/src/smtp/settings.rs");
const STARSENDER: &str = include_str!("../../providers/src/starsender/settings.rs");
const CLOUD: &str = include_str!("../../providers/src/whatsapp_cloud/settings.rs");

/// Every section with the struct that it is.
const ALL: [(&str, &str, &str); 23] = [
    ("server", "ServerConfig", SECTIONS),
    ("database", "DatabaseConfig", SECTIONS),
    ("auth", "AuthConfig", SECTIONS),
    ("auth.jwt", "JwtConfig", SECTIONS),
    ("platform", "PlatformConfig", SECTIONS),
    ("cors", "CorsConfig", SECTIONS),
    ("realtime", "RealtimeSection", SECTIONS),
    ("door", "DoorConfig", SECTIONS),
    ("caches", "CachesConfig", SECTIONS),
    ("limits", "LimitsConfig", SECTIONS),
    ("uploads", "UploadsConfig", UPLOADS),
    ("push", "PushSettings", PROVIDERS),
    ("push.onesignal", "OneSignalSettings", ONESIGNAL),
    ("push.webpush", "WebPushSettings", WEBPUSH),
    ("email", "EmailSettings", PROVIDERS),
    ("email.mailketing", "MailketingSettings", MAILKETING),
    ("email.smtp", "SmtpSettings", SMTP),
    ("whatsapp", "WhatsAppSettings", PROVIDERS),
    ("whatsapp.starsender", "StarsenderSettings", STARSENDER),
    ("whatsapp.cloud", "WhatsAppCloudSettings", CLOUD),
    ("delivery", "DeliveryConfig", DELIVERY),
    ("log", "LogConfig", SECTIONS),
    ("demo", "DemoConfig", SECTIONS),
];

/// Written as tables of their own, which no variable can say.
const IN_THE_FILE_ALONE: [&str; 2] = ["limits.routes", "realtime.webhooks"];

struct Section {
    path: &'static str,
    about: String,
    keys: Vec<Key>,
}

struct Key {
    name: String,
    is_rate: bool,
    is_number: bool,
    is_section: bool,
    default: String,
    /// The platform's own variables that set it, too.
    also: Option<String>,
    about: String,
}

fn sections() -> Vec<Section> {
    ALL.map(|(path, name, source)| section(path, name, source)).into()
}

fn section(path: &'static str, name: &str, source: &str) -> Section {
    let (before, behind) = source.split_once(&format!("pub struct {name} {{\n")).expect("the struct is there");
    let told = before.lines().rev().skip_while(|line| line.starts_with('#')).take_while(|line| line.starts_with("///"));
    let mut about: Vec<&str> = told.map(comment).collect();
    about.reverse();
    let (fields, _) = behind.split_once("\n}").expect("it ends");
    let (mut keys, mut told) = (Vec::new(), Vec::new());
    for line in fields.lines().map(str::trim) {
        if line.starts_with("///") {
            told.push(comment(line));
        } else if let Some((name, kind)) = line.strip_prefix("pub ").and_then(|field| field.split_once(": ")) {
            keys.push(key(name, kind.trim_end_matches(','), &told.join(" ")));
            told.clear();
        }
    }
    Section { path, about: about.join(" "), keys }
}

fn comment(line: &str) -> &str {
    line.trim_start_matches("///").trim()
}

fn key(name: &str, kind: &str, told: &str) -> Key {
    let (mut default, mut also, mut about) = (String::new(), None, Vec::new());
    for sentence in told.trim_end_matches('.').split(". ") {
        if let Some(said) = sentence.strip_prefix("Default") {
            default = said.trim_start_matches(':').trim().to_owned();
        } else if let Some(names) =
            sentence.strip_prefix("Also ").filter(|names| names.starts_with("`") && variables(names))
        {
            also = Some(names.replace(" and ", ", "));
        } else {
            about.push(sentence);
        }
    }
    let about = about.join(". ");
    Key {
        name: name.to_owned(),
        is_rate: kind == "Rate",
        is_number: ["u16", "u32", "u64", "usize"].contains(&kind),
        is_section: kind.ends_with("Config") || kind.ends_with("Settings>"),
        default,
        also,
        about: if about.is_empty() { about } else { format!("{about}.") },
    }
}

fn variables(names: &str) -> bool {
    names.bytes().all(|byte| byte.is_ascii_uppercase() || b"_`, and".contains(&byte))
}

fn made() -> String {
    let mut text = String::new();
    for Section { path, about, keys } in sections() {
        text.push_str(&format!("\n## `{path}`\n\n{about}\n\n| key | variable | default | |\n|---|---|---|---|\n"));
        for key in keys.iter().filter(|key| !key.is_section) {
            let (name, default, about) = (&key.name, &key.default, &key.about);
            let full = format!("{path}.{name}");
            let variable = format!("KABAR__{}", full.to_uppercase().replace('.', "__"));
            let (full, variable) = match key.is_rate {
                true => (format!("`{full}.per_second`, `.burst`"), format!("`{variable}__PER_SECOND`, `__BURST`")),
                false if IN_THE_FILE_ALONE.contains(&full.as_str()) => {
                    (format!("`{full}`"), "in the file alone".to_owned())
                }
                false => (format!("`{full}`"), format!("`{variable}`")),
            };
            let also = key.also.as_ref().map(|names| format!(", {names}")).unwrap_or_default();
            text.push_str(&format!("| {full} | {variable}{also} | {default} | {about} |\n"));
        }
    }
    text
}

#[test]
fn the_manual_says_what_the_comments_say() {
    let manual = std::fs::read_to_string(FILE).expect("a manual");
    let (by_hand, kept) = manual.split_once(MADE).expect("it has the line behind which it is made");
    let made = made();
    if std::env::var("KABAR_REGENERATE").is_ok_and(|value| value == "1") {
        std::fs::write(FILE, format!("{by_hand}{MADE}{made}")).expect("the file can be written");
        return;
    }
    assert!(kept == made, "docs/configuration.md is out of date: KABAR_REGENERATE=1 writes it anew");
}

/// Names that the loader says there are.
fn known(section: &str) -> Vec<String> {
    let variable = match section {
        "" => "KABAR__NONE".to_owned(),
        section => format!("KABAR__{}__NONE", section.to_uppercase().replace('.', "__")),
    };
    let error = load(None, &BTreeMap::from([(variable, "1".to_owned())])).expect_err("there is no such key");
    let LoadError::Keys(wrong) = error else { panic!("{error}") };
    let (_, names) = wrong[0].reason.split_once("there is no such key; one of ").expect("it says which there are");
    names.split([',', ' ']).filter(|name| !name.is_empty() && *name != "or").map(str::to_owned).collect()
}

#[test]
fn every_key_that_there_is_is_in_the_manual_and_has_a_default_and_a_meaning() {
    let roots: Vec<&str> = ALL.iter().map(|(path, ..)| *path).filter(|path| !path.contains('.')).collect();
    assert_eq!(known(""), roots);
    for Section { path, about, keys } in sections() {
        assert_eq!(known(path), keys.iter().map(|key| key.name.clone()).collect::<Vec<_>>(), "{path}");
        assert!(!about.is_empty(), "{path}");
        for key in keys.iter().filter(|key| !key.is_section) {
            assert!(!key.default.is_empty() && !key.about.is_empty(), "{path}.{}", key.name);
        }
    }
}

/// With every section, those too that are not there unless somebody writes them.
fn whole() -> Config {
    let mut config = Config::default();
    config.push.onesignal = Some(Default::default());
    config.push.webpush = Some(Default::default());
    config.email.mailketing = Some(Default::default());
    config.email.smtp = Some(Default::default());
    config.whatsapp.starsender = Some(Default::default());
    config.whatsapp.cloud = Some(Default::default());
    config
}

/// Every default by its key, as far as it is one word; `None` where a secret is not shown, or nothing is nothing.
fn defaults() -> BTreeMap<String, Option<String>> {
    const OPEN: [char; 3] = ['{', '(', '['];
    let (mut path, mut found) = (Vec::new(), BTreeMap::new());
    let shown = format!("{:#?}", whole());
    for line in shown.lines().skip(1).map(str::trim) {
        match line.trim_end_matches(',').split_once(": ") {
            Some((name, value)) if value.ends_with(OPEN) => path.push(name.to_owned()),
            Some((name, value)) => {
                let names = path.iter().map(String::as_str).chain([name]).filter(|name| !name.is_empty());
                let key = names.collect::<Vec<_>>().join(".");
                let word = value.trim_matches('"').to_lowercase();
                found.insert(key, Some(word).filter(|word| !["", "none", "[]", "***"].contains(&word.as_str())));
            }
            // What is within `Some(` has no name of its own; elements of lists are no words.
            None if line.ends_with(OPEN) => path.push(String::new()),
            None if line.starts_with(['}', ')', ']']) => drop(path.pop()),
            None => {}
        }
    }
    found
}

#[test]
fn orders_are_what_the_manual_says() {
    let usual = OutsideSettings::default();
    for channel in DeliveryChannel::ALL {
        let section = channel.name().to_ascii_lowercase();
        let told = sections().into_iter().find(|it| it.path == section).expect("it is in the manual");
        let told = told.keys.into_iter().find(|key| key.name == "order").expect("it has an order").default;
        let names: Vec<_> = usual.order(channel).iter().copied().map(ProviderKind::name).collect();
        assert_eq!(told.replace('`', ""), names.join(", "), "{section}");
    }
}

#[test]
fn the_platforms_own_variables_are_told_with_their_keys() {
    for (variable, key) in providers::ALIASES {
        let (path, name) = key.rsplit_once('.').expect("a section");
        let told = sections().into_iter().find(|it| it.path == path).expect("it is in the manual");
        let told = told.keys.into_iter().find(|key| key.name == name).expect("it is there").also;
        assert_eq!(told, Some(format!("`{variable}`")), "{key}");
    }
}

#[test]
fn defaults_are_what_the_manual_says() {
    let (defaults, mut compared) = (defaults(), 0);
    let of = |key: &str| defaults.get(key).cloned().flatten().unwrap_or_else(|| panic!("{key} has a default"));
    for Section { path, keys, .. } in sections() {
        for Key { name, is_rate, default, .. } in keys {
            let full = format!("{path}.{name}");
            // "50 a second, 200 at once: pusher-js .." and "33,554,432" and "`text`".
            let told = default.split(':').next().unwrap_or_default().replace('`', "");
            let expected = if is_rate {
                format!("{} a second, {} at once", of(&format!("{full}.per_second")), of(&format!("{full}.burst")))
            } else {
                match defaults.get(&full) {
                    Some(Some(default)) => default.clone(),
                    Some(None) => {
                        assert!(
                            !told.starts_with(|first: char| first.is_ascii_digit()),
                            "{full} is none, and not {told}"
                        );
                        continue;
                    }
                    None => continue,
                }
            };
            compared += 1;
            let digits = |text: &str| text.replace(',', "").to_lowercase();
            assert_eq!(digits(&told), digits(&expected), "{full}");
        }
    }
    assert!(compared > 70, "only {compared} defaults were compared");
}

/// Whether a key may be so much: as a number, so many characters of a secret, so many tables of the file.
fn is_refused(key: &str, much: usize) -> bool {
    let tables = match key {
        "realtime.webhooks" => "[[realtime.webhooks]]\nurl = \"https://a.example\"\n",
        "limits.routes" => "[[limits.routes]]\nroute = \"GET /api/chat/rooms\"\nrate = { per_second = 1, burst = 1 }\n",
        _ => "",
    };
    let value = match key {
        "auth.jwt.secrets" => "x".repeat(much),
        "auth.service_keys" => format!("platform:people:{}", "x".repeat(much)),
        _ => much.to_string(),
    };
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), tables.repeat(much)).expect("written");
    let variable = format!("KABAR__{}", key.to_uppercase().replace('.', "__"));
    let environment = if tables.is_empty() { BTreeMap::from([(variable, value)]) } else { BTreeMap::new() };
    match load(Some(file.path()), &environment) {
        Ok(_) => false,
        Err(LoadError::Keys(wrong)) => wrong.iter().any(|wrong| wrong.key.as_deref() == Some(key)),
        Err(error) => panic!("{key}: {error}"),
    }
}

/// What `words` tell of limits behind `before`: a number, or a key whose default it is.
fn told(words: &str, before: &str, defaults: &BTreeMap<String, Option<String>>) -> Vec<usize> {
    let number = |text: &str| text.replace(',', "").parse().ok();
    let limit = |rest: &str| match rest.strip_prefix('`').and_then(|rest| rest.split_once('`')) {
        Some((key, _)) => number(defaults.get(key)?.as_ref()?),
        None => number(rest.split(|character: char| character != ',' && !character.is_ascii_digit()).next()?),
    };
    words.to_lowercase().split(before).skip(1).filter_map(limit).collect()
}

#[test]
fn the_least_and_the_most_that_the_manual_tells_are_held_and_all_that_is_held_is_told() {
    let (defaults, mut held, mut wrong) = (defaults(), 0, Vec::new());
    for Section { path, keys, .. } in sections() {
        for Key { name, is_number, about, .. } in keys {
            let full = format!("{path}.{name}");
            let (least, most) = (told(&about, "at least ", &defaults), told(&about, "at most ", &defaults));
            held += least.len() + most.len();
            let below = least.iter().map(|limit| ("at least", *limit, limit - 1));
            let beyond = most.iter().map(|limit| ("at most", *limit, limit + 1));
            let not_held =
                below.chain(beyond).filter(|(_, may, not)| is_refused(&full, *may) || !is_refused(&full, *not));
            wrong.extend(not_held.map(|(told, limit, _)| format!("{full}: {told} {limit} is not what is held")));
            // That there is one at least goes without saying.
            let is_told = !least.is_empty() || about.contains("longer than `");
            if is_number && !is_told && is_refused(&full, 1) {
                wrong.push(format!("{full}: the least is not told"));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
    assert!(held >= 15, "only {held} limits are told");
}
