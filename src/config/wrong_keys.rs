//! Every key that cannot be taken, where serde stops at the first: what is wrong is left out and the rest is read again.
//!
//! Never in here, nor in what it says: a value. It may be a secret in the wrong place.

use config::{ConfigError, Map, Value, ValueKind};

use super::Config;

/// Keys of one place that are named at most.
const WRONG_KEYS_MAX: usize = 50;

pub(super) type Table = Map<String, Value>;

/// The layers as one table.
pub(super) fn table_of(layers: config::Config) -> Result<Table, ConfigError> {
    layers.try_deserialize()
}

/// Each wrong key with its reason, in the order of the alphabet.
pub(super) fn wrong_keys(mut table: Table) -> Vec<(String, String)> {
    let mut found = Vec::new();
    while found.len() < WRONG_KEYS_MAX {
        let value = Value::new(None, ValueKind::Table(table.clone()));
        let Err(error) = serde_path_to_error::deserialize::<_, Config>(value) else { break };
        let (key, reason) = named(&error.path().to_string(), error.inner());
        if remove(&mut table, &key) {
            found.push((key, reason));
        } else if !fill(&mut table, &key) {
            // Not a key of this table: nothing can be left out, and what is wrong is said once.
            found.push((key, reason));
            break;
        }
    }
    found.sort();
    found
}

/// serde tells of unknown keys at their section; the name is in the text.
fn named(path: &str, error: &ConfigError) -> (String, String) {
    // An element of a list is wrong with its list.
    let path = path.split('[').next().unwrap_or(path);
    let message = innermost(error);
    let unknown = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
    let child = missing(error).or(unknown);
    let key = match child {
        Some(child) if path == "." => child.to_owned(),
        Some(child) if path != child && !path.ends_with(&format!(".{child}")) => format!("{path}.{child}"),
        Some(_) | None => path.to_owned(),
    };
    (key, plain(&message))
}

/// The last part of a key that is not there.
fn missing(error: &ConfigError) -> Option<&str> {
    match error {
        ConfigError::At { error, .. } => missing(error),
        ConfigError::NotFound(key) => key.rsplit('.').next(),
        _ => None,
    }
}

fn innermost(error: &ConfigError) -> String {
    match error {
        ConfigError::At { error, .. } => innermost(error),
        ConfigError::Type { expected, .. } => format!("expected {expected}"),
        other => without_values(other),
    }
}

fn plain(message: &str) -> String {
    let said = match message.split_once("expected ") {
        Some((start, known)) if start.starts_with("unknown field") => format!("there is no such key; one of {known}"),
        Some((start, expected)) if start.starts_with("invalid ") => format!("expected {expected}"),
        Some(_) | None => message.to_owned(),
    };
    let said =
        said.replace("one of one of", "one of").replace("expected a sequence", "expected a list").replace('`', "");
    // The name of a struct of ours tells nobody anything.
    if said.starts_with("expected struct ") { "expected a section with keys of its own".to_owned() } else { said }
}

/// Whether it was there.
fn remove(table: &mut Table, key: &str) -> bool {
    match key.split_once('.') {
        None => table.remove(key).is_some(),
        Some((section, rest)) => section_of(table, section).is_some_and(|inner| remove(inner, rest)),
    }
}

/// In the place of a half of a rate that was left out. Whether there is such a section.
fn fill(table: &mut Table, key: &str) -> bool {
    match key.split_once('.') {
        None => table.insert(key.to_owned(), Value::new(None, 1)).is_none(),
        Some((section, rest)) => section_of(table, section).is_some_and(|inner| fill(inner, rest)),
    }
}

fn section_of<'a>(table: &'a mut Table, section: &str) -> Option<&'a mut Table> {
    match &mut table.get_mut(section)?.kind {
        ValueKind::Table(inner) => Some(inner),
        _ => None,
    }
}

/// The error, but never the value that was given.
pub(super) fn without_values(error: &ConfigError) -> String {
    match error {
        ConfigError::Type { expected, key, .. } => {
            format!("{}: expected {expected}", key.as_deref().unwrap_or("a value"))
        }
        ConfigError::At { error, key, .. } => match key {
            Some(key) => format!("{key}: {}", without_values(error)),
            None => without_values(error),
        },
        ConfigError::Message(message) => message.clone(),
        ConfigError::NotFound(key) => format!("{key} is missing"),
        // The parser shows the line it stopped at, and that line may hold a secret: its first and last line are enough.
        other => {
            let text = other.to_string();
            let mut lines = text.lines();
            match (lines.next(), lines.next_back()) {
                (Some(place), Some(reason)) => format!("{place}: {reason}"),
                _ => text,
            }
        }
    }
}
