//! The messages that were read last, and their places: what replies and read positions name.
//!
//! Bounded, whatever the size of the file; a room that was there before is read once when something in it is asked for.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use aggregates::ids::{MessageId, RoomId};

/// Of these at least half are known at any time; some 40 MB.
pub const MESSAGES_KNOWN_MAX: usize = 1_800_000;

/// Hashes instead of ids: half the memory, and two of a million meet once in thirty million imports.
#[derive(Default)]
pub struct Messages {
    young: HashMap<u64, u64>,
    old: HashMap<u64, u64>,
    learnt: HashSet<RoomId>,
}

impl Messages {
    pub fn note(&mut self, room: RoomId, message: MessageId, seq: u64) {
        if self.young.len() >= MESSAGES_KNOWN_MAX / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key(room, message), seq);
    }

    pub fn seq(&self, room: RoomId, message: MessageId) -> Option<u64> {
        let key = key(room, message);
        self.young.get(&key).or_else(|| self.old.get(&key)).copied()
    }

    /// Whether the room is to be read from the log now; each is read once.
    pub fn begin_to_learn(&mut self, room: RoomId) -> bool {
        self.learnt.insert(room)
    }
}

fn key(room: RoomId, message: MessageId) -> u64 {
    let mut hasher = DefaultHasher::new();
    (room, message).hash(&mut hasher);
    hasher.finish()
}
