//! `replay` and the server on one store: a damaged view is found and mended, a rebuild takes nothing down.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::Row;

use crate::support::backend::{Backend, TestStore};
use crate::support::person::{Person, client, number, text};
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
    let (ana, ben, room) = two_in_a_room(&installation).await;
    for words in ["satu", "dua", "tiga"] {
        ana.sends(&room, words).await;
    }
    ben.post("/api/chat/read", json!({ "roomId": room, "upTo": 2 })).await.ok();
    assert!(running.stop().await.success());
    installation.verify_is_clean().await;

    // As if a message that ben never saw had been read.
    damage(&store, "UPDATE {}participants SET read_seq = 3 WHERE user_id = 'ben'").await;
    let found = installation.replay(&["verify", "inbox", "--json"]).await;
    assert_eq!(found.status.code(), Some(1), "{found:?}");
    let report: Value = serde_json::from_slice(&found.stdout).expect("JSON");
    assert_eq!(number(&report[0]["differences_total"]), 1, "{report}");
    let difference = &report[0]["differences"][0];
    assert_eq!(difference["table"], "participants");
    assert!(text(&difference["key"]).contains("ben"), "{difference}");
    assert_eq!((number(&difference["live"]["read_seq"]), number(&difference["rebuilt"]["read_seq"])), (3, 2));
    let plain = installation.replay(&["verify", "inbox"]).await;
    assert!(String::from_utf8_lossy(&plain.stdout).contains("1 rows differ"), "{plain:?}");
    assert_eq!(installation.replay(&["verify", "feed"]).await.status.code(), Some(0), "the feed is another unit");

    let rebuilt = installation.replay(&["rebuild", "inbox", "--json"]).await;
    assert_eq!(rebuilt.status.code(), Some(0), "{rebuilt:?}");
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
    let (ana, ben, room) = two_in_a_room(&installation).await;
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
    assert_eq!(rebuilt.status.code(), Some(0), "{rebuilt:?}");
    let report: Value = serde_json::from_slice(&rebuilt.stdout).expect("JSON");
    assert_eq!((number(&report[0]["generation"]), number(&report[0]["replaced"])), (2, 1), "{report}");

    let last = ana.sends(&room, "sesudah").await;
    let unread = ben.unread_in(&room, Some(&text(&last["position"]))).await;
    assert!(unread > sent, "{unread} of at least {} unread messages are counted", sent + 1);
    assert_eq!(unread, number(&last["seq"]));

    let status = installation.replay(&["status", "--json"]).await;
    assert_eq!(status.status.code(), Some(0), "{status:?}");
    let status: Value = serde_json::from_slice(&status.stdout).expect("JSON");
    let live: Vec<(&Value, &Value)> = status["units"]
        .as_array()
        .expect("units")
        .iter()
        .filter(|unit| unit["state"] == "live")
        .map(|unit| (&unit["unit"], &unit["generation"]))
        .collect();
    assert_eq!(live, [(&json!("inbox"), &json!(2)), (&json!("feed"), &json!(2))], "{status}");
    assert!(running.stop().await.success());
    installation.verify_is_clean().await;
}

/// Answers with what ben has unread, of which ana's newest message may not be a part yet.
async fn send_and_look(ana: &Person, ben: &Person, room: &str) -> u64 {
    ana.sends(room, "sementara").await;
    ben.unread_in(room, None).await
}

async fn two_in_a_room(installation: &Installation) -> (Person, Person, String) {
    let http = client(Duration::from_secs(20));
    let [ana, ben] = ["ana", "ben"].map(|id| Person::new(&http, installation.address, id));
    ana.shows_up().await;
    ben.shows_up().await;
    let room = ana.opens_direct_room_with(&ben).await;
    (ana, ben, room)
}

/// Changes rows of the inbox behind Kabar's back; `{}` stands for where its tables are.
async fn damage(store: &TestStore, sql: &str) {
    let changed = match store {
        TestStore::Sqlite(folder) => {
            let files = std::fs::read_dir(folder.path()).expect("readable").map(|file| file.expect("a file").path());
            let name = |path: &std::path::Path| path.file_name().expect("a name").to_string_lossy().into_owned();
            let inbox: Vec<_> =
                files.filter(|path| name(path).starts_with("inbox-") && name(path).ends_with(".db")).collect();
            assert_eq!(inbox.len(), 1, "{inbox:?}");
            let connection = rusqlite::Connection::open(&inbox[0]).expect("opens");
            connection.execute(&sql.replace("{}", ""), []).expect("damaged") as u64
        }
        TestStore::Postgres(_) => {
            let mut superuser = store.superuser().await;
            let schema: String = sqlx::query(
                "select table_schema::text from information_schema.tables where table_name = 'participants'",
            )
            .fetch_one(&mut superuser)
            .await
            .expect("one inbox")
            .get(0);
            let sql = sql.replace("{}", &format!("\"{schema}\"."));
            sqlx::query(&sql).execute(&mut superuser).await.expect("damaged").rows_affected()
        }
    };
    assert_eq!(changed, 1, "rows damaged");
}
