//! Keys of words, in memory: for simulations, whose every wait must be known.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aggregates::KeyId;
use aggregates::ids::UserId;
use async_trait::async_trait;
use event_log::sealing::keys::{Brought, Found, Identity, Kept, KeyStore, KeysId, Offered, Secret};
use event_log::{EventLogError, LogId, Position};

#[derive(Default)]
pub struct MemoryKeys {
    kept: Mutex<BTreeMap<KeyId, (UserId, Option<Secret>)>>,
}

impl MemoryKeys {
    fn kept(&self) -> MutexGuard<'_, BTreeMap<KeyId, (UserId, Option<Secret>)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl KeyStore for MemoryKeys {
    async fn keep(&self, offered: Vec<Offered>) -> Result<Vec<Offered>, EventLogError> {
        let mut kept = self.kept();
        let stored = offered.into_iter().map(|offered| {
            let standing = kept.iter().find_map(|(id, (owner, secret))| {
                let secret = (*secret)?;
                (*owner == offered.owner).then_some(Offered { owner: owner.clone(), id: *id, secret })
            });
            standing.unwrap_or_else(|| {
                kept.insert(offered.id, (offered.owner.clone(), Some(offered.secret)));
                offered
            })
        });
        Ok(stored.collect())
    }

    async fn find(&self, ids: &[KeyId]) -> Result<Vec<Found>, EventLogError> {
        let kept = self.kept();
        let found = ids.iter().filter_map(|id| kept.get(id).map(|(_, secret)| Found { id: *id, secret: *secret }));
        Ok(found.collect())
    }

    async fn of_owner(&self, owner: &UserId) -> Result<Vec<KeyId>, EventLogError> {
        let kept = self.kept();
        Ok(kept.iter().filter(|(_, (of, secret))| of == owner && secret.is_some()).map(|(id, _)| *id).collect())
    }

    async fn drop_keys(&self, owner: &UserId, ids: &[KeyId]) -> Result<(), EventLogError> {
        let mut kept = self.kept();
        for id in ids {
            kept.insert(*id, (owner.clone(), None));
        }
        Ok(())
    }

    async fn page(&self, after: Option<KeyId>, limit: usize) -> Result<Vec<Kept>, EventLogError> {
        let kept = self.kept();
        let behind = kept.iter().filter(|(id, _)| after.is_none_or(|after| **id > after));
        let kept = |(id, (owner, secret)): (&KeyId, &(UserId, Option<Secret>))| Kept {
            owner: owner.clone(),
            id: *id,
            secret: *secret,
            seals: true,
        };
        let keys = behind.take(limit).map(kept);
        Ok(keys.collect())
    }

    /// Nobody brings keys back into a simulation.
    async fn bring_in(&self, keys: Vec<Kept>) -> Result<Brought, EventLogError> {
        Ok(Brought { new: 0, known: keys.len() as u64 })
    }

    async fn identity(&self) -> Result<Identity, EventLogError> {
        Ok(Identity { id: KeysId(uuid::Uuid::nil()), log: None, brought: 0 })
    }

    async fn claim(&self, log: LogId) -> Result<Identity, EventLogError> {
        Ok(Identity { log: Some(log), ..self.identity().await? })
    }

    async fn take_over(&self, log: LogId) -> Result<Identity, EventLogError> {
        self.claim(log).await
    }

    async fn scrub(&self) -> Result<bool, EventLogError> {
        Ok(true)
    }

    async fn mended(&self, _log: LogId) -> Result<Position, EventLogError> {
        Ok(Position::START)
    }

    async fn save_mended(&self, _log: LogId, _position: Position) -> Result<(), EventLogError> {
        Ok(())
    }

    async fn close(&self) {}
}
