//! Two people talk.

use serde_json::{Value, json};

use super::app::TestApp;
use super::on_every_backend;
use super::person::text;

on_every_backend![
    a_message_is_unread_until_it_is_read_and_then_read_at_the_sender,
    a_room_is_listed_with_its_people_and_its_last_message,
    messages_are_paged_in_both_directions_without_a_gap,
    an_answer_to_a_message_shows_it,
    whoever_is_outside_is_told_that_there_is_no_room,
    nobody_talks_to_themselves_or_to_somebody_unknown,
    a_blocked_person_cannot_write,
];

async fn a_message_is_unread_until_it_is_read_and_then_read_at_the_sender(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = ana.room_with(&ben).await;
    let sent = ana.post("/api/chat/send", json!({"roomId": room, "content": "halo"})).await;
    let position = sent.position();
    let message = sent.ok()["message"].clone();
    assert_eq!(
        (&message["seq"], &message["receiverId"], &message["isRead"]),
        (&json!(1), &json!("ben"), &json!(false))
    );
    assert_eq!(message["sender"]["name"], "ana the tester");
    assert_eq!(message["position"], json!(position));
    assert_eq!((ben.unread(&position).await, ana.unread(&position).await), (json!(1), json!(0)));

    let read = ben.post("/api/chat/read", json!({"roomId": room, "upTo": message["id"]})).await;
    let position = read.position();
    assert_eq!(read.ok()["message"], "Messages marked as read");
    assert_eq!(ben.unread(&position).await, json!(0));
    let shown = ana.get(&format!("/api/chat/messages?roomId={room}&after={position}")).await.ok();
    assert_eq!((&shown["messages"][0]["isRead"], shown["messages"][0]["readAt"].is_string()), (&json!(true), true));
    assert_eq!(shown["messages"][0]["isDelivered"], json!(true), "what was read has arrived");
    app.stop().await;
}

async fn a_room_is_listed_with_its_people_and_its_last_message(app: TestApp) {
    let [ana, ben, cat] = app.people(["ana", "ben", "cat"]).await;
    let with_ben = ana.room_with(&ben).await;
    let with_cat = ana.room_with(&cat).await;
    let long = "x".repeat(150);
    ana.sends(&with_cat, "first").await;
    let last = ben.post("/api/chat/send", json!({"roomId": with_ben, "content": long})).await;
    let after = last.position();

    let listed = ana.get(&format!("/api/chat/rooms?after={after}")).await.ok();
    let ids: Vec<String> = listed["rooms"].as_array().expect("rooms").iter().map(|room| text(&room["id"])).collect();
    assert_eq!(ids, [with_ben.clone(), with_cat.clone()], "the latest message first");
    assert_eq!((&listed["totalUnread"], &listed["hasMore"]), (&json!(1), &json!(false)));
    let room = &listed["rooms"][0];
    assert_eq!((&room["type"], &room["name"], &room["unreadCount"]), (&json!("DIRECT"), &Value::Null, &json!(1)));
    assert_eq!(room["lastMessage"], json!("x".repeat(100)));
    let mut people: Vec<String> =
        room["participants"].as_array().expect("people").iter().map(|one| text(&one["user"]["name"])).collect();
    people.sort();
    assert_eq!(people, ["ana the tester", "ben the tester"]);

    let found = ana.get(&format!("/api/chat/rooms?search=CAT&after={after}")).await.ok();
    assert_eq!((found["rooms"].as_array().map(Vec::len), &found["rooms"][0]["id"]), (Some(1), &json!(with_cat)));
    let first = ana.get(&format!("/api/chat/rooms?limit=1&after={after}")).await.ok();
    let next = text(&first["nextCursor"]);
    let second = ana.get(&format!("/api/chat/rooms?limit=1&cursor={next}&after={after}")).await.ok();
    assert_eq!((&second["rooms"][0]["id"], &second["nextCursor"]), (&json!(with_cat), &Value::Null));
    app.stop().await;
}

async fn messages_are_paged_in_both_directions_without_a_gap(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = ana.room_with(&ben).await;
    let mut after = String::new();
    for number in 1..=7 {
        let sent = ana.post("/api/chat/send", json!({"roomId": room, "content": number.to_string()})).await;
        after = sent.position();
    }
    let page = async |query: String| {
        ben.get(&format!("/api/chat/messages?roomId={room}&limit=3&after={after}{query}")).await.ok()
    };
    let seqs = |page: &Value| -> Vec<u64> {
        page["messages"].as_array().expect("messages").iter().filter_map(|message| message["seq"].as_u64()).collect()
    };
    let newest = page(String::new()).await;
    assert_eq!((seqs(&newest), &newest["hasMore"]), (vec![5, 6, 7], &json!(true)));
    let older = page(format!("&cursor={}", text(&newest["nextCursor"]))).await;
    assert_eq!((seqs(&older), &older["hasMore"]), (vec![2, 3, 4], &json!(true)));
    let oldest = page(format!("&beforeId={}", text(&older["messages"][0]["id"]))).await;
    assert_eq!((seqs(&oldest), &oldest["hasMore"], &oldest["nextCursor"]), (vec![1], &json!(false), &Value::Null));
    let newer = page(format!("&afterId={}", text(&oldest["messages"][0]["id"]))).await;
    assert_eq!((seqs(&newer), &newer["hasMore"]), (vec![2, 3, 4], &json!(true)));
    app.stop().await;
}

async fn an_answer_to_a_message_shows_it(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = ana.room_with(&ben).await;
    let asked = ana.sends(&room, "jam berapa?").await;
    let answered =
        ben.post("/api/chat/send", json!({"roomId": room, "content": "tiga", "replyToId": asked["id"]})).await;
    let after = answered.position();
    let message = answered.ok()["message"].clone();
    assert_eq!((&message["replyToId"], &message["replyTo"]["content"]), (&asked["id"], &json!("jam berapa?")));
    let shown = ana.get(&format!("/api/chat/messages?roomId={room}&after={after}")).await.ok();
    assert_eq!(shown["messages"][1], message, "an answer and a page show the same message");
    app.stop().await;
}

async fn whoever_is_outside_is_told_that_there_is_no_room(app: TestApp) {
    let [ana, ben, eve] = app.people(["ana", "ben", "eve"]).await;
    let room = ana.room_with(&ben).await;
    let message = ana.sends(&room, "rahasia").await;
    let before = app.head().await;
    for wish in [
        json!({"roomId": room, "content": "x"}),
        json!({"roomId": room, "content": "x", "replyToId": message["id"]}),
        json!({"roomId": room, "content": "x", "replyToId": uuid::Uuid::nil()}),
    ] {
        eve.post("/api/chat/send", wish).await.is_problem(404, None);
    }
    for up_to in [json!(null), json!(1), message["id"].clone(), json!(uuid::Uuid::nil())] {
        eve.post("/api/chat/read", json!({"roomId": room, "upTo": up_to})).await.is_problem(404, None);
    }
    assert_eq!(app.head().await, before);
    app.stop().await;
}

async fn nobody_talks_to_themselves_or_to_somebody_unknown(app: TestApp) {
    let ana = app.person("ana").await;
    let before = app.head().await;
    ana.post("/api/chat/start", json!({"recipientId": "ana"})).await.is_problem(422, Some("recipientId"));
    ana.post("/api/chat/start", json!({"participantId": "nobody"})).await.is_problem(404, Some("participantId"));
    assert_eq!(app.head().await, before);
    app.stop().await;
}

async fn a_blocked_person_cannot_write(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = ana.room_with(&ben).await;
    ana.post("/api/users/ben/block", json!({})).await.ok();
    let before = app.head().await;
    ben.post("/api/chat/send", json!({"roomId": room, "content": "x"})).await.is_problem(403, None);
    ben.post("/api/users/ana/follow?on=true", json!({})).await.is_problem(403, None);
    assert_eq!(app.head().await, before);
    ana.delete("/api/users/ben/block").await.ok();
    ben.sends(&room, "terima kasih").await;
    app.stop().await;
}
