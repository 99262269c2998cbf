//! The list of somebody's hundred rooms, as a browser asks for it: compressed, one time after the other.
//!
//! What is timed ends when the list is there in readable form. Each size is taken as it came: on the wire and inflated.

use std::io::Read;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use reqwest::Method;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use serde_json::{Value, json};

use super::support::person::{Person, client, text};

const ROOMS: usize = 100;
const ASKED: usize = 200;
/// What browsers say of themselves over TLS.
const BROWSER: &str = "gzip, deflate, br, zstd";

/// Of one way to ask.
#[derive(Default)]
struct Lists {
    micros: Vec<u128>,
    wire_bytes: usize,
    bytes: usize,
}

/// In every room something is unread, and every one is counted right in every answer.
pub async fn measure(address: SocketAddr, runs: usize) {
    let http = client(Duration::from_secs(30));
    let person = |name: &str| Person::new(&http, address, name);
    let (reader, writer) = (person("reader"), person("writer"));
    reader.shows_up().await;
    let mut last = None;
    for number in 0..ROOMS {
        let room = writer.creates_group(&format!("Room number {number}")).await;
        writer.post(&format!("/api/chat/groups/{room}/members"), json!({ "userIds": ["reader"] })).await.ok();
        let wish = json!({ "roomId": room, "content": super::WORDS });
        let sent = writer.post("/api/chat/send", wish).await;
        last = sent.position.clone();
        text(&sent.ok()["message"]["id"]);
    }
    let last = last.expect("a position");
    reader.get(&format!("/api/chat/unread-count?after={last}")).await.ok();
    let (mut browser, mut plain) = (Lists::default(), Lists::default());
    for _ in 0..runs {
        browser.ask(&reader, BROWSER).await;
        plain.ask(&reader, "identity").await;
    }
    browser.print("as a browser");
    plain.print("not compressed");
}

impl Lists {
    async fn ask(&mut self, reader: &Person, accepted: &str) {
        for _ in 0..ASKED {
            let request = reader.ask(Method::GET, &format!("/api/chat/rooms?limit={ROOMS}"));
            let began = Instant::now();
            let response = request.header(ACCEPT_ENCODING, accepted).send().await.expect("an answer");
            let encoding = response.headers().get(CONTENT_ENCODING).cloned();
            let wire = response.bytes().await.expect("all of it");
            let mut list = Vec::new();
            match encoding.as_ref().map(|name| name.as_bytes()) {
                None => list.extend_from_slice(&wire),
                Some(b"gzip") => drop(GzDecoder::new(&wire[..]).read_to_end(&mut list).expect("gzip")),
                Some(other) => panic!("not asked for: {}", String::from_utf8_lossy(other)),
            }
            self.micros.push(began.elapsed().as_micros());
            (self.wire_bytes, self.bytes) = (wire.len(), list.len());
            let list: Value = serde_json::from_slice(&list).expect("JSON");
            let rooms = list["rooms"].as_array().expect("a list");
            assert!(rooms.len() == ROOMS && rooms.iter().all(|room| room["unreadCount"] == 1), "{list}");
            assert_eq!(list["totalUnread"], ROOMS);
        }
    }

    fn print(&mut self, how: &str) {
        self.micros.sort_unstable();
        let quantile = |percent: usize| self.micros[(self.micros.len() - 1) * percent / 100];
        println!(
            "list of {ROOMS} rooms with unread counts, {how}: p50 {} us, p99 {} us, {} bytes on the wire, {} bytes read",
            quantile(50),
            quantile(99),
            self.wire_bytes,
            self.bytes
        );
    }
}
