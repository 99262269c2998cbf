//! What happens in a community, as events: people come, rooms open, most of the rest is talk.
//!
//! Made up from a counter, so that every run has the same log. Never in here: what is measured.

use std::collections::HashMap;

use aggregates::feed::{FeedEvent, FeedRead};
use aggregates::ids::{CommandId, EventId, MessageId, NotificationId, RoomId, UserId, UserPair};
use aggregates::notification::{NotificationEvent, NotificationMarked, NotificationRaised, NotificationType, Source};
use aggregates::participant::{MessagesRead, ParticipantEvent};
use aggregates::policy::related::Related;
use aggregates::relationship::{Directed, RelationshipEvent};
use aggregates::room::{
    HistoryFrom, JoinPolicy, MessageKind, MessageSent, NewMember, Role, RoomEvent, RoomKind, RoomOpened,
};
use aggregates::user::{Profile, UserEvent, UserRegistered};
use aggregates::{DomainEvent, Metadata, Sealed, StreamId, Timestamp};
use event_log::port::{Batch, NewEvent};
use event_log::{Position, SharedLog};
use uuid::Uuid;

const PEOPLE: u64 = 5_000;
const ROOMS: u64 = 1_000;
const MEMBERS: u64 = 20;
const BATCH_EVENTS: u64 = 2_000;
/// Twelve words to a message.
const WORDS: &str = "selamat pagi semua, hari ini kita lanjut dari bab tiga ya, jangan lupa";

/// Puts `events` events into an empty log.
pub async fn write(log: &SharedLog, events: u64) {
    let mut community = Community::default();
    let mut known = Position::START;
    while known.0 < events {
        let count = BATCH_EVENTS.min(events - known.0);
        let (streams, mut happened): (Vec<_>, Vec<_>) = (0..count).map(|nth| community.happens(known.0 + nth)).unzip();
        log.sealing().expect("a store has keys").seal(&mut happened).await.expect("sealed");
        let numbered = (known.0..).zip(streams.into_iter().zip(happened));
        let new = numbered.map(|(nth, (stream, event))| community.stored(nth, stream, &event)).collect();
        let appended = log.append(&Batch { known, groups: 1, events: new, ..Batch::default() }).await;
        known = Position(appended.expect("nobody else writes").base.0 + count);
    }
}

#[derive(Default)]
struct Community {
    sequences: HashMap<StreamId, u64>,
    seqs: HashMap<u64, u64>,
    raised: u64,
}

impl Community {
    fn stored(&mut self, nth: u64, stream: StreamId, event: &DomainEvent) -> NewEvent {
        let sequence = self.sequences.entry(stream.clone()).or_insert(0);
        *sequence += 1;
        let command = CommandId(scattered(1, nth));
        let metadata = Metadata { actor: Some(person(nth)), command: Some(command), ..Metadata::default() };
        NewEvent {
            group: 0,
            stream,
            sequence: *sequence,
            event_id: EventId::of(command, 0),
            name: event.schema().name(),
            version: event.schema().version(),
            payload: event.to_json().expect("plain"),
            metadata: serde_json::to_string(&metadata).expect("plain").into(),
            original: None,
        }
    }

    /// First everybody and every room; then of a hundred events 70 messages, 15 reads, 3 follows, 12 of the feed.
    fn happens(&mut self, nth: u64) -> (StreamId, DomainEvent) {
        let at = Timestamp::from_millis(1_790_000_000_000 + i64::try_from(nth).expect("few") * 100);
        if nth < PEOPLE {
            return registered(nth, at);
        }
        if nth < PEOPLE + ROOMS {
            return opened(nth - PEOPLE, at);
        }
        let draw = mixed(nth);
        let (room, who) = ((draw >> 8) % ROOMS, (draw >> 24) % MEMBERS);
        let member = member(room, who);
        match draw % 100 {
            0..70 => self.said(nth, room, member, at),
            70..85 => self.read(room, member, at),
            85..88 => followed(person(draw >> 8), person(draw >> 32), at),
            88..96 => self.raised(person(draw >> 8), at),
            96..99 => self.noticed(draw >> 8, at),
            _ => {
                let user_id = person(draw >> 8);
                let event = FeedRead { user_id: user_id.clone(), up_to: nth.saturating_sub(1_000), at };
                (StreamId::feed(&user_id), DomainEvent::Feed(FeedEvent::FeedRead(event)))
            }
        }
    }

    fn said(&mut self, nth: u64, room: u64, sender_id: UserId, at: Timestamp) -> (StreamId, DomainEvent) {
        let seq = self.seqs.entry(room).or_insert(0);
        *seq += 1;
        let event = MessageSent {
            room_id: room_id(room),
            message_id: MessageId(scattered(2, nth)),
            seq: *seq,
            sender_id,
            kind: MessageKind::Text,
            content: Sealed::new(WORDS),
            attachment: None,
            reply_to: None,
            mentions: vec![],
            mentions_all: false,
            forwarded: None,
            client_message_id: Some(Sealed::new(format!("client-{nth}"))),
            at,
        };
        (StreamId::room(room_id(room)), DomainEvent::Room(RoomEvent::MessageSent(event)))
    }

    fn read(&self, room: u64, user_id: UserId, at: Timestamp) -> (StreamId, DomainEvent) {
        let up_to_seq = self.seqs.get(&room).copied().unwrap_or(0);
        let stream = StreamId::participant(room_id(room), &user_id);
        let (room_id, up_to) = (room_id(room), MessageId(scattered(2, up_to_seq)));
        let event = MessagesRead { room_id, user_id, up_to_seq, up_to, at };
        (stream, DomainEvent::Participant(ParticipantEvent::MessagesRead(event)))
    }

    fn raised(&mut self, recipient_id: UserId, at: Timestamp) -> (StreamId, DomainEvent) {
        self.raised += 1;
        let notification_id = NotificationId(scattered(3, self.raised));
        let event = NotificationRaised {
            notification_id,
            recipient_id,
            kind: NotificationType::Follower,
            actor_id: Some(person(self.raised)),
            source: Source { kind: "user".to_owned(), id: person(self.raised).to_string() },
            related: Related::default(),
            content: None,
            channels: None,
            critical: false,
            topic: None,
            room_id: None,
            locale: None,
            erased_before: 0,
            in_app: None,
            at,
        };
        let event = DomainEvent::Notification(NotificationEvent::NotificationRaised(event));
        (StreamId::notification(notification_id), event)
    }

    /// Some notification is read.
    fn noticed(&self, draw: u64, at: Timestamp) -> (StreamId, DomainEvent) {
        let notification_id = NotificationId(scattered(3, 1 + draw % self.raised.max(1)));
        let event = NotificationMarked { notification_id, recipient_id: person(draw), at };
        let event = DomainEvent::Notification(NotificationEvent::NotificationRead(event));
        (StreamId::notification(notification_id), event)
    }
}

fn registered(nth: u64, at: Timestamp) -> (StreamId, DomainEvent) {
    let user_id = person(nth);
    let profile = Profile {
        name: Some(Sealed::new(format!("Orang ke-{nth}"))),
        username: Some(Sealed::new(format!("orang{nth}"))),
        avatar: None,
        email: Some(Sealed::new(format!("orang{nth}@example.com"))),
        phone: None,
        ..Profile::default()
    };
    let stream = StreamId::user(&user_id);
    (stream, DomainEvent::User(UserEvent::UserRegistered(UserRegistered { user_id, profile, at })))
}

fn opened(room: u64, at: Timestamp) -> (StreamId, DomainEvent) {
    let event = RoomOpened {
        room_id: room_id(room),
        kind: RoomKind::Group,
        opened_by: member(room, 0),
        members: (0..MEMBERS).map(|who| NewMember { user_id: member(room, who), role: Role::Member }).collect(),
        name: Some(Sealed::new(format!("Kelas {room}"))),
        avatar: None,
        group_id: None,
        join_policy: JoinPolicy::Open,
        history_from: HistoryFrom::Start,
        at,
    };
    (StreamId::room(room_id(room)), DomainEvent::Room(RoomEvent::RoomOpened(event)))
}

fn followed(from: UserId, to: UserId, at: Timestamp) -> (StreamId, DomainEvent) {
    let stream = StreamId::relationship(&UserPair::new(&from, &to));
    (stream, DomainEvent::Relationship(RelationshipEvent::UserFollowed(Directed { from, to, at })))
}

fn person(number: u64) -> UserId {
    UserId::parse(&format!("cm3user{:05}", number % PEOPLE)).expect("digits and letters")
}

fn member(room: u64, who: u64) -> UserId {
    person(room * 7 + who * 31)
}

fn room_id(number: u64) -> RoomId {
    RoomId(scattered(4, number))
}

/// Ids come from hashes and random numbers: they sort by nothing.
fn scattered(kind: u64, number: u64) -> Uuid {
    Uuid::from_u64_pair(mixed(kind << 56 ^ number), mixed(number.wrapping_add(kind)))
}

/// The finaliser of splitmix64: neighbours come out far apart.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
