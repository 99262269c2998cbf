//! Whether a file of keys belongs to a backup of a log, told before anything is made of either.
//!
//! Apart from `keys_back`, which asks a log that is there. Never in here: anything that writes.

use std::collections::HashSet;
use std::path::Path;

use aggregates::user::UserEvent;
use aggregates::words::HasWords;
use aggregates::{DomainEvent, KeyId};

use crate::archive::{ArchiveError, Reader};
use crate::outcome::Failure;

/// Rows in memory at a time.
const PAGE_EVENTS: usize = 2_000;
/// Keys of words that stay closed which are remembered: one that no erasure names is enough to refuse.
const CLOSED_MAX: usize = 100_000;

/// Refuses keys of which none opens one word of the backup, where there are words to open. Reads to the first that opens.
pub fn require(backup: &Path, keys_from: &Path, keys: &HashSet<KeyId>) -> Result<(), Failure> {
    let name = backup.display();
    let fit = fit(backup, keys).map_err(|error| Failure::Refused(format!("{name}: {error}")))?;
    if fit {
        return Ok(());
    }
    Err(Failure::Refused(format!(
        "{}: not one word in {name} is sealed with these keys; nothing was restored",
        keys_from.display()
    )))
}

fn fit(backup: &Path, keys: &HashSet<KeyId>) -> Result<bool, ArchiveError> {
    let mut backup = Reader::open(backup)?;
    let (mut closed, mut erased): (HashSet<KeyId>, HashSet<KeyId>) = Default::default();
    loop {
        let page = backup.page(PAGE_EVENTS)?;
        if page.is_empty() {
            // Words of the erased are opened by nobody.
            return Ok(closed.iter().all(|key| erased.contains(key)));
        }
        let mut met = HashSet::new();
        // What this program cannot read says nothing of keys.
        for mut recorded in page.iter().filter_map(|row| row.read().ok()) {
            recorded.event.visit_words(&mut |_, words| met.extend(words.key()));
            if let DomainEvent::User(UserEvent::UserErased(told)) = &recorded.event {
                erased.extend(&told.keys);
            }
        }
        if met.iter().any(|key| keys.contains(key)) {
            return Ok(true);
        }
        closed.extend(met.into_iter().take(CLOSED_MAX.saturating_sub(closed.len())));
    }
}
