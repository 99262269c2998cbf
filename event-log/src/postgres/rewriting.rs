//! Tables written anew without what their rows held before (`VACUUM FULL`), and whether that was all of it.
//!
//! PostgreSQL keeps a dead row for as long as anybody reads with a view of the database from before it died, and says
//! nothing of it: so whoever wants it gone has to look.

use std::time::Duration;

use sqlx::PgConnection;

/// Readers come and go; one that stays is said to be in the way.
const TRIES_MAX: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);

/// Writes `table` (with its schema) anew, locking it meanwhile. `false`: somebody reads from before, and what died since
/// was kept for them.
pub async fn write_anew(connection: &mut PgConnection, table: &str) -> Result<bool, sqlx::Error> {
    // A transaction of its own: whatever is dead now died in an earlier one.
    let now: String = sqlx::query_scalar("SELECT pg_current_xact_id()::xid::text").fetch_one(&mut *connection).await?;
    let rewrite = format!("VACUUM (FULL) {table}");
    // It freezes all it keeps up to the oldest transaction that anybody may still look back to, and notes which that was.
    let all = format!("SELECT age(relfrozenxid) < age('{now}'::xid) FROM pg_class WHERE oid = '{table}'::regclass");
    for attempt in 1..=TRIES_MAX {
        sqlx::query(&rewrite).execute(&mut *connection).await?;
        if sqlx::query_scalar(&all).fetch_one(&mut *connection).await? {
            return Ok(true);
        }
        if attempt < TRIES_MAX {
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(false)
}
