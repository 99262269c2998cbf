//! Somebody is erased under a running server, and comes back.

use aggregates::DomainEvent;
use aggregates::user::UserEvent;
use serde_json::json;

use super::app::{PATIENCE, TestApp};
use super::on_every_backend;

on_every_backend![who_comes_back_after_an_erasure_is_told_to_the_directory_anew];

async fn who_comes_back_after_an_erasure_is_told_to_the_directory_anew(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = ana.room_with(&ben).await;
    ana.sends(&room, "kata").await;
    app.erases("ana").await;
    // With the same session: all this server remembers of it is what it told before.
    let registered = async {
        loop {
            ana.get("/api/chat/unread-count").await.ok();
            let is_anas = |event: &DomainEvent| matches!(event, DomainEvent::User(UserEvent::UserRegistered(event)) if event.user_id.as_str() == "ana");
            if app.events().await.iter().filter(|recorded| is_anas(&recorded.event)).count() == 2 {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, registered).await.expect("she is registered again");
    let after = app.token(app.head().await);
    let shown = ben.get(&format!("/api/chat/messages?roomId={room}&after={after}")).await.ok();
    assert_eq!(shown["messages"][0]["content"], json!(""), "and what she said before stays gone");
    app.stop().await;
}
