//! Following, and the notifications it raises.

use reqwest::Method;
use serde_json::{Value, json};

use super::app::TestApp;
use super::on_every_backend;
use super::person::{Person, answer, text};

on_every_backend![
    a_follow_is_counted_listed_and_told_to_the_one_followed,
    a_follow_is_heard_of_as_far_as_one_wishes,
    the_old_toggle_turns_and_a_repeat_of_it_does_not,
    notifications_are_marked_one_by_one_and_all_at_once,
    marks_of_which_one_cannot_be_made_are_made_but_for_that_one_and_asking_again_is_safe,
    somebody_elses_notification_is_not_there_and_not_counted,
];

async fn a_follow_is_counted_listed_and_told_to_the_one_followed(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let followed = ben.post("/api/users/ana/follow?on=true", json!({})).await;
    let after = followed.position();
    assert_eq!(followed.ok(), json!({"success": true, "following": true, "followersCount": 1, "followingCount": 0}));
    assert_eq!(ben.get(&format!("/api/users/ana/follow?after={after}")).await.ok()["following"], json!(true));
    let followers = ana.get(&format!("/api/users/ana/followers?after={after}")).await.ok();
    assert_eq!((&followers["total"], &followers["nextCursor"]), (&json!(1), &Value::Null));
    let first = &followers["users"][0];
    assert_eq!((&first["id"], &first["name"]), (&json!("ben"), &json!("ben the tester")));
    assert_eq!((&first["isFollowing"], first["followedAt"].is_string()), (&json!(false), true));
    let following = ana.get(&format!("/api/users/ben/following?after={after}")).await.ok();
    assert_eq!(following["users"][0]["id"], "ana");

    let notification = told(&app, &ana).await;
    assert_eq!((&notification["type"], &notification["title"]), (&json!("FOLLOWER"), &json!("Pengikut Baru")));
    assert_eq!(notification["message"], "ben the tester mulai mengikuti Anda");
    assert_eq!((&notification["actorId"], &notification["link"]), (&json!("ben"), &json!("/ben")));
    let gone = ben.delete("/api/users/ana/follow").await.ok();
    assert_eq!((&gone["following"], &gone["followersCount"]), (&json!(false), &json!(0)));
    ben.post("/api/users/ben/follow?on=true", json!({})).await.is_problem(422, Some("userId"));
    ben.post("/api/users/nobody/follow", json!({})).await.is_problem(404, Some("userId"));
    ben.get("/api/users/nobody/followers").await.is_problem(404, Some("userId"));
    app.stop().await;
}

/// Requirements §7: it does not bypass what its recipient chose.
async fn a_follow_is_heard_of_as_far_as_one_wishes(app: TestApp) {
    let [ana, ben, cici] = app.people(["ana", "ben", "cici"]).await;
    let wishes = async |on: bool| {
        let body = json!({"followerNotifications": on});
        answer(ana.ask(Method::PUT, "/api/notifications/preferences").json(&body)).await.ok();
    };
    wishes(false).await;
    let before = app.head().await;
    ben.post("/api/users/ana/follow?on=true", json!({})).await.ok();
    // The follow, the notification, and what is decided of push.
    let mut head = app.head().await;
    while head.0 < before.0 + 3 {
        head = app.written_behind(head).await;
    }
    let feed = ana.get(&format!("/api/notifications?after={}", app.token(head))).await.ok();
    assert_eq!((&feed["notifications"], &feed["unreadCount"]), (&json!([]), &json!(0)));
    // What was kept from the feed stays away from it.
    wishes(true).await;
    cici.post("/api/users/ana/follow?on=true", json!({})).await.ok();
    assert_eq!(told(&app, &ana).await["actorId"], "cici");
    let feed = ana.get("/api/notifications").await.ok();
    assert_eq!((feed["notifications"].as_array().map(Vec::len), &feed["unreadCount"]), (Some(1), &json!(1)));
    app.stop().await;
}

/// The first notification of somebody, once the reactor has raised it.
async fn told(app: &TestApp, person: &Person) -> Value {
    let mut head = app.head().await;
    loop {
        let feed = person.get(&format!("/api/notifications?after={}", app.token(head))).await.ok();
        if let Some(first) = feed["notifications"].as_array().and_then(|all| all.first()) {
            return first.clone();
        }
        head = app.written_behind(head).await;
    }
}

async fn the_old_toggle_turns_and_a_repeat_of_it_does_not(app: TestApp) {
    let [_ana, ben] = app.people(["ana", "ben"]).await;
    let toggle = async |key: &str| {
        let request = ben.ask(reqwest::Method::POST, "/api/users/ana/follow").header("Idempotency-Key", key);
        super::person::answer(request).await
    };
    let first = toggle("one").await;
    let again = toggle("one").await;
    assert_eq!(first.position(), again.position());
    assert_eq!((first.ok()["following"].clone(), again.ok()["following"].clone()), (json!(true), json!(true)));
    assert_eq!(toggle("two").await.ok()["following"], json!(false));
    app.stop().await;
}

async fn notifications_are_marked_one_by_one_and_all_at_once(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    ben.post("/api/users/ana/follow?on=true", json!({})).await.ok();
    let id = text(&told(&app, &ana).await["id"]);
    let unread = async |after: &str| {
        ana.get(&format!("/api/notifications/unread-count?after={after}")).await.ok()["count"].clone()
    };

    let marked = ana.patch("/api/notifications", json!({"notificationIds": [id]})).await;
    let after = marked.position();
    assert_eq!((marked.ok()["count"].clone(), unread(&after).await), (json!(1), json!(0)));
    let feed = ana.get(&format!("/api/notifications?unreadOnly=true&after={after}")).await.ok();
    assert_eq!((&feed["notifications"], &feed["unreadCount"]), (&json!([]), &json!(0)));
    assert_eq!(feed["pagination"], json!({"limit": 20, "offset": 0, "hasMore": false, "nextCursor": null}));

    let back = ana.patch("/api/notifications", json!({"id": id, "isRead": false})).await;
    assert_eq!(unread(&back.position()).await, json!(1));
    let all = ana.patch("/api/notifications", json!({"markAll": true})).await;
    let after = all.position();
    assert_eq!((all.ok()["count"].clone(), unread(&after).await), (json!(1), json!(0)));
    let head = app.head().await;
    assert_eq!(ana.patch("/api/notifications", json!({"markAllRead": true})).await.ok()["count"], json!(0));
    assert_eq!(app.head().await, head, "where nothing is unread, nothing is written");
    for (filter, shown) in [("tab=system", 1), ("tab=chat", 0), ("type=FOLLOW", 1), ("type=FOLLOWER&tab=chat", 0)] {
        let feed = ana.get(&format!("/api/notifications?{filter}&after={after}")).await.ok();
        assert_eq!(feed["notifications"].as_array().map(Vec::len), Some(shown), "{filter}");
    }
    app.stop().await;
}

async fn somebody_elses_notification_is_not_there_and_not_counted(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    ben.post("/api/users/ana/follow?on=true", json!({})).await.ok();
    let id = text(&told(&app, &ana).await["id"]);
    let head = app.head().await;
    ben.patch("/api/notifications", json!({"id": id})).await.is_problem(404, None);
    let marked = ben.patch("/api/notifications", json!({"notificationIds": [id, uuid::Uuid::nil()]})).await;
    assert_eq!(marked.ok()["count"], json!(0));
    assert_eq!(app.head().await, head);
    app.stop().await;
}

/// The stream of one notification holds what nobody can read: a mark of it cannot be decided.
async fn marks_of_which_one_cannot_be_made_are_made_but_for_that_one_and_asking_again_is_safe(app: TestApp) {
    let [ana, ben, cat, dee] = app.people(["ana", "ben", "cat", "dee"]).await;
    for follower in [&ben, &cat, &dee] {
        follower.post("/api/users/ana/follow?on=true", json!({})).await.ok();
    }
    let unread = async |app: &TestApp, ana: &Person| {
        let after = app.token(app.head().await);
        ana.get(&format!("/api/notifications/unread-count?after={after}")).await.ok()["count"].clone()
    };
    let mut head = app.head().await;
    while unread(&app, &ana).await != json!(3) {
        head = app.written_behind(head).await;
    }
    let feed = ana.get("/api/notifications").await.ok();
    let ids: Vec<Value> =
        feed["notifications"].as_array().expect("three").iter().map(|one| one["id"].clone()).collect();
    let damaged = super::person::text(&ids[1]);

    let app = app.restarted().await;
    let ana = app.stranger("ana");
    let version =
        |version: &str| format!("UPDATE events SET event_version = '{version}' WHERE aggregate_id = '{damaged}'");
    app.damage(&version("99")).await;
    let head = app.head().await;
    let body = json!({"notificationIds": ids});
    let partly = ana.patch("/api/notifications", body.clone()).await;
    partly.is_problem(500, None);
    assert!(
        partly.body["detail"].to_string().contains("2 of 3 were carried out; ask again for all"),
        "{}",
        partly.body
    );
    assert_eq!(app.head().await.0, head.0 + 2, "those that could be marked are");
    assert_eq!(unread(&app, &ana).await, json!(1));

    let again = ana.patch("/api/notifications", body.clone()).await;
    assert!(again.body["detail"].to_string().contains("2 of 3"), "what is marked stays as it is: {}", again.body);
    assert_eq!(app.head().await.0, head.0 + 2, "and nothing is written twice");
    app.damage(&version("1")).await;
    assert_eq!(ana.patch("/api/notifications", body.clone()).await.ok()["count"], json!(3));
    assert_eq!(ana.patch("/api/notifications", body).await.ok()["count"], json!(3));
    assert_eq!(app.head().await.0, head.0 + 3);
    assert_eq!(unread(&app, &ana).await, json!(0));
    app.stop().await;
}
