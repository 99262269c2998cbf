//! The changes of a batch, played out on the rows they touch.
//!
//! Between loading and writing, and for every engine the same: what a counter becomes, whether somebody was in already.
//! Never in here: SQL, IO.

use std::collections::{BTreeMap, HashSet};

use aggregates::Timestamp;
use aggregates::ids::{RoomId, UserId};
use aggregates::room::{Role, RoomKind};
use event_log::Position;
use uuid::Uuid;

use super::project::{Admitted, Erased, InboxChange, OpenedRoom, Relation};
use super::rows::{MessageRow, Person};
use crate::store::touched::Touched;

pub(crate) type InRoom = (RoomId, UserId);
pub(crate) type Directed = (UserId, UserId);

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RoomState {
    pub kind: RoomKind,
    pub name: Option<String>,
    pub avatar: Option<String>,
    pub opened_by: UserId,
    pub group_id: Option<String>,
    pub pair: Option<(UserId, UserId)>,
    pub participant_count: u64,
    pub last_seq: u64,
    pub last_position: Position,
    pub last_message_at: Option<Timestamp>,
    pub last_message: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Somebody's time in a room, from one position to another.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stay {
    pub from: Position,
    pub to: Option<Position>,
    pub role: Role,
    pub join_seq: u64,
    pub joined_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reader {
    pub read_seq: u64,
    pub last_read_at: Option<Timestamp>,
    /// Position of their last read or word here; [`NEVER_ACTIVE`], [`AWAY`].
    pub active_position: i64,
}

pub(crate) const NEVER_ACTIVE: i64 = 0;
/// Sorted behind everybody who is in the room.
pub(crate) const AWAY: i64 = -1;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Since {
    pub position: Position,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct FollowCounts {
    pub followers: u64,
    pub following: u64,
}

/// Everything one batch reads and writes.
#[derive(Debug, Default)]
pub(crate) struct InboxBatch {
    pub rooms: Touched<RoomId, RoomState>,
    /// Who is in now. Only what is loaded here counts; what is written is in `stays`.
    pub open_stays: Touched<InRoom, Stay>,
    /// Stays that began, changed or ended in this batch.
    pub stays: BTreeMap<(RoomId, UserId, Position), Stay>,
    pub readers: Touched<InRoom, Reader>,
    pub messages: Vec<MessageRow>,
    /// `None`: not there any more.
    pub people: BTreeMap<UserId, Option<Person>>,
    /// Whose words up to where are blanked, after everything else is written: it may be any number of rows.
    pub erased: BTreeMap<UserId, Position>,
    pub follows: Touched<Directed, Since>,
    pub follow_counts: Touched<UserId, FollowCounts>,
    pub blocks: Touched<Directed, Since>,
}

impl InboxBatch {
    /// Says which rows the changes need.
    pub(crate) fn want_all(&mut self, changes: &[InboxChange]) {
        for change in changes {
            self.want(change);
        }
    }

    /// What was played out is written. Rows are remembered, at most about `rows_max` of each table.
    pub(crate) fn settle(&mut self, rows_max: usize) {
        self.rooms.settle(rows_max);
        self.open_stays.settle(rows_max);
        self.readers.settle(rows_max);
        self.follows.settle(rows_max);
        self.follow_counts.settle(rows_max);
        self.blocks.settle(rows_max);
        if !self.erased.is_empty() {
            // Blanking went past what is remembered of them.
            self.rooms = Touched::default();
            self.erased.clear();
        }
        self.stays.clear();
        self.messages.clear();
        self.people.clear();
    }

    fn want(&mut self, change: &InboxChange) {
        match change {
            InboxChange::OpenRoom(room) => self.rooms.want(room.room_id),
            InboxChange::Admit(Admitted { room_id, user_id, .. })
            | InboxChange::Dismiss { room_id, user_id, .. }
            | InboxChange::SetRole { room_id, user_id, .. }
            | InboxChange::MoveReader { room_id, user_id, .. } => {
                self.rooms.want(*room_id);
                self.open_stays.want((*room_id, user_id.clone()));
                self.readers.want((*room_id, user_id.clone()));
            }
            InboxChange::ShowLast { room_id, .. } => self.rooms.want(*room_id),
            InboxChange::AddMessage(_) | InboxChange::SetPerson { .. } | InboxChange::Erase(_) => {}
            InboxChange::Follow(relation) | InboxChange::Unfollow(relation) => {
                self.follows.want((relation.from.clone(), relation.to.clone()));
                self.follow_counts.want(relation.from.clone());
                self.follow_counts.want(relation.to.clone());
            }
            InboxChange::Block(relation) | InboxChange::Unblock(relation) => {
                self.blocks.want((relation.from.clone(), relation.to.clone()));
            }
        }
    }

    /// Plays the changes out, in order, on the loaded rows.
    pub(crate) fn play(&mut self, changes: Vec<InboxChange>) {
        for change in changes {
            match change {
                InboxChange::OpenRoom(room) => self.open_room(room),
                InboxChange::Admit(admitted) => self.admit(admitted),
                InboxChange::Dismiss { room_id, user_id, at, position } => {
                    self.dismiss((room_id, user_id), at, position);
                }
                InboxChange::SetRole { room_id, user_id, role, at } => self.set_role((room_id, user_id), role, at),
                InboxChange::AddMessage(message) => self.messages.push(message),
                InboxChange::ShowLast { room_id, seq, text, at, position } => {
                    self.show_last(room_id, seq, text, (at, position));
                }
                InboxChange::MoveReader { room_id, user_id, seq, at, position } => {
                    self.move_reader((room_id, user_id), seq, at, position);
                }
                InboxChange::SetPerson { user_id, person } => {
                    self.people.insert(user_id, Some(person));
                }
                InboxChange::Erase(Erased { user_id, position }) => {
                    self.people.insert(user_id.clone(), None);
                    self.erased.insert(user_id, position);
                }
                InboxChange::Follow(relation) => self.follow(relation),
                InboxChange::Unfollow(relation) => self.unfollow(relation),
                InboxChange::Block(relation) => {
                    let since = Since { position: relation.position, at: relation.at };
                    let pair = (relation.from, relation.to);
                    if self.blocks.get(&pair).is_none() {
                        self.blocks.put(pair, since);
                    }
                }
                InboxChange::Unblock(relation) => self.blocks.remove(&(relation.from, relation.to)),
            }
        }
    }

    fn open_room(&mut self, room: OpenedRoom) {
        if self.rooms.get(&room.room_id).is_some() {
            return;
        }
        self.rooms.put(
            room.room_id,
            RoomState {
                kind: room.kind,
                name: room.name,
                avatar: room.avatar,
                opened_by: room.opened_by,
                group_id: room.group_id,
                pair: room.pair,
                participant_count: 0,
                last_seq: 0,
                last_position: room.position,
                last_message_at: None,
                last_message: None,
                created_at: room.at,
                updated_at: room.at,
            },
        );
    }

    fn admit(&mut self, admitted: Admitted) {
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
            None => {
                self.readers.put(key, Reader { read_seq: 0, last_read_at: None, active_position: NEVER_ACTIVE });
            }
        }
    }

    fn dismiss(&mut self, key: InRoom, at: Timestamp, position: Position) {
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

    fn set_role(&mut self, key: InRoom, role: Role, at: Timestamp) {
        let Some(stay) = self.open_stays.change(&key) else { return };
        stay.role = role;
        let stay = stay.clone();
        self.stays.insert((key.0, key.1, stay.from), stay);
        if let Some(room) = self.rooms.change(&key.0) {
            room.updated_at = at;
        }
    }

    fn show_last(&mut self, room_id: RoomId, seq: u64, text: String, (at, position): (Timestamp, Position)) {
        if let Some(room) = self.rooms.change(&room_id) {
            room.last_seq = room.last_seq.max(seq);
            room.last_position = position;
            room.last_message_at = Some(at);
            room.last_message = Some(text);
            room.updated_at = at;
        }
    }

    fn move_reader(&mut self, key: InRoom, seq: u64, at: Timestamp, position: Position) {
        let is_in = self.open_stays.get(&key).is_some();
        let active_position = if is_in { i64::try_from(position.0).unwrap_or(i64::MAX) } else { AWAY };
        let mut reader =
            self.readers.get(&key).cloned().unwrap_or(Reader { read_seq: 0, last_read_at: None, active_position });
        reader.active_position = active_position;
        if seq > reader.read_seq {
            reader.read_seq = seq;
            reader.last_read_at = Some(at);
        }
        self.readers.put(key, reader);
    }

    fn follow(&mut self, relation: Relation) {
        let since = Since { position: relation.position, at: relation.at };
        let pair = (relation.from, relation.to);
        if self.follows.get(&pair).is_some() {
            return;
        }
        self.count(&pair.0, |counts| counts.following += 1);
        self.count(&pair.1, |counts| counts.followers += 1);
        self.follows.put(pair, since);
    }

    fn unfollow(&mut self, relation: Relation) {
        let pair = (relation.from, relation.to);
        if self.follows.get(&pair).is_none() {
            return;
        }
        self.count(&pair.0, |counts| counts.following = counts.following.saturating_sub(1));
        self.count(&pair.1, |counts| counts.followers = counts.followers.saturating_sub(1));
        self.follows.remove(&pair);
    }

    fn count(&mut self, user: &UserId, change: impl FnOnce(&mut FollowCounts)) {
        let mut counts = self.follow_counts.get(user).cloned().unwrap_or_default();
        change(&mut counts);
        self.follow_counts.put(user.clone(), counts);
    }
}

/// Of messages (position, id, room, seq) in the order of the log, the positions of those whose id or place is taken.
pub(crate) fn late_comers(messages: Vec<(i64, Uuid, Uuid, i64)>) -> Vec<i64> {
    let (mut ids, mut places) = (HashSet::new(), HashSet::new());
    let mut late = Vec::new();
    for (position, id, room, seq) in messages {
        if ids.contains(&id) || places.contains(&(room, seq)) {
            late.push(position);
        } else {
            ids.insert(id);
            places.insert((room, seq));
        }
    }
    late
}
