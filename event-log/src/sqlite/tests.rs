//! What is particular to the SQLite log; what every log promises is in the contract suite.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use aggregates::StreamId;
use aggregates::ids::{CommandId, EventId, RoomId};
use uuid::Uuid;

use super::SqliteLog;
use crate::port::{AppendError, Batch, EventLog, EventLogError, NewEvent};
use crate::position::Position;

/// One message in a room of its own.
fn one_message() -> Batch {
    let room = RoomId(Uuid::new_v4());
    let event = NewEvent {
        group: 0,
        stream: StreamId::room(room),
        sequence: 1,
        event_id: EventId::of(CommandId(Uuid::new_v4()), 0),
        name: "message_sent",
        version: "1",
        payload: format!(
            r#"{{"type":"message_sent","room_id":"{room}","message_id":"{room}","seq":1,"sender_id":"ana","kind":"text","content":"halo","at":"2026-11-22T09:00:00.000Z"}}"#
        ),
        metadata: Arc::from("{}"),
    };
    Batch { known: Position::START, conditions: Vec::new(), events: vec![event], groups: 1 }
}

#[tokio::test]
async fn a_new_log_is_for_its_owner_alone() {
    let parent = tempfile::tempdir().expect("a directory");
    let directory = parent.path().join("data");
    let log = SqliteLog::open(&directory).await.expect("opens");
    log.append(&one_message()).await.expect("written");
    let mode = |path: &std::path::Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    for name in ["log.db", "log.db-wal", "log.db-shm"] {
        assert_eq!(mode(&directory.join(name)), 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_closed_log_leaves_one_file_and_answers_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let log = SqliteLog::open(directory.path()).await.expect("opens");
    let mut heard = log.listen();
    log.append(&one_message()).await.expect("written");
    log.close().await;
    log.close().await;

    let files: Vec<_> = std::fs::read_dir(directory.path()).expect("there").map(|file| file.expect("a file")).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    assert!(matches!(log.head().await, Err(EventLogError::Closed)));
    let appended = log.append(&one_message()).await;
    assert!(matches!(appended, Err(AppendError::NothingWritten(EventLogError::Closed))), "{appended:?}");
    while heard.changed().await.is_ok() {}
    assert_eq!(*heard.borrow(), Position(1));
}

#[tokio::test]
async fn a_log_that_is_held_too_long_is_let_go_and_nothing_is_written() {
    let directory = tempfile::tempdir().expect("a directory");
    let log = SqliteLog::open(directory.path()).await.expect("opens");
    let (held, _) = log.lock(Position::START).await.expect("held");
    // Waits until the hold is over.
    let other = tokio::time::timeout(Duration::from_secs(5), log.append(&one_message())).await;
    assert_eq!(other.expect("let go").expect("written").base, Position::START);
    let late = held.append(&one_message()).await;
    assert!(matches!(late, Err(AppendError::NothingWritten(_))), "{late:?}");
    assert_eq!(log.head().await.expect("readable"), Position(1));
}

#[tokio::test]
async fn a_file_that_is_no_log_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("log.db"), vec![b'x'; 8_192]).expect("written");
    let refused = SqliteLog::open(directory.path()).await;
    assert!(matches!(refused, Err(EventLogError::Corrupt(_))));
}
