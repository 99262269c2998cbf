//! One opened unit: its live generation, how far it is, how it fares.
//!
//! Whoever asks gets the generation that is live at that moment; a switch to the next one happens under them and never
//! takes them back in time. Never in here: SQL, the loop that drives.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use event_log::{Position, SharedLog};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::generations::IfLost;
use crate::measures::UnitMeasures;
use crate::store::{Generation, GenerationName, GenerationState, InUse, Standing, StoreError, UnitReads, UnitStore};
use crate::views::{Lagging, UnitHealth, UnitName, UnitRun};
use crate::{generations, projector};

/// How often the stored checkpoint is looked at for those who wait, however many they are: another process may move it.
const STORED_LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// Opening meets a rebuild that switches at that moment, at most this often.
const OPEN_TRIES_MAX: u32 = 5;

pub(crate) struct Live {
    pub number: u32,
    pub generation: Arc<dyn Generation>,
    pub reads: UnitReads,
}

impl Live {
    fn new(number: u32, generation: Arc<dyn Generation>) -> Arc<Self> {
        let reads = generation.reads();
        Arc::new(Self { number, generation, reads })
    }
}

pub(crate) struct Unit {
    name: UnitName,
    _in_use: InUse,
    store: Arc<dyn UnitStore>,
    log: SharedLog,
    live: RwLock<Arc<Live>>,
    progress: watch::Sender<Position>,
    run: Mutex<UnitRun>,
    /// When the stored checkpoint was last looked at; held while looking.
    looked: tokio::sync::Mutex<Instant>,
    /// Held while the next generation is opened.
    reopening: tokio::sync::Mutex<()>,
    pub(crate) measures: UnitMeasures,
}

impl Unit {
    /// Opens the newest ready generation, making the first one when there is none.
    pub(crate) async fn open(
        name: UnitName,
        store: Arc<dyn UnitStore>,
        log: SharedLog,
        if_lost: IfLost,
    ) -> Result<Arc<Self>, StoreError> {
        // First: whoever wants to do without this format sees that it is in use.
        let in_use = store.enter()?;
        let (live, standing) = open_or_make(name, &*store, &log, if_lost).await?;
        Ok(Arc::new(Self {
            name,
            _in_use: in_use,
            store,
            log,
            live: RwLock::new(live),
            progress: watch::channel(standing.checkpoint).0,
            run: Mutex::new(UnitRun::Idle),
            looked: tokio::sync::Mutex::new(Instant::now()),
            reopening: tokio::sync::Mutex::new(()),
            measures: UnitMeasures::new(name),
        }))
    }

    pub(crate) fn name(&self) -> UnitName {
        self.name
    }

    pub(crate) fn log(&self) -> SharedLog {
        Arc::clone(&self.log)
    }

    pub(crate) fn live(&self) -> Arc<Live> {
        Arc::clone(&self.live.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn position(&self) -> Position {
        *self.progress.borrow()
    }

    pub(crate) fn progress(&self) -> watch::Receiver<Position> {
        self.progress.subscribe()
    }

    /// Tells whoever waits. Goes back only by [`Self::retract`].
    pub(crate) fn publish(&self, position: Position) {
        self.progress.send_if_modified(|known| {
            let forward = position > *known;
            if forward {
                *known = position;
            }
            forward
        });
    }

    /// It is not known any more how far the unit is: whoever waits asks the store.
    pub(crate) fn retract(&self) {
        self.progress.send_replace(Position::START);
    }

    pub(crate) fn set_run(&self, run: UnitRun) {
        *self.run.lock().unwrap_or_else(PoisonError::into_inner) = run;
    }

    pub(crate) fn health(&self) -> UnitHealth {
        UnitHealth {
            unit: self.name,
            generation: self.live().number,
            checkpoint: self.position(),
            run: self.run.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// Where the unit really stands, whoever moved it; opens the next generation when this one was closed.
    pub(crate) async fn look(&self) -> Result<Position, StoreError> {
        let standing = match self.live().generation.standing().await {
            Ok(standing) if standing.state != GenerationState::Closed => standing,
            // A damaged one is over as well, if another has been filled.
            Ok(_) | Err(StoreError::Gone | StoreError::Damaged { .. }) => {
                self.reopen().await?;
                self.live().generation.standing().await?
            }
            Err(error) => return Err(error),
        };
        self.publish(standing.checkpoint);
        Ok(standing.checkpoint)
    }

    /// Waits until everything up to `position` can be read, at most `patience`.
    pub(crate) async fn wait_for(&self, position: Position, patience: Duration) -> Result<(), Lagging> {
        let deadline = Instant::now() + patience;
        let mut progress = self.progress.subscribe();
        loop {
            if *progress.borrow_and_update() >= position {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(Lagging { unit: self.name, at: self.position(), wanted: position });
            }
            let next_look = (Instant::now() + STORED_LOOK_INTERVAL).min(deadline);
            tokio::select! {
                // The sender lives in `self`: it does not go away.
                _ = progress.changed() => {}
                () = tokio::time::sleep_until(next_look) => {
                    // No longer than the patience; a store that does not answer is a view that lags.
                    let _ = tokio::time::timeout_at(deadline, self.look_for_waiters()).await;
                }
            }
        }
    }

    /// One look for all who wait.
    async fn look_for_waiters(&self) {
        let Ok(mut looked) = self.looked.try_lock() else { return };
        if looked.elapsed() < STORED_LOOK_INTERVAL {
            return;
        }
        if let Err(error) = self.look().await {
            tracing::debug!(unit = %self.name, %error, "the stored checkpoint cannot be read");
        }
        *looked = Instant::now();
    }

    /// Whether a failed read should be asked again: its generation was closed or deleted, and the next one is open now.
    pub(crate) async fn reopened_since(&self, asked: &Arc<Live>) -> bool {
        if !Arc::ptr_eq(asked, &self.live()) {
            return true;
        }
        match asked.generation.standing().await {
            Ok(standing) if standing.state == GenerationState::Closed => self.reopen().await.is_ok(),
            Err(StoreError::Gone | StoreError::Damaged { .. }) => self.reopen().await.is_ok(),
            Ok(_) | Err(_) => false,
        }
    }

    /// Goes over to the generation that took this one's place, once it is where this process has already been.
    pub(crate) async fn reopen(&self) -> Result<(), StoreError> {
        let _one_at_a_time = self.reopening.lock().await;
        let current = self.live();
        let (next, _) = match newest_ready(&*self.store).await? {
            Some(found) if found.0.number > current.number => found,
            // Somebody else here went over already.
            Some(_) if current.generation.standing().await?.state == GenerationState::Ready => return Ok(()),
            Some(_) | None => return Err(StoreError::Gone),
        };
        check(&next.generation.standing().await?, &self.log).await?;
        projector::advance(self.name, &*next.generation, &self.log, self.position()).await?;
        tracing::info!(unit = %self.name, from = current.number, to = next.number, "the view changed its generation");
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(())
    }
}

/// The generation that queries are answered from, if there is one.
pub(crate) async fn newest_ready(store: &dyn UnitStore) -> Result<Option<(Arc<Live>, Standing)>, StoreError> {
    for number in store.numbers().await?.into_iter().rev() {
        let Some((generation, standing)) = stood(store, number).await? else { continue };
        if standing.state == GenerationState::Ready {
            return Ok(Some((Live::new(number, generation), standing)));
        }
    }
    Ok(None)
}

/// The same past generations that cannot be read, of which the highest is told as well: for whoever fills another.
pub(crate) async fn newest_readable(
    store: &dyn UnitStore,
) -> Result<(Option<(Arc<Live>, Standing)>, Option<u32>), StoreError> {
    let mut damaged = None;
    for number in store.numbers().await?.into_iter().rev() {
        match stood(store, number).await {
            Ok(Some((generation, standing))) if standing.state == GenerationState::Ready => {
                return Ok((Some((Live::new(number, generation), standing)), damaged));
            }
            Ok(Some(_) | None) => {}
            Err(error) if error.is_damage() => damaged = damaged.max(Some(number)),
            Err(error) => return Err(error),
        }
    }
    Ok((None, damaged))
}

/// What a generation says of itself; `None` of one that was begun and not finished.
pub(crate) async fn stood(
    store: &dyn UnitStore,
    number: u32,
) -> Result<Option<(Arc<dyn Generation>, Standing)>, StoreError> {
    let Some(generation) = store.open(&GenerationName::Numbered(number)).await? else { return Ok(None) };
    let standing = generation.standing().await?;
    Ok(Some((generation, standing)))
}

/// A rebuild that died between opening its generation and closing the old one leaves both ready, and until somebody
/// opens the view anew the old one goes on: the new one is brought to where it stands, and then it is closed.
pub(crate) async fn close_older(
    name: UnitName,
    store: &dyn UnitStore,
    live: &Live,
    log: &SharedLog,
) -> Result<(), StoreError> {
    for number in store.numbers().await?.into_iter().filter(|number| *number < live.number) {
        let (older, standing) = match stood(store, number).await {
            Ok(Some(found)) => found,
            Ok(None) => continue,
            Err(error) if error.is_damage() => {
                tracing::warn!(unit = %name, number, %error, "an older generation cannot be read; the next rebuild removes it");
                continue;
            }
            Err(error) => return Err(error),
        };
        if standing.state != GenerationState::Ready {
            continue;
        }
        // Most of the way while others still write it, the rest while they are kept out.
        follow(name, live, &standing, log).await?;
        let held = older.hold().await?;
        follow(name, live, &held.standing(), log).await?;
        held.close().await?;
    }
    Ok(())
}

/// Nowhere when the older one stands where this log has nothing.
async fn follow(name: UnitName, live: &Live, older: &Standing, log: &SharedLog) -> Result<(), StoreError> {
    if check(older, log).await.is_ok() {
        projector::advance(name, &*live.generation, log, older.checkpoint).await?;
    }
    Ok(())
}

/// Positions of another log mean nothing, and what the log does not have cannot have happened.
pub(crate) async fn check(standing: &Standing, log: &SharedLog) -> Result<(), StoreError> {
    if standing.log != log.id() {
        return Err(StoreError::Corrupt(format!(
            "it was made from the log {}, this one is {}: rebuild it",
            standing.log,
            log.id()
        )));
    }
    let head = log.head().await?;
    if standing.checkpoint > head {
        return Err(StoreError::Corrupt(format!(
            "it is at {}, the log ends at {head}: the log went back, rebuild the view",
            standing.checkpoint
        )));
    }
    Ok(())
}

async fn open_or_make(
    name: UnitName,
    store: &dyn UnitStore,
    log: &SharedLog,
    if_lost: IfLost,
) -> Result<(Arc<Live>, Standing), StoreError> {
    for _ in 0..OPEN_TRIES_MAX {
        if let Some((live, standing)) = newest_ready(store).await? {
            check(&standing, log).await?;
            close_older(name, store, &live, log).await?;
            generations::catch_up(name, store, Some(&*live.generation), log, if_lost).await?;
            let standing = live.generation.standing().await?;
            return Ok((live, standing));
        }
        generations::catch_up(name, store, None, log, if_lost).await?;
        if newest_ready(store).await?.is_some() {
            continue;
        }
        let number = store.numbers().await?.last().map_or(1, |last| last + 1);
        tracing::info!(unit = %name, number, "a new view begins at the start of the log");
        store.make(&GenerationName::Numbered(number), log.id(), GenerationState::Ready).await?;
    }
    Err(StoreError::Gone)
}
