//! What is left of blanked words beside the rows: closed generations, write-ahead logs, dead rows.

use event_log::StoreUrl;

use super::rebuild::{clear_unfinished, remove_unused};
use super::store_of;
use crate::store::{Format, GenerationName, StoreError, UnitStore};
use crate::views::{ReadError, UnitName};

/// Removes what erased rows left behind in every view. `Ok(false)`: a reader was in the way, try again.
///
/// On SQLite: closed generations, and the write-ahead logs, which are emptied. On PostgreSQL every table of the views is
/// written anew (`VACUUM FULL`): each is locked for as long as that takes. Views of another format go if no program of
/// that format runs: nobody would blank them. One that starts later makes them anew.
pub async fn scrub(url: &StoreUrl) -> Result<bool, ReadError> {
    let mut done = true;
    for unit in UnitName::ALL {
        done &= scrub_unit(url, unit).await.map_err(|error| error.of(unit))?;
    }
    Ok(done)
}

async fn scrub_unit(url: &StoreUrl, unit: UnitName) -> Result<bool, StoreError> {
    let own = store_of(url, unit, Format::CURRENT).await?;
    let mut formats: Vec<Format> = own.all().await?.into_iter().map(|(format, _)| format).collect();
    formats.dedup();
    let mut done = true;
    for format in formats {
        let store = own.in_format(format);
        remove_unused(&*store, u32::MAX).await?;
        // One that died half-way holds what it had read; one that runs will read the erasure.
        if let Some(lock) = store.lock_rebuild().await? {
            let cleared = clear(&*store, format == Format::CURRENT).await;
            lock.release().await;
            cleared?;
        } else {
            // What it has read so far is not reached from here.
            done = false;
        }
        for number in store.numbers().await? {
            done &= store.scrub(&GenerationName::Numbered(number)).await?;
        }
    }
    Ok(done)
}

async fn clear(store: &dyn UnitStore, is_own: bool) -> Result<(), StoreError> {
    // Of a comparison that died.
    store.remove(&GenerationName::Scratch).await?;
    if is_own || store.is_in_use().await? {
        return clear_unfinished(store).await;
    }
    for number in store.numbers().await? {
        store.remove(&GenerationName::Numbered(number)).await?;
    }
    Ok(())
}
