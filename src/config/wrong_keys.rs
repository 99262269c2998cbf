//! Every key that cannot be taken, where serde stops at the first: what is wrong is left out and the rest is read again.
//!
//! Never in here, nor in what it says: a value. It may be a secret in the wrong place.

use std::collections::HashMap;

use config::{ConfigError, Map, Value, ValueKind};

use super::Config;

/// Keys of one place that are named at most.
const WRONG_KEYS_MAX: usize = 50;

pub(super) type Table = Map<String, Value>;

/// The layers as one table.
pub(super) fn table_of(layers: config::Config) -> Result<Table, ConfigError> {
    layers.try_deserialize()
}

/// What cannot be taken, and what is left without it.
pub(super) struct Sifted {
    /// Each wrong key with its reason, in the order of the alphabet. An element of a list is in the reason, by its number.
    pub found: Vec<(String, String)>,
    pub rest: Table,
}

pub(super) fn sift(mut rest: Table) -> Sifted {
    let mut found = Vec::new();
    // How many elements of a list were left out: serde finds them in order, and counts without them.
    let mut left_out: HashMap<String, usize> = HashMap::new();
    while found.len() < WRONG_KEYS_MAX {
        let value = Value::new(None, ValueKind::Table(rest.clone()));
        let Err(error) = serde_path_to_error::deserialize::<_, Config>(value) else { break };
        let path = error.path().to_string();
        let (path, reason) = (full(&path, error.inner()), plain(&innermost(error.inner())));
        if let Some((list, number, inside)) = element(&path)
            && let Some(elements) = list_of(&mut rest, list)
            && number < elements.len()
        {
            elements.remove(number);
            let before = left_out.entry(list.to_owned()).or_default();
            found.push((list.to_owned(), format!("[{}]{inside}: {reason}", number + *before)));
            *before += 1;
        } else if remove(&mut rest, &path) {
            found.push((path, reason));
        } else if !fill(&mut rest, &path) {
            // Not a key of this table: nothing can be left out, and what is wrong is said once.
            found.push((path, reason));
            break;
        }
    }
    found.sort();
    Sifted { found, rest }
}

/// serde tells of unknown and missing keys at their section; the name is in the text.
fn full(path: &str, error: &ConfigError) -> String {
    let message = innermost(error);
    let unknown = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
    match missing(error).or(unknown) {
        Some(child) if path == "." => child.to_owned(),
        Some(child) if path != child && !path.ends_with(&format!(".{child}")) => format!("{path}.{child}"),
        Some(_) | None => path.to_owned(),
    }
}

/// The last part of a key that is not there. Of one in a list the library leaves the full stop out.
fn missing(error: &ConfigError) -> Option<&str> {
    match error {
        ConfigError::At { error, .. } => missing(error),
        ConfigError::NotFound(key) => key.rsplit(['.', ']']).next(),
        _ => None,
    }
}

/// `a.b[3].c` as the list `a.b`, 3, and `.c` in it.
fn element(path: &str) -> Option<(&str, usize, &str)> {
    let (list, rest) = path.split_once('[')?;
    let (number, inside) = rest.split_once(']')?;
    Some((list, number.parse().ok()?, inside))
}

fn list_of<'a>(table: &'a mut Table, key: &str) -> Option<&'a mut Vec<Value>> {
    match key.split_once('.') {
        None => match &mut table.get_mut(key)?.kind {
            ValueKind::Array(elements) => Some(elements),
            _ => None,
        },
        Some((section, rest)) => list_of(section_of(table, section)?, rest),
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
    if message.ends_with(" is missing") {
        return "missing".to_owned();
    }
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
