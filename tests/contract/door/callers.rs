//! People at the door, in short words.

use std::collections::{BTreeSet, HashMap};

use aggregates::ids::{CommandId, MessageId, RoomId, UserId, UserPair};
use aggregates::participant::{MarkRead, ParticipantCommand, ReadUpTo};
use aggregates::relationship::{Relate, RelationshipCommand};
use aggregates::room::{
    CreateGroup, HistoryFrom, JoinPolicy, MessageKind, OpenDirect, RemoveMember, RoomCommand, RoomEvent, SendMessage,
};
use aggregates::user::{Profile, PutProfile, UserCommand};
use aggregates::{Command, DomainEvent, Metadata, Sealed, StreamId, Timestamp};
use event_log::{CommandError, Decided, Door, DoorOptions, EventLog, Filter, Outcome, Position, RecordedEvent, Wish};
use uuid::Uuid;

use crate::support::backend::TestStore;

pub fn user(name: &str) -> UserId {
    UserId::parse(name).expect("a valid id")
}

pub fn noon() -> Timestamp {
    Timestamp::from_millis(1_795_348_800_000)
}

pub fn group(number: u128) -> RoomId {
    RoomId(Uuid::from_u128(0xab_0000 + number))
}

/// A door over a handle of its own, as another process would have it.
pub async fn door(store: &TestStore) -> Door {
    door_with(store, DoorOptions::default()).await
}

pub async fn door_with(store: &TestStore, options: DoorOptions) -> Door {
    Door::open(store.open().await, options).await.expect("the door opens")
}

fn wish(stream: StreamId, command: Command, id: CommandId, repeatable: bool) -> Wish {
    Wish { stream, command, id, repeatable, metadata: Metadata::default() }
}

fn once(stream: StreamId, command: Command) -> Wish {
    wish(stream, command, CommandId(Uuid::new_v4()), false)
}

pub fn register(name: &str) -> Wish {
    let command = PutProfile { user_id: user(name), profile: Profile::default(), at: noon() };
    once(StreamId::user(&user(name)), Command::User(UserCommand::FillProfile(command)))
}

pub fn create_group(room_id: RoomId, members: &[&str]) -> Wish {
    let command = CreateGroup {
        room_id,
        created_by: user(members[0]),
        members: members.iter().map(|name| user(name)).collect(),
        apart: BTreeSet::new(),
        name: Sealed::new("Kelas"),
        avatar: None,
        group_id: None,
        join_policy: JoinPolicy::Open,
        history_from: HistoryFrom::Start,
        at: noon(),
    };
    once(StreamId::room(room_id), Command::Room(RoomCommand::CreateGroup(command)))
}

/// Created under a key: the same key is the same group.
pub fn create_group_keyed(room_id: RoomId, members: &[&str], key: &str) -> Wish {
    let id = CommandId::keyed(members[0], &format!("create {room_id}"), key);
    Wish { id, repeatable: true, ..create_group(room_id, members) }
}

pub fn open_direct(by: &str, other: &str) -> Wish {
    let room_id = RoomId::direct(&user(by), &user(other));
    let command = OpenDirect {
        room_id,
        opened_by: user(by),
        other: user(other),
        other_exists: false,
        blocked: false,
        at: noon(),
    };
    once(StreamId::room(room_id), Command::Room(RoomCommand::OpenDirect(command)))
}

pub fn remove(room_id: RoomId, name: &str, by: &str) -> Wish {
    let command = RemoveMember { room_id, user_id: user(name), removed_by: user(by), at: noon() };
    once(StreamId::room(room_id), Command::Room(RoomCommand::RemoveMember(command)))
}

pub fn block(from: &str, to: &str) -> Wish {
    let relate = Relate { from: user(from), to: user(to), to_exists: false, at: noon() };
    let stream = StreamId::relationship(&UserPair::new(&user(from), &user(to)));
    once(stream, Command::Relationship(RelationshipCommand::Block(relate)))
}

/// Sent once, under no key.
pub fn send(room_id: RoomId, sender: &str) -> Wish {
    let id = CommandId(Uuid::new_v4());
    wish(StreamId::room(room_id), said(room_id, sender, id), id, false)
}

pub fn send_words(room_id: RoomId, sender: &str, words: Sealed) -> Wish {
    let id = CommandId(Uuid::new_v4());
    wish(StreamId::room(room_id), saying(room_id, sender, id, words), id, false)
}

/// Sent under a key: the same key is the same message.
pub fn send_keyed(room_id: RoomId, sender: &str, key: &str) -> Wish {
    let id = CommandId::keyed(sender, "send", key);
    wish(StreamId::room(room_id), said(room_id, sender, id), id, true)
}

fn said(room_id: RoomId, sender: &str, id: CommandId) -> Command {
    saying(room_id, sender, id, Sealed::new("halo"))
}

fn saying(room_id: RoomId, sender: &str, id: CommandId, content: Sealed) -> Command {
    Command::Room(RoomCommand::SendMessage(SendMessage {
        room_id,
        message_id: MessageId::from_command(id),
        sender_id: user(sender),
        kind: MessageKind::Text,
        content,
        attachment: None,
        reply_to: None,
        mentions: vec![],
        mentions_all: false,
        forwarded: None,
        client_message_id: None,
        blocked: false,
        author_gone: false,
        at: noon(),
    }))
}

/// Everything there is.
pub fn read(room_id: RoomId, name: &str) -> Wish {
    reading(room_id, name, ReadUpTo::Last)
}

/// The room's first message.
pub fn read_up_to(room_id: RoomId, name: &str, message_id: MessageId) -> Wish {
    reading(room_id, name, ReadUpTo::Message { seq: 1, message_id })
}

fn reading(room_id: RoomId, name: &str, up_to: ReadUpTo) -> Wish {
    let command = MarkRead { room_id, user_id: user(name), up_to, membership: None, at: noon() };
    let stream = StreamId::participant(room_id, &user(name));
    once(stream, Command::Participant(ParticipantCommand::MarkRead(command)))
}

/// The one message a send wrote, now or the first time: (message, seq, position).
pub fn message_of(decided: &Decided) -> (MessageId, u64, Position) {
    match decided.outcome.events() {
        [DomainEvent::Room(RoomEvent::MessageSent(sent))] => (sent.message_id, sent.seq, decided.position),
        other => panic!("one message was expected, not {other:?}"),
    }
}

pub fn is_repeat(decided: &Decided) -> bool {
    matches!(decided.outcome, Outcome::Repeated(_))
}

pub fn refused(answer: Result<Decided, CommandError>) -> String {
    match answer {
        Err(CommandError::Refused { refusal, .. }) => refusal.to_string(),
        other => panic!("a refusal was expected, not {other:?}"),
    }
}

/// The whole log, through a handle of its own; checks that it is one dense order with gapless streams and no id twice.
pub async fn whole_log(store: &TestStore) -> Vec<RecordedEvent> {
    let log = store.open().await;
    let events = read_all(&*log).await;
    let mut sequences: HashMap<StreamId, u64> = HashMap::new();
    let mut ids = std::collections::HashSet::new();
    for (index, recorded) in events.iter().enumerate() {
        assert_eq!(recorded.position.0, index as u64 + 1, "positions are dense");
        let last = sequences.entry(recorded.stream.clone()).or_default();
        assert_eq!(recorded.sequence, *last + 1, "{} has a gap", recorded.stream);
        *last += 1;
        assert!(ids.insert(recorded.event_id), "an event id is there twice");
    }
    log.close().await;
    events
}

async fn read_all(log: &dyn EventLog) -> Vec<RecordedEvent> {
    let mut events = Vec::new();
    let mut position = Position::START;
    loop {
        let page = log.read_after(position, 500, Filter::All).await.expect("the log can be read");
        if page.scanned_to == position {
            return events;
        }
        position = page.scanned_to;
        events.extend(page.into_events());
    }
}

/// Each message of a room in the log: id -> (seq, position).
pub fn messages_in(events: &[RecordedEvent], room_id: RoomId) -> HashMap<MessageId, (u64, Position)> {
    let mut messages = HashMap::new();
    for recorded in events {
        if let DomainEvent::Room(RoomEvent::MessageSent(sent)) = &recorded.event
            && sent.room_id == room_id
        {
            assert_eq!(sent.seq, messages.len() as u64 + 1, "the room's messages are numbered without gaps");
            assert!(messages.insert(sent.message_id, (sent.seq, recorded.position)).is_none(), "said twice");
        }
    }
    messages
}
