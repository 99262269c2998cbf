//! A view that stands still: what was carried out is answered all the same, queries say what they wait for.
//!
//! On SQLite alone, where the view's file can be held from the outside. What is answered is decided above the engines.

use aggregates::user::UserRole;
use reqwest::Method;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::app::TestApp;
use super::person::{Person, answer, text};
use crate::support::backend::Backend;

/// Nothing is written to the inbox, or the feed, until it is dropped.
struct StandStill {
    _held: Vec<Connection>,
}

impl StandStill {
    async fn begin(app: &TestApp, person: &Person) -> Self {
        Self { _held: in_inboxes(app, person, "BEGIN IMMEDIATE").await }
    }

    async fn of_the_feed(app: &TestApp, person: &Person) -> Self {
        let head = app.token(app.head().await);
        person.get(&format!("/api/notifications/unread-count?after={head}")).await.ok();
        Self { _held: in_files(app, "feed", "BEGIN IMMEDIATE") }
    }
}

/// Runs statements on the inbox once it has everything.
async fn in_inboxes(app: &TestApp, person: &Person, sql: &str) -> Vec<Connection> {
    let head = app.token(app.head().await);
    person.get(&format!("/api/chat/unread-count?after={head}")).await.ok();
    in_files(app, "inbox", sql)
}

/// Runs statements on a view as it is.
fn in_files(app: &TestApp, view: &str, sql: &str) -> Vec<Connection> {
    let files = std::fs::read_dir(app.directory()).expect("a directory").filter_map(Result::ok);
    let files = files.map(|file| file.path()).filter(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with(view) && name.ends_with(".db")
    });
    let held: Vec<_> = files
        .map(|path| {
            let connection = Connection::open(path).expect("the view's file opens");
            connection.busy_timeout(super::app::PATIENCE).expect("set");
            connection.execute_batch(sql).expect("carried out");
            connection
        })
        .collect();
    assert!(!held.is_empty(), "there is a file of {view}");
    held
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_carried_out_is_answered_although_the_view_is_late() {
    let Some(app) = TestApp::start(Backend::Sqlite).await else { return };
    let [ana, ben, cat] = app.people(["ana", "ben", "cat"]).await;
    let made = ana.post("/api/chat/groups", json!({"name": "Kelas", "avatar": "https://a.example/b"})).await;
    let room = text(&made.ok()["room"]["id"]);
    let send = async || {
        let wish = json!({"roomId": room, "content": "sekali", "clientMessageId": "c-1"});
        answer(ana.ask(Method::POST, "/api/chat/send").json(&wish)).await.ok()["message"]["id"].clone()
    };
    let still = StandStill::begin(&app, &ana).await;

    let brought = ana.post(&format!("/api/chat/groups/{room}/members"), json!({"userIds": ["ben"]})).await;
    assert!(brought.position() == app.token(app.head().await), "it was carried out");
    assert_eq!(brought.ok()["room"]["id"], json!(room));
    let joined = cat.post(&format!("/api/chat/groups/{room}/join"), json!({})).await.ok()["room"].clone();
    assert_eq!((&joined["id"], &joined["name"], &joined["type"]), (&json!(room), &json!("Kelas"), &json!("GROUP")));
    assert_eq!(
        (&joined["avatar"], &joined["participants"][0]["userId"]),
        (&json!("https://a.example/b"), &json!("cat"))
    );
    assert_eq!(send().await, send().await, "also what is sent again");
    let form = format!("socket_id=1.2&channel_name=private-room-{room}");
    let signed = cat.ask(Method::POST, "/api/pusher/auth").header("content-type", "application/x-www-form-urlencoded");
    answer(signed.body(form)).await.is_problem(503, None);
    let head = app.token(app.head().await);
    ben.get(&format!("/api/chat/rooms?after={head}")).await.is_problem(503, Some("after"));
    ben.post("/api/chat/groups", json!({"name": "x", "memberIds": ["new"]})).await.is_problem(503, None);
    for path in ["", "/follow", "/followers", "/following"] {
        ben.get(&format!("/api/users/new{path}")).await.is_problem(503, None);
    }
    assert_eq!(app.token(app.head().await), head, "of whom it cannot be said that they are there is not written");
    // Whom a late view shows is there, however late it is.
    ben.post("/api/chat/groups", json!({"name": "x", "memberIds": ["ana"]})).await.ok();

    drop(still);
    assert_eq!(cat.get(&format!("/api/chat/rooms?after={head}")).await.ok()["rooms"][0]["lastMessage"], "sekali");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_to_somebody_is_answered_although_the_view_cannot_be_asked() {
    let Some(app) = TestApp::start(Backend::Sqlite).await else { return };
    let [ana, ben] = app.people(["ana", "ben"]).await;
    ana.room_with(&ben).await;
    in_inboxes(&app, &ana, "ALTER TABLE participants RENAME TO gone").await;
    let written = ana.post("/api/messages", json!({"receiverId": "ben", "content": "halo"})).await.ok();
    assert_eq!((&written["message"]["content"], &written["room"]), (&json!("halo"), &Value::Null));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_late_view_does_not_know_is_not_guessed() {
    let Some(app) = TestApp::start(Backend::Sqlite).await else { return };
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = ana.room_with(&ben).await;
    let known = ana.sends(&room, "lama").await;
    let path = |message: &Value| format!("/api/chat/messages/{}/reactions", text(&message["id"]));
    ben.post(&path(&known), json!({"emoji": "👍"})).await.ok();
    let still = StandStill::begin(&app, &ana).await;

    let new = ana.sends(&room, "baru").await;
    // Whether it still stands nobody knows: it is said once more.
    let before = app.head().await;
    ben.post(&path(&known), json!({"emoji": "👍"})).await.ok();
    assert_eq!(app.head().await.0, before.0 + 1);
    ben.post("/api/users/ana/follow?on=true", json!({})).await.ok();
    let mira = app.person_as("mira", UserRole::Mentor).await;
    let before = app.head().await;
    let session = json!({"participantId": "ben", "type": "MENTOR_STUDENT"});
    mira.post("/api/chat/start", session).await.is_problem(503, None);
    ben.post(&path(&new), json!({"emoji": "👍"})).await.is_problem(503, None);
    ben.post("/api/users/ana/follow", json!({})).await.is_problem(503, None);
    ben.post("/api/reports", json!({"roomId": room, "reason": "spam"})).await.is_problem(503, None);
    let presence = json!({"isOnline": true, "roomId": uuid::Uuid::nil()});
    ben.post("/api/presence", presence).await.is_problem(503, None);
    assert_eq!(app.head().await, before, "nothing was written");
    drop(still);
    assert_eq!(ben.post("/api/users/ana/follow", json!({})).await.ok()["following"], json!(false));
    app.stop().await;
}

/// Nor what somebody said who has removed the one who carries it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_3_words_that_were_taken_back_are_carried_nowhere_however_late_the_view_is() {
    let Some(app) = TestApp::start(Backend::Sqlite).await else { return };
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let group = async |who: &Person, wish| text(&who.post("/api/chat/groups", wish).await.ok()["room"]["id"]);
    let room = group(&ana, json!({"name": "Kelas", "memberIds": ["ben"]})).await;
    let other = group(&ben, json!({"name": "Lain"})).await;
    let [first, second] = [ana.sends(&room, "rahasia").await, ana.sends(&room, "rahasia lain").await];
    let forward = async |message: &Value| {
        let path = format!("/api/chat/messages/{}/forward", text(&message["id"]));
        ben.post(&path, json!({"roomIds": [other]})).await
    };
    let still = StandStill::begin(&app, &ana).await;
    ana.delete(&format!("/api/chat/messages?id={}", text(&first["id"]))).await.ok();
    ana.delete(&format!("/api/chat/groups/{room}/members/ben")).await.ok();
    let head = app.head().await;
    for message in [&first, &second] {
        forward(message).await.is_problem(503, None);
    }
    assert_eq!(app.head().await, head, "nothing was written");
    drop(still);
    for message in [&first, &second] {
        forward(message).await.is_problem(404, None);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_that_was_filed_or_resolved_is_answered_although_the_view_is_late() {
    let Some(app) = TestApp::start(Backend::Sqlite).await else { return };
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let admin = app.person_as("admin", UserRole::Admin).await;
    let room = ana.room_with(&ben).await;
    let message = ana.sends(&room, "kasar").await["id"].clone();
    let file = async |reason: &str| {
        let filed = ben.post("/api/reports", json!({"messageId": message, "reason": reason})).await;
        (filed.position(), filed.ok()["report"].clone())
    };
    let told = |report: &Value| ["status", "reason", "messageId"].map(|field| report[field].clone());
    let resolve = async |id: &Value, resolution: &str| {
        let body = json!({"resolution": resolution, "note": "sudah"});
        let resolved = admin.post(&format!("/api/admin/reports/{}/resolve", text(id)), body).await;
        (resolved.position(), resolved.ok())
    };
    let still = StandStill::begin(&app, &ana).await;

    let (position, report) = file("pertama").await;
    assert_eq!(position, app.token(app.head().await));
    assert_eq!(told(&report), [json!("OPEN"), json!("pertama"), message.clone()]);
    let head = app.head().await;
    assert_eq!(file("kedua").await.1, report, "it is open");
    assert_eq!(app.head().await, head);
    let (position, whole) = resolve(&report["id"], "USER_WARNED").await;
    assert_eq!(position, app.token(app.head().await));
    let shown = ["status", "resolution", "note", "reason"].map(|field| whole["report"][field].clone());
    assert_eq!(shown, ["RESOLVED", "USER_WARNED", "sudah", "pertama"].map(|text| json!(text)));
    assert_eq!(
        (&whole["message"]["content"], &whole["report"]["resolvedBy"]["id"]),
        (&json!("kasar"), &json!("admin"))
    );
    assert_eq!(told(&file("ketiga").await.1), [json!("OPEN"), json!("ketiga"), message.clone()]);

    drop(still);
    // From here on the view is late with what it knew in another state.
    let still = StandStill::begin(&app, &ana).await;
    assert_eq!(resolve(&report["id"], "DISMISSED").await.1["report"]["resolution"], "DISMISSED");
    assert_eq!(told(&file("lagi").await.1)[..2], [json!("OPEN"), json!("lagi")]);
    drop(still);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_choice_is_answered_although_the_view_is_late() {
    let Some(app) = TestApp::start(Backend::Sqlite).await else { return };
    let ana = app.person("ana").await;
    let choose = async |body: Value| {
        let request = ana.ask(Method::PUT, "/api/notifications/preferences").json(&body);
        answer(request).await.ok()["preferences"]["locale"].clone()
    };
    let subscribe = async |wishes: Value| {
        let body = json!({"subscriptionType": "COURSE", "targetId": "c-1", "preferences": wishes});
        ana.post("/api/notifications/subscribe", body).await.ok()["subscription"]["enablePush"].clone()
    };
    let still = StandStill::of_the_feed(&app, &ana).await;
    assert_eq!(choose(json!({"locale": "en"})).await, "en");
    assert_eq!(subscribe(json!({"enablePush": false})).await, json!(false));
    let head = app.head().await;
    // What is so already nobody asks the view.
    assert_eq!(choose(json!({})).await, "en");
    assert_eq!(subscribe(json!({})).await, json!(false));
    assert_eq!(app.head().await, head);
    let after = app.token(head);
    for path in ["preferences", "subscribe"] {
        ana.get(&format!("/api/notifications/{path}?after={after}")).await.is_problem(503, Some("after"));
    }
    drop(still);
    let shown = ana.get(&format!("/api/notifications/preferences?after={after}")).await.ok();
    assert_eq!(shown["preferences"]["locale"], "en");
    app.stop().await;
}
