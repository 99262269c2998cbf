//! Whether the index says what the log says: for the doctor, who believes the log.

use std::path::Path;

use rusqlite::{CachedStatement, Connection, params};
use uuid::Uuid;

use super::super::connection::open_reader;
use super::super::rows;
use super::file::{Checkpoint, Verdict, judge};
use super::keys::{id_key, stream_key};
use super::look::Moment;
use crate::port::EventLogError;
use crate::position::LogId;
use crate::raw::{IndexStanding, Sample};

/// Looks up every event that the index should have. `log` only reads.
pub(in crate::sqlite) fn check(
    path: &Path,
    log: &Connection,
    id: LogId,
    named_max: usize,
) -> Result<IndexStanding, EventLogError> {
    if !path.try_exists().map_err(|error| EventLogError::Unavailable(error.into()))? {
        return Ok(IndexStanding::Absent);
    }
    if let Verdict::Useless(why) = judge(path, log, id)? {
        return Ok(IndexStanding::Useless(why));
    }
    match compare(&open_reader(path)?, log, named_max) {
        Err(EventLogError::Corrupt(what)) => Ok(IndexStanding::Useless(what)),
        compared => compared,
    }
}

fn compare(index: &Connection, log: &Connection, named_max: usize) -> Result<IndexStanding, EventLogError> {
    // Of the index first: whatever it has was in the log before.
    let _moment = Moment::of(index)?;
    let checkpoint = Checkpoint::read(index)?;
    let mut wrong = Sample { named: Vec::new(), total: 0 };
    let mut say = |text: String| {
        wrong.total += 1;
        if wrong.named.len() < named_max {
            wrong.named.push(text);
        }
    };
    let mut by_id = index.prepare_cached("SELECT 1 FROM ids WHERE key = ?1 AND position = ?2")?;
    let mut by_stream =
        index.prepare_cached("SELECT 1 FROM streams WHERE key = ?1 AND sequence = ?2 AND position = ?3")?;
    let mut events = log.prepare(
        "SELECT position, event_id, aggregate_type, aggregate_id, sequence FROM events WHERE position <= ?1 \
         ORDER BY position",
    )?;
    let mut rows = events.query([checkpoint.position])?;
    let mut found = (0_i64, 0_i64);
    while let Some(row) = rows.next()? {
        let position: i64 = row.get(0)?;
        let id: Uuid = row.get(1)?;
        if by_id.exists(params![id_key(id), position])? {
            found.0 += 1;
        } else {
            say(format!("position {position} is not found by its id"));
        }
        let (key, sequence): (i64, i64) =
            (stream_key(checkpoint.salt, rows::text(row, 2)?, rows::text(row, 3)?), row.get(4)?);
        if by_stream.exists(params![key, sequence, position])? {
            found.1 += 1;
        } else {
            say(format!("position {position} is not found in its stream"));
        }
    }
    let count = |mut all: CachedStatement<'_>| all.query_row([], |row| row.get::<_, i64>(0));
    for (what, found, all) in [
        ("ids", found.0, count(index.prepare_cached("SELECT count(*) FROM ids")?)?),
        ("streams", found.1, count(index.prepare_cached("SELECT count(*) FROM streams")?)?),
    ] {
        if all > found {
            say(format!("{} entries of {what} are of no event", all - found));
        }
    }
    Ok(IndexStanding::Follows { checkpoint: checkpoint.position.cast_signed(), wrong })
}
