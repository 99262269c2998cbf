//! One append: what others wrote meanwhile, what still holds, and its commit. All of it on the writer's thread.

use std::collections::{BTreeSet, HashMap};
use std::time::{SystemTime, UNIX_EPOCH};

use aggregates::ids::EventId;
use aggregates::{StreamId, Timestamp};
use rusqlite::{Connection, ffi, params};

use super::index::{Entry, Look, StreamName};
use super::rows::{self, Head};
use super::snapshots;
use crate::port::{AppendError, Appended, Batch, Condition, EventLogError, Foreign, Found, Snapshot};
use crate::position::{LogId, Position};

/// Events of others that one answer carries; who is further behind reads on first.
const TAIL_EVENTS_MAX: u64 = 2_000;

/// The connection that writes, and what is known of its last commit.
pub(super) struct Pen {
    connection: Connection,
    /// What is in the log already.
    look: Look,
    log: LogId,
    /// A commit failed, and the file may hold its pages behind the last good one: after a crash SQLite could take them
    /// for written. Overwritten by the next commit that succeeds.
    doubtful: bool,
}

impl Pen {
    pub fn new(connection: Connection, look: Look, log: LogId) -> Self {
        Self { connection, look, log, doubtful: false }
    }

    pub fn append(&mut self, batch: &Batch) -> Result<Appended, AppendError> {
        if batch.events.is_empty() {
            // Nothing to write, still to be checked: an answer must not rest on what others have overtaken.
            let now = now();
            return weigh(&self.connection, batch, now).map(|(appended, _)| appended);
        }
        self.begin().map_err(AppendError::NothingWritten)?;
        self.append_and_let_go(batch)
    }

    /// Takes the file for this process, until [`Pen::append_and_let_go`] or [`Pen::roll_back`].
    pub fn begin_after(&mut self, known: Position) -> Result<Foreign, AppendError> {
        self.begin().map_err(AppendError::NothingWritten)?;
        let tail = rows::head(&self.connection)
            .map_err(AppendError::NothingWritten)
            .and_then(|head| foreign_tail(&self.connection, known, head));
        if tail.is_err() {
            self.roll_back();
        }
        tail
    }

    /// The rest of an append inside its transaction, which is over afterwards, whatever happened.
    pub fn append_and_let_go(&mut self, batch: &Batch) -> Result<Appended, AppendError> {
        let written = weigh(&self.connection, batch, now()).and_then(|(appended, left_out)| {
            self.require_untaken(batch, &appended, &left_out)?;
            let count = insert(&self.connection, batch, &appended, &left_out)?;
            Ok((appended, count))
        });
        let (appended, count) = written.inspect_err(|_| self.roll_back())?;
        if count == 0 {
            self.roll_back();
            return Ok(appended);
        }
        self.commit(batch)?;
        self.remember(batch, &appended);
        Ok(appended)
    }

    /// Every id is new, and every event the next of its stream.
    fn require_untaken(&self, batch: &Batch, appended: &Appended, left_out: &BTreeSet<u32>) -> Result<(), AppendError> {
        let covered = self.look.recent().cover(&self.connection).map_err(AppendError::NothingWritten)?;
        let known = Position(self.look.recent().covered());
        if known.0 > covered {
            return Err(AppendError::WentBack { known, head: appended.base });
        }
        let written = batch.events.iter().filter(|event| !left_out.contains(&event.group));
        match self.look.is_taken(&self.connection, written).map_err(AppendError::NothingWritten)? {
            true => Err(AppendError::Taken),
            false => Ok(()),
        }
    }

    /// Before anybody is answered: whoever asks then is to find it without reading it.
    fn remember(&self, batch: &Batch, appended: &Appended) {
        let mut position = appended.base.0;
        let written = batch.events.iter().filter(|event| appended.left_out.binary_search(&event.group).is_err());
        let entries = written.clone().map(|event| {
            position += 1;
            let stream = StreamName::of(&event.stream);
            Entry { position, event_id: event.event_id.0, stream, sequence: event.sequence }
        });
        let payload_bytes = written.clone().map(|event| (event.payload.len() + event.metadata.len()) as u64).sum();
        self.look.recent().take(entries, payload_bytes);
    }

    /// See [`crate::EventLog::settle`]: whatever was queued before this has run.
    pub fn settle(&mut self, ids: &[EventId]) -> Result<Vec<Found>, EventLogError> {
        if self.doubtful {
            self.fence()?;
        }
        rows::find(&self.connection, &self.look, ids)
    }

    pub fn save_reactor_checkpoint(&mut self, reactor: &str, position: Position) -> Result<(), EventLogError> {
        // Also refuses to overwrite the checkpoint of another log.
        if rows::stored_checkpoint(&self.connection, self.log, reactor)?.is_some_and(|stored| stored >= position) {
            return Ok(());
        }
        self.connection
            .prepare_cached(
                "INSERT INTO reactor_checkpoints (reactor, log_id, position) VALUES (?1, ?2, ?3)
                 ON CONFLICT (reactor) DO UPDATE SET position = excluded.position
                 WHERE excluded.position > position",
            )?
            .execute(params![reactor, self.log.0, position.0])?;
        Ok(())
    }

    pub fn save_snapshots(&mut self, snapshots: &[Snapshot]) -> Result<(), EventLogError> {
        self.roll_back();
        snapshots::save(&mut self.connection, &self.look, self.log, snapshots)
    }

    pub fn prune_snapshots(&mut self, format: u32) -> Result<u64, EventLogError> {
        snapshots::prune(&self.connection, self.log, format)
    }

    pub fn roll_back(&self) {
        if self.connection.is_autocommit() {
            return; // SQLite rolls back by itself after some errors.
        }
        if let Err(error) = self.connection.execute_batch("ROLLBACK") {
            tracing::error!(%error, "a transaction of the event log cannot be rolled back");
        }
    }

    /// Leaves a tidy file behind: statistics for the planner, and no WAL.
    pub fn finish(&self) {
        let tidied = self.connection.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE);");
        if let Err(error) = tidied {
            tracing::warn!(%error, "the event log was closed without tidying up");
        }
    }

    fn begin(&self) -> Result<(), EventLogError> {
        self.roll_back();
        // Before the file is taken: everybody else goes on meanwhile.
        self.look.recent().wait_for_room()?;
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        Ok(())
    }

    /// An answer only when the outcome is certain.
    fn commit(&mut self, batch: &Batch) -> Result<(), AppendError> {
        let committed = self.connection.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
        let Err(error) = committed else {
            self.doubtful = false;
            return Ok(());
        };
        tracing::error!(%error, "a commit of the event log failed");
        self.roll_back();
        self.doubtful = true;
        let ids: Vec<EventId> = batch.events.iter().map(|event| event.event_id).collect();
        match self.settle(&ids) {
            Ok(found) if found.is_empty() => Err(AppendError::NothingWritten(error.into())),
            Ok(_) => Ok(()),
            Err(_) => Err(AppendError::Unknown(error.into())),
        }
    }

    /// A small commit of its own, over the pages of the one that failed.
    fn fence(&mut self) -> Result<(), EventLogError> {
        self.connection.execute("UPDATE log_identity SET fences = fences + 1", [])?;
        self.doubtful = false;
        Ok(())
    }
}

/// However the writer ends: what is only in memory of the index is merged now, and the indexer ends as well.
impl Drop for Pen {
    fn drop(&mut self) {
        self.look.recent().close();
    }
}

/// What others wrote, and which groups that breaks.
fn weigh(connection: &Connection, batch: &Batch, now: Timestamp) -> Result<(Appended, BTreeSet<u32>), AppendError> {
    let head = rows::head(connection).map_err(AppendError::NothingWritten)?;
    let foreign = foreign_tail(connection, batch.known, head)?;
    let left_out = broken_groups(&batch.conditions, &foreign);
    let appended = Appended {
        base: head.position,
        left_out: left_out.iter().copied().collect(),
        foreign,
        // Clocks are set back; the order of the log is not.
        recorded_at: now.max(head.recorded_at),
    };
    Ok((appended, left_out))
}

fn foreign_tail(connection: &Connection, known: Position, head: Head) -> Result<Foreign, AppendError> {
    if head.position < known {
        return Err(AppendError::WentBack { known, head: head.position });
    }
    if head.position == known {
        return Ok(Foreign::default());
    }
    if head.position.0 - known.0 > TAIL_EVENTS_MAX {
        return Err(AppendError::Behind { head: head.position });
    }
    rows::between(connection, known, head.position).map_err(AppendError::NothingWritten)
}

fn broken_groups(conditions: &[Condition], foreign: &Foreign) -> BTreeSet<u32> {
    if foreign.is_empty() {
        return BTreeSet::new();
    }
    // By their stored names: whether they can be read is another matter.
    let mut by_stream: HashMap<&StreamId, Vec<(u64, &str)>> = HashMap::new();
    for event in &foreign.events {
        by_stream.entry(&event.stream).or_default().push((event.sequence, event.event.schema().name()));
    }
    for event in &foreign.unreadable {
        if let Some(stream) = &event.stream {
            by_stream.entry(stream).or_default().push((event.sequence, &event.name));
        }
    }
    let breaks = |condition: &Condition, (sequence, name): (u64, &str)| {
        sequence > condition.version && (condition.kinds.is_empty() || condition.kinds.contains(&name))
    };
    conditions
        .iter()
        .filter(|condition| {
            by_stream.get(&condition.stream).is_some_and(|events| events.iter().any(|event| breaks(condition, *event)))
        })
        .map(|condition| condition.group)
        .collect()
}

/// How many were written.
fn insert(
    connection: &Connection,
    batch: &Batch,
    appended: &Appended,
    left_out: &BTreeSet<u32>,
) -> Result<u64, AppendError> {
    let mut statement = connection
        .prepare_cached(
            "INSERT INTO events (position, event_id, aggregate_type, aggregate_id, sequence, event_type, \
             event_version, payload, metadata, recorded_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )
        .map_err(not_written)?;
    let mut count = 0;
    for event in batch.events.iter().filter(|event| !left_out.contains(&event.group)) {
        count += 1;
        statement
            .execute(params![
                appended.base.0 + count,
                event.event_id.0,
                event.stream.kind.name(),
                &*event.stream.id,
                event.sequence,
                event.name,
                event.version,
                event.payload,
                &*event.metadata,
                appended.recorded_at.as_millis(),
            ])
            .map_err(not_written)?;
    }
    Ok(count)
}

fn not_written(error: rusqlite::Error) -> AppendError {
    let taken = [ffi::SQLITE_CONSTRAINT_UNIQUE, ffi::SQLITE_CONSTRAINT_PRIMARYKEY];
    match error.sqlite_error() {
        Some(cause) if taken.contains(&cause.extended_code) => AppendError::Taken,
        _ => AppendError::NothingWritten(error.into()),
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
