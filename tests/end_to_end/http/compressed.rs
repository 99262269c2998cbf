//! Compression, as clients meet it: who asks for it gets it where it is worth it, and nobody else.

use std::io::Read;

use flate2::read::GzDecoder;
use reqwest::Method;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, VARY};
use serde_json::{Value, json};

use super::app::TestApp;
use super::on_every_backend;
use super::person::Person;

on_every_backend![
    a_long_answer_is_compressed_for_whoever_can_read_it,
    a_short_answer_is_left_alone,
    only_the_head_of_a_long_answer_has_no_body,
];

const BROWSER: &str = "gzip, deflate, br, zstd";
const LIST: &str = "/api/chat/rooms?limit=100";

async fn with_rooms(app: &TestApp) -> Person {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let mut after = String::new();
    for number in 0..10 {
        let made = ana.post("/api/chat/groups", json!({"name": format!("Room {number}"), "userIds": [ben.id]})).await;
        after = made.position();
        made.ok();
    }
    ana.get(&format!("{LIST}&after={after}")).await.ok();
    ana
}

/// The head, and the bytes as they came.
async fn asked(person: &Person, method: Method, path: &str, accepted: Option<&str>) -> (HeaderMap, Vec<u8>) {
    let mut request = person.ask(method, path);
    if let Some(accepted) = accepted {
        request = request.header(ACCEPT_ENCODING, accepted);
    }
    let response = request.send().await.expect("an answer");
    let headers = response.headers().clone();
    (headers, response.bytes().await.expect("all of it").to_vec())
}

async fn a_long_answer_is_compressed_for_whoever_can_read_it(app: TestApp) {
    let ana = with_rooms(&app).await;
    let (headers, plain) = asked(&ana, Method::GET, LIST, None).await;
    assert!(plain.len() > 4_096 && !headers.contains_key(CONTENT_ENCODING), "{} bytes", plain.len());
    let list: Value = serde_json::from_slice(&plain).expect("JSON");
    assert_eq!(list["rooms"].as_array().map(Vec::len), Some(10));

    for accepted in [BROWSER, "gzip", "GZIP", "*;q=0.1, gzip;q=0.5", "br;q=1, gzip;q=0.001"] {
        let (headers, wire) = asked(&ana, Method::GET, LIST, Some(accepted)).await;
        assert_eq!(headers[CONTENT_ENCODING], "gzip", "{accepted}");
        let vary: Vec<_> = headers.get_all(VARY).iter().map(|value| value.to_str().expect("text")).collect();
        assert!(vary.join(",").to_ascii_lowercase().contains("accept-encoding"), "{vary:?}");
        let mut inflated = Vec::new();
        GzDecoder::new(&wire[..]).read_to_end(&mut inflated).expect("gzip");
        assert_eq!(inflated, plain, "{accepted}");
        assert!(wire.len() * 3 < plain.len(), "{} of {} bytes", wire.len(), plain.len());
    }
    for accepted in ["", "identity", "br, zstd", "gzip;q=0", "gzip;q=x", "gzipped", ";;,=,", "\u{e9}"] {
        let (headers, wire) = asked(&ana, Method::GET, LIST, Some(accepted)).await;
        assert!(!headers.contains_key(CONTENT_ENCODING), "{accepted}");
        assert_eq!(wire, plain, "{accepted}");
    }
    app.stop().await;
}

async fn a_short_answer_is_left_alone(app: TestApp) {
    let ana = with_rooms(&app).await;
    for path in
        ["/api/chat/unread-count", "/api/chat/rooms?limit=1", "/api/chat/messages?roomId=x", "/nowhere", "/healthz"]
    {
        let (headers, body) = asked(&ana, Method::GET, path, Some(BROWSER)).await;
        assert!(!headers.contains_key(CONTENT_ENCODING), "{path}");
        assert_eq!(headers[CONTENT_LENGTH], body.len().to_string(), "{path}");
    }
    let room = ana.get("/api/chat/rooms?limit=1").await.ok()["rooms"][0]["id"].clone();
    let wish = json!({"roomId": room, "content": "Baik, sampai besok. ".repeat(10)});
    let sent = ana.ask(Method::POST, "/api/chat/send").header(ACCEPT_ENCODING, BROWSER).json(&wish);
    let sent = sent.send().await.expect("an answer");
    assert!(sent.status().is_success() && !sent.headers().contains_key(CONTENT_ENCODING), "{:?}", sent.headers());
    app.stop().await;
}

async fn only_the_head_of_a_long_answer_has_no_body(app: TestApp) {
    let ana = with_rooms(&app).await;
    let (headers, body) = asked(&ana, Method::HEAD, LIST, Some(BROWSER)).await;
    assert!(body.is_empty());
    assert_eq!(headers[CONTENT_ENCODING], "gzip");
    let (headers, body) = asked(&ana, Method::HEAD, LIST, None).await;
    assert!(body.is_empty() && !headers.contains_key(CONTENT_ENCODING));
    // The connection is still in step.
    ana.get(LIST).await.ok();
    app.stop().await;
}
