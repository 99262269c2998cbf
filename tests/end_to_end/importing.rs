//! `replay import`, `export` and `convert`: what goes in comes out, once, with its own times, and nobody is told.

use std::io::Write;
use std::path::{Path, PathBuf};

use aggregates::room::RoomEvent;
use aggregates::{DomainEvent, Timestamp};
use event_log::{LogId, PositionToken, SharedLog};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::archived::archive;
use crate::support::answers::report;
use crate::support::backend::{Backend, TestStore};
use crate::support::irc_chat;
use crate::support::naive::{Rooms, whole_log};
use crate::support::person::{Person, client, number, text, two_in_a_room};
use crate::support::running::{Installation, announce, is_slow_build};

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);
/// Lines of the real chat for a program that was built without optimisation.
const SLOW_BUILD_LINES_MAX: usize = 20_000;
pub const AT: &str = "\"at\":\"2020-01-01T00:00:00Z\"";

on_both_engines! {
    what_is_imported_twice_is_there_once: twice_is_once_on_sqlite, twice_is_once_on_postgres;
    an_import_that_is_killed_is_run_again: killed_and_run_again_on_sqlite, killed_and_run_again_on_postgres;
    what_is_refused_is_said_and_everything_else_goes_on: refusals_on_sqlite, refusals_on_postgres;
    nobody_is_told_of_what_was_imported: nobody_is_told_on_sqlite, nobody_is_told_on_postgres;
    the_sample_of_the_manual_is_taken_line_by_line: the_manual_on_sqlite, the_manual_on_postgres;
    a_dry_run_says_of_an_erasure_what_the_import_does: dry_erasures_on_sqlite, dry_erasures_on_postgres;
    what_goes_in_comes_out_of_the_other_engine: comes_out_of_postgres, comes_out_of_sqlite;
    an_import_beside_people_who_write_to_the_same_room: beside_writers_on_sqlite, beside_writers_on_postgres;
    the_real_chat_goes_in_and_comes_out: the_real_chat_on_sqlite, the_real_chat_on_postgres;
}

async fn what_is_imported_twice_is_there_once(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    let installation = Installation::new(&store.url());
    let home = tempfile::tempdir().expect("a folder");
    let dry = report(&installation.replay(&["import", "--json", "--dry-run", "--from", &sample()]).await, 0);
    let first = report(&installation.replay(&["import", "--json", "--from", &sample()]).await, 0);
    assert_eq!((&dry["taken"], &dry["events"]), (&first["taken"], &first["events"]), "a dry run tells what comes");
    assert_eq!(number(&first["lines"]), number(&first["taken"]), "every line of the sample is taken: {first}");
    let events = log_of(&store).await.1;
    assert_eq!(events.len() as u64, number(&first["events"]));
    let again = report(&installation.replay(&["import", "--json", "--from", &packed(&home)]).await, 0);
    assert_eq!((number(&again["taken"]), number(&again["events"])), (0, 0), "{again}");
    let (_, after) = log_of(&store).await;
    assert_eq!(after, events);

    let said: Vec<_> = after
        .iter()
        .filter_map(|recorded| match &recorded.event {
            DomainEvent::Room(RoomEvent::MessageSent(sent)) => Some((sent.at, sent.content.reveal().to_owned())),
            _ => None,
        })
        .collect();
    assert_eq!(said[0], (Timestamp::parse("2019-02-01T01:00:00Z").expect("a time"), "Selamat datang".to_owned()));
    assert_eq!(said[1].1, "", "the words of the erased are gone");
    assert!(after.iter().all(|recorded| !recorded.metadata.origin.is_live()));
    Rooms::of(&after).assert_gapless();

    let running = installation.start().await;
    views_are_as_a_naive_count(&installation, &store).await;
    let http = client(PATIENCE);
    let rara = Person::new(&http, installation.address, "rara");
    let feed = rara.get("/api/notifications?limit=100").await.ok();
    assert_eq!(feed["notifications"].as_array().expect("notifications").len(), 3, "three and no more: {feed}");
    assert_eq!(number(&feed["unreadCount"]), 1, "marks hold: {feed}");
    assert!(running.stop().await.success());
    installation.verify_is_clean().await;
    let doctor = installation.replay(&["doctor"]).await;
    assert_eq!(doctor.status.code(), Some(0), "{doctor:?}");
}

async fn the_sample_of_the_manual_is_taken_line_by_line(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    let installation = Installation::new(&store.url());
    let home = tempfile::tempdir().expect("a folder");
    let manual = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/import.md")).expect("the manual");
    let (_, after) = manual.split_once("```json\n").expect("a sample");
    let (sample, _) = after.split_once("```").expect("its end");
    let from = file(&home, "manual.jsonl", sample);
    let dry = report(&installation.replay(&["import", "--json", "--dry-run", "--from", &from]).await, 0);
    let taken = report(&installation.replay(&["import", "--json", "--from", &from]).await, 0);
    assert_eq!(number(&taken["taken"]), sample.lines().count() as u64, "{taken}");
    assert_eq!((&dry["taken"], &dry["events"]), (&taken["taken"], &taken["events"]));
}

/// Into an empty place, and then beside what is there: of nobody, of somebody without a word, twice of the same.
async fn a_dry_run_says_of_an_erasure_what_the_import_does(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    let installation = Installation::new(&store.url());
    let home = tempfile::tempdir().expect("a folder");
    let user = |id: &str| format!("{{\"kind\":\"user\",\"id\":\"{id}\",{AT}}}");
    let erasure = |id: &str, second: u8| {
        format!("{{\"kind\":\"erasure\",\"user\":\"{id}\",\"at\":\"2021-01-01T00:00:0{second}Z\"}}")
    };
    let first = [user("ana"), user("ben"), erasure("nobody", 0), erasure("ana", 1), erasure("ana", 2)];
    let second = [erasure("nobody", 3), erasure("ana", 4), erasure("ben", 5)];
    for (name, lines, told) in [("first", &first[..], [3, 1, 1]), ("second", &second[..], [1, 1, 1])] {
        let from = file(&home, &format!("{name}.jsonl"), &lines.join("\n"));
        let dry = report(&installation.replay(&["import", "--json", "--dry-run", "--from", &from]).await, 1);
        let real = report(&installation.replay(&["import", "--json", "--from", &from]).await, 1);
        for counts in [&dry, &real] {
            assert_eq!(["taken", "already", "refused"].map(|count| number(&counts[count])), told, "{name}: {counts}");
        }
        assert_eq!(dry["events"], real["events"], "{name}");
    }
}

/// kill -9 as soon as something is written; then again, to its end.
async fn an_import_that_is_killed_is_run_again(backend: Backend) {
    let (Some(store), Some(whole)) = (backend.store().await, backend.store().await) else { return };
    let home = tempfile::tempdir().expect("a folder");
    let chat = long_chat(&home);
    let installation = Installation::new(&store.url());
    let reference = Installation::new(&whole.url());
    let all = report(&reference.replay(&["import", "--json", "--from", &chat]).await, 0);

    let log = store.open().await;
    let mut child = installation.begin_replay(&["import", "--from", &chat]);
    while log.head().await.expect("a head").0 == 0 && child.try_wait().expect("it can be asked").is_none() {}
    child.kill().await.expect("killed");
    let written = log.head().await.expect("a head").0;
    assert!(written > 0 && written < number(&all["events"]), "it was killed half-way: {written}");
    // PostgreSQL may still be at its last batch.
    let rest = report(&installation.replay(&["import", "--json", "--from", &chat]).await, 0);
    assert_eq!(log.head().await.expect("a head").0, number(&all["events"]), "nothing is there twice");
    log.close().await;
    assert_eq!(number(&rest["taken"]) + number(&rest["already"]), number(&all["lines"]));
    let exports = [exported(&installation, &home, "killed").await, exported(&reference, &home, "whole").await];
    assert!(exports[0] == exports[1], "both logs say the same");
}

async fn what_is_refused_is_said_and_everything_else_goes_on(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    let installation = Installation::new(&store.url());
    let home = tempfile::tempdir().expect("a folder");
    let message = |id: &str, from: &str, content: &str, more: &str| {
        format!(
            "{{\"kind\":\"message\",\"id\":\"{id}\",\"room\":\"r\",\"from\":\"{from}\",\"content\":\"{content}\"{more},{AT}}}"
        )
    };
    let lines = [
        format!("{{\"kind\":\"user\",\"id\":\"ana\",\"name\":\"Ana\",{AT}}}"),
        format!("{{\"kind\":\"user\",\"id\":\"ben\",{AT}}}"),
        "{\"kind\":\"user\",\"id\":".to_owned(),
        format!("{{\"kind\":\"room\",\"id\":\"r\",\"type\":\"group\",\"by\":\"ana\",\"name\":\"R\",{AT}}}"),
        message("1", "ana", "halo", ""),
        message("2", "nobody", "halo", ""),
        message("3", "ben", "sebelum masuk", ""),
        format!("{{\"kind\":\"join\",\"room\":\"r\",\"users\":[\"ben\"],{AT}}}"),
        message("4", "ben", "sudah masuk", ",\"replyTo\":\"1\""),
        message("5", "ben", &"x".repeat(8_001), ""),
        message("6", "ben", "menjawab", ",\"replyTo\":\"99\""),
        message("7", "ben", "salah", ",\"replyto\":\"1\""),
        format!("{{\"kind\":\"join\",\"room\":\"r\",\"users\":[\"cat\"],{AT}}}"),
        format!("{{\"kind\":\"read\",\"room\":\"absent\",\"user\":\"ben\",\"upTo\":\"1\",{AT}}}"),
        format!("{{\"kind\":\"follow\",\"from\":\"ana\",\"to\":\"ana\",{AT}}}"),
        "{\"kind\":\"follow\",\"from\":\"ana\",\"to\":\"ben\",\"at\":\"kemarin\"}".to_owned(),
        message("8", "ana", "terakhir", ""),
    ];
    let from = file(&home, "lines.jsonl", &lines.join("\n"));
    let refused = home.path().join("refused.jsonl").display().to_string();
    let said = report(&installation.replay(&["import", "--json", "--from", &from, "--report", &refused]).await, 1);
    let refused: Vec<(u64, String, String)> = std::fs::read_to_string(&refused)
        .expect("a report")
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .map(|entry| (number(&entry["line"]), text(&entry["field"]), text(&entry["reason"])))
        .collect();
    let places: Vec<(u64, &str)> = refused.iter().map(|(line, field, _)| (*line, field.as_str())).collect();
    let expected = [
        (3, "line"),
        (6, "from"),
        (7, "from"),
        (10, "content"),
        (11, "replyTo"),
        (12, "replyto"),
        (13, "users"),
        (14, "upTo"),
        (15, "to"),
        (16, "at"),
    ];
    assert_eq!(places, expected, "{refused:?}");
    assert_eq!(number(&said["refused"]), expected.len() as u64);
    let (_, events) = log_of(&store).await;
    let rooms = Rooms::of(&events);
    assert_eq!(rooms.by_id().len(), 3, "everything else went on");
    rooms.assert_gapless();
}

async fn nobody_is_told_of_what_was_imported(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    let installation = Installation::new(&store.url());
    let running = installation.start().await;
    let http = client(PATIENCE);
    let [rara, budi] = ["rara", "budi"].map(|id| Person::new(&http, installation.address, id));
    rara.shows_up().await;
    budi.shows_up().await;
    let mut socket = installation.tail_channel("private-user-rara", rara.token());
    socket.expect_note("private-user-rara").await;
    report(&installation.replay(&["import", "--json", "--from", &sample()]).await, 0);
    let (log, events) = log_of(&store).await;
    let after = PositionToken { log, position: events.last().expect("something happened").position };
    let room = rara.get(&format!("/api/chat/rooms?limit=100&after={after}")).await.ok()["rooms"]
        .as_array()
        .expect("rooms")
        .iter()
        .find(|room| room["name"] == "Kelas Desain")
        .map(|room| text(&room["id"]))
        .expect("the imported room is shown");
    // Behind it, something that is told: the first frame there is.
    budi.sends(&room, "ini baru").await;
    let frame = socket.expect_frame_at_all().await;
    assert_eq!((&frame["event"], &frame["data"]["content"]), (&json!("new-message"), &json!("ini baru")), "{frame}");
    let feed = rara.get("/api/notifications?limit=100").await.ok();
    assert_eq!(feed["notifications"].as_array().expect("notifications").len(), 3, "only those that were imported");
    views_are_as_a_naive_count(&installation, &store).await;
    assert!(running.stop().await.success());
    installation.verify_is_clean().await;
}

/// Imported and live, from here to there and out again: the same bytes. And back where it came from it adds nothing.
async fn what_goes_in_comes_out_of_the_other_engine(from: Backend) {
    let other = if from == Backend::Sqlite { Backend::Postgres } else { Backend::Sqlite };
    let (Some(store), Some(place)) = (from.store().await, other.store().await) else { return };
    let home = tempfile::tempdir().expect("a folder");
    let [here, there] = [&store, &place].map(|store| Installation::new(&store.url()));
    report(&here.replay(&["import", "--json", "--from", &sample()]).await, 0);
    say_something_live(&here).await;
    let first = exported(&here, &home, "first").await;
    let path = home.path().join("first").display().to_string();
    let back = report(&here.replay(&["import", "--json", "--from", &path]).await, 0);
    assert_eq!(number(&back["events"]), 0, "where it came from it adds nothing: {back}");
    report(&there.replay(&["import", "--json", "--from", &path]).await, 0);
    let second = exported(&there, &home, "second").await;
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lines(&first), lines(&second));
    assert!(first == second);
    assert!(first.contains("dikatakan langsung") && !first.contains("rahasia") && !first.contains("Dewi Lestari"));
    assert!(first.contains("\"erased\":[\"content\"]"));
    assert!(first.contains("\"erased\":[\"content\",\"clientMessageId\"]"));
    facts_of_files_came_out(&first);
    let unread = |events: &[_]| Rooms::of(events).unread();
    assert_eq!(unread(&log_of(&store).await.1), unread(&log_of(&place).await.1));
    // Positions mean nothing elsewhere: up to where a feed was read is an event.
    let mut archives = Vec::new();
    for (installation, store) in [(&here, &store), (&there, &place)] {
        let running = installation.start().await;
        archives.push(archive(installation, &head_of(store).await).await);
        let feed = Person::new(&client(PATIENCE), installation.address, "ana").get("/api/notifications").await.ok();
        assert_eq!(
            (feed["notifications"].as_array().map(Vec::len), number(&feed["unreadCount"])),
            (Some(1), 0),
            "{feed}"
        );
        assert!(running.stop().await.success());
    }

    assert_eq!(archives[0], archives[1], "what became of rooms and messages is the same there");
    let contents: Vec<&Value> =
        archives[1]["messages"].as_array().expect("messages").iter().map(|m| &m["content"]).collect();
    assert_eq!(contents[..3], ["Untuk @sari saja", "Semua: lusa libur", "Halo semua"]);
    assert_eq!(contents[3..], ["Pesan telah dihapus"; 2]);
    assert_eq!(archives[1]["rara"], json!(["DIRECT", "GROUP", "MENTOR_STUDENT"]));
    assert_eq!(archives[1]["sari"], json!(["GROUP", "SUPPORT"]));

    let events = there.replay(&["export", "--to", "-", "--format", "events"]).await;
    assert_eq!(events.status.code(), Some(0), "{events:?}");
    let events = String::from_utf8(events.stdout).expect("text");
    let sent: Vec<Value> = events
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .filter(|event| event["name"] == "message_sent")
        .collect();
    assert_eq!(sent[0]["event"]["content"], "Selamat datang");
    assert_eq!(sent[0]["at"], "2019-02-01T01:00:00.000Z");
    assert_eq!(sent[1]["event"].get("content"), None, "absent, not empty: {}", sent[1]);
    assert!(!events.contains("rahasia"));
}

/// All that the sample says of them; of a file whose owner was erased all but its words.
fn facts_of_files_came_out(export: &str) {
    let lines = export.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let facts = ["attachmentType", "attachmentName", "attachmentSize", "attachmentWidth", "attachmentHeight", "erased"];
    let told = lines.filter(|line| !line["attachmentType"].is_null()).map(|line| facts.map(|fact| line[fact].clone()));
    let gone = ["content", "attachmentUrl", "attachmentName"];
    let expected = json!([
        ["image/jpeg", null, 1_048_577, 1_200, 1_600, gone],
        ["image/png", "papan tulis.png", 48_213, 640, 480, null],
    ]);
    assert_eq!(json!(told.collect::<Vec<_>>()), expected);
}

/// The same room is written to by those who are in it while history goes in: both are whole.
async fn an_import_beside_people_who_write_to_the_same_room(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    let home = tempfile::tempdir().expect("a folder");
    let installation = Installation::new(&store.url());
    let running = installation.start().await;
    let http = client(PATIENCE);
    let rara = Person::new(&http, installation.address, "rara");
    rara.shows_up().await;
    let room = rara.creates_group("Ramai").await;
    let mut lines = String::new();
    for index in 0..6_000 {
        lines.push_str(&format!(
            "{{\"kind\":\"message\",\"id\":\"{index}\",\"room\":\"{room}\",\"from\":\"rara\",\"content\":\"dulu {index}\",{AT}}}\n"
        ));
    }
    let from = file(&home, "lines.jsonl", &lines);
    let arguments = ["import", "--json", "--from", &from];
    let importing = installation.replay(&arguments);
    tokio::pin!(importing);
    let wish = json!({ "roomId": room, "content": "sekarang" });
    let mut live = 0u64;
    let imported = loop {
        tokio::select! {
            imported = &mut importing => break imported,
            // While the log is held for the import there may be no time left for a command: then it was not written.
            answer = rara.request(Method::POST, "/api/chat/send", Some(&wish)) => {
                live += u64::from(answer.expect("an answer").status.is_success());
            }
        }
    };
    assert_eq!(number(&report(&imported, 0)["taken"]), 6_000);
    let (_, events) = log_of(&store).await;
    let rooms = Rooms::of(&events);
    rooms.assert_gapless();
    let said = rooms.by_id().len() as u64;
    assert!(live > 0 && (6_000 + live..=6_001 + live).contains(&said), "{said} messages, {live} of them live");
    assert!(running.stop().await.success());
    installation.verify_is_clean().await;
}

async fn the_real_chat_goes_in_and_comes_out(backend: Backend) {
    let (Some(store), Some(place)) = (backend.store().await, backend.store().await) else { return };
    let home = tempfile::tempdir().expect("a folder");
    let Some(archive) = irc_chat::large() else {
        announce(&format!("NOT RUN: import of the real chat on {}: KABAR_IRC_SAMPLE is not set", backend.name()));
        return;
    };
    let [installation, other] = [&store, &place].map(|store| Installation::new(&store.url()));
    let chat = converted(&installation, &home, &archive).await;
    let chat = if is_slow_build() { beginning(&home, &chat) } else { chat };
    let said = report(&installation.replay(&["import", "--json", "--from", &chat]).await, 0);
    let (_, events) = log_of(&store).await;
    Rooms::of(&events).assert_gapless();
    let first = exported(&installation, &home, "first").await;
    let path = home.path().join("first").display().to_string();
    report(&other.replay(&["import", "--json", "--from", &path]).await, 0);
    assert!(first == exported(&other, &home, "second").await, "what goes in comes out");
    announce(&format!(
        "RUN: import of the real chat on {}: {} lines in {:.1} s, {:.0} lines/s",
        backend.name(),
        said["lines"],
        said["seconds"].as_f64().expect("seconds"),
        said["lines_per_second"].as_f64().expect("a rate")
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_small_chat_converted_counts_as_the_log_says_on_sqlite() {
    small_chat(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_small_chat_converted_counts_as_the_log_says_on_postgres() {
    small_chat(Backend::Postgres).await;
}

async fn small_chat(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    let home = tempfile::tempdir().expect("a folder");
    let installation = Installation::new(&store.url());
    let chat = converted(&installation, &home, &irc_chat::small()).await;
    report(&installation.replay(&["import", "--json", "--from", &chat]).await, 0);
    let acted = irc_chat::read(&irc_chat::small(), usize::MAX);
    let is_reply = |act: &irc_chat::Act| matches!(act, irc_chat::Act::Say { reply_to: Some(_), .. });
    let spoken = acted.iter().filter(|line| matches!(line.act, irc_chat::Act::Say { .. })).count();
    let (_, events) = log_of(&store).await;
    assert_eq!(Rooms::of(&events).by_id().len(), spoken, "nothing that was said is lost");
    let replies = events.iter().filter(|recorded| match &recorded.event {
        DomainEvent::Room(RoomEvent::MessageSent(sent)) => sent.reply_to.is_some(),
        _ => false,
    });
    let answered = acted.iter().filter(|line| is_reply(&line.act)).count();
    assert_eq!(replies.count(), answered, "nor what it answered");
    let running = installation.start().await;
    views_are_as_a_naive_count(&installation, &store).await;
    assert!(running.stop().await.success());
    installation.verify_is_clean().await;
}

/// Unread counts of every member of every room, as they are shown, are those of a naive count over the log.
async fn views_are_as_a_naive_count(installation: &Installation, store: &TestStore) {
    let http = client(PATIENCE);
    let (log, events) = log_of(store).await;
    let after = PositionToken { log, position: events.last().expect("something happened").position };
    let unread = Rooms::of(&events).unread();
    assert!(!unread.is_empty());
    for ((room, user), expected) in unread {
        let person = Person::new(&http, installation.address, user.as_str());
        let shown = person.unread_in(&room.to_string(), Some(&after.to_string())).await;
        assert_eq!(shown, expected, "unread of {user} in {room}");
    }
}

async fn say_something_live(installation: &Installation) {
    let running = installation.start().await;
    let (ana, ben, room) = two_in_a_room(installation.address).await;
    ana.sends(&room, "dikatakan langsung").await;
    ben.reads(&room).await;
    ben.post("/api/users/ana/follow?on=true", json!({})).await.ok();
    let raised = async { while ana.notifications().await < 1 {} };
    tokio::time::timeout(PATIENCE, raised).await.expect("ana hears of her follower");
    let all = ana.request(Method::PATCH, "/api/notifications", Some(&json!({ "markAllRead": true }))).await;
    all.expect("an answer").ok();
    ben.post("/api/users/ana/block", json!({})).await.ok();
    let group = ben.creates_group("Kelompok").await;
    ana.joins(&group).await;
    ben.leaves(&group).await;
    assert!(running.stop().await.success());
}

/// Its own handle: what other processes wrote is read from the store.
pub async fn log_of(store: &TestStore) -> (LogId, Vec<event_log::RecordedEvent>) {
    let log: SharedLog = store.open().await;
    let events = whole_log(&*log).await;
    let id = log.id();
    log.close().await;
    (id, events)
}

/// Where it is now, as requests say it.
async fn head_of(store: &TestStore) -> String {
    let (log, events) = log_of(store).await;
    PositionToken { log, position: events.last().expect("something happened").position }.to_string()
}

pub async fn exported(installation: &Installation, home: &TempDir, name: &str) -> String {
    let to = home.path().join(name);
    report(&installation.replay(&["export", "--json", "--to", &to.display().to_string()]).await, 0);
    std::fs::read_to_string(to).expect("an export")
}

async fn converted(installation: &Installation, home: &TempDir, archive: &Path) -> String {
    let to = home.path().join("chat.jsonl").display().to_string();
    let from = archive.display().to_string();
    report(&installation.replay(&["convert", "irc", "--json", "--from", &from, "--to", &to]).await, 0);
    to
}

pub fn sample() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/import-sample.jsonl").display().to_string()
}

/// The sample, as an archive would be handed over.
fn packed(home: &TempDir) -> String {
    let path = home.path().join("sample.jsonl.gz");
    let gzip = std::process::Command::new("gzip").args(["-c", &sample()]).output().expect("gzip can be run");
    std::fs::write(&path, gzip.stdout).expect("written");
    path.display().to_string()
}

pub fn file(home: &TempDir, name: &str, content: &str) -> String {
    let path: PathBuf = home.path().join(name);
    let mut file = std::fs::File::create(&path).expect("a file");
    file.write_all(content.as_bytes()).expect("written");
    path.display().to_string()
}

/// Enough for several batches.
pub fn long_chat(home: &TempDir) -> String {
    let mut lines = format!(
        "{{\"kind\":\"user\",\"id\":\"ana\",{AT}}}\n{{\"kind\":\"room\",\"id\":\"r\",\"type\":\"group\",\"by\":\"ana\",\"name\":\"R\",{AT}}}\n"
    );
    for index in 0..30_000 {
        let reply = if index % 10 == 9 { format!(",\"replyTo\":\"{}\"", index - 9) } else { String::new() };
        lines.push_str(&format!(
            "{{\"kind\":\"message\",\"id\":\"{index}\",\"room\":\"r\",\"from\":\"ana\",\"content\":\"ke {index}\"{reply},{AT}}}\n"
        ));
    }
    file(home, "long.jsonl", &lines)
}

fn beginning(home: &TempDir, chat: &str) -> String {
    let whole = std::fs::read_to_string(chat).expect("a file");
    let lines: Vec<&str> = whole.lines().take(SLOW_BUILD_LINES_MAX).collect();
    file(home, "beginning.jsonl", &lines.join("\n"))
}
