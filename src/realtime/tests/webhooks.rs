//! Webhooks, on a receiver that says what it got and may refuse it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::world::World;
use crate::realtime::webhooks::{EventKind, Webhook};

const PATIENCE: Duration = Duration::from_secs(20);

/// One that was got.
struct Got {
    headers: HeaderMap,
    body: Bytes,
}

struct Receiver {
    address: SocketAddr,
    got: mpsc::UnboundedReceiver<Got>,
    /// So many are still answered with 500.
    refusals: Arc<AtomicUsize>,
}

#[derive(Clone)]
struct Taking {
    got: mpsc::UnboundedSender<Got>,
    refusals: Arc<AtomicUsize>,
}

async fn take(State(taking): State<Taking>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let refused = taking.refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
    taking.got.send(Got { headers, body }).expect("the test listens");
    if refused { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK }
}

impl Receiver {
    async fn start() -> Self {
        let (sender, got) = mpsc::unbounded_channel();
        let refusals = Arc::new(AtomicUsize::new(0));
        let state = Taking { got: sender, refusals: refusals.clone() };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let routes: Router = Router::new().route("/hook", post(take)).with_state(state);
        tokio::spawn(axum::serve(listener, routes).into_future());
        Self { address, got, refusals }
    }

    fn webhook(&self, events: &[EventKind]) -> Webhook {
        let url = format!("http://{}/hook?token=x", self.address).parse().expect("a URL");
        Webhook { backoff_first: Duration::from_millis(10), ..Webhook::new(url, events.to_vec()) }
    }

    async fn next(&mut self) -> Got {
        tokio::time::timeout(PATIENCE, self.got.recv()).await.expect("a webhook in time").expect("it listens")
    }

    /// The events of one after the other, until there are so many.
    async fn events(&mut self, count: usize) -> Vec<Value> {
        let mut events = Vec::new();
        while events.len() < count {
            let body: Value = serde_json::from_slice(&self.next().await.body).expect("JSON");
            events.extend(body["events"].as_array().expect("a list").clone());
        }
        events
    }
}

#[tokio::test]
async fn a_webhook_is_signed_and_exactly_json() {
    let mut receiver = Receiver::start().await;
    let webhook = receiver.webhook(&EventKind::ALL);
    let world = World::start_with(|config| config.webhooks = vec![webhook]).await;
    let mut ana = world.client().await;
    world.ask_unsigned(&mut ana, "cache-lobby").await;
    let Got { headers, body } = receiver.next().await;
    assert_eq!(
        (&headers["content-type"], &headers["x-pusher-key"]),
        (&"application/json".parse().unwrap(), &"key".parse().unwrap())
    );
    let signature = headers["x-pusher-signature"].to_str().expect("text");
    assert!(world.realtime.0.signer.signed(&body, signature));
    let said: Value = serde_json::from_slice(&body).expect("JSON");
    assert!(said["time_ms"].as_u64().is_some_and(|time| time > 1_700_000_000_000), "{said}");
    let mut events = said["events"].as_array().expect("a list").clone();
    if events.len() < 2 {
        events.extend(receiver.events(1).await);
    }
    assert_eq!(
        events,
        [
            json!({ "name": "cache_miss", "channel": "cache-lobby" }),
            json!({ "name": "channel_occupied", "channel": "cache-lobby" })
        ]
    );
}

#[tokio::test]
async fn members_come_and_go_and_clients_speak_and_what_is_not_wanted_is_not_told() {
    use EventKind::{ChannelVacated, ClientEvent, MemberAdded, MemberRemoved};
    let mut receiver = Receiver::start().await;
    let webhook = receiver.webhook(&[MemberAdded, MemberRemoved, ClientEvent, ChannelVacated]);
    let world = World::start_with(|config| config.webhooks = vec![webhook]).await;
    let channel = "presence-lobby";
    let (mut ana, mut ben) = (world.client().await, world.client().await);
    for (client, who) in [(&mut ana, "ana"), (&mut ben, "ben")] {
        world.ask_with(client, channel, &json!({ "user_id": who }).to_string()).await;
        client.expect("pusher_internal:subscription_succeeded", channel).await;
    }
    ana.say_on("client-x", channel, json!({ "n": 1 })).await;
    ben.expect("client-x", channel).await;
    // Reloads the page: gone for a moment, and nobody is told.
    let socket_id = ana.id.to_string();
    drop(ana);
    ben.expect("pusher_internal:member_removed", channel).await;
    let mut again = world.client().await;
    world.ask_with(&mut again, channel, r#"{"user_id":"ana"}"#).await;
    again.expect("pusher_internal:subscription_succeeded", channel).await;
    drop((again, ben));
    let events = receiver.events(6).await;
    let member = |name: &str, who: &str| json!({ "name": name, "channel": channel, "user_id": who });
    assert_eq!(events[..2], [member("member_added", "ana"), member("member_added", "ben")]);
    let spoken = json!({ "name": "client_event", "channel": channel, "event": "client-x", "data": "{\"n\":1}",
                         "socket_id": socket_id, "user_id": "ana" });
    assert_eq!(events[2], spoken);
    let mut gone = events[3..].to_vec();
    gone.sort_by_key(ToString::to_string);
    let vacated = json!({ "name": "channel_vacated", "channel": channel });
    let mut expected = [member("member_removed", "ana"), member("member_removed", "ben"), vacated];
    expected.sort_by_key(ToString::to_string);
    assert_eq!(gone, expected, "each once, when they stayed away");
}

/// That somebody is signed in, and by how many connections, is between them and the server.
#[tokio::test]
async fn nothing_is_told_of_channels_from_the_server_to_a_user() {
    let mut receiver = Receiver::start().await;
    let webhook = receiver.webhook(&EventKind::ALL);
    let world = World::start_with(|config| {
        config.webhooks = vec![webhook];
        config.subscription_counts = true;
    })
    .await;
    let mut ana = world.client().await;
    world.sign_in(&mut ana, "ana").await;
    for channel in ["#server-to-user-ana", "lobby"] {
        world.ask_unsigned(&mut ana, channel).await;
        ana.expect("pusher_internal:subscription_succeeded", channel).await;
    }
    let mut told = receiver.events(2).await;
    told.sort_by_key(|event| event["name"].to_string());
    let count = json!({ "name": "subscription_count", "channel": "lobby", "subscription_count": 1 });
    assert_eq!(told, [json!({ "name": "channel_occupied", "channel": "lobby" }), count]);
}

#[tokio::test]
async fn one_that_is_not_taken_is_sent_again_unchanged_and_before_the_next() {
    let mut receiver = Receiver::start().await;
    let webhook = receiver.webhook(&[EventKind::ChannelOccupied]);
    let world = World::start_with(|config| config.webhooks = vec![webhook]).await;
    receiver.refusals.store(3, Ordering::SeqCst);
    let mut ana = world.client().await;
    world.ask_unsigned(&mut ana, "first").await;
    let bodies = [receiver.next().await.body, receiver.next().await.body, receiver.next().await.body];
    world.ask_unsigned(&mut ana, "second").await;
    let taken = receiver.next().await.body;
    assert!(bodies.iter().all(|body| *body == taken), "the same bytes, four times");
    assert_eq!(receiver.events(1).await, [json!({ "name": "channel_occupied", "channel": "second" })]);
}

/// What is held back is told before the node is gone.
#[tokio::test]
async fn a_node_that_stops_tells_what_it_knows() {
    let mut receiver = Receiver::start().await;
    let webhook = receiver.webhook(&[EventKind::ChannelOccupied, EventKind::ChannelVacated]);
    let mut world = World::start_with(|config| config.webhooks = vec![webhook]).await;
    let mut ana = world.client().await;
    world.ask_unsigned(&mut ana, "lobby").await;
    assert_eq!(receiver.events(1).await[0]["name"], "channel_occupied");
    world.stop_realtime.cancel();
    assert_eq!(ana.closed().await, 4200);
    assert_eq!(receiver.events(1).await, [json!({ "name": "channel_vacated", "channel": "lobby" })]);
    let ended = tokio::time::timeout(PATIENCE, &mut world.realtime_ended);
    ended.await.expect("it stops in time").expect("without a panic");
}

/// A receiver that never answers holds nobody up: sockets go on, and the node stops in time.
#[tokio::test]
async fn a_receiver_that_hangs_holds_nobody_up() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", silent.local_addr().expect("an address")).parse().expect("a URL");
    let webhook = Webhook::new(url, EventKind::ALL.to_vec());
    let mut world = World::start_with(|config| config.webhooks = vec![webhook]).await;
    let mut ana = world.client().await;
    for number in 0..150 {
        world.ask_unsigned(&mut ana, &format!("c{number}")).await;
        ana.expect("pusher_internal:subscription_succeeded", &format!("c{number}")).await;
    }
    world.stop_realtime.cancel();
    assert_eq!(ana.closed().await, 4200);
    let ended = tokio::time::timeout(PATIENCE, &mut world.realtime_ended);
    ended.await.expect("it stops in time").expect("without a panic");
}
