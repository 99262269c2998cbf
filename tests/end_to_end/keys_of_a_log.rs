//! A log and its keys belong together: whoever names others is refused and has made nothing, until it is said that they
//! are lost.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::keys::{Apart, finding, report};
use crate::support::answers::{complaint, refused, report as json_of};
use crate::support::backend::{Backend, TestStore};
use crate::support::person::{Person, client};
use crate::support::running::Installation;

const PATIENCE: Duration = Duration::from_secs(20);

on_both_engines! {
    whoever_names_no_keys_or_others_is_refused_and_makes_nothing:
        whoever_names_no_keys_or_others_is_refused_and_makes_nothing_on_sqlite,
        whoever_names_no_keys_or_others_is_refused_and_makes_nothing_on_postgres;
    keys_that_are_lost_are_given_up_only_when_it_is_said:
        keys_that_are_lost_are_given_up_only_when_it_is_said_on_sqlite,
        keys_that_are_lost_are_given_up_only_when_it_is_said_on_postgres;
    a_restored_log_has_keys_of_its_own:
        a_restored_log_has_keys_of_its_own_on_sqlite,
        a_restored_log_has_keys_of_its_own_on_postgres;
    keys_of_a_log_that_is_gone_are_taken_over:
        keys_of_a_log_that_is_gone_are_taken_over_on_sqlite,
        keys_of_a_log_that_is_gone_are_taken_over_on_postgres;
    a_key_that_was_dropped_without_an_erasure_is_found:
        a_key_that_was_dropped_without_an_erasure_is_found_on_sqlite,
        a_key_that_was_dropped_without_an_erasure_is_found_on_postgres;
}

async fn whoever_names_no_keys_or_others_is_refused_and_makes_nothing(backend: Backend) {
    let Some(apart) = Apart::spoken(backend).await else { return };
    let head = head(&apart).await;
    let (lines, out) = (apart.place("lines.jsonl"), apart.place("out.jsonl"));
    std::fs::write(&lines, "{\"kind\":\"user\",\"id\":\"eva\",\"name\":\"Eva\",\"at\":\"2019-01-02T03:00:00Z\"}\n")
        .expect("written");
    let wishes: [&[&str]; 9] = [
        &["rebuild", "--all"],
        &["repair", "inbox", "--yes"],
        &["verify", "--all"],
        &["erase", "ana", "--yes"],
        &["import", "--from", &lines],
        &["export", "--to", &out],
        &["backup", "--keys-to", &out],
        &["backup", "--to", &out, "--keys-to", &out],
        &["tail", "--no-follow"],
    ];
    for wish in wishes {
        let answer = apart.installation.replay(wish).await;
        refused(&answer, &format!("there are no keys at {}", shown(&apart.store)));
        assert!(complaint(&answer).contains("--keys was not"), "{wish:?}: {}", complaint(&answer));
    }
    // The keys of somebody else.
    let Some(second) = Apart::spoken(Backend::Sqlite).await else { return };
    for wish in wishes {
        let answer = apart.installation.replay(&[&["--keys", &second.keys], wish].concat()).await;
        refused(&answer, &format!("the keys at {} are those of the log", second.keys));
    }
    let answer = apart.installation.replay(&["--keys", &second.keys, "rebuild", "--all", "--keys-lost"]).await;
    refused(&answer, "are those of the log");
    let unset = Installation::new(&apart.store.url());
    let said = unset.refuses_to_start().await;
    assert!(said.contains("there are no keys at") && said.contains(&shown(&apart.store)), "{said}");
    assert!(!Path::new(&out).exists());
    assert!(!has_keys_beside(&apart.store).await, "a refusal makes no keys");
    assert_eq!(self::head(&apart).await, head, "and writes nothing");
    let mistyped = apart.place("nowhere");
    refused(
        &apart.installation.replay(&["--keys", &format!("sqlite:{mistyped}"), "rebuild", "--all"]).await,
        "no keys",
    );
    assert!(!Path::new(&mistyped).exists());
    // A new log does not take another's keys either.
    let Some(fresh) = backend.store().await else { return };
    let said = Installation::new(&fresh.url()).with("KABAR__DATABASE__KEYS_URL", &apart.keys).refuses_to_start().await;
    assert!(said.contains("are those of the log"), "{said}");
    assert_eq!(apart.replay(&["verify", "--all"]).await.1, Some(0));
}

async fn keys_that_are_lost_are_given_up_only_when_it_is_said(backend: Backend) {
    let Some(mut apart) = Apart::spoken(backend).await else { return };
    let copy = apart.place("copy.jsonl");
    assert_eq!(apart.replay(&["backup", "--keys-to", &copy]).await.1, Some(0));
    std::fs::rename(apart.place("keys"), apart.place("hidden")).expect("lost");
    let said = apart.installation.refuses_to_start().await;
    assert!(said.contains("there are no keys at") && said.contains("keys_lost"), "{said}");

    let given_up = apart.installation.replay(&["--keys", &apart.keys, "rebuild", "--all", "--keys-lost"]).await;
    assert!(given_up.status.success() && complaint(&given_up).contains("has new keys"), "{given_up:?}");
    assert!(!apart.words().await.contains("rahasia"));
    let empty = apart.installation.replay(&["--keys", &apart.keys, "backup", "--keys-to", &apart.place("none")]).await;
    refused(&empty, "there is no key at");
    let old = format!("sqlite:{}", apart.place("hidden"));
    refused(&apart.installation.replay(&["--keys", &old, "verify"]).await, "are not those of the log");

    // What cannot be read is not told as erased.
    let (exported, code) = apart.replay(&["export", "--to", &apart.place("lost.jsonl")]).await;
    assert_eq!(code, Some(1), "{exported}");
    let lines = std::fs::read_to_string(apart.place("lost.jsonl")).expect("lines");
    assert!(lines.contains("\"lost\":[\"content\"]") && !lines.contains("\"erased\""), "{lines}");
    let Some(elsewhere) = backend.store().await else { return };
    let elsewhere = Installation::new(&elsewhere.url());
    let taken = json_of(&elsewhere.replay(&["import", "--json", "--from", &apart.place("lost.jsonl")]).await, 0);
    assert_eq!(taken["refused"], json!(0), "their places are kept: {taken}");

    // Life goes on with new keys; when the old ones turn up, both are there.
    let running = apart.installation.start().await;
    let ana = Person::new(&client(PATIENCE), apart.installation.address, "ana");
    let room = ana.creates_group("rahasia-ana-baru").await;
    ana.sends(&room, "rahasia-ana-9").await;
    assert!(running.stop().await.success());
    let (back, code) = apart.replay(&["restore", "--keys-from", &copy]).await;
    assert_eq!((code, &back["keys"]["new"]), (Some(0), &json!(2)), "{back}");
    let words = apart.words().await;
    for one in ["rahasia-ana-1", "rahasia-ana-9", "rahasia-ben-1"] {
        assert!(words.contains(one), "{one}");
    }
    let (erased, code) = apart.replay(&["erase", "ana", "--yes"]).await;
    assert_eq!((code, &erased["dropped_here"]), (Some(0), &json!(true)), "{erased}");
    assert!(!apart.words().await.contains("rahasia-ana"), "both keys are dropped");

    // The server is told in its configuration.
    std::fs::remove_dir_all(apart.place("keys")).expect("lost");
    let installation = std::mem::replace(&mut apart.installation, Installation::new(&apart.store.url()));
    let running =
        installation.with("KABAR__DATABASE__KEYS_URL", &apart.keys).with("KABAR__DATABASE__KEYS_LOST", "true");
    let started = running.start().await;
    started.says("new keys", |line| line.contains("the log has new keys")).await;
    assert!(started.stop().await.success());
    let (erased, code) = apart.replay(&["erase", "ben", "--yes"]).await;
    assert_eq!((code, &erased["dropped_here"]), (Some(1), &json!(false)), "{erased}");
}

async fn a_restored_log_has_keys_of_its_own(backend: Backend) {
    let (Some(apart), Some(place)) = (Apart::spoken(backend).await, backend.store().await) else { return };
    let (folder, copy) = (apart.place("backup"), apart.place("copy.jsonl"));
    assert_eq!(apart.replay(&["backup", "--to", &folder, "--keys-to", &copy]).await.1, Some(0));
    let restored = Installation::new(&place.url());
    let told = restored.replay(&["--keys", &apart.keys, "restore", "--from", &folder, "--keys-from", &copy]).await;
    refused(&told, "a restored log gets keys of its own");
    assert!(!event_log::exists(&place.store_url()).await.expect("can be looked for"), "refused before it is made");
    assert!(restored.replay(&["restore", "--from", &folder]).await.status.success());

    refused(&restored.replay(&["--keys", &apart.keys, "erase", "ana", "--yes"]).await, "are those of the log");
    let said = restored.refuses_to_start().await;
    assert!(said.contains("there are no keys at"), "{said}");
    let Some(second) = Apart::spoken(Backend::Sqlite).await else { return };
    let foreign = second.place("foreign.jsonl");
    assert_eq!(second.replay(&["backup", "--keys-to", &foreign]).await.1, Some(0));
    refused(&restored.replay(&["restore", "--keys-from", &foreign]).await, "not one word");
    assert!(!has_keys_beside(&place).await);

    let (back, code) = report(&restored, &["restore", "--keys-from", &copy, "--json"]).await;
    assert_eq!((code, &back["keys"]["new"]), (Some(0), &json!(2)), "{back}");
    assert!(restored.replay(&["erase", "ana", "--yes"]).await.status.success());
    assert!(apart.words().await.contains("rahasia-ana-1"), "the original has its own");
    let running = restored.start().await;
    assert!(running.stop().await.success());
    restored.verify_is_clean().await;
}

/// The disk of the log died, that of the keys did not.
async fn keys_of_a_log_that_is_gone_are_taken_over(backend: Backend) {
    let (Some(apart), Some(place)) = (Apart::spoken(backend).await, backend.store().await) else { return };
    let folder = apart.place("backup");
    assert_eq!(apart.replay(&["backup", "--to", &folder]).await.1, Some(0));
    let restored = Installation::new(&place.url()).with("KABAR__DATABASE__KEYS_URL", &apart.keys);
    let adopt = ["--keys", &apart.keys, "restore", "--from", &folder, "--adopt-keys"];
    let taken = restored.replay(&adopt).await;
    assert!(taken.status.success(), "{taken:?}");
    let running = restored.start().await;
    assert!(running.stop().await.success());
    assert_eq!(report(&restored, &["--keys", &apart.keys, "--json", "doctor"]).await.1, Some(0));
    refused(
        &apart.installation.replay(&["--keys", &apart.keys, "erase", "ana", "--yes"]).await,
        "are those of the log",
    );
}

async fn a_key_that_was_dropped_without_an_erasure_is_found(backend: Backend) {
    let Some(apart) = Apart::spoken(backend).await else { return };
    let keys = rusqlite::Connection::open(Path::new(&apart.place("keys")).join("keys.db")).expect("opens");
    keys.execute("UPDATE keys SET secret = NULL WHERE owner = 'ben'", []).expect("dropped");
    drop(keys);
    let (found, code) = apart.replay(&["doctor"]).await;
    assert_eq!(code, Some(1), "{found}");
    finding(&found, "words under a key that was dropped, and no erasure names it", &["ben: 3 events"]);
    assert_eq!(found["keys"]["dropped_without_erasure"], json!({"users": 1, "events": 3}));
    assert_eq!(found["keys"]["erased"]["users"], json!(0));
}

async fn head(apart: &Apart) -> String {
    apart.replay(&["doctor"]).await.0["head"].to_string()
}

/// As messages show it.
fn shown(store: &TestStore) -> String {
    store.store_url().to_string()
}

async fn has_keys_beside(store: &TestStore) -> bool {
    match store {
        TestStore::Sqlite(folder) => folder.path().join("keys.db").exists(),
        TestStore::Postgres(_) => {
            let there = sqlx::query_scalar("SELECT to_regnamespace('kabar_keys') IS NOT NULL");
            there.fetch_one(&mut store.superuser().await).await.expect("an answer")
        }
    }
}
