//! Promise 7 without a socket: what one has missed, asked for by a position.

use serde_json::{Value, json};

use super::app::TestApp;
use super::on_every_backend;
use super::person::{Person, text};

on_every_backend![
    promise_7_everything_since_a_position_is_told_in_order_page_by_page,
    promise_7_a_room_come_into_is_shown_and_one_left_is_named,
    promise_7_nothing_is_told_of_what_one_may_not_read,
    promise_7_past_the_window_and_for_a_foreign_log_everything_is_loaded_anew,
    promise_7_after_a_restart_the_same_is_told,
];

/// Where somebody stands who has loaded everything.
async fn now(person: &Person) -> String {
    let synced = person.get("/api/sync").await.ok();
    assert_eq!((&synced["reload"], &synced["reason"]), (&json!(true), &json!("no-position")));
    text(&synced["position"])
}

/// Everything since, and where that ends.
async fn all_since(person: &Person, after: &str, limit: usize) -> (Vec<Value>, Value) {
    let mut events = Vec::new();
    let mut after = after.to_owned();
    loop {
        let synced = person.get(&format!("/api/sync?after={after}&limit={limit}")).await.ok();
        assert_eq!(synced["reload"], json!(false), "{synced}");
        events.extend(synced["events"].as_array().expect("events").iter().cloned());
        after = text(&synced["position"]);
        if synced["hasMore"] == json!(false) {
            return (events, synced);
        }
    }
}

async fn group(owner: &Person, name: &str, members: &[&str]) -> String {
    let made = owner.post("/api/chat/groups", json!({"name": name, "memberIds": members})).await;
    text(&made.ok()["room"]["id"])
}

fn said(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .filter(|event| event["event"] == "new-message")
        .filter_map(|it| it["data"]["content"].as_str())
        .collect()
}

async fn promise_7_everything_since_a_position_is_told_in_order_page_by_page(app: TestApp) {
    let [ana, ben, cat] = app.people(["ana", "ben", "cat"]).await;
    let (with_ben, with_cat) = (ana.room_with(&ben).await, ana.room_with(&cat).await);
    ben.sends(&with_ben, "known").await;
    let after = now(&ana).await;
    let mut words = Vec::new();
    for number in 0..25 {
        let (who, room) = if number % 2 == 0 { (&ben, &with_ben) } else { (&cat, &with_cat) };
        who.sends(room, &number.to_string()).await;
        words.push(number.to_string());
    }
    cat.post("/api/users/ana/follow?on=true", json!({})).await.ok();
    // The reactor writes the notification: the second event behind it all.
    let mut head = app.head().await;
    while ana.get(&format!("/api/notifications?after={}", app.token(head))).await.ok()["notifications"] == json!([]) {
        head = app.written_behind(head).await;
    }
    for limit in [1, 7, 500] {
        let (events, last) = all_since(&ana, &after, limit).await;
        assert_eq!(said(&events), words, "pages of {limit}");
        let message = &events[0];
        let room: Value = json!(format!("private-room-{with_ben}"));
        assert_eq!((&message["channel"], &message["data"]["seq"]), (&room, &json!(2)));
        let shown = ana.get(&format!("/api/chat/messages?roomId={with_ben}&limit=100")).await.ok();
        assert_eq!(message["data"]["id"], shown["messages"][1]["id"], "the same as in the history");
        let names: Vec<&str> = events[25..].iter().filter_map(|event| event["event"].as_str()).collect();
        assert_eq!(names, ["new-follower", "notification"], "and no second names");
        assert_eq!(last["unread"], json!({"chat": 26, "notifications": 1}));
        let (nothing, _) = all_since(&ana, &text(&last["position"]), limit).await;
        assert_eq!(nothing, Vec::<Value>::new());
    }
    app.stop().await;
}

async fn promise_7_a_room_come_into_is_shown_and_one_left_is_named(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let old = group(&ana, "Lama", &["ben"]).await;
    let after = now(&ben).await;
    ana.sends(&old, "before he is removed").await;
    ana.delete(&format!("/api/chat/groups/{old}/members/ben")).await.ok();
    let new = group(&ana, "Baru", &["ben"]).await;
    ana.sends(&new, "in the new room").await;
    let (events, last) = all_since(&ben, &after, 500).await;
    assert_eq!(said(&events), ["in the new room"]);
    assert_eq!(last["rooms"].as_array().expect("rooms").len(), 1);
    assert_eq!((&last["rooms"][0]["id"], &last["rooms"][0]["name"]), (&json!(new), &json!("Baru")));
    assert_eq!(last["leftRoomIds"], json!([old]));
    app.stop().await;
}

async fn promise_7_nothing_is_told_of_what_one_may_not_read(app: TestApp) {
    let [ana, ben, cat] = app.people(["ana", "ben", "cat"]).await;
    let room = group(&ana, "Kelas", &["ben"]).await;
    let after = now(&ben).await;
    ana.sends(&room, "with ben").await;
    ana.delete(&format!("/api/chat/groups/{room}/members/ben")).await.ok();
    ana.sends(&room, "without ben").await;
    ana.post(&format!("/api/chat/groups/{room}/members"), json!({"userIds": ["ben"]})).await.ok();
    ana.sends(&room, "with ben again").await;
    let (events, last) = all_since(&ben, &after, 500).await;
    assert_eq!(said(&events), ["with ben again"]);
    assert_eq!((&last["rooms"][0]["id"], &last["leftRoomIds"]), (&json!(room), &json!([])));
    let (events, last) = all_since(&cat, &after, 500).await;
    assert_eq!((events, &last["rooms"]), (vec![], &json!([])), "a stranger");
    app.stop().await;
}

async fn promise_7_past_the_window_and_for_a_foreign_log_everything_is_loaded_anew(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = ana.room_with(&ben).await;
    let position = ben.post("/api/chat/send", json!({"roomId": room, "content": "halo"})).await.position();
    let foreign = format!("{}-1", uuid::Uuid::nil().simple());
    let beyond = format!("{position}0000");
    for (after, reason) in [(foreign, "other-log"), (beyond, "unknown-position")] {
        let synced = ana.get(&format!("/api/sync?after={after}")).await.ok();
        assert_eq!((&synced["reload"], &synced["reason"]), (&json!(true), &json!(reason)));
        assert_eq!((&synced["events"], &synced["unread"]["chat"]), (&json!([]), &json!(1)));
        let shown =
            ana.get(&format!("/api/chat/messages?roomId={room}&after={}", text(&synced["position"]))).await.ok();
        assert_eq!(shown["messages"][0]["content"], "halo", "what is loaded then is whole");
    }
    let before = now(&ana).await;
    app.erases("ben").await;
    let synced = ana.get(&format!("/api/sync?after={before}")).await.ok();
    assert_eq!(synced["reason"], json!("too-long-ago"), "an erasure empties the window");
    app.stop().await;
}

async fn promise_7_after_a_restart_the_same_is_told(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = ana.room_with(&ben).await;
    let after = now(&ana).await;
    for number in 0..10 {
        ben.sends(&room, &number.to_string()).await;
    }
    let (before, _) = all_since(&ana, &after, 500).await;
    let app = app.restarted().await;
    let ana = app.person("ana").await;
    let (again, _) = all_since(&ana, &after, 500).await;
    assert_eq!((again.len(), again), (10, before));
    app.stop().await;
}
