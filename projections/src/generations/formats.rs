//! Two versions of the program on one store, as during a rolling deploy.
//!
//! Each makes, drives and answers from generations of its own format and leaves the other's alone. What they share is
//! the log, and that clients go from one to the other: whoever comes new first comes as far as the other's answers
//! already are. An old format goes only when somebody says so.

use std::time::Duration;

use event_log::{Position, SharedLog, StoreUrl};

use super::fill::Filling;
use super::{IfLost, Progress, RebuildOptions, lock, rebuild, store_of};
use crate::projector;
use crate::store::{Format, Generation, GenerationName, GenerationState, StoreError, UnitStore};
use crate::unit;
use crate::views::{ReadError, UnitName};

/// Between two looks whether somebody else has finished filling the same generation.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);

/// What became of the wish to do without a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retired {
    /// These generations were closed and deleted.
    Gone(Vec<u32>),
    /// Nothing was changed.
    Refused(&'static str),
}

/// Before this program answers from its own format: as far as programs of other formats have answered, so that no
/// client goes back in time with the first request that it sends here.
///
/// `live` is the generation of this format, if there is one. Without one, and with another format in use, one is filled
/// before anything is answered; with words that are lost only where `if_lost` says so, for the other format may be the
/// last that has them.
pub(crate) async fn catch_up(
    unit: UnitName,
    store: &dyn UnitStore,
    live: Option<&dyn Generation>,
    log: &SharedLog,
    if_lost: IfLost,
) -> Result<(), StoreError> {
    let Some(reached) = reached_elsewhere(store, log).await? else { return Ok(()) };
    if let Some(live) = live {
        return projector::advance(unit, live, log, reached).await;
    }
    tracing::info!(%unit, format = %store.format(), %reached, "this format is new here: it is filled before it is shown");
    while unit::newest_ready(store).await?.is_none() {
        let Some(lock) = store.lock_rebuild().await? else {
            tokio::time::sleep(LOOK_INTERVAL).await;
            continue;
        };
        let told = |progress: Progress| {
            tracing::info!(%unit, position = %progress.position, head = %progress.head, "filling");
        };
        let options = RebuildOptions { format: store.format(), if_lost, ..RebuildOptions::default() };
        let mut filling = Filling::new(unit, log, options.pace, &told);
        let filled = rebuild::run(unit, store, &options, &mut filling, log).await;
        lock.release().await;
        filled?;
    }
    Ok(())
}

/// The farthest that a live generation of another format has come along this log.
async fn reached_elsewhere(store: &dyn UnitStore, log: &SharedLog) -> Result<Option<Position>, StoreError> {
    let mut farthest = None;
    for (format, number) in store.all().await? {
        if format == store.format() {
            continue;
        }
        let standing = match unit::stood(&*store.in_format(format), number).await {
            Ok(Some((_, standing))) => standing,
            Ok(None) => continue,
            // Nobody has been answered from it.
            Err(error) if error.is_damage() => {
                tracing::warn!(%format, number, %error, "a generation of another format cannot be read");
                continue;
            }
            Err(error) => return Err(error),
        };
        if standing.state == GenerationState::Ready && unit::check(&standing, log).await.is_ok() {
            farthest = farthest.max(Some(standing.checkpoint));
        }
    }
    Ok(farthest)
}

/// Which format goes, and which stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retiring {
    pub own: Format,
    pub old: Format,
    pub if_lost: IfLost,
}

/// Closes and deletes every generation of `unit` in the format `old`, which no program uses any more.
///
/// Refused while one does, and when this program's own format is not live or not as far: then nobody could answer. Also
/// when its own was filled while keys were lost: then the old one may be the last that has the words.
pub async fn retire(url: &StoreUrl, log: SharedLog, unit: UnitName, retiring: &Retiring) -> Result<Retired, ReadError> {
    let Retiring { own, old, if_lost } = *retiring;
    let work = async {
        if old == own {
            return Ok(Retired::Refused("it is the format of this program"));
        }
        let store = store_of(url, unit, own).await?;
        // Of one that never was here not even a lock is made.
        if store.in_format(old).numbers().await?.is_empty() {
            return Ok(Retired::Gone(Vec::new()));
        }
        let (theirs, lock) = (store.in_format(old), lock(&*store.in_format(old)).await?);
        let retired = retire_locked(&*store, &*theirs, &log, if_lost).await;
        lock.release().await;
        retired
    };
    work.await.map_err(|error: StoreError| error.of(unit))
}

async fn retire_locked(
    own: &dyn UnitStore,
    old: &dyn UnitStore,
    log: &SharedLog,
    if_lost: IfLost,
) -> Result<Retired, StoreError> {
    if old.is_in_use().await? {
        return Ok(Retired::Refused("a program of that format is running"));
    }
    let Some((live, standing)) = unit::newest_ready(own).await? else {
        return Ok(Retired::Refused("this program's own format is not live here: rebuild it first"));
    };
    if unit::check(&standing, log).await.is_err() {
        return Ok(Retired::Refused("this program's own format is not of this log: rebuild it first"));
    }
    if unit::newest_ready(old)
        .await?
        .is_some_and(|(_, theirs)| theirs.log == standing.log && theirs.checkpoint > standing.checkpoint)
    {
        return Ok(Retired::Refused("this program's own format is not as far yet"));
    }
    let numbers = old.numbers().await?;
    let misses_words = live.generation.filled_with().await?.is_some_and(|with| with.lost);
    if misses_words && if_lost == IfLost::Refuse && !numbers.is_empty() {
        return Ok(Retired::Refused(
            "this program's own format was filled while keys were lost, and the old one may be the last that has those \
             words: bring the keys back and rebuild, or say --keys-lost",
        ));
    }
    for number in &numbers {
        let name = GenerationName::Numbered(*number);
        if let Some(generation) = old.open(&name).await? {
            // First closed: a program that opens it in this moment finds out instead of answering from it for ever.
            generation.set_state(GenerationState::Closed).await?;
            drop(generation);
        }
        old.remove(&name).await?;
    }
    Ok(Retired::Gone(numbers))
}
