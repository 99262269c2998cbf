//! Signing in, what it opens, and the bare names of older clients (requirements §4).

use serde_json::json;

use super::client::Client;
use super::world::{World, user};
use crate::realtime::Said;

const SUCCEEDED: &str = "pusher_internal:subscription_succeeded";
const REFUSED: &str = "pusher:subscription_error";
const WATCHLIST: &str = "pusher_internal:watchlist_events";

#[tokio::test]
async fn a_sign_in_is_answered_with_what_was_signed_and_a_wrong_one_is_refused() {
    let world = World::start().await;
    let mut ana = world.client().await;
    for (auth, user_data) in [("key:00", r#"{"id":"ana"}"#), ("", "{}")] {
        ana.say("pusher:signin", json!({ "auth": auth, "user_data": user_data })).await;
        assert_eq!(ana.expect("pusher:error", "").await["code"], 4009);
    }
    world.ask_to_sign_in(&mut ana, json!({ "id": 7 })).await;
    assert_eq!(ana.expect("pusher:error", "").await["code"], 4009, "an id is a text");
    world.ask_to_sign_in(&mut ana, json!({ "id": "ana", "user_info": { "name": "Ana" } })).await;
    let success = ana.expect("pusher:signin_success", "").await;
    assert_eq!(success["user_data"], json!({ "id": "ana", "user_info": { "name": "Ana" } }).to_string());
    world.ask_to_sign_in(&mut ana, json!({ "id": "ben" })).await;
    let error = ana.expect("pusher:error", "").await;
    assert!(error["message"].as_str().is_some_and(|said| said.contains("another user")), "{error}");
    world.sign_in(&mut ana, "ana").await;
    assert_eq!(ana.seen().await, vec![]);
}

#[tokio::test]
async fn the_channel_from_the_server_to_a_user_is_for_who_is_signed_in_as_them() {
    let world = World::start().await;
    let (mut ana, mut ben) = (world.client().await, world.client().await);
    let channel = "#server-to-user-ana";
    world.ask_unsigned(&mut ana, channel).await;
    assert_eq!(ana.expect(REFUSED, channel).await["status"], 401);
    world.sign_in(&mut ben, "ben").await;
    world.ask_unsigned(&mut ben, channel).await;
    assert_eq!(ben.expect(REFUSED, channel).await["status"], 403);
    world.sign_in(&mut ana, "ana").await;
    world.ask_unsigned(&mut ana, channel).await;
    ana.expect(SUCCEEDED, channel).await;
}

#[tokio::test]
async fn who_is_on_a_watchlist_is_told_of_as_they_come_and_go() {
    let world = World::start().await;
    let (mut ana, mut ben, mut phone) = (world.client().await, world.client().await, world.client().await);
    world.sign_in(&mut ben, "ben").await;
    world.ask_to_sign_in(&mut ana, json!({ "id": "ana", "watchlist": ["ben", "cat"] })).await;
    ana.expect("pusher:signin_success", "").await;
    assert_eq!(
        ana.expect(WATCHLIST, "").await["events"],
        json!([{ "name": "online", "user_ids": ["ben"] }, { "name": "offline", "user_ids": ["cat"] }])
    );
    world.sign_in(&mut phone, "ben").await;
    let mut cat = world.client().await;
    world.sign_in(&mut cat, "cat").await;
    let events = ana.expect(WATCHLIST, "").await["events"].clone();
    assert_eq!(events, json!([{ "name": "online", "user_ids": ["cat"] }]), "nothing of ben's second connection");
    drop((ben, cat));
    let events = ana.expect(WATCHLIST, "").await["events"].clone();
    assert_eq!(events, json!([{ "name": "offline", "user_ids": ["cat"] }]));
    drop(phone);
    let events = ana.expect(WATCHLIST, "").await["events"].clone();
    assert_eq!(events, json!([{ "name": "offline", "user_ids": ["ben"] }]), "with the last connection");
}

#[tokio::test]
async fn a_watchlist_that_is_too_long_is_cut_and_said_so() {
    let world = World::start().await;
    let mut ana = world.client().await;
    let names: Vec<String> = (0..101).map(|number| format!("u{number}")).collect();
    world.ask_to_sign_in(&mut ana, json!({ "id": "ana", "watchlist": names })).await;
    ana.expect("pusher:signin_success", "").await;
    assert_eq!(ana.expect("pusher:error", "").await["code"], 4302);
    let events = ana.expect(WATCHLIST, "").await;
    assert_eq!(events["events"][0]["user_ids"].as_array().map(Vec::len), Some(100));
}

#[tokio::test]
async fn kabars_own_channels_need_no_channel_data_of_who_is_signed_in() {
    let world = World::start().await;
    let room = world.direct("ana", "ben").await;
    let mut ana = world.client().await;
    world.sign_in(&mut ana, "ana").await;
    for (channel, opens) in [
        ("private-user-ana".to_owned(), true),
        (format!("private-room-{room}"), true),
        ("private-user-ben".to_owned(), false),
    ] {
        let auth = world.realtime.0.signer.channel(&ana.id.to_string(), &channel, None);
        ana.say("pusher:subscribe", json!({ "channel": channel, "auth": auth })).await;
        match opens {
            true => drop(ana.expect(SUCCEEDED, &channel).await),
            false => assert_eq!(ana.expect(REFUSED, &channel).await["status"], 403),
        }
    }
}

async fn older(world: &World, who: &str, room: &str) -> Client {
    let mut client = Client::connect_as(world.address, who).await;
    for channel in [format!("user-{who}"), format!("chat-{room}")] {
        world.ask_unsigned(&mut client, &channel).await;
        client.expect(SUCCEEDED, &channel).await;
    }
    client
}

/// The session of the WebSocket itself is enough, as older clients never sign in.
#[tokio::test]
async fn under_the_bare_names_the_same_is_heard_as_under_the_private_ones() {
    let world = World::start().await;
    let room = world.direct("ana", "ben").await;
    let (channel, bare) = (format!("private-room-{room}"), format!("chat-{room}"));
    let mut ben = older(&world, "ben", &room.to_string()).await;
    let mut newer = world.in_room("ben", room).await;
    world.send(room, "ana", "halo").await;
    assert_eq!(ben.expect("new-message", &bare).await, newer.expect("new-message", &channel).await);
    let hint = ben.expect("new-message", "user-ben").await;
    assert_eq!(hint, newer.expect("new-message", "private-user-ben").await);
    while ben.expect("unread", "user-ben").await["chat"] != 1 {}
    assert_eq!(ben.expect("message-read", &bare).await, newer.expect("message-read", &channel).await);
    world.realtime.typing(room, &user("ana"), true, None).await;
    assert_eq!(ben.expect("user-typing", &bare).await["userId"], "ana");
}

/// A room that nobody has open under its private name is told of all the same.
#[tokio::test]
async fn who_listens_under_a_bare_name_alone_is_enough_and_is_cut_like_the_others() {
    let world = World::start().await;
    let room = world.group("ana", &["ben"]).await;
    let bare = format!("chat-{room}");
    let mut ben = older(&world, "ben", &room.to_string()).await;
    world.send(room, "ana", "halo").await;
    ben.expect("new-message", &bare).await;
    let here = Said { is_online: true, room: None, invisible: None };
    world.realtime.is_here(&user("ana"), here).await.expect("said");
    assert_eq!(ben.expect("user-status", &bare).await["userId"], "ana");
    world.remove(room, "ana", "ben").await;
    assert_eq!(ben.expect(REFUSED, &bare).await["status"], 403);
    let position = world.send(room, "ana", "tanpa ben").await;
    world.told(position).await;
    assert!(!ben.seen_on(&bare).await.contains(&"new-message".to_owned()));
}

#[tokio::test]
async fn a_bare_name_is_for_its_user_or_members_and_can_be_switched_off() {
    let world = World::start().await;
    let room = world.direct("ana", "ben").await;
    let (mut nobody, mut cat) = (world.client().await, Client::connect_as(world.address, "cat").await);
    for channel in ["user-ben".to_owned(), format!("chat-{room}"), "group-7".to_owned()] {
        world.ask_unsigned(&mut nobody, &channel).await;
        assert_eq!(nobody.expect(REFUSED, &channel).await["status"], 401, "{channel}");
        world.ask_unsigned(&mut cat, &channel).await;
        assert_eq!(cat.expect(REFUSED, &channel).await["status"], 403, "{channel}");
    }
    // A sign-in says better than the session.
    world.sign_in(&mut cat, "ben").await;
    world.ask_unsigned(&mut cat, "user-ben").await;
    cat.expect(SUCCEEDED, "user-ben").await;

    let world = World::start_with(|config| config.legacy_channels = false).await;
    let mut ben = Client::connect_as(world.address, "ben").await;
    world.ask_unsigned(&mut ben, "user-ben").await;
    assert_eq!(ben.expect(REFUSED, "user-ben").await["status"], 403);
}

/// Members of rooms with that groupId.
#[tokio::test]
async fn a_groups_channel_is_for_members_of_its_rooms_until_they_leave_the_last_one() {
    let world = World::start().await;
    let first = world.group_room("kelas-7", "ana", &["ben"]).await;
    let second = world.group_room("kelas-7", "ana", &["ben"]).await;
    world.group_room("kelas-8", "ana", &["cat"]).await;
    let (channel, bare) = ("private-group-kelas-7", "group-kelas-7");
    let (mut ben, mut cat) = (world.client().await, world.client().await);
    world.ask(&mut cat, "cat", channel).await;
    assert_eq!(cat.expect(REFUSED, channel).await["status"], 403);
    world.sign_in(&mut ben, "ben").await;
    world.subscribe(&mut ben, "ben", channel).await;
    world.ask_unsigned(&mut ben, bare).await;
    ben.expect(SUCCEEDED, bare).await;
    let position = world.remove(first, "ana", "ben").await;
    world.told(position).await;
    assert_eq!(ben.seen().await, vec![], "one room of the group is left");
    let position = world.remove(second, "ana", "ben").await;
    assert_eq!(ben.expect(REFUSED, channel).await["status"], 403);
    assert_eq!(ben.expect(REFUSED, bare).await["status"], 403);
    // The tail may be ahead of the view that is asked here.
    world.told(position).await;
    let may = async |who: &str| {
        let channel = crate::realtime::PusherChannel::parse(channel).expect("a channel");
        world.realtime.may_subscribe(&user(who), &channel).await.expect("an answer")
    };
    assert_eq!((may("ana").await, may("ben").await, may("cat").await), (true, false, false));
}

/// R77's neighbour: whom the application bans is gone from every connection.
#[tokio::test]
async fn ending_a_users_connections_closes_all_of_them_for_good() {
    let world = World::start().await;
    let (mut signed_in, mut listening, mut other) = (world.client().await, world.client().await, world.client().await);
    let mut by_session = Client::connect_as(world.address, "ana").await;
    world.sign_in(&mut signed_in, "ana").await;
    world.subscribe(&mut listening, "ana", "private-user-ana").await;
    world.sign_in(&mut other, "ben").await;
    assert_eq!(by_session.seen().await, vec![]);
    assert_eq!(world.realtime.0.hub.terminate(&user("ana")), 3);
    for client in [&mut signed_in, &mut listening, &mut by_session] {
        assert_eq!(client.closed().await, 4009);
    }
    assert_eq!(other.seen().await, vec![]);
}
