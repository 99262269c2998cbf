//! What the index's file is given: segments of what is held in memory, and at opening what it is behind by.
//!
//! Each in one transaction with the checkpoint, in the order of the keys, so that a page is touched once. Several processes
//! may merge the same events: whoever comes second finds the checkpoint moved, and goes on from there.

use rusqlite::{Connection, TransactionBehavior, params};
use uuid::Uuid;

use super::file::Checkpoint;
use super::keys::{Salt, id_key, stream_key};
use super::recent::{Segment, entries};
use crate::port::EventLogError;
use crate::position::LogId;

/// Rows of the log that are read and merged at once when an index is behind. About 10 MB.
const CATCH_UP_EVENTS: u64 = 131_072;

/// Rows to come, by key.
#[derive(Default)]
struct Rows {
    ids: Vec<(i64, u64)>,
    streams: Vec<(i64, u64, u64)>,
}

impl Rows {
    fn of(segments: &[&Segment], behind: u64, salt: Salt) -> Self {
        let mut rows = Self::default();
        for segment in segments {
            let new = segment.ids.iter().filter(|(_, position)| **position > behind);
            rows.ids.extend(new.map(|(id, position)| (id_key(*id), *position)));
            for (stream, places) in &segment.streams {
                let key = stream_key(salt, &stream.kind, &stream.id);
                let new = places.iter().filter(|(_, position)| *position > behind);
                rows.streams.extend(new.map(|(sequence, position)| (key, *sequence, *position)));
            }
        }
        rows
    }

    fn write(mut self, index: &Connection) -> Result<(), EventLogError> {
        self.ids.sort_unstable();
        let mut insert = index.prepare_cached("INSERT OR IGNORE INTO ids (key, position) VALUES (?1, ?2)")?;
        for (key, position) in self.ids {
            insert.execute(params![key, position])?;
        }
        self.streams.sort_unstable();
        let mut insert =
            index.prepare_cached("INSERT OR IGNORE INTO streams (key, sequence, position) VALUES (?1, ?2, ?3)")?;
        for (key, sequence, position) in self.streams {
            insert.execute(params![key, sequence, position])?;
        }
        Ok(())
    }
}

/// Merges what the file does not have of `segments`, which follow each other. Returns up to where it has everything.
pub(super) fn merge(
    index: &mut Connection,
    (log, salt): (LogId, Salt),
    segments: &[&Segment],
) -> Result<u64, EventLogError> {
    let transaction = index.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let checkpoint = Checkpoint::read(&transaction)?;
    let (Some(first), Some(last)) = (segments.first(), segments.last()) else { return Ok(checkpoint.position) };
    if (checkpoint.log, checkpoint.salt) != (log, salt) || checkpoint.position < first.base {
        return Err(EventLogError::Corrupt("the log's index is not the one that was opened".to_owned()));
    }
    if checkpoint.position >= last.end {
        return Ok(checkpoint.position);
    }
    Rows::of(segments, checkpoint.position, salt).write(&transaction)?;
    Checkpoint { position: last.end, event_id: last.end_id, ..checkpoint }.store(&transaction)?;
    transaction.commit()?;
    Ok(last.end)
}

/// Brings the file up to `head`, some at a time. Returns up to where it has everything.
pub(super) fn catch_up(index: &mut Connection, log: &Connection, head: u64) -> Result<u64, EventLogError> {
    loop {
        let transaction = index.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let checkpoint = Checkpoint::read(&transaction)?;
        let missing = entries(log, checkpoint.position, head, CATCH_UP_EVENTS)?;
        let Some(last) = missing.last() else { return Ok(checkpoint.position) };
        let end: (u64, Uuid) = (last.position, last.event_id);
        let mut rows = Rows::default();
        for entry in &missing {
            rows.ids.push((id_key(entry.event_id), entry.position));
            let key = stream_key(checkpoint.salt, &entry.stream.kind, &entry.stream.id);
            rows.streams.push((key, entry.sequence, entry.position));
        }
        rows.write(&transaction)?;
        Checkpoint { position: end.0, event_id: end.1, ..checkpoint }.store(&transaction)?;
        transaction.commit()?;
        tracing::info!(position = end.0, head, "the log's index was behind and is caught up");
    }
}
