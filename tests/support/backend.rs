//! The backends a suite runs on, and a fresh store of each.
//!
//! A backend that cannot run is named on stderr, once, and is an error where `REQUIRE_BACKENDS` names it (as CI does):
//! a silent skip is a lie.

use std::io::Write;
use std::sync::Once;

use event_log::{SharedLog, StoreUrl};
use sqlx::PgConnection;
use tempfile::TempDir;

use super::postgres::{Cluster, Database};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

impl Backend {
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }

    /// `None`, and a line on stderr, when this backend is left out.
    pub async fn store(self) -> Option<TestStore> {
        match self {
            Self::Sqlite => Some(TestStore::Sqlite(tempfile::tempdir().expect("a temporary directory"))),
            Self::Postgres if left_out(self) => None,
            Self::Postgres => match Cluster::shared() {
                Ok(cluster) => Some(TestStore::Postgres(cluster.database().await)),
                Err(reason) => {
                    skip(self, &reason);
                    None
                }
            },
        }
    }

    /// A store whose server nobody else uses, so that it may be killed.
    pub async fn store_of_its_own(self) -> Option<TestStore> {
        match self {
            Self::Sqlite => self.store().await,
            Self::Postgres if left_out(self) => None,
            Self::Postgres => match Cluster::start() {
                Ok(cluster) => Some(TestStore::Postgres(cluster.database().await)),
                Err(reason) => {
                    skip(self, &reason);
                    None
                }
            },
        }
    }
}

/// A store that nobody else uses, gone with the test.
pub enum TestStore {
    Sqlite(TempDir),
    Postgres(Database),
}

impl TestStore {
    pub fn backend(&self) -> Backend {
        match self {
            Self::Sqlite(_) => Backend::Sqlite,
            Self::Postgres(_) => Backend::Postgres,
        }
    }

    /// As in the configuration: `sqlite:DIRECTORY` or `postgres://..`.
    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(directory) => format!("sqlite:{}", directory.path().display()),
            Self::Postgres(database) => database.url(),
        }
    }

    pub fn store_url(&self) -> StoreUrl {
        StoreUrl::parse(&self.url()).expect("the harness makes valid URLs")
    }

    /// Each call is a handle of its own, as another process would have.
    pub async fn open(&self) -> SharedLog {
        event_log::open(&self.store_url()).await.expect("a fresh store opens")
    }

    /// # Panics
    /// On SQLite, which has no server.
    pub fn postgres(&self) -> &Database {
        match self {
            Self::Sqlite(_) => panic!("this test is about PostgreSQL"),
            Self::Postgres(database) => database,
        }
    }

    pub async fn superuser(&self) -> PgConnection {
        self.postgres().superuser().await
    }
}

fn left_out(backend: Backend) -> bool {
    let fast = std::env::var("KABAR_TEST_FAST").is_ok_and(|value| value == "1");
    if fast {
        skip(backend, "KABAR_TEST_FAST=1");
    }
    fast
}

/// # Panics
/// When `REQUIRE_BACKENDS` (names, separated by commas) has this one.
fn skip(backend: Backend, reason: &str) {
    static SAID: Once = Once::new();
    let required = std::env::var("REQUIRE_BACKENDS").unwrap_or_default();
    let required = required.split(',').any(|name| name.trim() == backend.name());
    assert!(!required, "{} is required, but does not run: {reason}", backend.name());
    // Not `eprintln!`: what a passing test prints that way is not shown.
    SAID.call_once(|| drop(writeln!(std::io::stderr(), "NOT RUN: tests on {}: {reason}", backend.name())));
}
