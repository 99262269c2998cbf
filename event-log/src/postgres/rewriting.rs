//! Tables written anew without what their rows held before (`VACUUM FULL`), and whether that was all of it.
//!
//! PostgreSQL keeps a dead row for as long as anybody reads with a view of the database from before it died, and says
//! nothing of it: so whoever wants it gone has to look.

use std::time::Duration;

use sqlx::PgPool;

/// Readers come and go; one that stays is said to be in the way.
const TRIES_MAX: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);

/// Writes `table` (with its schema) anew, locking it meanwhile. `false`: somebody reads from before, and dead rows were
/// kept for them.
pub async fn write_anew(pool: &PgPool, table: &str) -> Result<bool, sqlx::Error> {
    let rewrite = format!("VACUUM (FULL) {table}");
    // It counts every row that it wrote, those that were kept for others as well.
    let kept = format!(
        "SELECT reltuples > (SELECT count(*) FROM {table})::float4 FROM pg_class WHERE oid = '{table}'::regclass"
    );
    for attempt in 1..=TRIES_MAX {
        sqlx::query(&rewrite).execute(pool).await?;
        let kept: bool = sqlx::query_scalar(&kept).fetch_one(pool).await?;
        if !kept {
            return Ok(true);
        }
        if attempt < TRIES_MAX {
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(false)
}
