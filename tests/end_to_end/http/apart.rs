//! What two are told of each other across a block: nothing that the other does.

use serde_json::{Value, json};

use super::app::{PATIENCE, TestApp};
use super::on_every_backend;
use super::person::{Person, text};

on_every_backend![
    across_a_block_nobody_sees_how_far_the_other_has_read,
    across_a_block_nobody_sees_the_other_type,
    a_notification_of_somebody_apart_names_nobody_and_still_counts,
];

/// What `asking` is shown of somebody's place.
async fn place(asking: &Person, room: &str, about: &str, after: &str) -> Value {
    let path = format!("/api/chat/rooms/{room}?after={after}");
    let room = asking.get(&path).await.ok()["room"].clone();
    let participants = room["participants"].as_array().expect("participants").clone();
    participants.into_iter().find(|it| it["userId"] == about).expect("they are in it")
}

async fn across_a_block_nobody_sees_how_far_the_other_has_read(app: TestApp) {
    let [ana, ben, cici] = app.people(["ana", "ben", "cici"]).await;
    let room = ana.room_with(&ben).await;
    let group = ana.post("/api/chat/groups", json!({"name": "Kelas", "memberIds": ["ben", "cici"]})).await.ok();
    let group = text(&group["room"]["id"]);
    let message = text(&ana.sends(&room, "halo").await["id"]);
    ana.sends(&room, "apa kabar?").await;
    ana.sends(&group, "halo semua").await;
    ben.post("/api/chat/read", json!({"roomId": room, "upTo": message})).await.ok();
    let read = ben.post("/api/chat/read", json!({"roomId": group})).await.position();
    let shown = place(&ana, &room, "ben", &read).await;
    assert!(shown["lastReadAt"].is_string() && shown["unreadCount"] == 1, "{shown}");
    let first = async |after: &str| {
        let page = ana.get(&format!("/api/chat/messages?roomId={room}&after={after}")).await.ok();
        let readers = ana.get(&format!("/api/chat/messages/{message}/readers?after={after}")).await.ok();
        (page["messages"][0].clone(), readers)
    };
    let (shown, readers) = first(&read).await;
    assert!(shown["isRead"] == true && readers["readBy"] == json!(["ben"]), "{shown} {readers}");

    for (from, to) in [(&ana, "ben"), (&ben, "ana")] {
        let blocked = from.post(&format!("/api/users/{to}/block"), json!({})).await.position();
        for room in [&room, &group] {
            let shown = place(&ana, room, "ben", &blocked).await;
            assert_eq!((&shown["lastReadAt"], &shown["unreadCount"]), (&Value::Null, &json!(0)), "{shown}");
            let list = ana.get(&format!("/api/chat/rooms/{room}/members?after={blocked}")).await.ok();
            let members = list["members"].as_array().expect("members").clone();
            let shown = members.iter().find(|it| it["userId"] == "ben").expect("ben");
            assert_eq!((&shown["lastReadAt"], &shown["unreadCount"]), (&Value::Null, &json!(0)), "{shown}");
        }
        assert!(place(&cici, &group, "ben", &blocked).await["lastReadAt"].is_string(), "to the others as ever");
        let (shown, readers) = first(&blocked).await;
        let told = ["isRead", "readAt", "isDelivered", "deliveredAt"].map(|field| shown[field].clone());
        assert_eq!(told, [json!(false), Value::Null, json!(false), Value::Null], "{shown}");
        assert_eq!((&readers["readBy"], &readers["readByCount"]), (&json!([]), &json!(0)), "{readers}");
        let own = ben.get(&format!("/api/chat/messages?roomId={room}&after={blocked}")).await.ok();
        assert_eq!(own["messages"][0]["isRead"], true, "their own reading they see");
        from.delete(&format!("/api/users/{to}/block")).await.ok();
    }
    app.stop().await;
}

async fn across_a_block_nobody_sees_the_other_type(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = ana.room_with(&ben).await;
    let typers = async |asking: &Person, after: &str| {
        asking.get(&format!("/api/chat/typing?roomId={room}&after={after}")).await.ok()["userIds"].clone()
    };
    let after = app.token(app.head().await);
    ben.get(&format!("/api/chat/rooms?after={after}")).await.ok();
    let types = json!({"roomId": room, "isTyping": true});
    ben.post("/api/chat/typing", types.clone()).await.ok();
    assert_eq!(typers(&ana, &after).await, json!(["ben"]));
    let blocked = ana.post("/api/users/ben/block", json!({})).await.position();
    ben.post("/api/chat/typing", types.clone()).await.ok();
    ana.post("/api/chat/typing", types).await.ok();
    assert_eq!(typers(&ana, &blocked).await, json!(["ana"]));
    assert_eq!(typers(&ben, &blocked).await, json!(["ben"]));
    app.stop().await;
}

async fn a_notification_of_somebody_apart_names_nobody_and_still_counts(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let followed = ben.post("/api/users/ana/follow?on=true", json!({})).await;
    followed.clone().ok();
    let listed = async {
        loop {
            let listed = ana.get("/api/notifications").await.ok();
            if listed["notifications"] != json!([]) {
                return listed;
            }
        }
    };
    let listed = tokio::time::timeout(PATIENCE, listed).await.expect("the reactor raises it");
    assert_eq!(listed["notifications"][0]["actorName"], "ben the tester", "{listed}");
    let blocked = ana.post("/api/users/ben/block", json!({})).await.position();
    let listed = ana.get(&format!("/api/notifications?after={blocked}")).await.ok();
    let shown = &listed["notifications"][0];
    for field in ["actorId", "actorName", "actorAvatar", "sourceId", "link"] {
        assert_eq!(shown[field], Value::Null, "{field}");
    }
    assert_eq!(shown["message"], "Seseorang mulai mengikuti Anda");
    assert!(!shown.to_string().contains("ben"), "{shown}");
    assert_eq!(listed["unreadCount"], 1);
    app.stop().await;
}
