//! The newest part of the index, in memory: everything behind what the index's file is known to have.
//!
//! What this process appended is put here behind its commit and before its answer; what others wrote is read from the log by
//! whoever looks. Kept in segments: the young one is filled, full ones wait to be merged into the file and are let go of as
//! a whole. Never in here: anything that is not durable, or a gap.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aggregates::{AggregateKind, StreamId};
use rusqlite::{Connection, params};
use uuid::Uuid;

use super::super::rows;
use crate::port::{EventLogError, NewEvent};

/// Events of one segment: so many are merged at once, about once a second on a busy log. The more, the fewer pages of the
/// file each costs.
pub(in crate::sqlite) const SEGMENT_EVENTS_MAX: u64 = 32_768;
/// Events held here, but for the last batch: whoever appends or reads more waits until they are merged. About 8 MB.
pub(in crate::sqlite) const RECENT_EVENTS_MAX: u64 = 65_536;
/// How long one waits for that. The door gives a command two seconds in all.
const ROOM_WAIT_MAX: Duration = Duration::from_millis(1_500);
/// Rows of others that are read at once.
const COVER_EVENTS: u64 = 2_000;
/// Of events behind which the log's write-ahead log is written back, by the indexer, so that no commit has to.
const FLUSH_BYTES: u64 = 8 * 1024 * 1024;
/// A row weighs about so much beside its texts.
const ROW_BYTES: u64 = 200;

/// A stream by its stored names, also one of a kind that this program does not know.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::sqlite) struct StreamName {
    pub kind: Cow<'static, str>,
    pub id: Arc<str>,
}

impl StreamName {
    pub fn of(stream: &StreamId) -> Self {
        Self { kind: Cow::Borrowed(stream.kind.name()), id: Arc::clone(&stream.id) }
    }
}

/// What is remembered of an event.
pub(in crate::sqlite) struct Entry {
    pub position: u64,
    pub event_id: Uuid,
    pub stream: StreamName,
    pub sequence: u64,
}

/// Everything in `(base, end]`.
#[derive(Default)]
pub(super) struct Segment {
    pub base: u64,
    pub end: u64,
    /// Of the event at `end`; nil before the first.
    pub end_id: Uuid,
    pub ids: HashMap<Uuid, u64>,
    /// (sequence, position), as they were written.
    pub streams: HashMap<StreamName, Vec<(u64, u64)>>,
}

impl Segment {
    fn behind(base: u64, capacity: u64) -> Self {
        let ids = HashMap::with_capacity(usize::try_from(capacity).unwrap_or_default());
        Self { base, end: base, ids, ..Self::default() }
    }

    fn push(&mut self, entry: Entry) {
        self.end = entry.position;
        self.end_id = entry.event_id;
        self.ids.insert(entry.event_id, self.end);
        self.streams.entry(entry.stream).or_default().push((entry.sequence, self.end));
    }
}

struct State {
    young: Segment,
    /// Oldest first.
    full: VecDeque<Arc<Segment>>,
    /// Written since the log's write-ahead log was written back.
    unflushed_bytes: u64,
    closing: bool,
    /// The indexer's thread has ended: nobody merges any more.
    ended: bool,
}

impl State {
    fn base(&self) -> u64 {
        self.full.front().map_or(self.young.base, |oldest| oldest.base)
    }

    /// Newest first.
    fn segments(&self) -> impl Iterator<Item = &Segment> {
        std::iter::once(&self.young).chain(self.full.iter().rev().map(|segment| &**segment))
    }

    fn set_aside(&mut self) {
        let next = Segment::behind(self.young.end, SEGMENT_EVENTS_MAX);
        self.full.push_back(Arc::new(std::mem::replace(&mut self.young, next)));
    }
}

/// What the indexer is to do.
pub(super) struct Work {
    pub full: Vec<Arc<Segment>>,
    /// Write the log's write-ahead log back.
    pub flush: bool,
    /// The last time.
    pub closing: bool,
}

/// Whether events of a batch may be written, as far as is known here.
pub(super) enum Judged<'a> {
    Taken,
    /// What the file has to be asked: streams that nothing is known of here, with the sequence that is next for the batch;
    /// and from where on everything is known here.
    Open {
        unknown: Vec<(&'a StreamId, u64)>,
        base: u64,
    },
}

/// See the module.
pub(in crate::sqlite) struct Recent {
    state: Mutex<State>,
    moved: Condvar,
    /// Held by whoever reads what others wrote: the next one wants the same.
    covering: Mutex<()>,
    /// The index's file, taken away when it is found damaged, so that the next opening makes it anew.
    file: PathBuf,
    spoiled: AtomicBool,
}

impl Recent {
    /// Begins behind what the file has.
    pub fn behind(base: u64, file: PathBuf) -> Self {
        let young = Segment::behind(base, 0);
        let state = State { young, full: VecDeque::new(), unflushed_bytes: 0, closing: false, ended: false };
        Self {
            state: Mutex::new(state),
            moved: Condvar::new(),
            covering: Mutex::default(),
            file,
            spoiled: AtomicBool::new(false),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Up to where everything is known.
    pub fn covered(&self) -> u64 {
        self.lock().young.end
    }

    /// Reads what is missing up to the log's head, as `log` sees it. Returns that head.
    pub fn cover(&self, log: &Connection) -> Result<u64, EventLogError> {
        let head = rows::head(log)?.position.0;
        if self.covered() >= head {
            return Ok(head);
        }
        let _one_at_a_time = self.covering.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let from = self.covered();
            if from >= head {
                return Ok(head);
            }
            self.wait_for_room()?;
            self.take(entries(log, from, head, COVER_EVENTS)?, 0);
        }
    }

    /// The next events, in order; some may be known by now.
    pub fn take(&self, entries: impl IntoIterator<Item = Entry>, payload_bytes: u64) {
        let mut state = self.lock();
        for entry in entries {
            if entry.position > state.young.end {
                state.unflushed_bytes += ROW_BYTES;
                state.young.push(entry);
            }
        }
        state.unflushed_bytes += payload_bytes;
        let full = state.young.end - state.young.base >= SEGMENT_EVENTS_MAX;
        if full {
            state.set_aside();
        }
        if full || state.unflushed_bytes >= FLUSH_BYTES {
            self.moved.notify_all();
        }
    }

    /// Past [`RECENT_EVENTS_MAX`] whoever brings more waits for the indexer.
    pub fn wait_for_room(&self) -> Result<(), EventLogError> {
        let deadline = Instant::now() + ROOM_WAIT_MAX;
        let mut state = self.lock();
        while state.young.end - state.base() >= RECENT_EVENTS_MAX {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || state.ended {
                let held = state.young.end - state.base();
                let problem = format!(
                    "{held} events wait to be written to the log's index, {RECENT_EVENTS_MAX} may: {} cannot be written \
                     fast enough, or not at all",
                    self.file.display()
                );
                return Err(EventLogError::Unavailable(problem.into()));
            }
            state = self.moved.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }

    /// Where these ids are, as far as is known here; and from where on everything is.
    pub(super) fn positions(&self, ids: &[Uuid]) -> (Vec<Option<u64>>, u64) {
        let state = self.lock();
        let position = |id: &Uuid| state.segments().find_map(|segment| segment.ids.get(id).copied());
        (ids.iter().map(position).collect(), state.base())
    }

    /// (sequence, position) of a stream's events behind `after`, as far as is known here; and from where on everything is.
    pub(super) fn places(&self, stream: &StreamName, after: u64, limit: usize) -> (Vec<(u64, u64)>, u64) {
        let state = self.lock();
        let mut places = Vec::new();
        for segment in state.full.iter().map(|segment| &**segment).chain([&state.young]) {
            let of_stream = segment.streams.get(stream).into_iter().flatten();
            places.extend(of_stream.filter(|(sequence, _)| *sequence > after).take(limit - places.len().min(limit)));
        }
        (places, state.base())
    }

    pub(super) fn judge<'a>(&self, events: impl Iterator<Item = &'a NewEvent>) -> Judged<'a> {
        let state = self.lock();
        let mut own: HashMap<&StreamId, u64> = HashMap::new();
        let mut ids = HashSet::new();
        let mut unknown = Vec::new();
        for event in events {
            let id = event.event_id.0;
            if !ids.insert(id) || state.segments().any(|segment| segment.ids.contains_key(&id)) {
                return Judged::Taken;
            }
            if let Some(last) = own.get_mut(&event.stream) {
                if event.sequence != *last + 1 {
                    return Judged::Taken;
                }
                *last += 1;
                continue;
            }
            let name = StreamName::of(&event.stream);
            let last = state.segments().find_map(|segment| segment.streams.get(&name)?.last());
            match last {
                Some((last, _)) if event.sequence != *last + 1 => return Judged::Taken,
                Some(_) => {}
                None => unknown.push((&event.stream, event.sequence)),
            }
            own.insert(&event.stream, event.sequence);
        }
        Judged::Open { unknown, base: state.base() }
    }

    /// For the indexer: waits until there is something to do.
    pub(super) fn next_work(&self) -> Work {
        let mut state = self.lock();
        while state.full.is_empty() && state.unflushed_bytes < FLUSH_BYTES && !state.closing {
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.closing && state.young.end > state.young.base {
            state.set_aside();
        }
        let flush = state.unflushed_bytes >= FLUSH_BYTES;
        if flush {
            state.unflushed_bytes = 0;
        }
        Work { full: state.full.iter().cloned().collect(), flush, closing: state.closing }
    }

    /// For the indexer, after a failure.
    pub(super) fn pause(&self, pause: Duration) {
        let deadline = Instant::now() + pause;
        let mut state = self.lock();
        while !state.closing {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self.moved.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The file has everything up to `position` now.
    pub(super) fn let_go(&self, position: u64) {
        let mut gone = Vec::new();
        let mut state = self.lock();
        while state.full.front().is_some_and(|oldest| oldest.end <= position) {
            gone.extend(state.full.pop_front());
        }
        self.moved.notify_all();
        drop(state);
        // Only now: thousands of small things are freed.
        drop(gone);
    }

    /// Nothing more is appended by this process.
    pub fn close(&self) {
        self.lock().closing = true;
        self.moved.notify_all();
    }

    pub(super) fn end(&self) {
        self.lock().ended = true;
        self.moved.notify_all();
    }

    pub fn is_spoiled(&self) -> bool {
        self.spoiled.load(Ordering::Relaxed)
    }

    /// The index's file is of no use. Those who have it open keep it for as long as they run, so this says what to do.
    pub(super) fn spoil(&self, what: &str) -> EventLogError {
        if !self.spoiled.swap(true, Ordering::Relaxed) {
            let taken_away = std::fs::remove_file(&self.file).is_ok();
            tracing::error!(file = %self.file.display(), what, taken_away, "the log's index is damaged; the log is not");
        }
        EventLogError::Corrupt(format!(
            "{what} (its index, not the log itself; end every program that uses the log and start again: the index is made anew)"
        ))
    }
}

/// The first events in `(after, head]`.
pub(super) fn entries(log: &Connection, after: u64, head: u64, limit: u64) -> Result<Vec<Entry>, EventLogError> {
    let mut statement = log.prepare_cached(
        "SELECT position, event_id, aggregate_type, aggregate_id, sequence FROM events \
         WHERE position > ?1 AND position <= ?2 ORDER BY position LIMIT ?3",
    )?;
    let mut rows = statement.query(params![after, head, limit])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let kind = rows::text(row, 2)?;
        let kind =
            AggregateKind::parse(kind).map_or_else(|| Cow::Owned(kind.to_owned()), |kind| Cow::Borrowed(kind.name()));
        let stream = StreamName { kind, id: rows::text(row, 3)?.into() };
        entries.push(Entry { position: row.get(0)?, event_id: row.get(1)?, stream, sequence: row.get(4)? });
    }
    Ok(entries)
}
