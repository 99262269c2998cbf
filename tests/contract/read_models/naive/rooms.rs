//! Rooms, messages and places as the log tells them, and as the views should answer.

use std::collections::{BTreeMap, BTreeSet};

use aggregates::ids::{MessageId, RoomId, UserId};
use aggregates::participant::{Arrangement, ParticipantEvent};
use aggregates::room::{Forwarded, HistoryFrom, RoomEvent};
use aggregates::{Sealed, Timestamp};
use event_log::Position;
use projections::Views;
use projections::inbox::{Archived, MessagePage, MessageRow, Mute, RoomsAsk};

use super::{Naive, same};

/// More than there ever are.
const ALL: usize = 1_000;
const SHOWN: usize = 100;

pub struct Room {
    /// Who is in, with the seq they joined at.
    members: BTreeMap<UserId, u64>,
    history_from: HistoryFrom,
    name: Option<String>,
    named_by: UserId,
    avatar: Option<String>,
    pictured_by: UserId,
    closed: bool,
    said: Vec<Said>,
    opened: Position,
}

pub struct Said {
    id: MessageId,
    seq: u64,
    position: Position,
    pub sender: UserId,
    /// What it said from when on, the latest last.
    versions: Vec<(String, Timestamp)>,
    reply_to: Option<MessageId>,
    forwarded: Option<Forwarded>,
    named: BTreeSet<UserId>,
    all: bool,
    deleted: Option<(UserId, Timestamp)>,
    reactions: Vec<(String, Vec<UserId>)>,
    pinned: Option<(UserId, Position)>,
}

#[derive(Default, Clone)]
pub struct Place {
    read: u64,
    /// The furthest it ever was.
    seen: u64,
    delivered: u64,
    /// Where they last read or spoke in this stay.
    active: u64,
    muted: Option<Mute>,
    pinned: bool,
    archived: Option<u64>,
}

fn words(sealed: Option<&Sealed>) -> Option<String> {
    sealed.and_then(Sealed::words).map(str::to_owned)
}

impl Said {
    pub fn is_own_of(&self, user: &UserId) -> bool {
        self.sender == *user && self.forwarded.is_none()
    }

    fn author(&self) -> &UserId {
        self.forwarded.as_ref().map_or(&self.sender, |forwarded| &forwarded.author_id)
    }

    fn words(&self) -> String {
        self.versions.last().map(|(words, _)| words.clone()).filter(|_| self.deleted.is_none()).unwrap_or_default()
    }

    fn calls(&self, user: &UserId) -> bool {
        self.deleted.is_none() && self.sender != *user && (self.all || self.named.contains(user))
    }
}

impl Room {
    pub fn last_seq(&self) -> u64 {
        self.said.len() as u64
    }

    pub fn joined_at(&self, user: &UserId) -> Option<u64> {
        self.members.get(user).copied()
    }

    pub fn message(&self, seq: u64) -> &Said {
        &self.said[usize::try_from(seq).expect("small") - 1]
    }

    fn change(&mut self, seq: u64) -> Option<&mut Said> {
        self.said.iter_mut().find(|said| said.seq == seq).filter(|said| said.deleted.is_none())
    }

    fn last_position(&self) -> Position {
        self.said.last().map_or(self.opened, |last| last.position)
    }

    pub fn forget_words_of(&mut self, user: &UserId) {
        for said in &mut self.said {
            if said.author() == user {
                said.versions.iter_mut().for_each(|(words, _)| words.clear());
            }
        }
        if self.named_by == *user {
            self.name = None;
        }
        if self.pictured_by == *user {
            self.avatar = None;
        }
    }

    /// What somebody may read of it.
    fn readable(&self, reader: &UserId) -> Option<impl DoubleEndedIterator<Item = &Said>> {
        let joined = self.joined_at(reader)?;
        let floor = if self.history_from == HistoryFrom::Join { joined } else { 0 };
        Some(self.said.iter().filter(move |said| said.seq > floor))
    }
}

impl Naive {
    pub(super) fn take_room(&mut self, event: &RoomEvent, position: Position) {
        match event {
            RoomEvent::RoomOpened(event) => {
                let room = Room {
                    members: event.members.iter().map(|member| (member.user_id.clone(), 0)).collect(),
                    history_from: event.history_from,
                    name: words(event.name.as_ref()),
                    named_by: event.opened_by.clone(),
                    avatar: words(event.avatar.as_ref()),
                    pictured_by: event.opened_by.clone(),
                    closed: false,
                    said: vec![],
                    opened: position,
                };
                self.rooms.insert(event.room_id, room);
            }
            RoomEvent::MembersAdded(event) => {
                for member in &event.members {
                    self.place(event.room_id, &member.user_id).active = 0;
                    let members = &mut self.room(event.room_id).members;
                    members.insert(member.user_id.clone(), event.join_seq);
                }
            }
            RoomEvent::MemberRemoved(event) => {
                self.room(event.room_id).members.remove(&event.user_id);
            }
            RoomEvent::MemberRoleChanged(_) | RoomEvent::JoinPolicyChanged(_) | RoomEvent::SlowModeChanged(_) => {}
            RoomEvent::RoomRenamed(event) => {
                let room = self.room(event.room_id);
                (room.name, room.named_by) = (words(event.name.as_ref()), event.by.clone());
            }
            RoomEvent::RoomAvatarChanged(event) => {
                let room = self.room(event.room_id);
                (room.avatar, room.pictured_by) = (words(event.avatar.as_ref()), event.by.clone());
            }
            RoomEvent::RoomClosed(event) => self.room(event.room_id).closed = true,
            RoomEvent::RoomReopened(event) => self.room(event.room_id).closed = false,
            RoomEvent::MessageSent(_)
            | RoomEvent::MessageEdited(_)
            | RoomEvent::MessageDeleted(_)
            | RoomEvent::ReactionAdded(_)
            | RoomEvent::ReactionRemoved(_)
            | RoomEvent::MessagePinned(_)
            | RoomEvent::MessageUnpinned(_) => self.take_message(event, position),
        }
    }

    fn take_message(&mut self, event: &RoomEvent, position: Position) {
        match event {
            RoomEvent::MessageSent(event) => {
                self.room(event.room_id).said.push(Said {
                    id: event.message_id,
                    seq: event.seq,
                    position,
                    sender: event.sender_id.clone(),
                    versions: vec![(event.content.reveal().to_owned(), event.at)],
                    reply_to: event.reply_to,
                    forwarded: event.forwarded.clone(),
                    named: event.mentions.iter().cloned().collect(),
                    all: event.mentions_all,
                    deleted: None,
                    reactions: vec![],
                    pinned: None,
                });
                let place = self.place(event.room_id, &event.sender_id);
                (place.read, place.active) = (place.read.max(event.seq), position.0);
                place.seen = place.seen.max(event.seq);
            }
            RoomEvent::MessageEdited(event) => {
                if let Some(said) = self.room(event.room_id).change(event.seq) {
                    said.versions.push((event.content.reveal().to_owned(), event.at));
                    (said.named, said.all) = (event.mentions.iter().cloned().collect(), event.mentions_all);
                }
            }
            RoomEvent::MessageDeleted(event) => {
                if let Some(said) = self.room(event.room_id).change(event.seq) {
                    said.deleted = Some((event.by.clone(), event.at));
                    said.pinned = None;
                }
            }
            RoomEvent::ReactionAdded(event) => {
                let Some(said) = self.room(event.room_id).change(event.seq) else { return };
                let emoji = event.emoji.to_string();
                match said.reactions.iter_mut().find(|(other, _)| *other == emoji) {
                    Some((_, users)) if users.contains(&event.user_id) => {}
                    Some((_, users)) => users.push(event.user_id.clone()),
                    None => said.reactions.push((emoji, vec![event.user_id.clone()])),
                }
            }
            RoomEvent::ReactionRemoved(event) => {
                let Some(said) = self.room(event.room_id).change(event.seq) else { return };
                for (emoji, users) in &mut said.reactions {
                    if *emoji == event.emoji.as_str() {
                        users.retain(|user| *user != event.user_id);
                    }
                }
                said.reactions.retain(|(_, users)| !users.is_empty());
            }
            RoomEvent::MessagePinned(event) => {
                if let Some(said) = self.room(event.room_id).change(event.seq) {
                    said.pinned.get_or_insert((event.by.clone(), position));
                }
            }
            RoomEvent::MessageUnpinned(event) => {
                if let Some(said) = self.room(event.room_id).change(event.seq) {
                    said.pinned = None;
                }
            }
            other => panic!("{other:?} is about no message"),
        }
    }

    pub(super) fn take_place(&mut self, event: &ParticipantEvent, position: Position) {
        match event {
            ParticipantEvent::MessagesRead(event) => {
                let place = self.place(event.room_id, &event.user_id);
                (place.read, place.active) = (place.read.max(event.up_to_seq), position.0);
                place.seen = place.seen.max(event.up_to_seq);
            }
            ParticipantEvent::MarkedUnread(event) => self.place(event.room_id, &event.user_id).read = event.read_seq,
            ParticipantEvent::MessagesDelivered(event) => {
                let place = self.place(event.room_id, &event.user_id);
                place.delivered = place.delivered.max(event.up_to_seq);
            }
            ParticipantEvent::RoomArranged(event) => {
                let place = self.place(event.room_id, &event.user_id);
                match event.arrangement {
                    Arrangement::Muted { until } => place.muted = Some(Mute { until }),
                    Arrangement::Unmuted => place.muted = None,
                    Arrangement::Pinned => place.pinned = true,
                    Arrangement::Unpinned => place.pinned = false,
                    Arrangement::Archived { seq } => place.archived = Some(seq),
                    Arrangement::Unarchived => place.archived = None,
                }
            }
        }
    }

    fn room(&mut self, id: RoomId) -> &mut Room {
        self.rooms.get_mut(&id).expect("opened")
    }

    fn place(&mut self, room: RoomId, user: &UserId) -> &mut Place {
        self.places.entry((room, user.clone())).or_default()
    }

    fn place_of(&self, room: RoomId, user: &UserId) -> Place {
        self.places.get(&(room, user.clone())).cloned().unwrap_or_default()
    }

    /// Messages behind somebody's pointer and behind their joining, but the deleted ones.
    fn unread<'a>(&'a self, id: RoomId, reader: &UserId, joined: u64) -> impl Iterator<Item = &'a Said> {
        let from = self.place_of(id, reader).read.max(joined);
        self.rooms[&id].said.iter().filter(move |said| said.seq > from && said.deleted.is_none())
    }

    fn is_archived(&self, id: RoomId, user: &UserId) -> bool {
        self.place_of(id, user).archived.is_some_and(|seq| self.rooms[&id].last_seq() <= seq)
    }

    pub(super) async fn compare_rooms(&self, views: &Views, who: &UserId) -> Result<(), String> {
        let inbox = views.inbox();
        let (mut total, mut listed, mut muted) = (0, vec![], vec![]);
        for (id, room) in &self.rooms {
            let shown = inbox.room(*id, who).await.expect("answered");
            let member = inbox.member(*id, who).await.expect("answered");
            muted.extend(self.place_of(*id, who).muted.map(|mute| (*id, mute)));
            let Some(joined) = room.joined_at(who) else {
                same("a stranger's room", shown, None)?;
                same("a stranger's place", member, None)?;
                continue;
            };
            let (shown, place) = (shown.ok_or("a member's room is missing")?, self.place_of(*id, who));
            let unread = self.unread(*id, who, joined).count() as u64;
            let archived = self.is_archived(*id, who);
            total += if archived { 0 } else { unread };
            listed.push((place.pinned, room.last_position(), *id));
            same("unread of a room", shown.unread, unread)?;
            let called = self.unread(*id, who, joined).filter(|said| said.calls(who)).count() as u64;
            same("mentions in a room", shown.mentions, called)?;
            same("members of a room", shown.participant_count, room.members.len() as u64)?;
            same("last seq", shown.last_seq, room.last_seq())?;
            let last = room.readable(who).into_iter().flatten().next_back();
            let words = last.filter(|last| last.deleted.is_none()).map(|last| last.words());
            same("last message", shown.last_message, words.map(|words| words.chars().take(SHOWN).collect()))?;
            same("last deleted", shown.last_deleted, last.is_some_and(|last| last.deleted.is_some()))?;
            same("what a room is called", (shown.name, shown.avatar), (room.name.clone(), room.avatar.clone()))?;
            same("whether it is closed", shown.closed, room.closed)?;
            let kept = (shown.muted, shown.pinned, shown.archived);
            same("how it is kept", kept, (place.muted, place.pinned, archived))?;
            let member = member.ok_or("a member is missing")?;
            same("a reader's pointer", (member.read_seq, shown.read_seq), (place.read, place.read))?;
            same("the furthest they read", member.seen_seq, place.seen)?;
            same("what was delivered", member.delivered_seq, place.delivered.max(place.seen))?;
            same("unread of a member", (member.unread, member.join_seq), (unread, joined))?;
        }
        let counted = inbox.unread_totals(std::slice::from_ref(who)).await.expect("answered");
        same("unread in all rooms", counted, vec![total])?;
        let mutes = inbox.mutes(who).await.expect("answered").0;
        same("mutes", mutes.into_iter().map(|one| (one.room_id, one.mute)).collect(), muted)?;
        listed.sort_unstable_by(|a, b| b.cmp(a));
        self.compare_lists(views, who, &listed, total).await
    }

    /// Page by page, one room on each.
    async fn compare_lists(
        &self,
        views: &Views,
        who: &UserId,
        listed: &[(bool, Position, RoomId)],
        total: u64,
    ) -> Result<(), String> {
        for archived in [Archived::With, Archived::Only, Archived::Without] {
            let wanted = listed.iter().map(|(_, _, id)| *id).filter(|id| match archived {
                Archived::With => true,
                Archived::Only => self.is_archived(*id, who),
                Archived::Without => !self.is_archived(*id, who),
            });
            let (mut shown, mut after) = (vec![], None);
            loop {
                let ask = RoomsAsk { archived, after, limit: 1, members_each: 1, ..RoomsAsk::default() };
                let page = views.inbox().rooms_of(who, &ask).await.expect("answered");
                same("unread beside a list", page.total_unread, total)?;
                let Some((room, cursor)) = page.rooms.first() else { break };
                shown.push(room.id);
                after = Some(*cursor);
            }
            same(&format!("the list of rooms {archived:?}"), shown, wanted.collect())?;
        }
        Ok(())
    }

    pub(super) async fn compare_messages(&self, views: &Views, who: &UserId) -> Result<(), String> {
        for (id, room) in &self.rooms {
            let found = views.inbox().messages(*id, who, MessagePage::Newest, ALL).await.expect("answered");
            let Some(readable) = room.readable(who) else {
                same("a stranger's messages", found, None)?;
                same("a stranger's pins", views.inbox().pins(*id, who, ALL).await.expect("answered"), None)?;
                continue;
            };
            let readable: Vec<&Said> = readable.collect();
            let found = found.ok_or("a member reads nothing")?.messages;
            same("readable", seqs(&found), readable.iter().map(|said| said.seq).collect())?;
            for (row, said) in found.iter().zip(&readable) {
                compare_message(row, said)?;
            }
            self.compare_pages(views, who, (*id, room), &found).await?;
        }
        Ok(())
    }

    async fn compare_pages(
        &self,
        views: &Views,
        who: &UserId,
        (id, room): (RoomId, &Room),
        found: &[MessageRow],
    ) -> Result<(), String> {
        let inbox = views.inbox();
        let mut pinned: Vec<_> =
            found.iter().filter_map(|row| Some((row.pinned.as_ref()?.position, row.seq))).collect();
        pinned.sort_unstable_by(|a, b| b.cmp(a));
        let pins = inbox.pins(id, who, ALL).await.expect("answered").ok_or("no pins")?;
        same("pins", seqs(&pins), pinned.into_iter().map(|(_, seq)| seq).collect())?;
        let joined = room.joined_at(who).unwrap_or(0);
        let unread = self.place_of(id, who).read.max(joined) + 1;
        let from = if unread > room.last_seq() { 1 } else { unread };
        let page = inbox.messages(id, who, MessagePage::Unread, ALL).await.expect("answered").ok_or("no page")?;
        let wanted: Vec<u64> = seqs(found).into_iter().filter(|seq| *seq >= from).collect();
        same("from the first unread", seqs(&page.messages), wanted)?;
        for row in found.iter().step_by(3) {
            let replies = inbox.replies(row.id, who, None, ALL).await.expect("answered").ok_or("no replies")?;
            let wanted = found.iter().filter(|other| other.reply_to == Some(row.id)).map(|other| other.seq).collect();
            same("replies", seqs(&replies.messages), wanted)?;
            let versions = inbox.versions(row.id, who, ALL).await.expect("answered").ok_or("no versions")?;
            let said = room.message(row.seq);
            let wanted = if said.deleted.is_some() { vec![] } else { said.versions.clone() };
            same("versions", versions.into_iter().map(|one| (one.content, one.at)).collect(), wanted)?;
            let read_by = inbox.read_by(row.id, who).await.expect("answered").ok_or("nobody")?;
            let came_in_time = |joined: u64| room.history_from == HistoryFrom::Start || joined < said.seq;
            let mut readers: Vec<_> = room
                .members
                .iter()
                .filter(|(member, joined)| **member != said.sender && came_in_time(**joined))
                .map(|(member, _)| (std::cmp::Reverse(self.place_of(id, member).active), member.clone()))
                .filter(|(active, member)| active.0 >= said.position.0 && self.place_of(id, member).seen >= said.seq)
                .collect();
            readers.sort();
            same("readers", read_by.count, readers.len() as u64)?;
            same("who read", read_by.users, readers.into_iter().map(|(_, member)| member).collect())?;
        }
        Ok(())
    }
}

fn seqs(rows: &[MessageRow]) -> Vec<u64> {
    rows.iter().map(|row| row.seq).collect()
}

fn compare_message(row: &MessageRow, said: &Said) -> Result<(), String> {
    same("a message", (row.id, row.position, &row.sender_id), (said.id, said.position, &said.sender))?;
    same("words", row.content.clone(), said.words())?;
    let deleted = row.deleted.as_ref().map(|deleted| (deleted.by.clone(), deleted.at));
    same("a deletion", deleted, said.deleted.clone())?;
    let there = said.deleted.is_none();
    let edited = said.versions.last().map(|(_, at)| *at).filter(|_| there && said.versions.len() > 1);
    same("when it was edited", row.edited_at, edited)?;
    same("what it answers", row.reply_to, said.reply_to)?;
    same("where it is from", row.forwarded.clone(), said.forwarded.clone().filter(|_| there))?;
    let named = if there { said.named.iter().cloned().collect() } else { vec![] };
    same("whom it names", (row.mentions.clone(), row.mentions_all), (named, there && said.all))?;
    let reactions = row.reactions.iter().map(|one| (one.emoji.clone(), one.users.clone())).collect();
    same("reactions", reactions, if there { said.reactions.clone() } else { vec![] })?;
    let counts: Vec<u64> = row.reactions.iter().map(|one| one.count).collect();
    same("how many reacted", counts, row.reactions.iter().map(|one| one.users.len() as u64).collect())?;
    let pinned = row.pinned.as_ref().map(|pinned| (pinned.by.clone(), pinned.position));
    same("whether it is pinned", pinned, said.pinned.clone())
}
