//! States kept beside the log's events, in the same file.

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::index::Look;
use super::rows;
use crate::port::{EventLogError, Snapshot, StoredSnapshot};
use crate::position::LogId;
use aggregates::StreamId;
use aggregates::ids::EventId;

pub(super) fn read(
    connection: &Connection,
    look: &Look,
    stream: &StreamId,
) -> Result<Option<StoredSnapshot>, EventLogError> {
    let stored: Option<(Snapshot, LogId, Uuid)> = connection
        .prepare_cached(
            "SELECT sequence, log_id, format, state, event_id FROM state_snapshots \
             WHERE aggregate_type = ?1 AND aggregate_id = ?2",
        )?
        .query_row(params![stream.kind.name(), &*stream.id], |row| {
            let (stream, sequence) = (stream.clone(), row.get(0)?);
            let snapshot = Snapshot { stream, sequence, format: row.get(2)?, state: row.get(3)? };
            Ok((snapshot, LogId(row.get(1)?), row.get(4)?))
        })
        .optional()?;
    let Some((snapshot, log, event_id)) = stored else { return Ok(None) };
    let last = rows::find(connection, look, &[EventId(event_id)]);
    let in_the_log = match last {
        Ok(last) => last.iter().any(|found| found.stream == *stream && found.sequence == snapshot.sequence),
        // Of a kind that this program does not know: not of this stream.
        Err(EventLogError::Unreadable { .. }) => false,
        Err(error) => return Err(error),
    };
    Ok(Some(StoredSnapshot { snapshot, log, in_the_log }))
}

/// In one commit.
pub(super) fn save(
    connection: &mut Connection,
    look: &Look,
    log: LogId,
    snapshots: &[Snapshot],
) -> Result<(), EventLogError> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    {
        let mut statement = transaction.prepare_cached(
            "INSERT INTO state_snapshots (aggregate_type, aggregate_id, sequence, event_id, log_id, format, state) \
             SELECT e.aggregate_type, e.aggregate_id, e.sequence, e.event_id, ?2, ?3, ?4 FROM events e \
             WHERE e.position = ?1 \
             ON CONFLICT (aggregate_type, aggregate_id) DO UPDATE SET sequence = excluded.sequence, \
             event_id = excluded.event_id, log_id = excluded.log_id, format = excluded.format, state = excluded.state",
        )?;
        for Snapshot { stream, sequence, format, state } in snapshots {
            if let Some(position) = rows::place_in_stream(&transaction, look, stream, *sequence)? {
                statement.execute(params![position, log.0, format, state])?;
            }
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
