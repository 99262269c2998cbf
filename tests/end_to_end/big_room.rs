//! A room of 10,000 as the platform makes and uses one: brought in over HTTP in chunks, spoken in, watched through sockets,
//! read. What is said in it costs what it costs in a room of ten (promise 8).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use projections::UnitName;
use serde_json::json;

use crate::support::backend::{Backend, TestStore};
use crate::support::member_sockets::watch;
use crate::support::person::{Person, client, number, text};
use crate::support::running::Installation;
use crate::support::written;

const MEMBERS: usize = 10_000;
/// As many as one request may bring.
const CHUNK: usize = 500;
/// Members with an open socket, of every part of the room.
const WATCHING: [usize; 6] = [1, 499, 500, 4_000, 9_500, 9_999];
/// Requests of people who come for the first time.
const AT_ONCE: usize = 32;
const PATIENCE: Duration = Duration::from_secs(30);

on_both_engines! {
    promise_8_a_room_of_10_000_over_http_and_sockets:
        promise_8_a_room_of_10_000_over_http_and_sockets_on_sqlite,
        promise_8_a_room_of_10_000_over_http_and_sockets_on_postgres;
}

fn name(number: usize) -> String {
    format!("m{number:05}")
}

async fn promise_8_a_room_of_10_000_over_http_and_sockets(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    let installation = Installation::new(&store.url());
    let running = installation.start().await;
    let http = client(PATIENCE);
    let person = |number: usize| Person::new(&http, installation.address, &name(number));
    // Only people whom the directory knows are brought in; known by now, none of them is a row more below.
    stream::iter(0..MEMBERS).for_each_concurrent(AT_ONCE, async |number| person(number).shows_up().await).await;
    let owner = person(0);
    let (small, big) = (owner.creates_group("sepuluh").await, owner.creates_group("sepuluh ribu").await);
    brings(&owner, &small, 1..10).await;
    for first in (0..MEMBERS).step_by(CHUNK) {
        brings(&owner, &big, first.max(1)..first + CHUNK).await;
        if first == MEMBERS / 2 {
            owner.sends(&big, "separuh sudah di sini").await;
        }
    }
    let beyond: Vec<String> = (0..=CHUNK).map(|number| format!("beyond-{number}")).collect();
    let refused = owner.post(&format!("/api/chat/groups/{big}/members"), json!({ "userIds": beyond })).await;
    assert_eq!(refused.status.as_u16(), 422, "{}", refused.body);
    assert!(text(&refused.body["errors"][0]["field"]).starts_with("userIds"), "{}", refused.body);

    let seen = Arc::new(AtomicU64::new(0));
    for number in WATCHING {
        watch(&http, installation.address, &name(number), &big, &seen).await;
    }
    for unit in UnitName::ALL {
        written::count(&store, unit).await;
    }
    let costs = [cost(&store, &person, &small).await, cost(&store, &person, &big).await];
    assert_eq!(costs[0], costs[1], "the same in both");
    assert_eq!(costs[0].sent.values().sum::<i64>(), 3, "{costs:?}");

    let last = owner.sends(&big, "semua mendengar").await;
    let everybody = 2 * WATCHING.len() as u64;
    let heard = async {
        while seen.load(Ordering::Relaxed) < everybody {
            tokio::task::yield_now().await
        }
    };
    tokio::time::timeout(PATIENCE, heard).await.unwrap_or_else(|_| panic!("{seen:?} of {everybody} frames came"));

    let after = text(&last["position"]);
    // Who came before the first word, behind it, has spoken, and has read all but the last.
    for (number, unread) in [(1, 3), (5_499, 3), (5_500, 2), (9_999, 2), (3, 1), (7, 1)] {
        assert_eq!(person(number).unread_in(&big, Some(&after)).await, unread, "of member {number}");
    }
    assert_eq!(seen.load(Ordering::Relaxed), everybody, "each once");
    assert!(running.stop().await.success());
    installation.verify_is_clean().await;
}

/// In one request.
async fn brings(owner: &Person, room: &str, numbers: std::ops::Range<usize>) {
    let up_to = numbers.end;
    let brought: Vec<String> = numbers.map(name).collect();
    let room = owner.post(&format!("/api/chat/groups/{room}/members"), json!({ "userIds": brought })).await.ok();
    assert_eq!(number(&room["room"]["participantCount"]), up_to as u64, "{}", room["room"]["id"]);
}

/// Rows written, by table.
#[derive(Debug, PartialEq)]
struct Cost {
    sent: BTreeMap<String, i64>,
    read: BTreeMap<String, i64>,
    feed: BTreeMap<String, i64>,
}

/// What the views write for a message of `m00003` that `m00007` reads.
async fn cost(store: &TestStore, person: &impl Fn(usize) -> Person, room: &str) -> Cost {
    let (speaks, reads) = (person(3), person(7));
    let sent = text(&speaks.sends(room, "halo").await["position"]);
    reads.unread_in(room, Some(&sent)).await;
    let said = written::rows(store, UnitName::Inbox).await;
    let read = reads.reads(room).await;
    assert_eq!(reads.unread_in(room, read.as_deref()).await, 0);
    Cost {
        sent: said,
        read: written::rows(store, UnitName::Inbox).await,
        feed: written::rows(store, UnitName::Feed).await,
    }
}
