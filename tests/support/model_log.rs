//! A log that is nothing but a list: the port's promises in the plainest words there are.
//!
//! Shared by every node of a simulation, as one database is. Stored is text, so that what is read back went through
//! the stored form. Never in here: faults (they are wrapped around it), a thread, a clock of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aggregates::ids::EventId;
use aggregates::{DomainEvent, StreamId, Timestamp};
use async_trait::async_trait;
use event_log::port::{
    AppendError, Appended, Batch, Condition, EventLog, Foreign, Found, LockedLog, NewEvent, Snapshot, StoredSnapshot,
};
use event_log::{EventLogError, Filter, LogId, Page, Position, RecordedEvent};
use tokio::sync::{OwnedMutexGuard, watch};
use uuid::Uuid;

pub struct ModelLog {
    id: LogId,
    /// Events of others that one answer carries.
    tail_events_max: u64,
    rows: Arc<Mutex<Rows>>,
    /// Held by whoever writes.
    pen: Arc<tokio::sync::Mutex<()>>,
    heard: watch::Sender<Position>,
}

#[derive(Default)]
struct Rows {
    events: Vec<Row>,
    reactors: BTreeMap<String, Position>,
    /// With the event each ends with.
    kept: BTreeMap<StreamId, (Snapshot, EventId)>,
}

struct Row {
    event_id: EventId,
    stream: StreamId,
    sequence: u64,
    name: &'static str,
    version: &'static str,
    payload: String,
    metadata: String,
}

impl ModelLog {
    pub fn new(tail_events_max: u64) -> Self {
        Self {
            id: LogId(Uuid::from_u128(0x51)),
            tail_events_max,
            rows: Arc::default(),
            pen: Arc::default(),
            heard: watch::Sender::new(Position::START),
        }
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// In one go: nothing comes between the look and the write.
    fn write(&self, batch: &Batch) -> Result<Appended, AppendError> {
        let mut rows = self.rows();
        let foreign = rows.foreign(batch.known, self.tail_events_max)?;
        let broken: BTreeSet<u32> = batch
            .conditions
            .iter()
            .filter(|c| foreign.events.iter().any(|event| breaks(c, event)))
            .map(|c| c.group)
            .collect();
        let base = Position(rows.events.len() as u64);
        let written: Vec<&NewEvent> = batch.events.iter().filter(|event| !broken.contains(&event.group)).collect();
        for (index, event) in written.iter().enumerate() {
            let earlier = written[..index].iter().any(|other| {
                other.event_id == event.event_id || (other.stream == event.stream && other.sequence == event.sequence)
            });
            if earlier || rows.takes_a_place_of(event) {
                return Err(AppendError::Taken);
            }
        }
        rows.events.extend(written.into_iter().map(|event| Row {
            event_id: event.event_id,
            stream: event.stream.clone(),
            sequence: event.sequence,
            name: event.name,
            version: event.version,
            payload: event.payload.clone(),
            metadata: event.metadata.to_string(),
        }));
        let left_out = broken.into_iter().collect();
        Ok(Appended { base, left_out, foreign, recorded_at: recorded_at(rows.events.len() as u64) })
    }
}

/// The log's own clock: its length.
fn recorded_at(position: u64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000 + i64::try_from(position).unwrap_or(i64::MAX))
}

fn breaks(condition: &Condition, event: &RecordedEvent) -> bool {
    event.stream == condition.stream
        && event.sequence > condition.version
        && (condition.kinds.is_empty() || condition.kinds.contains(&event.event.schema().name()))
}

impl Rows {
    fn head(&self) -> Position {
        Position(self.events.len() as u64)
    }

    fn takes_a_place_of(&self, event: &NewEvent) -> bool {
        self.events
            .iter()
            .any(|row| row.event_id == event.event_id || (row.stream == event.stream && row.sequence == event.sequence))
    }

    /// The event at a place of a stream.
    fn at(&self, stream: &StreamId, sequence: u64) -> Option<EventId> {
        let found = self.events.iter().find(|row| row.stream == *stream && row.sequence == sequence);
        found.map(|row| row.event_id)
    }

    fn foreign(&self, known: Position, most: u64) -> Result<Foreign, AppendError> {
        let head = self.head();
        if head < known {
            return Err(AppendError::WentBack { known, head });
        }
        if head.0 - known.0 > most {
            return Err(AppendError::Behind { head });
        }
        let events = (known.0..head.0).map(|index| self.read(index)).collect::<Result<_, _>>();
        Ok(Foreign { events: events.map_err(AppendError::NothingWritten)?, unreadable: Vec::new() })
    }

    /// `index` is the position before it.
    fn read(&self, index: u64) -> Result<RecordedEvent, EventLogError> {
        let row = &self.events[usize::try_from(index).unwrap_or(usize::MAX)];
        let position = Position(index + 1);
        let event = DomainEvent::from_stored(&row.stream, row.name, row.version, &row.payload)
            .map_err(|source| EventLogError::Unreadable { position, source })?;
        Ok(RecordedEvent {
            position,
            event_id: row.event_id,
            stream: row.stream.clone(),
            sequence: row.sequence,
            event,
            metadata: serde_json::from_str(&row.metadata).unwrap_or_default(),
            recorded_at: recorded_at(position.0),
        })
    }
}

#[async_trait]
impl EventLog for ModelLog {
    fn id(&self) -> LogId {
        self.id
    }

    async fn head(&self) -> Result<Position, EventLogError> {
        Ok(self.rows().head())
    }

    async fn append(&self, batch: &Batch) -> Result<Appended, AppendError> {
        let _pen = self.pen.lock().await;
        self.write(batch)
    }

    async fn lock(&self, known: Position) -> Result<(Box<dyn LockedLog>, Foreign), AppendError> {
        let pen = Arc::clone(&self.pen).lock_owned().await;
        let foreign = self.rows().foreign(known, self.tail_events_max)?;
        let log = Self {
            id: self.id,
            tail_events_max: self.tail_events_max,
            rows: Arc::clone(&self.rows),
            pen: Arc::clone(&self.pen),
            heard: self.heard.clone(),
        };
        Ok((Box::new(Held { log, _pen: pen }), foreign))
    }

    async fn settle(&self, ids: &[EventId]) -> Result<Vec<Found>, EventLogError> {
        let _pen = self.pen.lock().await;
        self.find(ids).await
    }

    async fn find(&self, ids: &[EventId]) -> Result<Vec<Found>, EventLogError> {
        let rows = self.rows();
        let found = rows.events.iter().zip(1..).filter(|(row, _)| ids.contains(&row.event_id));
        let found = found.map(|(row, position)| Found {
            event_id: row.event_id,
            position: Position(position),
            stream: row.stream.clone(),
            sequence: row.sequence,
        });
        Ok(found.collect())
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, EventLogError> {
        let rows = self.rows();
        let wanted = rows.events.iter().zip(0..).filter(|(row, _)| row.stream == *stream && row.sequence > after);
        wanted.take(limit).map(|(_, index)| rows.read(index)).collect()
    }

    async fn snapshot(&self, stream: &StreamId) -> Result<Option<StoredSnapshot>, EventLogError> {
        let rows = self.rows();
        Ok(rows.kept.get(stream).map(|(snapshot, last)| StoredSnapshot {
            log: self.id,
            in_the_log: rows.at(stream, snapshot.sequence) == Some(*last),
            snapshot: snapshot.clone(),
        }))
    }

    async fn save_snapshots(&self, snapshots: &[Snapshot]) -> Result<(), EventLogError> {
        let mut rows = self.rows();
        for snapshot in snapshots {
            if let Some(last) = rows.at(&snapshot.stream, snapshot.sequence) {
                rows.kept.insert(snapshot.stream.clone(), (snapshot.clone(), last));
            }
        }
        Ok(())
    }

    async fn read_after(&self, position: Position, limit: usize, filter: Filter) -> Result<Page, EventLogError> {
        let rows = self.rows();
        let mut page = Page { events: Vec::new(), scanned_to: position };
        for index in position.0..rows.head().0 {
            if page.events.len() == limit {
                break;
            }
            let recorded = match rows.read(index) {
                // Only whoever stands right before it is told.
                Err(EventLogError::Unreadable { .. }) if page.scanned_to > position => break,
                read => read?,
            };
            page.scanned_to = recorded.position;
            if filter.wants(recorded.stream.kind) {
                page.events.push(Arc::new(recorded));
            }
        }
        Ok(page)
    }

    async fn recorded_behind(&self, position: Position) -> Result<Option<Timestamp>, EventLogError> {
        Ok((self.rows().head() > position).then(|| recorded_at(position.0 + 1)))
    }

    fn tell(&self, position: Position) {
        self.heard.send_if_modified(|head| {
            let ahead = position > *head;
            *head = position.max(*head);
            ahead
        });
    }

    fn listen(&self) -> watch::Receiver<Position> {
        self.heard.subscribe()
    }

    async fn reactor_checkpoint(&self, reactor: &str) -> Result<Option<Position>, EventLogError> {
        Ok(self.rows().reactors.get(reactor).copied())
    }

    async fn reactors(&self) -> Result<Vec<(String, Position)>, EventLogError> {
        Ok(self.rows().reactors.clone().into_iter().collect())
    }

    async fn save_reactor_checkpoint(&self, reactor: &str, position: Position) -> Result<(), EventLogError> {
        let mut rows = self.rows();
        let stored = rows.reactors.entry(reactor.to_owned()).or_insert(position);
        *stored = position.max(*stored);
        Ok(())
    }

    async fn close(&self) {}
}

struct Held {
    log: ModelLog,
    _pen: OwnedMutexGuard<()>,
}

#[async_trait]
impl LockedLog for Held {
    async fn append(self: Box<Self>, batch: &Batch) -> Result<Appended, AppendError> {
        self.log.write(batch)
    }
}
