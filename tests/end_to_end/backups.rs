//! `replay backup` beside a server under load, and what `replay restore` makes of it, from every engine into every engine.

use std::path::Path;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aggregates::DomainEvent;
use aggregates::notification::NotificationEvent;
use event_log::{PositionToken, RecordedEvent};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::importing::{log_of, long_chat};
use crate::support::answers::{refused, report};
use crate::support::backend::{Backend, TestStore};
use crate::support::naive::{Rooms, whole_log};
use crate::support::person::{Person, client, number, text, two_in_a_room};
use crate::support::running::{Installation, announce};

const PATIENCE: Duration = Duration::from_secs(20);
const SENDERS: usize = 6;
/// Of a restore, until one is met in the middle.
const KILLS_MAX: usize = 20;
/// Answered before the backup begins: the load is under way.
const WARM_UP: usize = 60;

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_sqlite_under_load_is_whole_in_sqlite() {
    a_backup_under_load_is_whole(Backend::Sqlite, Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_sqlite_under_load_is_whole_in_postgres() {
    a_backup_under_load_is_whole(Backend::Sqlite, Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_postgres_under_load_is_whole_in_sqlite() {
    a_backup_under_load_is_whole(Backend::Postgres, Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_postgres_under_load_is_whole_in_postgres() {
    a_backup_under_load_is_whole(Backend::Postgres, Backend::Postgres).await;
}

async fn a_backup_under_load_is_whole(of: Backend, into: Backend) {
    let (Some(store), Some(place)) = (of.store().await, into.store().await) else { return };
    let taken = Taken::under_load(&store).await;
    let restored = Installation::new(&place.url());
    let made = report(&restore(&restored, &taken.folder()).await, 0);
    assert_eq!(made["restored_log_id"], taken.report["log_id"]);
    taken.words_are_lost_until_the_keys_are_back(&restored).await;
    assert_ne!(made["log_id"], taken.report["log_id"], "a log of its own");
    let head = number(&taken.report["head"]);

    let log = place.open().await;
    let events = whole_log(&*log).await;
    assert_eq!(log.id().to_string(), text(&made["log_id"]));
    log.close().await;
    assert_eq!(events.last().map(|last| last.position.0), Some(head));
    let rooms = Rooms::of(&events);
    rooms.assert_gapless();
    let by_id = rooms.by_id();
    let before: Vec<_> = taken.answered.iter().filter(|answered| answered.position <= head).collect();
    assert!(before.len() >= WARM_UP && before.len() < taken.answered.len(), "the load went on before and after");
    for answered in before {
        assert_eq!(by_id[&answered.id.parse().expect("an id")].position.0, answered.position);
    }

    let running = restored.start().await;
    let http = client(PATIENCE);
    let [ana, cici] = ["ana", "cici"].map(|id| Person::new(&http, restored.address, id));
    // The views are made anew meanwhile: nobody is shown less than they ask for.
    let whole = format!("{}-{head}", text(&made["log_id"]));
    ana.get(&format!("/api/notifications?after={whole}")).await.ok();
    taken.old_positions_mean_reload(&ana, &whole).await;
    assert_eq!(ana.notifications().await, 1, "what was notified before the backup is not notified again");
    cici.post("/api/users/ana/follow?on=true", json!({})).await.ok();
    are_notified(&ana, 2).await;
    assert!(running.stop().await.success());
    restored.verify_is_clean().await;
    let log = place.open().await;
    let raised =
        |event: &DomainEvent| matches!(event, DomainEvent::Notification(NotificationEvent::NotificationRaised(_)));
    assert_eq!(whole_log(&*log).await.iter().filter(|recorded| raised(&recorded.event)).count(), 2);
    log.close().await;
    let doctor = restored.replay(&["doctor"]).await;
    assert_eq!(doctor.status.code(), Some(0), "{doctor:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_is_not_empty_and_a_damaged_backup_are_refused_on_sqlite() {
    a_place_that_is_not_empty_and_a_damaged_backup_are_refused(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_is_not_empty_and_a_damaged_backup_are_refused_on_postgres() {
    a_place_that_is_not_empty_and_a_damaged_backup_are_refused(Backend::Postgres).await;
}

async fn a_place_that_is_not_empty_and_a_damaged_backup_are_refused(backend: Backend) {
    let (Some(store), Some(first), Some(second)) =
        (backend.store().await, backend.store().await, backend.store().await)
    else {
        return;
    };
    let taken = Taken::under_load(&store).await;
    let source = Installation::new(&store.url());
    refused(&restore(&source, &taken.folder()).await, "not an empty place");
    let again = source.replay(&["backup", "--to", &taken.folder()]).await;
    assert_eq!(again.status.code(), Some(2), "a backup is never written over: {again:?}");

    let [first, second] = [&first, &second].map(|place| Installation::new(&place.url()));
    let cut = Path::new(&taken.folder()).join("log.jsonl.gz");
    let whole = std::fs::read(&cut).expect("readable");
    std::fs::write(&cut, &whole[..whole.len() - 10]).expect("written");
    refused(&restore(&first, &taken.folder()).await, "damaged");
    std::fs::write(&cut, &whole).expect("written");
    let ids = [
        report(&restore(&first, &taken.folder()).await, 0)["log_id"].clone(),
        report(&restore(&second, &taken.folder()).await, 0)["log_id"].clone(),
    ];
    assert_ne!(ids[0], ids[1], "two restores are two logs");
    refused(&restore(&first, &taken.folder()).await, "not an empty place");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_log_comes_back_event_by_event_on_sqlite() {
    a_long_log_comes_back_event_by_event(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_log_comes_back_event_by_event_on_postgres() {
    a_long_log_comes_back_event_by_event(Backend::Postgres).await;
}

/// Longer than any page.
async fn a_long_log_comes_back_event_by_event(backend: Backend) {
    let (Some(store), Some(place)) = (backend.store().await, backend.store().await) else { return };
    let home = tempfile::tempdir().expect("a folder");
    let [from, to] = [&store, &place].map(|store| Installation::new(&store.url()));
    report(&from.replay(&["import", "--json", "--from", &long_chat(&home)]).await, 0);
    let backup = home.path().join("backup").display().to_string();
    let keys = home.path().join("keys.jsonl").display().to_string();
    let made = report(&from.replay(&["backup", "--to", &backup, "--keys-to", &keys, "--json"]).await, 0);
    report(&to.replay(&["restore", "--from", &backup, "--keys-from", &keys, "--json"]).await, 0);
    let [(_, events), (_, restored)] = [log_of(&store).await, log_of(&place).await];
    assert_eq!(number(&made["events"]), events.len() as u64);
    let places = |events: &[RecordedEvent]| {
        events.iter().map(|event| (event.position, event.event_id, event.recorded_at)).collect::<Vec<_>>()
    };
    assert!(places(&events) == places(&restored), "{} events, {} restored", events.len(), restored.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn views_of_the_log_before_are_refused_and_rebuilt_on_sqlite() {
    views_of_the_log_before_are_refused_and_rebuilt(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn views_of_the_log_before_are_refused_and_rebuilt_on_postgres() {
    views_of_the_log_before_are_refused_and_rebuilt(Backend::Postgres).await;
}

/// As when a broken log is taken away, and a backup put in its place.
async fn views_of_the_log_before_are_refused_and_rebuilt(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    let taken = Taken::under_load(&store).await;
    lose_the_log(&store).await;
    let installation = Installation::new(&store.url());
    // Its keys still lie there.
    let adopted = installation.replay(&["restore", "--from", &taken.folder(), "--adopt-keys", "--json"]).await;
    let made = report(&adopted, 0);
    assert_eq!(made["views_of_another_log"], json!(["inbox 1", "feed 1", "search 1"]));
    let said = installation.refuses_to_start().await;
    assert!(said.contains("rebuild it"), "{said}");
    assert!(installation.replay(&["rebuild", "--all"]).await.status.success());
    installation.verify_is_clean().await;
    let running = installation.start().await;
    assert!(running.stop().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_is_killed_leaves_no_log_and_can_be_run_again_on_sqlite() {
    a_restore_that_is_killed_leaves_no_log_and_can_be_run_again(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_is_killed_leaves_no_log_and_can_be_run_again_on_postgres() {
    a_restore_that_is_killed_leaves_no_log_and_can_be_run_again(Backend::Postgres).await;
}

async fn a_restore_that_is_killed_leaves_no_log_and_can_be_run_again(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    let taken = Taken::under_load(&store).await;
    let Some((place, installation)) = killed_in_the_middle(backend, &taken).await else { return };
    let said = installation.refuses_to_start().await;
    assert!(said.contains("and not finished"), "{said}");
    report(&restore(&installation, &taken.folder()).await, 0);
    taken.words_are_lost_until_the_keys_are_back(&installation).await;
    let log = place.open().await;
    assert_eq!(log.head().await.expect("a head").0, number(&taken.report["head"]), "all of it");
    log.close().await;
    let running = installation.start().await;
    assert!(running.stop().await.success());
    installation.verify_is_clean().await;
}

/// A place where a restore was killed as soon as there was something, and had not come to its end.
///
/// One that was quicker than the kill says nothing: another is begun, in a place of its own.
async fn killed_in_the_middle(backend: Backend, taken: &Taken) -> Option<(TestStore, Installation)> {
    for attempt in 1..=KILLS_MAX {
        let place = backend.store().await?;
        let installation = Installation::new(&place.url());
        let mut child = installation.begin_replay(&["restore", "--from", &taken.folder()]);
        while is_empty(&place).await && child.try_wait().expect("it can be asked").is_none() {}
        child.kill().await.expect("killed");
        if is_unfinished(&place).await {
            return Some((place, installation));
        }
        announce(&format!("{}: restore {attempt} was quicker than kill -9, once more", backend.name()));
    }
    panic!("{KILLS_MAX} restores were all quicker than kill -9: this tests nothing")
}

/// A message that was answered.
struct Answered {
    id: String,
    position: u64,
}

struct Taken {
    home: TempDir,
    report: Value,
    answered: Vec<Answered>,
    /// `Kabar-Position` of the log that was backed up.
    token: String,
}

impl Taken {
    /// Starts a server, has people talk, and takes a backup in the middle of it.
    async fn under_load(store: &TestStore) -> Self {
        let installation = Installation::new(&store.url());
        let running = installation.start().await;
        let (ana, ben, room) = two_in_a_room(installation.address).await;
        ben.post("/api/users/ana/follow?on=true", json!({})).await.ok();
        are_notified(&ana, 1).await;

        let enough = Arc::new(AtomicBool::new(false));
        let (said, mut heard) = tokio::sync::mpsc::unbounded_channel();
        let mut senders = JoinSet::new();
        for _ in 0..SENDERS {
            let (ana, room, enough, said) = (ana.clone(), room.clone(), enough.clone(), said.clone());
            senders.spawn(async move {
                while !enough.load(Ordering::Relaxed) {
                    let message = ana.sends(&room, "sementara dicadangkan").await;
                    said.send((text(&message["id"]), text(&message["position"]))).expect("heard");
                }
            });
        }
        drop(said);
        let mut answered = Vec::new();
        for _ in 0..WARM_UP {
            answered.push(heard.recv().await.expect("an answer"));
        }
        let home = tempfile::tempdir().expect("a folder");
        let to = home.path().join("backup").display().to_string();
        let keys = home.path().join("keys.jsonl").display().to_string();
        let made = installation.replay(&["backup", "--to", &to, "--keys-to", &keys, "--json"]).await;
        let report = report(&made, 0);
        // One more behind it, by everybody.
        while heard.try_recv().map(|message| answered.push(message)).is_ok() {}
        for _ in 0..SENDERS * 2 {
            answered.push(heard.recv().await.expect("an answer"));
        }
        enough.store(true, Ordering::Relaxed);
        while senders.join_next().await.transpose().expect("no sender panics").is_some() {}
        while let Some(message) = heard.recv().await {
            answered.push(message);
        }
        assert!(running.stop().await.success());
        let token = answered.last().expect("an answer").1.clone();
        let position = |token: &str| token.parse::<PositionToken>().expect("a position").position.0;
        let answered = answered.into_iter().map(|(id, token)| Answered { id, position: position(&token) }).collect();
        let names: Vec<_> = std::fs::read_dir(home.path()).expect("readable").collect();
        assert_eq!(names.len(), 2, "nothing is left beside backup and keys");
        Self { home, report, answered, token }
    }

    async fn words_are_lost_until_the_keys_are_back(&self, restored: &Installation) {
        let doctor = restored.replay(&["doctor"]).await;
        let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
        assert_eq!(doctor.status.code(), Some(1), "{said}");
        assert!(said.contains("words cannot be read: their key is lost"), "{said}");
        let keys = self.home.path().join("keys.jsonl").display().to_string();
        let back = restored.replay(&["restore", "--keys-from", &keys]).await;
        assert_eq!(back.status.code(), Some(0), "{back:?}");
        assert_eq!(restored.replay(&["doctor"]).await.status.code(), Some(0));
    }

    fn folder(&self) -> String {
        self.home.path().join("backup").display().to_string()
    }

    /// A position of the old log is a clear no, one of the new log is as good as any.
    async fn old_positions_mean_reload(&self, ana: &Person, new: &str) {
        let path = format!("/api/chat/rooms?after={}", self.token);
        let answer = ana.request(Method::GET, &path, None).await.expect("an answer");
        assert_eq!(answer.status.as_u16(), 422, "{}", answer.body);
        assert_eq!(answer.body["errors"][0]["field"], "after");
        assert!(text(&answer.body["errors"][0]["reason"]).contains("another log"), "{}", answer.body);
        let fresh = ana.get(&format!("/api/chat/rooms?after={new}")).await.ok();
        assert_eq!(fresh["rooms"].as_array().expect("rooms").len(), 1);
    }
}

/// Waits until so many entries are in somebody's feed.
async fn are_notified(person: &Person, wanted: usize) {
    let shown = async { while person.notifications().await < wanted {} };
    let shown = tokio::time::timeout(PATIENCE, shown).await;
    shown.unwrap_or_else(|_| panic!("{} has no {wanted} notifications within {PATIENCE:?}", person.id));
}

async fn restore(installation: &Installation, from: &str) -> Output {
    installation.replay(&["restore", "--from", from, "--json"]).await
}

async fn lose_the_log(store: &TestStore) {
    match store {
        TestStore::Sqlite(folder) => {
            for file in ["log.db", "log.db-wal", "log.db-shm"] {
                std::fs::remove_file(folder.path().join(file)).ok();
            }
        }
        TestStore::Postgres(_) => {
            use sqlx::Executor;
            let sql = "DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION kabar";
            store.superuser().await.execute(sql).await.expect("dropped");
        }
    }
}

async fn is_empty(place: &TestStore) -> bool {
    match place {
        TestStore::Sqlite(folder) => std::fs::read_dir(folder.path()).expect("readable").next().is_none(),
        TestStore::Postgres(_) => !has_table(place, "kabar_restore_unfinished").await,
    }
}

async fn is_unfinished(place: &TestStore) -> bool {
    match place {
        TestStore::Sqlite(folder) => folder.path().join("log.db.restoring").exists(),
        TestStore::Postgres(_) => has_table(place, "kabar_restore_unfinished").await,
    }
}

async fn has_table(place: &TestStore, table: &str) -> bool {
    let there = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL").bind(table);
    there.fetch_one(&mut place.superuser().await).await.expect("an answer")
}
