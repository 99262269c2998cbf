//! The messages that were read last, their places and whose they are: what replies, read positions and changes name.
//!
//! Bounded, whatever the size of the file; a room that was there before is read once when something in it is asked for.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use aggregates::ids::{MessageId, RoomId, UserId};
use aggregates::room::MessageSent;

/// Of these at least half are known at any time; some 40 MB.
pub const MESSAGES_KNOWN_MAX: usize = 1_800_000;

/// Hashes instead of ids: half the memory, and two of a million meet once in thirty million imports.
#[derive(Default)]
pub struct Messages {
    young: HashMap<u64, Known>,
    old: HashMap<u64, Known>,
    learnt: HashSet<RoomId>,
}

/// What is known of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    seq: u32,
    /// A part of a hash of its sender; the lowest bit says whether its words are somebody else's.
    tag: u32,
}

impl Known {
    pub fn seq(self) -> u64 {
        self.seq.into()
    }

    pub fn is_forwarded(self) -> bool {
        self.tag & 1 == 1
    }

    pub fn is_from(self, sender: &UserId) -> bool {
        self.tag | 1 == tag(sender)
    }
}

impl Messages {
    pub fn note(&mut self, event: &MessageSent) {
        if self.young.len() >= MESSAGES_KNOWN_MAX / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        // A room of four thousand million messages: what is behind them cannot be named.
        let Ok(seq) = u32::try_from(event.seq) else { return };
        let tag = if event.forwarded.is_some() { tag(&event.sender_id) } else { tag(&event.sender_id) & !1 };
        self.young.insert(hash((event.room_id, event.message_id)), Known { seq, tag });
    }

    pub fn find(&self, room: RoomId, message: MessageId) -> Option<Known> {
        let key = hash((room, message));
        self.young.get(&key).or_else(|| self.old.get(&key)).copied()
    }

    /// Whether the room is to be read from the log now; each is read once.
    pub fn begin_to_learn(&mut self, room: RoomId) -> bool {
        self.learnt.insert(room)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a part of a hash is one")]
fn tag(sender: &UserId) -> u32 {
    hash(sender) as u32 | 1
}

fn hash(what: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}
