//! Asking twice: the same key is the same wish, in turn or at once.

use std::collections::HashSet;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::app::TestApp;
use super::on_every_backend;
use super::person::{Answer, Person, answer, text};

on_every_backend![
    a_key_is_carried_out_once_however_often_and_however_at_once,
    a_client_message_id_is_the_stronger_key,
    a_group_made_twice_under_one_key_is_one_group,
    whoever_left_since_is_shown_no_room_for_having_come_in_once,
    a_key_of_one_route_is_none_of_another,
    a_key_of_a_room_or_a_message_is_none_of_a_message_to_somebody,
    promise_1_a_key_of_a_message_to_somebody_leads_to_the_same_room_whoever_it_names_now,
    promise_1_whatever_was_sent_is_shown_again_as_it_is_now,
    what_was_done_to_a_message_is_answered_again_when_it_is_deleted,
    what_was_done_is_answered_again_when_what_it_rested_on_cannot_be_looked_up_any_more,
    fifty_who_open_the_same_room_at_once_open_one,
    reads_in_quick_succession_become_few_events,
];

async fn send(person: &Person, key: &str, body: &Value) -> Answer {
    answer(person.ask(Method::POST, "/api/chat/send").header("Idempotency-Key", key).json(body)).await
}

async fn a_key_is_carried_out_once_however_often_and_however_at_once(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = ana.room_with(&ben).await;
    let body = json!({"roomId": room, "content": "sekali"});
    let head = app.head().await;
    let answers = join_all((0..10).map(|_| send(&ana, "k-1", &body))).await;
    let later = send(&ana, "k-1", &body).await;
    assert_eq!(app.head().await.0, head.0 + 1);
    let told: HashSet<(String, u64, String)> = answers
        .into_iter()
        .chain([later])
        .map(|answer| {
            let position = answer.position();
            let message = answer.ok()["message"].clone();
            (text(&message["id"]), message["seq"].as_u64().expect("a seq"), position)
        })
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    send(&ana, "k-2", &body).await.ok();
    send(&ben, "k-1", &body).await.ok();
    assert_eq!(app.head().await.0, head.0 + 3, "another key, and the same key of somebody else, are other wishes");
    app.stop().await;
}

async fn a_client_message_id_is_the_stronger_key(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = ana.room_with(&ben).await;
    let body = json!({"roomId": room, "content": "sekali", "clientMessageId": "c-1"});
    let first = send(&ana, "k-1", &body).await.ok()["message"].clone();
    let again = send(&ana, "k-2", &body).await.ok()["message"].clone();
    assert_eq!((&first["id"], &first["seq"]), (&again["id"], &again["seq"]));
    assert_eq!(again["clientMessageId"], "c-1");
    app.stop().await;
}

async fn a_group_made_twice_under_one_key_is_one_group(app: TestApp) {
    let ana = app.person("ana").await;
    let make = async || {
        let wish = json!({"name": "Kelas"});
        let request = ana.ask(Method::POST, "/api/chat/groups").header("Idempotency-Key", "g").json(&wish);
        text(&answer(request).await.ok()["room"]["id"])
    };
    assert_eq!(make().await, make().await);
    app.stop().await;
}

async fn whoever_left_since_is_shown_no_room_for_having_come_in_once(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = text(&ana.post("/api/chat/groups", json!({"name": "Kelas"})).await.ok()["room"]["id"]);
    let join = async || {
        let request = ben.ask(Method::POST, &format!("/api/chat/groups/{room}/join"));
        answer(request.header("Idempotency-Key", "k")).await
    };
    join().await.ok();
    let left = ben.delete(&format!("/api/chat/groups/{room}/members/ben")).await.position();
    ben.get(&format!("/api/chat/rooms?after={left}")).await.ok();
    let head = app.head().await;
    join().await.is_problem(404, None);
    assert_eq!(app.head().await, head, "nor are they in again");
    app.stop().await;
}

async fn a_key_of_one_route_is_none_of_another(app: TestApp) {
    let [ana, _ben] = app.people(["ana", "ben"]).await;
    let ask = async |method: Method, path: &str| {
        answer(ana.ask(method, path).header("Idempotency-Key", "k")).await.ok()["following"].clone()
    };
    assert_eq!(ask(Method::POST, "/api/users/ben/follow").await, json!(true));
    assert_eq!(ask(Method::POST, "/api/users/ben/follow").await, json!(true), "the toggle is not undone by a repeat");
    assert_eq!(ask(Method::DELETE, "/api/users/ben/follow").await, json!(false));
    app.stop().await;
}

/// The two routes do the same as two others together: under one key they must not meet.
async fn a_key_of_a_room_or_a_message_is_none_of_a_message_to_somebody(app: TestApp) {
    let [ana, _ben, _cat] = app.people(["ana", "ben", "cat"]).await;
    let ask = async |path: &str, wish: Value| {
        answer(ana.ask(Method::POST, path).header("Idempotency-Key", "k").json(&wish)).await.ok()
    };
    let started = ask("/api/chat/start", json!({"recipientId": "ben"})).await;
    let said = ask("/api/chat/send", json!({"roomId": started["room"]["id"], "content": "untuk ben"})).await;
    let wish = json!({"receiverId": "cat", "content": "rahasia untuk cat"});
    let written = ask("/api/messages", wish.clone()).await;
    assert_eq!(written["message"]["content"], "rahasia untuk cat");
    assert_ne!(written["message"]["roomId"], said["message"]["roomId"]);
    assert_eq!(ask("/api/messages", wish).await["message"]["id"], written["message"]["id"]);
    app.stop().await;
}

/// By whichever route: sent, then deleted, then asked for once more under the same key.
async fn promise_1_a_key_of_a_message_to_somebody_leads_to_the_same_room_whoever_it_names_now(app: TestApp) {
    let [ana, ben, _cici] = app.people(["ana", "ben", "cici"]).await;
    let room = ana.room_with(&ben).await;
    let write = async |to: &str| {
        let wish = json!({"receiverId": to, "content": "sekali"});
        answer(ana.ask(Method::POST, "/api/messages").header("Idempotency-Key", "k-1").json(&wish)).await.ok()
    };
    let first = write("ben").await;
    assert_eq!(first["room"]["id"], room);
    let head = app.head().await;
    for to in ["cici", "nobody", "ben"] {
        let again = write(to).await;
        assert_eq!((&again["room"]["id"], &again["message"]["id"]), (&json!(room), &first["message"]["id"]), "{to}");
    }
    assert_eq!(app.head().await, head, "nothing is written");
    app.stop().await;
}

async fn promise_1_whatever_was_sent_is_shown_again_as_it_is_now(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = ana.room_with(&ben).await;
    let elsewhere = ["Kelas", "Lain"].map(|name| ana.post("/api/chat/groups", json!({"name": name})));
    let elsewhere: Vec<Value> =
        join_all(elsewhere).await.into_iter().map(|made| made.ok()["room"]["id"].clone()).collect();
    let original = text(&ana.sends(&room, "rahasia").await["id"]);
    let wishes = [
        ("/api/chat/send".to_owned(), json!({"roomId": room, "content": "rahasia"})),
        ("/api/messages".to_owned(), json!({"receiverId": "ben", "content": "rahasia"})),
        (format!("/api/chat/messages/{original}/forward"), json!({"roomIds": elsewhere})),
    ];
    for (path, wish) in wishes {
        let ask = async || answer(ana.ask(Method::POST, &path).header("Idempotency-Key", "k").json(&wish)).await;
        let first = ask().await;
        let (position, first) = (first.position(), messages_of(&first.ok()));
        assert!(first.iter().all(|message| message["content"] == "rahasia"), "{path}: {first:?}");
        for message in &first {
            ana.delete(&format!("/api/chat/messages?id={}", text(&message["id"]))).await.ok();
        }
        let head = app.token(app.head().await);
        ana.get(&format!("/api/chat/unread-count?after={head}")).await.ok();
        let again = ask().await;
        assert_eq!(again.position(), position, "{path}");
        let again = messages_of(&again.ok());
        assert_eq!(again.len(), first.len(), "{path}");
        for (message, before) in again.iter().zip(&first) {
            assert_eq!((&message["id"], &message["seq"]), (&before["id"], &before["seq"]), "{path}");
            assert_eq!(message["isDeleted"], true, "{path}: {message}");
            assert!(!message.to_string().contains("rahasia"), "{path}: {message}");
        }
    }
    app.stop().await;
}

fn messages_of(answer: &Value) -> Vec<Value> {
    match answer["messages"].as_array() {
        Some(messages) => messages.clone(),
        None => vec![answer["message"].clone()],
    }
}

async fn what_was_done_to_a_message_is_answered_again_when_it_is_deleted(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = ana.room_with(&ben).await;
    let elsewhere = text(&ana.post("/api/chat/groups", json!({"name": "Kelas"})).await.ok()["room"]["id"]);
    let id = text(&ana.sends(&room, "halo").await["id"]);
    let wishes = [
        (Method::PATCH, "/api/chat/messages".to_owned(), json!({"messageId": id, "content": "halo semua"})),
        (Method::POST, format!("/api/chat/messages/{id}/reactions"), json!({"emoji": "👍"})),
        (Method::POST, format!("/api/chat/messages/{id}/pin"), json!({})),
        (Method::POST, format!("/api/chat/messages/{id}/forward"), json!({"roomIds": [elsewhere]})),
    ];
    let ask = async |(method, path, wish): &(Method, String, Value), key: &str| {
        answer(ana.ask(method.clone(), path).header("Idempotency-Key", key).json(wish)).await
    };
    let mut positions = Vec::new();
    for wish in &wishes {
        let done = ask(wish, "k").await;
        positions.push(done.position());
        done.ok();
    }
    ana.delete(&format!("/api/chat/messages?id={id}")).await.ok();
    let head = app.head().await;
    for (wish, position) in wishes.iter().zip(positions) {
        let again = ask(wish, "k").await;
        assert_eq!(again.position(), position, "{wish:?}");
        again.ok();
        ask(wish, "another").await.is_problem(409, None);
    }
    assert_eq!(app.head().await, head);
    app.stop().await;
}

/// Whom it named was erased since, or the one who asks has left.
async fn what_was_done_is_answered_again_when_what_it_rested_on_cannot_be_looked_up_any_more(app: TestApp) {
    let [ana, ben, cat] = app.people(["ana", "ben", "cat"]).await;
    let ask = async |who: &Person, path: &str, wish: &Value, key: &str| {
        answer(who.ask(Method::POST, path).header("Idempotency-Key", key).json(wish)).await
    };
    let (make, made) = (json!({"name": "Kelas", "memberIds": ["ben"]}), "/api/chat/groups");
    let first = ask(&ana, made, &make, "k").await;
    let (of_group, room) = (first.position(), text(&first.ok()["room"]["id"]));
    let (bring, brought) = (json!({"userIds": ["cat"]}), format!("/api/chat/groups/{room}/members"));
    let of_cat = ask(&ana, &brought, &bring, "k").await.position();
    let question = ana.sends(&room, "siapa?").await["id"].clone();
    let reply = json!({"roomId": room, "content": "saya", "replyToId": question});
    let replied = ask(&ben, "/api/chat/send", &reply, "k").await;
    let (of_reply, replied) = (replied.position(), replied.ok()["message"]["id"].clone());
    let elsewhere = json!({"roomIds": [text(&ben.post(made, json!({"name": "Lain"})).await.ok()["room"]["id"])]});
    let forward = format!("/api/chat/messages/{}/forward", text(&question));
    let of_forward = ask(&ben, &forward, &elsewhere, "k").await.position();
    let (read, up_to) = ("/api/chat/read", json!({"roomId": room, "upTo": replied}));
    let of_read = ask(&cat, read, &up_to, "k").await.position();

    cat.delete(&format!("{brought}/cat")).await.ok();
    ben.delete(&format!("{brought}/ben")).await.ok();
    app.erases("ben").await;
    let head = app.token(app.erases("cat").await);
    ana.get(&format!("/api/chat/rooms?after={head}")).await.ok();
    for (who, path, wish, position) in [
        (&ana, made, &make, of_group),
        (&ana, brought.as_str(), &bring, of_cat),
        (&ben, "/api/chat/send", &reply, of_reply),
        (&ben, &forward, &elsewhere, of_forward),
        (&cat, read, &up_to, of_read),
    ] {
        let again = ask(who, path, wish, "k").await;
        assert_eq!(again.status, 200, "{path}: {}", again.body);
        assert_eq!(again.position(), position, "{path}");
        let anew = ask(who, path, wish, "another").await.status.as_u16();
        assert!([404, 422].contains(&anew), "{path}: {anew}");
    }
    app.stop().await;
}

async fn fifty_who_open_the_same_room_at_once_open_one(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let head = app.head().await;
    let open = |number: usize| {
        let (one, other) = if number.is_multiple_of(2) { (&ana, &ben) } else { (&ben, &ana) };
        one.room_with(other)
    };
    let rooms: HashSet<String> = join_all((0..50).map(open)).await.into_iter().collect();
    assert_eq!((rooms.len(), app.head().await.0), (1, head.0 + 1));
    app.stop().await;
}

async fn reads_in_quick_succession_become_few_events(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = ana.room_with(&ben).await;
    for number in 1..=30 {
        ana.sends(&room, &number.to_string()).await;
    }
    let head = app.head().await;
    let read = async |up_to: u64| ben.post("/api/chat/read", json!({"roomId": room, "upTo": up_to})).await;
    let answers = join_all((1..=30).map(read)).await;
    let last = answers.iter().map(|answer| answer.position()).max_by_key(String::len).expect("answers");
    answers.into_iter().for_each(|answer| drop(answer.ok()));
    let written = app.head().await.0 - head.0;
    assert!((1..=5).contains(&written), "{written} events for thirty reads at once");
    assert_eq!(ben.unread(&last).await, json!(0));
    app.stop().await;
}
