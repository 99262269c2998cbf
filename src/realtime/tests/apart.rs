//! Who is not there for whom: people who hide, people between whom there is a block, people who were erased.

use std::collections::BTreeSet;

use aggregates::participant::{MarkDelivered, ParticipantCommand, ReadUpTo};
use aggregates::policy::follower::follower_notification;
use aggregates::relationship::RelationshipCommand;
use aggregates::{Command, StreamId, Timestamp};
use event_log::PositionToken;
use serde_json::{Value, json};

use super::client::Client;
use super::world::{PATIENCE, World, user};
use crate::realtime::{Said, Synced};

const ADDED: &str = "pusher_internal:member_added";
const REMOVED: &str = "pusher_internal:member_removed";
const SUCCEEDED: &str = "pusher_internal:subscription_succeeded";
const WATCHLIST: &str = "pusher_internal:watchlist_events";

/// Subscribes with a name of theirs, and answers with the ids that are shown.
async fn here(world: &World, client: &mut Client, who: &str, channel: &str) -> Value {
    let data = json!({ "user_id": who, "user_info": { "name": format!("name of {who}") } }).to_string();
    world.ask_with(client, channel, &data).await;
    client.expect(SUCCEEDED, channel).await["presence"]["ids"].clone()
}

async fn hides(world: &World, who: &str, invisible: bool) {
    let said = Said { is_online: true, room: None, invisible: Some(invisible) };
    world.realtime.is_here(&user(who), said).await.expect("said");
}

async fn blocks(world: &World, from: &str, to: &str) {
    let position = world.relate(from, to, RelationshipCommand::Block).await;
    world.told(position).await;
}

#[tokio::test]
async fn promise_9_who_is_erased_is_on_no_list_and_hears_nothing_any_more() {
    let world = World::start().await;
    let room = world.group("ana", &["ben", "cat"]).await;
    let (list, own) = (format!("presence-room-{room}"), format!("private-room-{room}"));
    let [mut ana, mut ben, mut room_only, mut elsewhere, mut signed_in] =
        [world.client().await, world.client().await, world.client().await, world.client().await, world.client().await];
    here(&world, &mut ana, "ana", &list).await;
    here(&world, &mut ben, "ben", &list).await;
    assert_eq!(ana.expect(ADDED, &list).await["user_info"]["name"], "name of ben");
    world.subscribe(&mut room_only, "ben", &own).await;
    here(&world, &mut elsewhere, "ben", "presence-lobby").await;
    world.sign_in(&mut signed_in, "ben").await;
    world.realtime.typing(room, &user("ben"), true, None).await;

    let erased = event_log::erasing::erase(&world.log, &user("ben"), &BTreeSet::new(), Timestamp::from_millis(0)).await;
    world.told(erased.expect("erased").position).await;
    let mut cat = world.client().await;
    assert_eq!(here(&world, &mut cat, "cat", &list).await, json!(["ana", "cat"]));
    assert_eq!(here(&world, &mut cat, "cat", "presence-lobby").await, json!(["cat"]));
    assert_eq!(ana.expect(REMOVED, &list).await, json!({ "user_id": "ben" }));
    assert_eq!(world.realtime.typing_users(room), []);
    for client in [&mut ben, &mut room_only, &mut elsewhere, &mut signed_in] {
        assert_eq!(client.closed().await, 4009);
    }
}

#[tokio::test]
async fn ending_a_users_connections_ends_those_that_only_subscribed_as_them_too() {
    let world = World::start().await;
    let room = world.group("ana", &["ben"]).await;
    let [mut own, mut list, mut elsewhere, mut other] =
        [world.client().await, world.client().await, world.client().await, world.client().await];
    world.subscribe(&mut own, "ben", &format!("private-room-{room}")).await;
    here(&world, &mut list, "ben", &format!("presence-room-{room}")).await;
    here(&world, &mut elsewhere, "ben", "presence-lobby").await;
    world.subscribe(&mut other, "ana", &format!("private-room-{room}")).await;
    assert_eq!(world.realtime.0.hub.terminate(&user("ben")), 3);
    for client in [&mut own, &mut list, &mut elsewhere] {
        assert_eq!(client.closed().await, 4009);
    }
    other.seen().await;
}

/// As the lists of followers and of notifications are by then.
#[tokio::test]
async fn across_a_block_nobody_who_comes_back_is_given_the_name_of_who_followed_them() {
    let world = World::start().await;
    let from = PositionToken { log: world.log.id(), position: world.log.head().await.expect("a head") };
    world.follows("ana", "ben").await;
    let id = follower_notification(&user("ana"), &user("ben"));
    world.relate("ana", "ben", RelationshipCommand::Unfollow).await;
    world.follows("cat", "ben").await;
    let given = async || {
        let mut ben = world.resumed("ben", "private-user-ben", &from.to_string()).await;
        ben.expect("unread", "private-user-ben").await;
        let resumed: Vec<_> = ben.seen().await.into_iter().map(|frame| (frame.event, frame.data)).collect();
        let synced = world.realtime.sync(&user("ben"), Some(from), 500).await.expect("answered");
        let Synced::Changes(changes) = synced else { panic!("nothing is too long ago: {synced:?}") };
        let synced: Vec<_> = changes.events.into_iter().map(|event| (event.event, event.data)).collect();
        let without_legacy = resumed.iter().filter(|(event, _)| event != "notification-new").cloned();
        assert_eq!(without_legacy.collect::<Vec<_>>(), synced);
        resumed
    };
    let before = given().await;
    let raised = ["new-follower", "notification", "notification-new"];
    let names = [&raised[..], &["user-unfollowed"], &raised].concat();
    assert_eq!(before.iter().map(|(event, _)| event.as_str()).collect::<Vec<_>>(), names);
    // Whichever of the two blocks the other.
    for (by, whom) in [("ana", "ben"), ("ben", "ana")] {
        blocks(&world, by, whom).await;
        let after = given().await;
        let names = [&raised[1..], &raised].concat();
        assert_eq!(after.iter().map(|(event, _)| event.as_str()).collect::<Vec<_>>(), names);
        for (_, shown) in &after[..2] {
            assert_eq!((&shown["id"], &shown["actorId"], &shown["sourceId"]), (&json!(id), &Value::Null, &Value::Null));
            assert_eq!(shown["message"], "Seseorang mulai mengikuti Anda");
            assert!(!shown.to_string().to_lowercase().contains("\"ana"), "{shown}");
        }
        assert_eq!(after[2], before[4], "of others it is as it was");
        let position = world.relate(by, whom, RelationshipCommand::Unblock).await;
        world.told(position).await;
    }
    assert_eq!(given().await, before);
}

/// In a room of two; in groups both stay.
#[tokio::test]
async fn across_a_block_nothing_that_one_does_reaches_the_other() {
    let world = World::start().await;
    let (two, group) = (world.direct("ana", "ben").await, world.group("cat", &["ana", "ben"]).await);
    let channel = format!("private-room-{two}");
    world.send(two, "ana", "halo").await;
    let (mut ana, mut ben) = (world.in_room("ana", two).await, world.in_room("ben", two).await);
    let mut in_group = world.in_room("ana", group).await;
    world.subscribe(&mut ben, "ben", &format!("private-room-{group}")).await;
    ana.say_on("client-hi", &channel, json!({})).await;
    ben.expect("client-hi", &channel).await;
    blocks(&world, "ana", "ben").await;
    ana.seen().await;
    ben.seen().await;

    ben.say_on("client-hi", &channel, json!({})).await;
    ben.say_on("client-hi", &format!("private-room-{group}"), json!({})).await;
    in_group.expect("client-hi", &format!("private-room-{group}")).await;
    world.realtime.typing(two, &user("ben"), true, None).await;
    world.realtime.typing(two, &user("ana"), true, None).await;
    world.read(two, "ben").await;
    assert_eq!(ben.expect("message-read", &channel).await["userId"], "ben", "their own sockets hear of it");
    assert_eq!(ana.seen_on(&channel).await, [""; 0]);
    let seen = ben.seen().await;
    assert_eq!(seen.iter().filter(|frame| frame.event == "pusher:error").count(), 0, "it says nothing of a block");
    assert!(!seen.iter().any(|frame| frame.event == "user-typing"), "{seen:?}");
    let position = world.relate("ana", "ben", RelationshipCommand::Unblock).await;
    world.told(position).await;
    ben.say_on("client-hi", &channel, json!({})).await;
    ana.expect("client-hi", &channel).await;
}

/// An id that was erased may come back as somebody new.
#[tokio::test]
async fn who_came_back_after_an_erasure_and_hides_is_not_brought_out_by_a_node_that_starts() {
    let world = World::start().await;
    let room = world.group("ana", &["cat"]).await;
    let is_hidden = async || world.realtime.0.presences.hides(&user("ben")).await.expect("asked");
    hides(&world, "ben", true).await;
    let erased = event_log::erasing::erase(&world.log, &user("ben"), &BTreeSet::new(), Timestamp::from_millis(0)).await;
    world.told(erased.expect("erased").position).await;
    let forgotten = async {
        while is_hidden().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, forgotten).await.expect("what was kept of them is deleted");
    let position = world.register("ben").await;
    world.told(position).await;
    hides(&world, "ben", true).await;
    let node = world.another_node().await;
    let [mut cat, mut ana] = [Client::connect(node).await, Client::connect(node).await];
    let channel = format!("private-room-{room}");
    world.subscribe(&mut cat, "cat", &channel).await;
    world.subscribe(&mut ana, "ana", &channel).await;
    // Told in the turn in which whoever was erased is forgotten, or a later one.
    while cat.expect("user-status", &channel).await["userId"] != "ana" {}
    assert!(is_hidden().await);
}

/// A block from before either connected.
#[tokio::test]
async fn a_block_is_known_of_those_who_connect_later() {
    let world = World::start().await;
    let two = world.direct("ana", "ben").await;
    blocks(&world, "ben", "ana").await;
    let channel = format!("private-room-{two}");
    let (mut ana, mut ben) = (world.in_room("ana", two).await, world.in_room("ben", two).await);
    ana.say_on("client-hi", &channel, json!({})).await;
    assert_eq!(ana.seen_on(&channel).await, [""; 0]);
    assert_eq!(ben.seen_on(&channel).await, [""; 0]);
    // Of somebody who is not connected at all.
    drop(ben);
    world.realtime.typing(two, &user("ben"), true, None).await;
    assert_eq!(ana.seen_on(&channel).await, [""; 0]);
}

#[tokio::test]
async fn what_has_arrived_is_not_told_across_a_block_nor_given_to_who_comes_back() {
    let world = World::start().await;
    let two = world.direct("ana", "ben").await;
    let channel = format!("private-room-{two}");
    let mut ana = world.client().await;
    world.ask(&mut ana, "ana", &channel).await;
    let before = ana.expect(SUCCEEDED, &channel).await["position"].as_str().expect("a position").to_owned();
    let sent = world.send(two, "ana", "halo").await;
    world.told(sent).await;
    blocks(&world, "ben", "ana").await;
    let mark = MarkDelivered {
        room_id: two,
        user_id: user("ben"),
        up_to: ReadUpTo::Last,
        membership: None,
        at: Timestamp::from_millis(1),
    };
    let stream = StreamId::participant(two, &user("ben"));
    let position = world.done(stream, Command::Participant(ParticipantCommand::MarkDelivered(mark))).await;
    assert!(position > sent, "it was written");
    world.told(position).await;
    assert!(!ana.seen_on(&channel).await.contains(&"message-delivered".to_owned()));
    let mut again = world.resumed("ana", &channel, &before).await;
    let given = again.seen_on(&channel).await;
    assert!(given.contains(&"new-message".to_owned()), "{given:?}");
    assert!(!given.contains(&"message-delivered".to_owned()), "{given:?}");
    let after = before.parse().ok();
    let Ok(Synced::Changes(changes)) = world.realtime.sync(&user("ana"), after, 100).await else { panic!("changes") };
    assert!(!changes.events.iter().any(|event| event.event == "message-delivered"), "{changes:?}");
    // The one who wrote it down hears of it.
    let mut ben = world.resumed("ben", &channel, &before).await;
    assert!(ben.seen_on(&channel).await.contains(&"message-delivered".to_owned()));
}

#[tokio::test]
async fn how_far_the_other_has_read_is_not_given_across_a_block_to_who_comes_back() {
    let world = World::start().await;
    let two = world.direct("ana", "ben").await;
    let channel = format!("private-room-{two}");
    let from = PositionToken { log: world.log.id(), position: world.log.head().await.expect("a head") }.to_string();
    world.send(two, "ana", "halo").await;
    let position = world.read(two, "ben").await;
    world.told(position).await;
    // What is told again comes together: her own place first, as she wrote before he read.
    let told_of = async || {
        let mut ana = world.resumed("ana", &channel, &from).await;
        let first = ana.expect("message-read", &channel).await["userId"].clone();
        let seen = ana.seen().await.into_iter().filter(|frame| frame.event == "message-read");
        std::iter::once(first).chain(seen.map(|frame| frame.data["userId"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(told_of().await, ["ana", "ben"]);
    blocks(&world, "ben", "ana").await;
    assert_eq!(told_of().await, ["ana"]);
}

#[tokio::test]
async fn who_hides_is_on_no_list_of_a_room_until_they_show_themselves() {
    let world = World::start().await;
    let room = world.group("ana", &["ben", "cat"]).await;
    let list = format!("presence-room-{room}");
    let [mut ana, mut ben, mut cat] = [world.client().await, world.client().await, world.client().await];
    hides(&world, "ana", true).await;
    assert_eq!(here(&world, &mut ben, "ben", &list).await, json!(["ben"]));
    assert_eq!(here(&world, &mut ana, "ana", &list).await, json!(["ana", "ben"]), "she sees the others");
    assert_eq!(here(&world, &mut cat, "cat", &list).await, json!(["ben", "cat"]));
    let seen = ben.seen().await;
    assert!(seen.iter().all(|frame| frame.data["user_id"] == "cat"), "{seen:?}");
    hides(&world, "ana", false).await;
    assert_eq!(ben.expect(ADDED, &list).await, json!({ "user_id": "ana", "user_info": { "name": "name of ana" } }));
    hides(&world, "ana", true).await;
    assert_eq!(ben.expect(REMOVED, &list).await, json!({ "user_id": "ana" }));
    drop(ana);
    drop(cat);
    assert_eq!(ben.expect(REMOVED, &list).await, json!({ "user_id": "cat" }), "of ana's going nothing is told");
    // The application's own channels are its own affair.
    let [mut ana, mut ben] = [world.client().await, world.client().await];
    here(&world, &mut ana, "ana", "presence-lobby").await;
    assert_eq!(here(&world, &mut ben, "ben", "presence-lobby").await, json!(["ana", "ben"]));
}

#[tokio::test]
async fn people_apart_are_not_on_each_others_list_and_the_third_sees_both() {
    let world = World::start().await;
    let room = world.group("ana", &["ben", "cat"]).await;
    let list = format!("presence-room-{room}");
    let [mut ana, mut ben, mut cat] = [world.client().await, world.client().await, world.client().await];
    blocks(&world, "ana", "ben").await;
    here(&world, &mut cat, "cat", &list).await;
    here(&world, &mut ana, "ana", &list).await;
    assert_eq!(here(&world, &mut ben, "ben", &list).await, json!(["ben", "cat"]));
    assert_eq!(cat.expect(ADDED, &list).await["user_id"], "ana");
    assert_eq!(cat.expect(ADDED, &list).await["user_id"], "ben");
    assert_eq!(ana.seen_on(&list).await, [""; 0]);
    let position = world.relate("ana", "ben", RelationshipCommand::Unblock).await;
    world.told(position).await;
    assert_eq!(ana.expect(ADDED, &list).await["user_id"], "ben");
    assert_eq!(ben.expect(ADDED, &list).await["user_id"], "ana");
    blocks(&world, "ben", "ana").await;
    assert_eq!(ana.expect(REMOVED, &list).await["user_id"], "ben");
    assert_eq!(ben.expect(REMOVED, &list).await["user_id"], "ana");
    drop(ben);
    assert_eq!(cat.expect(REMOVED, &list).await["user_id"], "ben");
    assert_eq!((ana.seen_on(&list).await, cat.seen_on(&list).await), (vec![], vec![]));
}

#[tokio::test]
async fn who_hides_or_is_apart_is_offline_on_watchlists() {
    let world = World::start().await;
    let [mut ana, mut ben, mut cat] = [world.client().await, world.client().await, world.client().await];
    hides(&world, "ben", true).await;
    blocks(&world, "cat", "ana").await;
    world.sign_in(&mut ben, "ben").await;
    world.sign_in(&mut cat, "cat").await;
    world.ask_to_sign_in(&mut ana, json!({ "id": "ana", "watchlist": ["ben", "cat"] })).await;
    let offline = json!([{ "name": "offline", "user_ids": ["ben", "cat"] }]);
    assert_eq!(ana.expect(WATCHLIST, "").await["events"], offline);
    hides(&world, "ben", false).await;
    assert_eq!(ana.expect(WATCHLIST, "").await["events"], json!([{ "name": "online", "user_ids": ["ben"] }]));
    let position = world.relate("cat", "ana", RelationshipCommand::Unblock).await;
    world.told(position).await;
    assert_eq!(ana.expect(WATCHLIST, "").await["events"], json!([{ "name": "online", "user_ids": ["cat"] }]));
    hides(&world, "ben", true).await;
    assert_eq!(ana.expect(WATCHLIST, "").await["events"], json!([{ "name": "offline", "user_ids": ["ben"] }]));
    drop((ben, cat));
    assert_eq!(ana.expect(WATCHLIST, "").await["events"], json!([{ "name": "offline", "user_ids": ["cat"] }]));
}

/// Neither to whoever it is between, twice or of somebody who is not there, nor to the others who look.
#[tokio::test]
async fn a_block_and_its_end_show_nobody_who_hides_and_tell_the_others_nothing() {
    let world = World::start().await;
    let room = world.group("ana", &["ben", "cat"]).await;
    let list = format!("presence-room-{room}");
    let [mut ana, mut ben, mut cat] = [world.client().await, world.client().await, world.client().await];
    // Here, and signed in nowhere.
    world.register("dan").await;
    let mut dan = world.client().await;
    world.subscribe(&mut dan, "dan", "private-user-dan").await;
    hides(&world, "ben", true).await;
    for (client, who) in [(&mut ana, "ana"), (&mut cat, "cat"), (&mut ben, "ben")] {
        world.ask_to_sign_in(client, json!({ "id": who, "watchlist": ["ana", "ben", "cat", "dan"] })).await;
        client.expect("pusher:signin_success", "").await;
        client.expect(WATCHLIST, "").await;
        here(&world, client, who, &list).await;
    }
    let told = async |client: &mut Client| {
        let seen = client.seen().await.into_iter();
        let presence = seen.filter(|frame| [ADDED, REMOVED, WATCHLIST].contains(&frame.event.as_str()));
        presence.map(|frame| (frame.event, frame.data)).collect::<Vec<_>>()
    };
    for client in [&mut ana, &mut ben, &mut cat] {
        told(client).await;
    }
    let ended = async |from: &str, to: &str| {
        let position = world.relate(from, to, RelationshipCommand::Unblock).await;
        world.told(position).await;
    };
    let offline = |who: &str| (WATCHLIST.to_owned(), json!({ "events": [{ "name": "offline", "user_ids": [who] }] }));
    let online = |who: &str| (WATCHLIST.to_owned(), json!({ "events": [{ "name": "online", "user_ids": [who] }] }));

    blocks(&world, "ana", "dan").await;
    ended("ana", "dan").await;
    blocks(&world, "ana", "ben").await;
    assert_eq!(told(&mut ana).await, [], "ben was not there for her before, nor was dan");
    let gone = [(REMOVED.to_owned(), json!({ "user_id": "ana" })), offline("ana")];
    assert_eq!(told(&mut ben).await, gone);
    blocks(&world, "ben", "ana").await;
    ended("ana", "ben").await;
    assert_eq!((told(&mut ana).await, told(&mut ben).await), (vec![], vec![]), "they are apart as before");
    ended("ben", "ana").await;
    let info = json!({ "user_id": "ana", "user_info": { "name": "name of ana" } });
    assert_eq!(told(&mut ben).await, [(ADDED.to_owned(), info), online("ana")]);
    assert_eq!(told(&mut ana).await, [], "he still hides");
    assert_eq!(told(&mut cat).await, [], "between them and nobody else");

    blocks(&world, "cat", "ana").await;
    assert_eq!(told(&mut ana).await, [(REMOVED.to_owned(), json!({ "user_id": "cat" })), offline("cat")]);
    drop(cat);
    let mut again = world.client().await;
    for status in ["offline", "online"] {
        assert_eq!(ben.expect(WATCHLIST, "").await["events"][0], json!({ "name": status, "user_ids": ["cat"] }));
        if status == "offline" {
            world.sign_in(&mut again, "cat").await;
        }
    }
    assert_eq!(told(&mut ana).await, [], "neither that she goes nor that she comes");
}
