//! How far reactors have come, beside the log and of this log only.

use uuid::Uuid;

use super::{Lender, reading, unavailable};
use crate::port::EventLogError;
use crate::position::{LogId, Position};
use crate::reactor_place::{ReactorPlace, missing, not_past};

pub(super) async fn checkpoint(readers: &Lender, log: LogId, reactor: &str) -> Result<Option<Position>, EventLogError> {
    let Some(stored) = stored(readers, reactor).await? else {
        let known = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM reactors_known WHERE reactor = $1)");
        return missing(known.bind(reactor).fetch_one(readers).await.map_err(unavailable)?, reactor);
    };
    let position = stored.of_log(log, reactor)?;
    not_past(reading::head(readers).await?, position, reactor).map(Some)
}

pub(super) async fn save(readers: &Lender, log: LogId, reactor: &str, position: Position) -> Result<(), EventLogError> {
    let written = sqlx::query(
        "INSERT INTO reactor_checkpoints (reactor, log_id, position) VALUES ($1, $2, $3) ON CONFLICT (reactor) DO \
         UPDATE SET position = greatest(reactor_checkpoints.position, excluded.position) \
         WHERE reactor_checkpoints.log_id = excluded.log_id",
    )
    .bind(reactor)
    .bind(log.0)
    .bind(position.0.cast_signed())
    .execute(readers)
    .await
    .map_err(unavailable)?;
    if written.rows_affected() == 0
        && let Some(foreign) = stored(readers, reactor).await?
    {
        foreign.of_log(log, reactor)?;
    }
    Ok(())
}

/// Every reactor's checkpoint, by name.
pub(super) async fn all(readers: &Lender) -> Result<Vec<(String, Position)>, EventLogError> {
    let rows: Vec<(String, i64)> =
        sqlx::query_as("SELECT reactor, position FROM reactor_checkpoints ORDER BY reactor COLLATE \"C\"")
            .fetch_all(readers)
            .await
            .map_err(unavailable)?;
    Ok(rows.into_iter().map(|(reactor, position)| (reactor, Position(position.unsigned_abs()))).collect())
}

async fn stored(readers: &Lender, reactor: &str) -> Result<Option<ReactorPlace>, EventLogError> {
    let row: Option<(Uuid, i64)> =
        sqlx::query_as("SELECT log_id, position FROM reactor_checkpoints WHERE reactor = $1")
            .bind(reactor)
            .fetch_optional(readers)
            .await
            .map_err(unavailable)?;
    Ok(row.map(|(log, position)| ReactorPlace { log: LogId(log), position: Position(position.unsigned_abs()) }))
}
