//! The changes of a batch, played out on the rows they touch.
//!
//! Between loading and writing, and for every engine the same: what a counter becomes, whether somebody was in already.
//! Never in here: SQL, IO.

use std::collections::{BTreeMap, HashSet};

use aggregates::Timestamp;
use aggregates::ids::{ReportId, RoomId, UserId};
use aggregates::room::{HistoryFrom, JoinPolicy, Role, RoomKind};
use event_log::Position;
use uuid::Uuid;

use super::changes::{
    Admitted, Described, EditedMessage, Erased, FiledReport, InboxChange, LastShown, Reaction, Relation,
    ResolvedReport, SaidMessage,
};
use super::reports::{ReportRow, Resolved};
use super::rows::{Mute, Person};
use crate::store::touched::Touched;

pub(crate) type InRoom = (RoomId, UserId);
pub(crate) type Directed = (UserId, UserId);
/// A message's place: its room and seq.
pub(crate) type Place = (RoomId, u64);

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RoomState {
    pub kind: RoomKind,
    pub name: Words,
    pub avatar: Words,
    pub opened_by: UserId,
    pub group_id: Option<String>,
    pub pair: Option<(UserId, UserId)>,
    pub closed: bool,
    pub join_policy: JoinPolicy,
    pub history_from: HistoryFrom,
    pub slow_mode_seconds: u32,
    pub participant_count: u64,
    pub last_seq: u64,
    /// The highest seq that was deleted.
    pub last_tombstone_seq: u64,
    pub last_position: Position,
    pub last_message_at: Option<Timestamp>,
    pub last_message: Words,
    pub last_deleted: bool,
    /// Of the opening.
    pub position: Position,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Words that a room shows, with whose they are and where in the log: they go when that person is erased behind it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Words {
    pub words: Option<String>,
    pub by: Option<UserId>,
    pub position: Position,
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
    /// The furthest `read_seq` ever was.
    pub seen_seq: u64,
    /// When it came there.
    pub last_read_at: Option<Timestamp>,
    /// Position of their last read or word here; [`NEVER_ACTIVE`], [`AWAY`].
    pub active_position: i64,
    pub delivered_seq: u64,
    pub delivered_at: Option<Timestamp>,
    pub muted: Option<Mute>,
    pub pinned: bool,
    pub archived_seq: Option<u64>,
}

impl Reader {
    pub(super) const fn new(active_position: i64) -> Self {
        Self {
            read_seq: 0,
            seen_seq: 0,
            last_read_at: None,
            active_position,
            delivered_seq: 0,
            delivered_at: None,
            muted: None,
            pinned: false,
            archived_seq: None,
        }
    }
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

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tombstone {
    pub by: UserId,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pin {
    pub by: UserId,
    pub at: Timestamp,
    pub position: Position,
}

/// How often an emoji stands at a message, and where it came first.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EmojiCount {
    pub count: u64,
    pub position: Position,
}

/// Whom a message names.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Mentions {
    /// Instead of whomever it named before this batch, and not besides.
    pub replaced: bool,
    /// With whose words they are; [`EVERYBODY`] is everybody.
    pub named: BTreeMap<String, UserId>,
}

/// Stands where a user's id would: no id is empty.
pub(crate) const EVERYBODY: &str = "";

/// Everything one batch reads and writes.
#[derive(Debug, Default)]
pub(crate) struct InboxBatch {
    pub rooms: Touched<RoomId, RoomState>,
    /// Who is in now. Only what is loaded here counts; what is written is in `stays`.
    pub open_stays: Touched<InRoom, Stay>,
    /// Stays that began, changed or ended in this batch.
    pub stays: BTreeMap<(RoomId, UserId, Position), Stay>,
    pub readers: Touched<InRoom, Reader>,
    pub messages: Vec<SaidMessage>,
    pub edits: Vec<EditedMessage>,
    pub mentions: BTreeMap<Place, Mentions>,
    pub tombstones: Touched<Place, Tombstone>,
    pub reactions: Touched<(RoomId, u64, String, UserId), Position>,
    pub emoji_counts: Touched<(RoomId, u64, String), EmojiCount>,
    pub pins: Touched<Place, Pin>,
    /// `None`: not there any more.
    pub people: BTreeMap<UserId, Option<Person>>,
    /// Whose words up to where are blanked, after everything else is written: it may be any number of rows.
    pub erased: BTreeMap<UserId, Position>,
    pub follows: Touched<Directed, Since>,
    pub follow_counts: Touched<UserId, FollowCounts>,
    pub blocks: Touched<Directed, Since>,
    pub reports: Touched<ReportId, ReportRow>,
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
        self.tombstones.settle(rows_max);
        self.reactions.settle(rows_max);
        self.emoji_counts.settle(rows_max);
        self.pins.settle(rows_max);
        self.reports.settle(rows_max);
        if !self.erased.is_empty() {
            // Blanking went past what is remembered of them.
            self.rooms = Touched::default();
            self.reports = Touched::default();
            self.erased.clear();
        }
        self.stays.clear();
        self.written();
        self.people.clear();
    }

    /// What is written once, and as it comes, is written.
    pub(crate) fn written(&mut self) {
        self.messages.clear();
        self.edits.clear();
        self.mentions.clear();
    }

    fn want(&mut self, change: &InboxChange) {
        match change {
            InboxChange::OpenRoom(room) => self.rooms.want(room.room_id),
            InboxChange::Admit(Admitted { room_id, user_id, .. })
            | InboxChange::Dismiss { room_id, user_id, .. }
            | InboxChange::SetRole { room_id, user_id, .. }
            | InboxChange::MoveReader { room_id, user_id, .. }
            | InboxChange::TurnReaderBack { room_id, user_id, .. }
            | InboxChange::Deliver { room_id, user_id, .. }
            | InboxChange::Arrange { room_id, user_id, .. } => {
                self.rooms.want(*room_id);
                self.open_stays.want((*room_id, user_id.clone()));
                self.readers.want((*room_id, user_id.clone()));
            }
            InboxChange::ShowLast(LastShown { room_id, .. })
            | InboxChange::Describe(Described { room_id, .. })
            | InboxChange::SetRule { room_id, .. } => self.rooms.want(*room_id),
            InboxChange::Edit(edited) => self.want_message(edited.mentioned.room_id, edited.mentioned.seq),
            InboxChange::Delete(deleted) => {
                self.want_message(deleted.room_id, deleted.seq);
                self.pins.want((deleted.room_id, deleted.seq));
            }
            InboxChange::React(reaction) => self.want_reaction(reaction),
            InboxChange::Pin(pinned) => {
                self.tombstones.want((pinned.room_id, pinned.seq));
                self.pins.want((pinned.room_id, pinned.seq));
            }
            InboxChange::AddMessage(_)
            | InboxChange::Mention(_)
            | InboxChange::SetPerson { .. }
            | InboxChange::Erase(_) => {}
            InboxChange::Follow(relation) | InboxChange::Unfollow(relation) => {
                self.follows.want((relation.from.clone(), relation.to.clone()));
                self.follow_counts.want(relation.from.clone());
                self.follow_counts.want(relation.to.clone());
            }
            InboxChange::Block(relation) | InboxChange::Unblock(relation) => {
                self.blocks.want((relation.from.clone(), relation.to.clone()));
            }
            InboxChange::FileReport(FiledReport { id, .. }) | InboxChange::ResolveReport(ResolvedReport { id, .. }) => {
                self.reports.want(*id);
            }
        }
    }

    fn want_message(&mut self, room_id: RoomId, seq: u64) {
        self.rooms.want(room_id);
        self.tombstones.want((room_id, seq));
    }

    fn want_reaction(&mut self, reaction: &Reaction) {
        let Reaction { room_id, seq, emoji, user_id, .. } = reaction;
        self.tombstones.want((*room_id, *seq));
        self.reactions.want((*room_id, *seq, emoji.clone(), user_id.clone()));
        self.emoji_counts.want((*room_id, *seq, emoji.clone()));
    }

    /// Plays the changes out, in order, on the loaded rows.
    pub(crate) fn play(&mut self, changes: Vec<InboxChange>) {
        for change in changes {
            match change {
                InboxChange::OpenRoom(room) => self.open_room(room),
                InboxChange::Describe(described) => self.describe(described),
                InboxChange::SetRule { room_id, rule, at } => self.set_rule(room_id, rule, at),
                InboxChange::Admit(admitted) => self.admit(admitted),
                InboxChange::Dismiss { room_id, user_id, at, position } => {
                    self.dismiss((room_id, user_id), at, position);
                }
                InboxChange::SetRole { room_id, user_id, role, at } => self.set_role((room_id, user_id), role, at),
                InboxChange::AddMessage(message) => self.messages.push(message),
                InboxChange::ShowLast(last) => self.show_last(last),
                InboxChange::Mention(mentioned) => self.mention(&mentioned),
                InboxChange::Edit(edited) => self.edit(edited),
                InboxChange::Delete(deleted) => self.delete(deleted),
                InboxChange::React(reaction) => self.react(reaction),
                InboxChange::Pin(pinned) => self.pin(pinned),
                InboxChange::MoveReader { room_id, user_id, seq, at, position } => {
                    self.move_reader((room_id, user_id), seq, at, position);
                }
                InboxChange::TurnReaderBack { room_id, user_id, seq } => {
                    self.change_reader((room_id, user_id), |reader| reader.read_seq = seq);
                }
                InboxChange::Deliver { room_id, user_id, seq, at } => self.deliver((room_id, user_id), seq, at),
                InboxChange::Arrange { room_id, user_id, arrangement } => {
                    self.change_reader((room_id, user_id), |reader| reader.arrange(arrangement));
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
                InboxChange::Block(relation) => self.block(relation),
                InboxChange::Unblock(relation) => self.blocks.remove(&(relation.from, relation.to)),
                InboxChange::FileReport(filed) => self.reports.put(filed.id, ReportRow::filed(filed)),
                InboxChange::ResolveReport(resolved) => self.resolve(resolved),
            }
        }
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

    fn block(&mut self, relation: Relation) {
        let since = Since { position: relation.position, at: relation.at };
        let pair = (relation.from, relation.to);
        if self.blocks.get(&pair).is_none() {
            self.blocks.put(pair, since);
        }
    }

    /// The first resolution stands; a report that was never filed has none.
    fn resolve(&mut self, resolved: ResolvedReport) {
        if let Some(report) = self.reports.change(&resolved.id)
            && report.resolved.is_none()
        {
            let ResolvedReport { id: _, resolution, by, note, at, position } = resolved;
            report.resolved = Some(Resolved { resolution, by, note, at, position });
        }
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
