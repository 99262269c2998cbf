//! Fills the next generation and puts it in the live one's place, without a moment in which there is none.
//!
//! The order: fill beside the live one; hold the live one; bring the new one to where it stands; mark the new one
//! ready; close the old one. A crash before the mark leaves the old one live, after it both ready, of which the newer
//! one counts and whoever opens next closes the older.

use std::sync::Arc;

use event_log::SharedLog;

use super::{Progress, RebuildReport, advance_telling};
use crate::store::{Generation, GenerationName, GenerationState, StoreError, UnitStore};
use crate::unit::{self, Live};
use crate::views::UnitName;

/// The live one is held for catching up with at most about so many events; until then both run side by side.
const TAIL_EVENTS_MAX: u64 = 1_000;
/// A log that grows faster than it can be read is not chased for ever.
const CHASES_MAX: u32 = 20;

pub(super) async fn run(
    unit: UnitName,
    store: &dyn UnitStore,
    log: &SharedLog,
    on_progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<RebuildReport, StoreError> {
    let live = unit::newest_ready(store).await?.map(|(live, _)| live);
    if let Some(live) = &live {
        unit::close_older(store, live.number).await?;
    }
    let numbers = clear_unfinished(store).await?;
    let number = numbers.last().map_or(1, |last| last + 1);
    let name = GenerationName::Numbered(number);
    let next = store.make(&name, log.id(), GenerationState::Building).await?;
    tracing::info!(%unit, number, "a new generation is being filled");

    let filled = fill_and_switch((unit, &*next), live.as_deref(), log, on_progress).await;
    let events = match filled {
        Ok(events) => events,
        Err(error) => {
            drop(next);
            // Nobody uses it yet; what cannot be removed now, the next rebuild removes.
            if let Err(left) = store.remove(&name).await {
                tracing::warn!(%unit, number, error = %left, "an unfinished generation is left behind");
            }
            return Err(error);
        }
    };
    let replaced = live.map(|live| live.number);
    let removed = remove_unused(store, replaced.unwrap_or(number)).await?;
    let checkpoint = next.standing().await?.checkpoint;
    tracing::info!(%unit, number, %checkpoint, "the new generation is live");
    Ok(RebuildReport { unit, replaced, generation: number, events, checkpoint, removed })
}

/// Removes what a rebuild that died left behind, and says which numbers are taken.
pub(super) async fn clear_unfinished(store: &dyn UnitStore) -> Result<Vec<u32>, StoreError> {
    let mut kept = Vec::new();
    for number in store.numbers().await? {
        let name = GenerationName::Numbered(number);
        let state = match store.open(&name).await? {
            Some(generation) => Some(generation.standing().await?.state),
            None => None,
        };
        match state {
            Some(GenerationState::Ready | GenerationState::Closed) => kept.push(number),
            Some(GenerationState::Building) | None => store.remove(&name).await?,
        }
    }
    Ok(kept)
}

async fn fill_and_switch(
    (unit, next): (UnitName, &dyn Generation),
    live: Option<&Live>,
    log: &SharedLog,
    on_progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<u64, StoreError> {
    let mut events = 0;
    for _ in 0..CHASES_MAX {
        let head = log.head().await?;
        advance_telling((unit, next), log, head, &mut events, on_progress).await?;
        if log.head().await?.0.saturating_sub(head.0) <= TAIL_EVENTS_MAX {
            break;
        }
    }
    let Some(live) = live else {
        next.set_state(GenerationState::Ready).await?;
        return Ok(events);
    };
    let held = live.generation.hold().await?;
    let standing = held.standing();
    let head = log.head().await?;
    // One of another log, or ahead of this one, stands nowhere that could be reached.
    if standing.log == log.id() && standing.checkpoint <= head {
        advance_telling((unit, next), log, standing.checkpoint, &mut events, on_progress).await?;
    }
    next.set_state(GenerationState::Ready).await?;
    held.close().await?;
    Ok(events)
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
