//! `replay` and the server on one store: a damaged view is found and mended, a rebuild takes nothing down.

use projections::UnitName;
use serde_json::json;

use crate::support::answers::report;
use crate::support::backend::Backend;
use crate::support::damage;
use crate::support::person::{Person, number, text, two_in_a_room};
use crate::support::running::Installation;

#[tokio::test]
async fn a_damaged_view_is_found_by_verify_and_mended_by_rebuild_on_sqlite() {
    a_damaged_view_is_found_by_verify_and_mended_by_rebuild(Backend::Sqlite).await;
}

#[tokio::test]
async fn a_damaged_view_is_found_by_verify_and_mended_by_rebuild_on_postgres() {
    a_damaged_view_is_found_by_verify_and_mended_by_rebuild(Backend::Postgres).await;
}

async fn a_damaged_view_is_found_by_verify_and_mended_by_rebuild(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    let installation = Installation::new(&store.url());
    let running = installation.start().await;
    let (ana, ben, room) = two_in_a_room(installation.address).await;
    for words in ["satu", "dua", "tiga"] {
        ana.sends(&room, words).await;
    }
    let read = ben.post("/api/chat/read", json!({ "roomId": room, "upTo": 2 })).await;
    // A server that stops does not wait for its views.
    assert_eq!(ben.unread_in(&room, read.position.as_deref()).await, 1);
    assert!(running.stop().await.success());
    installation.verify_is_clean().await;

    // As if a message that ben never saw had been read.
    let sql = "UPDATE participants SET read_seq = 3 WHERE user_id = 'ben'";
    assert_eq!(damage::view(&store, UnitName::Inbox, 1, sql).await, 1);
    let found = installation.replay(&["verify", "inbox", "--json"]).await;
    let found = report(&found, 1);
    assert_eq!(number(&found[0]["differences_total"]), 1, "{found}");
    let difference = &found[0]["differences"][0];
    assert_eq!(difference["table"], "participants");
    assert!(text(&difference["key"]).contains("ben"), "{difference}");
    assert_eq!((number(&difference["live"]["read_seq"]), number(&difference["rebuilt"]["read_seq"])), (3, 2));
    let plain = installation.replay(&["verify", "inbox"]).await;
    assert!(String::from_utf8_lossy(&plain.stdout).contains("1 rows differ"), "{plain:?}");
    assert_eq!(installation.replay(&["verify", "feed"]).await.status.code(), Some(0), "the feed is another unit");

    report(&installation.replay(&["rebuild", "inbox", "--json"]).await, 0);
    installation.verify_is_clean().await;
    let running = installation.start().await;
    assert_eq!(ben.unread_in(&room, None).await, 1);
    assert!(running.stop().await.success());
}

#[tokio::test]
async fn a_rebuild_beside_the_running_server_takes_no_read_down_on_sqlite() {
    a_rebuild_beside_the_running_server_takes_no_read_down(Backend::Sqlite).await;
}

#[tokio::test]
async fn a_rebuild_beside_the_running_server_takes_no_read_down_on_postgres() {
    a_rebuild_beside_the_running_server_takes_no_read_down(Backend::Postgres).await;
}

async fn a_rebuild_beside_the_running_server_takes_no_read_down(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    let installation = Installation::new(&store.url());
    let running = installation.start().await;
    let (ana, ben, room) = two_in_a_room(installation.address).await;
    for turn in 0..20 {
        ana.sends(&room, &format!("sebelum {turn}")).await;
    }

    let mut sent = 20;
    let mut seen = 0;
    let rebuild = installation.replay(&["rebuild", "--all", "--json"]);
    tokio::pin!(rebuild);
    let rebuilt = loop {
        tokio::select! {
            biased;
            rebuilt = &mut rebuild => break rebuilt,
            // One that the end of the rebuild cuts short was perhaps sent and is not counted.
            unread = send_and_look(&ana, &ben, &room) => {
                sent += 1;
                assert!(unread >= seen, "unread went back from {seen} to {unread}");
                seen = unread;
            }
        }
    };
    let rebuilt = report(&rebuilt, 0);
    assert_eq!((number(&rebuilt[0]["generation"]), number(&rebuilt[0]["replaced"])), (2, 1), "{rebuilt}");

    let last = ana.sends(&room, "sesudah").await;
    let unread = ben.unread_in(&room, Some(&text(&last["position"]))).await;
    assert!(unread > sent, "{unread} of at least {} unread messages are counted", sent + 1);
    assert_eq!(unread, number(&last["seq"]));

    let status = report(&installation.replay(&["status", "--json"]).await, 0);
    let live: Vec<(&str, u64)> = status["units"]
        .as_array()
        .expect("units")
        .iter()
        .filter(|unit| unit["state"] == "live")
        .map(|unit| (unit["unit"].as_str().expect("a name"), number(&unit["generation"])))
        .collect();
    assert_eq!(live, ["inbox", "feed", "search"].map(|unit| (unit, 2)), "{status}");
    assert!(running.stop().await.success());
    installation.verify_is_clean().await;
}

/// Answers with what ben has unread, of which ana's newest message may not be a part yet.
async fn send_and_look(ana: &Person, ben: &Person, room: &str) -> u64 {
    ana.sends(room, "sementara").await;
    ben.unread_in(room, None).await
}
