//! How much somebody may say at a time, counted by what it comes to.
//!
//! On SQLite alone: no store is asked.

use kabar::config::Rate;
use reqwest::Method;
use serde_json::{Value, json};

use super::app::TestApp;
use super::person::{answer, text};
use crate::support::backend::Backend;

/// So slow that no token comes back while a test runs.
const FIVE: Rate = Rate { per_second: 1, burst: 5 };

async fn app() -> Option<TestApp> {
    TestApp::with(Backend::Sqlite, |config| config.limits.sends = FIVE).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_forwarded_to_many_rooms_counts_as_many_and_goes_to_none_past_the_limit() {
    let Some(app) = app().await else { return };
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let mut rooms = Vec::new();
    for nth in 0..5 {
        let wish = json!({"name": format!("Kelas {nth}"), "memberIds": ["ben"]});
        rooms.push(ana.post("/api/chat/groups", wish).await.ok()["room"]["id"].clone());
    }
    let message = ana.sends(&text(&rooms[0]), "kabar").await;
    let forward = async |rooms: &[Value]| {
        let path = format!("/api/chat/messages/{}/forward", text(&message["id"]));
        ben.post(&path, json!({"roomIds": rooms})).await
    };
    forward(&rooms[..3]).await.ok();
    let before = app.head().await;
    // Two tokens are left, and perhaps one more.
    let refused = forward(&rooms).await;
    refused.is_problem(429, None);
    assert_eq!(refused.body["detail"], "sends: 1 a second, burst 5");
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(app.head().await, before, "nothing was carried");
    forward(&[rooms[0].clone(), rooms[0].clone()]).await.ok();
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_words_count_as_words() {
    let Some(app) = app().await else { return };
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = ana.room_with(&ben).await;
    let message = ana.sends(&room, "0").await;
    let mut refused = 0;
    for nth in 1..=10 {
        let wish = json!({"messageId": message["id"], "content": nth.to_string()});
        let edited = answer(ana.ask(Method::PATCH, "/api/chat/messages").json(&wish)).await;
        refused += u32::from(edited.status == 429);
    }
    assert!((4..=6).contains(&refused), "{refused} of ten");
    app.stop().await;
}
