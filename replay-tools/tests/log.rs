//! `replay` before a log: what it prints, what it refuses, how it ends.

use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use aggregates::ids::{CommandId, EventId, RoomId, UserId};
use aggregates::{Metadata, StreamId};
use event_log::port::{Batch, NewEvent};
use event_log::{Position, SharedLog, StoreUrl};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

const PATIENCE: Duration = Duration::from_secs(20);

struct Store {
    folder: tempfile::TempDir,
    log: SharedLog,
}

impl Store {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let log = event_log::open(&StoreUrl::Sqlite(folder.path().to_owned())).await.expect("a log");
        Self { folder, log }
    }

    /// Somebody says something in a room of its own.
    async fn say(&self, n: u64, words: &str) {
        let room = RoomId(uuid::Uuid::from_u128(n.into()));
        let actor = Metadata { actor: Some(UserId::parse("ana").expect("an id")), ..Metadata::default() };
        self.write(
            StreamId::room(room),
            "message_sent",
            serde_json::json!({
                "type": "message_sent", "room_id": room, "message_id": room, "seq": 1, "sender_id": "ana",
                "kind": "text", "content": words, "at": "2026-11-22T09:00:00.000Z"
            }),
            &actor,
        )
        .await;
    }

    async fn follow(&self) {
        let pair = aggregates::ids::UserPair::new(
            &UserId::parse("ana").expect("an id"),
            &UserId::parse("ben").expect("an id"),
        );
        self.write(
            StreamId::relationship(&pair),
            "user_followed",
            serde_json::json!({
                "type": "user_followed", "from": "ana", "to": "ben", "at": "2026-11-22T09:00:00.000Z"
            }),
            &Metadata::default(),
        )
        .await;
    }

    async fn write(&self, stream: StreamId, name: &'static str, payload: Value, metadata: &Metadata) {
        let event = NewEvent {
            group: 0,
            stream,
            sequence: 1,
            event_id: EventId::of(CommandId(uuid::Uuid::new_v4()), 0),
            name,
            version: "1",
            payload: payload.to_string(),
            metadata: Arc::from(serde_json::to_string(metadata).expect("JSON")),
            original: None,
        };
        let known = self.log.head().await.expect("a head");
        let batch = Batch { known, conditions: Vec::new(), events: vec![event], groups: 1 };
        self.log.append(&batch).await.expect("written");
    }

    fn replay(&self, arguments: &[&str]) -> Command {
        replay(self.folder.path(), arguments)
    }
}

fn replay(store: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_replay"));
    command
        .args(["--database", &format!("sqlite:{}", store.display())])
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

async fn ended(mut command: Command) -> Output {
    tokio::time::timeout(PATIENCE, command.output()).await.expect("replay did not end in time").expect("started")
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[tokio::test]
async fn the_tail_shows_every_event_as_the_log_has_it() {
    let store = Store::new().await;
    store.say(1, "halo\u{1b}[2J semua").await;
    store.follow().await;
    store.say(2, "apa kabar").await;

    let shown = lines(&ended(store.replay(&["tail", "--from", "0", "--no-follow", "--json"])).await);
    let positions: Vec<u64> = shown.iter().map(|line| line["position"].as_u64().expect("a number")).collect();
    assert_eq!(positions, [1, 2, 3]);
    assert_eq!(shown[0]["event"]["content"], "halo\u{1b}[2J semua");
    assert_eq!(shown[0]["metadata"]["actor"], "ana");
    assert_eq!(shown[1]["event"]["type"], "user_followed");

    let text = ended(store.replay(&["tail", "--no-follow", "-n", "3", "--kind", "room"])).await;
    let text = String::from_utf8(text.stdout).expect("text");
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.contains("message_sent  by ana") && !text.contains('\u{1b}'), "{text}");

    let from_token = format!("{}-2", store.log.id());
    assert_eq!(lines(&ended(store.replay(&["tail", "--from", &from_token, "--no-follow", "--json"])).await).len(), 1);
}

#[tokio::test]
async fn the_tail_of_an_empty_log_ends_at_once_when_it_does_not_follow() {
    let store = Store::new().await;
    let output = ended(store.replay(&["tail", "--no-follow"])).await;
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stdout.is_empty());
}

#[tokio::test]
async fn the_tail_shows_what_is_recorded_while_it_runs() {
    let store = Store::new().await;
    store.say(1, "before").await;
    let mut child = store.replay(&["tail", "--json"]).stdout(Stdio::piped()).spawn().expect("started");
    let mut shown = BufReader::new(child.stdout.take().expect("piped")).lines();
    for (n, words) in [(1, "before"), (2, "after"), (3, "later")] {
        if n > 1 {
            store.say(n, words).await;
        }
        let line = tokio::time::timeout(PATIENCE, shown.next_line()).await.expect("no line came in time");
        let line: Value = serde_json::from_str(&line.expect("readable").expect("a line")).expect("JSON");
        assert_eq!(line["event"]["content"], words);
    }
}

#[tokio::test]
async fn a_position_of_another_log_is_refused() {
    let store = Store::new().await;
    let output =
        ended(store.replay(&["tail", "--from", "00000000000000000000000000000007-3", "--no-follow", "--json"])).await;
    assert_eq!(output.status.code(), Some(2));
    let said: Value = serde_json::from_slice(&output.stderr).expect("JSON, as asked for");
    assert!(said["error"].as_str().expect("text").contains(&store.log.id().to_string()), "{said}");
}

#[tokio::test]
async fn the_status_says_how_far_log_and_reactors_are() {
    let store = Store::new().await;
    store.say(1, "halo").await;
    store.say(2, "halo").await;
    store.log.save_reactor_checkpoint("notifications", Position(1)).await.expect("saved");

    let output = ended(store.replay(&["status", "--json"])).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let status: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(status["head"], 2);
    assert_eq!(status["log_id"], store.log.id().to_string());
    assert_eq!(status["reactors"][0]["reactor"], "notifications");
    assert_eq!(status["reactors"][0]["checkpoint"], 1);
    assert_eq!(status["reactors"][0]["lag_events"], 1);
    assert!(status["reactors"][0]["lag_seconds"].as_f64().expect("a number") >= 0.0);

    let text = String::from_utf8(ended(store.replay(&["status"])).await.stdout).expect("text");
    assert!(text.contains("notifications") && !text.contains('\u{1b}'), "{text}");
}

#[tokio::test]
async fn a_reactor_past_the_head_is_exit_1() {
    let store = Store::new().await;
    store.log.save_reactor_checkpoint("notifications", Position(7)).await.expect("saved");
    let output = ended(store.replay(&["status"])).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("past the head"));
}

#[tokio::test]
async fn no_command_makes_a_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let absent = folder.path().join("absent");
    for arguments in
        [&["status"][..], &["rebuild", "--all"], &["verify"], &["tail"], &["doctor"], &["backup", "--to", "x"]]
    {
        let output = ended(replay(&absent, arguments)).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("no Kabar store"), "{arguments:?}");
        assert!(!absent.exists(), "{arguments:?} made a store");
    }
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_is_exit_3_and_its_password_is_not_shown() {
    // A port that was just free: nobody listens there.
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let mut command = Command::new(env!("CARGO_BIN_EXE_replay"));
    command.args(["status"]).env("KABAR__DATABASE__URL", format!("postgres://kabar:hunter2@{free}/kabar"));
    let output = ended(command).await;
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains(&free.to_string()) && !said.contains("hunter2"), "{said}");

    let mut command = Command::new(env!("CARGO_BIN_EXE_replay"));
    command.args(["doctor", "--json"]).env("KABAR__DATABASE__URL", format!("postgres://kabar:hunter2@{free}/kabar"));
    let output = ended(command).await;
    assert_eq!(output.status.code(), Some(2), "the doctor could not look; 1 would say that it has found something");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("hunter2"));
}
