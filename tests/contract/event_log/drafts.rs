//! Batches as tests write them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aggregates::ids::{CommandId, EventId, MessageId, RoomId, UserId};
use aggregates::relationship::{Directed, RelationshipEvent};
use aggregates::room::{
    CreateGroup, HistoryFrom, JoinPolicy, MemberRemoved, MessageKind, MessageSent, RemoveMember, RoomCommand,
    RoomEvent, SendMessage,
};
use aggregates::{DomainEvent, Sealed, StreamId, Timestamp};
use event_log::port::{AppendError, Appended, Batch, Condition, NewEvent};
use event_log::{EventLog, Position, RecordedEvent};
use uuid::Uuid;

/// Far beyond what anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A batch at a known head. Entries belong to the group opened last; the first is open from the start.
pub struct Draft(Batch);

impl Draft {
    pub fn at(known: Position) -> Self {
        Self(Batch { known, groups: 1, ..Batch::default() })
    }

    pub fn next_group(mut self) -> Self {
        self.0.groups += 1;
        self
    }

    /// The group's own stream: any later event breaks it.
    pub fn resting_on(self, stream: &StreamId, version: u64) -> Self {
        self.guarded(stream, version, &[])
    }

    pub fn guarded(mut self, stream: &StreamId, version: u64, kinds: &'static [&'static str]) -> Self {
        let group = self.0.groups - 1;
        self.0.conditions.push(Condition { group, stream: stream.clone(), version, kinds });
        self
    }

    pub fn event(mut self, mut event: NewEvent) -> Self {
        event.group = self.0.groups - 1;
        self.0.events.push(event);
        self
    }

    /// A message, resting on the one before it.
    pub fn says(self, room: &StreamId, sequence: u64, words: &str) -> Self {
        self.resting_on(room, sequence - 1).event(said(room, sequence, words))
    }

    pub async fn append(&self, log: &dyn EventLog) -> Result<Appended, AppendError> {
        log.append(&self.0).await
    }

    pub fn batch(&self) -> &Batch {
        &self.0
    }

    pub fn ids(&self) -> Vec<EventId> {
        self.0.events.iter().map(|event| event.event_id).collect()
    }
}

pub fn a_room() -> StreamId {
    StreamId::room(RoomId(Uuid::new_v4()))
}

pub fn user(name: &str) -> UserId {
    UserId::parse(name).expect("a valid id")
}

pub fn said(room: &StreamId, sequence: u64, words: &str) -> NewEvent {
    let event = RoomEvent::MessageSent(MessageSent {
        room_id: room.id.parse().expect("a room's id"),
        message_id: MessageId(Uuid::new_v4()),
        seq: sequence,
        sender_id: user("ana"),
        kind: MessageKind::Text,
        content: Sealed::new(words),
        attachment: None,
        reply_to: None,
        mentions: vec![],
        mentions_all: false,
        forwarded: None,
        client_message_id: None,
        at: Timestamp::from_millis(1_795_328_222_045),
    });
    new_event(room, sequence, &event.into())
}

pub fn removed(room: &StreamId, sequence: u64, who: &str) -> NewEvent {
    let event = RoomEvent::MemberRemoved(MemberRemoved {
        room_id: room.id.parse().expect("a room's id"),
        user_id: user(who),
        by: user("ana"),
        at: Timestamp::from_millis(0),
    });
    new_event(room, sequence, &event.into())
}

pub fn followed(stream: &StreamId, sequence: u64) -> NewEvent {
    let event = Directed { from: user("ana"), to: user("ben"), at: Timestamp::from_millis(0) };
    new_event(stream, sequence, &RelationshipEvent::UserFollowed(event).into())
}

fn new_event(stream: &StreamId, sequence: u64, event: &DomainEvent) -> NewEvent {
    NewEvent {
        group: 0,
        stream: stream.clone(),
        sequence,
        event_id: EventId::of(CommandId(Uuid::new_v4()), 0),
        name: event.schema().name(),
        version: event.schema().version(),
        // Words as they are, as a program that seals nothing writes them: what is tested here is the log, not its keys.
        payload: event.to_open_json().expect("events are JSON"),
        metadata: Arc::from(r#"{"actor":"ana"}"#),
        original: None,
    }
}

/// Ana's group, with Ben.
pub fn create(room_id: RoomId) -> RoomCommand {
    RoomCommand::CreateGroup(CreateGroup {
        room_id,
        created_by: user("ana"),
        members: vec![user("ben")],
        apart: BTreeSet::new(),
        name: Sealed::new("Kelas Rust"),
        avatar: None,
        group_id: None,
        join_policy: JoinPolicy::Open,
        history_from: HistoryFrom::Start,
        at: Timestamp::from_millis(0),
    })
}

pub fn send(room_id: RoomId, sender: &str, words: &str) -> RoomCommand {
    RoomCommand::SendMessage(SendMessage {
        room_id,
        message_id: MessageId(Uuid::new_v4()),
        sender_id: user(sender),
        kind: MessageKind::Text,
        content: Sealed::new(words),
        attachment: None,
        reply_to: None,
        mentions: vec![],
        mentions_all: false,
        forwarded: None,
        client_message_id: None,
        blocked: false,
        author_gone: false,
        at: Timestamp::from_millis(0),
    })
}

pub fn remove(room_id: RoomId, who: &str) -> RoomCommand {
    RoomCommand::RemoveMember(RemoveMember {
        room_id,
        user_id: user(who),
        removed_by: user("ana"),
        at: Timestamp::from_millis(0),
    })
}

/// What was said, in order; events without words are left out.
pub fn words<E: std::borrow::Borrow<RecordedEvent>>(events: &[E]) -> Vec<String> {
    let words = |recorded: &RecordedEvent| match &recorded.event {
        DomainEvent::Room(RoomEvent::MessageSent(message)) => Some(message.content.reveal().to_owned()),
        _ => None,
    };
    events.iter().filter_map(|event| words(event.borrow())).collect()
}

/// Everything in the log.
pub async fn everything(log: &dyn EventLog) -> Vec<RecordedEvent> {
    let (mut all, mut position) = (Vec::new(), Position::START);
    loop {
        // A page may end before the log does: at the end of what is in memory.
        let page = log.read_after(position, 100_000, event_log::Filter::All).await.expect("readable");
        if page.scanned_to == position {
            return all;
        }
        position = page.scanned_to;
        all.extend(page.into_events());
    }
}

/// Appends until it is written, bringing the known head forward as the door would. Answers where it was written.
pub async fn write(log: &dyn EventLog, known: &mut Position, event: NewEvent) -> Position {
    let appended = Draft::at(*known).event(event).append(log).await.expect("nothing in the way");
    *known = Position(appended.base.0 + 1);
    *known
}

/// A room with as many messages, "1", "2", ..; answers the head.
pub async fn a_room_of(log: &dyn EventLog, messages: u64) -> (StreamId, Position) {
    let room = a_room();
    let mut draft = Draft::at(log.head().await.expect("readable"));
    for sequence in 1..=messages {
        draft = draft.event(said(&room, sequence, &sequence.to_string()));
    }
    let appended = draft.append(log).await.expect("written");
    (room, Position(appended.base.0 + messages))
}

/// # Panics
/// When it takes too long; `what` says what was waited for.
pub async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}
