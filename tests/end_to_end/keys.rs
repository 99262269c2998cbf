//! Keys in a place of their own: what is lost without them, how they come back, and what an erasure leaves of them.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::backend::Backend;
use crate::support::person::{Person, client};
use crate::support::running::Installation;

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn keys_kept_elsewhere_are_lost_restored_and_erased_on_sqlite() {
    keys_kept_elsewhere_are_lost_restored_and_erased(Backend::Sqlite).await;
}

#[tokio::test]
async fn keys_kept_elsewhere_are_lost_restored_and_erased_on_postgres() {
    keys_kept_elsewhere_are_lost_restored_and_erased(Backend::Postgres).await;
}

/// A store whose keys are elsewhere.
struct Apart {
    installation: Installation,
    keys: String,
}

impl Apart {
    async fn replay(&self, arguments: &[&str]) -> (Value, Option<i32>) {
        let all = [&["--keys", &self.keys, "--json"], arguments].concat();
        report(&self.installation, &all).await
    }

    /// Everything in the log that can be read.
    async fn words(&self) -> String {
        let tail =
            self.installation.replay(&["--keys", &self.keys, "tail", "--from", "0", "--no-follow", "--json"]).await;
        assert!(tail.status.success());
        String::from_utf8(tail.stdout).expect("text")
    }
}

async fn report(installation: &Installation, arguments: &[&str]) -> (Value, Option<i32>) {
    let output = installation.replay(arguments).await;
    let report = serde_json::from_slice(&output.stdout);
    let report = report.unwrap_or_else(|_| panic!("no report: {}", String::from_utf8_lossy(&output.stderr)));
    (report, output.status.code())
}

/// The keys of one engine, the log of the other as well as of its own: a file serves both.
async fn keys_kept_elsewhere_are_lost_restored_and_erased(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    let safe = tempfile::tempdir().expect("a folder");
    let keys = format!("sqlite:{}", safe.path().join("keys").display());
    let installation = Installation::new(&store.url()).with("KABAR__DATABASE__KEYS_URL", &keys);
    spoken(&installation).await;
    let apart = Apart { installation, keys };

    let (clean, code) = apart.replay(&["doctor"]).await;
    assert_eq!(
        (code, &clean["keys"]["lost"]["events"], &clean["clean"]),
        (Some(0), &json!(0), &json!(true)),
        "{clean}"
    );
    // Beside the log there are none.
    let (without, code) = report(&apart.installation, &["doctor", "--json"]).await;
    assert_eq!((code, &without["keys"]["lost"]["users"]), (Some(1), &json!(2)), "{without}");
    lost_are(&without, &["ana: 5 events", "ben: 3 events"]);

    let copy = safe.path().join("copy.jsonl").display().to_string();
    let (made, code) = apart.replay(&["backup", "--keys-to", &copy]).await;
    assert_eq!((code, &made["keys"]["keys"]), (Some(0), &json!(2)), "{made}");
    std::fs::remove_dir_all(safe.path().join("keys")).expect("lost");
    let (lost, code) = apart.replay(&["doctor"]).await;
    assert_eq!((code, &lost["keys"]["lost"]), (Some(1), &json!({"users": 2, "events": 8})), "{lost}");
    assert!(!Path::new(&safe.path().join("keys")).exists(), "looking makes nothing");
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

    // Told of the wrong keys, an erasure is an erasure all the same: it names the key that it found in the log.
    let (wrong, _) = report(&apart.installation, &["erase", "ben", "--yes", "--json"]).await;
    assert_eq!((&wrong["erased"], &wrong["unreadable"]["lost_before"]), (&json!(true), &json!(3)), "{wrong}");
    assert!(!apart.words().await.contains("rahasia-ben"));
    assert_eq!(apart.replay(&["doctor"]).await.0["keys"]["erased"]["users"], json!(2));
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

#[track_caller]
fn lost_are(report: &Value, wanted: &[&str]) {
    let findings = report["findings"].as_array().expect("findings");
    let lost = findings.iter().find(|finding| finding["what"] == "words cannot be read: their key is lost");
    let examples = lost.expect("it is found")["examples"].to_string();
    assert!(wanted.iter().all(|one| examples.contains(one)), "{wanted:?} are not all in {examples}");
}
