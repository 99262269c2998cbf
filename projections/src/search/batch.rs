//! The changes of a batch, played out on the rows they touch.
//!
//! Between loading and writing, and for every engine the same. Never in here: SQL, IO.

use std::collections::BTreeMap;

use aggregates::ids::{RoomId, UserId};
use event_log::Position;

use super::project::SearchChange;
use super::rows::Entry;
use crate::store::touched::Touched;

/// Everything one batch reads and writes.
#[derive(Debug, Default)]
pub(crate) struct SearchBatch {
    pub entries: Touched<(RoomId, u64), Entry>,
    /// Whose words up to where are gone. What of them was stored before this batch was walked through ahead of it.
    pub erased: BTreeMap<UserId, Position>,
}

impl SearchBatch {
    /// A batch that knows which rows it needs and has none of them yet.
    pub(crate) fn wanting(changes: &[SearchChange]) -> Self {
        let mut batch = Self::default();
        for change in changes {
            match change {
                SearchChange::Add(entry) => batch.entries.want((entry.room_id, entry.seq)),
                SearchChange::Reword { room_id, seq, .. } | SearchChange::Remove { room_id, seq } => {
                    batch.entries.want((*room_id, *seq));
                }
                SearchChange::Erase { .. } => {}
            }
        }
        batch
    }

    /// Plays the changes out, in order, on the loaded rows.
    pub(crate) fn play(&mut self, changes: Vec<SearchChange>) {
        for change in changes {
            match change {
                SearchChange::Add(entry) => {
                    let key = (entry.room_id, entry.seq);
                    if self.entries.get(&key).is_none() {
                        self.entries.put(key, entry);
                    }
                }
                SearchChange::Reword { room_id, seq, words, position } => {
                    self.change((room_id, seq), |entry| {
                        // Whatever was forwarded: these are the sender's own.
                        entry.author_id = None;
                        (entry.words, entry.worded) = (Some(words), position);
                    });
                }
                SearchChange::Remove { room_id, seq } => self.change((room_id, seq), |entry| {
                    entry.deleted = true;
                    entry.words = Some(String::new());
                }),
                SearchChange::Erase { user_id, position } => self.erase(user_id, position),
            }
        }
    }

    fn change(&mut self, key: (RoomId, u64), change: impl FnOnce(&mut Entry)) {
        if self.entries.get(&key).is_some_and(|entry| !entry.deleted)
            && let Some(entry) = self.entries.change(&key)
        {
            change(entry);
        }
    }

    fn erase(&mut self, user_id: UserId, position: Position) {
        let is_theirs = |entry: &Entry| *entry.owner() == user_id && entry.worded < position;
        let keys: Vec<_> = self.entries.wanted().copied().collect();
        for key in keys {
            if self.entries.get(&key).is_some_and(is_theirs)
                && let Some(entry) = self.entries.change(&key)
            {
                entry.words = Some(String::new());
            }
        }
        self.erased.insert(user_id, position);
    }

    /// Rows to write, in the order of the log.
    pub(crate) fn changed(&self) -> Vec<(&Entry, bool)> {
        let mut rows: Vec<_> =
            self.entries.changed().map(|(key, entry)| (entry, self.entries.is_stored(key))).collect();
        rows.sort_unstable_by_key(|(entry, _)| entry.position);
        rows
    }
}

#[cfg(test)]
mod tests {
    use aggregates::Timestamp;
    use aggregates::ids::MessageId;
    use uuid::Uuid;

    use super::*;

    fn room() -> RoomId {
        RoomId(Uuid::from_u128(1))
    }

    fn user(name: &str) -> UserId {
        UserId::parse(name).expect("a valid id")
    }

    fn entry(seq: u64, sender: &str, author: Option<&str>, words: &str) -> Entry {
        Entry {
            position: Position(seq),
            message_id: MessageId(Uuid::from_u128(seq.into())),
            room_id: room(),
            seq,
            sender_id: user(sender),
            author_id: author.map(user),
            sent_at: Timestamp::from_millis(0),
            has_attachment: false,
            deleted: false,
            worded: Position(seq),
            words: Some(words.to_owned()),
        }
    }

    fn reword(seq: u64, words: &str, position: u64) -> SearchChange {
        SearchChange::Reword { room_id: room(), seq, words: words.to_owned(), position: Position(position) }
    }

    fn words_of(changes: Vec<SearchChange>) -> Vec<String> {
        let mut batch = SearchBatch::wanting(&changes);
        batch.play(changes);
        batch.changed().into_iter().map(|(entry, _)| entry.words.clone().unwrap_or_default()).collect()
    }

    #[test]
    fn the_first_deletion_wins_and_nothing_behind_it_counts() {
        let remove = || SearchChange::Remove { room_id: room(), seq: 1 };
        let add = || SearchChange::Add(entry(1, "ana", None, "satu"));
        assert_eq!(words_of(vec![add(), reword(1, "dua", 2)]), ["dua"]);
        assert_eq!(words_of(vec![add(), remove(), reword(1, "dua", 3), remove()]), [""]);
        assert_eq!(words_of(vec![remove(), reword(1, "dua", 3)]), [""; 0], "of what never was");
        assert_eq!(words_of(vec![add(), SearchChange::Add(entry(1, "ben", None, "lain"))]), ["satu"]);
    }

    #[test]
    fn words_go_with_whoever_said_them_first() {
        let erase = |name: &str, position| SearchChange::Erase { user_id: user(name), position: Position(position) };
        let forwarded = || SearchChange::Add(entry(2, "ana", Some("ben"), "benswords"));
        let own = || SearchChange::Add(entry(1, "ana", None, "anaswords"));
        assert_eq!(words_of(vec![own(), forwarded(), erase("ana", 5)]), ["", "benswords"]);
        assert_eq!(words_of(vec![own(), forwarded(), erase("ben", 5)]), ["anaswords", ""]);
        assert_eq!(words_of(vec![own(), erase("ana", 1)]), ["anaswords"], "said behind it");
        assert_eq!(words_of(vec![own(), erase("ana", 5), reword(1, "again", 6), erase("ana", 6)]), ["again"]);
    }
}
