//! States kept beside the log's events, in the same database.

use std::time::Duration;

use aggregates::StreamId;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::{Lender, unavailable, within};
use crate::port::{EventLogError, Snapshot, StoredSnapshot};
use crate::position::LogId;

/// Some megabytes are written by then.
const SAVE_PATIENCE: Duration = Duration::from_secs(30);
/// However many states a format that went out of use has left.
const PRUNE_PATIENCE: Duration = Duration::from_secs(600);

/// sequence, log_id, format, state, whether the event it ends with is there
type SnapshotRow = (i64, Uuid, i64, String, bool);

pub(super) async fn read(readers: &Lender, stream: &StreamId) -> Result<Option<StoredSnapshot>, EventLogError> {
    let row: Option<SnapshotRow> = sqlx::query_as(
        "SELECT s.sequence, s.log_id, s.format, s.state, EXISTS (SELECT 1 FROM events e \
         WHERE e.aggregate_type = s.aggregate_type AND e.aggregate_id = s.aggregate_id \
         AND e.sequence = s.sequence AND e.event_id = s.event_id) \
         FROM state_snapshots s WHERE s.aggregate_type = $1 AND s.aggregate_id = $2",
    )
    .bind(stream.kind.name())
    .bind(&*stream.id)
    .fetch_optional(readers)
    .await
    .map_err(unavailable)?;
    Ok(row.map(|(sequence, log, format, state, in_the_log)| {
        let format = u32::try_from(format).unwrap_or(u32::MAX);
        let snapshot = Snapshot { stream: stream.clone(), sequence: sequence.unsigned_abs(), format, state };
        StoredSnapshot { snapshot, log: LogId(log), in_the_log }
    }))
}

/// In one commit that need not wait for the disk: nothing is lost with it. In the order of their streams, so that two
/// processes that write the same ones do not wait for each other in a circle.
pub(super) async fn save(readers: &Lender, log: LogId, snapshots: &[Snapshot]) -> Result<(), EventLogError> {
    let mut lent = readers.lend().await.map_err(unavailable)?;
    within(SAVE_PATIENCE, write(&mut lent, log, snapshots)).await.map_err(unavailable)?;
    lent.give_back();
    Ok(())
}

async fn write(connection: &mut PgConnection, log: LogId, snapshots: &[Snapshot]) -> sqlx::Result<()> {
    let mut sorted: Vec<&Snapshot> = snapshots.iter().collect();
    sorted.sort_by_key(|snapshot| (snapshot.stream.kind.name(), &snapshot.stream.id));
    let mut transaction = connection.begin().await?;
    sqlx::query("SET LOCAL synchronous_commit = off").execute(&mut *transaction).await?;
    for Snapshot { stream, sequence, format, state } in sorted {
        sqlx::query(
            "INSERT INTO state_snapshots (aggregate_type, aggregate_id, sequence, event_id, log_id, format, state) \
             SELECT e.aggregate_type, e.aggregate_id, e.sequence, e.event_id, $4, $5, $6 FROM events e \
             WHERE e.aggregate_type = $1 AND e.aggregate_id = $2 AND e.sequence = $3 \
             ON CONFLICT (aggregate_type, aggregate_id) DO UPDATE SET sequence = excluded.sequence, \
             event_id = excluded.event_id, log_id = excluded.log_id, format = excluded.format, state = excluded.state",
        )
        .bind(stream.kind.name())
        .bind(&*stream.id)
        .bind(sequence.cast_signed())
        .bind(log.0)
        .bind(i64::from(*format))
        .bind(state)
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await
}

pub(super) async fn prune(readers: &Lender, log: LogId, format: u32) -> Result<u64, EventLogError> {
    let mut connection = readers.apart().await.map_err(unavailable)?;
    let gone = sqlx::query("DELETE FROM state_snapshots WHERE log_id <> $1 OR format < $2")
        .bind(log.0)
        .bind(i64::from(format))
        .execute(&mut connection);
    let gone = within(PRUNE_PATIENCE, gone).await.map_err(unavailable)?;
    Ok(gone.rows_affected())
}
