//! Files of people who were erased go: whatever a stop, a crash or a restored folder left of them.

use event_log::{EventLogError, Sealing};

use crate::store::{AttachmentStore, StoreError};

/// Keys asked about together.
const KEYS_AT_ONCE: usize = 500;

#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    #[error("it cannot be known whose files are to be removed")]
    Log(#[from] EventLogError),
    #[error("files of somebody who was erased cannot be removed")]
    Store(#[from] StoreError),
}

/// Removes everything that lies under a key that was dropped. How many people's. Files under keys that are not known here
/// stay: they may be of another log, or of keys that were lost.
pub async fn erase_all(store: &dyn AttachmentStore, sealing: &Sealing) -> Result<u64, EraseError> {
    let mut erased = 0;
    for some in store.keys().await?.chunks(KEYS_AT_ONCE) {
        for key in sealing.erased_among(some).await? {
            erased += u64::from(store.erase(key).await?);
        }
    }
    Ok(erased)
}
