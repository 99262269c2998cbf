//! A view that stands still: what was carried out is answered all the same, queries say what they wait for.
//!
//! On SQLite alone, where the view's file can be held from the outside. What is answered is decided above the engines.

use reqwest::Method;
use rusqlite::Connection;
use serde_json::json;

use super::app::TestApp;
use super::person::{answer, text};
use crate::support::backend::Backend;

/// Nothing is written to the inbox until it is dropped.
struct StandStill {
    _held: Vec<Connection>,
}

impl StandStill {
    /// Once the inbox has everything.
    async fn begin(app: &TestApp, person: &super::person::Person) -> Self {
        let head = app.token(app.head().await);
        person.get(&format!("/api/chat/unread-count?after={head}")).await.ok();
        let files = std::fs::read_dir(app.directory()).expect("a directory").filter_map(Result::ok);
        let inboxes = files.map(|file| file.path()).filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.starts_with("inbox") && name.ends_with(".db")
        });
        let held: Vec<_> = inboxes
            .map(|path| {
                let connection = Connection::open(path).expect("the view's file opens");
                connection.busy_timeout(super::app::PATIENCE).expect("set");
                connection.execute_batch("BEGIN IMMEDIATE").expect("held");
                connection
            })
            .collect();
        assert!(!held.is_empty(), "there is an inbox");
        Self { _held: held }
    }
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
    assert_eq!(app.token(app.head().await), head, "of whom it cannot be said that they are there is not written");
    // Whom a late view shows is there, however late it is.
    ben.post("/api/chat/groups", json!({"name": "x", "memberIds": ["ana"]})).await.ok();

    drop(still);
    assert_eq!(cat.get(&format!("/api/chat/rooms?after={head}")).await.ok()["rooms"][0]["lastMessage"], "sekali");
    app.stop().await;
}
