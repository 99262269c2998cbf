//! Every route against malformed, oversized, foreign and unauthenticated requests: the right status, the field named,
//! and nothing written.

use std::collections::BTreeSet;

use kabar::http::routes::routes;
use reqwest::Method;

use super::app::TestApp;
use super::on_every_backend;
use super::person::answer;
use super::samples::{Body, Ids, World};

on_every_backend![
    every_route_takes_the_wish_that_is_right,
    every_route_names_what_is_wrong_and_writes_nothing,
    every_route_refuses_bodies_it_cannot_read,
    every_route_refuses_whoever_is_not_signed_in,
    every_route_hides_from_strangers_what_is_not_theirs,
    every_write_refuses_a_key_that_is_none,
];

#[test]
fn every_route_has_a_sample() {
    let routes: BTreeSet<(String, &str)> =
        routes().iter().map(|route| (route.method.to_string(), route.path)).collect();
    assert!(routes.len() > 20, "{routes:?}");
    let sampled = Ids::on_paper().samples();
    assert_eq!(sampled.iter().map(|sample| (sample.method.to_string(), sample.path)).collect::<BTreeSet<_>>(), routes);
}

async fn every_route_takes_the_wish_that_is_right(app: TestApp) {
    let world = World::new(&app).await;
    for sample in world.samples() {
        let answer = answer(world.asks(&sample, &sample.right)).await;
        // Who joins a group they are in, or removes the last of it, is right as well.
        assert!(answer.status.is_success(), "{} {}: {} {}", sample.method, sample.path, answer.status, answer.body);
    }
    app.stop().await;
}

async fn every_route_names_what_is_wrong_and_writes_nothing(app: TestApp) {
    let world = World::new(&app).await;
    let before = app.head().await;
    for sample in world.samples() {
        for (wish, status, field) in &sample.wrong {
            let answer = answer(world.asks(&sample, wish)).await;
            assert_eq!(answer.status.as_u16(), *status, "{} {wish:?}: {}", sample.method, answer.body);
            answer.is_problem(*status, Some(*field).filter(|field| !field.is_empty()));
            assert_eq!(app.head().await, before, "{} {wish:?} wrote something", sample.method);
        }
    }
    app.stop().await;
}

async fn every_route_refuses_bodies_it_cannot_read(app: TestApp) {
    let world = World::new(&app).await;
    let before = app.head().await;
    for sample in world.samples() {
        let ask = || world.begins(&sample, &sample.right.url);
        let (right, other) = match &sample.right.body {
            // What an upload is is found out, whatever is said of it.
            Body::None | Body::Bytes(_) => continue,
            Body::Json(_) => ("application/json", "text/plain"),
            Body::Form(_) => ("application/x-www-form-urlencoded", "application/json"),
        };
        let name = format!("{} {}", sample.method, sample.path);
        let oversized = ask().header("content-type", right).body("x".repeat(sample.bytes_max + 1));
        let answered = answer(oversized).await;
        assert_eq!(answered.status.as_u16(), 413, "{name}: {}", answered.body);
        answered.is_problem(413, Some("body"));
        let answered = answer(ask().header("content-type", other).body("{}")).await;
        assert_eq!(answered.status.as_u16(), 415, "{name}: {}", answered.body);
        if right == "application/json" {
            for malformed in ["", "{", "{]", "\u{1}"] {
                let answered = answer(ask().header("content-type", right).body(malformed)).await;
                assert_eq!(answered.status.as_u16(), 400, "{name} {malformed:?}: {}", answered.body);
            }
        }
    }
    assert_eq!(app.head().await, before);
    app.stop().await;
}

async fn every_route_refuses_whoever_is_not_signed_in(app: TestApp) {
    let world = World::new(&app).await;
    let before = app.head().await;
    for sample in world.samples() {
        let ask = || sample.right.onto(world.ana.unsigned(sample.method.clone(), &sample.right.url));
        for request in [ask(), ask().bearer_auth("no.such.token"), ask().bearer_auth("")] {
            let answered = answer(request).await;
            assert_eq!(answered.status.as_u16(), 401, "{} {}: {}", sample.method, sample.path, answered.body);
            answered.is_problem(401, None);
        }
    }
    assert_eq!(app.head().await, before);
    app.stop().await;
}

async fn every_route_hides_from_strangers_what_is_not_theirs(app: TestApp) {
    let world = World::new(&app).await;
    let before = app.head().await;
    for sample in world.samples() {
        let Some(status) = sample.foreign else { continue };
        let answered = answer(world.foreigner_asks(&sample)).await;
        assert_eq!(answered.status.as_u16(), status, "{} {}: {}", sample.method, sample.path, answered.body);
        answered.is_problem(status, None);
    }
    let own = "socket_id=1.2&channel_name=private-user-ana";
    let signed = |person: &super::person::Person| {
        let request = person.ask(Method::POST, "/api/pusher/auth");
        request.header("content-type", "application/x-www-form-urlencoded").body(own)
    };
    answer(signed(&world.eve)).await.is_problem(403, None);
    assert!(answer(signed(&world.ana)).await.status.is_success());
    assert_eq!(app.head().await, before);
    app.stop().await;
}

async fn every_write_refuses_a_key_that_is_none(app: TestApp) {
    let world = World::new(&app).await;
    let before = app.head().await;
    // Neither typing nor a signature writes anything.
    let writes = |path: &str| !["/api/chat/typing", "/api/pusher/auth", "/api/pusher/user-auth"].contains(&path);
    for sample in world.samples().iter().filter(|sample| sample.method != Method::GET && writes(sample.path)) {
        for key in ["", "a b", &"x".repeat(201)] {
            let ask = world.begins(sample, &sample.right.url).header("Idempotency-Key", key);
            let answered = answer(sample.right.onto(ask)).await;
            assert_eq!(answered.status.as_u16(), 422, "{} {} {key:?}", sample.method, sample.path);
            answered.is_problem(422, Some("Idempotency-Key"));
        }
    }
    assert_eq!(app.head().await, before);
    app.stop().await;
}
