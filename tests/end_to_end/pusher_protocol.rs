//! The whole Pusher protocol between real, unmodified libraries of npm and the built server (requirements §4): pusher-js as
//! the page, pusher-http-node as the application's own server.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::Command;

use crate::support::backend::{Backend, TestStore};
use crate::support::person::{Person, client};
use crate::support::pusher_js::PusherJs;
use crate::support::pusher_server::{Answered, AppServer};
use crate::support::running::{APP_KEY, APP_SECRET, Installation, Running};

/// 32 bytes in base64.
const MASTER_KEY: &str = "Ly8vLy8vLy8vLy8vLy8vLy8vLy8vLy8vLy8vLy8vLy8=";
const REQUEST_PATIENCE: Duration = Duration::from_secs(20);
const SUITE_PATIENCE: Duration = Duration::from_secs(180);
const SUCCEEDED: &str = "pusher:subscription_succeeded";

struct Scene {
    installation: Installation,
    _running: Running,
    server: AppServer,
    _store: TestStore,
}

impl Scene {
    /// `None` where clients from npm are left out, which has then been said.
    async fn set(what: &str, file: impl FnOnce(&AppServer) -> String) -> Option<Self> {
        if PusherJs::left_out(what) {
            return None;
        }
        let store = Backend::Sqlite.store().await.expect("always there");
        let mut server = AppServer::listen().await;
        let installation = Installation::new(&store.url())
            .with("KABAR__REALTIME__ENCRYPTION_MASTER_KEY", MASTER_KEY)
            .with("KABAR__REALTIME__SUBSCRIPTION_COUNTS", "true")
            .with_file(&file(&server));
        let running = installation.start().await;
        server.serves(installation.address, MASTER_KEY).await;
        Some(Self { installation, _running: running, server, _store: store })
    }

    /// A page whose channels the application's own server authorises.
    async fn page(&self, user: &str) -> PusherJs {
        self.server.browser(user, self.installation.address, &[]).await
    }

    /// Somebody whose channels Kabar authorises, and their page.
    async fn person(&self, id: &str) -> (Person, PusherJs) {
        let person = Person::new(&client(REQUEST_PATIENCE), self.installation.address, id);
        person.shows_up().await;
        let page = PusherJs::connect(id, self.installation.address, APP_KEY, person.token()).await;
        (person, page)
    }
}

fn plain(_: &AppServer) -> String {
    String::new()
}

fn with_webhooks(server: &AppServer) -> String {
    format!("[[realtime.webhooks]]\nurl = \"{}\"\n", server.url("/webhook"))
}

/// The SDK finds the signature right and reads the events, also of one that it had refused before.
#[tokio::test(flavor = "multi_thread")]
async fn webhooks_are_what_the_server_sdk_takes() {
    let Some(mut scene) = Scene::set("webhooks to the real server SDK", with_webhooks).await else { return };
    scene.server.refuses(1).await;
    let channel = "presence-cache-lobby";
    let mut ana = scene.page("ana").await;
    ana.subscribe(channel).await;
    ana.send(&json!({ "do": "trigger", "channel": channel, "name": "client-said", "data": { "words": "hai" } })).await;
    let of = |name: &'static str| move |event: &Value| event["name"] == name && event["channel"] == channel;
    let first = scene.server.webhook_with("the one that is refused", |_| true).await;
    assert_eq!(first["refused"], true);
    let again = scene.server.webhook_with("the same again", |event| *event == first["events"][0]).await;
    assert_eq!((&again["events"], &again["refused"]), (&first["events"], &json!(false)));
    let spoken = scene.server.webhook_with("a client event", of("client_event")).await;
    let event = spoken["events"].as_array().and_then(|events| events.iter().find(|event| of("client_event")(event)));
    let event = event.expect("it is there");
    assert_eq!((&event["event"], &event["user_id"]), (&json!("client-said"), &json!("ana")));
    assert_eq!(event["data"], json!({ "words": "hai" }).to_string());
    drop(ana);
    let gone = scene.server.webhook_with("that ana is gone", of("member_removed")).await;
    assert!(gone["events"].to_string().contains("ana"), "{gone}");
}

/// What pusher-http-node checks of a server, by its own files.
#[tokio::test(flavor = "multi_thread")]
async fn the_server_sdks_own_checks_of_a_server_pass() {
    let Some(scene) = Scene::set("the server SDK's own checks", plain).await else { return };
    let tests = ["get.js", "trigger.js"].map(|name| format!("node_modules/pusher/tests/remote/pusher/{name}"));
    let url = format!("http://{APP_KEY}:{}@{}/apps/1", APP_SECRET.replace(' ', "%20"), scene.installation.address);
    let mut suite = suite("node_modules/mocha/bin/mocha.js");
    let said = passes(suite.args(tests).env("PUSHER_URL", url)).await;
    assert!(said.contains("5 passing"), "{said}");
}

/// What pusher-js tries on Pusher's own servers, by its own files. Its server signs private channels with `channel_data`.
#[tokio::test(flavor = "multi_thread")]
async fn pusher_js_own_scenarios_pass() {
    let Some(scene) = Scene::set("pusher-js's own scenarios", plain).await else { return };
    let mut suite = suite("node_modules/jasmine/bin/jasmine.js");
    suite
        .args(["--random=false", "own_scenarios.cjs"])
        .env("KABAR_ADDRESS", scene.installation.address.to_string())
        .env("KABAR_KEY", APP_KEY)
        .env("KABAR_SECRET", APP_SECRET)
        .env("AUTH_ENDPOINT", scene.server.url("/auth"));
    let said = passes(&mut suite).await;
    assert!(said.contains("31 specs, 0 failures"), "{said}");
}

fn suite(runner: &str) -> Command {
    let mut command = Command::new("node");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pusher-js");
    command.arg(runner).current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// What it said.
async fn passes(suite: &mut Command) -> String {
    let ended = tokio::time::timeout(SUITE_PATIENCE, suite.output()).await;
    let ended = ended.expect("it ends in time").expect("node can be run");
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(ended.status.success(), "{said}\n{}", String::from_utf8_lossy(&ended.stderr));
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn events_triggered_by_the_server_sdk_reach_pages_on_channels_of_every_kind() {
    let Some(mut scene) = Scene::set("triggers over real pusher-js", plain).await else { return };
    let (mut ana, mut ben) = (scene.page("ana").await, scene.page("ben").await);
    for channel in ["lobby", "private-orders", "presence-lobby", "private-encrypted-orders"] {
        for page in [&mut ana, &mut ben] {
            page.subscribe(channel).await;
        }
        scene.server.triggers(json!(channel), "news", json!({ "on": channel })).await;
        for page in [&mut ana, &mut ben] {
            assert_eq!(page.expect_on(channel, "news").await, json!({ "on": channel }));
        }
    }
    scene.server.triggers(json!(["lobby", "private-orders"]), "both", json!("a text")).await;
    assert_eq!(ana.expect_on("lobby", "both").await, "a text");
    assert_eq!(ana.expect_on("private-orders", "both").await, "a text");
    let batch = json!([[
        { "channel": "lobby", "name": "first", "data": { "n": 1 } },
        { "channel": "private-encrypted-orders", "name": "second", "data": { "n": 2 } },
    ]]);
    assert_eq!(scene.server.call("triggerBatch", batch).await, Answered { status: 200, body: json!({}) });
    assert_eq!(ben.expect_on("lobby", "first").await["n"], 1);
    assert_eq!(ben.expect_on("private-encrypted-orders", "second").await["n"], 2);

    let two = |count: &Value| count["subscription_count"] == 2;
    ana.expect_where("lobby", "pusher:subscription_count", two).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_on_a_presence_channel_see_and_hear_each_other() {
    let Some(mut scene) = Scene::set("presence over real pusher-js", plain).await else { return };
    let channel = "presence-lobby";
    let mut ana = scene.page("ana").await;
    let (mut ben, mut bens_phone) = (scene.page("ben").await, scene.page("ben").await);
    ana.ask_to_subscribe(channel).await;
    let members = ana.expect_on(channel, SUCCEEDED).await;
    assert_eq!((&members["count"], &members["me"]["id"]), (&json!(1), &json!("ana")));
    ben.subscribe(channel).await;
    let added = ana.expect_on(channel, "pusher:member_added").await;
    assert_eq!(added, json!({ "id": "ben", "info": { "name": "ben by the server" } }));
    bens_phone.ask_to_subscribe(channel).await;
    let members = bens_phone.expect_on(channel, SUCCEEDED).await;
    assert_eq!(members["members"]["ana"], json!({ "name": "ana by the server" }));

    ben.send(&json!({ "do": "trigger", "channel": channel, "name": "client-said", "data": { "words": "hai" } })).await;
    let said = ana.expect(|seen| seen.event == "client-said by", "a client event").await;
    assert_eq!((said.data, said.user_id.as_deref()), (json!({ "words": "hai" }), Some("ben")));
    bens_phone.expect_on(channel, "client-said").await;

    let users = scene.server.call("get", json!([{ "path": "/channels/presence-lobby/users" }])).await;
    assert_eq!(users, Answered { status: 200, body: json!({ "users": [{ "id": "ana" }, { "id": "ben" }] }) });
    let asked = json!([{ "path": "/channels", "params": { "filter_by_prefix": "presence-", "info": "user_count" } }]);
    let shown = json!({ "channels": { "presence-lobby": { "user_count": 2 } } });
    assert_eq!(scene.server.call("get", asked).await, Answered { status: 200, body: shown });

    ben.unsubscribe(channel).await;
    drop(bens_phone);
    let removed = ana.expect_on(channel, "pusher:member_removed").await;
    assert_eq!(removed["id"], "ben");
    let members_added = ana.left_over(channel).iter().filter(|seen| seen.event == "pusher:member_added").count();
    assert_eq!(members_added, 0, "the second connection of somebody is told to nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_client_events_are_an_error_and_the_page_stays_connected() {
    let Some(mut scene) = Scene::set("client events over real pusher-js", plain).await else { return };
    let mut ana = scene.page("ana").await;
    ana.subscribe("private-orders").await;
    for number in 0..100 {
        let wish = json!({ "do": "trigger", "channel": "private-orders", "name": "client-x", "data": number });
        ana.send(&wish).await;
    }
    let error = ana.expect_connection("connection:error").await;
    assert_eq!(error["data"]["code"], 4301, "{error}");
    scene.server.triggers(json!("private-orders"), "later", json!(1)).await;
    ana.expect_on("private-orders", "later").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_in_user_is_sent_to_watched_and_ended() {
    let Some(mut scene) = Scene::set("signing in over real pusher-js", plain).await else { return };
    let address = scene.installation.address;
    let mut ana = scene.server.browser("ana", address, &["ben", "cat"]).await;
    let mut ben = scene.page("ben").await;
    ana.send(&json!({ "do": "signin" })).await;
    assert_eq!(ana.expect_connection("watchlist:offline").await["user_ids"], json!(["ben", "cat"]));
    ben.send(&json!({ "do": "signin" })).await;
    assert_eq!(ana.expect_connection("watchlist:online").await["user_ids"], json!(["ben"]));

    // pusher-js subscribes to its own channel by itself; what is sent before that is nobody's.
    let occupied = json!([{ "path": "/channels/%23server-to-user-ana" }]);
    while scene.server.call("get", occupied.clone()).await.body["occupied"] != true {}
    let sent = scene.server.call("sendToUser", json!(["ana", "greeting", { "words": "halo" }])).await;
    assert_eq!(sent, Answered { status: 200, body: json!({}) });
    assert_eq!(ana.expect_connection("user:greeting").await, json!({ "words": "halo" }));

    let ended = scene.server.call("terminateUserConnections", json!(["ben"])).await;
    assert_eq!(ended, Answered { status: 200, body: json!({}) });
    let is_over = |states: &Value| states["current"] == "disconnected";
    ben.expect(|seen| seen.event == "connection:state_change" && is_over(&seen.data), "the end").await;
    assert_eq!(ana.expect_connection("watchlist:offline").await["user_ids"], json!(["ben"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_channel_tells_its_last_event_to_pages_that_come_later() {
    let Some(mut scene) = Scene::set("cache channels over real pusher-js", plain).await else { return };
    for channel in
        ["cache-weather", "private-cache-weather", "presence-cache-weather", "private-encrypted-cache-weather"]
    {
        let (mut early, mut late) = (scene.page("early").await, scene.page("late").await);
        early.ask_to_subscribe(channel).await;
        early.expect_on(channel, "pusher:cache_miss").await;
        for sun in [1, 2] {
            scene.server.triggers(json!(channel), "sun", json!({ "sun": sun })).await;
            assert_eq!(early.expect_on(channel, "sun").await["sun"], sun);
        }
        late.ask_to_subscribe(channel).await;
        assert_eq!(late.expect_on(channel, "sun").await["sun"], 2, "{channel}");
    }
}

/// Kabar authorises its own channels by itself: rooms by membership, encrypted ones with their key.
#[tokio::test(flavor = "multi_thread")]
async fn kabars_own_channels_are_authorised_by_kabar_and_reached_by_the_server_sdk() {
    let Some(mut scene) = Scene::set("Kabar's own channels over real pusher-js", plain).await else { return };
    let (ana, mut anas_page) = scene.person("ana").await;
    let (ben, mut bens_page) = scene.person("ben").await;
    let (_, mut cats_page) = scene.person("cat").await;
    let room = ana.opens_direct_room_with(&ben).await;
    let presence = format!("presence-room-{room}");
    anas_page.subscribe(&presence).await;
    bens_page.ask_to_subscribe(&presence).await;
    let members = bens_page.expect_on(&presence, SUCCEEDED).await;
    assert_eq!(members["members"]["ana"]["name"], "ana the tester");
    anas_page.expect_on(&presence, "pusher:member_added").await;
    for channel in [presence, format!("private-encrypted-room-{room}"), "private-encrypted-user-ana".to_owned()] {
        assert_eq!(cats_page.is_refused(&channel).await["status"], 403, "{channel}");
    }
    let encrypted = format!("private-encrypted-room-{room}");
    for channel in [encrypted.as_str(), "private-encrypted-user-ben", "private-user-ben"] {
        bens_page.subscribe(channel).await;
        scene.server.triggers(json!(channel), "secret", json!({ "words": "psst" })).await;
        assert_eq!(bens_page.expect_on(channel, "secret").await, json!({ "words": "psst" }));
    }
    // An older page of the platform, which signs in and uses the bare names.
    anas_page.send(&json!({ "do": "signin" })).await;
    assert_eq!(anas_page.expect_connection("signed-in").await["id"], "ana");
    anas_page.subscribe("user-ana").await;
    anas_page.subscribe(&format!("chat-{room}")).await;
    ben.sends(&room, "halo").await;
    anas_page.expect_on(&format!("chat-{room}"), "new-message").await;
    anas_page.expect_on("user-ana", "new-message").await;
    scene.server.triggers(json!("user-ben"), "from-the-older-server", json!(1)).await;
    bens_page.expect_on("private-user-ben", "from-the-older-server").await;
}
