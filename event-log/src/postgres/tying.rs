//! Which keys a log's words are sealed with, in its own database. Why they are tied is in `crate::tying`.

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::{READ_PATIENCE, unavailable, unreached, within};
use crate::in_use::What;
use crate::port::EventLogError;
use crate::sealing::keys::KeysId;
use crate::tying::Tie;

/// Also of a log that this program has not brought up to date.
pub(super) async fn tied_to(connection: &mut PgConnection) -> sqlx::Result<Option<KeysId>> {
    let made = sqlx::query_scalar("SELECT to_regclass('log_keys') IS NOT NULL");
    if !made.fetch_one(&mut *connection).await? {
        return Ok(None);
    }
    let id: Option<Uuid> = sqlx::query_scalar("SELECT keys_id FROM log_keys").fetch_optional(connection).await?;
    Ok(id.map(KeysId))
}

/// Carries `tie` out while nobody else writes; what the log is tied to then.
pub(crate) async fn tie(url: &str, tie: Tie) -> Result<KeysId, EventLogError> {
    let options: PgConnectOptions = url.parse().map_err(unavailable)?;
    let options = options.application_name(What::Log.sessions()).options([("synchronous_commit", "on")]);
    within(READ_PATIENCE, tie_on(options, tie)).await.map_err(unavailable)
}

async fn tie_on(options: PgConnectOptions, tie: Tie) -> sqlx::Result<KeysId> {
    let mut connection = PgConnection::connect_with(&options).await?;
    let made = sqlx::query_scalar("SELECT to_regclass('log_keys') IS NOT NULL");
    if !made.fetch_one(&mut connection).await? {
        // Of a program of before.
        super::MIGRATIONS.run(&mut connection).await?;
    }
    let mut transaction = connection.begin().await?;
    sqlx::query("SELECT kabar_take_log()").execute(&mut *transaction).await?;
    let now = tied_to(&mut transaction).await?;
    if let Some(other) = now.filter(|_| now != tie.if_tied_to) {
        transaction.rollback().await?;
        return Ok(other);
    }
    sqlx::query(
        "INSERT INTO log_keys (keys_id) VALUES ($1) ON CONFLICT (one) DO UPDATE SET keys_id = excluded.keys_id",
    )
    .bind(tie.to.0)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    // What was done is done; how the connection ends does not matter.
    let _ = connection.close().await;
    Ok(tie.to)
}

/// Whether anybody else has it open.
pub(crate) async fn has_sessions(url: &str, what: What) -> Result<bool, EventLogError> {
    let options: PgConnectOptions = url.parse().map_err(unavailable)?;
    let asked = async {
        let mut connection = PgConnection::connect_with(&options).await?;
        let found = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1
             AND pid <> pg_backend_pid())",
        )
        .bind(what.sessions())
        .fetch_one(&mut connection)
        .await;
        // The answer is known; how the connection ends does not matter.
        let _ = connection.close().await;
        found
    };
    within(READ_PATIENCE, asked).await.map_err(unreached::at(&options))
}
