//! The hub without a socket or a log: what is heard by whom, and in which order.

use aggregates::ids::{RoomId, UserId};
use axum::extract::ws::Utf8Bytes;
use event_log::Position;
use projections::inbox::Stay;
use uuid::Uuid;

use super::subscriber::Gate;
use super::{Attached, Connected, Entry, Except, Given, Hub, Missing, Opened, Proof, Refused, SignedIn};
use crate::realtime::config::RealtimeConfig;
use crate::realtime::frames::{Cause, Frame};
use crate::realtime::people::memberships::Step;
use crate::realtime::protocol::ClientEvent;
use crate::realtime::protocol::channel_name::{PusherChannel, room_channel};
use crate::realtime::protocol::credentials::AppCredentials;
use crate::realtime::replay_buffer::window::Cursor;
use crate::realtime::webhooks::Happenings;

impl Hub {
    /// Whether somebody who is on `channel` by now is still being given what they missed.
    pub(in crate::realtime) fn is_replaying_on(&self, channel: &str) -> bool {
        let state = self.state();
        let mut subscribers = state.channels.get(channel).into_iter().flatten();
        subscribers.any(|(_, it)| it.is_in && matches!(it.gate, Gate::Held(_)))
    }
}

const FRAMES_MAX: usize = 4;

struct Scene {
    hub: Hub,
    socket: Connected,
    room: RoomId,
    ana: UserId,
}

/// Ana is connected and in the room as of position 10, where the tail is, too.
fn scene() -> (Scene, Attached) {
    let app = AppCredentials { id: "1".into(), key: "key".into(), secret: "secret".into() };
    let config = RealtimeConfig { outgoing_frames_max: FRAMES_MAX, ..RealtimeConfig::new(app) };
    let hub = Hub::new(&config, Happenings::to(&[]).0);
    let (room, ana) = (RoomId(Uuid::from_u128(1)), UserId::parse("ana").expect("an id"));
    let socket = hub.connect().unwrap_or_else(|_| panic!("a socket"));
    hub.take(Position(10), |_| ());
    let attached = hub.attach(socket.id, &PusherChannel::Room(room), Some(&ana)).expect("attached");
    let turn = attached.reading.as_ref().and_then(|(_, turn)| *turn).expect("the first reads");
    hub.rooms_were_read(&ana, turn, Some((vec![Stay { room_id: room, from: Position(1), join_seq: 0 }], Position(10))));
    (Scene { hub, socket, room, ana }, attached)
}

fn in_room(scene: &Scene) -> Entry {
    Entry { proof: Proof::Room(scene.room), ..Entry::default() }
}

fn texts(frames: impl IntoIterator<Item = Frame>) -> Vec<String> {
    frames.into_iter().map(|frame| frame.text.as_str().to_owned()).collect()
}

impl Scene {
    fn publish(&self, text: &'static str, position: u64) {
        let frame = Utf8Bytes::from_static(text);
        let cause = Some(Cause::from(Position(position)));
        self.hub.publish(&room_channel(self.room), &frame, cause, Except::default());
    }

    /// The same of something that is told as it happens, and kept.
    fn happen(&self, text: &'static str, position: u64) {
        let frame = Utf8Bytes::from_static(text);
        let cause = Some(Cause { is_told_at_once: true, ..Cause::from(Position(position)) });
        self.hub.publish(&room_channel(self.room), &frame, cause, Except::default());
    }

    fn waiting(&self) -> Vec<String> {
        texts(self.socket.outbox.take(usize::MAX))
    }
}

#[test]
fn what_comes_between_listening_and_opening_is_let_out_after_the_word_that_it_succeeded() {
    let (scene, attached) = scene();
    scene.publish("before listening", 11);
    assert_eq!(scene.hub.listen(&attached), Position(10));
    scene.publish("in the views", 10);
    scene.publish("while shut", 12);
    assert_eq!(scene.waiting(), Vec::<String>::new());
    assert_eq!(scene.hub.open(&attached, in_room(&scene)), Opened::Open);
    scene.publish("while open", 13);
    let said = scene.waiting();
    assert!(said[0].contains("subscription_succeeded"), "{said:?}");
    assert_eq!(said[1..], ["while shut", "while open"]);
}

#[test]
fn what_comes_while_somebody_is_given_what_they_missed_comes_once_and_in_its_place() {
    let (scene, attached) = scene();
    scene.hub.begin_window(Position::START);
    scene.happen("11", 11);
    scene.happen("12", 12);
    scene.hub.listen_for_replay(&attached);
    scene.happen("13", 13);
    scene.publish("of reading", 13);
    assert_eq!(scene.hub.window_size().entries, 3, "of what is gathered only the last counts, and it is not kept");
    let missing = Missing { attached: &attached, user: &scene.ana, room: Some(scene.room) };
    let mut at = (Cursor { position: Position(10), frames: None }, false);
    let mut given = Vec::new();
    for (limit, more) in [(1, true), (9, false)] {
        let Given::Frames { frames, end, has_more } = scene.hub.replay(missing, at, limit) else {
            panic!("it is all there")
        };
        assert_eq!(has_more, more);
        given.extend(texts(frames));
        at = (end, true);
        scene.happen(if more { "14" } else { "15" }, if more { 14 } else { 15 });
    }
    assert!(given[0].contains("subscription_succeeded"), "{given:?}");
    assert_eq!(given[1..], ["11", "12", "13", "14", "of reading"]);
    assert_eq!(scene.waiting(), ["15"], "from then on everything as it happens");
}

#[test]
fn who_goes_out_while_it_is_being_checked_hears_nothing_of_what_was_kept() {
    let (scene, attached) = scene();
    scene.hub.listen(&attached);
    scene.hub.stepped(Position(11), scene.room, &scene.ana, Step::WentOut);
    scene.publish("psst", 12);
    scene.hub.stepped(Position(13), scene.room, &scene.ana, Step::CameIn { join_seq: 0 });
    assert_eq!(scene.hub.open(&attached, in_room(&scene)), Opened::Gone);
    let said = scene.waiting();
    assert!(said.len() == 1 && said[0].contains("subscription_error"), "{said:?}");
}

#[test]
fn who_goes_out_before_it_listens_is_refused_when_it_would_open() {
    let (scene, attached) = scene();
    scene.hub.stepped(Position(11), scene.room, &scene.ana, Step::WentOut);
    scene.hub.listen(&attached);
    assert_eq!(scene.hub.open(&attached, in_room(&scene)), Opened::NotAMember);
    assert_eq!(scene.waiting(), Vec::<String>::new());
}

#[test]
fn a_typer_and_the_socket_that_asked_are_passed_by() {
    let (scene, attached) = scene();
    scene.hub.listen(&attached);
    scene.hub.open(&attached, in_room(&scene));
    scene.waiting();
    let (channel, frame) = (room_channel(scene.room), Utf8Bytes::from_static("x"));
    for except in [
        Except { user: Some(&scene.ana), ..Except::default() },
        Except { socket: Some(scene.socket.id), ..Except::default() },
    ] {
        scene.hub.publish(&channel, &frame, None, except);
    }
    assert_eq!(scene.waiting(), Vec::<String>::new());
    scene.hub.publish(&channel, &frame, None, Except::default());
    assert_eq!(scene.waiting(), ["x"]);
}

#[tokio::test]
async fn more_than_may_wait_while_it_is_shut_closes_the_socket() {
    let (scene, attached) = scene();
    scene.hub.listen(&attached);
    for position in 0..=FRAMES_MAX as u64 {
        scene.publish("x", 11 + position);
    }
    assert_eq!(scene.socket.outbox.closed().await.0.number(), 4200);
}

#[test]
fn who_is_still_being_checked_says_nothing_to_the_others() {
    let (scene, attached) = scene();
    scene.hub.listen(&attached);
    let channel = room_channel(scene.room).to_string();
    let said = ClientEvent { event: "client-x".to_owned(), channel, data: "{}".to_owned() };
    assert!(!scene.hub.relay(scene.socket.id, &said));
    scene.hub.open(&attached, in_room(&scene));
    assert!(scene.hub.relay(scene.socket.id, &said));
}

#[test]
fn a_connection_that_is_being_ended_subscribes_to_nothing_and_signs_in_as_nobody() {
    let (scene, attached) = scene();
    scene.hub.listen(&attached);
    assert_eq!(scene.hub.terminate(&scene.ana), 1);
    assert_eq!(scene.hub.open(&attached, in_room(&scene)), Opened::Gone);
    // Read from the socket before its task sees the order to close.
    for channel in [PusherChannel::Room(scene.room), PusherChannel::parse("presence-lobby").expect("a channel")] {
        assert_eq!(scene.hub.attach(scene.socket.id, &channel, Some(&scene.ana)).err(), Some(Refused::Gone));
    }
    let signed_in = SignedIn::by_signature(scene.ana.clone(), None, vec![]);
    assert_eq!(scene.hub.sign_in(scene.socket.id, signed_in, []), Ok(()));
    assert!(scene.hub.signed_in(scene.socket.id).is_none());
    assert!(!scene.hub.has_listeners(&room_channel(scene.room)));
}

#[test]
fn with_the_socket_everything_of_it_is_forgotten() {
    let (scene, attached) = scene();
    scene.hub.listen(&attached);
    scene.hub.open(&attached, in_room(&scene));
    assert!(scene.hub.has_listeners(&room_channel(scene.room)));
    scene.hub.disconnect(scene.socket.id);
    assert!(!scene.hub.has_listeners(&room_channel(scene.room)));
    assert!(scene.hub.take(Position(20), |interest| !interest.in_room(scene.room)));
}
