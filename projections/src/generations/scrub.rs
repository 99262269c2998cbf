//! What is left of blanked words beside the rows: closed generations, write-ahead logs, dead rows.

use super::rebuild::{clear_unfinished, remove_unused};
use super::store_of;
use crate::store::{GenerationName, StoreError};
use crate::views::{ReadError, UnitName};
use event_log::StoreUrl;

/// Removes what erased rows left behind in every view. `Ok(false)`: a reader was in the way, try again.
///
/// On SQLite: closed generations, and the write-ahead logs, which are emptied. On PostgreSQL every table of the views is
/// written anew (`VACUUM FULL`): each is locked for as long as that takes.
pub async fn scrub(url: &StoreUrl) -> Result<bool, ReadError> {
    let mut done = true;
    for unit in UnitName::ALL {
        let work = async {
            let store = store_of(url, unit).await?;
            remove_unused(&*store, u32::MAX).await?;
            // One that died half-way holds what it had read; one that runs will read the erasure.
            if let Some(lock) = store.lock_rebuild().await? {
                let cleared = clear_unfinished(&*store).await;
                lock.release().await;
                cleared?;
            }
            let mut all = true;
            for number in store.numbers().await? {
                all &= store.scrub(&GenerationName::Numbered(number)).await?;
            }
            Ok(all)
        };
        done &= work.await.map_err(|error: StoreError| error.of(unit))?;
    }
    Ok(done)
}
