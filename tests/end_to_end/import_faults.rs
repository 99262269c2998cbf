//! `replay import` where it is hard: the same lines twice, somebody who is erased and comes back, two imports at once, a
//! database whose answers are lost. What is in the log is what the file says, once.

use crate::importing::{AT, exported, file, log_of, long_chat, sample};
use crate::support::answers::{report, said};
use crate::support::backend::Backend;
use crate::support::chaos_proxy::ChaosProxy;
use crate::support::naive::Rooms;
use crate::support::person::number;
use crate::support::running::Installation;
use crate::support::watcher::Watcher;

on_both_engines! {
    a_line_that_is_twice_in_a_file_is_taken_once: twice_in_a_file_on_sqlite, twice_in_a_file_on_postgres;
    who_is_erased_and_comes_back_in_one_file_is_somebody_new: comes_back_on_sqlite, comes_back_on_postgres;
    two_imports_of_one_file_at_once_are_one: at_once_on_sqlite, at_once_on_postgres;
    an_import_is_read_along_once_and_in_order: read_along_on_sqlite, read_along_on_postgres;
}

async fn a_line_that_is_twice_in_a_file_is_taken_once(backend: Backend) {
    let (Some(store), Some(place)) = (backend.store().await, backend.store().await) else { return };
    let [once, twice] = [&store, &place].map(|store| Installation::new(&store.url()));
    let home = tempfile::tempdir().expect("a folder");
    let lines = std::fs::read_to_string(sample()).expect("the sample");
    let doubled: String = lines.lines().flat_map(|line| [line, "\n", line, "\n"]).collect();
    let from = file(&home, "doubled.jsonl", &doubled);
    let single = report(&once.replay(&["import", "--json", "--from", &sample()]).await, 0);
    let double = report(&twice.replay(&["import", "--json", "--from", &from]).await, 0);
    let count = |report: &serde_json::Value| ["taken", "events"].map(|field| number(&report[field]));
    assert_eq!(count(&double), count(&single));
    assert_eq!(number(&double["already"]), number(&double["taken"]), "{double}");
    assert!(exported(&once, &home, "once").await == exported(&twice, &home, "twice").await, "both logs say the same");
}

async fn who_is_erased_and_comes_back_in_one_file_is_somebody_new(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    let installation = Installation::new(&store.url());
    let home = tempfile::tempdir().expect("a folder");
    let user = |name: &str| format!("{{\"kind\":\"user\",\"id\":\"ana\",\"name\":\"{name}\",{AT}}}");
    let says = |id: u32, words: &str| {
        format!("{{\"kind\":\"message\",\"id\":\"{id}\",\"room\":\"r\",\"from\":\"ana\",\"content\":\"{words}\",{AT}}}")
    };
    let lines = [
        user("Nama lama"),
        format!("{{\"kind\":\"room\",\"id\":\"r\",\"type\":\"group\",\"by\":\"ana\",\"name\":\"R\",{AT}}}"),
        says(1, "kata lama"),
        format!("{{\"kind\":\"erasure\",\"user\":\"ana\",{AT}}}"),
        user("Nama baru").replace("2020-01-01", "2020-01-02"),
        says(2, "kata baru"),
    ];
    let from = file(&home, "lines.jsonl", &lines.join("\n"));
    let said = report(&installation.replay(&["import", "--json", "--from", &from]).await, 0);
    assert_eq!(number(&said["taken"]), lines.len() as u64, "{said}");
    let out = exported(&installation, &home, "out").await;
    assert!(out.contains("kata baru") && out.contains("Nama baru"), "{out}");
    assert!(!out.contains("kata lama") && !out.contains("Nama lama"), "{out}");
}

async fn two_imports_of_one_file_at_once_are_one(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    let installation = Installation::new(&store.url());
    let home = tempfile::tempdir().expect("a folder");
    let chat = long_chat(&home);
    // There is a log: which of the two makes it is another question.
    store.open().await.close().await;
    let arguments = ["import", "--json", "--from", &chat];
    let (one, other) = tokio::join!(installation.replay(&arguments), installation.replay(&arguments));
    let [one, other] = [report(&one, 0), report(&other, 0)];
    assert_eq!(number(&one["taken"]) + number(&other["taken"]), number(&one["lines"]), "{one} {other}");
    let (_, events) = log_of(&store).await;
    assert_eq!(events.len() as u64, number(&one["events"]) + number(&other["events"]));
    Rooms::of(&events).assert_gapless();
}

/// By a process beside it, all the time.
async fn an_import_is_read_along_once_and_in_order(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    let installation = Installation::new(&store.url());
    let home = tempfile::tempdir().expect("a folder");
    let log = store.open().await;
    let watcher = Watcher::of(log.clone());
    report(&installation.replay(&["import", "--json", "--from", &long_chat(&home)]).await, 0);
    let (_, events) = log_of(&store).await;
    assert_eq!(watcher.up_to(events.last().expect("events").position).await, events);
    log.close().await;
}

/// The database carries a batch out and its answer is lost, or the batch is lost on its way: the import cannot know which.
#[tokio::test(flavor = "multi_thread")]
async fn an_import_whose_answers_are_lost_takes_every_line_once_on_postgres() {
    let Some(store) = Backend::Postgres.store().await else { return };
    let proxy = ChaosProxy::before(store.postgres().address()).await;
    let installation = Installation::new(&store.postgres().url_by(proxy.address()));
    let home = tempfile::tempdir().expect("a folder");
    let chat = long_chat(&home);
    store.open().await.close().await;
    let mut child = installation.begin_replay(&["import", "--from", &chat]);
    // In the batches of messages: only there are so many bytes at once, and that name.
    for carried_out in [true, false, true, false] {
        if carried_out {
            proxy.cut_before_answer_to(b"message_sent");
        } else {
            proxy.cut_after_upstream_bytes(700_000);
        }
        tokio::select! {
            () = proxy.struck() => {}
            status = child.wait() => panic!("it ended before the faults did: {status:?}, {}", said(&mut child).await),
        }
    }
    let status = child.wait().await.expect("it can be waited for");
    assert!(status.success(), "{status}: {}", said(&mut child).await);
    let (_, events) = log_of(&store).await;
    let rooms = Rooms::of(&events);
    rooms.assert_gapless();
    let lines = std::fs::read_to_string(&chat).expect("the chat");
    assert_eq!(rooms.by_id().len(), lines.lines().filter(|line| line.contains("\"kind\":\"message\"")).count());
    let again = report(&installation.replay(&["import", "--json", "--from", &chat]).await, 0);
    assert_eq!((number(&again["taken"]), number(&again["events"])), (0, 0), "{again}");
}
