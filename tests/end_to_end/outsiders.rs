//! Another program that opens the files of a running server's SQLite store: a look with `sqlite3`, a backup tool.
//!
//! Separate from `crashes` because no load is needed to lose everything here, only a server that does not hold its locks.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

use crate::support::backend::{Backend, TestStore};
use crate::support::naive::{Rooms, whole_log};
use crate::support::person::{Person, text, two_in_a_room};
use crate::support::running::Installation;

const MESSAGES: usize = 20;

/// Whoever closes a file of a WAL store and can lock it alone deletes the write-ahead log: it takes itself for the last one.
/// A new store, before its first restart, is what this was found with, and with SQLite 3.40, which asks nothing but the lock of
/// the file. The one that is linked here asks for more, except where it wants the file for itself.
#[tokio::test(flavor = "multi_thread")]
async fn promise_5_a_look_from_outside_at_a_new_store_loses_no_answered_message() {
    let store = Backend::Sqlite.store().await.expect("always there");
    let TestStore::Sqlite(folder) = &store else { panic!("SQLite has a folder") };
    let installation = Installation::new(&store.url());
    let running = installation.start().await;
    let (ana, _ben, room) = two_in_a_room(running.address).await;
    let mut answered = BTreeSet::new();
    says_many(&ana, &room, &mut answered).await;
    let files = databases(folder.path());
    assert!(files.len() >= 4, "the log, its keys and two views: {files:?}");
    for file in &files {
        look_into(file);
        take_alone(file);
    }
    says_many(&ana, &room, &mut answered).await;
    running.kill_9().await;

    let running = installation.start().await;
    let log = store.open().await;
    let found: BTreeSet<String> = Rooms::of(&whole_log(&*log).await).by_id().keys().map(ToString::to_string).collect();
    log.close().await;
    assert_eq!(
        answered.difference(&found).count(),
        0,
        "of {} answered messages {} are there",
        answered.len(),
        found.len()
    );
    assert!(running.stop().await.success());
    installation.verify_is_clean().await;
}

/// The same, told by the locks alone: of each file in WAL mode the server holds one from its first start on.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_holds_a_lock_on_each_file_of_a_new_store() {
    let store = Backend::Sqlite.store().await.expect("always there");
    let TestStore::Sqlite(folder) = &store else { panic!("SQLite has a folder") };
    let installation = Installation::new(&store.url());
    let running = installation.start().await;
    let _rows = two_in_a_room(running.address).await;
    let mut held = Vec::new();
    for file in databases(folder.path()) {
        if is_in_wal(&file) {
            assert!(!take_alone(&file), "{} could be had by somebody else alone", file.display());
            held.extend(file.file_stem().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    for name in ["log", "inbox", "feed", "search"] {
        assert!(held.iter().any(|held| held.starts_with(name)), "{name} is not among {held:?}");
    }
    assert!(running.stop().await.success());
}

async fn says_many(person: &Person, room: &str, answered: &mut BTreeSet<String>) {
    for _ in 0..MESSAGES {
        answered.insert(text(&person.sends(room, "halo").await["id"]));
    }
}

/// As `sqlite3 FILE 'SELECT ..'` does it.
fn look_into(file: &Path) {
    let connection = Connection::open(file).expect("opens");
    let tables: u64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).expect("can be read");
    assert!(tables > 0, "{} is empty", file.display());
    connection.close().expect("closes");
}

fn is_in_wal(file: &Path) -> bool {
    let connection = Connection::open(file).expect("opens");
    let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).expect("can be asked");
    mode == "wal"
}

/// Opens it as one who wants it for themselves, looks into it and closes it; whether they could.
fn take_alone(file: &Path) -> bool {
    let connection = Connection::open(file).expect("opens");
    connection.busy_timeout(Duration::ZERO).expect("valid");
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE").expect("valid");
    let looked = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, u64>(0));
    drop(connection);
    match looked {
        Ok(_) => true,
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => false,
        Err(error) => panic!("{}: {error}", file.display()),
    }
}

fn databases(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable").path());
    files.filter(|file| file.extension().is_some_and(|ending| ending == "db")).collect()
}

/// Lines that a full disk does not take are lost, and nothing else is.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_lines_nobody_takes_goes_on() {
    let store = Backend::Sqlite.store().await.expect("always there");
    let running = Installation::new(&store.url()).with("KABAR__LOG__LEVEL", "debug").start_unheard().await;
    let (ana, _ben, room) = two_in_a_room(running.address).await;
    let mut answered = BTreeSet::new();
    says_many(&ana, &room, &mut answered).await;
    assert_eq!(answered.len(), MESSAGES);
}
