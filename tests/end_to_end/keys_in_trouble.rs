//! What goes wrong around keys: a crash while one is made, keys of another log, a change under a running server, a full
//! disk. And that what is advised then works.

use std::path::Path;
use std::time::Duration;

use aggregates::KeyId;
use event_log::sealing::keys::Kept;
use event_log::{Sealing, StoreUrl};
use serde_json::json;

use crate::keys::{Apart, report};
use crate::support::answers::{complaint, refused};
use crate::support::backend::{Backend, TestStore};
use crate::support::damage;
use crate::support::person::{Person, client};
use crate::support::running::Installation;

const PATIENCE: Duration = Duration::from_secs(20);

on_both_engines! {
    only_a_log_s_own_keys_come_back:
        only_a_log_s_own_keys_come_back_on_sqlite,
        only_a_log_s_own_keys_come_back_on_postgres;
    of_keys_of_a_copy_no_other_one_seals:
        of_keys_of_a_copy_no_other_one_seals_on_sqlite,
        of_keys_of_a_copy_no_other_one_seals_on_postgres;
    nothing_is_changed_under_a_running_server:
        nothing_is_changed_under_a_running_server_on_sqlite,
        nothing_is_changed_under_a_running_server_on_postgres;
    keys_that_are_not_in_the_backup_are_said_to_be_lost:
        keys_that_are_not_in_the_backup_are_said_to_be_lost_on_sqlite,
        keys_that_are_not_in_the_backup_are_said_to_be_lost_on_postgres;
    keys_of_a_log_that_was_replaced_are_dealt_with_as_advised:
        keys_of_a_log_that_was_replaced_are_dealt_with_as_advised_on_sqlite,
        keys_of_a_log_that_was_replaced_are_dealt_with_as_advised_on_postgres;
}

/// kill -9 in the middle of a commit: the file is half written, and its journal says how it was.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_while_a_key_is_made_locks_nobody_out() {
    let Some(apart) = Apart::spoken(Backend::Sqlite).await else { return };
    let keys = Path::new(&apart.place("keys")).join("keys.db");
    damage::leave_half_written(&keys, "INSERT INTO keys VALUES (printf('%022d', ?1), 'half-' || ?1, randomblob(32))");
    let (clean, code) = apart.replay(&["doctor"]).await;
    assert_eq!((code, &clean["clean"]), (Some(0), &json!(true)), "{clean}");
    damage::leave_half_written(&keys, "INSERT INTO keys VALUES (printf('%022d', ?1), 'half-' || ?1, randomblob(32))");
    let running = apart.installation.start().await;
    assert!(running.stop().await.success());
    assert!(apart.words().await.contains("rahasia-ana-2"));
    let half = "SELECT count(*) FROM keys WHERE owner LIKE 'half-%'";
    assert_eq!(count(&keys, half), 0, "what was not committed is not there");
}

/// More keys than are taken at a time, and it dies on the way: the log does not open with a part of them.
#[tokio::test(flavor = "multi_thread")]
async fn a_restore_of_keys_that_dies_leaves_none() {
    let Some(apart) = Apart::spoken(Backend::Sqlite).await else { return };
    let kept = |number: usize| Kept {
        owner: aggregates::ids::UserId::parse(&format!("user-{number}")).expect("an id"),
        id: KeyId::parse(&format!("{number:022}")).expect("an id"),
        secret: Some([7; 32]),
        seals: true,
    };
    let place = StoreUrl::parse(&apart.keys).expect("a place");
    let sealing = Sealing::open(&place).await.expect("keys");
    sealing.bring_in((0..2_500).map(kept).collect()).await.expect("brought in");
    sealing.close().await;
    let copy = apart.place("copy.jsonl");
    assert_eq!(apart.replay(&["backup", "--keys-to", &copy]).await.0["keys"]["keys"], json!(2_502));
    std::fs::remove_dir_all(apart.place("keys")).expect("lost");
    Sealing::open(&place).await.expect("made anew").close().await;
    let file = Path::new(&apart.place("keys")).join("keys.db");
    let dies = |table: &str| {
        format!(
            "CREATE TRIGGER dies_{table} BEFORE INSERT ON {table}
             WHEN (SELECT count(*) FROM keys) + (SELECT count(*) FROM older_keys) >= 2400
             BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END;"
        )
    };
    let triggers = rusqlite::Connection::open(&file).expect("opens");
    triggers.execute_batch(&[dies("keys"), dies("older_keys")].concat()).expect("made");
    let died = apart.installation.replay(&["--keys", &apart.keys, "restore", "--keys-from", &copy]).await;
    assert!(!died.status.success() && complaint(&died).contains("disk I/O error"), "{died:?}");
    let all = "SELECT (SELECT count(*) FROM keys) + (SELECT count(*) FROM older_keys)";
    assert_eq!(count(&file, all), 0);
    assert!(apart.installation.refuses_to_start().await.contains("there are no keys at"));
    triggers.execute_batch("DROP TRIGGER dies_keys; DROP TRIGGER dies_older_keys").expect("dropped");
    let (back, code) = apart.replay(&["restore", "--keys-from", &copy]).await;
    assert_eq!((code, &back["keys"]["new"]), (Some(0), &json!(2_502)), "{back}");
    assert!(apart.words().await.contains("rahasia-ben-1"));
}

async fn only_a_log_s_own_keys_come_back(backend: Backend) {
    let (Some(apart), Some(second)) = (Apart::spoken(backend).await, Apart::spoken(backend).await) else { return };
    let foreign = second.place("foreign.jsonl");
    assert_eq!(second.replay(&["backup", "--keys-to", &foreign]).await.1, Some(0));
    let first_line = std::fs::read_to_string(&foreign).expect("lines");
    assert!(first_line.lines().next().expect("a line").contains("log_id"), "it says of which log it is");
    // A healthy log, and one whose words are all of people who have other keys.
    let answer = apart.installation.replay(&["--keys", &apart.keys, "restore", "--keys-from", &foreign]).await;
    refused(&answer, "not one word");
    assert!(complaint(&answer).contains("they are those of the log"), "{}", complaint(&answer));
    let owners = |place: &str| count(&Path::new(&apart.place(place)).join("keys.db"), "SELECT count(*) FROM keys");
    assert_eq!(owners("keys"), 2);
    assert_eq!(apart.replay(&["doctor"]).await.1, Some(0));
    // A log that has its keys and no word yet needs none of another's.
    let Some(empty) = backend.store().await else { return };
    let empty = Installation::new(&empty.url());
    assert!(empty.start().await.stop().await.success());
    refused(&empty.replay(&["restore", "--keys-from", &foreign]).await, "not one word");
}

/// A copy goes its own way: whoever came there has no business here, and whoever was erased there was not erased here.
async fn of_keys_of_a_copy_no_other_one_seals(backend: Backend) {
    let (Some(apart), Some(place)) = (Apart::spoken(backend).await, backend.store().await) else { return };
    let (folder, copy) = (apart.place("backup"), apart.place("copy.jsonl"));
    assert_eq!(apart.replay(&["backup", "--to", &folder, "--keys-to", &copy]).await.1, Some(0));
    let restored = Installation::new(&place.url());
    let elsewhere = format!("sqlite:{}", apart.place("copied"));
    let mine = |arguments: &[&'static str]| [&["--keys", elsewhere.as_str(), "--json"], arguments].concat();
    let brought = ["--keys", &elsewhere, "--json", "restore", "--from", &folder, "--keys-from", &copy];
    assert_eq!(report(&restored, &brought).await.1, Some(0));
    let restored = restored.with("KABAR__DATABASE__KEYS_URL", &elsewhere);
    let running = restored.start().await;
    Person::new(&client(PATIENCE), restored.address, "eva").shows_up().await;
    assert!(running.stop().await.success());
    assert!(restored.replay(&mine(&["erase", "ben", "--yes"])).await.status.success());
    let theirs = apart.place("theirs.jsonl");
    let written = restored.replay(&["--keys", &elsewhere, "backup", "--keys-to", &theirs]).await;
    assert!(written.status.success(), "{written:?}");

    let (back, code) = apart.replay(&["restore", "--keys-from", &theirs]).await;
    assert_eq!((code, &back["keys"]["new"]), (Some(0), &json!(0)), "{back}");
    assert!(apart.words().await.contains("rahasia-ben-1"), "ben was erased in the copy alone");
    // A second copy, which has no keys yet, takes all of them; eva's seals nothing in it.
    let Some(third) = backend.store().await else { return };
    let (third, keys) = (Installation::new(&third.url()), format!("sqlite:{}", apart.place("third")));
    let brought = ["--keys", &keys, "--json", "restore", "--from", &folder, "--keys-from", &theirs];
    let (back, code) = report(&third, &brought).await;
    assert_eq!(code, Some(0), "{back}");
    let file = Path::new(&apart.place("third")).join("keys.db");
    assert_eq!(count(&file, "SELECT count(*) FROM keys WHERE owner = 'eva'"), 0);
    assert_eq!(count(&file, "SELECT count(*) FROM older_keys WHERE owner = 'eva'"), 1);
}

async fn nothing_is_changed_under_a_running_server(backend: Backend) {
    let Some(apart) = Apart::spoken(backend).await else { return };
    let running = apart.installation.start().await;
    let copy = apart.place("copy.jsonl");
    assert_eq!(apart.replay(&["backup", "--keys-to", &copy]).await.1, Some(0), "a backup is none of its business");
    let new_place = format!("sqlite:{}", apart.place("new"));
    let wishes: [&[&str]; 4] = [
        &["restore", "--keys-from", &copy],
        &["rebuild", "--all", "--keys-lost"],
        &["erase", "ana", "--yes", "--keys-lost"],
        &["restore", "--keys-lost"],
    ];
    for wish in wishes {
        let answer = apart.installation.replay(&[&["--keys", &new_place], wish].concat()).await;
        refused(&answer, "is open in a running program");
    }
    refused(
        &apart.installation.replay(&["--keys", &apart.keys, "restore", "--keys-from", &copy]).await,
        "is open in a running program",
    );
    // Nor are the keys that it uses given to another log.
    let (Some(place), folder) = (backend.store().await, apart.place("backup")) else { return };
    assert_eq!(apart.replay(&["backup", "--to", &folder]).await.1, Some(0));
    let adopt = ["--keys", &apart.keys, "restore", "--from", &folder, "--adopt-keys"];
    refused(&Installation::new(&place.url()).replay(&adopt).await, "the place of keys at");
    assert!(!Path::new(&apart.place("new")).exists(), "nothing is made");
    assert!(apart.words().await.contains("rahasia-ana-2"));

    // The way that is written down.
    assert!(running.stop().await.success());
    let moved = apart.installation.replay(&["--keys", &new_place, "restore", "--keys-from", &copy]).await;
    assert!(moved.status.success(), "{moved:?}");
    refused(&apart.installation.replay(&["--keys", &apart.keys, "verify"]).await, "are not those of the log");
    let moved = Installation::new(&apart.store.url()).with("KABAR__DATABASE__KEYS_URL", &new_place);
    assert!(moved.start().await.stop().await.success());
}

async fn keys_that_are_not_in_the_backup_are_said_to_be_lost(backend: Backend) {
    let Some(apart) = Apart::spoken(backend).await else { return };
    let copy = apart.place("copy.jsonl");
    assert_eq!(apart.replay(&["backup", "--keys-to", &copy]).await.1, Some(0));
    let running = apart.installation.start().await;
    let eva = Person::new(&client(PATIENCE), apart.installation.address, "eva");
    eva.creates_group("rahasia-eva").await;
    assert!(running.stop().await.success());
    std::fs::remove_dir_all(apart.place("keys")).expect("lost");
    let (back, code) = apart.replay(&["restore", "--keys-from", &copy]).await;
    let lost = &back["keys"]["lost"];
    assert_eq!((code, &lost["users"], &lost["events"]), (Some(1), &json!(1), &json!(2)), "{back}");
    assert!(lost["first"].to_string().contains("eva: 2 events"), "{back}");
    let told = apart.installation.replay(&["--keys", &apart.keys, "restore", "--keys-from", &copy]).await;
    let said = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.status.code() == Some(1) && said.contains("2 events of 1 users cannot be read"), "{told:?}");
    // All there is: it goes on.
    assert!(apart.installation.start().await.stop().await.success());
}

/// Keys beside the log, as most have them, and another log in its place.
async fn keys_of_a_log_that_was_replaced_are_dealt_with_as_advised(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    let safe = tempfile::tempdir().expect("a folder");
    let place = |name: &str| safe.path().join(name).display().to_string();
    let installation = Installation::new(&store.url());
    let running = installation.start().await;
    Person::new(&client(PATIENCE), installation.address, "ana").shows_up().await;
    assert!(running.stop().await.success());
    let (folder, copy) = (place("backup"), place("copy.jsonl"));
    let backed_up = installation.replay(&["backup", "--to", &folder, "--keys-to", &copy]).await;
    assert!(backed_up.status.success(), "{backed_up:?}");

    remove_log(&store).await;
    let said = installation.refuses_to_start().await;
    assert!(said.contains("--from DIR --adopt-keys") && said.contains("an empty place"), "{said}");
    let restored = installation.replay(&["restore", "--from", &folder]).await;
    assert!(restored.status.success(), "{restored:?}");
    let said = installation.refuses_to_start().await;
    assert!(said.contains("--adopt-keys") && said.contains("--keys PLACE --keys-from FILE"), "{said}");
    assert!(said.contains("away") || said.contains("rename"), "{said}");
    // An empty place.
    let elsewhere = format!("sqlite:{}", place("elsewhere"));
    let filled = installation.replay(&["restore", "--keys", &elsewhere, "--keys-from", &copy]).await;
    assert!(filled.status.success(), "{filled:?}");
    assert!(installation.replay(&["rebuild", "--all", "--keys", &elsewhere]).await.status.success());
    let moved = Installation::new(&store.url()).with("KABAR__DATABASE__KEYS_URL", &elsewhere);
    assert!(moved.start().await.stop().await.success());

    // Once more, and now the keys that are there.
    remove_log(&store).await;
    let adopted = installation.replay(&["restore", "--from", &folder, "--adopt-keys"]).await;
    assert!(adopted.status.success(), "{adopted:?}");
    assert!(installation.replay(&["rebuild", "--all"]).await.status.success());
    assert!(installation.start().await.stop().await.success());

    // Begun anew on purpose.
    remove_log(&store).await;
    match &store {
        TestStore::Sqlite(folder) => {
            std::fs::rename(folder.path().join("keys.db"), place("keys.db")).expect("moved away");
        }
        TestStore::Postgres(_) => {
            damage::log(&store, "ALTER SCHEMA kabar_keys RENAME TO kabar_keys_before").await;
        }
    }
    // The views are of the log before; whoever begins anew makes them anew.
    let said = installation.refuses_to_start().await;
    assert!(said.contains("rebuild"), "{said}");
    assert!(installation.replay(&["rebuild", "--all"]).await.status.success());
    assert!(installation.start().await.stop().await.success());
}

/// Also without `--from`: the log is there, restored without its keys.
#[tokio::test(flavor = "multi_thread")]
async fn lost_keys_are_given_up_in_a_restored_log() {
    let Some(apart) = Apart::spoken(Backend::Sqlite).await else { return };
    let (folder, copied) = (apart.place("backup"), format!("sqlite:{}", apart.place("restored")));
    assert_eq!(apart.replay(&["backup", "--to", &folder]).await.1, Some(0));
    let restored = Installation::new(&copied);
    let told = restored.replay(&["restore", "--from", &folder]).await;
    assert!(String::from_utf8_lossy(&told.stdout).contains("`replay restore --keys-lost --database "), "{told:?}");
    let given_up = restored.replay(&["restore", "--keys-lost"]).await;
    assert!(given_up.status.success() && complaint(&given_up).contains("has new keys"), "{given_up:?}");
    assert!(restored.start().await.stop().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn why_a_key_cannot_be_made_is_said() {
    let Some(apart) = Apart::spoken(Backend::Sqlite).await else { return };
    let running = apart.installation.start().await;
    let keys = rusqlite::Connection::open(Path::new(&apart.place("keys")).join("keys.db")).expect("opens");
    let full = "CREATE TRIGGER full BEFORE INSERT ON keys BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END";
    keys.execute_batch(full).expect("made");
    let eva = Person::new(&client(PATIENCE), apart.installation.address, "eva");
    eva.get("/api/chat/rooms").await.ok();
    let why = |line: &str| {
        ["could not be filled", "keys that words are sealed with", "disk is full"]
            .iter()
            .all(|said| line.contains(said))
    };
    running.says("why", why).await;
    assert!(!running.said().contains("in time"), "{}", running.said());
    drop(keys);
    assert!(running.stop().await.success());
}

fn count(file: &Path, sql: &str) -> i64 {
    let connection = rusqlite::Connection::open(file).expect("opens");
    connection.query_row(sql, [], |row| row.get(0)).expect("a number")
}

/// All of it, and neither keys nor views.
async fn remove_log(store: &TestStore) {
    match store {
        TestStore::Sqlite(folder) => {
            for name in ["log.db", "log.db-wal", "log.db-shm"] {
                let file = folder.path().join(name);
                if file.exists() {
                    std::fs::remove_file(file).expect("removed");
                }
            }
        }
        TestStore::Postgres(_) => {
            damage::log(
                store,
                "DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT ALL ON SCHEMA public TO public",
            )
            .await;
        }
    }
}
