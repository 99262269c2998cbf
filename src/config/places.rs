//! Where each key was set, so that whoever is told of a wrong value finds it.

use std::collections::BTreeMap;

use config::ValueKind;

use super::wrong_keys::Table;

/// The place of every key that was set: a file, or a variable. The last one counts, as with the values.
#[derive(Debug, Default)]
pub(super) struct Places(BTreeMap<String, String>);

impl Places {
    pub fn note(&mut self, key: String, place: &str) {
        self.0.insert(key, place.to_owned());
    }

    /// Everything that stands in a table.
    pub fn note_all(&mut self, table: &Table, place: &str) {
        self.note_under("", table, place);
    }

    fn note_under(&mut self, above: &str, table: &Table, place: &str) {
        for (name, value) in table {
            let key = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
            match &value.kind {
                ValueKind::Table(inner) => self.note_under(&key, inner, place),
                _ => self.note(key, place),
            }
        }
    }

    /// Where `key`, or what lies within it, was set; `None` where nobody did.
    pub fn of(&self, key: &str) -> Option<String> {
        let mut places: Vec<&str> =
            self.0.iter().filter(|(set, _)| is_about(set, key)).map(|(_, place)| place.as_str()).collect();
        places.dedup();
        if places.is_empty() { None } else { Some(places.join(", ")) }
    }
}

/// Whether one of the two keys lies within the other.
pub(super) fn is_about(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_where_it_was_set_last_and_a_section_where_its_keys_are() {
        let mut places = Places::default();
        places.note("limits.reads.burst".to_owned(), "kabar.toml");
        places.note("limits.reads.per_second".to_owned(), "kabar.toml");
        places.note("limits.reads_of_all".to_owned(), "elsewhere");
        assert_eq!(places.of("limits.reads").as_deref(), Some("kabar.toml"));
        places.note("limits.reads.burst".to_owned(), "KABAR__LIMITS__READS__BURST");
        assert_eq!(places.of("limits.reads").as_deref(), Some("KABAR__LIMITS__READS__BURST, kabar.toml"));
        assert_eq!(places.of("limits.reads.burst").as_deref(), Some("KABAR__LIMITS__READS__BURST"));
        assert_eq!(places.of("limits.sends"), None);
    }
}
