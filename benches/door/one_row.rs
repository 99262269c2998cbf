//! The physical limit of a file: one row per transaction, flushed, in the same SQLite file, by nobody else at the time.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};

use crate::load::WORDS;

pub struct Reference {
    connection: Connection,
    rows: i64,
}

impl Reference {
    /// A table of its own in the log's file.
    pub fn prepare(file: &Path) -> Self {
        let connection = Connection::open(file).expect("the log's file");
        connection.busy_timeout(Duration::from_secs(5)).expect("patience");
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
                 CREATE TABLE one_row (id INTEGER PRIMARY KEY, stream TEXT NOT NULL, payload TEXT NOT NULL) STRICT",
            )
            .expect("a table");
        Self { connection, rows: 0 }
    }

    /// Transactions a second.
    pub fn run(&mut self, length: Duration) -> f64 {
        let began = Instant::now();
        let before = self.rows;
        while began.elapsed() < length {
            self.rows += 1;
            self.connection
                .prepare_cached("INSERT INTO one_row VALUES (?, 'room-1', ?)")
                .and_then(|mut insert| insert.execute(params![self.rows, WORDS]))
                .expect("written");
        }
        (self.rows - before) as f64 / began.elapsed().as_secs_f64()
    }
}
