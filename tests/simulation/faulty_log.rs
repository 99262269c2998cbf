//! What can happen between a process and its log, drawn from a seed: one of these stands before each node's log.
//!
//! An append is carried out and its answer lost, or not carried out, or lands late, or somebody writes in between, or the
//! process dies with it. A look-up fails or takes its time. Time is the simulation's. Never in here: what a log promises.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aggregates::ids::EventId;
use aggregates::{DomainEvent, StreamId};
use async_trait::async_trait;
use event_log::port::{
    AppendError, Appended, Batch, EventLog, Foreign, Found, LockedLog, LogWrapper, Snapshot, StoredSnapshot,
};
use event_log::{EventLogError, Filter, Page, Position, RecordedEvent, SharedLog};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::faulty_keeping::FaultyKeeping;
use super::foreign_writer::ForeignWriter;

/// The shortest wait. A door lingers a quarter of its last append and spins below two milliseconds.
const GRAIN: Duration = Duration::from_millis(10);

/// How likely a fault is, in percent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Weather {
    pub appends: u32,
    pub reads: u32,
    /// Of the look-up behind an append whose answer was lost.
    pub settles: u32,
    /// Delays of anything.
    pub slow: u32,
}

/// What becomes of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Carried,
    AnswerLost,
    NothingWritten,
    /// The answer is lost now; it is carried out later, unless the fence comes first.
    LandsLate(Duration),
    NeverLands,
    Behind,
    ForeignFirst,
}

/// A process's way to the log. When it is cut off for good, the process has died.
#[derive(Clone)]
pub struct FaultyLog {
    log: SharedLog,
    foreign: ForeignWriter,
    chaos: Arc<Mutex<Chaos>>,
    dead: Arc<AtomicBool>,
    /// Raised by each look-up behind a lost answer: what was to land late does not.
    fences: watch::Sender<u64>,
    /// Appends of any process that may still land.
    late: Arc<AtomicUsize>,
    /// Questions that take their time.
    waiting: Arc<AtomicUsize>,
    /// Told when the last page that may be read was read.
    struck: Arc<Notify>,
    pub keeping: FaultyKeeping,
}

struct Chaos {
    random: StdRng,
    weather: Weather,
    away_until: Option<Instant>,
    /// Appends until the process dies, and whether the last one is carried out.
    dies_in: Option<(u32, bool)>,
    /// Pages until reading stands still.
    pages_left: Option<u32>,
    page_events_max: usize,
    faults: u64,
}

fn fault() -> EventLogError {
    EventLogError::Unavailable("the simulation says no".into())
}

impl FaultyLog {
    pub fn over(log: SharedLog, foreign: ForeignWriter, late: Arc<AtomicUsize>, seed: u64) -> Self {
        let chaos = Chaos {
            random: StdRng::seed_from_u64(seed),
            weather: Weather::default(),
            away_until: None,
            dies_in: None,
            pages_left: None,
            page_events_max: usize::MAX,
            faults: 0,
        };
        Self {
            keeping: FaultyKeeping::over(Arc::clone(&log), seed),
            log,
            foreign,
            chaos: Arc::new(Mutex::new(chaos)),
            dead: Arc::default(),
            fences: watch::Sender::new(0),
            late,
            waiting: Arc::default(),
            struck: Arc::default(),
        }
    }

    /// Whatever it was before is over: what lasted on while views are moved would last as long as the machine takes.
    pub fn set_weather(&self, weather: Weather) {
        let mut chaos = self.chaos();
        (chaos.weather, chaos.away_until) = (weather, None);
    }

    /// Nobody is there for so long.
    pub fn goes_away_for(&self, time: Duration) {
        self.chaos().away_until = Some(Instant::now() + time);
    }

    pub fn dies_in(&self, appends: u32, last_is_carried_out: bool) {
        self.chaos().dies_in = Some((appends, last_is_carried_out));
    }

    pub fn dies_now(&self) {
        self.dead.store(true, Ordering::SeqCst);
    }

    pub fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    /// Whether something is under way that was begun in worse weather.
    pub fn is_waited_for(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) > 0
    }

    /// After so many pages reading stands still; each holds at most `events`.
    pub fn pages(&self, left: u32, events: usize) {
        let mut chaos = self.chaos();
        (chaos.pages_left, chaos.page_events_max) = (Some(left), events.max(1));
    }

    /// Waits until reading stands still.
    pub async fn stands_still(&self) {
        self.struck.notified().await;
    }

    /// How many faults there were.
    pub fn faults(&self) -> u64 {
        self.chaos().faults
    }

    fn chaos(&self) -> MutexGuard<'_, Chaos> {
        self.chaos.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn went_back(known: Position) -> AppendError {
        // What ends a door for good.
        AppendError::WentBack { known, head: Position::START }
    }

    async fn wait(&self) {
        let delay = self.chaos().delay();
        if let Some(delay) = delay {
            let _waiting = Waiting::one_more(&self.waiting);
            tokio::time::sleep(delay).await;
        }
    }

    /// Before anything that only looks.
    async fn look(&self) -> Result<(), EventLogError> {
        self.wait().await;
        if self.is_dead() {
            return Err(EventLogError::Closed);
        }
        let mut chaos = self.chaos();
        if chaos.is_away() || chaos.happens(|weather| weather.reads) { Err(fault()) } else { Ok(()) }
    }

    /// `carry` writes.
    async fn fated(&self, batch: &Batch, carry: Carry) -> Result<Appended, AppendError> {
        self.wait().await;
        let (fate, dies) = {
            let mut chaos = self.chaos();
            (chaos.fate(), chaos.death())
        };
        if self.is_dead() {
            return Err(Self::went_back(batch.known));
        }
        if let Some(carried_out) = dies {
            if carried_out {
                carry.out(batch).await.ok();
            }
            self.dies_now();
            return Err(Self::went_back(batch.known));
        }
        match fate {
            Fate::Carried => carry.out(batch).await,
            Fate::AnswerLost => {
                carry.out(batch).await.ok();
                Err(AppendError::Unknown(fault()))
            }
            Fate::NothingWritten => Err(AppendError::NothingWritten(fault())),
            Fate::NeverLands => Err(AppendError::Unknown(fault())),
            Fate::LandsLate(delay) => {
                self.lands_late(batch.clone(), delay, carry);
                Err(AppendError::Unknown(fault()))
            }
            Fate::Behind => match self.log.head().await {
                Ok(head) => Err(AppendError::Behind { head }),
                Err(error) => Err(AppendError::NothingWritten(error)),
            },
            Fate::ForeignFirst => {
                if matches!(carry, Carry::Freely(_)) {
                    let mut random = StdRng::seed_from_u64(self.chaos().random.random());
                    self.foreign.strike(batch, &mut random).await;
                }
                carry.out(batch).await
            }
        }
    }

    fn lands_late(&self, batch: Batch, delay: Duration, carry: Carry) {
        let late = Arc::clone(&self.late);
        let mut fences = self.fences.subscribe();
        late.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(async move {
            let landing = async {
                tokio::time::sleep(delay).await;
                carry.out(&batch).await.ok();
            };
            tokio::select! {
                biased;
                _ = fences.changed() => {}
                () = landing => {}
            }
            late.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

/// Ends with the question, also when nobody asks any more.
struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    fn one_more(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The way in which an append is carried out.
enum Carry {
    Freely(SharedLog),
    UnderLock(Box<dyn LockedLog>),
}

impl Carry {
    async fn out(self, batch: &Batch) -> Result<Appended, AppendError> {
        match self {
            Self::Freely(log) => log.append(batch).await,
            Self::UnderLock(locked) => locked.append(batch).await,
        }
    }
}

impl Chaos {
    fn is_away(&self) -> bool {
        self.away_until.is_some_and(|until| Instant::now() < until)
    }

    /// Nothing is drawn where nothing can happen: how often somebody looks in calm weather changes nothing.
    fn happens(&mut self, odds: fn(&Weather) -> u32) -> bool {
        let odds = odds(&self.weather);
        let happens = odds > 0 && self.random.random_range(0..100) < odds;
        self.faults += u64::from(happens);
        happens
    }

    fn delay(&mut self) -> Option<Duration> {
        if !self.happens(|weather| weather.slow) {
            return None;
        }
        let grains = if self.random.random_bool(0.2) { 1..400 } else { 1..20 };
        Some(GRAIN * self.random.random_range(grains))
    }

    fn fate(&mut self) -> Fate {
        if self.is_away() {
            return if self.random.random_bool(0.5) { Fate::NeverLands } else { Fate::NothingWritten };
        }
        if !self.happens(|weather| weather.appends) {
            return Fate::Carried;
        }
        match self.random.random_range(0..9) {
            0 | 1 => Fate::AnswerLost,
            2 => Fate::NothingWritten,
            3 | 4 => Fate::LandsLate(GRAIN * self.random.random_range(0..300)),
            5 => Fate::NeverLands,
            6 => Fate::Behind,
            _ => Fate::ForeignFirst,
        }
    }

    /// `Some` when this append is the process's last.
    fn death(&mut self) -> Option<bool> {
        let (left, carried_out) = self.dies_in.as_mut()?;
        if *left > 0 {
            *left -= 1;
            return None;
        }
        Some(*carried_out)
    }
}

#[async_trait]
impl LogWrapper for FaultyLog {
    fn wrapped(&self) -> &dyn EventLog {
        &*self.log
    }

    async fn head(&self) -> Result<Position, EventLogError> {
        self.look().await?;
        self.log.head().await
    }

    async fn append(&self, batch: &Batch) -> Result<Appended, AppendError> {
        self.fated(batch, Carry::Freely(Arc::clone(&self.log))).await
    }

    async fn lock(&self, known: Position) -> Result<(Box<dyn LockedLog>, Foreign), AppendError> {
        if let Err(error) = self.look().await {
            return Err(if self.is_dead() { Self::went_back(known) } else { AppendError::NothingWritten(error) });
        }
        let (locked, foreign) = self.log.lock(known).await?;
        Ok((Box::new(FaultyLock { locked, log: self.clone() }), foreign))
    }

    async fn settle(&self, ids: &[EventId]) -> Result<Vec<Found>, EventLogError> {
        self.wait().await;
        if self.is_dead() {
            return Err(EventLogError::Closed);
        }
        let unanswered = {
            let mut chaos = self.chaos();
            chaos.is_away() || chaos.happens(|weather| weather.settles)
        };
        if unanswered {
            return Err(fault());
        }
        self.fences.send_modify(|fences| *fences += 1);
        // Those that were to land are told before the look.
        tokio::task::yield_now().await;
        self.log.settle(ids).await
    }

    async fn find(&self, ids: &[EventId]) -> Result<Vec<Found>, EventLogError> {
        self.look().await?;
        self.log.find(ids).await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, EventLogError> {
        self.look().await?;
        self.log.read_stream(stream, after, limit).await
    }

    async fn load(
        &self,
        stream: &StreamId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(u64, DomainEvent)>, EventLogError> {
        self.look().await?;
        self.log.load(stream, after, limit).await
    }

    async fn snapshot(&self, stream: &StreamId) -> Result<Option<StoredSnapshot>, EventLogError> {
        self.look().await?;
        self.keeping.read(stream).await
    }

    async fn save_snapshots(&self, snapshots: &[Snapshot]) -> Result<(), EventLogError> {
        // Not `look`: what it draws belongs to the history.
        if self.is_dead() { Err(EventLogError::Closed) } else { self.keeping.save(snapshots).await }
    }

    async fn read_after(&self, position: Position, limit: usize, filter: Filter) -> Result<Page, EventLogError> {
        self.look().await?;
        let (stands, events) = {
            let mut chaos = self.chaos();
            let stands = chaos.pages_left == Some(0);
            chaos.pages_left = chaos.pages_left.map(|left| left.saturating_sub(1));
            (stands, chaos.page_events_max)
        };
        if stands {
            self.struck.notify_one();
            std::future::pending::<()>().await;
        }
        self.log.read_after(position, limit.min(events), filter).await
    }

    async fn reactor_checkpoint(&self, reactor: &str) -> Result<Option<Position>, EventLogError> {
        self.look().await?;
        self.log.reactor_checkpoint(reactor).await
    }

    async fn save_reactor_checkpoint(&self, reactor: &str, position: Position) -> Result<(), EventLogError> {
        self.look().await?;
        self.log.save_reactor_checkpoint(reactor, position).await
    }

    async fn close(&self) {}
}

struct FaultyLock {
    locked: Box<dyn LockedLog>,
    log: FaultyLog,
}

#[async_trait]
impl LockedLog for FaultyLock {
    async fn append(self: Box<Self>, batch: &Batch) -> Result<Appended, AppendError> {
        let Self { locked, log } = *self;
        log.fated(batch, Carry::UnderLock(locked)).await
    }
}
