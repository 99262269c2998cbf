//! Whatever is kept in memory has a limit that can be set, and is seen from outside; a cache that is full costs no answer.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use crate::support::backend::Backend;
use crate::support::person::{Person, client, number, text};
use crate::support::running::{Installation, is_slow_build};

const PATIENCE: Duration = Duration::from_secs(20);
/// The least that a cache may hold.
const LIMIT: u64 = 16;
/// What a kept frame is taken to weigh beside its text.
const FRAME_BYTES_MIN: u64 = 256;
const PEOPLE: usize = 60;
/// A program that was built for speed and has done as little as here.
const MEMORY_MAX: u64 = 160 * 1_024 * 1_024;

on_both_engines! {
    promise_8_every_cache_keeps_to_its_setting_and_is_seen:
        promise_8_every_cache_keeps_to_its_setting_and_is_seen_on_sqlite,
        promise_8_every_cache_keeps_to_its_setting_and_is_seen_on_postgres;
}

async fn promise_8_every_cache_keeps_to_its_setting_and_is_seen(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    let least = LIMIT.to_string();
    let settings = [
        "DOOR__BATCH_COMMANDS_MAX",
        "DOOR__CACHED_STREAMS_MAX",
        "CACHES__PEOPLE_MAX",
        "CACHES__SESSIONS_MAX",
        "CACHES__ROOMS_MAX",
        "CACHES__KEYS_MAX",
        "CACHES__LOG_EVENTS_MAX",
        "CACHES__COMMANDS_MAX",
        "LIMITS__USERS_MAX",
        "REALTIME__PRESENCE_PEOPLE_MAX",
    ];
    let installation = Installation::new(&store.url());
    let installation =
        settings.iter().fold(installation, |installation, name| installation.with(&format!("KABAR__{name}"), &least));
    // Counted in bytes: so many would be that many frames without a text.
    let frames = (LIMIT * FRAME_BYTES_MIN).to_string();
    let installation = installation.with("KABAR__REALTIME__WINDOW_BYTES_MAX", &frames);
    let running = installation.start().await;
    let http = client(PATIENCE);
    let people: Vec<Person> =
        (0..PEOPLE).map(|nth| Person::new(&http, installation.address, &format!("p{nth:03}"))).collect();
    for person in &people {
        person.shows_up().await;
    }
    let mut rooms = Vec::new();
    for pair in people.chunks(2) {
        let room = pair[0].opens_direct_room_with(&pair[1]).await;
        let wish = json!({ "roomId": room, "content": "halo", "clientMessageId": "first" });
        pair[0].post("/api/chat/send", wish).await.ok();
        pair[0].post("/api/presence", json!({ "isOnline": true })).await.ok();
        rooms.push(room);
    }
    // All that was forgotten meanwhile is asked for again, and is as it was.
    for (pair, room) in people.chunks(2).zip(&rooms) {
        let wish = json!({ "roomId": room, "content": "halo", "clientMessageId": "first" });
        let again = pair[0].post("/api/chat/send", wish).await;
        let after = again.position.clone().expect("a position");
        assert_eq!(text(&again.ok()["message"]["content"]), "halo");
        let shown = pair[1].get(&format!("/api/chat/rooms?after={after}")).await.ok();
        assert_eq!(number(&shown["totalUnread"]), 1, "a repeat counts once");
    }

    let page = http.get(format!("http://{}/metrics", installation.address)).send().await.expect("an answer");
    let page = page.text().await.expect("text");
    let (entries, limits) = (by_cache(&page, "kabar_cache_entries"), by_cache(&page, "kabar_cache_entries_max"));
    let names =
        ["commands", "frames", "keys", "log_tail", "people", "presence", "rates", "rooms", "sessions", "streams"];
    assert_eq!(entries.keys().collect::<Vec<_>>(), names.iter().collect::<Vec<_>>());
    for (name, held) in &entries {
        assert!((1..=limits[name]).contains(held), "{name}: {held} of {}", limits[name]);
        let limit = match *name {
            "rates" => 5 * LIMIT, // Each of the five kinds of requests has its own.
            _ => LIMIT,
        };
        assert_eq!(limits[name], limit, "{name}");
    }
    let bytes = by_cache(&page, "kabar_cache_bytes");
    assert!(bytes["keys"] > LIMIT * 32 && bytes["log_tail"] > LIMIT * 256, "{bytes:?}");
    let memory = page.lines().find_map(|line| line.strip_prefix("kabar_memory_resident_bytes "));
    let memory: u64 = memory.expect("a measure").parse().expect("bytes");
    assert!(is_slow_build() || memory < MEMORY_MAX, "{memory} bytes");
    assert!(running.stop().await.success());
    installation.verify_is_clean().await;
}

/// A gauge, by its label.
fn by_cache<'a>(page: &'a str, gauge: &str) -> BTreeMap<&'a str, u64> {
    let parsed = page.lines().filter_map(|line| {
        let rest = line.strip_prefix(gauge)?.strip_prefix("{cache=\"")?;
        let (name, value) = rest.split_once("\"} ")?;
        Some((name, value.parse().expect("a count")))
    });
    parsed.collect()
}
