//! A graceful stop: what was begun is finished and answered.

use serde_json::json;

use super::app::TestApp;
use super::on_every_backend;

on_every_backend![a_request_that_was_begun_is_answered];

/// A second read within the window waits for the window's end: it is certainly under way when the stop begins.
async fn a_request_that_was_begun_is_answered(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = ana.room_with(&ben).await;
    for number in 1..=3 {
        ana.sends(&room, &number.to_string()).await;
    }
    let head = app.head().await;
    ben.post("/api/chat/read", json!({"roomId": room, "upTo": 1})).await.ok();
    let waiting = tokio::spawn({
        let (ben, room) = (ben.clone(), room.clone());
        async move { ben.post("/api/chat/read", json!({"roomId": room, "upTo": 3})).await }
    });
    app.written_behind(head).await;
    // Begun for certain: a request after it on the same server has been answered.
    ana.get("/api/chat/unread-count").await.ok();
    app.begin_to_stop();
    let answered = waiting.await.expect("no panic");
    assert_eq!(answered.ok()["message"], "Messages marked as read");
    app.stop().await;
}
