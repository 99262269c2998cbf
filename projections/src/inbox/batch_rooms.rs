//! What changes of rooms, of who is in them and of how they keep them come to.

use aggregates::Timestamp;
use aggregates::ids::RoomId;
use aggregates::participant::Arrangement;
use aggregates::room::Role;
use event_log::Position;

use super::batch::{AWAY, InRoom, InboxBatch, NEVER_ACTIVE, Reader, RoomState, Stay, Words};
use super::changes::{Admitted, Described, Description, LastShown, OpenedRoom, RoomRule};
use super::rows::Mute;

impl InboxBatch {
    pub(super) fn open_room(&mut self, room: OpenedRoom) {
        if self.rooms.get(&room.room_id).is_some() {
            return;
        }
        let of_opener =
            |words: Option<String>| Words { words, by: Some(room.opened_by.clone()), position: room.position };
        self.rooms.put(
            room.room_id,
            RoomState {
                kind: room.kind,
                name: of_opener(room.name),
                avatar: of_opener(room.avatar),
                opened_by: room.opened_by.clone(),
                group_id: room.group_id,
                pair: room.pair,
                closed: false,
                join_policy: room.join_policy,
                history_from: room.history_from,
                slow_mode_seconds: 0,
                participant_count: 0,
                last_seq: 0,
                last_tombstone_seq: 0,
                last_position: room.position,
                last_message_at: None,
                last_message: Words::default(),
                last_deleted: false,
                position: room.position,
                created_at: room.at,
                updated_at: room.at,
            },
        );
    }

    pub(super) fn describe(&mut self, described: Described) {
        let Some(room) = self.rooms.change(&described.room_id) else { return };
        let (place, words) = match described.what {
            Description::Name(words) => (&mut room.name, words),
            Description::Picture(words) => (&mut room.avatar, words),
        };
        *place = Words { words, by: Some(described.by), position: described.position };
        room.updated_at = described.at;
    }

    pub(super) fn set_rule(&mut self, room_id: RoomId, rule: RoomRule, at: Timestamp) {
        let Some(room) = self.rooms.change(&room_id) else { return };
        match rule {
            RoomRule::JoinPolicy(policy) => room.join_policy = policy,
            RoomRule::SlowModeSeconds(seconds) => room.slow_mode_seconds = seconds,
            RoomRule::Closed(closed) => room.closed = closed,
        }
        room.updated_at = at;
    }

    pub(super) fn admit(&mut self, admitted: Admitted) {
        let key = (admitted.room_id, admitted.user_id);
        if self.open_stays.get(&key).is_some() {
            return;
        }
        let stay = Stay {
            from: admitted.position,
            to: None,
            role: admitted.role,
            join_seq: admitted.join_seq,
            joined_at: admitted.at,
        };
        self.stays.insert((key.0, key.1.clone(), stay.from), stay.clone());
        self.open_stays.put(key.clone(), stay);
        if let Some(room) = self.rooms.change(&key.0) {
            room.participant_count += 1;
            room.updated_at = admitted.at;
        }
        match self.readers.change(&key) {
            Some(reader) => reader.active_position = NEVER_ACTIVE,
            None => self.readers.put(key, Reader::new(NEVER_ACTIVE)),
        }
    }

    pub(super) fn dismiss(&mut self, key: InRoom, at: Timestamp, position: Position) {
        let Some(stay) = self.open_stays.get(&key).cloned() else { return };
        self.stays.insert((key.0, key.1.clone(), stay.from), Stay { to: Some(position), ..stay });
        self.open_stays.remove(&key);
        if let Some(room) = self.rooms.change(&key.0) {
            room.participant_count = room.participant_count.saturating_sub(1);
            room.updated_at = at;
        }
        if let Some(reader) = self.readers.change(&key) {
            reader.active_position = AWAY;
        }
    }

    pub(super) fn set_role(&mut self, key: InRoom, role: Role, at: Timestamp) {
        let Some(stay) = self.open_stays.change(&key) else { return };
        stay.role = role;
        let stay = stay.clone();
        self.stays.insert((key.0, key.1, stay.from), stay);
        if let Some(room) = self.rooms.change(&key.0) {
            room.updated_at = at;
        }
    }

    pub(super) fn show_last(&mut self, last: LastShown) {
        if let Some(room) = self.rooms.change(&last.room_id) {
            room.last_seq = room.last_seq.max(last.seq);
            room.last_position = last.position;
            room.last_message_at = Some(last.at);
            room.last_message = Words { words: Some(last.text), by: Some(last.by), position: last.position };
            room.last_deleted = false;
            room.updated_at = last.at;
        }
    }

    pub(super) fn move_reader(&mut self, key: InRoom, seq: u64, at: Timestamp, position: Position) {
        let is_in = self.open_stays.get(&key).is_some();
        let active_position = if is_in { i64::try_from(position.0).unwrap_or(i64::MAX) } else { AWAY };
        self.change_reader(key, |reader| {
            reader.active_position = active_position;
            reader.read_seq = reader.read_seq.max(seq);
            if seq > reader.seen_seq {
                reader.seen_seq = seq;
                reader.last_read_at = Some(at);
            }
        });
    }

    pub(super) fn deliver(&mut self, key: InRoom, seq: u64, at: Timestamp) {
        self.change_reader(key, |reader| {
            if seq > reader.delivered_seq {
                reader.delivered_seq = seq;
                reader.delivered_at = Some(at);
            }
        });
    }

    /// Everybody who ever came in has a row; for anybody else there is one from now on.
    pub(super) fn change_reader(&mut self, key: InRoom, change: impl FnOnce(&mut Reader)) {
        if let Some(reader) = self.readers.change(&key) {
            change(reader);
            return;
        }
        let mut reader = Reader::new(AWAY);
        change(&mut reader);
        self.readers.put(key, reader);
    }
}

impl Reader {
    pub(super) fn arrange(&mut self, arrangement: Arrangement) {
        match arrangement {
            Arrangement::Muted { until } => self.muted = Some(Mute { until }),
            Arrangement::Unmuted => self.muted = None,
            Arrangement::Pinned => self.pinned = true,
            Arrangement::Unpinned => self.pinned = false,
            Arrangement::Archived { seq } => self.archived_seq = Some(seq),
            Arrangement::Unarchived => self.archived_seq = None,
        }
    }
}
