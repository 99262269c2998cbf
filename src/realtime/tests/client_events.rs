//! What clients say to each other, and what they may not.

use serde_json::json;

use super::client::Client;
use super::world::World;

async fn refusal(client: &mut Client) -> String {
    let error = client.expect("pusher:error", "").await;
    assert_eq!(error["code"], 4301, "{error}");
    error["message"].as_str().expect("a reason").to_owned()
}

async fn on_lobby(world: &World, who: &str) -> Client {
    let mut client = world.client().await;
    world.ask_with(&mut client, "presence-lobby", &json!({ "user_id": who }).to_string()).await;
    client.expect("pusher_internal:subscription_succeeded", "presence-lobby").await;
    client
}

#[tokio::test]
async fn an_event_reaches_the_others_with_the_senders_id_and_not_the_sender() {
    let world = World::start().await;
    let (mut ana, mut ben) = (on_lobby(&world, "ana").await, on_lobby(&world, "ben").await);
    let mut away = world.client().await;
    ana.expect("pusher_internal:member_added", "presence-lobby").await;
    ana.say_on("client-moved", "presence-lobby", json!({ "x": 1 })).await;
    ana.say_on("client-moved", "presence-lobby", json!("{\"x\":2}")).await;
    let moved = ben.expect_frame("client-moved", "presence-lobby").await;
    assert_eq!((moved.data, moved.user_id.as_deref()), (json!({ "x": 1 }), Some("ana")));
    assert_eq!(ben.expect("client-moved", "presence-lobby").await, json!({ "x": 2 }), "a string stays one");
    assert_eq!(ana.seen().await, vec![]);
    assert_eq!(away.seen().await, vec![]);
}

#[tokio::test]
async fn on_a_private_channel_nobody_says_who_it_was() {
    let world = World::start().await;
    let room = world.direct("ana", "ben").await;
    let channel = format!("private-room-{room}");
    let (mut ana, mut ben) = (world.in_room("ana", room).await, world.in_room("ben", room).await);
    ana.say_on("client-drawing", &channel, json!([1, 2])).await;
    let drawing = ben.expect_frame("client-drawing", &channel).await;
    assert_eq!((drawing.data, drawing.user_id), (json!([1, 2]), None));
}

/// Never a close: pusher-js would not come back.
#[tokio::test]
async fn what_may_not_be_sent_is_an_error_and_the_connection_stays() {
    let world = World::start().await;
    let (mut ana, mut ben) = (on_lobby(&world, "ana").await, on_lobby(&world, "ben").await);
    world.ask_unsigned(&mut ana, "lobby").await;
    ana.expect("pusher_internal:subscription_succeeded", "lobby").await;
    for (channel, data, reason) in [
        ("lobby", json!(1), "private and presence"),
        ("private-user-ben", json!(1), "subscribe"),
        ("presence-elsewhere", json!(1), "subscribe"),
        ("presence-lobby", json!("x".repeat(10 * 1024 + 1)), "10240"),
    ] {
        ana.say_on("client-x", channel, data).await;
        let said = refusal(&mut ana).await;
        assert!(said.contains(reason), "{channel}: {said}");
    }
    ana.say_on("client-x", "presence-lobby", json!(1)).await;
    assert_eq!(ben.expect("client-x", "presence-lobby").await, json!(1));
    assert_eq!(ben.seen().await, vec![]);
}

#[tokio::test]
async fn more_than_may_be_sent_in_a_second_are_refused_one_by_one() {
    let world = World::start_with(|config| config.client_events_per_second = 2).await;
    let (mut ana, mut ben) = (on_lobby(&world, "ana").await, on_lobby(&world, "ben").await);
    for number in 0..20 {
        ana.say_on("client-x", "presence-lobby", json!(number)).await;
    }
    assert!(refusal(&mut ana).await.contains("at most 2"));
    let passed = ana.seen().await.len();
    assert!(passed < 20, "at least the second of twenty at once was refused: {passed}");
    assert_eq!(ben.expect("client-x", "presence-lobby").await, json!(0));
    assert_eq!(ben.expect("client-x", "presence-lobby").await, json!(1));
}
