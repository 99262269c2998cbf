//! What becomes of messages, played out: other words, deletions, reactions, pins, and whom they name.
//!
//! Events about one message are set-like (architecture §3): the first deletion wins, and behind it nothing changes any
//! more. Only tombstones have to be looked up for that, by the place that every such event carries.

use super::batch::{EmojiCount, InboxBatch, Mentions, Pin, Tombstone, Words};
use super::changes::{DeletedMessage, EditedMessage, Mentioned, Pinned, Reaction};
use super::project::beginning;

impl InboxBatch {
    pub(super) fn mention(&mut self, mentioned: &Mentioned) {
        let mentions = self.mentions.entry((mentioned.room_id, mentioned.seq)).or_default();
        mentions.add(mentioned);
    }

    pub(super) fn edit(&mut self, edited: EditedMessage) {
        let place = (edited.mentioned.room_id, edited.mentioned.seq);
        if self.tombstones.get(&place).is_some() {
            return;
        }
        if self.rooms.get(&place.0).is_some_and(|room| room.last_seq == place.1)
            && let Some(room) = self.rooms.change(&place.0)
        {
            room.last_message = Words {
                words: Some(beginning(&edited.content)),
                by: Some(edited.mentioned.sender_id.clone()),
                position: edited.position,
            };
        }
        let mut mentions = Mentions { replaced: true, ..Mentions::default() };
        mentions.add(&edited.mentioned);
        self.mentions.insert(place, mentions);
        self.edits.push(edited);
    }

    pub(super) fn delete(&mut self, deleted: DeletedMessage) {
        let place = (deleted.room_id, deleted.seq);
        if self.tombstones.get(&place).is_some() {
            return;
        }
        self.tombstones.put(place, Tombstone { by: deleted.by, at: deleted.at });
        self.mentions.insert(place, Mentions { replaced: true, ..Mentions::default() });
        self.pins.remove(&place);
        if let Some(room) = self.rooms.change(&place.0) {
            room.last_tombstone_seq = room.last_tombstone_seq.max(place.1);
            if room.last_seq == place.1 {
                room.last_message = Words::default();
                room.last_deleted = true;
            }
        }
    }

    pub(super) fn react(&mut self, reaction: Reaction) {
        let Reaction { room_id, seq, user_id, emoji, on, position } = reaction;
        if self.tombstones.get(&(room_id, seq)).is_some() {
            return;
        }
        let (one, all) = ((room_id, seq, emoji.clone(), user_id), (room_id, seq, emoji));
        if self.reactions.get(&one).is_some() == on {
            return;
        }
        if on {
            self.reactions.put(one, position);
            match self.emoji_counts.change(&all) {
                Some(counted) => counted.count += 1,
                None => self.emoji_counts.put(all, EmojiCount { count: 1, position }),
            }
            return;
        }
        self.reactions.remove(&one);
        if let Some(counted) = self.emoji_counts.change(&all) {
            counted.count = counted.count.saturating_sub(1);
            if counted.count == 0 {
                self.emoji_counts.remove(&all);
            }
        }
    }

    pub(super) fn pin(&mut self, pinned: Pinned) {
        let place = (pinned.room_id, pinned.seq);
        if self.tombstones.get(&place).is_some() {
            return;
        }
        if !pinned.on {
            self.pins.remove(&place);
        } else if self.pins.get(&place).is_none() {
            self.pins.put(place, Pin { by: pinned.by, at: pinned.at, position: pinned.position });
        }
    }
}

impl Mentions {
    /// Who was named already is named once, as before.
    fn add(&mut self, mentioned: &Mentioned) {
        for name in mentioned.names() {
            self.named.entry(name.to_owned()).or_insert_with(|| mentioned.sender_id.clone());
        }
    }
}
