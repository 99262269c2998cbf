//! What goes wrong, and what is at its limit.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::Client;
use super::world::World;
use crate::realtime::AppCredentials;
use crate::realtime::Signer;

async fn close_code(world: &World, target: &str) -> u16 {
    Client::raw(world.address, target).await.closed().await
}

#[tokio::test]
async fn a_connection_that_cannot_be_served_is_closed_with_its_code() {
    let world = World::start().await;
    assert_eq!(close_code(&world, "other?protocol=7").await, 4001);
    assert_eq!(close_code(&world, "key?client=js").await, 4008);
    assert_eq!(close_code(&world, "key?protocol=3").await, 4007);
    assert_eq!(close_code(&world, "key/more?protocol=7").await, 4005);
    assert_eq!(close_code(&world, "?protocol=7").await, 4005);
}

#[tokio::test]
async fn one_connection_too_many_is_sent_away_for_a_while() {
    let world = World::start_with(|config| config.connections_max = 1).await;
    let mut first = world.client().await;
    assert_eq!(close_code(&world, "key?protocol=7").await, 4100);
    assert_eq!(first.seen().await, vec![]);
    drop(first);
    let mut connections = world.realtime.0.hub.connections();
    let freed = connections.wait_for(|count| *count == 0);
    tokio::time::timeout(Duration::from_secs(10), freed).await.expect("the socket is forgotten").expect("it runs");
    world.client().await;
}

#[tokio::test]
async fn promise_8_one_connection_of_one_user_too_many_is_sent_away_for_a_while_however_it_is_known() {
    let world = World::start_with(|config| config.connections_per_user_max = 2).await;
    let room = world.direct("ana", "ben").await;
    let mut first = world.client().await;
    world.subscribe(&mut first, "ana", "private-user-ana").await;
    let mut second = world.client().await;
    world.sign_in(&mut second, "ana").await;
    let (mut subscribing, mut signing_in) = (world.client().await, world.client().await);
    world.ask(&mut subscribing, "ana", "private-user-ana").await;
    assert_eq!(subscribing.closed().await, 4100);
    world.ask_to_sign_in(&mut signing_in, json!({ "id": "ana" })).await;
    assert_eq!(signing_in.closed().await, 4100);
    assert_eq!(Client::raw_as(world.address, "ana").await.closed().await, 4100);
    // Those that were there stay and may do more; nobody else is counted with them.
    for client in [&mut first, &mut second] {
        world.subscribe(client, "ana", &format!("private-room-{room}")).await;
    }
    let mut ben = world.client().await;
    world.sign_in(&mut ben, "ben").await;
    drop(first);
    let mut connections = world.realtime.0.hub.connections();
    let freed = connections.wait_for(|count| *count == 2);
    tokio::time::timeout(Duration::from_secs(10), freed).await.expect("the socket is forgotten").expect("it runs");
    Client::connect_as(world.address, "ana").await;
}

#[tokio::test]
async fn what_is_malformed_is_answered_and_the_connection_stays() {
    let world = World::start_with(|config| config.message_bytes_max = 1_000).await;
    let mut client = world.client().await;
    let long = json!({ "event": "pusher:ping", "data": "x".repeat(1_000) }).to_string();
    let wrong = ["{", "[]", r#"{"event":"pusher:subscribe","data":{}}"#, r#"{"event":"client-x"}"#, r#"{"event":"x"}"#];
    for text in wrong.into_iter().chain([r#"{"event":"pusher:signin","data":{}}"#, long.as_str()]) {
        client.say_text(text).await;
        let error = client.expect("pusher:error", "").await;
        assert_eq!(error["code"], Value::Null, "{text}: {error}");
    }
    assert_eq!(client.seen().await, vec![]);
}

#[tokio::test]
async fn a_signature_that_is_missing_wrong_or_says_nobody_is_refused() {
    let world = World::start().await;
    let mut client = world.client().await;
    let signer = Signer::new(&AppCredentials { id: "1".into(), key: "key".into(), secret: "secret".into() });
    let socket = client.id.to_string();
    let channel = "private-user-ana";
    let nobody = signer.channel(&socket, channel, None);
    let number = r#"{"user_id":7}"#;
    let elsewhere = signer.channel("1.2", channel, Some(r#"{"user_id":"ana"}"#));
    for data in [
        json!({ "channel": channel }),
        json!({ "channel": channel, "auth": "" }),
        json!({ "channel": channel, "auth": nobody }),
        json!({ "channel": channel, "auth": nobody, "channel_data": r#"{"user_id":"ana"}"# }),
        json!({ "channel": channel, "auth": signer.channel(&socket, channel, Some(number)), "channel_data": number }),
        json!({ "channel": channel, "auth": elsewhere, "channel_data": r#"{"user_id":"ana"}"# }),
    ] {
        client.say("pusher:subscribe", data.clone()).await;
        let error = client.expect("pusher:subscription_error", channel).await;
        assert_eq!((&error["type"], &error["status"]), (&json!("AuthError"), &json!(401)), "{data}");
    }
}

#[tokio::test]
async fn other_private_channels_need_a_signature_and_public_ones_nothing() {
    let world = World::start().await;
    let mut client = world.client().await;
    let signer = Signer::new(&AppCredentials { id: "1".into(), key: "key".into(), secret: "secret".into() });
    let auth = signer.channel(&client.id.to_string(), "private-orders", None);
    client.say("pusher:subscribe", json!({ "channel": "private-orders", "auth": auth })).await;
    client.expect("pusher_internal:subscription_succeeded", "private-orders").await;
    client.say("pusher:subscribe", json!({ "channel": "private-other", "auth": auth })).await;
    assert_eq!(client.expect("pusher:subscription_error", "private-other").await["status"], 401);
    client.say("pusher:subscribe", json!({ "channel": "lobby", "auth": "" })).await;
    client.expect("pusher_internal:subscription_succeeded", "lobby").await;
    client.say("pusher:subscribe", json!({ "channel": "presence-lobby" })).await;
    assert_eq!(client.expect("pusher:subscription_error", "presence-lobby").await["status"], 401);
}

#[tokio::test]
async fn a_channel_is_subscribed_once_and_up_to_the_limit_and_again_after_unsubscribing() {
    let world = World::start_with(|config| config.channels_per_connection_max = 2).await;
    let mut client = world.client().await;
    world.subscribe(&mut client, "ana", "private-user-ana").await;
    world.ask(&mut client, "ana", "private-user-ana").await;
    client.expect("pusher:error", "").await;
    client.say("pusher:subscribe", json!({ "channel": "one" })).await;
    client.say("pusher:subscribe", json!({ "channel": "two" })).await;
    assert_eq!(client.expect("pusher:subscription_error", "two").await["status"], 429);
    client.say("pusher:unsubscribe", json!({ "channel": "private-user-ana" })).await;
    world.subscribe(&mut client, "ana", "private-user-ana").await;
}

/// A hundred at once and a hundred a second: of what is said too fast nothing is lost, and the last is heard no earlier than
/// that. However slow the machine is, it can only be later.
#[tokio::test]
async fn promise_8_one_connection_is_heard_at_its_pace() {
    let world = World::start_with(|config| config.channels_per_connection_max = 2).await;
    let mut client = world.client().await;
    let begun = std::time::Instant::now();
    for _ in 0..150 {
        client.say("pusher:ping", json!({})).await;
    }
    for _ in 0..150 {
        client.expect("pusher:pong", "").await;
    }
    assert!(begun.elapsed() >= Duration::from_millis(490), "heard within {:?}", begun.elapsed());
}

#[tokio::test]
async fn a_silent_client_is_asked_and_then_closed() {
    let world = World::start_with(|config| {
        config.activity_timeout = Duration::from_millis(30);
        config.pong_timeout = Duration::from_millis(60);
    })
    .await;
    let mut client = world.client().await;
    client.expect("pusher:ping", "").await;
    client.say("pusher:pong", json!({})).await;
    client.expect("pusher:ping", "").await;
    assert_eq!(client.closed().await, 4201);
}

#[tokio::test]
async fn a_client_that_does_not_keep_up_is_sent_away_to_come_back_at_once() {
    let world = World::start_with(|config| config.outgoing_frames_max = 1).await;
    let room = world.group("ana", &["ben"]).await;
    let mut ben = world.client().await;
    world.subscribe(&mut ben, "ben", &format!("private-room-{room}")).await;
    // Ninety-nine frames of one event, where one may wait.
    let names: Vec<String> = (0..99).map(|number| format!("user-{number}")).collect();
    world.add(room, "ana", &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert_eq!(ben.closed().await, 4200);
}

#[tokio::test]
async fn a_node_that_stops_sends_its_clients_away_and_takes_no_new_ones() {
    let mut world = World::start().await;
    let mut client = world.client().await;
    world.stop_realtime.cancel();
    assert_eq!(client.closed().await, 4200);
    let ended = tokio::time::timeout(Duration::from_secs(10), &mut world.realtime_ended);
    ended.await.expect("it stops in time").expect("without a panic");
    assert_eq!(world.realtime.health().connections, 0);
    assert_eq!(close_code(&world, "key?protocol=7").await, 4200);
}

#[tokio::test]
async fn a_subscription_that_the_views_do_not_answer_is_sent_away_for_a_second() {
    let world = World::start_with(|config| config.view_patience = Duration::from_millis(50)).await;
    // The tail has taken something that no view has.
    world.realtime.0.hub.take(event_log::Position(1_000), |_| ());
    let mut client = world.client().await;
    world.ask(&mut client, "ana", "private-user-ana").await;
    assert_eq!(client.closed().await, 4100);
}
