//! How much one user may keep here and bring at once.
//!
//! What lies there is counted on the disk when somebody begins, and brought forward as long as a file of theirs is coming
//! in: nothing is remembered of anybody else, and what another node took is seen the next time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aggregates::KeyId;
use attachments::Used;

use super::UploadError;
use crate::config::UploadsConfig;

#[derive(Debug, Clone)]
pub(super) struct Allowance {
    bytes_max: u64,
    files_max: u64,
    at_once_max: u32,
    busy: Arc<Mutex<HashMap<KeyId, Busy>>>,
}

/// Somebody of whom at least one file is coming in.
#[derive(Debug, Default)]
struct Busy {
    /// What lies there; at least.
    kept: Used,
    coming: u32,
    coming_bytes: u64,
}

impl Allowance {
    pub(super) fn new(config: &UploadsConfig) -> Self {
        Self {
            bytes_max: config.user_bytes_max,
            files_max: config.user_files_max,
            at_once_max: config.user_at_once_max,
            busy: Arc::default(),
        }
    }

    /// A place for one file of somebody who keeps `used`, as was counted after [`Allowance::enter`].
    pub(super) fn enter(&self, key: KeyId) -> Result<Coming, UploadError> {
        let mut busy = self.busy();
        let entry = busy.entry(key).or_default();
        if entry.coming >= self.at_once_max {
            return Err(UploadError::TooManyOfYours(self.at_once_max));
        }
        entry.coming += 1;
        Ok(Coming { allowance: self.clone(), key, bytes: 0 })
    }

    // A panic while it was held cannot leave it half changed: every change is a few sums.
    fn busy(&self) -> MutexGuard<'_, HashMap<KeyId, Busy>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One file on its way in. Dropped, it counts no more.
#[derive(Debug)]
pub(super) struct Coming {
    allowance: Allowance,
    key: KeyId,
    bytes: u64,
}

impl Coming {
    /// What was found on the disk. Of two who count at once the larger is right: what both bring is on its way.
    pub(super) fn counted(&self, used: Used) -> Result<(), UploadError> {
        let mut busy = self.allowance.busy();
        let Some(entry) = busy.get_mut(&self.key) else { return Ok(()) };
        entry.kept = Used { files: entry.kept.files.max(used.files), bytes: entry.kept.bytes.max(used.bytes) };
        if entry.kept.files + u64::from(entry.coming) > self.allowance.files_max {
            return Err(UploadError::FilesSpent(self.allowance.files_max));
        }
        Ok(())
    }

    /// As many bytes more.
    pub(super) fn grows(&mut self, bytes: u64) -> Result<(), UploadError> {
        let mut busy = self.allowance.busy();
        let Some(entry) = busy.get_mut(&self.key) else { return Ok(()) };
        if entry.kept.bytes + entry.coming_bytes + bytes > self.allowance.bytes_max {
            return Err(UploadError::BytesSpent(self.allowance.bytes_max));
        }
        entry.coming_bytes += bytes;
        self.bytes += bytes;
        Ok(())
    }

    /// It is on the disk.
    pub(super) fn is_kept(&self) {
        if let Some(entry) = self.allowance.busy().get_mut(&self.key) {
            entry.kept.files += 1;
            entry.kept.bytes += self.bytes;
        }
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        let mut busy = self.allowance.busy();
        let Some(entry) = busy.get_mut(&self.key) else { return };
        entry.coming -= 1;
        entry.coming_bytes -= self.bytes;
        if entry.coming == 0 {
            busy.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowance() -> Allowance {
        let config =
            UploadsConfig { user_bytes_max: 100, user_files_max: 3, user_at_once_max: 2, ..Default::default() };
        Allowance::new(&config)
    }

    fn key() -> KeyId {
        KeyId::parse("abcdefghijklmnopqrst-_").expect("a key's id")
    }

    #[test]
    fn files_that_come_in_together_count_together() {
        let allowance = allowance();
        let mut first = allowance.enter(key()).expect("a place");
        first.counted(Used { files: 1, bytes: 40 }).expect("room");
        let mut second = allowance.enter(key()).expect("a place");
        second.counted(Used { files: 1, bytes: 40 }).expect("room");
        first.grows(40).expect("room");
        assert!(matches!(second.grows(21), Err(UploadError::BytesSpent(100))));
        second.grows(20).expect("room");
        first.is_kept();
        drop(first);
        assert!(second.grows(1).is_err(), "what is kept goes on counting");
        assert!(matches!(allowance.enter(key()).map(|_| ()), Ok(())));
    }

    #[test]
    fn only_so_many_files_and_so_many_at_once() {
        let allowance = allowance();
        let first = allowance.enter(key()).expect("a place");
        let second = allowance.enter(key()).expect("a place");
        assert!(matches!(allowance.enter(key()), Err(UploadError::TooManyOfYours(2))));
        assert!(first.counted(Used { files: 1, bytes: 0 }).is_ok());
        assert!(matches!(second.counted(Used { files: 2, bytes: 0 }), Err(UploadError::FilesSpent(3))));
        drop((first, second));
        assert!(allowance.busy().is_empty(), "nothing is remembered of whoever has gone");
    }
}
