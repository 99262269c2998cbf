//! The short way for one event while nobody else writes.
//!
//! One plain statement instead of the function for batches: half the server's work, which is what a single caller waits
//! for. It writes only when the log ends exactly where this process knows it to end; then nothing was written behind what
//! the batch rests on, and there is nothing to weigh. The lock keeps stock writers and batches in line, and the unique
//! index on positions stands behind it: a statement sees the log as it was before it waited for the lock.

use aggregates::Timestamp;
use sqlx::postgres::PgConnection;

use crate::port::{Batch, NewEvent};

/// The same lock as `kabar_take_log()` of the migration, which a statement of this kind cannot call in time.
const INSERT: &str = "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
     metadata, position, event_id, recorded_at) \
     SELECT $2, $3, $4, $5, $6, $7::json, $8::json, last.position + 1, $9, \
            greatest(clock_timestamp(), last.recorded_at) \
       FROM (SELECT pg_advisory_xact_lock(4954371190118801)) held, \
            (SELECT e.position, e.recorded_at FROM events e ORDER BY e.position DESC LIMIT 1) last \
      WHERE last.position = $1 \
     RETURNING (extract(epoch FROM recorded_at) * 1000)::int8";

/// The event of a batch that can go the short way.
pub(super) fn only_event(batch: &Batch) -> Option<&NewEvent> {
    match batch.events.as_slice() {
        [event] => Some(event),
        _ => None,
    }
}

/// When it was recorded, right behind `batch.known`; `None` when nothing was written because others wrote meanwhile
/// (or the log is empty, or went back): the batch has to be weighed.
pub(super) async fn insert(
    connection: &mut PgConnection,
    batch: &Batch,
    event: &NewEvent,
) -> Result<Option<Timestamp>, sqlx::Error> {
    let inserted = sqlx::query_scalar(INSERT)
        .bind(batch.known.0.cast_signed())
        .bind(event.stream.kind.name())
        .bind(&*event.stream.id)
        .bind(event.sequence.cast_signed())
        .bind(event.name)
        .bind(event.version)
        .bind(event.payload.as_str())
        .bind(&*event.metadata)
        .bind(event.event_id.0)
        // All of the answer, which ends behind the commit; never the first row of it.
        .fetch_all(connection)
        .await;
    match inserted {
        Ok(recorded) => Ok(recorded.first().map(|millis| Timestamp::from_millis(*millis))),
        // A place or an id is taken: by whom, the long way tells.
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("23505") => Ok(None),
        Err(error) => Err(error),
    }
}
