//! Groups: who comes in, who goes, who may say so.

use aggregates::room::GUARDED_NEWCOMERS_MAX;
use aggregates::user::UserRole;
use reqwest::Method;
use serde_json::{Value, json};

use super::app::TestApp;
use super::on_every_backend;
use super::person::{Person, answer, text};

on_every_backend![
    a_group_is_made_joined_and_left,
    the_platform_s_group_of_a_room_is_said_by_admins_alone,
    members_are_brought_by_owners_and_admins_only,
    a_group_by_invitation_is_not_there_for_others,
    the_readers_of_a_message_are_named_in_a_group,
    nobody_is_put_into_a_group_by_whom_they_are_apart_from,
    promise_3_of_a_crowd_too_nobody_is_put_into_a_group_across_a_block,
    who_was_removed_comes_back_when_a_keeper_brings_them_and_who_left_by_themselves,
    a_group_that_everybody_left_is_not_there_for_anybody,
];

async fn group(owner: &Person, wish: Value) -> String {
    text(&owner.post("/api/chat/groups", wish).await.ok()["room"]["id"])
}

fn members(room: &Value) -> Vec<String> {
    let mut ids: Vec<String> =
        room["participants"].as_array().expect("people").iter().map(|one| text(&one["userId"])).collect();
    ids.sort();
    ids
}

async fn a_group_is_made_joined_and_left(app: TestApp) {
    let ana = app.person_as("ana", UserRole::Admin).await;
    let [_ben, cat] = app.people(["ben", "cat"]).await;
    let wish = json!({"name": " Kelas Rust ", "memberIds": ["ben", "ana", "ben"], "groupId": "g-1",
        "avatar": "https://cdn.example.org/g.png"});
    let made = ana.post("/api/chat/groups", wish).await.ok()["room"].clone();
    assert_eq!(
        (&made["type"], &made["name"], &made["groupId"]),
        (&json!("GROUP"), &json!("Kelas Rust"), &json!("g-1"))
    );
    assert_eq!(made["role"], "OWNER");
    assert_eq!((members(&made), &made["participantCount"]), (vec!["ana".into(), "ben".into()], &json!(2)));
    let room = text(&made["id"]);

    let joined = cat.post(&format!("/api/chat/groups/{room}/join"), json!({})).await.ok();
    assert_eq!(members(&joined["room"]), ["ana", "ben", "cat"]);
    let left = cat.delete(&format!("/api/chat/groups/{room}/members/cat")).await;
    let after = left.position();
    left.ok();
    cat.get(&format!("/api/chat/messages?roomId={room}&after={after}")).await.is_problem(404, None);
    assert_eq!(cat.get(&format!("/api/chat/rooms?after={after}")).await.ok()["rooms"], json!([]));
    app.stop().await;
}

/// Whoever is in a room of the platform's group hears its channel: nobody lets themselves in by making one.
async fn the_platform_s_group_of_a_room_is_said_by_admins_alone(app: TestApp) {
    let boss = app.person_as("boss", UserRole::Admin).await;
    let eve = app.person("eve").await;
    let wish = json!({"name": "Kelas", "groupId": "vip"});
    boss.post("/api/chat/groups", wish.clone()).await.ok();
    let before = app.head().await;
    eve.post("/api/chat/groups", wish).await.is_problem(403, None);
    assert_eq!(app.head().await, before);
    let form = [("socket_id", "1.1"), ("channel_name", "private-group-vip")];
    let signed =
        async |person: &Person| answer(person.ask(Method::POST, "/api/pusher/auth").form(&form)).await.status.as_u16();
    assert_eq!((signed(&boss).await, signed(&eve).await), (200, 403));
    app.stop().await;
}

async fn members_are_brought_by_owners_and_admins_only(app: TestApp) {
    let [ana, ben, cat] = app.people(["ana", "ben", "cat"]).await;
    let room = group(&ana, json!({"name": "Kelas", "memberIds": ["ben"]})).await;
    let path = format!("/api/chat/groups/{room}/members");
    let before = app.head().await;
    ben.post(&path, json!({"userIds": ["cat"]})).await.is_problem(403, None);
    for whom in ["cat", "nobody"] {
        cat.post(&path, json!({"userIds": [whom]})).await.is_problem(404, None);
    }
    ana.post(&path, json!({"userIds": ["cat", "nobody"]})).await.is_problem(422, Some("userIds[1]"));
    ben.delete(&format!("{path}/ana")).await.is_problem(403, None);
    ana.delete(&format!("{path}/cat")).await.is_problem(404, None);
    assert_eq!(app.head().await, before);
    let brought = ana.post(&path, json!({"userIds": ["cat"]})).await.ok();
    assert_eq!(members(&brought["room"]), ["ana", "ben", "cat"]);
    ana.delete(&format!("{path}/cat")).await.ok();
    cat.post("/api/chat/send", json!({"roomId": room, "content": "x"})).await.is_problem(404, None);
    app.stop().await;
}

async fn a_group_by_invitation_is_not_there_for_others(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = group(&ana, json!({"name": "Tertutup", "joinPolicy": "invite"})).await;
    ben.post(&format!("/api/chat/groups/{room}/join"), json!({})).await.is_problem(404, None);
    let direct = ana.room_with(&ben).await;
    ana.post(&format!("/api/chat/groups/{direct}/members"), json!({"userIds": ["ben"]})).await.is_problem(422, None);
    app.stop().await;
}

async fn the_readers_of_a_message_are_named_in_a_group(app: TestApp) {
    let [ana, ben, _cat] = app.people(["ana", "ben", "cat"]).await;
    let room = group(&ana, json!({"name": "Kelas", "memberIds": ["ben", "cat"]})).await;
    ana.sends(&room, "siapa hadir?").await;
    let after = ben.post("/api/chat/read", json!({"roomId": room, "upTo": 1})).await.position();
    let shown = ana.get(&format!("/api/chat/messages?roomId={room}&after={after}")).await.ok();
    let message = &shown["messages"][0];
    assert_eq!((&message["readBy"], &message["readByCount"]), (&json!(["ben"]), &json!(1)));
    assert_eq!((&message["isRead"], &message["receiverId"]), (&json!(true), &Value::Null));
    app.stop().await;
}

async fn nobody_is_put_into_a_group_by_whom_they_are_apart_from(app: TestApp) {
    let [ana, ben, cat] = app.people(["ana", "ben", "cat"]).await;
    let room = group(&ben, json!({"name": "Bersama", "memberIds": ["ana"]})).await;
    let path = format!("/api/chat/groups/{room}/members");
    ana.post("/api/users/ben/block", json!({})).await.ok();
    let before = app.head().await;
    // Neither way, and nobody is told more than that it cannot be.
    let refused = ben.post("/api/chat/groups", json!({"name": "x", "memberIds": ["cat", "ana"]})).await;
    refused.is_problem(422, Some("memberIds[1]"));
    assert_eq!(refused.body["errors"][0]["reason"], "cannot be added");
    ana.post("/api/chat/groups", json!({"name": "x", "memberIds": ["ben"]}))
        .await
        .is_problem(422, Some("memberIds[0]"));
    assert_eq!(app.head().await, before);
    // Rooms that both are in stay as they are, and what is said there comes.
    ben.post(&path, json!({"userIds": ["ana", "cat"]})).await.ok();
    ben.sends(&room, "masih di sini").await;
    let head = app.token(app.head().await);
    assert_eq!(ana.unread(&head).await, json!(1));
    ana.delete(&format!("{path}/ana")).await.ok();
    ben.post(&path, json!({"userIds": ["ana"]})).await.is_problem(422, Some("userIds[0]"));
    cat.post(&path, json!({"userIds": ["ana"]})).await.is_problem(403, None);
    ana.delete("/api/users/ben/block").await.ok();
    ben.post(&path, json!({"userIds": ["ana"]})).await.ok();
    app.stop().await;
}

async fn promise_3_of_a_crowd_too_nobody_is_put_into_a_group_across_a_block(app: TestApp) {
    let names: Vec<String> = (0..=GUARDED_NEWCOMERS_MAX).map(|nth| format!("person-{nth}")).collect();
    for name in &names {
        app.person(name).await;
    }
    let [ana, ben, eve] = app.people(["ana", "ben", "eve"]).await;
    let with = |who: &str| names.iter().cloned().chain([who.to_owned()]).collect::<Vec<_>>();
    let room = group(&eve, json!({"name": "Ramai", "memberIds": ["ana"]})).await;
    let path = format!("/api/chat/groups/{room}/members");
    for blocking in [&ana, &ben] {
        blocking.post("/api/users/eve/block", json!({})).await.ok();
        let wish = json!({"name": "x", "memberIds": with(&blocking.id)});
        let field = format!("memberIds[{}]", names.len());
        eve.post("/api/chat/groups", wish).await.is_problem(422, Some(&field));
    }
    let field = format!("userIds[{}]", names.len());
    eve.post(&path, json!({"userIds": with("ben")})).await.is_problem(422, Some(&field));
    ben.post(&path, json!({"userIds": with("eve")})).await.is_problem(404, None);
    eve.post(&path, json!({"userIds": with("ana")})).await.ok();
    app.stop().await;
}

async fn who_was_removed_comes_back_when_a_keeper_brings_them_and_who_left_by_themselves(app: TestApp) {
    let [ana, ben, cat] = app.people(["ana", "ben", "cat"]).await;
    let room = group(&ana, json!({"name": "Terbuka", "memberIds": ["ben", "cat"]})).await;
    let (join, members) = (format!("/api/chat/groups/{room}/join"), format!("/api/chat/groups/{room}/members"));
    ana.delete(&format!("{members}/ben")).await.ok();
    cat.delete(&format!("{members}/cat")).await.ok();
    ben.post(&join, json!({})).await.is_problem(403, None);
    cat.post(&join, json!({})).await.ok();
    ana.post(&members, json!({"userIds": ["ben"]})).await.ok();
    ben.delete(&format!("{members}/ben")).await.ok();
    ben.post(&join, json!({})).await.ok();
    app.stop().await;
}

async fn a_group_that_everybody_left_is_not_there_for_anybody(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = group(&ana, json!({"name": "Sepi"})).await;
    ana.sends(&room, "rahasia lama").await;
    ana.delete(&format!("/api/chat/groups/{room}/members/ana")).await.ok();
    for person in [&ben, &ana] {
        person.post(&format!("/api/chat/groups/{room}/join"), json!({})).await.is_problem(404, None);
    }
    app.stop().await;
}
