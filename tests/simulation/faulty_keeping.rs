//! What can happen to the states that a process keeps, drawn from a seed: writing them fails, or its answer is lost, or it
//! lands late, behind another process's or its own death; and what is read is of another log, of another format, damaged.
//!
//! Drawn apart from all other faults: kept states are written by the way, at moments that views on real threads may move,
//! and no history may hang on that. It need not: a state is the same whatever was kept of it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aggregates::StreamId;
use event_log::port::{Snapshot, StoredSnapshot};
use event_log::{EventLogError, LogId, SharedLog};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use uuid::Uuid;

/// In percent, in any weather.
const FAULTS: u32 = 30;

/// One process's way to kept states.
#[derive(Clone)]
pub struct FaultyKeeping {
    log: SharedLog,
    random: Arc<Mutex<StdRng>>,
    used: Arc<AtomicU64>,
}

fn fault() -> EventLogError {
    EventLogError::Unavailable("the simulation keeps nothing".into())
}

impl FaultyKeeping {
    pub fn over(log: SharedLog, seed: u64) -> Self {
        let random = Arc::new(Mutex::new(StdRng::seed_from_u64(seed ^ 0x6b65_6570)));
        Self { log, random, used: Arc::default() }
    }

    /// Good ones that were handed out.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::SeqCst)
    }

    fn random(&self) -> MutexGuard<'_, StdRng> {
        self.random.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn drawn<const FATES: u32>(&self) -> Option<u32> {
        let mut random = self.random();
        let happens = random.random_range(0..100) < FAULTS;
        happens.then(|| random.random_range(0..FATES))
    }

    pub async fn save(&self, snapshots: &[Snapshot]) -> Result<(), EventLogError> {
        match self.drawn::<3>() {
            None => self.log.save_snapshots(snapshots).await,
            Some(0) => Err(fault()),
            Some(1) => {
                self.log.save_snapshots(snapshots).await?;
                Err(fault())
            }
            Some(_) => {
                let (log, snapshots) = (Arc::clone(&self.log), snapshots.to_vec());
                let delay = Duration::from_millis(10 * self.random().random_range(1..500));
                tokio::spawn(async move {
                    tokio::time::sleep(delay).await;
                    log.save_snapshots(&snapshots).await.ok();
                });
                Err(fault())
            }
        }
    }

    pub async fn read(&self, stream: &StreamId) -> Result<Option<StoredSnapshot>, EventLogError> {
        let Some(mut stored) = self.log.snapshot(stream).await? else { return Ok(None) };
        match self.drawn::<5>() {
            None => drop(self.used.fetch_add(1, Ordering::SeqCst)),
            Some(0) => return Err(fault()),
            Some(1) => stored.log = LogId(Uuid::from_u128(1)),
            Some(2) => stored.in_the_log = false,
            Some(3) => stored.snapshot.format += 1,
            Some(_) => stored.snapshot.state.truncate(stored.snapshot.state.len() / 2),
        }
        Ok(Some(stored))
    }
}
