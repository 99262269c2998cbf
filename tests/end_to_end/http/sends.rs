//! What the platform sends into feeds, and what becomes of it there.

use reqwest::Method;
use serde_json::{Value, json};

use super::app::{SERVICE_KEY, TestApp};
use super::on_every_backend;
use super::person::{Answer, Person, answer, text};

on_every_backend![
    what_is_sent_is_in_the_feed_with_all_that_was_said_of_it,
    what_is_sent_under_a_key_is_sent_once,
    many_are_told_at_once_and_who_is_not_there_is_named,
    nobody_is_told_across_a_block_or_of_their_own_doing,
    an_entry_is_archived_and_comes_back,
    an_entry_is_deleted_for_good_and_counts_no_more,
    what_goes_to_devices_alone_is_in_no_feed,
];

async fn service(app: &TestApp, path: &str, body: Value) -> Answer {
    answer(app.anonymous(Method::POST, path).bearer_auth(SERVICE_KEY).json(&body)).await
}

async fn sent(app: &TestApp, body: Value) -> String {
    text(&service(app, "/api/notifications/send", body).await.ok()["notificationId"])
}

fn to_ana(title: &str) -> Value {
    json!({"userId": "ana", "type": "SYSTEM", "title": title, "message": "Halo"})
}

/// With everything that is in the log by now.
async fn feed(app: &TestApp, person: &Person, query: &str) -> Vec<Value> {
    let after = app.token(app.head().await);
    let shown = person.get(&format!("/api/notifications?after={after}&{query}")).await.ok();
    shown["notifications"].as_array().expect("a list").clone()
}

async fn titles(app: &TestApp, person: &Person, query: &str) -> Vec<String> {
    feed(app, person, query).await.iter().map(|entry| text(&entry["title"])).collect()
}

async fn unread(app: &TestApp, person: &Person) -> Value {
    let after = app.token(app.head().await);
    person.get(&format!("/api/notifications/unread-count?after={after}")).await.ok()["count"].clone()
}

async fn what_is_sent_is_in_the_feed_with_all_that_was_said_of_it(app: TestApp) {
    let [ana, _ben] = app.people(["ana", "ben"]).await;
    let notice = json!({"userId": "ana", "type": "POST_NEW", "title": "Postingan Baru", "message": "Ben memposting",
        "relatedType": "post", "relatedId": "p-1", "postId": "p-1", "commentId": "c-1", "eventId": "e-1",
        "courseId": "k-1", "groupId": "g-1", "transactionId": "t-1", "link": "/posts/p-1",
        "actionUrl": "https://elsewhere.example/x", "image": "https://cdn.example/1.png",
        "icon": "https://cdn.example/2.png", "actorId": "ben", "channels": ["pusher"], "metadata": {"a": [1, null]}});
    let id = sent(&app, notice).await;
    let entry = feed(&app, &ana, "").await.remove(0);
    let expected = json!({"id": id, "userId": "ana", "type": "POST", "title": "Postingan Baru",
        "message": "Ben memposting", "sourceType": "post", "sourceId": "p-1", "postId": "p-1", "commentId": "c-1",
        "eventId": "e-1", "courseId": "k-1", "groupId": "g-1", "transactionId": "t-1", "link": "/posts/p-1",
        "redirectUrl": "https://elsewhere.example/x", "image": "https://cdn.example/1.png",
        "icon": "https://cdn.example/2.png", "actorId": "ben", "channels": {"IN_APP": "accepted"},
        "metadata": {"a": [1, null]}, "isRead": false, "isSent": true, "isArchived": false});
    for (field, value) in expected.as_object().expect("fields") {
        assert_eq!(&entry[field], value, "{field}");
    }
}

async fn what_is_sent_under_a_key_is_sent_once(app: TestApp) {
    let [ana, _ben] = app.people(["ana", "ben"]).await;
    let send = async |body: Value| {
        let request = app.anonymous(Method::POST, "/api/notifications/send").bearer_auth(SERVICE_KEY);
        let answer = answer(request.header("Idempotency-Key", "k-1").json(&body)).await;
        (answer.position(), answer.ok())
    };
    let first = send(to_ana("Satu")).await;
    assert_eq!(send(to_ana("Satu")).await, first);
    let other = json!({"userId": "ben", "type": "SYSTEM", "title": "Dua", "message": "Halo"});
    assert_eq!(send(other).await, first, "the body is not compared");
    assert_eq!(titles(&app, &ana, "").await, ["Satu"]);
}

async fn many_are_told_at_once_and_who_is_not_there_is_named(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let bulk = json!({"userIds": ["ana", "ben", "nobody", "ana"], "type": "SYSTEM", "title": "T", "message": "Halo"});
    let told = service(&app, "/api/notifications/send-bulk", bulk).await.ok();
    assert_eq!((&told["sent"], &told["failed"], &told["failedIds"]), (&json!(2), &json!(1), &json!(["nobody"])));
    for person in [&ana, &ben] {
        assert_eq!(titles(&app, person, "").await, ["T"]);
    }
    let nobody = json!({"userId": "nobody", "type": "SYSTEM", "title": "T", "message": "Halo"});
    service(&app, "/api/notifications/send", nobody).await.is_problem(404, Some("userId"));
}

async fn nobody_is_told_across_a_block_or_of_their_own_doing(app: TestApp) {
    let [ana, _ben] = app.people(["ana", "ben"]).await;
    ana.post("/api/users/ben/block", json!({})).await.ok();
    let by = |actor: &str| {
        let mut notice = to_ana("T");
        notice["actorId"] = json!(actor);
        notice
    };
    let id = sent(&app, by("ben")).await;
    assert_eq!((titles(&app, &ana, "").await.len(), unread(&app, &ana).await), (0, json!(0)));
    // It is nothing of hers: it was decided that she does not hear of it.
    ana.patch("/api/notifications", json!({"id": id})).await.is_problem(404, None);
    ana.delete(&format!("/api/notifications?id={id}")).await.is_problem(404, None);
    service(&app, "/api/notifications/send", by("ana")).await.is_problem(422, Some("userId"));
}

async fn an_entry_is_archived_and_comes_back(app: TestApp) {
    let [ana, eve] = app.people(["ana", "eve"]).await;
    let (first, _) = (sent(&app, to_ana("Satu")).await, sent(&app, to_ana("Dua")).await);
    let path = format!("/api/notifications/{first}/archive");
    eve.post(&path, json!({})).await.is_problem(404, None);
    for _ in 0..2 {
        ana.post(&path, json!({})).await.ok();
        assert_eq!(titles(&app, &ana, "").await, ["Dua"]);
        assert_eq!(titles(&app, &ana, "archived=true").await, ["Satu"]);
        assert_eq!(unread(&app, &ana).await, 2, "it is as unread as it was");
    }
    ana.delete(&path).await.ok();
    assert_eq!(titles(&app, &ana, "").await, ["Dua", "Satu"]);
    assert!(titles(&app, &ana, "archived=true").await.is_empty());
}

async fn an_entry_is_deleted_for_good_and_counts_no_more(app: TestApp) {
    let [ana, eve] = app.people(["ana", "eve"]).await;
    let (first, second) = (sent(&app, to_ana("Satu")).await, sent(&app, to_ana("Dua")).await);
    let path = format!("/api/notifications?id={first}");
    eve.delete(&path).await.is_problem(404, None);
    assert_eq!(ana.delete(&path).await.ok()["message"], "Notification deleted");
    ana.delete(&path).await.ok();
    assert_eq!((titles(&app, &ana, "").await, unread(&app, &ana).await), (vec!["Dua".to_owned()], json!(1)));
    ana.patch("/api/notifications", json!({"id": first, "isRead": false})).await.is_problem(404, None);
    assert_eq!(unread(&app, &ana).await, 1);
    ana.delete(&format!("/api/notifications?id={second}")).await.ok();
    assert_eq!((titles(&app, &ana, "").await.len(), unread(&app, &ana).await), (0, json!(0)));
}

async fn what_goes_to_devices_alone_is_in_no_feed(app: TestApp) {
    let ana = app.person("ana").await;
    let push = json!({"userId": "ana", "title": "Halo", "message": "Apa kabar?", "link": "/"});
    let id = text(&service(&app, "/api/notifications/push-only", push).await.ok()["notificationId"]);
    assert!(titles(&app, &ana, "").await.is_empty() && !id.is_empty());
    assert_eq!(unread(&app, &ana).await, 0);
}
