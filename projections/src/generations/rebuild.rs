//! Fills the next generation and puts it in the live one's place, without a moment in which there is none.
//!
//! The order: fill beside the live one; make its indexes; hold the live one; bring the new one to where it stands; mark
//! the new one ready; close the old one. A crash before the mark leaves the old one live and the new one to be gone on
//! with; after it both are ready, of which the newer one counts and whoever opens next closes the older.

use std::sync::Arc;

use event_log::SharedLog;

use super::fill::Filling;
use super::{IfLost, RebuildOptions, RebuildReport};
use crate::store::{FilledWith, Generation, GenerationName, GenerationState, StoreError, UnitStore};
use crate::unit::{self, Live};
use crate::views::UnitName;

/// The live one is held for catching up with at most about so many events; until then both run side by side.
const TAIL_EVENTS_MAX: u64 = 1_000;
/// A log that grows faster than it can be read is not chased for ever.
const CHASES_MAX: u32 = 20;

pub(crate) async fn run(
    unit: UnitName,
    store: &dyn UnitStore,
    options: &RebuildOptions,
    filling: &mut Filling<'_>,
    log: &SharedLog,
) -> Result<RebuildReport, StoreError> {
    let (live, damaged) = live_to_replace(store, options.fresh).await?;
    if let Some(live) = &live {
        unit::close_older(unit, store, live, log).await?;
    }
    let next = Next::find_or_make(store, log, options.fresh, filling.lost.any()).await?;
    let (number, resumed_at) = (next.number, next.resumed_at);
    match resumed_at {
        Some(position) => tracing::info!(%unit, number, %position, "an unfinished generation is gone on with"),
        None => tracing::info!(%unit, number, "a new generation is being filled"),
    }
    // Cut short, it stays as it is: the next rebuild goes on from there.
    fill(&*next.generation, log, filling).await?;
    refuse_lost(filling, options.if_lost)?;
    switch(&*next.generation, live.as_deref(), log, filling, options.if_lost).await?;
    let replaced = damaged.or(live.map(|live| live.number));
    let mut removed = remove_damaged(store, number).await?;
    removed.extend(remove_unused(store, replaced.unwrap_or(number)).await?);
    let checkpoint = next.generation.standing().await?.checkpoint;
    tracing::info!(%unit, number, %checkpoint, "the new generation is live");
    let (events, rested, lost) = (filling.events, filling.rested(), filling.lost.clone());
    Ok(RebuildReport { unit, replaced, generation: number, resumed_at, events, checkpoint, removed, rested, lost })
}

/// The live view may be the last that has these words.
pub(super) fn refuse_lost(filling: &Filling<'_>, if_lost: IfLost) -> Result<(), StoreError> {
    match if_lost {
        IfLost::Refuse if filling.lost.any() => Err(StoreError::WordsLost(filling.lost.clone())),
        IfLost::Refuse | IfLost::GoOn => Ok(()),
    }
}

/// The live one; and the highest that cannot be read, which only whoever begins anew passes by.
async fn live_to_replace(store: &dyn UnitStore, fresh: bool) -> Result<(Option<Arc<Live>>, Option<u32>), StoreError> {
    let (live, damaged) =
        if fresh { unit::newest_readable(store).await? } else { (unit::newest_ready(store).await?, None) };
    Ok((live.map(|(live, _)| live), damaged))
}

/// Deletes the generations before `live` that cannot be read. Not before it is ready: a server that has one of them open
/// goes over to a later one alone. Not kept either: nobody would blank in them the words of those who are erased.
async fn remove_damaged(store: &dyn UnitStore, live: u32) -> Result<Vec<u32>, StoreError> {
    let mut removed = Vec::new();
    for number in store.numbers().await?.into_iter().filter(|number| *number < live) {
        match unit::stood(store, number).await {
            Err(error) if error.is_damage() => {
                tracing::warn!(number, %error, "a generation that cannot be read is deleted");
                store.remove(&GenerationName::Numbered(number)).await?;
                removed.push(number);
            }
            found => drop(found?),
        }
    }
    Ok(removed)
}

/// Removes what a rebuild that died left behind.
pub(super) async fn clear_unfinished(store: &dyn UnitStore) -> Result<(), StoreError> {
    for number in store.numbers().await? {
        let name = GenerationName::Numbered(number);
        let state = match store.open(&name).await? {
            Some(generation) => Some(generation.standing().await?.state),
            None => None,
        };
        match state {
            Some(GenerationState::Ready | GenerationState::Closed) => {}
            Some(GenerationState::Building) | None => store.remove(&name).await?,
        }
    }
    Ok(())
}

/// The generation to fill.
pub(super) struct Next {
    pub number: u32,
    pub generation: Arc<dyn Generation>,
    /// Where a rebuild before this one left it.
    pub resumed_at: Option<event_log::Position>,
}

impl Next {
    /// What a rebuild that died left behind is taken up when it is of this log and was filled with the same keys, unless
    /// `fresh`; everything else that is unfinished goes. So does one in which words are missing, unless they were counted by
    /// this run: how many there are is to be told.
    pub(super) async fn find_or_make(
        store: &dyn UnitStore,
        log: &SharedLog,
        fresh: bool,
        counted: bool,
    ) -> Result<Self, StoreError> {
        let (mut left, mut last, keys) = (None, 0, keys_of(log).await?);
        let same_keys =
            |noted: Option<FilledWith>| noted.is_some_and(|noted| noted.keys == keys && (!noted.lost || counted));
        for number in store.numbers().await?.into_iter().rev() {
            let name = GenerationName::Numbered(number);
            let found = match unit::stood(store, number).await {
                // Its number stays taken, see `remove_damaged`.
                Err(error) if fresh && error.is_damage() => {
                    last = last.max(number);
                    continue;
                }
                found => found?,
            };
            match found {
                Some((_, standing)) if standing.state != GenerationState::Building => last = last.max(number),
                Some((generation, standing))
                    if !fresh
                        && left.is_none()
                        && last == 0
                        && same_keys(generation.filled_with().await?)
                        && unit::check(&standing, log).await.is_ok() =>
                {
                    left = Some(Self { number, generation, resumed_at: Some(standing.checkpoint) });
                }
                Some((generation, _)) => {
                    drop(generation);
                    store.remove(&name).await?;
                }
                None => store.remove(&name).await?,
            }
        }
        if let Some(left) = left {
            return Ok(left);
        }
        let name = GenerationName::Numbered(last + 1);
        let generation = store.make(&name, log.id(), GenerationState::Building).await?;
        generation.note_keys(&keys).await?;
        Ok(Self { number: last + 1, generation, resumed_at: None })
    }
}

/// Which keys open words now. Others open other words, and so do the same ones when some of them came back.
async fn keys_of(log: &SharedLog) -> Result<String, StoreError> {
    let Some(sealing) = log.sealing() else { return Ok("none".to_owned()) };
    let identity = sealing.identity().await?;
    Ok(format!("{} {}", identity.id, identity.brought))
}

/// Brings it about to the head, beside the live one.
pub(super) async fn fill(next: &dyn Generation, log: &SharedLog, filling: &mut Filling<'_>) -> Result<(), StoreError> {
    for _ in 0..CHASES_MAX {
        let head = log.head().await?;
        filling.to(next, head).await?;
        filling.finish(next, head).await?;
        if log.head().await?.0.saturating_sub(head.0) <= TAIL_EVENTS_MAX {
            break;
        }
    }
    Ok(())
}

/// Puts it in the live one's place.
pub(super) async fn switch(
    next: &dyn Generation,
    live: Option<&Live>,
    log: &SharedLog,
    filling: &mut Filling<'_>,
    if_lost: IfLost,
) -> Result<(), StoreError> {
    let Some(live) = live else {
        return next.set_state(GenerationState::Ready).await;
    };
    filling.hurry();
    let held = match live.generation.hold().await {
        Ok(held) => held,
        // Nobody moves one that cannot be read.
        Err(error) if error.is_damage() => return next.set_state(GenerationState::Ready).await,
        Err(error) => return Err(error),
    };
    let standing = held.standing();
    let head = log.head().await?;
    // One of another log, or ahead of this one, stands nowhere that could be reached.
    if standing.log == log.id() && standing.checkpoint <= head {
        filling.to(next, standing.checkpoint).await?;
    }
    refuse_lost(filling, if_lost)?;
    next.set_state(GenerationState::Ready).await?;
    match held.close().await {
        Err(error) if error.is_damage() => Ok(()),
        closed => closed,
    }
}

/// Deletes the generations before `kept`: everybody has gone over to `kept` at least, or will not miss them.
pub(super) async fn remove_unused(store: &dyn UnitStore, kept: u32) -> Result<Vec<u32>, StoreError> {
    let mut removed = Vec::new();
    for number in store.numbers().await?.into_iter().filter(|number| *number < kept) {
        let name = GenerationName::Numbered(number);
        let closed: Option<Arc<dyn Generation>> = store.open(&name).await?;
        if let Some(generation) = closed
            && generation.standing().await?.state == GenerationState::Closed
        {
            drop(generation);
            store.remove(&name).await?;
            removed.push(number);
        }
    }
    Ok(removed)
}
