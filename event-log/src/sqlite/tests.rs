//! What is particular to the SQLite log; what every log promises is in the contract suite.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aggregates::StreamId;
use aggregates::ids::{CommandId, EventId, RoomId};
use uuid::Uuid;

use super::append::Pen;
use super::connection::open_writer;
use super::index::Index;
use super::{SqliteLog, rows};
use crate::port::{AppendError, Batch, EventLog, EventLogError, Filter, NewEvent};
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
        original: None,
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
    for name in ["log.db", "log.db-wal", "log.db-shm", "log-index.db", "log-index.db-wal", "log-index.db-shm"] {
        assert_eq!(mode(&directory.join(name)), 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_closed_log_leaves_itself_and_its_index_and_answers_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let log = SqliteLog::open(directory.path()).await.expect("opens");
    let mut heard = log.listen();
    log.append(&one_message()).await.expect("written");
    log.tell(Position(1));
    log.close().await;
    log.close().await;

    let files = std::fs::read_dir(directory.path()).expect("there").map(|file| file.expect("a file").file_name());
    let mut files: Vec<_> = files.collect();
    files.sort();
    // The lock is of whoever has it open; its file stays, since taking it away could take it from another.
    assert_eq!(files, ["log-index.db", "log.db", "log.use.lock"]);
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

fn pen(directory: &std::path::Path, connection: rusqlite::Connection) -> Pen {
    let log = rows::log_id(&connection).expect("readable");
    let index = Index::open(directory, &connection, log).expect("made");
    Pen::new(connection, index.look().expect("opens"), log)
}

/// A pen whose next commits fail, so many as are due.
fn failing_pen(directory: &std::path::Path) -> (Pen, Arc<AtomicU32>) {
    let connection = open_writer(directory, &directory.join("log.db")).expect("opens");
    let due = Arc::new(AtomicU32::new(0));
    let failures = Arc::clone(&due);
    let fails = move || failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |due| due.checked_sub(1)).is_ok();
    connection.commit_hook(Some(fails));
    (pen(directory, connection), due)
}

#[test]
fn a_commit_that_failed_wrote_nothing_and_the_next_one_goes_through() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut pen, due) = failing_pen(directory.path());
    let batch = one_message();
    due.store(1, Ordering::SeqCst);
    let failed = pen.append(&batch);
    assert!(matches!(failed, Err(AppendError::NothingWritten(_))), "{failed:?}");
    assert_eq!(pen.append(&batch).expect("written").base, Position::START);
}

/// The file may hold pages of the failed commit that a crash would bring back: nothing is claimed before a later commit
/// has overwritten them.
#[test]
fn a_commit_that_failed_on_a_failing_disk_is_unknown_until_it_is_settled() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut pen, due) = failing_pen(directory.path());
    let batch = one_message();
    due.store(3, Ordering::SeqCst);
    let failed = pen.append(&batch);
    assert!(matches!(failed, Err(AppendError::Unknown(_))), "{failed:?}");
    let ids = [batch.events[0].event_id];
    assert!(pen.settle(&ids).is_err(), "still failing");
    assert_eq!(pen.settle(&ids).expect("the disk works again"), []);
    assert_eq!(pen.append(&batch).expect("written").base, Position::START);
}

#[test]
fn a_full_disk_writes_nothing_and_says_so() {
    let directory = tempfile::tempdir().expect("a directory");
    let connection = open_writer(directory.path(), &directory.path().join("log.db")).expect("opens");
    let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).expect("a number");
    connection.pragma_update_and_check(None, "max_page_count", pages + 2, |_| Ok(())).expect("limited");
    let mut pen = pen(directory.path(), connection);
    let mut written = 0;
    let refused = loop {
        match pen.append(&Batch { known: Position(written), ..one_message() }) {
            Ok(_) => written += 1,
            Err(error) => break error,
        }
        assert!(written < 1_000, "the disk never got full");
    };
    assert!(matches!(refused, AppendError::NothingWritten(_)), "{refused:?}");
    let checked = pen.append(&Batch { known: Position(written), ..Batch::default() });
    assert_eq!(checked.expect("readable").base, Position(written), "and nothing that was answered is lost");
}

#[tokio::test]
async fn an_event_of_a_later_version_stops_the_reader_and_names_its_place() {
    let directory = tempfile::tempdir().expect("a directory");
    let log = SqliteLog::open(directory.path()).await.expect("opens");
    log.append(&one_message()).await.expect("written");
    let mut later = Batch { known: Position(1), ..one_message() };
    later.events[0].version = "999";
    log.append(&later).await.expect("written");
    let before = log.read_after(Position::START, 10, Filter::All).await.expect("readable");
    assert_eq!((before.events.len(), before.scanned_to), (1, Position(1)));
    let read = log.read_after(Position(1), 10, Filter::All).await;
    assert!(matches!(read, Err(EventLogError::Unreadable { position: Position(2), .. })), "{read:?}");
}
