//! What the views should say, counted in the simplest way there is. Also makes up events that the rules allow.

use std::collections::{BTreeMap, BTreeSet};

use aggregates::DomainEvent;
use aggregates::feed::FeedEvent;
use aggregates::ids::{NotificationId, RoomId, UserId};
use aggregates::notification::{NotificationEvent, NotificationType};
use aggregates::participant::ParticipantEvent;
use aggregates::relationship::RelationshipEvent;
use aggregates::room::{RoomEvent, RoomKind};
use event_log::Position;
use projections::Views;
use projections::feed::{FeedFilter, FeedPage};

use crate::read_models::events::{
    added, erased, feed_read, marked, opened, raised, read, registered, relation, removed, renamed, sent,
};
use crate::read_models::world::{room, user};

const PEOPLE: [&str; 4] = ["ana", "ben", "cleo", "dian"];
const ROOMS: u8 = 3;

/// Something that somebody might do; what comes of it depends on what is.
#[derive(Debug, Clone, Copy)]
pub struct Act {
    what: u8,
    who: &'static str,
    whom: &'static str,
    number: u8,
}

impl From<(u8, u8, u8, u8)> for Act {
    fn from((what, who, whom, number): (u8, u8, u8, u8)) -> Self {
        let person = |index: u8| PEOPLE[usize::from(index) % PEOPLE.len()];
        Self { what: what % 16, who: person(who), whom: person(whom), number }
    }
}

struct Said {
    room: RoomId,
    seq: u64,
}

struct Note {
    id: NotificationId,
    recipient: UserId,
    position: Position,
    read: bool,
}

#[derive(Default)]
pub struct Naive {
    /// Who is in, with the seq they joined at.
    rooms: BTreeMap<RoomId, BTreeMap<UserId, u64>>,
    said: Vec<Said>,
    read: BTreeMap<(RoomId, UserId), u64>,
    follows: BTreeSet<(UserId, UserId)>,
    blocks: BTreeSet<(UserId, UserId)>,
    notes: Vec<Note>,
    people: BTreeSet<UserId>,
    happened: i64,
}

impl Naive {
    /// The events that the rules would let happen.
    pub fn events_of(&self, act: Act, head: Position) -> Vec<DomainEvent> {
        let nth = self.happened;
        let chosen = room(u128::from(act.number % ROOMS) + 1);
        let Some(members) = self.rooms.get(&chosen) else {
            return self.without_room(act, chosen, head);
        };
        let last_seq = self.last_seq(chosen);
        let is_in = members.contains_key(&user(act.who));
        match act.what {
            0..=2 if is_in => vec![sent(nth, chosen, last_seq + 1, act.who, &format!("word {nth}"))],
            3 | 4 if is_in && last_seq > 0 => {
                vec![read(nth, chosen, act.who, 1 + u64::from(act.number) % last_seq)]
            }
            5 if is_in => vec![removed(nth, chosen, act.who)],
            0..=6 if !is_in => vec![added(nth, chosen, &[act.who], last_seq)],
            _ => self.between_people(act, head),
        }
    }

    fn without_room(&self, act: Act, chosen: RoomId, head: Position) -> Vec<DomainEvent> {
        if act.what > 8 || act.who == act.whom {
            return self.between_people(act, head);
        }
        let kind = if act.number.is_multiple_of(2) { RoomKind::Group } else { RoomKind::Direct };
        vec![opened(self.happened, chosen, kind, Some("Room"), &[act.who, act.whom])]
    }

    fn between_people(&self, act: Act, head: Position) -> Vec<DomainEvent> {
        let nth = self.happened;
        let (from, to) = (user(act.who), user(act.whom));
        let pair = (from.clone(), to.clone());
        let back = (to, from.clone());
        let other = act.who != act.whom;
        match act.what {
            7 if other && !self.follows.contains(&pair) => {
                vec![relation(nth, act.who, act.whom, RelationshipEvent::UserFollowed)]
            }
            7 | 8 if self.follows.contains(&pair) => {
                vec![relation(nth, act.who, act.whom, RelationshipEvent::UserUnfollowed)]
            }
            9 if other && !self.blocks.contains(&pair) => {
                let mut events = vec![relation(nth, act.who, act.whom, RelationshipEvent::UserBlocked)];
                if self.follows.contains(&pair) {
                    events.push(relation(nth, act.who, act.whom, RelationshipEvent::UserUnfollowed));
                }
                if self.follows.contains(&back) {
                    events.push(relation(nth, act.whom, act.who, RelationshipEvent::UserUnfollowed));
                }
                events
            }
            9 if self.blocks.contains(&pair) => {
                vec![relation(nth, act.who, act.whom, RelationshipEvent::UserUnblocked)]
            }
            10 if !self.people.contains(&from) => vec![registered(nth, act.who, act.who)],
            10 => vec![renamed(nth, act.who, &format!("{} {}", act.who, act.number))],
            11 if !self.notes.is_empty() => {
                let note = &self.notes[usize::from(act.number) % self.notes.len()];
                vec![marked(nth, note.id.0.as_u128(), note.recipient.as_str(), act.who < act.whom)]
            }
            12 => vec![feed_read(nth, act.who, Position(head.0.saturating_sub(u64::from(act.number % 8))))],
            15 if self.people.contains(&from) => vec![erased(nth, act.who)],
            _ => vec![raised(nth, self.notes.len() as u128 + 1, act.who, NotificationType::Follower)],
        }
    }

    fn last_seq(&self, room: RoomId) -> u64 {
        self.said.iter().filter(|said| said.room == room).map(|said| said.seq).max().unwrap_or(0)
    }

    pub fn take(&mut self, event: &DomainEvent, position: Position) {
        self.happened += 1;
        match event {
            DomainEvent::Room(event) => self.take_room(event),
            DomainEvent::Participant(ParticipantEvent::MessagesRead(event)) => {
                self.move_reader(event.room_id, &event.user_id, event.up_to_seq);
            }
            DomainEvent::Participant(
                ParticipantEvent::MarkedUnread(_)
                | ParticipantEvent::MessagesDelivered(_)
                | ParticipantEvent::RoomArranged(_),
            ) => {}
            DomainEvent::Relationship(event) => {
                let pair = |directed: &aggregates::relationship::Directed| (directed.from.clone(), directed.to.clone());
                match event {
                    RelationshipEvent::UserFollowed(event) => self.follows.insert(pair(event)),
                    RelationshipEvent::UserUnfollowed(event) => self.follows.remove(&pair(event)),
                    RelationshipEvent::UserBlocked(event) => self.blocks.insert(pair(event)),
                    RelationshipEvent::UserUnblocked(event) => self.blocks.remove(&pair(event)),
                };
            }
            DomainEvent::Notification(event) => match event {
                NotificationEvent::NotificationRaised(event) => self.notes.push(Note {
                    id: event.notification_id,
                    recipient: event.recipient_id.clone(),
                    position,
                    read: false,
                }),
                NotificationEvent::NotificationRead(event) => self.mark(event.notification_id, true),
                NotificationEvent::NotificationUnread(event) => self.mark(event.notification_id, false),
            },
            DomainEvent::Feed(FeedEvent::FeedRead(event)) => {
                for note in &mut self.notes {
                    note.read |= note.recipient == event.user_id && note.position.0 <= event.up_to;
                }
            }
            DomainEvent::User(event) => {
                use aggregates::user::{ProfileChanged, UserErased, UserEvent, UserRegistered};
                match event {
                    UserEvent::UserRegistered(UserRegistered { user_id, .. })
                    | UserEvent::ProfileChanged(ProfileChanged { user_id, .. }) => {
                        self.people.insert(user_id.clone());
                    }
                    UserEvent::UserErased(UserErased { user_id, .. }) => {
                        self.people.remove(user_id);
                    }
                }
            }
        }
    }

    fn take_room(&mut self, event: &RoomEvent) {
        match event {
            RoomEvent::RoomOpened(event) => {
                let members = event.members.iter().map(|member| (member.user_id.clone(), 0)).collect();
                self.rooms.insert(event.room_id, members);
            }
            RoomEvent::MembersAdded(event) => {
                let members = self.rooms.entry(event.room_id).or_default();
                members.extend(event.members.iter().map(|member| (member.user_id.clone(), event.join_seq)));
            }
            RoomEvent::MemberRemoved(event) => {
                self.rooms.entry(event.room_id).or_default().remove(&event.user_id);
            }
            RoomEvent::MemberRoleChanged(_)
            | RoomEvent::RoomRenamed(_)
            | RoomEvent::RoomAvatarChanged(_)
            | RoomEvent::JoinPolicyChanged(_)
            | RoomEvent::SlowModeChanged(_)
            | RoomEvent::RoomClosed(_)
            | RoomEvent::RoomReopened(_)
            | RoomEvent::MessageEdited(_)
            | RoomEvent::MessageDeleted(_)
            | RoomEvent::ReactionAdded(_)
            | RoomEvent::ReactionRemoved(_)
            | RoomEvent::MessagePinned(_)
            | RoomEvent::MessageUnpinned(_) => {}
            RoomEvent::MessageSent(event) => {
                self.said.push(Said { room: event.room_id, seq: event.seq });
                self.move_reader(event.room_id, &event.sender_id, event.seq);
            }
        }
    }

    fn move_reader(&mut self, room: RoomId, reader: &UserId, seq: u64) {
        let pointer = self.read.entry((room, reader.clone())).or_insert(0);
        *pointer = seq.max(*pointer);
    }

    fn mark(&mut self, id: NotificationId, read: bool) {
        for note in self.notes.iter_mut().filter(|note| note.id == id) {
            note.read = read;
        }
    }

    /// Messages said in a room behind somebody's pointer and behind their joining.
    fn unread(&self, room: RoomId, reader: &UserId, joined: u64) -> u64 {
        let pointer = self.read.get(&(room, reader.clone())).copied().unwrap_or(0);
        let unread = self.said.iter().filter(|said| said.room == room && said.seq > pointer && said.seq > joined);
        unread.count() as u64
    }

    /// Asks the views everything that was counted here.
    pub async fn compare(&self, views: &Views) -> Result<(), String> {
        for name in PEOPLE {
            self.compare_rooms(views, &user(name)).await?;
            self.compare_relations(views, &user(name)).await?;
            self.compare_feed(views, &user(name)).await?;
        }
        Ok(())
    }

    async fn compare_rooms(&self, views: &Views, who: &UserId) -> Result<(), String> {
        let mut total = 0;
        for (room, members) in &self.rooms {
            let shown = views.inbox().room(*room, who).await.expect("answered");
            let member = views.inbox().member(*room, who).await.expect("answered");
            let Some(joined) = members.get(who) else {
                same("a stranger's room", shown, None)?;
                same("a stranger's place", member, None)?;
                continue;
            };
            let unread = self.unread(*room, who, *joined);
            total += unread;
            let shown = shown.ok_or("a member's room is missing")?;
            same("unread of a room", shown.unread, unread)?;
            same("members of a room", shown.participant_count, members.len() as u64)?;
            same("last seq", shown.last_seq, self.last_seq(*room))?;
            let member = member.ok_or("a member is missing")?;
            same("a reader's pointer", member.read_seq, *self.read.get(&(*room, who.clone())).unwrap_or(&0))?;
            same("unread of a member", member.unread, unread)?;
        }
        same(
            "unread in all rooms",
            views.inbox().unread_totals(std::slice::from_ref(who)).await.expect("answered"),
            vec![total],
        )
    }

    async fn compare_relations(&self, views: &Views, who: &UserId) -> Result<(), String> {
        let followers = self.follows.iter().filter(|(_, to)| to == who).count() as u64;
        let following = self.follows.iter().filter(|(from, _)| from == who).count() as u64;
        let counted = views.inbox().follow_counts(who).await.expect("answered");
        same("follow counts", counted, (followers, following))?;
        for name in PEOPLE {
            let other = user(name);
            let pair = (who.clone(), other.clone());
            let follows = views.inbox().follows(who, &other).await.expect("answered");
            same("follows", follows, self.follows.contains(&pair))?;
            let blocks = views.inbox().blocks(who, &other).await.expect("answered");
            same("blocks", blocks, self.blocks.contains(&pair))?;
        }
        Ok(())
    }

    async fn compare_feed(&self, views: &Views, who: &UserId) -> Result<(), String> {
        let notes: Vec<&Note> = self.notes.iter().rev().filter(|note| note.recipient == *who).collect();
        let listed =
            views.feed().list(who, &FeedFilter::default(), FeedPage::Offset(0), 1_000).await.expect("answered");
        let listed: Vec<_> = listed.into_iter().map(|row| (row.id, row.read_at.is_some())).collect();
        same("the feed", listed, notes.iter().map(|note| (note.id, note.read)).collect())?;
        let unread = notes.iter().filter(|note| !note.read).count() as u64;
        same(
            "unread entries",
            views.feed().unread_counts(std::slice::from_ref(who)).await.expect("answered"),
            vec![unread],
        )
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, shown: T, counted: T) -> Result<(), String> {
    if shown == counted { Ok(()) } else { Err(format!("{what}: shown {shown:?}, counted {counted:?}")) }
}
