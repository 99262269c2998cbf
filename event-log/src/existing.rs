//! Whether there is a log at all.
//!
//! Separate from `open`, which makes what it does not find: an operator who mistypes a URL must be told so, not shown a
//! new, empty log. Never in here: anything that writes.

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

use crate::port::EventLogError;
use crate::postgres::unreached;
use crate::sqlite;
use crate::store_url::StoreUrl;

/// `invalid_catalog_name`.
const NO_SUCH_DATABASE: &str = "3D000";

/// Looks without making anything.
pub async fn exists(url: &StoreUrl) -> Result<bool, EventLogError> {
    match url {
        StoreUrl::Sqlite(directory) => {
            let file = StoreUrl::file(directory, "log");
            let looked = tokio::task::spawn_blocking(move || sqlite::holds_a_log(&file)).await;
            looked.unwrap_or_else(|error| Err(EventLogError::Unavailable(error.into())))
        }
        StoreUrl::Postgres(text) => {
            let options: PgConnectOptions =
                text.parse().map_err(|error: sqlx::Error| EventLogError::Unavailable(Box::new(error)))?;
            in_postgres(&options).await.map_err(unreached::at(&options))
        }
    }
}

async fn in_postgres(options: &PgConnectOptions) -> Result<bool, sqlx::Error> {
    let mut connection = match PgConnection::connect_with(options).await {
        Ok(connection) => connection,
        Err(sqlx::Error::Database(refusal)) if refusal.code().as_deref() == Some(NO_SUCH_DATABASE) => return Ok(false),
        Err(error) => return Err(error),
    };
    let found = sqlx::query_scalar("select to_regclass('log_identity') is not null").fetch_one(&mut connection).await;
    // The answer is known; how the connection ends does not matter.
    let _ = connection.close().await;
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn looking_for_a_log_does_not_make_one() {
        let directory = std::env::temp_dir().join(format!("kabar-absent-{}", std::process::id()));
        let url = StoreUrl::Sqlite(directory.clone());
        assert!(!exists(&url).await.expect("can be looked for"));
        assert!(!directory.exists());
    }
}
