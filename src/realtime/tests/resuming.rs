//! Promise 7 on one node: who was away gets what came meanwhile, in order, once; or is told to reload.

use std::time::Duration;

use aggregates::ids::RoomId;
use aggregates::user::{EraseUser, UserCommand};
use aggregates::{Command, StreamId};
use event_log::{LogId, Position, PositionToken};
use futures_util::future::join_all;
use serde_json::json;
use uuid::Uuid;

use super::client::{Client, Frame};
use super::world::{PATIENCE, World, at, user};
use crate::realtime::{PusherChannel, Synced};

const SUCCEEDED: &str = "pusher_internal:subscription_succeeded";

fn channel_of(room: RoomId) -> String {
    format!("private-room-{room}")
}

impl World {
    fn token(&self, position: Position) -> String {
        PositionToken { log: self.log.id(), position }.to_string()
    }

    /// Waits until a replay on `channel` has begun; answers before its last frame is given.
    async fn is_being_replayed(&self, channel: &str) {
        let begun = async {
            while !self.realtime.0.hub.is_replaying_on(channel) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, begun).await.expect("it begins in time");
    }

    /// What a client on `channel` has been shown by now, without what only its last value counts of.
    async fn shown(&self, client: &mut Client, channel: &str) -> Vec<Frame> {
        self.told(self.log.head().await.expect("a head")).await;
        let frames = client.seen().await.into_iter();
        let lasting = |frame: &Frame| !["unread", "message-read", "messages-read"].contains(&frame.event.as_str());
        frames.filter(|frame| frame.channel.as_deref() == Some(channel) && lasting(frame)).collect()
    }
}

fn contents(frames: &[Frame]) -> Vec<&str> {
    frames.iter().filter_map(|frame| frame.data["content"].as_str()).collect()
}

#[tokio::test]
async fn promise_7_who_comes_back_to_a_room_gets_what_was_said_meanwhile_and_then_what_is_said() {
    let world = World::start().await;
    let room = world.group("ana", &["ben"]).await;
    let channel = channel_of(room);
    let mut ben = world.in_room("ben", room).await;
    world.send(room, "ana", "heard").await;
    let last = ben.expect("new-message", &channel).await["position"].clone();
    drop(ben);
    for words in ["one", "two", "three"] {
        world.send(room, "ana", words).await;
    }
    let mut ben = world.resumed("ben", &channel, last.as_str().expect("text")).await;
    world.send(room, "ana", "four").await;
    let shown = world.shown(&mut ben, &channel).await;
    assert_eq!(contents(&shown), ["one", "two", "three", "four"]);
    assert!(shown.iter().all(|frame| frame.data["position"].is_string() && frame.data["seq"].is_u64()), "{shown:?}");
    let mut ben = world.resumed("ben", &channel, shown[3].data["position"].as_str().expect("text")).await;
    assert_eq!(world.shown(&mut ben, &channel).await, vec![], "nothing was missed");
}

#[tokio::test]
async fn promise_7_the_word_that_it_succeeded_is_where_to_resume_from_when_nothing_was_heard_yet() {
    let world = World::start().await;
    let room = world.group("ana", &["ben"]).await;
    let channel = channel_of(room);
    world.send(room, "ana", "in the history").await;
    let mut ben = world.client().await;
    world.ask(&mut ben, "ben", &channel).await;
    let succeeded = ben.expect(SUCCEEDED, &channel).await;
    drop(ben);
    world.send(room, "ana", "missed").await;
    let mut ben = world.resumed("ben", &channel, succeeded["position"].as_str().expect("text")).await;
    assert_eq!(contents(&world.shown(&mut ben, &channel).await), ["missed"]);
}

#[tokio::test]
async fn promise_7_ones_own_channel_is_resumed_over_all_rooms_in_order_and_shows_one_fresh_unread() {
    let world = World::start().await;
    let (first, second) = (world.direct("ana", "ben").await, world.group("ana", &["ben", "cat"]).await);
    let strangers = world.direct("ana", "cat").await;
    let from = world.log.head().await.expect("a head");
    for (room, by, words) in
        [(first, "ana", "1"), (strangers, "ana", "x"), (second, "cat", "2"), (first, "ben", "mine")]
    {
        world.send(room, by, words).await;
    }
    world.follows("cat", "ben").await;
    let position = world.send(first, "ana", "3").await;
    world.told(position).await;
    let mut ben = world.resumed("ben", "private-user-ben", &world.token(from)).await;
    let unread = ben.expect("unread", "private-user-ben").await;
    assert_eq!(unread["chat"], 2, "two behind what he said himself in the first room, or: {unread}");
    let shown = world.shown(&mut ben, "private-user-ben").await;
    let told: Vec<&str> = shown.iter().map(|frame| frame.data["content"].as_str().unwrap_or(&frame.event)).collect();
    assert_eq!(told, ["1", "2", "new-follower", "notification", "notification-new", "3"]);
}

#[tokio::test]
async fn promise_7_messages_that_are_sent_while_a_client_resumes_are_neither_missed_nor_given_twice() {
    let world = World::start().await;
    let room = world.group("ana", &["ben"]).await;
    let (channel, from) = (channel_of(room), world.log.head().await.expect("a head"));
    for number in 0..200 {
        world.send(room, "ana", &number.to_string()).await;
    }
    let sending = async {
        for number in 200..400 {
            world.send(room, "ana", &number.to_string()).await;
        }
    };
    let resuming = async {
        let mut clients = Vec::new();
        for _ in 0..5 {
            clients.push(world.resumed("ben", &channel, &world.token(from)).await);
        }
        clients
    };
    let ((), clients) = tokio::join!(sending, resuming);
    let wanted: Vec<String> = (0..400).map(|number| number.to_string()).collect();
    for mut ben in clients {
        assert_eq!(contents(&world.shown(&mut ben, &channel).await), wanted);
    }
}

#[tokio::test]
async fn promise_7_a_connection_that_ended_between_two_frames_of_one_event_gets_the_others() {
    let world = World::start().await;
    let room = world.group("ana", &[]).await;
    let channel = channel_of(room);
    let position = world.add(room, "ana", &["ben", "cat"]).await;
    let mut ana = world.resumed("ana", &channel, &format!("{}.1", world.token(position))).await;
    let shown = world.shown(&mut ana, &channel).await;
    assert_eq!(shown.iter().map(|frame| &frame.data["userId"]).collect::<Vec<_>>(), ["cat"]);
}

#[tokio::test]
async fn promise_7_a_client_comes_back_to_another_node_which_was_started_later() {
    let world = World::start().await;
    let room = world.group("ana", &["ben"]).await;
    let channel = channel_of(room);
    let mut ben = world.in_room("ben", room).await;
    world.send(room, "ana", "heard").await;
    let last = ben.expect("new-message", &channel).await["position"].clone();
    drop(ben);
    world.send_imported(room, "ana", "imported").await;
    for words in ["one", "two"] {
        world.send(room, "ana", words).await;
    }
    let node = world.another_node().await;
    let mut ben = Client::connect(node).await;
    world.ask_after(&mut ben, "ben", &channel, last.as_str()).await;
    ben.expect(SUCCEEDED, &channel).await;
    world.send(room, "ana", "three").await;
    for words in ["one", "two", "three"] {
        let message = ben.expect("new-message", &channel).await;
        assert_eq!((&message["content"], &message["sender"]["name"]), (&json!(words), &json!("Ana")));
    }
}

#[tokio::test]
async fn promise_7_who_has_read_meanwhile_is_told_once_the_replay_is_over() {
    let world = World::start().await;
    let room = world.group("ana", &["ben"]).await;
    let (channel, from) = (channel_of(room), world.log.head().await.expect("a head"));
    world.send(room, "ana", "1").await;
    world.send(room, "ana", "2").await;
    let position = world.read(room, "ben").await;
    world.told(position).await;
    let mut ana = world.resumed("ana", &channel, &world.token(from)).await;
    let last = ana.expect("new-message", &channel).await;
    assert_eq!(last["content"], "1");
    let mut read = ana.expect("message-read", &channel).await;
    while read["userId"] != "ben" {
        read = ana.expect("message-read", &channel).await;
    }
    assert_eq!((&read["upToSeq"], &read["position"]), (&json!(2), &json!(world.token(position))));
}

#[tokio::test]
async fn promise_7_what_cannot_be_replayed_is_said_and_the_channel_goes_on() {
    let world = World::start_with(|config| {
        config.window_events_max = 40;
        config.replay_frames_max = 10;
    })
    .await;
    let room = world.group("ana", &["ben"]).await;
    let channel = channel_of(room);
    let old = world.log.head().await.expect("a head");
    for number in 0..30 {
        world.send(room, "ana", &number.to_string()).await;
    }
    let recent = world.log.head().await.expect("a head");
    for number in 30..45 {
        world.send(room, "ana", &number.to_string()).await;
    }
    let head = world.log.head().await.expect("a head");
    let foreign = PositionToken { log: LogId(Uuid::from_u128(9)), position: recent }.to_string();
    let cases = [
        (world.token(old), "too-long-ago"),
        (world.token(recent), "too-much"),
        (foreign, "other-log"),
        (world.token(Position(head.0 + 1_000)), "unknown-position"),
    ];
    for (resume, reason) in cases {
        // Whoever asks instead of listening is given part after part, so that nothing is too much.
        if reason != "too-much" {
            let synced = world.realtime.sync(&user("ben"), resume.parse().ok(), 500).await.expect("answered");
            assert_eq!(synced, Synced::Reload { reason, position: head });
        }
        let mut ben = world.client().await;
        world.ask_after(&mut ben, "ben", &channel, Some(&resume)).await;
        let succeeded = ben.expect(SUCCEEDED, &channel).await;
        assert_eq!(succeeded, json!({}), "cut off here, it must not stand where it has loaded nothing");
        let reload = ben.expect("kabar:reload", &channel).await;
        assert_eq!((&reload["reason"], &reload["position"]), (&json!(reason), &json!(world.token(head))));
        assert_eq!(world.shown(&mut ben, &channel).await, vec![], "nothing is pretended: {reason}");
    }
    let mut ben = world.resumed("ben", &channel, &world.token(old)).await;
    ben.expect("kabar:reload", &channel).await;
    world.send(room, "ana", "after it").await;
    assert_eq!(ben.expect("new-message", &channel).await["content"], "after it");
}

/// In a frame each of these is four bytes: few messages are more than a connection takes that nobody reads.
fn bulky() -> String {
    "\"".repeat(8_000)
}

#[tokio::test]
async fn promise_7_a_replay_that_the_window_moves_past_ends_with_the_word_to_reload() {
    const MESSAGES: usize = 600;
    let world = World::start_with(|config| {
        config.window_bytes_max = 256 * 1024 * 1024;
        config.window_events_max = 100_000;
        config.replay_frames_max = 100_000;
    })
    .await;
    let room = world.group("ana", &["ben"]).await;
    let (channel, from) = (channel_of(room), world.log.head().await.expect("a head"));
    let words = bulky();
    for _ in 0..MESSAGES / 50 {
        join_all((0..50).map(|_| world.send(room, "ana", &words))).await;
    }
    let head = world.log.head().await.expect("a head");
    world.told(head).await;
    // The client takes nothing: the rest of its replay waits until it does, and by then the window begins anew.
    let mut ben = world.client().await;
    world.ask_after(&mut ben, "ben", &channel, Some(&world.token(from))).await;
    world.is_being_replayed(&channel).await;
    world.realtime.0.hub.begin_window(head);
    world.send(room, "ana", "while it was reloading").await;

    assert_eq!(ben.expect(SUCCEEDED, &channel).await, json!({}));
    let reload = ben.expect("kabar:reload", &channel).await;
    assert_eq!(reload["reason"], "too-long-ago");
    let mut live = world.client().await;
    world.subscribe(&mut live, "ana", &channel).await;
    world.send(room, "ana", "after it").await;
    live.expect("new-message", &channel).await;
    let shown = world.shown(&mut ben, &channel).await;
    let (replayed, heard): (Vec<&Frame>, Vec<&Frame>) = shown.iter().partition(|frame| frame.data["content"] == words);
    let seqs: Vec<_> = replayed.iter().map(|frame| frame.data["seq"].as_u64().expect("a number")).collect();
    assert!(!seqs.is_empty() && seqs.len() < MESSAGES, "it was overtaken on its way: {}", seqs.len());
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "in order, up to where it was overtaken");
    assert!(heard.iter().all(|frame| frame.event != SUCCEEDED), "told once that it succeeded: {heard:?}");
    // Who is here may be told behind it.
    let said = heard.iter().rev().find(|frame| frame.event == "new-message");
    assert_eq!(said.map(|frame| &frame.data["content"]), Some(&json!("after it")), "and then it is live");
}

#[tokio::test]
async fn what_is_still_being_replayed_has_not_arrived_though_something_later_has() {
    const MESSAGES: usize = 600;
    let world = World::start_with(|config| {
        config.window_bytes_max = 256 * 1024 * 1024;
        config.window_events_max = 100_000;
        config.replay_frames_max = 100_000;
        config.receipt_interval = Duration::from_millis(1);
    })
    .await;
    let (room, other) = (world.group("ana", &["ben"]).await, world.group("ana", &["ben"]).await);
    let (channel, from) = (channel_of(room), world.log.head().await.expect("a head"));
    let words = bulky();
    for _ in 0..MESSAGES / 50 {
        join_all((0..50).map(|_| world.send(room, "ana", &words))).await;
    }
    world.told(world.log.head().await.expect("a head")).await;
    let mut ben = world.client().await;
    world.subscribe(&mut ben, "ben", &channel_of(other)).await;
    world.ask_after(&mut ben, "ben", &channel, Some(&world.token(from))).await;
    // The client takes nothing yet: what is said meanwhile is written between two parts of the replay.
    world.is_being_replayed(&channel).await;
    let later = world.send(other, "ana", "later").await;
    world.told(later).await;
    for _ in 0..MESSAGES {
        ben.expect("new-message", &channel).await;
        assert!(ben.answered < later, "there is more to come from before it");
    }
}

#[tokio::test]
async fn promise_7_a_node_that_keeps_no_window_tells_everybody_to_reload() {
    let world = World::start_with(|config| config.window_bytes_max = 0).await;
    let room = world.group("ana", &["ben"]).await;
    let head = world.log.head().await.expect("a head");
    let mut ben = world.resumed("ben", &channel_of(room), &world.token(head)).await;
    assert_eq!(ben.expect("kabar:reload", &channel_of(room)).await["reason"], "too-long-ago");
}

#[tokio::test]
async fn promise_7_nothing_from_before_the_present_membership_is_replayed() {
    let world = World::start().await;
    let room = world.group("ana", &["ben"]).await;
    let (channel, from) = (channel_of(room), world.token(world.log.head().await.expect("a head")));
    world.send(room, "ana", "with ben").await;
    world.remove(room, "ana", "ben").await;
    world.send(room, "ana", "without ben").await;
    world.add(room, "ana", &["ben"]).await;
    let position = world.send(room, "ana", "with ben again").await;
    world.told(position).await;
    for channel in [channel.as_str(), "private-user-ben"] {
        let mut ben = world.resumed("ben", channel, &from).await;
        assert_eq!(contents(&world.shown(&mut ben, channel).await), ["with ben again"], "{channel}");
    }
}

#[tokio::test]
async fn promise_7_an_old_signature_opens_nothing_after_a_removal() {
    let world = World::start().await;
    let room = world.group("ana", &["ben"]).await;
    let (channel, from) = (channel_of(room), world.token(world.log.head().await.expect("a head")));
    let mut ben = world.client().await;
    let parsed = PusherChannel::parse(&channel).expect("a channel");
    let resume = Some(from.parse().expect("a place"));
    let signed = world.realtime.authorise(&user("ben"), ben.id, &parsed, (None, resume));
    world.send(room, "ana", "secret").await;
    let position = world.remove(room, "ana", "ben").await;
    world.told(position).await;
    let data = json!({ "channel": channel, "auth": signed.auth, "channel_data": signed.channel_data });
    ben.say("pusher:subscribe", data).await;
    assert_eq!(ben.expect("pusher:subscription_error", &channel).await["status"], 403);
    let mut own = world.resumed("ben", "private-user-ben", &from).await;
    assert_eq!(world.shown(&mut own, "private-user-ben").await, vec![], "nor the beginnings of what was said");
    assert_eq!(world.shown(&mut ben, &channel).await, vec![]);
}

#[tokio::test]
async fn promise_7_a_place_that_is_none_is_refused_by_name() {
    let world = World::start().await;
    let mut ben = world.client().await;
    let channel_data = json!({ "user_id": "ben", "resume_after": "yesterday" }).to_string();
    let auth = world.realtime.0.signer.channel(&ben.id.to_string(), "private-user-ben", Some(&channel_data));
    let data = json!({ "channel": "private-user-ben", "auth": auth, "channel_data": channel_data });
    ben.say("pusher:subscribe", data).await;
    let error = ben.expect("pusher:subscription_error", "private-user-ben").await;
    assert_eq!(error["status"], 400);
    assert!(error["error"].as_str().expect("text").contains("resume_after"), "{error}");
}

#[tokio::test]
async fn promise_9_an_erasure_empties_the_window() {
    let world = World::start().await;
    let room = world.group("ana", &["ben", "cat"]).await;
    let (channel, from) = (channel_of(room), world.token(world.log.head().await.expect("a head")));
    world.send(room, "cat", "words of cat").await;
    let erase = EraseUser { user_id: user("cat"), keys: vec![], at: at() };
    let position = world.done(StreamId::user(&user("cat")), Command::User(UserCommand::Erase(erase))).await;
    world.told(position).await;
    let mut ben = world.resumed("ben", &channel, &from).await;
    assert_eq!(ben.expect("kabar:reload", &channel).await["reason"], "too-long-ago");
    assert_eq!(world.shown(&mut ben, &channel).await, vec![]);
}
