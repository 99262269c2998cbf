//! The keys at hand, bounded: what was not used for long goes first.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use aggregates::KeyId;
use aggregates::ids::UserId;

use super::cipher::{KEY_BYTES, Key};

pub(super) struct Held {
    by_id: Recent<KeyId, Arc<Key>>,
    /// What somebody's next words are sealed with.
    by_owner: Recent<UserId, Arc<Key>>,
    /// What erasures named: nothing that was sealed with these is shown any more, whoever has it at hand.
    erased: Recent<KeyId, ()>,
}

impl Held {
    pub fn up_to(keys_max: usize) -> Self {
        Self { by_id: Recent::up_to(keys_max), by_owner: Recent::up_to(keys_max), erased: Recent::up_to(keys_max) }
    }

    /// Keys at hand. Those of owners are nearly always among them.
    pub fn keys(&self) -> usize {
        self.by_id.len()
    }

    pub fn keys_max(&self) -> usize {
        self.by_id.half * 2
    }

    /// About.
    pub fn bytes(&self) -> usize {
        const PLACE: usize = 128;
        self.by_id.len() * (KEY_BYTES + PLACE) + (self.by_owner.len() + self.erased.len()) * PLACE
    }

    pub fn by_id(&mut self, id: KeyId) -> Option<Arc<Key>> {
        self.by_id.get(&id)
    }

    pub fn of_owner(&mut self, owner: &UserId) -> Option<Arc<Key>> {
        self.by_owner.get(owner)
    }

    pub fn any_erased(&self) -> bool {
        !self.erased.is_empty()
    }

    pub fn is_erased(&mut self, key: KeyId) -> bool {
        self.erased.get(&key).is_some()
    }

    pub fn keep(&mut self, owner: Option<UserId>, key: Arc<Key>) {
        // Fetched before its erasure, which passed meanwhile.
        if self.is_erased(key.id()) {
            return;
        }
        self.by_id.put(key.id(), Arc::clone(&key));
        if let Some(owner) = owner {
            self.by_owner.put(owner, key);
        }
    }

    pub fn forget(&mut self, owner: &UserId, keys: &[KeyId]) {
        for key in keys {
            self.erased.put(*key, ());
            self.by_id.remove(key);
        }
        // A newer one stays.
        if self.by_owner.get(owner).is_some_and(|key| keys.contains(&key.id())) {
            self.by_owner.remove(owner);
        }
    }
}

/// Two halves: what is used moves into the younger, and when that is full the elder is let go of whole. No list to keep in
/// order, and what was used since the last change of halves is never lost.
struct Recent<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    half: usize,
}

impl<K: Hash + Eq + Clone, V: Clone> Recent<K, V> {
    fn up_to(entries_max: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), half: (entries_max / 2).max(1) }
    }

    fn get(&mut self, key: &K) -> Option<V> {
        if let Some(value) = self.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = self.old.remove_entry(key)?;
        self.put(key, value.clone());
        Some(value)
    }

    fn put(&mut self, key: K, value: V) {
        if self.young.len() >= self.half && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.old.remove(&key);
        self.young.insert(key, value);
    }

    fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_holds_more_than_it_may_and_keeps_what_is_used() {
        let mut recent = Recent::up_to(10);
        recent.put(0, "used all along");
        for key in 1..1_000 {
            assert_eq!(recent.get(&0), Some("used all along"));
            recent.put(key, "used once");
            assert!(recent.young.len() + recent.old.len() <= 10);
        }
        assert_eq!(recent.get(&1), None);
        recent.remove(&0);
        assert_eq!(recent.get(&0), None);
    }

    #[test]
    fn a_key_that_was_fetched_before_its_erasure_and_comes_after_it_is_not_kept() {
        let mut held = Held::up_to(10);
        let ana = UserId::parse("ana").expect("id");
        let id = KeyId::parse("abcdefghijklmnopqrstuv").expect("an id");
        let key = Arc::new(Key::new(id, &[7; 32]).expect("a key"));
        held.forget(&ana, &[id]);
        held.keep(Some(ana.clone()), key);
        assert!(held.by_id(id).is_none());
        assert!(held.of_owner(&ana).is_none());
    }
}
