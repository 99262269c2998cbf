//! One's own place in a room (requirements R3): read and unread, arrived, muted, pinned, put away.

use reqwest::Method;
use serde_json::{Value, json};

use super::app::{SERVICE_KEY, TestApp};
use super::on_every_backend;
use super::person::{Person, answer, text};

on_every_backend![
    a_place_is_marked_unread_and_read_again,
    what_has_arrived_is_told_in_direct_rooms,
    a_muted_room_counts_and_an_archived_one_does_not_until_somebody_speaks,
    pinned_rooms_come_first,
    whoever_is_muted_by_others_does_not_learn_it,
    readers_of_a_message_are_listed_in_rooms_of_any_size,
    in_a_large_room_everybody_is_told_of_their_own_reading_alone,
    a_receipt_is_not_taken_back_by_a_mark_of_unread,
    whoever_came_too_late_to_read_a_message_is_not_named_as_its_reader,
];

async fn room(person: &Person, room: &str, after: &str) -> Value {
    person.get(&format!("/api/chat/rooms/{room}?after={after}")).await.ok()["room"].clone()
}

async fn a_place_is_marked_unread_and_read_again(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let direct = ana.room_with(&ben).await;
    let mut ids = Vec::new();
    for content in ["satu", "dua", "tiga"] {
        ids.push(ana.sends(&direct, content).await["id"].clone());
    }
    let after = ben.post("/api/chat/read", json!({"roomId": direct})).await.position();
    assert_eq!(ben.unread(&after).await, json!(0));
    let wish = json!({"roomId": direct, "messageId": ids[1]});
    let after = ben.post("/api/chat/unread", wish.clone()).await.position();
    assert_eq!(ben.unread(&after).await, json!(2));
    // Also what one said oneself counts then, and speaking reads it all.
    let after = ana.post("/api/chat/unread", wish).await.position();
    assert_eq!(ana.unread(&after).await, json!(2));
    let after = text(&ana.sends(&direct, "empat").await["position"]);
    assert_eq!((ana.unread(&after).await, ben.unread(&after).await), (json!(0), json!(3)));
    let after = ben.post("/api/chat/read", json!({"roomId": direct, "upTo": 3})).await.position();
    assert_eq!(ben.unread(&after).await, json!(1));
    app.stop().await;
}

async fn what_has_arrived_is_told_in_direct_rooms(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let direct = ana.room_with(&ben).await;
    ana.sends(&direct, "satu").await;
    ana.sends(&direct, "dua").await;
    let after = ben.post("/api/chat/delivered", json!({"roomId": direct, "upTo": 1})).await.position();
    let shown = ana.get(&format!("/api/chat/messages?roomId={direct}&after={after}")).await.ok()["messages"].clone();
    let receipt = |message: &Value| (message["isDelivered"].clone(), message["isRead"].clone());
    assert_eq!((receipt(&shown[0]), receipt(&shown[1])), ((json!(true), json!(false)), (json!(false), json!(false))));
    assert_ne!(shown[0]["deliveredAt"], Value::Null);
    let after = ben.post("/api/chat/read", json!({"roomId": direct})).await.position();
    let shown = ana.get(&format!("/api/chat/messages?roomId={direct}&after={after}")).await.ok()["messages"].clone();
    assert_eq!(receipt(&shown[1]), (json!(true), json!(true)), "what was read has arrived");
    app.stop().await;
}

async fn a_muted_room_counts_and_an_archived_one_does_not_until_somebody_speaks(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let direct = ana.room_with(&ben).await;
    ana.sends(&direct, "satu").await;
    let place = format!("/api/chat/rooms/{direct}/place");
    let muted = ben.patch(&place, json!({"muted": true, "mutedUntil": "2099-01-01T00:00:00.000Z"})).await;
    let after = muted.position();
    let muted = muted.ok()["room"].clone();
    assert_eq!((&muted["isMuted"], &muted["mutedUntil"]), (&json!(true), &json!("2099-01-01T00:00:00.000Z")));
    assert_eq!(ben.unread(&after).await, json!(1));

    let after = ben.patch(&place, json!({"archived": true, "muted": false})).await.position();
    assert_eq!(ben.unread(&after).await, json!(0));
    let list = async |query: &str| {
        let answer = ben.get(&format!("/api/chat/rooms?{query}")).await.ok();
        answer["rooms"].as_array().expect("rooms").len()
    };
    assert_eq!((list("archived=only").await, list("archived=without").await, list("").await), (1, 0, 1));
    let after = text(&ana.sends(&direct, "dua").await["position"]);
    assert_eq!(ben.unread(&after).await, json!(2), "somebody spoke: the room is back");
    assert_eq!(room(&ben, &direct, &after).await["isArchived"], false);
    app.stop().await;
}

async fn pinned_rooms_come_first(app: TestApp) {
    let [ana, ben, cat] = app.people(["ana", "ben", "cat"]).await;
    let with_ben = ana.room_with(&ben).await;
    let with_cat = ana.room_with(&cat).await;
    ana.sends(&with_ben, "lama").await;
    ana.sends(&with_cat, "baru").await;
    let order = async |after: &str| {
        let rooms = ana.get(&format!("/api/chat/rooms?after={after}")).await.ok()["rooms"].clone();
        rooms.as_array().expect("rooms").iter().map(|one| text(&one["id"])).collect::<Vec<_>>()
    };
    let head = app.token(app.head().await);
    assert_eq!(order(&head).await, [with_cat.clone(), with_ben.clone()]);
    let after = ana.patch(&format!("/api/chat/rooms/{with_ben}/place"), json!({"pinned": true})).await.position();
    assert_eq!(order(&after).await, [with_ben.clone(), with_cat.clone()]);
    let first = ana.get("/api/chat/rooms?limit=1").await.ok();
    let second = ana.get(&format!("/api/chat/rooms?limit=1&cursor={}", text(&first["nextCursor"]))).await.ok();
    assert_eq!((&first["rooms"][0]["id"], &second["rooms"][0]["id"]), (&json!(with_ben), &json!(with_cat)));
    app.stop().await;
}

async fn whoever_is_muted_by_others_does_not_learn_it(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let direct = ana.room_with(&ben).await;
    let wish = json!({"muted": true, "pinned": true, "archived": true});
    let after = ben.patch(&format!("/api/chat/rooms/{direct}/place"), wish).await.position();
    let seen = room(&ana, &direct, &after).await;
    for participant in seen["participants"].as_array().expect("people") {
        assert_eq!((&participant["isMuted"], &participant["isPinned"]), (&json!(false), &json!(false)));
    }
    assert_eq!((&seen["isMuted"], &seen["isArchived"]), (&json!(false), &json!(false)));
    let own = room(&ben, &direct, &after).await["participants"].clone();
    let own = own.as_array().expect("people").iter().find(|one| one["userId"] == "ben").expect("oneself").clone();
    assert_eq!((&own["isMuted"], &own["isPinned"]), (&json!(true), &json!(true)));
    app.stop().await;
}

async fn readers_of_a_message_are_listed_in_rooms_of_any_size(app: TestApp) {
    let [ana, ben, _cat] = app.people(["ana", "ben", "cat"]).await;
    let wish = json!({"name": "Kelas", "memberIds": ["ben", "cat"]});
    let group = text(&ana.post("/api/chat/groups", wish).await.ok()["room"]["id"]);
    let message = ana.sends(&group, "baca ini").await;
    let after = ben.post("/api/chat/read", json!({"roomId": group})).await.position();
    let path = format!("/api/chat/messages/{}/readers?after={after}", text(&message["id"]));
    let readers = ana.get(&path).await.ok();
    assert_eq!((&readers["readBy"], &readers["readByCount"]), (&json!(["ben"]), &json!(1)));
    app.stop().await;
}

async fn in_a_large_room_everybody_is_told_of_their_own_reading_alone(app: TestApp) {
    let names: Vec<String> = (0..99).map(|nth| format!("person-{nth}")).collect();
    let people: Vec<Value> = names.iter().map(|name| json!({"id": name})).collect();
    let put = app.anonymous(Method::POST, "/api/users/bulk").bearer_auth(SERVICE_KEY);
    answer(put.json(&json!({"users": people}))).await.ok();
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let mut members = names.clone();
    members.push("ben".to_owned());
    let group = ana.post("/api/chat/groups", json!({"name": "Ramai", "memberIds": members})).await.ok();
    let (group, count) = (text(&group["room"]["id"]), group["room"]["participantCount"].clone());
    let message = text(&ana.sends(&group, "baca ini").await["id"]);
    let receipt = async |who: &Person, after: &str| {
        let shown = who.get(&format!("/api/chat/messages/{message}?after={after}")).await.ok()["message"].clone();
        ["isRead", "readBy", "readByCount"].map(|field| shown[field].clone())
    };
    let after = app.token(app.head().await);
    assert_eq!((count, receipt(&ben, &after).await), (json!(101), [json!(false), json!([]), Value::Null]));
    let after = ben.post("/api/chat/read", json!({"roomId": group})).await.position();
    assert_eq!(receipt(&ben, &after).await, [json!(true), json!([]), Value::Null]);
    assert_eq!(receipt(&ana, &after).await, [json!(false), json!([]), Value::Null], "and not of their own words");
    let readers = ana.get(&format!("/api/chat/messages/{message}/readers")).await.ok();
    assert_eq!((&readers["readBy"], &readers["readByCount"]), (&json!(["ben"]), &json!(1)), "but for who asks for it");
    app.stop().await;
}

async fn a_receipt_is_not_taken_back_by_a_mark_of_unread(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let direct = ana.room_with(&ben).await;
    let message = ana.sends(&direct, "sudah dibaca?").await;
    let path = format!("/api/chat/messages/{}", text(&message["id"]));
    let receipt = async |after: &str| {
        let shown = ana.get(&format!("{path}?after={after}")).await.ok()["message"].clone();
        (shown["isRead"].clone(), shown["readAt"].clone(), shown["isDelivered"].clone())
    };
    let read = receipt(&ben.post("/api/chat/read", json!({"roomId": direct})).await.position()).await;
    assert_eq!((&read.0, &read.2), (&json!(true), &json!(true)));
    let after = ben.post("/api/chat/unread", json!({"roomId": direct})).await.position();
    assert_eq!(ben.unread(&after).await, json!(1), "their own count went back");
    assert_eq!(receipt(&after).await, read, "and nobody else hears of it");
    app.stop().await;
}

async fn whoever_came_too_late_to_read_a_message_is_not_named_as_its_reader(app: TestApp) {
    let [ana, ben, cat] = app.people(["ana", "ben", "cat"]).await;
    let wish = json!({"name": "Kelas", "memberIds": ["ben"], "historyFrom": "join"});
    let group = text(&ana.post("/api/chat/groups", wish).await.ok()["room"]["id"]);
    let message = ana.sends(&group, "sebelum cat").await;
    ana.post(&format!("/api/chat/groups/{group}/members"), json!({"userIds": ["cat"]})).await.ok();
    ana.sends(&group, "sesudah cat").await;
    let mut after = String::new();
    for person in [&ben, &cat] {
        after = person.post("/api/chat/read", json!({"roomId": group})).await.position();
    }
    let path = format!("/api/chat/messages/{}", text(&message["id"]));
    let shown = ana.get(&format!("{path}?after={after}")).await.ok()["message"].clone();
    assert_eq!((&shown["readBy"], &shown["readByCount"]), (&json!(["ben"]), &json!(1)));
    let readers = ana.get(&format!("{path}/readers?after={after}")).await.ok();
    assert_eq!((&readers["readBy"], &readers["readByCount"]), (&json!(["ben"]), &json!(1)));
    app.stop().await;
}
