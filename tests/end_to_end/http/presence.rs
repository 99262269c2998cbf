//! Who is here, and who may know it.

use serde_json::{Value, json};

use super::app::{PATIENCE, TestApp, erase};
use super::on_every_backend;
use super::person::{Person, text};

on_every_backend![
    who_shares_a_room_or_a_follow_sees_who_is_here_and_nobody_else_does,
    who_hides_stays_hidden_over_a_restart,
    promise_9_nothing_is_known_of_when_the_erased_were_here,
];

/// What `asking` is shown of `about`.
async fn seen(asking: &Person, about: &str) -> (bool, Value) {
    let shown = asking.get(&format!("/api/users/{about}")).await.ok()["user"].clone();
    (shown["isOnline"] == true, shown["lastSeenAt"].clone())
}

async fn comes_to_see(asking: &Person, about: &str, online: bool) -> Value {
    let seen = async {
        loop {
            let (is_online, last_seen) = seen(asking, about).await;
            if is_online == online {
                return last_seen;
            }
        }
    };
    tokio::time::timeout(PATIENCE, seen).await.unwrap_or_else(|_| panic!("{about} is not {online} to {}", asking.id))
}

async fn here(person: &Person, said: Value) {
    person.post("/api/presence", said).await.ok();
}

async fn who_shares_a_room_or_a_follow_sees_who_is_here_and_nobody_else_does(app: TestApp) {
    let [ana, ben, cici] = app.people(["ana", "ben", "cici"]).await;
    let room = ana.room_with(&ben).await;
    let after = app.token(app.head().await);
    ben.get(&format!("/api/chat/rooms?after={after}")).await.ok();
    here(&ana, json!({"isOnline": true, "roomId": room})).await;
    assert!(comes_to_see(&ben, "ana", true).await.is_string());
    let rooms = ben.get("/api/chat/rooms").await.ok();
    let participants = rooms["rooms"][0]["participants"].as_array().expect("participants").clone();
    let shown = participants.iter().find(|shown| shown["userId"] == "ana").expect("ana");
    assert_eq!(shown["user"]["isOnline"], json!(true), "{shown}");
    assert!(shown["user"]["lastSeenAt"].is_string(), "{shown}");
    let members = ben.get(&format!("/api/chat/rooms/{room}/members")).await.ok()["members"].clone();
    let member = members.as_array().expect("members").iter().find(|member| member["userId"] == "ana").expect("ana");
    assert_eq!(member["user"]["isOnline"], json!(true), "the list of all members says the same: {member}");
    assert!(member["user"]["lastSeenAt"].is_string(), "{member}");

    assert_eq!(seen(&cici, "ana").await, (false, Value::Null), "they know nothing of each other");
    let followed = cici.post("/api/users/ana/follow?on=true", json!({})).await.position();
    cici.get(&format!("/api/users/ana?after={followed}")).await.ok();
    assert!(seen(&cici, "ana").await.0);

    let blocked = ben.post("/api/users/ana/block", json!({})).await.position();
    let rooms = ben.get(&format!("/api/chat/rooms?after={blocked}")).await.ok();
    let participants = rooms["rooms"][0]["participants"].as_array().expect("participants").clone();
    let shown = participants.iter().find(|shown| shown["userId"] == "ana").expect("ana");
    assert_eq!((&shown["user"]["isOnline"], &shown["user"]["lastSeenAt"]), (&json!(false), &Value::Null));

    here(&ana, json!({"isOnline": false})).await;
    assert!(comes_to_see(&cici, "ana", false).await.is_string(), "and when she was here last");
    app.stop().await;
}

async fn who_hides_stays_hidden_over_a_restart(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    ana.room_with(&ben).await;
    let after = app.token(app.head().await);
    ben.get(&format!("/api/chat/rooms?after={after}")).await.ok();
    here(&ana, json!({"isOnline": true})).await;
    comes_to_see(&ben, "ana", true).await;
    here(&ana, json!({"isOnline": true, "invisible": true})).await;
    let before = comes_to_see(&ben, "ana", false).await;
    let app = app.restarted().await;
    let [ana, ben] = app.people(["ana", "ben"]).await;
    here(&ana, json!({"isOnline": true})).await;
    here(&ben, json!({"isOnline": true})).await;
    comes_to_see(&ana, "ben", true).await;
    let (is_online, last_seen) = seen(&ben, "ana").await;
    assert_eq!((is_online, text(&last_seen)), (false, text(&before)), "when she hid is the last that is known");
    here(&ana, json!({"isOnline": true, "invisible": false})).await;
    comes_to_see(&ben, "ana", true).await;
    app.stop().await;
}

async fn promise_9_nothing_is_known_of_when_the_erased_were_here(app: TestApp) {
    let [ana, ben, cici] = app.people(["ana", "ben", "cici"]).await;
    for other in [&ana, &cici] {
        ben.room_with(other).await;
        here(other, json!({"isOnline": true})).await;
    }
    let after = app.token(app.head().await);
    ben.get(&format!("/api/chat/rooms?after={after}")).await.ok();
    for other in ["ana", "cici"] {
        comes_to_see(&ben, other, true).await;
    }
    app.erases("ana").await;
    let app = app.restarted_after(async |log| {
        erase(log, "cici").await;
    });
    let app = app.await;
    let [ben] = app.people(["ben"]).await;
    let users = ["ana", "cici"].map(|id| aggregates::ids::UserId::parse(id).expect("an id"));
    let gone = async { while !app.last_seen(&users).await.is_empty() {} };
    tokio::time::timeout(PATIENCE, gone).await.expect("nothing is kept of them");
    let here_too = aggregates::ids::UserId::parse("ben").expect("an id");
    here(&ben, json!({"isOnline": true})).await;
    let kept = async { while app.last_seen(std::slice::from_ref(&here_too)).await.is_empty() {} };
    tokio::time::timeout(PATIENCE, kept).await.expect("the test looks where it is kept");
    app.stop().await;
}
