//! Where keys are kept, as every engine promises it.

use std::fmt;
use std::sync::Arc;

use aggregates::KeyId;
use aggregates::ids::UserId;
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::port::EventLogError;
use crate::position::{LogId, Position};

pub type Secret = [u8; 32];

/// A key that is made when its owner has none.
pub struct Offered {
    pub owner: UserId,
    pub id: KeyId,
    pub secret: Secret,
}

/// A key as it is kept, for a backup.
#[derive(Clone)]
pub struct Kept {
    pub owner: UserId,
    pub id: KeyId,
    /// `None` once it was dropped.
    pub secret: Option<Secret>,
    /// Whether it may seal, where its owner has none that does; otherwise it only opens.
    pub seals: bool,
}

/// Which keys these are: the id of a place that has them. Never that of another place, but for a copy by other means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeysId(pub Uuid);

impl fmt::Display for KeysId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.simple())
    }
}

/// What a place of keys says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    pub id: KeysId,
    /// The log whose words they open; `None` as long as none was opened with them.
    pub log: Option<LogId>,
    /// How often keys came back here.
    pub brought: u64,
}

/// What became of keys that were brought back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Brought {
    pub new: u64,
    /// Here already, or dropped here.
    pub known: u64,
}

/// What is known of a key.
pub struct Found {
    pub id: KeyId,
    /// `None` once it was dropped.
    pub secret: Option<Secret>,
}

#[async_trait]
pub trait KeyStore: Send + Sync + 'static {
    /// Each owner's key: the one there is, else the offered one. Durable when this returns. Two who offer at once are
    /// given the same.
    async fn keep(&self, offered: Vec<Offered>) -> Result<Vec<Offered>, EventLogError>;

    /// The keys of these ids; one that was never here is left out.
    async fn find(&self, ids: &[KeyId]) -> Result<Vec<Found>, EventLogError>;

    /// Every key of theirs that stands; the one that seals comes first.
    async fn of_owner(&self, owner: &UserId) -> Result<Vec<KeyId>, EventLogError>;

    /// Forgets the secrets and remembers that it did, also of keys that are not here. Durable when this returns.
    async fn drop_keys(&self, owner: &UserId, ids: &[KeyId]) -> Result<(), EventLogError>;

    /// Up to `limit` keys behind `after`, by id, the dropped ones too.
    async fn page(&self, after: Option<KeyId>, limit: usize) -> Result<Vec<Kept>, EventLogError>;

    /// Takes keys of a backup, all of them or none. What is here stays as it is, but for what the backup says was dropped; a
    /// key whose owner has another one by now opens, and the other one goes on sealing. It is not known any more how far
    /// erasures are carried out, for they may name what has come back.
    async fn bring_in(&self, keys: Vec<Kept>) -> Result<Brought, EventLogError>;

    async fn identity(&self) -> Result<Identity, EventLogError>;

    /// Makes them the keys of `log`, unless they are another's; what is so then.
    async fn claim(&self, log: LogId) -> Result<Identity, EventLogError>;

    /// Makes them the keys of `log` under a new id, whosever they were. How far erasures are carried out is not known then.
    async fn take_over(&self, log: LogId) -> Result<Identity, EventLogError>;

    /// How far the erasures of `log` are known to be carried out; the start when it was never asked.
    async fn mended(&self, log: LogId) -> Result<Position, EventLogError>;

    async fn save_mended(&self, log: LogId, position: Position) -> Result<(), EventLogError>;

    /// Leaves nothing of dropped keys behind in what the engine keeps beside its rows. `false`: a reader was in the way.
    async fn scrub(&self) -> Result<bool, EventLogError>;

    async fn close(&self);
}

pub type SharedKeys = Arc<dyn KeyStore>;

impl Offered {
    /// A new key for `owner`.
    pub(super) fn random(owner: UserId) -> Result<Self, EventLogError> {
        let (mut id, mut secret) = ([0; 16], [0; 32]);
        for bytes in [&mut id[..], &mut secret[..]] {
            aws_lc_rs::rand::fill(bytes)
                .map_err(|_| EventLogError::Unavailable("the system has no randomness to give".into()))?;
        }
        let id = key_id(&URL_SAFE_NO_PAD.encode(id))?;
        Ok(Self { owner, id, secret })
    }
}

/// An id as a store has it.
pub(super) fn key_id(text: &str) -> Result<KeyId, EventLogError> {
    KeyId::parse(text).ok_or_else(|| EventLogError::Corrupt(format!("{text:?} is not the id of a key")))
}

pub(super) fn secret(id: KeyId, bytes: &[u8]) -> Result<Secret, EventLogError> {
    bytes.try_into().map_err(|_| EventLogError::Corrupt(format!("the key {id} has {} bytes", bytes.len())))
}

pub(super) fn owner(text: &str) -> Result<UserId, EventLogError> {
    UserId::parse(text).map_err(|error| EventLogError::Corrupt(format!("the owner of a key: {error}")))
}
