//! The newest events, kept in memory for everybody in this process who reads along.
//!
//! Projectors, reactor and realtime all want the same events in the same moment. What this process appended is here
//! before its callers are answered; what others wrote is read once, by whoever asks first. Whoever is further behind than
//! this reaches reads the log itself. Never in here: anything that is not durable, or a gap: `events` is all there is
//! behind `base`, in order.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};

use aggregates::AggregateKind;
use aggregates::ids::UserId;
use async_trait::async_trait;

use crate::caches::{CacheSize, LogCaches};
use crate::plain;
use crate::port::{
    AppendError, Appended, Batch, EventLog, EventLogError, Filter, Foreign, LockedLog, LogWrapper, Page, SharedLog,
};
use crate::position::Position;
use crate::recorded::RecordedEvent;
use crate::sealing::{Sealing, erasure};
use crate::snapshots::weight;

/// Events read from the log at once by whoever stands at the end of what is known here.
const EDGE_EVENTS: usize = 500;

/// A log whose newest part is in memory. Promises what the log itself promises.
pub struct TailedLog {
    log: SharedLog,
    tail: Arc<RwLock<Tail>>,
    /// Held by whoever reads on from the end: the others want the same.
    edge: tokio::sync::Mutex<()>,
}

impl TailedLog {
    /// Begins at the log's present head.
    pub async fn over(log: SharedLog) -> Result<Self, EventLogError> {
        Self::keeping(log, LogCaches::default()).await
    }

    pub async fn keeping(log: SharedLog, caches: LogCaches) -> Result<Self, EventLogError> {
        let tail = Arc::new(RwLock::new(Tail::at(log.head().await?, caches)));
        Ok(Self { log, tail, edge: tokio::sync::Mutex::new(()) })
    }

    fn place(&self, position: Position, limit: usize, filter: Filter) -> Place {
        self.tail.read().unwrap_or_else(PoisonError::into_inner).place(position, limit, filter)
    }

    /// The page behind the end of what is known here, which everybody gets to see.
    async fn read_edge(&self, position: Position, limit: usize, filter: Filter) -> Result<Page, EventLogError> {
        let _one_at_a_time = self.edge.lock().await;
        match self.place(position, limit, filter) {
            Place::Here(page) => return Ok(page),
            Place::Before => return self.log.read_after(position, limit, filter).await,
            Place::Edge => {}
        }
        // Far behind what was heard of: the log looks for what this reader wants faster than all of it is read.
        if self.log.listen().borrow().0.saturating_sub(position.0) > EDGE_EVENTS as u64 {
            return self.log.read_after(position, limit, filter).await;
        }
        let read = match self.log.read_after(position, EDGE_EVENTS, Filter::All).await {
            // It may be of a kind that this reader does not read.
            Err(EventLogError::Unreadable { .. }) => return self.log.read_after(position, limit, filter).await,
            read => read?,
        };
        if read.scanned_to == position {
            return Ok(read);
        }
        {
            let mut tail = write(&self.tail);
            tail.take(position, read.events.into_iter(), read.scanned_to);
            tail.lose_erased(position, self.log.sealing());
        }
        match self.place(position, limit, filter) {
            Place::Here(page) => Ok(page),
            // It has moved far ahead meanwhile.
            Place::Before | Place::Edge => self.log.read_after(position, limit, filter).await,
        }
    }
}

/// Where a reader stands.
enum Place {
    Here(Page),
    /// Behind everything that is known here.
    Edge,
    /// Before the oldest event that is kept.
    Before,
}

/// `events` is everything in `(base, end]`.
struct Tail {
    base: Position,
    end: Position,
    events: VecDeque<(usize, Arc<RecordedEvent>)>,
    bytes: usize,
    limits: LogCaches,
}

impl Tail {
    fn at(head: Position, limits: LogCaches) -> Self {
        Self { base: head, end: head, events: VecDeque::new(), bytes: 0, limits }
    }

    fn size(&self) -> CacheSize {
        let (entries, entries_max) = (self.events.len(), self.limits.tail_events_max);
        CacheSize { name: "log_tail", entries, entries_max, bytes: Some(self.bytes) }
    }

    fn place(&self, position: Position, limit: usize, filter: Filter) -> Place {
        if position >= self.end {
            return Place::Edge;
        }
        if position < self.base {
            return Place::Before;
        }
        let first = self.events.partition_point(|(_, event)| event.position <= position);
        let mut page = Page { events: Vec::new(), scanned_to: position };
        for (_, event) in self.events.range(first..) {
            if page.events.len() == limit {
                return Place::Here(page);
            }
            page.scanned_to = event.position;
            if filter.wants(event.stream.kind) {
                page.events.push(Arc::clone(event));
            }
        }
        if page.events.len() < limit {
            page.scanned_to = self.end;
        }
        Place::Here(page)
    }

    /// Everything in `(from, end]`. What is here already stays as it is; after a gap it begins anew.
    fn take(&mut self, from: Position, events: impl Iterator<Item = Arc<RecordedEvent>>, end: Position) {
        if end <= self.end {
            return;
        }
        if from > self.end {
            *self = Self::at(from, self.limits);
        }
        for event in events.filter(|event| event.position > self.end) {
            let bytes = size_of::<RecordedEvent>() + weight(&event.event);
            self.bytes += bytes;
            self.events.push_back((bytes, event));
        }
        self.end = end;
        while self.events.len() > self.limits.tail_events_max || self.bytes > self.limits.tail_bytes_max {
            let Some((bytes, oldest)) = self.events.pop_front() else { break };
            self.bytes -= bytes;
            self.base = oldest.position;
        }
    }
}

impl Tail {
    /// Words that are older than an erasure behind `from` and were kept open: nobody is shown them any more.
    fn lose_erased(&mut self, from: Position, sealing: Option<&Sealing>) {
        let Some(sealing) = sealing else { return };
        let new = self.events.iter().rev().take_while(|(_, event)| event.position > from);
        let erased = new.filter_map(|(_, event)| Some((erasure(&event.event)?.user_id.clone(), event.position)));
        // From the last one to the first: of somebody's two the later one stays.
        let erased: HashMap<UserId, Position> = erased.collect::<Vec<_>>().into_iter().rev().collect();
        if erased.is_empty() {
            return;
        }
        for (_, event) in &mut self.events {
            let event = Arc::make_mut(event);
            sealing.lose_erased(&mut event.event);
            plain::lose_before(event, |owner| erased.get(owner).copied());
        }
    }
}

fn write(tail: &RwLock<Tail>) -> std::sync::RwLockWriteGuard<'_, Tail> {
    tail.write().unwrap_or_else(PoisonError::into_inner)
}

/// What an append brought: what others wrote behind the known head, then our own.
fn take_appended(log: &SharedLog, tail: &RwLock<Tail>, batch: &Batch, appended: &Appended) {
    // A gap: whoever reads along meets it in the log, and stops there. The next append begins behind it.
    if !appended.foreign.unreadable.is_empty() {
        return;
    }
    // Their words could not be opened just now: whoever reads along reads the log.
    if appended.foreign.events.iter().any(RecordedEvent::is_closed) {
        return;
    }
    let mut position = appended.base;
    let mut own = Vec::with_capacity(batch.events.len());
    for event in &batch.events {
        if appended.left_out.binary_search(&event.group).is_ok() {
            continue;
        }
        position.0 += 1;
        // One that nobody kept in memory: whoever reads along reads the log.
        let Some(mut recorded) = event.recorded(position, appended.recorded_at) else { return };
        // A profile takes along what stood in the log, which was not opened to decide: that, too, is read from the log.
        if recorded.stream.kind == AggregateKind::User && recorded.is_closed() {
            return;
        }
        if let Some(sealing) = log.sealing() {
            sealing.lose_erased(&mut recorded.event);
        }
        own.push(Arc::new(recorded));
    }
    if position > batch.known {
        let foreign = appended.foreign.events.iter().cloned().map(Arc::new);
        let mut tail = write(tail);
        tail.take(batch.known, foreign.chain(own), position);
        tail.lose_erased(batch.known, log.sealing());
    }
}

#[async_trait]
impl LogWrapper for TailedLog {
    fn wrapped(&self) -> &dyn EventLog {
        &*self.log
    }

    fn caches(&self) -> Vec<CacheSize> {
        let mut caches = self.log.caches();
        caches.push(self.tail.read().unwrap_or_else(PoisonError::into_inner).size());
        caches
    }

    async fn append(&self, batch: &Batch) -> Result<Appended, AppendError> {
        let appended = self.log.append(batch).await?;
        take_appended(&self.log, &self.tail, batch, &appended);
        self.log.tell(appended.end(batch));
        Ok(appended)
    }

    async fn lock(&self, known: Position) -> Result<(Box<dyn LockedLog>, Foreign), AppendError> {
        let (locked, foreign) = self.log.lock(known).await?;
        Ok((Box::new(TailedLock { locked, log: Arc::clone(&self.log), tail: Arc::clone(&self.tail) }), foreign))
    }

    async fn read_after(&self, position: Position, limit: usize, filter: Filter) -> Result<Page, EventLogError> {
        match self.place(position, limit, filter) {
            Place::Here(page) => Ok(page),
            Place::Edge => self.read_edge(position, limit, filter).await,
            Place::Before => self.log.read_after(position, limit, filter).await,
        }
    }
}

struct TailedLock {
    locked: Box<dyn LockedLog>,
    log: SharedLog,
    tail: Arc<RwLock<Tail>>,
}

#[async_trait]
impl LockedLog for TailedLock {
    async fn append(self: Box<Self>, batch: &Batch) -> Result<Appended, AppendError> {
        let appended = self.locked.append(batch).await?;
        take_appended(&self.log, &self.tail, batch, &appended);
        self.log.tell(appended.end(batch));
        Ok(appended)
    }
}

#[cfg(test)]
mod tests {
    use aggregates::StreamId;
    use aggregates::ids::EventId;
    use aggregates::user::{Profile, UserEvent, UserRegistered};
    use aggregates::{Metadata, Timestamp};
    use uuid::Uuid;

    use super::*;

    fn event(position: u64) -> Arc<RecordedEvent> {
        let user_id = aggregates::ids::UserId::parse("ana").expect("a valid id");
        let at = Timestamp::from_millis(0);
        Arc::new(RecordedEvent {
            position: Position(position),
            event_id: EventId(Uuid::from_u128(position.into())),
            stream: StreamId::user(&user_id),
            sequence: position,
            event: UserEvent::UserRegistered(UserRegistered { user_id, profile: Profile::default(), at }).into(),
            metadata: Metadata::default(),
            recorded_at: at,
        })
    }

    fn tail_at(head: Position) -> Tail {
        Tail::at(head, LogCaches::default())
    }

    fn events(positions: std::ops::RangeInclusive<u64>) -> impl Iterator<Item = Arc<RecordedEvent>> {
        positions.map(event)
    }

    fn seen(tail: &Tail, position: u64, limit: usize) -> Option<(Vec<u64>, u64)> {
        match tail.place(Position(position), limit, Filter::All) {
            Place::Here(page) => Some((page.events.iter().map(|event| event.position.0).collect(), page.scanned_to.0)),
            Place::Edge | Place::Before => None,
        }
    }

    #[test]
    fn pages_end_at_their_limit_or_at_the_end() {
        let mut tail = tail_at(Position(10));
        tail.take(Position(10), events(11..=15), Position(15));
        assert_eq!(seen(&tail, 10, 2), Some((vec![11, 12], 12)));
        assert_eq!(seen(&tail, 12, 100), Some((vec![13, 14, 15], 15)));
        assert!(matches!(tail.place(Position(15), 1, Filter::All), Place::Edge));
        assert!(matches!(tail.place(Position(9), 1, Filter::All), Place::Before));
    }

    #[test]
    fn what_a_filter_leaves_out_is_passed_over_and_counted_as_looked_at() {
        let mut tail = tail_at(Position(0));
        tail.take(Position(0), events(1..=3), Position(3));
        let rooms = Filter::Kinds(&[aggregates::AggregateKind::Room]);
        let Place::Here(page) = tail.place(Position(1), 1, rooms) else { panic!("it is here") };
        assert_eq!((page.events.len(), page.scanned_to), (0, Position(3)));
    }

    #[test]
    fn what_is_here_already_is_not_taken_twice() {
        let mut tail = tail_at(Position(0));
        tail.take(Position(0), events(1..=3), Position(3));
        tail.take(Position(1), events(2..=5), Position(5));
        tail.take(Position(0), events(1..=2), Position(2));
        assert_eq!(seen(&tail, 0, 100), Some((vec![1, 2, 3, 4, 5], 5)));
    }

    #[test]
    fn after_a_gap_it_begins_anew() {
        let mut tail = tail_at(Position(0));
        tail.take(Position(0), events(1..=3), Position(3));
        tail.take(Position(7), events(8..=9), Position(9));
        assert!(matches!(tail.place(Position(3), 1, Filter::All), Place::Before));
        assert_eq!(seen(&tail, 7, 100), Some((vec![8, 9], 9)));
    }

    #[test]
    fn promise_8_it_forgets_the_oldest_past_its_limit() {
        let mut tail = Tail::at(Position(0), LogCaches { tail_events_max: 100, ..LogCaches::default() });
        tail.take(Position(0), events(1..=110), Position(110));
        assert_eq!((tail.events.len(), tail.base), (100, Position(10)));
        assert_eq!((tail.size().entries, tail.size().bytes), (100, Some(tail.bytes)));
        assert_eq!(tail.bytes, tail.events.iter().map(|(bytes, _)| bytes).sum::<usize>());
        assert!(matches!(tail.place(Position(9), 1, Filter::All), Place::Before));
        assert_eq!(seen(&tail, 10, 1), Some((vec![11], 11)));
    }

    #[test]
    fn promise_8_it_forgets_the_oldest_past_what_they_may_weigh() {
        let mut tail = Tail::at(Position(0), LogCaches { tail_bytes_max: 20_000, ..LogCaches::default() });
        tail.take(Position(0), events(1..=110), Position(110));
        assert!(tail.bytes <= 20_000 && tail.events.len() < 110, "{} bytes", tail.bytes);
        assert!(tail.bytes > 15_000, "the limit is used: {} bytes", tail.bytes);
        assert_eq!(tail.end, Position(110));
    }
}
