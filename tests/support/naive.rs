//! What the log means, worked out without any cleverness: the other opinion that views are compared with.
//!
//! Shares no code with `projections`, on purpose.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aggregates::ids::{MessageId, RoomId, UserId};
use aggregates::participant::{Arrangement, ParticipantEvent};
use aggregates::room::RoomEvent;
use aggregates::{DomainEvent, Sealed};
use event_log::{EventLog, Filter, Position, RecordedEvent};

/// Every event of the log, in order.
pub async fn whole_log(log: &dyn EventLog) -> Vec<RecordedEvent> {
    let mut all = Vec::new();
    let mut position = Position::START;
    let head = log.head().await.expect("a head");
    while position < head {
        let page = log.read_after(position, 2_000, Filter::All).await.expect("a page of the log");
        assert!(page.scanned_to > position, "the log stands still at {position} before its head {head}");
        position = page.scanned_to;
        all.extend(page.into_events());
    }
    all
}

/// A message, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub id: MessageId,
    pub seq: u64,
    pub sender: UserId,
    pub client_message_id: Option<String>,
    pub position: Position,
    /// Its place stays, and it counts for nobody.
    pub deleted: bool,
}

/// Rooms as the log tells them.
#[derive(Debug, Default)]
pub struct Rooms {
    /// What was said in each room, in order.
    pub said: BTreeMap<RoomId, Vec<Said>>,
    /// Who is in now, and up to which seq nothing counts for them.
    pub members: BTreeMap<RoomId, BTreeMap<UserId, u64>>,
    /// Who put which room away, and after which message.
    archived: BTreeMap<(RoomId, UserId), u64>,
}

impl Rooms {
    pub fn of(events: &[RecordedEvent]) -> Self {
        let mut rooms = Self::default();
        for recorded in events {
            match &recorded.event {
                DomainEvent::Room(event) => rooms.in_room(event, recorded.position),
                DomainEvent::Participant(event) => rooms.in_place(event),
                DomainEvent::Relationship(_)
                | DomainEvent::Notification(_)
                | DomainEvent::Feed(_)
                | DomainEvent::User(_)
                | DomainEvent::Report(_)
                | DomainEvent::Preferences(_)
                | DomainEvent::Subscription(_) => {}
            }
        }
        rooms
    }

    fn in_room(&mut self, event: &RoomEvent, position: Position) {
        match event {
            RoomEvent::RoomOpened(event) => {
                let members = self.members.entry(event.room_id).or_default();
                members.extend(event.members.iter().map(|member| (member.user_id.clone(), 0)));
            }
            RoomEvent::MembersAdded(event) => {
                let last = self.said.get(&event.room_id).map_or(0, |said| said.len() as u64);
                let members = self.members.entry(event.room_id).or_default();
                members.extend(event.members.iter().map(|member| (member.user_id.clone(), last)));
            }
            RoomEvent::MemberRemoved(event) => {
                self.members.entry(event.room_id).or_default().remove(&event.user_id);
            }
            RoomEvent::MessageDeleted(event) => {
                let said = self.said.entry(event.room_id).or_default();
                said.iter_mut().filter(|message| message.seq == event.seq).for_each(|message| message.deleted = true);
            }
            RoomEvent::MemberRoleChanged(_)
            | RoomEvent::RoomRenamed(_)
            | RoomEvent::RoomAvatarChanged(_)
            | RoomEvent::JoinPolicyChanged(_)
            | RoomEvent::SlowModeChanged(_)
            | RoomEvent::RoomClosed(_)
            | RoomEvent::RoomReopened(_)
            | RoomEvent::MessageEdited(_)
            | RoomEvent::ReactionAdded(_)
            | RoomEvent::ReactionRemoved(_)
            | RoomEvent::MessagePinned(_)
            | RoomEvent::MessageUnpinned(_) => {}
            RoomEvent::MessageSent(event) => {
                self.said.entry(event.room_id).or_default().push(Said {
                    id: event.message_id,
                    seq: event.seq,
                    sender: event.sender_id.clone(),
                    client_message_id: event.client_message_id.as_ref().and_then(Sealed::words).map(str::to_owned),
                    position,
                    deleted: false,
                });
                self.counts_from(event.room_id, &event.sender_id, event.seq);
            }
        }
    }

    fn in_place(&mut self, event: &ParticipantEvent) {
        match event {
            ParticipantEvent::MessagesRead(event) => {
                self.counts_from(event.room_id, &event.user_id, event.up_to_seq);
            }
            ParticipantEvent::MarkedUnread(event) => {
                let members = self.members.entry(event.room_id).or_default();
                if let Some(from) = members.get_mut(&event.user_id) {
                    *from = event.read_seq;
                }
            }
            ParticipantEvent::RoomArranged(event) => {
                let place = (event.room_id, event.user_id.clone());
                match event.arrangement {
                    Arrangement::Archived { seq } => drop(self.archived.insert(place, seq)),
                    Arrangement::Unarchived => drop(self.archived.remove(&place)),
                    Arrangement::Muted { .. } | Arrangement::Unmuted | Arrangement::Pinned | Arrangement::Unpinned => {}
                }
            }
            ParticipantEvent::MessagesDelivered(_) => {}
        }
    }

    /// Read positions never go back by reading, and mean nothing for those who are not in.
    fn counts_from(&mut self, room: RoomId, user: &UserId, seq: u64) {
        if let Some(from) = self.members.entry(room).or_default().get_mut(user) {
            *from = seq.max(*from);
        }
    }

    /// Unread messages of everybody who is in a room: those behind the place from which they count.
    pub fn unread(&self) -> BTreeMap<(RoomId, UserId), u64> {
        let mut unread = BTreeMap::new();
        for (room, members) in &self.members {
            let said = self.said.get(room).map_or(&[][..], Vec::as_slice);
            // How many messages lie behind each place; one's own only where somebody went back to before them.
            for (user, from) in members {
                let behind = said[said.partition_point(|message| message.seq <= *from)..].iter();
                unread.insert((*room, user.clone()), behind.filter(|message| !message.deleted).count() as u64);
            }
        }
        unread
    }

    /// Put away, and nothing has been said since.
    pub fn is_archived(&self, room: RoomId, user: &UserId) -> bool {
        let said = self.said.get(&room).map_or(0, |said| said.len() as u64);
        self.archived.get(&(room, user.clone())).is_some_and(|seq| said <= *seq)
    }

    /// In every room the messages are numbered 1, 2, 3 .. and no message is there twice.
    pub fn assert_gapless(&self) {
        let mut ids = BTreeSet::new();
        for (room, said) in &self.said {
            for (index, message) in said.iter().enumerate() {
                assert_eq!(message.seq, index as u64 + 1, "seq of room {room}");
                assert!(ids.insert(message.id), "message {} of room {room} is there twice", message.id);
            }
        }
    }

    pub fn by_id(&self) -> HashMap<MessageId, &Said> {
        self.said.values().flatten().map(|message| (message.id, message)).collect()
    }
}
