//! States kept beside the log's events, in the same file.

use rusqlite::{Connection, OptionalExtension, params};

use crate::port::{EventLogError, Snapshot, StoredSnapshot};
use crate::position::LogId;
use aggregates::StreamId;

pub(super) fn read(connection: &Connection, stream: &StreamId) -> Result<Option<StoredSnapshot>, EventLogError> {
    let stored = connection
        .prepare_cached(
            "SELECT s.sequence, s.log_id, s.format, s.state, EXISTS (SELECT 1 FROM events e \
             WHERE e.aggregate_type = s.aggregate_type AND e.aggregate_id = s.aggregate_id \
             AND e.sequence = s.sequence AND e.event_id = s.event_id) \
             FROM state_snapshots s WHERE s.aggregate_type = ?1 AND s.aggregate_id = ?2",
        )?
        .query_row(params![stream.kind.name(), &*stream.id], |row| {
            let (stream, sequence) = (stream.clone(), row.get(0)?);
            let snapshot = Snapshot { stream, sequence, format: row.get(2)?, state: row.get(3)? };
            Ok(StoredSnapshot { snapshot, log: LogId(row.get(1)?), in_the_log: row.get(4)? })
        })
        .optional()?;
    Ok(stored)
}

/// In one commit.
pub(super) fn save(connection: &mut Connection, log: LogId, snapshots: &[Snapshot]) -> Result<(), EventLogError> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    {
        let mut statement = transaction.prepare_cached(
            "INSERT INTO state_snapshots (aggregate_type, aggregate_id, sequence, event_id, log_id, format, state) \
             SELECT e.aggregate_type, e.aggregate_id, e.sequence, e.event_id, ?4, ?5, ?6 FROM events e \
             WHERE e.aggregate_type = ?1 AND e.aggregate_id = ?2 AND e.sequence = ?3 \
             ON CONFLICT (aggregate_type, aggregate_id) DO UPDATE SET sequence = excluded.sequence, \
             event_id = excluded.event_id, log_id = excluded.log_id, format = excluded.format, state = excluded.state",
        )?;
        for Snapshot { stream, sequence, format, state } in snapshots {
            statement.execute(params![stream.kind.name(), &*stream.id, sequence, log.0, format, state])?;
        }
    }
    transaction.commit()?;
    Ok(())
}

pub(super) fn prune(connection: &Connection, log: LogId, format: u32) -> Result<u64, EventLogError> {
    let gone =
        connection.execute("DELETE FROM state_snapshots WHERE log_id <> ?1 OR format < ?2", params![log.0, format])?;
    Ok(gone as u64)
}
