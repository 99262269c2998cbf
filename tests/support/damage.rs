//! Rows changed behind the program's back: of the log, and of one generation of a view.
//!
//! Never in here: what is wrong about them.

use std::time::Duration;

use event_log::StoreUrl;
use projections::{Format, UnitName};
use rusqlite::Connection;
use sqlx::Executor;

use super::backend::TestStore;

/// For a server that is writing at that moment.
const BUSY_MAX: Duration = Duration::from_secs(20);

/// Every table of a unit, `unit` included.
pub fn tables(unit: UnitName) -> &'static [&'static str] {
    match unit {
        UnitName::Inbox => &[
            "unit",
            "rooms",
            "members",
            "participants",
            "messages",
            "message_edits",
            "tombstones",
            "reactions",
            "reaction_counts",
            "mentions",
            "pins",
            "users",
            "follows",
            "follow_counts",
            "blocks",
        ],
        UnitName::Feed => &["unit", "notifications", "deliveries", "feeds", "preferences", "subscriptions"],
        UnitName::Search => &["unit", "entries"],
    }
}

/// Runs statements on the log's own tables; answers how many rows the last of them changed.
pub async fn log(store: &TestStore, sql: &str) -> u64 {
    match store.store_url() {
        StoreUrl::Sqlite(directory) => in_file(&StoreUrl::file(&directory, "log"), sql),
        StoreUrl::Postgres(_) => in_schema(store, "public", sql).await,
    }
}

/// The same on the keys, which lie beside the log.
pub async fn keys(store: &TestStore, sql: &str) -> u64 {
    match store.store_url() {
        StoreUrl::Sqlite(directory) => in_file(&StoreUrl::file(&directory, "keys"), sql),
        StoreUrl::Postgres(_) => in_schema(store, "kabar_keys", sql).await,
    }
}

/// The same on one generation of a view, of the format that this program makes.
pub async fn view(store: &TestStore, unit: UnitName, generation: u32, sql: &str) -> u64 {
    view_of(store, unit, Format::CURRENT, generation, sql).await
}

/// The same on one of any format.
pub async fn view_of(store: &TestStore, unit: UnitName, format: Format, generation: u32, sql: &str) -> u64 {
    match store.store_url() {
        StoreUrl::Sqlite(directory) => in_file(&directory.join(format!("{unit}-{format}-g{generation}.db")), sql),
        StoreUrl::Postgres(_) => in_schema(store, &format!("{unit}_{format}_g{generation}"), sql).await,
    }
}

fn in_file(path: &std::path::Path, sql: &str) -> u64 {
    assert!(path.is_file(), "{} is not there", path.display());
    let connection = Connection::open(path).expect("the file opens");
    connection.busy_timeout(BUSY_MAX).expect("valid");
    connection.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    connection.changes()
}

async fn in_schema(store: &TestStore, schema: &str, sql: &str) -> u64 {
    let mut superuser = store.superuser().await;
    superuser.execute(format!("SET search_path TO {schema}").as_str()).await.expect("valid SQL");
    superuser.execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}")).rows_affected()
}

/// Leaves a SQLite file as kill -9 in the middle of a commit does: pages of what was not committed are in it, and its journal
/// says how it was. `insert` is carried out with 1, 2, 3 .. until pages are written.
pub fn leave_half_written(file: &std::path::Path, insert: &str) {
    let aside = tempfile::tempdir().expect("a folder");
    let journal = file.with_extension("db-journal");
    let connection = Connection::open(file).expect("the file opens");
    connection.execute_batch("PRAGMA journal_mode = TRUNCATE; PRAGMA cache_size = 2; BEGIN IMMEDIATE").expect("begun");
    for number in 1..=5_000 {
        connection.execute(insert, [number]).unwrap_or_else(|error| panic!("{insert}: {error}"));
    }
    for (from, name) in [(file, "file"), (journal.as_path(), "journal")] {
        std::fs::copy(from, aside.path().join(name)).expect("copied as it is in this moment");
    }
    connection.execute_batch("ROLLBACK").expect("rolled back");
    drop(connection);
    for (to, name) in [(file, "file"), (journal.as_path(), "journal")] {
        std::fs::copy(aside.path().join(name), to).expect("put back");
    }
    assert!(std::fs::metadata(&journal).expect("a journal").len() > 0, "it has something to roll back");
}
