//! The rows of one table that a batch touches: loaded once, changed in memory in the order of the log, written once.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::Hash;

#[derive(Debug)]
struct Slot<V> {
    row: Option<V>,
    /// Whether it is known what the store has; until then the slot only says that it is wanted.
    known: bool,
    stored: bool,
    changed: bool,
}

impl<V> Slot<V> {
    const WANTED: Self = Self { row: None, known: false, stored: false, changed: false };
}

/// Looked up by hash, for a filling does so many times an event; read and written in the order of keys, as tables are.
#[derive(Debug)]
pub(crate) struct Touched<K, V> {
    slots: HashMap<K, Slot<V>>,
}

impl<K, V> Default for Touched<K, V> {
    fn default() -> Self {
        Self { slots: HashMap::new() }
    }
}

fn in_order<T>(mut found: Vec<T>, compare: impl Fn(&T, &T) -> Ordering) -> impl Iterator<Item = T> {
    found.sort_unstable_by(compare);
    found.into_iter()
}

impl<K: Ord + Hash + Clone, V> Touched<K, V> {
    /// Says that the batch will look at this row.
    pub(crate) fn want(&mut self, key: K) {
        self.slots.entry(key).or_insert(Slot::WANTED);
    }

    pub(crate) fn wanted(&self) -> impl Iterator<Item = &K> {
        self.slots.keys()
    }

    /// What has to be loaded: wanted, and not remembered from a batch before.
    pub(crate) fn unknown(&self) -> impl Iterator<Item = &K> {
        let found = self.slots.iter().filter(|(_, slot)| !slot.known).map(|(key, _)| key).collect();
        in_order(found, |a: &&K, b: &&K| a.cmp(b))
    }

    /// The row as it is stored.
    pub(crate) fn load(&mut self, key: K, row: V) {
        self.slots.insert(key, Slot { row: Some(row), known: true, stored: true, changed: false });
    }

    /// The batch is written: its rows are what is stored. For whoever writes alone, see [`super::Generation::fill`];
    /// beyond `rows_max` all are forgotten.
    pub(crate) fn settle(&mut self, rows_max: usize) {
        if self.slots.len() > rows_max {
            self.slots.clear();
        }
        for slot in self.slots.values_mut() {
            slot.known = true;
            slot.stored = slot.row.is_some();
            slot.changed = false;
        }
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.slots.get(key)?.row.as_ref()
    }

    /// The row, to be changed.
    pub(crate) fn change(&mut self, key: &K) -> Option<&mut V> {
        let slot = self.slots.get_mut(key)?;
        slot.changed = slot.changed || slot.row.is_some();
        slot.row.as_mut()
    }

    pub(crate) fn put(&mut self, key: K, row: V) {
        let slot = self.slots.entry(key).or_insert(Slot::WANTED);
        slot.row = Some(row);
        slot.changed = true;
    }

    pub(crate) fn remove(&mut self, key: &K) {
        if let Some(slot) = self.slots.get_mut(key) {
            slot.row = None;
            slot.changed = true;
        }
    }

    /// Rows to write.
    pub(crate) fn changed(&self) -> impl Iterator<Item = (&K, &V)> {
        let changed = self.slots.iter().filter(|(_, slot)| slot.changed);
        let found = changed.filter_map(|(key, slot)| Some((key, slot.row.as_ref()?))).collect();
        in_order(found, |(a, _): &(&K, &V), (b, _): &(&K, &V)| a.cmp(b))
    }

    /// Whether the store has a row of this key.
    pub(crate) fn is_stored(&self, key: &K) -> bool {
        self.slots.get(key).is_some_and(|slot| slot.stored)
    }

    /// Rows to delete.
    pub(crate) fn removed(&self) -> impl Iterator<Item = &K> {
        let removed = self.slots.iter().filter(|(_, slot)| slot.stored && slot.row.is_none());
        in_order(removed.map(|(key, _)| key).collect(), |a: &&K, b: &&K| a.cmp(b))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_remembered_and_written_no_second_time() {
        let mut rows = Touched::default();
        rows.want("a");
        rows.want("absent");
        assert_eq!(rows.unknown().collect::<Vec<_>>(), [&"a", &"absent"]);
        rows.load("a", 1);
        rows.put("new", 2);
        rows.settle(3);
        assert_eq!((rows.changed().count(), rows.removed().count(), rows.unknown().count()), (0, 0, 0));
        rows.want("other");
        assert_eq!(rows.unknown().collect::<Vec<_>>(), [&"other"]);
        rows.remove(&"new");
        assert_eq!(rows.removed().collect::<Vec<_>>(), [&"new"]);
        rows.settle(3);
        assert_eq!(rows.get(&"a"), None, "beyond the limit all are forgotten");
        assert_eq!(rows.wanted().count(), 0);
    }

    #[test]
    fn only_what_changed_is_written_and_only_what_was_stored_is_deleted() {
        let mut rows = Touched::default();
        for key in ["kept", "changed", "gone", "never"] {
            rows.want(key);
        }
        rows.load("kept", 1);
        rows.load("changed", 2);
        rows.load("gone", 3);
        *rows.change(&"changed").expect("loaded") += 10;
        assert_eq!(rows.change(&"never"), None);
        rows.remove(&"gone");
        rows.put("new", 4);
        rows.put("brief", 5);
        rows.remove(&"brief");

        assert_eq!(rows.changed().collect::<Vec<_>>(), [(&"changed", &12), (&"new", &4)]);
        assert_eq!(rows.removed().collect::<Vec<_>>(), [&"gone"]);
    }
}
