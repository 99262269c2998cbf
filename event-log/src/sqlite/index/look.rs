//! Looking things up: in memory first, then in the index's file, and the rows themselves have the last word.
//!
//! In this order, because what is merged goes from memory to the file and not back: looked at the other way round an event
//! could be missed between the two. Never in here: what a row means.

use std::sync::Arc;

use aggregates::StreamId;
use rusqlite::{CachedStatement, Connection, params};
use uuid::Uuid;

use super::super::rows;
use super::file::Checkpoint;
use super::keys::{Salt, id_key, stream_key};
use super::recent::{Judged, Recent, StreamName};
use crate::port::{EventLogError, NewEvent};
use crate::position::LogId;

/// One connection to the index's file, used beside one to the log.
pub(in crate::sqlite) struct Look {
    file: Connection,
    recent: Arc<Recent>,
    log: LogId,
    salt: Salt,
}

/// Keeps a connection at one moment, and spares it a lock for every statement.
pub(in crate::sqlite) struct Moment<'a>(Option<&'a Connection>);

impl<'a> Moment<'a> {
    pub fn of(connection: &'a Connection) -> Result<Self, EventLogError> {
        if !connection.is_autocommit() {
            return Ok(Self(None));
        }
        connection.prepare_cached("BEGIN")?.execute([])?;
        Ok(Self(Some(connection)))
    }
}

impl Drop for Moment<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.0 {
            // It only read: nothing is lost if this fails, and the next statement that begins one will say so.
            let ended = connection.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
            if let Err(error) = ended {
                tracing::warn!(%error, "a look at the event log could not be ended");
            }
        }
    }
}

impl Look {
    pub(super) fn new(file: Connection, recent: Arc<Recent>, log: LogId, salt: Salt) -> Self {
        Self { file, recent, log, salt }
    }

    pub fn recent(&self) -> &Recent {
        &self.recent
    }

    /// Where these events are in the log, in the order of `ids`.
    pub fn find(&self, log: &Connection, ids: &[Uuid]) -> Result<Vec<Option<u64>>, EventLogError> {
        let _moment = Moment::of(log)?;
        let head = self.recent.cover(log)?;
        let (mut found, base) = self.recent.positions(ids);
        // The memory may be ahead of this connection's moment.
        found.iter_mut().for_each(|position| *position = position.filter(|position| *position <= head));
        if found.iter().any(Option::is_none) {
            let file = self.file_since(base)?;
            for (id, position) in ids.iter().zip(&mut found) {
                if position.is_none() {
                    *position = file.find(log, *id)?;
                }
            }
        }
        Ok(found)
    }

    /// Shows `take` where the events of a stream with a sequence above `after` are, in their order, until `limit` were. It
    /// reads the row, and answers whether that was of the stream.
    pub fn each_of_stream(
        &self,
        log: &Connection,
        (stream, after): (&StreamId, u64),
        limit: usize,
        mut take: impl FnMut(u64) -> Result<bool, EventLogError>,
    ) -> Result<(), EventLogError> {
        let head = self.recent.cover(log)?;
        let (places, base) = self.recent.places(&StreamName::of(stream), after, limit);
        let mut left = limit;
        // The first one here is the next one: there are none of them in the file.
        if places.first().is_none_or(|(sequence, _)| *sequence != after + 1) {
            let file = self.file_since(base)?;
            let mut statement = file.statement(
                "SELECT position FROM streams WHERE key = ?1 AND sequence > ?2 AND position <= ?3 ORDER BY sequence, position",
            )?;
            let key = stream_key(self.salt, stream.kind.name(), &stream.id);
            let mut rows =
                statement.query(params![key, rows::capped(after), base]).map_err(|error| self.fault(error))?;
            while left > 0
                && let Some(row) = rows.next().map_err(|error| self.fault(error))?
            {
                left -= usize::from(take(row.get(0)?)?);
            }
        }
        for (_, position) in places.into_iter().filter(|(_, position)| *position <= head).take(left) {
            take(position)?;
        }
        Ok(())
    }

    /// Whether an id or a place in a stream is taken, or is not the next. Everything before the batch must be covered.
    pub fn is_taken<'a>(
        &self,
        log: &Connection,
        events: impl Iterator<Item = &'a NewEvent> + Clone,
    ) -> Result<bool, EventLogError> {
        let (unknown, base) = match self.recent.judge(events.clone()) {
            Judged::Taken => return Ok(true),
            Judged::Open { unknown, base } => (unknown, base),
        };
        let file = self.file_since(base)?;
        for event in events {
            if file.find(log, event.event_id.0)?.is_some() {
                return Ok(true);
            }
        }
        for (stream, sequence) in unknown {
            if file.last(log, stream)? + 1 != sequence {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The file at one moment, which must have everything up to `base`.
    fn file_since(&self, base: u64) -> Result<FileMoment<'_>, EventLogError> {
        let begun = Moment::of(&self.file).and_then(|moment| Ok((moment, Checkpoint::read(&self.file)?)));
        let (moment, checkpoint) = begun.map_err(|error| self.worse(error))?;
        if checkpoint.log != self.log || checkpoint.salt != self.salt || checkpoint.position < base {
            return Err(self.recent.spoil("the index is not the one that was opened"));
        }
        Ok(FileMoment { look: self, _moment: moment })
    }

    fn fault(&self, error: rusqlite::Error) -> EventLogError {
        self.worse(error.into())
    }

    fn worse(&self, error: EventLogError) -> EventLogError {
        match error {
            EventLogError::Corrupt(what) => self.recent.spoil(&what),
            EventLogError::Unavailable(_) | EventLogError::Unreadable { .. } | EventLogError::Closed => error,
        }
    }
}

struct FileMoment<'a> {
    look: &'a Look,
    _moment: Moment<'a>,
}

impl FileMoment<'_> {
    fn statement(&self, sql: &'static str) -> Result<CachedStatement<'_>, EventLogError> {
        self.look.file.prepare_cached(sql).map_err(|error| self.look.fault(error))
    }

    fn find(&self, log: &Connection, id: Uuid) -> Result<Option<u64>, EventLogError> {
        let mut statement = self.statement("SELECT position FROM ids WHERE key = ?1")?;
        let mut rows = statement.query([id_key(id)]).map_err(|error| self.look.fault(error))?;
        while let Some(row) = rows.next().map_err(|error| self.look.fault(error))? {
            let position = row.get(0)?;
            if rows::is_event(log, position, id)? {
                return Ok(Some(position));
            }
        }
        Ok(None)
    }

    /// The last sequence of a stream; 0 when it has not begun.
    fn last(&self, log: &Connection, stream: &StreamId) -> Result<u64, EventLogError> {
        let mut statement = self
            .statement("SELECT sequence, position FROM streams WHERE key = ?1 ORDER BY sequence DESC, position DESC")?;
        let key = stream_key(self.look.salt, stream.kind.name(), &stream.id);
        let mut rows = statement.query([key]).map_err(|error| self.look.fault(error))?;
        while let Some(row) = rows.next().map_err(|error| self.look.fault(error))? {
            if rows::is_of_stream(log, row.get(1)?, stream)? {
                return Ok(row.get(0)?);
            }
        }
        Ok(0)
    }
}
