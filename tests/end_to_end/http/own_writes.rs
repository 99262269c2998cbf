//! Read your writes: by header, by cookie and by `after=`, on every query.

use event_log::{LogId, Position, PositionToken};
use reqwest::Method;
use reqwest::header::{COOKIE, SET_COOKIE};
use serde_json::json;
use uuid::Uuid;

use super::app::TestApp;
use super::on_every_backend;
use super::person::answer;

on_every_backend![
    who_wrote_sees_it_by_header_by_cookie_and_by_parameter,
    a_position_that_the_log_does_not_have_is_refused_and_in_a_cookie_passed_over,
    a_position_of_another_log_is_refused,
];

async fn who_wrote_sees_it_by_header_by_cookie_and_by_parameter(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = ana.room_with(&ben).await;
    for number in 1..=20_u64 {
        let sent = ana.post("/api/chat/send", json!({"roomId": room, "content": number.to_string()})).await;
        let position = sent.position();
        let cookie = sent.headers[SET_COOKIE].to_str().expect("text").split(';').next().unwrap_or_default().to_owned();
        assert_eq!(cookie, format!("kabar_after={position}"));
        let query = match number % 3 {
            0 => ben.ask(Method::GET, "/api/chat/unread-count").header("Kabar-After", position),
            1 => ben.ask(Method::GET, "/api/chat/unread-count").header(COOKIE, cookie),
            _ => ben.ask(Method::GET, &format!("/api/chat/unread-count?after={position}")),
        };
        assert_eq!(answer(query).await.ok()["count"], json!(number));
    }
    app.stop().await;
}

/// Nobody was ever given it, but by a log that was restored since: whoever waits for it waits in vain.
async fn a_position_that_the_log_does_not_have_is_refused_and_in_a_cookie_passed_over(app: TestApp) {
    let ana = app.person("ana").await;
    let beyond = app.token(Position(app.head().await.0 + 1_000));
    ana.get(&format!("/api/chat/rooms?after={beyond}")).await.is_problem(422, Some("after"));
    let by_header = ana.ask(Method::GET, "/api/chat/rooms").header("Kabar-After", beyond.clone());
    answer(by_header).await.is_problem(422, Some("Kabar-After"));
    let by_cookie = ana.ask(Method::GET, "/api/chat/rooms").header(COOKIE, format!("kabar_after={beyond}"));
    answer(by_cookie).await.ok();
    app.stop().await;
}

async fn a_position_of_another_log_is_refused(app: TestApp) {
    let ana = app.person("ana").await;
    let foreign = PositionToken { log: LogId(Uuid::from_u128(1)), position: Position(1) };
    ana.get(&format!("/api/chat/rooms?after={foreign}")).await.is_problem(422, Some("after"));
    ana.get("/api/notifications?after=7").await.is_problem(422, Some("after"));
    let by_header = ana.ask(Method::GET, "/api/chat/rooms").header("Kabar-After", foreign.to_string());
    answer(by_header).await.is_problem(422, Some("Kabar-After"));
    app.stop().await;
}
