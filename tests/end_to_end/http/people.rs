//! Who people are and what they may know of each other: the platform's word, blocks, follows.

use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::app::{OTHER_SERVICE_KEY, SERVICE_KEY, TestApp};
use super::on_every_backend;
use super::person::{Answer, Person, answer, text};

on_every_backend![
    the_platform_says_who_somebody_is_and_takes_it_back,
    somebody_is_shown_to_themselves_with_what_others_are_not_shown,
    many_are_put_at_once_or_all_that_is_wrong_is_named,
    a_service_key_opens_what_its_scopes_say_and_a_session_nothing_of_it,
    who_is_blocked_is_not_shown_to_the_other_and_is_on_ones_list,
    fifty_who_toggle_at_once_leave_exact_counts,
];

async fn service(app: &TestApp, key: &str, method: Method, path: &str, body: Value) -> Answer {
    let anybody = app.stranger("anybody");
    answer(anybody.unsigned(method, path).bearer_auth(key).json(&body)).await
}

async fn put(app: &TestApp, id: &str, body: Value) -> Answer {
    service(app, SERVICE_KEY, Method::PUT, &format!("/api/users/{id}"), body).await
}

async fn the_platform_says_who_somebody_is_and_takes_it_back(app: TestApp) {
    let body = json!({"name": "Rara Putri", "username": "rara", "email": "rara@example.id", "phone": "+62811", "role": "MENTOR",
        "locale": "id", "timeZone": "Asia/Jakarta", "pushSubscriptions": ["d-1"],
        "webPushSubscriptions": [{"endpoint": "https://push.example/1", "keys": {"p256dh": "BK", "auth": "a"}}]});
    let made = put(&app, "rara", body.clone()).await;
    let entry = made.clone().ok()["user"].clone();
    let expected = json!({"id": "rara", "name": "Rara Putri", "username": "rara", "avatar": null,
        "email": "rara@example.id", "role": "MENTOR"});
    assert_eq!(entry, expected);

    let head = app.head().await;
    assert_eq!(put(&app, "rara", body).await.ok()["user"], expected);
    assert_eq!(app.head().await, head, "said again, nothing is written");

    // Her session says another name, and fills only what is missing.
    let rara = app.person("rara").await;
    assert_eq!(rara.get("/api/users/rara").await.ok()["user"]["name"], "Rara Putri");
    let changed = put(&app, "rara", json!({"name": null, "avatar": "https://cdn.example/r.png"})).await.ok();
    assert_eq!((&changed["user"]["name"], &changed["user"]["username"]), (&Value::Null, &json!("rara")));
    let shown = rara.get("/api/users/rara").await.ok()["user"].clone();
    assert_eq!(shown["avatar"], "https://cdn.example/r.png");
    assert!(shown.get("email").is_none() && shown.get("phone").is_none(), "{shown}");

    for (body, field) in [
        (json!({"role": "KING"}), "role"),
        (json!({"locale": "fr"}), "locale"),
        (json!({"timeZone": "over there"}), "timeZone"),
        (json!({"timeZone": "Asia/Jakartaa"}), "timeZone"),
        (json!({"pushSubscriptions": ["a b"]}), "pushSubscriptions"),
        (json!({"name": "x".repeat(201)}), "name"),
        (json!({"role": 5}), "role"),
        (json!({"avatar": "javascript:1"}), "avatar"),
    ] {
        put(&app, "rara", body).await.is_problem(422, Some(field));
    }
    app.stop().await;
}

async fn somebody_is_shown_to_themselves_with_what_others_are_not_shown(app: TestApp) {
    let rara = app.person("rara").await;
    let shown = rara.get("/api/users/me").await.ok()["user"].clone();
    assert_eq!((&shown["id"], &shown["locale"], &shown["timeZone"]), (&json!("rara"), &Value::Null, &Value::Null));
    let body = json!({"name": "Rara Putri", "username": "rara", "email": "rara@example.id", "role": "MENTOR",
        "locale": "id", "timeZone": "Asia/Makassar"});
    put(&app, "rara", body).await.ok();
    app.person("ben").await.post("/api/users/rara/follow?on=true", json!({})).await.ok();
    let after = app.token(app.head().await);
    let own = rara.get(&format!("/api/users/me?after={after}")).await.ok()["user"].clone();
    let expected = json!({"id": "rara", "name": "Rara Putri", "username": "rara", "avatar": null,
        "email": "rara@example.id", "role": "MENTOR", "locale": "id", "timeZone": "Asia/Makassar",
        "followersCount": 1, "followingCount": 0});
    assert_eq!(own, expected);
    app.stop().await;
}

async fn many_are_put_at_once_or_all_that_is_wrong_is_named(app: TestApp) {
    let users: Vec<Value> =
        (0..500).map(|n| json!({"id": format!("user-{n}"), "name": format!("Orang ke-{n}")})).collect();
    let bulk =
        async |users: Value| service(&app, SERVICE_KEY, Method::POST, "/api/users/bulk", json!({"users": users})).await;
    let done = bulk(json!(users)).await;
    let position = done.position();
    assert_eq!(done.ok()["count"], 500);
    let ana = app.person("ana").await;
    let shown = ana.get(&format!("/api/users/user-499?after={position}")).await.ok();
    assert_eq!(shown["user"]["name"], "Orang ke-499");

    let head = app.head().await;
    assert_eq!(bulk(json!(users)).await.ok()["count"], 500);
    bulk(json!([{"id": "a", "name": "A"}, {"name": "B"}])).await.is_problem(422, Some("users[1].id"));
    bulk(json!([{"id": "a", "role": "MENTOR", "timeZone": "no zone"}]))
        .await
        .is_problem(422, Some("users[0].timeZone"));
    bulk(json!([])).await.is_problem(422, Some("users"));
    let too_many: Vec<Value> = (0..501).map(|n| json!({"id": format!("u{n}")})).collect();
    bulk(json!(too_many)).await.is_problem(422, Some("users"));
    assert_eq!(app.head().await, head, "nothing was written");
    app.stop().await;
}

async fn a_service_key_opens_what_its_scopes_say_and_a_session_nothing_of_it(app: TestApp) {
    let ana = app.person("ana").await;
    let body = json!({"name": "Ana"});
    let path = "/api/users/ana";
    answer(ana.ask(Method::PUT, path).json(&body)).await.is_problem(401, None);
    answer(ana.unsigned(Method::PUT, path).json(&body)).await.is_problem(401, None);
    service(&app, &SERVICE_KEY[1..], Method::PUT, path, body.clone()).await.is_problem(401, None);
    service(&app, OTHER_SERVICE_KEY, Method::PUT, path, body.clone()).await.is_problem(403, None);
    service(&app, SERVICE_KEY, Method::PUT, path, body).await.ok();
    // And a key is nobody's session.
    let asked = answer(ana.unsigned(Method::GET, "/api/chat/rooms").bearer_auth(SERVICE_KEY)).await;
    assert_eq!(asked.status, StatusCode::UNAUTHORIZED);
    app.stop().await;
}

async fn who_is_blocked_is_not_shown_to_the_other_and_is_on_ones_list(app: TestApp) {
    let [ana, ben, cici] = app.people(["ana", "ben", "cici"]).await;
    for (from, to) in [(&ana, "cici"), (&ben, "cici"), (&cici, "ana")] {
        from.post(&format!("/api/users/{to}/follow?on=true"), json!({})).await.ok();
    }
    let blocked = ana.post("/api/users/ben/block", json!({})).await.position();
    ana.post("/api/users/cici/block", json!({})).await.ok();
    let after = ana.delete("/api/users/cici/block").await.position();

    let listed = ana.get(&format!("/api/users/blocked?after={after}")).await.ok();
    assert_eq!((&listed["users"][0]["id"], &listed["users"][1]), (&json!("ben"), &Value::Null), "{listed}");
    assert_eq!(ben.get(&format!("/api/users/blocked?after={after}")).await.ok()["users"], json!([]));
    for (person, other) in [(&ana, "ben"), (&ben, "ana")] {
        for path in ["", "/follow", "/followers", "/following"] {
            let answer = person.get(&format!("/api/users/{other}{path}?after={blocked}")).await;
            answer.is_problem(404, Some("userId"));
        }
    }
    // Ana's own follow of cici ended with the block; ben's stands, and ana does not see it.
    let followers = |answer: Answer| {
        let body = answer.ok();
        let ids = body["users"].as_array().expect("users").iter().map(|user| text(&user["id"])).collect::<Vec<_>>();
        (ids, body["total"].clone())
    };
    let path = format!("/api/users/cici/followers?after={after}");
    assert_eq!(followers(ana.get(&path).await), (vec![], json!(1)));
    assert_eq!(followers(cici.get(&path).await), (vec!["ben".to_owned()], json!(1)));
    app.stop().await;
}

/// Whatever order the toggles take, the counts are those of the follows that stand.
async fn fifty_who_toggle_at_once_leave_exact_counts(app: TestApp) {
    let star = app.person("star").await;
    let mut fans: Vec<Person> = Vec::new();
    for number in 0..50 {
        fans.push(app.person(&format!("fan-{number}")).await);
    }
    // Each toggles an odd or an even number of times, one after the other; all of them at once.
    let rounds = fans.iter().enumerate().map(|(number, fan)| async move {
        for _ in 0..=(number % 3) {
            fan.post("/api/users/star/follow", json!({})).await.ok();
        }
    });
    join_all(rounds).await;
    let expected = (0..50).filter(|number| (number % 3 + 1) % 2 == 1).count();
    let after = app.token(app.head().await);
    let shown = star.get(&format!("/api/users/star?after={after}")).await.ok()["user"].clone();
    assert_eq!(shown["followersCount"], expected, "{shown}");
    let listed = star.get(&format!("/api/users/star/followers?limit=100&after={after}")).await.ok();
    assert_eq!(listed["users"].as_array().map(Vec::len), Some(expected));
    assert_eq!(listed["total"], expected);
    app.stop().await;
}
