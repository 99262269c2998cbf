//! Keys in a place of their own: what is lost without them, how they come back, and what an erasure leaves of them.

use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::answers::{complaint, refused};
use crate::support::backend::{Backend, TestStore};
use crate::support::person::{Person, client};
use crate::support::running::Installation;

const PATIENCE: Duration = Duration::from_secs(20);

on_both_engines! {
    keys_kept_elsewhere_are_lost_restored_and_erased:
        keys_kept_elsewhere_are_lost_restored_and_erased_on_sqlite,
        keys_kept_elsewhere_are_lost_restored_and_erased_on_postgres;
    keys_in_a_database_of_their_own:
        keys_in_a_database_of_their_own_beside_sqlite,
        keys_in_a_database_of_their_own_beside_postgres;
}

/// A store whose keys are elsewhere.
pub struct Apart {
    pub store: TestStore,
    pub installation: Installation,
    pub keys: String,
    pub safe: TempDir,
}

impl Apart {
    /// Keys in a folder, whatever engine the log is on.
    pub async fn spoken(backend: Backend) -> Option<Self> {
        let safe = tempfile::tempdir().expect("a folder");
        let keys = format!("sqlite:{}", safe.path().join("keys").display());
        Self::spoken_with(backend.store().await?, keys, safe).await
    }

    async fn spoken_with(store: TestStore, keys: String, safe: TempDir) -> Option<Self> {
        let installation = Installation::new(&store.url()).with("KABAR__DATABASE__KEYS_URL", &keys);
        spoken(&installation).await;
        Some(Self { store, installation, keys, safe })
    }

    /// A file or folder beside the keys.
    pub fn place(&self, name: &str) -> String {
        self.safe.path().join(name).display().to_string()
    }

    pub async fn replay(&self, arguments: &[&str]) -> (Value, Option<i32>) {
        let all = [&["--keys", &self.keys, "--json"], arguments].concat();
        report(&self.installation, &all).await
    }

    /// Everything in the log that can be read.
    pub async fn words(&self) -> String {
        let tail =
            self.installation.replay(&["--keys", &self.keys, "tail", "--from", "0", "--no-follow", "--json"]).await;
        assert!(tail.status.success());
        String::from_utf8(tail.stdout).expect("text")
    }
}

pub async fn report(installation: &Installation, arguments: &[&str]) -> (Value, Option<i32>) {
    let output = installation.replay(arguments).await;
    let report = serde_json::from_slice(&output.stdout);
    let report = report.unwrap_or_else(|_| panic!("no report: {}", String::from_utf8_lossy(&output.stderr)));
    (report, output.status.code())
}

/// The keys of one engine, the log of the other as well as of its own: a file serves both.
async fn keys_kept_elsewhere_are_lost_restored_and_erased(backend: Backend) {
    let Some(apart) = Apart::spoken(backend).await else { return };
    let (clean, code) = apart.replay(&["doctor"]).await;
    assert_eq!(
        (code, &clean["keys"]["lost"]["events"], &clean["clean"]),
        (Some(0), &json!(0), &json!(true)),
        "{clean}"
    );
    // Beside the log there are none.
    let (without, code) = report(&apart.installation, &["doctor", "--json"]).await;
    assert_eq!((code, &without["keys"]["lost"]["users"]), (Some(1), &json!(2)), "{without}");
    finding(&without, "words cannot be read: their key is lost", &["ana: 5 events", "ben: 3 events"]);
    finding(&without, "these are not the keys of this log", &["none"]);

    let copy = apart.place("copy.jsonl");
    let (made, code) = apart.replay(&["backup", "--keys-to", &copy]).await;
    assert_eq!((code, &made["keys"]["keys"]), (Some(0), &json!(2)), "{made}");
    std::fs::remove_dir_all(apart.safe.path().join("keys")).expect("lost");
    let (lost, code) = apart.replay(&["doctor"]).await;
    assert_eq!((code, &lost["keys"]["lost"]), (Some(1), &json!({"users": 2, "events": 8})), "{lost}");
    assert!(!apart.safe.path().join("keys").exists(), "looking makes nothing");
    let (back, code) = apart.replay(&["restore", "--keys-from", &copy]).await;
    assert_eq!((code, &back["keys"]["new"]), (Some(0), &json!(2)), "{back}");
    assert_eq!(apart.replay(&["doctor"]).await.1, Some(0));
    assert!(apart.words().await.contains("rahasia-ana-2"));

    erased_stay_erased(&apart, &copy).await;
}

async fn erased_stay_erased(apart: &Apart, copy: &str) {
    let (erased, code) = apart.replay(&["erase", "ana", "--yes", "--show", "2"]).await;
    assert_eq!(code, Some(0), "{erased}");
    let unreadable = &erased["unreadable"];
    let by_kind = json!({"message_sent": 3, "room_opened": 1, "user_registered": 1});
    assert_eq!((&unreadable["total"], &unreadable["by_kind"]), (&json!(5), &by_kind), "{erased}");
    let first: Vec<_> = unreadable["first"].as_array().expect("named").iter().map(|one| &one["kind"]).collect();
    assert_eq!(first, ["user_registered", "room_opened"], "in the order of the log, as many as asked for");
    assert_eq!(unreadable["first"][0]["id"], "ana");
    let (again, _) = apart.replay(&["erase", "ana", "--yes"]).await;
    assert_eq!((&again["erased"], &again["unreadable"]["total"]), (&json!(false), &json!(0)));
    assert_eq!(again["unreadable"]["erased_before"], json!(5));

    // An old backup of the keys brings nobody back.
    let (back, _) = apart.replay(&["restore", "--keys-from", copy]).await;
    assert_eq!(back["keys"]["new"], json!(0), "{back}");
    std::fs::remove_dir_all(apart.keys.strip_prefix("sqlite:").expect("a folder")).expect("lost");
    assert_eq!(apart.replay(&["restore", "--keys-from", copy]).await.0["keys"]["new"], json!(2));
    let words = apart.words().await;
    assert!(!words.contains("rahasia-ana") && words.contains("rahasia-ben-1"));
    let (doctor, code) = apart.replay(&["doctor"]).await;
    let told = (&doctor["keys"]["erased"], &doctor["keys"]["lost"]["events"]);
    assert_eq!((code, told), (Some(0), (&json!({"users": 1, "events": 5}), &json!(0))), "{doctor}");

    // Told of no keys where there are some, it erases nobody, and does not say that it did.
    let wrong = apart.installation.replay(&["erase", "ben", "--yes", "--json"]).await;
    refused(&wrong, "their key is NOT dropped here");
    assert!(!complaint(&wrong).contains("is dropped"), "{}", complaint(&wrong));
    assert!(apart.words().await.contains("rahasia-ben-1"));
}

/// In a database that has nothing else, all the way.
async fn keys_in_a_database_of_their_own(backend: Backend) {
    let (Some(store), Some(other)) = (backend.store().await, Backend::Postgres.store_of_its_own().await) else {
        return;
    };
    let safe = tempfile::tempdir().expect("a folder");
    let Some(apart) = Apart::spoken_with(store, other.url(), safe).await else { return };
    assert_eq!(apart.replay(&["doctor"]).await.1, Some(0));
    assert!(apart.words().await.contains("rahasia-ana-2"));
    refused(&apart.installation.replay(&["rebuild", "--all"]).await, "there are no keys at");
    let copy = apart.place("copy.jsonl");
    assert_eq!(apart.replay(&["backup", "--keys-to", &copy]).await.0["keys"]["keys"], json!(2));
    drop_schema(&other).await;
    let (lost, code) = apart.replay(&["doctor"]).await;
    assert_eq!((code, &lost["keys"]["lost"]["users"]), (Some(1), &json!(2)), "{lost}");
    let (back, code) = apart.replay(&["restore", "--keys-from", &copy]).await;
    assert_eq!((code, &back["keys"]["new"]), (Some(0), &json!(2)), "{back}");
    let (erased, code) = apart.replay(&["erase", "ana", "--yes"]).await;
    assert_eq!((code, &erased["dropped_here"]), (Some(0), &json!(true)), "{erased}");
    let words = apart.words().await;
    assert!(!words.contains("rahasia-ana") && words.contains("rahasia-ben-1"));
    let running = apart.installation.start().await;
    assert!(running.stop().await.success());
    assert_eq!(apart.replay(&["verify", "--all"]).await.1, Some(0));
}

async fn drop_schema(place: &TestStore) {
    use sqlx::Executor;
    place.superuser().await.execute("DROP SCHEMA kabar_keys CASCADE").await.expect("dropped");
}

/// Ana is heard five times: she came, opened a group and said three things; ben three times.
async fn spoken(installation: &Installation) {
    let running = installation.start().await;
    let http = client(PATIENCE);
    let [ana, ben] = ["ana", "ben"].map(|id| Person::new(&http, installation.address, id));
    ana.shows_up().await;
    ben.shows_up().await;
    let room = ana.creates_group("rahasia-ana-0").await;
    ben.joins(&room).await;
    for number in 1..=3 {
        ana.sends(&room, &format!("rahasia-ana-{number}")).await;
    }
    for number in 1..=2 {
        ben.sends(&room, &format!("rahasia-ben-{number}")).await;
    }
    assert!(running.stop().await.success());
}

/// The examples of what was found.
#[track_caller]
pub fn finding(report: &Value, what: &str, wanted: &[&str]) {
    let findings = report["findings"].as_array().expect("findings");
    let found = findings.iter().find(|finding| finding["what"] == what);
    let examples = found.unwrap_or_else(|| panic!("{what:?} is not found: {report}"))["examples"].to_string();
    assert!(wanted.iter().all(|one| examples.contains(one)), "{wanted:?} are not all in {examples}");
}
