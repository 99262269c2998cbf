//! What becomes of a message, to those who may read it and to those who may not.

use aggregates::ids::{MessageId, RoomId};
use aggregates::participant::{Arrangement, MarkUnread, ParticipantCommand, UnreadFrom};
use aggregates::room::{DeleteMessage, EditMessage, Emoji, MessageFacts, PinMessage, React, RoomCommand};
use aggregates::{Command, Metadata, Sealed, StreamId};
use event_log::{Position, PositionToken};
use projections::Format;
use serde_json::{Value, json};
use uuid::Uuid;

use super::client::{Client, Frame};
use super::world::{World, at, user};
use crate::realtime::Synced;
use crate::wire::message::TOMBSTONE;

impl World {
    /// Says something; `seq` is the room's last before it, and one.
    async fn say(&self, room: RoomId, from: &str, words: &str, seq: u64) -> MessageFacts {
        let message_id = MessageId(Uuid::new_v4());
        let position = self.send_named(message_id, (room, from, words), Metadata::default()).await;
        self.told(position).await;
        MessageFacts { message_id, seq, sender_id: user(from), forwarded: false }
    }

    async fn change(&self, room: RoomId, command: RoomCommand) -> Position {
        self.done(StreamId::room(room), Command::Room(command)).await
    }

    async fn edit(&self, room_id: RoomId, message: &MessageFacts, words: &str) -> Position {
        let edit = EditMessage {
            room_id,
            message: message.clone(),
            edited_by: message.sender_id.clone(),
            content: Sealed::new(words),
            mentions: vec![],
            mentions_all: false,
            naming: None,
            blocked: false,
            at: at(),
        };
        self.change(room_id, RoomCommand::EditMessage(edit)).await
    }

    async fn delete(&self, room_id: RoomId, message: &MessageFacts) -> Position {
        let (message, deleted_by) = (message.clone(), message.sender_id.clone());
        self.change(room_id, RoomCommand::DeleteMessage(DeleteMessage { room_id, message, deleted_by, at: at() })).await
    }

    /// Everything that can become of a message, its deletion last.
    async fn let_everything_happen(&self, room_id: RoomId, message: &MessageFacts) -> Position {
        self.edit(room_id, message, "edited").await;
        let react = React {
            room_id,
            message: message.clone(),
            user_id: user("ana"),
            emoji: Emoji::parse("\u{1f44d}").expect("an emoji"),
            on: true,
            unchanged: false,
            blocked: false,
            at: at(),
        };
        self.change(room_id, RoomCommand::React(react)).await;
        let (message_there, pinned_by) = (message.clone(), user("ana"));
        let pin = PinMessage { room_id, message: message_there, pinned_by, on: true, blocked: false, at: at() };
        self.change(room_id, RoomCommand::PinMessage(pin)).await;
        self.delete(room_id, message).await
    }

    async fn synced(&self, who: &str, after: &str) -> Vec<Frame> {
        let after: PositionToken = after.parse().expect("a position");
        let synced = self.realtime.sync(&user(who), Some(after), 500).await.expect("answered");
        let Synced::Changes(changes) = synced else { panic!("nothing is too long ago: {synced:?}") };
        let frame = |event: crate::realtime::SyncedEvent| Frame {
            event: event.event,
            channel: Some(event.channel),
            data: event.data,
            user_id: None,
        };
        changes.events.into_iter().map(frame).collect()
    }

    async fn here(&self) -> String {
        PositionToken { log: self.log.id(), position: self.log.head().await.expect("a head") }.to_string()
    }

    async fn seen(&self, client: &mut Client) -> Vec<Frame> {
        self.told(self.log.head().await.expect("a head")).await;
        client.seen().await
    }
}

const ABOUT: [&str; 4] = ["message-edited", "message-reaction", "message-pinned", "message-deleted"];

/// The frames about a message, by name and `seq`.
fn about(frames: &[Frame]) -> Vec<(&str, u64)> {
    let ours = frames.iter().filter(|frame| ABOUT.contains(&frame.event.as_str()));
    ours.map(|frame| (frame.event.as_str(), frame.data["seq"].as_u64().expect("a number"))).collect()
}

#[tokio::test]
async fn who_came_after_a_message_that_they_may_not_read_hears_nothing_of_it_live_resumed_or_synced() {
    let world = World::start().await;
    let room = world.group_from_join("ana", &["ben"]).await;
    let channel = format!("private-room-{room}");
    let old = world.say(room, "ana", "OLD SECRET", 1).await;
    // One is connected already and comes in on the tail; another is read from the views.
    let mut cat = world.client().await;
    world.subscribe(&mut cat, "cat", "private-user-cat").await;
    let position = world.add(room, "ana", &["cat", "dan"]).await;
    world.told(position).await;
    world.subscribe(&mut cat, "cat", &channel).await;
    let mut dan = world.in_room("dan", room).await;
    let mut ben = world.in_room("ben", room).await;
    let from = world.here().await;
    let new = world.say(room, "ana", "new", 2).await;
    for message in [&old, &new] {
        world.let_everything_happen(room, message).await;
    }
    let of = |seq| ABOUT.map(|event| (event, seq)).to_vec();
    let both = [of(1), of(2)].concat();
    assert_eq!(about(&world.seen(&mut ben).await), both);
    for client in [&mut cat, &mut dan] {
        assert_eq!(about(&world.seen(client).await), of(2));
    }
    for (who, wanted) in [("ben", &both), ("cat", &of(2)), ("dan", &of(2))] {
        let mut resumed = world.resumed(who, &channel, &from).await;
        assert_eq!(&about(&world.seen(&mut resumed).await), wanted, "{who}");
        assert_eq!(&about(&world.synced(who, &from).await), wanted, "{who}");
    }
}

#[tokio::test]
async fn how_far_others_have_read_is_told_to_those_who_may_read_that_message() {
    let world = World::start().await;
    let room = world.group_from_join("ana", &["ben"]).await;
    let channel = format!("private-room-{room}");
    world.say(room, "ana", "OLD SECRET", 1).await;
    let position = world.add(room, "ana", &["cat"]).await;
    world.told(position).await;
    let from = world.here().await;
    let (mut ana, mut cat) = (world.in_room("ana", room).await, world.in_room("cat", room).await);
    world.read(room, "ben").await;
    while ana.expect("message-read", &channel).await["userId"] != "ben" {}
    let mut resumed = world.resumed("cat", &channel, &from).await;
    let mut member = world.resumed("ana", &channel, &from).await;
    while member.expect("message-read", &channel).await["userId"] != "ben" {}
    world.say(room, "ana", "new", 2).await;
    for client in [&mut cat, &mut resumed] {
        let first = client.expect("message-read", &channel).await;
        assert_eq!((&first["userId"], &first["upToSeq"]), (&json!("ana"), &json!(2)), "{first}");
    }
}

#[tokio::test]
async fn in_a_room_that_is_read_from_its_start_everybody_hears_of_old_messages() {
    let world = World::start().await;
    let room = world.group("ana", &[]).await;
    let old = world.say(room, "ana", "old", 1).await;
    let position = world.add(room, "ana", &["ben"]).await;
    world.told(position).await;
    let mut ben = world.in_room("ben", room).await;
    let from = world.here().await;
    world.let_everything_happen(room, &old).await;
    let wanted = ABOUT.map(|event| (event, 1));
    assert_eq!(about(&world.seen(&mut ben).await), wanted);
    assert_eq!(about(&world.synced("ben", &from).await), wanted);
    // Another node knows nothing of how the room began but what the views say.
    let node = world.another_node().await;
    let mut ben = Client::connect(node).await;
    world.ask_after(&mut ben, "ben", &format!("private-room-{room}"), Some(&from)).await;
    ben.expect("message-deleted", &format!("private-room-{room}")).await;
}

#[tokio::test]
async fn the_words_of_a_deleted_message_are_given_to_nobody_who_comes_back() {
    let world = World::start().await;
    let room = world.group("ana", &["ben"]).await;
    let channel = format!("private-room-{room}");
    let from = world.here().await;
    let message = world.say(room, "ana", "SECRET", 1).await;
    world.edit(room, &message, "SECRET, too").await;
    let position = world.delete(room, &message).await;
    world.told(position).await;
    let shown = |frames: Vec<Frame>| -> Vec<(String, Value)> {
        let told = frames.into_iter().filter(|frame| frame.channel.as_deref() == Some(&channel));
        let lasting = told.filter(|frame| frame.event.starts_with("message-") || frame.event == "new-message");
        let told = lasting.filter(|frame| frame.event != "message-read");
        told.map(|frame| (frame.event, frame.data)).collect()
    };
    let mut resumed = world.resumed("ben", &channel, &from).await;
    let resumed = shown(world.seen(&mut resumed).await);
    assert_eq!(resumed, shown(world.synced("ben", &from).await));
    let names: Vec<&str> = resumed.iter().map(|(event, _)| event.as_str()).collect();
    assert_eq!(names, ["new-message", "message-edited", "message-deleted"], "as many as there were");
    for (event, data) in &resumed[..2] {
        let gone = (&data["content"], &data["isDeleted"], &data["deletedBy"], &data["seq"], &data["isEdited"]);
        assert_eq!(gone, (&json!(TOMBSTONE), &json!(true), &json!("ana"), &json!(1), &json!(false)), "{event}");
    }
    let mut own = world.resumed("ben", "private-user-ben", &from).await;
    let hint = own.expect("new-message", "private-user-ben").await;
    assert_eq!((&hint["content"], &hint["seq"]), (&json!(TOMBSTONE), &json!(1)));
    // A node that makes the frames anew from the log has them no other.
    let node = world.another_node().await;
    let mut ben = Client::connect(node).await;
    world.ask_after(&mut ben, "ben", &channel, Some(&from)).await;
    for name in ["new-message", "message-edited"] {
        assert_eq!(ben.expect(name, &channel).await["content"], TOMBSTONE);
    }
}

#[tokio::test]
async fn an_edit_behind_a_deletion_shows_no_words_though_the_view_has_heard_of_neither() {
    let world = World::start().await;
    let room = world.group("ana", &["ben"]).await;
    let channel = format!("private-room-{room}");
    let message = world.say(room, "ana", "SECRET", 1).await;
    let mut ben = world.in_room("ben", room).await;
    // Whoever holds its file for writing holds the view up; it goes on being read.
    let inbox = world.directory.path().join(format!("inbox-{}-g1.db", Format::CURRENT));
    let holding = rusqlite::Connection::open(inbox).expect("the view's file");
    holding.execute_batch("BEGIN IMMEDIATE").expect("held");
    world.delete(room, &message).await;
    world.edit(room, &message, "SECRET, too").await;
    ben.expect("message-deleted", &channel).await;
    let edited = ben.expect("message-edited", &channel).await;
    assert_eq!((&edited["content"], &edited["isDeleted"]), (&json!(TOMBSTONE), &json!(true)));
    holding.execute_batch("ROLLBACK").expect("let go");
}

#[tokio::test]
async fn unread_follows_a_deletion_a_mark_and_what_is_put_away() {
    let world = World::start().await;
    let room = world.direct("ana", "ben").await;
    let mut ben = world.client().await;
    world.subscribe(&mut ben, "ben", "private-user-ben").await;
    let mut unread = async |wanted: u64| while ben.expect("unread", "private-user-ben").await["chat"] != wanted {};
    let first = world.say(room, "ana", "satu", 1).await;
    unread(1).await;
    world.delete(room, &first).await;
    unread(0).await;
    let second = world.say(room, "ana", "dua", 2).await;
    unread(1).await;
    world.read(room, "ben").await;
    unread(0).await;
    let from = UnreadFrom::Message { seq: second.seq };
    let mark = MarkUnread { room_id: room, user_id: user("ben"), from, membership: None, at: at() };
    let stream = StreamId::participant(room, &user("ben"));
    world.done(stream, Command::Participant(ParticipantCommand::MarkUnread(mark))).await;
    unread(1).await;
    world.arrange(room, "ben", Arrangement::Archived { seq: 0 }).await;
    unread(0).await;
    world.arrange(room, "ben", Arrangement::Unarchived).await;
    unread(1).await;
}

#[tokio::test]
async fn a_node_that_keeps_nothing_tells_what_happens_all_the_same() {
    let world = World::start_with(|config| config.window_bytes_max = 0).await;
    let room = world.group("ana", &["ben"]).await;
    let channel = format!("private-room-{room}");
    let mut ben = world.in_room("ben", room).await;
    let message = world.say(room, "ana", "halo", 1).await;
    world.let_everything_happen(room, &message).await;
    world.add(room, "ana", &["cat"]).await;
    world.remove(room, "ana", "cat").await;
    world.read(room, "ana").await;
    world.follows("cat", "ben").await;
    let seen = world.seen(&mut ben).await;
    for event in ["new-message", "user-joined", "user-left"].into_iter().chain(ABOUT) {
        let is_it = |frame: &Frame| frame.event == event && frame.channel.as_deref() == Some(&channel);
        assert!(seen.iter().any(is_it), "{event}: {seen:?}");
    }
    for event in ["new-message", "new-follower"] {
        let is_it = |frame: &Frame| frame.event == event && frame.channel.as_deref() == Some("private-user-ben");
        assert!(seen.iter().any(is_it), "{event}: {seen:?}");
    }
}

#[tokio::test]
async fn promise_8_whoever_brings_in_hundreds_does_not_empty_the_window() {
    const EACH: usize = 400;
    let world = World::start_with(|config| config.window_bytes_max = 512 * 1024).await;
    let (room, other) = (world.group("ana", &["ben"]).await, world.group("ana", &["ben"]).await);
    let from = world.here().await;
    world.say(room, "ana", "missed", 1).await;
    let mut position = Position::START;
    for round in 0..5 {
        let names: Vec<String> = (0..EACH).map(|number| format!("user-{round}-{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        position = world.add(other, "ana", &names).await;
        world.open_group(RoomId(Uuid::new_v4()), "ana", &names).await;
    }
    world.told(position).await;
    let mut ben = world.resumed("ben", &format!("private-room-{room}"), &from).await;
    assert_eq!(ben.expect("new-message", &format!("private-room-{room}")).await["content"], "missed");
    let mut ben = world.resumed("ben", &format!("private-room-{other}"), &from).await;
    let seen = world.seen(&mut ben).await;
    assert_eq!(seen.iter().filter(|frame| frame.event == "user-joined").count(), 5 * EACH);
}
