//! The physical limit to compare with: PostgreSQL's own load generator, one row per transaction.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use sqlx::{Connection, Executor, PgConnection};

use crate::load::WORDS;
use crate::support::postgres::Database;

pub struct Reference {
    url: String,
    script: PathBuf,
    _directory: tempfile::TempDir,
}

impl Reference {
    /// The table of postgres-es, and a script that inserts one event into it.
    pub async fn prepare(database: &Database) -> Self {
        let mut connection = PgConnection::connect(&database.url()).await.expect("reachable");
        let sql = format!("{}; CREATE SEQUENCE next_sequence", crate::stock::EVENTS_TABLE);
        connection.execute(sql.as_str()).await.expect("a table");
        let directory = tempfile::tempdir().expect("a directory");
        let script = directory.path().join("one_row.sql");
        let insert = format!(
            "\\set r random(1, 1000)\nINSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, \
             event_version, payload, metadata) VALUES ('room', 'room-' || :r, nextval('next_sequence'), \
             'message_sent', '1', '{{\"type\":\"message_sent\",\"message_id\":\"0190b6a0-0000-7000-8000-000000000000\",\
             \"sender_id\":\"user-1\",\"content\":\"{WORDS}\"}}', '{{}}');\n"
        );
        std::fs::write(&script, insert).expect("a script");
        Self { url: database.url(), script, _directory: directory }
    }

    /// Transactions a second.
    pub fn run(&self, clients: usize, length: Duration) -> f64 {
        let output = Command::new("pgbench")
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=2", "--file"])
            .arg(&self.script)
            .args([format!("--client={clients}"), format!("--time={}", length.as_secs())])
            .arg(&self.url)
            .output()
            .expect("pgbench is installed with PostgreSQL");
        let text = String::from_utf8_lossy(&output.stdout);
        let tps = text.lines().find_map(|line| line.strip_prefix("tps = "));
        tps.and_then(|tps| tps.split(' ').next()?.parse().ok())
            .unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)))
    }
}
