//! What events mean for the inbox, event by event.

use std::sync::Arc;

use aggregates::ids::{EventId, MessageId, RoomId, UserId};
use aggregates::participant::{MessagesRead, ParticipantEvent};
use aggregates::room::{
    HistoryFrom, JoinPolicy, MessageKind, MessageSent, NewMember, Role, RoomEvent, RoomKind, RoomOpened,
};
use aggregates::{DomainEvent, Metadata, Sealed, StreamId, Timestamp};
use event_log::{Position, RecordedEvent};
use uuid::Uuid;

use super::batch::InboxBatch;
use super::changes::{InboxChange, LastShown};
use super::project::project;

const AT: i64 = 1_800_000_000_000;

fn room_id() -> RoomId {
    RoomId(Uuid::from_u128(1))
}

fn user(name: &str) -> UserId {
    UserId::parse(name).expect("a valid id")
}

fn recorded(position: u64, event: DomainEvent) -> RecordedEvent {
    RecordedEvent {
        position: Position(position),
        event_id: EventId(Uuid::from_u128(u128::from(position))),
        stream: StreamId::room(room_id()),
        sequence: position,
        event,
        metadata: Metadata::default(),
        recorded_at: Timestamp::from_millis(AT),
    }
}

fn opened(members: usize) -> DomainEvent {
    let members = (0..members).map(|nth| NewMember { user_id: user(&format!("member-{nth}")), role: Role::Member });
    DomainEvent::Room(RoomEvent::RoomOpened(RoomOpened {
        room_id: room_id(),
        kind: RoomKind::Group,
        opened_by: user("member-0"),
        members: members.collect(),
        name: Some(Sealed::new("Ko\0pi")),
        avatar: None,
        group_id: None,
        join_policy: JoinPolicy::Open,
        history_from: HistoryFrom::Start,
        at: Timestamp::from_millis(AT),
    }))
}

fn sent(seq: u64, words: &str) -> DomainEvent {
    DomainEvent::Room(RoomEvent::MessageSent(MessageSent {
        room_id: room_id(),
        message_id: MessageId(Uuid::from_u128(u128::from(seq))),
        seq,
        sender_id: user("member-0"),
        kind: MessageKind::Text,
        content: Sealed::new(Arc::<str>::from(words)),
        attachment: None,
        reply_to: None,
        mentions: vec![],
        mentions_all: false,
        forwarded: None,
        client_message_id: None,
        at: Timestamp::from_millis(AT),
    }))
}

#[test]
fn a_message_costs_three_rows_however_many_are_in_the_room() {
    for members in [2, 500] {
        let mut changes = project(&recorded(1, opened(members)));
        assert_eq!(changes.len(), members + 1);
        let said = project(&recorded(2, sent(1, "hi")));
        assert_eq!(said.len(), 3);
        // Played out on a room that is stored: the message, the room, the sender's pointer.
        let mut before = InboxBatch::default();
        before.want_all(&changes);
        before.play(std::mem::take(&mut changes));
        let mut batch = InboxBatch::default();
        batch.want_all(&said);
        let wanted: Vec<_> = batch.rooms.wanted().copied().collect();
        for room in wanted {
            batch.rooms.load(room, before.rooms.get(&room).expect("opened").clone());
        }
        batch.play(said);
        let written = (batch.rooms.changed().count(), batch.readers.changed().count(), batch.messages.len());
        assert_eq!((written, batch.stays.len()), ((1, 1, 1), 0));
    }
}

#[test]
fn whom_a_message_names_costs_a_row_each_and_everybody_is_one() {
    let DomainEvent::Room(RoomEvent::MessageSent(mut message)) = sent(1, "hi") else { panic!("a message") };
    (message.mentions, message.mentions_all) = (vec![user("member-1"), user("member-2")], true);
    let changes = project(&recorded(1, DomainEvent::Room(RoomEvent::MessageSent(message))));
    let mut batch = InboxBatch::default();
    batch.want_all(&changes);
    batch.play(changes);
    let named: Vec<_> = batch.mentions.values().flat_map(|mentions| mentions.named.keys()).collect();
    assert_eq!(named, ["", "member-1", "member-2"]);
    assert!(batch.mentions.values().all(|mentions| !mentions.replaced), "nothing was there to take away");
}

#[test]
fn a_nul_in_the_log_is_left_out_of_every_table() {
    let changes = [project(&recorded(1, opened(1))), project(&recorded(2, sent(1, "a\0b")))].concat();
    let said: Vec<&InboxChange> = changes.iter().collect();
    assert!(!format!("{said:?}").contains("\\0"), "{said:?}");
    assert!(matches!(&changes[0], InboxChange::OpenRoom(room) if room.name.as_deref() == Some("Kopi")));
}

#[test]
fn the_last_message_is_cut_by_characters_not_bytes() {
    let changes = project(&recorded(1, sent(1, &"é".repeat(120))));
    let shown = changes.iter().find_map(|change| {
        if let InboxChange::ShowLast(LastShown { text, .. }) = change { Some(text.chars().count()) } else { None }
    });
    assert_eq!(shown, Some(100));
}

#[test]
fn reading_what_nobody_knows_of_changes_nothing_but_a_pointer() {
    let read = DomainEvent::Participant(ParticipantEvent::MessagesRead(MessagesRead {
        room_id: room_id(),
        user_id: user("stranger"),
        up_to_seq: 5,
        up_to: MessageId(Uuid::from_u128(5)),
        at: Timestamp::from_millis(AT),
    }));
    let changes = project(&recorded(1, read));
    let mut batch = InboxBatch::default();
    batch.want_all(&changes);
    batch.play(changes);
    assert_eq!(batch.rooms.changed().count(), 0);
    assert_eq!(batch.stays.len(), 0);
    let pointers: Vec<_> =
        batch.readers.changed().map(|(_, reader)| (reader.read_seq, reader.active_position)).collect();
    assert_eq!(pointers, [(5, super::batch::AWAY)]);
}
