//! Who is here: the presence protocol on a room's channel and on the application's own (requirements §4).

use serde_json::json;

use super::client::Client;
use super::world::World;

const ADDED: &str = "pusher_internal:member_added";
const REMOVED: &str = "pusher_internal:member_removed";

async fn here(world: &World, client: &mut Client, who: &str, channel: &str) -> serde_json::Value {
    world.ask(client, who, channel).await;
    client.expect("pusher_internal:subscription_succeeded", channel).await["presence"].clone()
}

#[tokio::test]
async fn members_see_each_other_come_with_the_first_connection_and_go_with_the_last() {
    let world = World::start().await;
    let room = world.direct("ana", "ben").await;
    let channel = format!("presence-room-{room}");
    let (mut ana, mut ben, mut phone) = (world.client().await, world.client().await, world.client().await);
    let presence = here(&world, &mut ana, "ana", &channel).await;
    assert_eq!(presence, json!({ "ids": ["ana"], "hash": { "ana": null }, "count": 1 }));
    let presence = here(&world, &mut ben, "ben", &channel).await;
    assert_eq!((&presence["ids"], &presence["count"]), (&json!(["ana", "ben"]), &json!(2)));
    assert_eq!(ana.expect(ADDED, &channel).await, json!({ "user_id": "ben" }));
    assert_eq!(ben.seen_on(&channel).await, Vec::<String>::new(), "not to the one who came");

    here(&world, &mut phone, "ben", &channel).await;
    ben.say("pusher:unsubscribe", json!({ "channel": channel })).await;
    assert_eq!(ben.seen().await, vec![]);
    assert_eq!(ana.seen_on(&channel).await, Vec::<String>::new(), "ben is still here by another connection");
    drop(phone);
    assert_eq!(ana.expect(REMOVED, &channel).await, json!({ "user_id": "ben" }));
}

/// R74: presence follows the same rule as the room.
#[tokio::test]
async fn a_stranger_does_not_see_who_is_here_and_a_removed_member_is_cut() {
    let world = World::start().await;
    let room = world.group("ana", &["ben"]).await;
    let channel = format!("presence-room-{room}");
    let (mut ana, mut ben, mut cat) = (world.client().await, world.client().await, world.client().await);
    here(&world, &mut ana, "ana", &channel).await;
    here(&world, &mut ben, "ben", &channel).await;
    world.ask(&mut cat, "cat", &channel).await;
    let refused = cat.expect("pusher:subscription_error", &channel).await;
    assert_eq!((&refused["type"], &refused["status"]), (&json!("AuthError"), &json!(403)));
    ana.expect(ADDED, &channel).await;
    world.remove(room, "ana", "ben").await;
    assert_eq!(ben.expect("pusher:subscription_error", &channel).await["status"], 403);
    assert_eq!(ana.expect(REMOVED, &channel).await, json!({ "user_id": "ben" }));
    assert_eq!(ana.seen_on(&channel).await, Vec::<String>::new(), "cat was never here");
}

/// `realtime.presence_members_max`.
#[tokio::test]
async fn one_more_than_may_be_here_is_refused_and_another_connection_of_somebody_here_is_not() {
    let world = World::start_with(|config| config.presence_members_max = 2).await;
    let room = world.group("ana", &["ben", "cat"]).await;
    let channel = format!("presence-room-{room}");
    let (mut ana, mut ben, mut cat) = (world.client().await, world.client().await, world.client().await);
    here(&world, &mut ana, "ana", &channel).await;
    here(&world, &mut ben, "ben", &channel).await;
    world.ask(&mut cat, "cat", &channel).await;
    let refused = cat.expect("pusher:subscription_error", &channel).await;
    assert_eq!((&refused["type"], &refused["status"]), (&json!("SubscriptionError"), &json!(429)));
    assert!(refused["error"].as_str().is_some_and(|said| said.contains('2')), "{refused}");
    let mut phone = world.client().await;
    assert_eq!(here(&world, &mut phone, "ben", &channel).await["count"], 2);
    for client in [&mut ben, &mut phone] {
        client.say("pusher:unsubscribe", json!({ "channel": channel })).await;
        client.seen().await;
    }
    assert_eq!(here(&world, &mut cat, "cat", &channel).await["ids"], json!(["ana", "cat"]));
}

#[tokio::test]
async fn an_applications_own_channel_takes_whom_its_server_signed_with_any_id() {
    let world = World::start().await;
    let (mut ana, mut ben) = (world.client().await, world.client().await);
    let channel = "presence-lobby";
    world.ask_with(&mut ana, channel, r#"{"user_id":10,"user_info":{"name":"Mr. Channels"}}"#).await;
    let first = ana.expect("pusher_internal:subscription_succeeded", channel).await;
    assert_eq!(first["presence"], json!({ "ids": ["10"], "hash": { "10": { "name": "Mr. Channels" } }, "count": 1 }));
    world.ask_with(&mut ben, channel, r#"{"user_id":"Ben Ten","user_info":{"name":"Ben"}}"#).await;
    ben.expect("pusher_internal:subscription_succeeded", channel).await;
    let added = ana.expect(ADDED, channel).await;
    assert_eq!(added, json!({ "user_id": "Ben Ten", "user_info": { "name": "Ben" } }));
}

#[tokio::test]
async fn who_is_signed_in_needs_no_channel_data_and_others_do() {
    let world = World::start().await;
    let (mut ana, mut ben) = (world.client().await, world.client().await);
    let channel = "presence-lobby";
    let unsaid = |id: String| world.realtime.0.signer.channel(&id, channel, None);
    ben.say("pusher:subscribe", json!({ "channel": channel, "auth": unsaid(ben.id.to_string()) })).await;
    assert_eq!(ben.expect("pusher:subscription_error", channel).await["status"], 401);
    world.ask_to_sign_in(&mut ana, json!({ "id": "ana", "user_info": { "name": "Ana" } })).await;
    ana.expect("pusher:signin_success", "").await;
    ana.say("pusher:subscribe", json!({ "channel": channel, "auth": unsaid(ana.id.to_string()) })).await;
    let presence = ana.expect("pusher_internal:subscription_succeeded", channel).await;
    assert_eq!(presence["presence"]["hash"], json!({ "ana": { "name": "Ana" } }));
}

#[tokio::test]
async fn more_about_somebody_than_there_is_room_for_is_refused() {
    let world = World::start().await;
    let mut ana = world.client().await;
    let data = json!({ "user_id": "ana", "user_info": "x".repeat(1_024) }).to_string();
    world.ask_with(&mut ana, "presence-lobby", &data).await;
    let refused = ana.expect("pusher:subscription_error", "presence-lobby").await;
    assert_eq!(refused["status"], 400);
    assert!(refused["error"].as_str().is_some_and(|said| said.contains("user_info")), "{refused}");
}

#[tokio::test]
async fn how_many_subscribe_is_shown_where_that_is_switched_on_and_never_on_presence_channels() {
    let world = World::start_with(|config| config.subscription_counts = true).await;
    let (mut ana, mut ben) = (world.client().await, world.client().await);
    const COUNT: &str = "pusher_internal:subscription_count";
    for client in [&mut ana, &mut ben] {
        world.ask_unsigned(client, "lobby").await;
        client.expect("pusher_internal:subscription_succeeded", "lobby").await;
    }
    assert_eq!(ana.expect(COUNT, "lobby").await, json!({ "subscription_count": 1 }));
    assert_eq!(ana.expect(COUNT, "lobby").await, json!({ "subscription_count": 2 }));
    assert_eq!(ben.expect(COUNT, "lobby").await, json!({ "subscription_count": 2 }));
    drop(ben);
    assert_eq!(ana.expect(COUNT, "lobby").await, json!({ "subscription_count": 1 }));
    world.ask_with(&mut ana, "presence-lobby", r#"{"user_id":"ana"}"#).await;
    ana.expect("pusher_internal:subscription_succeeded", "presence-lobby").await;
    assert_eq!(ana.seen_on("presence-lobby").await, Vec::<String>::new());
}
