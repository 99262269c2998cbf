//! Pusher's HTTP API, signed as server SDKs sign it, and what it makes sockets hear.

use std::collections::BTreeMap;

use aggregates::ids::UserId;
use axum::body::Body;
use axum::extract::Request;
use md5::{Digest, Md5};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::client::Client;
use super::world::World;
use crate::clock::{Clock, SystemClock};

const SUCCEEDED: &str = "pusher_internal:subscription_succeeded";

/// A request as an SDK makes it.
struct Call<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a [(&'a str, &'a str)],
    body: String,
    /// `Idempotency-Key`.
    key: Option<&'a str>,
}

fn get<'a>(path: &'a str, query: &'a [(&'a str, &'a str)]) -> Call<'a> {
    Call { method: "GET", path, query, body: String::new(), key: None }
}

fn post(path: &str, body: Value) -> Call<'_> {
    Call { method: "POST", path, query: &[], body: body.to_string(), key: None }
}

impl World {
    async fn call(&self, call: Call<'_>) -> (u16, Value) {
        let mut query: BTreeMap<String, String> =
            call.query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let seconds = (SystemClock.now().as_millis() / 1_000).to_string();
        let given = [("auth_key", "key"), ("auth_timestamp", seconds.as_str()), ("auth_version", "1.0")];
        query.extend(given.map(|(name, value)| (name.to_owned(), value.to_owned())));
        if !call.body.is_empty() {
            query.insert("body_md5".to_owned(), hex::encode(Md5::digest(&call.body)));
        }
        let pairs: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let text = format!("{}\n{}\n{}", call.method, call.path, pairs.join("&"));
        query.insert("auth_signature".to_owned(), self.realtime.0.signer.sign(text.as_bytes()));
        let escaped = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&query).finish();
        self.send_call(&call, &format!("{}?{escaped}", call.path)).await
    }

    async fn send_call(&self, call: &Call<'_>, target: &str) -> (u16, Value) {
        let mut request = Request::builder().method(call.method).uri(target);
        if let Some(key) = call.key {
            request = request.header("idempotency-key", key);
        }
        let request = request.body(Body::from(call.body.clone())).expect("a request");
        let (parts, body) = self.api.clone().oneshot(request).await.expect("an answer").into_parts();
        let bytes = axum::body::to_bytes(body, 1_000_000).await.expect("a body");
        (parts.status.as_u16(), serde_json::from_slice(&bytes).unwrap_or_default())
    }

    async fn trigger(&self, body: Value) -> (u16, Value) {
        self.call(post("/apps/1/events", body)).await
    }

    async fn on(&self, channel: &str) -> Client {
        let mut client = self.client().await;
        self.ask_unsigned(&mut client, channel).await;
        client.expect(SUCCEEDED, channel).await;
        client
    }
}

fn field(answer: &(u16, Value)) -> (u16, String) {
    (answer.0, answer.1["errors"][0]["field"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn an_event_reaches_a_channel_as_it_was_given_but_not_the_socket_that_is_left_out() {
    let world = World::start().await;
    let (mut ana, mut ben) = (world.on("lobby").await, world.on("lobby").await);
    let data = r#"{"b": 1, "a": "é\"" }"#;
    let body = json!({ "name": "my \"event\"", "channels": ["lobby"], "data": data });
    assert_eq!(world.trigger(body).await, (200, json!({})));
    assert_eq!(ana.expect("my \"event\"", "lobby").await, serde_json::from_str::<Value>(data).expect("JSON"));
    ben.expect("my \"event\"", "lobby").await;
    // Some SDKs write what they leave out as null.
    let body = json!({ "name": "x", "channel": "lobby", "channels": null, "data": "1", "info": null,
                       "socket_id": ana.id.to_string() });
    assert_eq!(world.trigger(body).await, (200, json!({})));
    assert_eq!(ben.expect("x", "lobby").await, 1);
    assert_eq!(ana.seen().await, vec![]);
}

#[tokio::test]
async fn the_answer_says_of_channels_what_was_asked() {
    let world = World::start().await;
    let mut ana = world.on("lobby").await;
    world.ask_with(&mut ana, "presence-lobby", r#"{"user_id":"ana"}"#).await;
    ana.expect(SUCCEEDED, "presence-lobby").await;
    let body = json!({ "name": "x", "channels": ["lobby", "presence-lobby"], "data": "1",
                       "info": "user_count,subscription_count" });
    let shown = json!({ "channels": { "lobby": { "subscription_count": 1 },
                                      "presence-lobby": { "subscription_count": 1, "user_count": 1 } } });
    assert_eq!(world.trigger(body).await, (200, shown));
    let batch = json!({ "batch": [
        { "name": "a", "channel": "lobby", "data": "1", "info": "subscription_count" },
        { "name": "b", "channel": "lobby", "data": "2" },
    ] });
    let answer = world.call(post("/apps/1/batch_events", batch)).await;
    assert_eq!(answer, (200, json!({ "batch": [{ "subscription_count": 1 }, {}] })));
    assert_eq!((ana.expect("a", "lobby").await, ana.expect("b", "lobby").await), (json!(1), json!(2)));
    let batch = json!({ "batch": [{ "name": "a", "channel": "lobby", "data": "1" }] });
    assert_eq!(world.call(post("/apps/1/batch_events", batch)).await, (200, json!({})));
}

/// R75: limits with a clear error; of a refused request nothing is sent.
#[tokio::test]
async fn what_is_past_a_limit_is_refused_by_field_and_nothing_of_it_is_sent() {
    let world = World::start().await;
    let mut ana = world.on("lobby").await;
    let right = json!({ "name": "x", "channels": ["lobby"], "data": "1" });
    let with = |name: &str, value: Value| {
        let mut body = right.clone();
        body[name] = value;
        body
    };
    let many: Vec<String> = (0..101).map(|number| format!("c{number}")).collect();
    for (body, expected) in [
        (with("name", json!("x".repeat(201))), (400, "name")),
        (with("name", json!("")), (400, "name")),
        (with("name", json!("pusher:error")), (400, "name")),
        (with("name", json!(5)), (400, "name")),
        (with("data", json!("x".repeat(10 * 1024 + 1))), (413, "data")),
        (with("data", json!({})), (400, "data")),
        (with("channels", json!([])), (400, "channels")),
        (with("channels", json!(many)), (400, "channels")),
        (with("channels", json!(["lobby", "a b"])), (400, "channels")),
        (with("channels", json!(["lobby", "x".repeat(201)])), (400, "channels")),
        (with("channels", json!(["lobby", "private-encrypted-x"])), (400, "channels")),
        (with("socket_id", json!("1.2.3")), (400, "socket_id")),
        (with("info", json!("everything")), (400, "info")),
        (json!({ "channels": ["lobby"], "data": "1" }), (400, "name")),
        (json!({ "name": "x", "channels": ["lobby"] }), (400, "data")),
        (json!("x"), (400, "body")),
    ] {
        let answer = world.trigger(body.clone()).await;
        assert_eq!(field(&answer), (expected.0, expected.1.to_owned()), "{body}: {answer:?}");
    }
    let one = |data: &str| json!({ "name": "x", "channel": "lobby", "data": data });
    let batch = json!({ "batch": vec![one("1"); 11] });
    assert_eq!(field(&world.call(post("/apps/1/batch_events", batch)).await), (400, "batch".to_owned()));
    let batch = json!({ "batch": [one("1"), { "channel": "lobby", "data": "1" }] });
    assert_eq!(field(&world.call(post("/apps/1/batch_events", batch)).await), (400, "batch[1].name".to_owned()));
    let batch = json!({ "batch": [one("1"), one(&"x".repeat(10 * 1024 + 1))] });
    assert_eq!(field(&world.call(post("/apps/1/batch_events", batch)).await), (413, "batch[1].data".to_owned()));
    assert_eq!(ana.seen().await, vec![]);
    let largest = json!({ "name": "x".repeat(200), "channels": ["lobby"], "data": "\"".repeat(10 * 1024) });
    assert_eq!(world.trigger(largest).await, (200, json!({})));
    assert_eq!(world.trigger(with("channels", json!(many[..100]))).await, (200, json!({})));
}

#[tokio::test]
async fn a_request_that_the_application_did_not_sign_does_nothing() {
    let world = World::start().await;
    let mut ana = world.on("lobby").await;
    let body = json!({ "name": "x", "channels": ["lobby"], "data": "1" });
    let unsigned = post("/apps/1/events", body.clone());
    assert_eq!(world.send_call(&unsigned, "/apps/1/events").await.0, 401);
    let forged = "/apps/1/events?auth_key=key&auth_timestamp=1&auth_version=1.0&body_md5=x&auth_signature=y";
    assert_eq!(world.send_call(&unsigned, forged).await.0, 401);
    assert_eq!(world.call(post("/apps/2/events", body)).await.0, 401, "another application");
    for path in ["/apps/1/channels", "/apps/1/channels/lobby", "/apps/1/channels/presence-x/users"] {
        assert_eq!(world.send_call(&get(path, &[]), path).await.0, 401, "{path}");
    }
    let path = "/apps/1/users/ana/terminate_connections";
    assert_eq!(world.send_call(&post(path, json!({})), path).await.0, 401);
    assert_eq!(ana.seen().await, vec![]);
}

#[tokio::test]
async fn channels_are_listed_and_shown_with_what_is_asked_of_them() {
    let world = World::start().await;
    let mut ana = world.on("lobby").await;
    let (mut ben, mut phone) = (world.client().await, world.client().await);
    for client in [&mut ben, &mut phone] {
        world.ask_with(client, "presence-lobby", r#"{"user_id":"ben"}"#).await;
        client.expect(SUCCEEDED, "presence-lobby").await;
    }
    world.sign_in(&mut ana, "ana").await;
    world.ask_unsigned(&mut ana, "#server-to-user-ana").await;
    ana.expect(SUCCEEDED, "#server-to-user-ana").await;
    let all = json!({ "channels": { "lobby": {}, "presence-lobby": {} } });
    assert_eq!(world.call(get("/apps/1/channels", &[])).await, (200, all));
    let query = [("filter_by_prefix", "presence-"), ("info", "user_count")];
    let some = json!({ "channels": { "presence-lobby": { "user_count": 1 } } });
    assert_eq!(world.call(get("/apps/1/channels", &query)).await, (200, some));
    assert_eq!(world.call(get("/apps/1/channels", &[("filter_by_prefix", "x")])).await.1, json!({ "channels": {} }));

    let shown = json!({ "occupied": true, "user_count": 1, "subscription_count": 2 });
    let query = [("info", "user_count,subscription_count")];
    assert_eq!(world.call(get("/apps/1/channels/presence-lobby", &query)).await, (200, shown));
    assert_eq!(world.call(get("/apps/1/channels/nowhere", &[])).await, (200, json!({ "occupied": false })));
    let users = json!({ "users": [{ "id": "ben" }] });
    assert_eq!(world.call(get("/apps/1/channels/presence-lobby/users", &[])).await, (200, users));
    for (path, query) in [
        ("/apps/1/channels", &[("info", "user_count")][..]),
        ("/apps/1/channels/lobby", &[("info", "user_count")]),
        ("/apps/1/channels/lobby", &[("info", "cache")]),
        ("/apps/1/channels/lobby", &[("info", "weather")]),
        ("/apps/1/channels/lobby/users", &[]),
    ] {
        assert_eq!(world.call(get(path, query)).await.0, 400, "{path} {query:?}");
    }
}

/// The platform's older servers name the one, its pages the other; whoever has both hears it on each, once.
#[tokio::test]
async fn what_is_sent_to_a_bare_name_reaches_the_private_one_too_and_the_other_way_round() {
    let world = World::start().await;
    let room = world.direct("ana", "ben").await;
    let (private, bare) = (format!("private-room-{room}"), format!("chat-{room}"));
    let mut newer = world.in_room("ben", room).await;
    let mut older = Client::connect_as(world.address, "ben").await;
    for channel in [bare.as_str(), "user-ben"] {
        world.ask_unsigned(&mut older, channel).await;
        older.expect(SUCCEEDED, channel).await;
    }
    for channels in [json!([bare]), json!([private]), json!([private, bare])] {
        let body = json!({ "name": "x", "channels": channels, "data": "1" });
        assert_eq!(world.trigger(body).await, (200, json!({})));
        newer.expect("x", &private).await;
        older.expect("x", &bare).await;
    }
    world.trigger(json!({ "name": "y", "channel": "user-ben", "data": "2" })).await;
    newer.expect("y", "private-user-ben").await;
    older.expect("y", "user-ben").await;
    assert_eq!((newer.seen().await, older.seen().await), (vec![], vec![]));
}

#[tokio::test]
async fn a_repeat_under_the_same_key_is_answered_alike_and_sends_nothing() {
    let world = World::start().await;
    let mut ana = world.on("lobby").await;
    let trigger = |key, data: &str| Call {
        key,
        ..post("/apps/1/events", json!({ "name": "x", "channel": "lobby", "data": data, "info": "subscription_count" }))
    };
    let first = world.call(trigger(Some("one"), "1")).await;
    let _late = world.on("lobby").await;
    assert_eq!(world.call(trigger(Some("one"), "2")).await, first, "as it was answered then");
    world.call(trigger(Some("two"), "3")).await;
    assert_eq!((ana.expect("x", "lobby").await, ana.expect("x", "lobby").await), (json!(1), json!(3)));
    assert_eq!(ana.seen().await, vec![]);
}

#[tokio::test]
async fn a_cache_channel_tells_its_last_event_to_who_comes_later_or_that_there_is_none() {
    let world = World::start().await;
    for channel in ["cache-weather", "private-cache-weather", "presence-cache-weather"] {
        let join = async || {
            let mut client = world.client().await;
            world.ask_with(&mut client, channel, r#"{"user_id":"ana"}"#).await;
            client.expect(SUCCEEDED, channel).await;
            client
        };
        let mut early = join().await;
        early.expect("pusher:cache_miss", channel).await;
        for data in ["1", "2"] {
            world.trigger(json!({ "name": "sun", "channel": channel, "data": data })).await;
        }
        assert_eq!((early.expect("sun", channel).await, early.expect("sun", channel).await), (json!(1), json!(2)));
        let mut late = join().await;
        assert_eq!(late.expect("sun", channel).await, 2);
        assert_eq!(late.seen_on(channel).await, Vec::<String>::new(), "the last one, once");
        let (_, shown) = world.call(get(&format!("/apps/1/channels/{channel}"), &[("info", "cache")])).await;
        assert_eq!((&shown["occupied"], &shown["cache"]["data"]), (&json!(true), &json!("2")));
        assert!(shown["cache"]["ttl"].as_u64().is_some_and(|ttl| ttl > 1_700 && ttl <= 1_800), "{shown}");
    }
}

#[tokio::test]
async fn a_signed_in_user_is_sent_to_and_ended_by_their_id() {
    let world = World::start().await;
    let mut ana = world.client().await;
    world.sign_in(&mut ana, "ana").await;
    let channel = "#server-to-user-ana";
    world.ask_unsigned(&mut ana, channel).await;
    ana.expect(SUCCEEDED, channel).await;
    let body = json!({ "name": "hello", "channels": [channel], "data": "{}" });
    assert_eq!(world.trigger(body).await, (200, json!({})));
    ana.expect("hello", channel).await;
    let other = UserId::parse("a@b.c,d;e=f").expect("an id");
    let path = format!("/apps/1/users/{other}/terminate_connections");
    assert_eq!(world.call(post(&path, json!({}))).await, (200, json!({})));
    assert_eq!(ana.seen().await, vec![]);
    assert_eq!(world.call(post("/apps/1/users/ana/terminate_connections", json!({}))).await, (200, json!({})));
    assert_eq!(ana.closed().await, 4009);
}
