//! A look at the keys that changes nothing, not even by making what is not there: for the doctor.
//!
//! Apart from the stores, which bring their tables up to date when they are opened. Never in here: a secret.

mod postgres;
mod sqlite;

use std::collections::HashMap;

use aggregates::KeyId;

use super::keys::Identity;
use crate::port::EventLogError;
use crate::store_url::StoreUrl;

/// What the store says of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Here,
    /// Somebody was erased.
    Dropped,
    /// Never seen here.
    Missing,
}

/// The keys of a place, which may have none.
pub struct KeysLook(Place);

enum Place {
    Empty,
    Sqlite(sqlite::Look),
    Postgres(postgres::Look),
}

impl KeysLook {
    pub async fn at(url: &StoreUrl) -> Result<Self, EventLogError> {
        Ok(Self(match url {
            StoreUrl::Sqlite(directory) => sqlite::Look::at(directory)?.map_or(Place::Empty, Place::Sqlite),
            StoreUrl::Postgres(url) => postgres::Look::at(url).await?.map_or(Place::Empty, Place::Postgres),
        }))
    }

    /// Whether there is a place at all, with keys or without.
    pub fn is_there(&self) -> bool {
        !matches!(self.0, Place::Empty)
    }

    /// What the place says of itself; `None` where nothing is, or a program of before made it.
    pub async fn identity(&mut self) -> Result<Option<Identity>, EventLogError> {
        match &mut self.0 {
            Place::Empty => Ok(None),
            Place::Sqlite(look) => look.identity().await,
            Place::Postgres(look) => look.identity().await,
        }
    }

    /// Whether any key stands here.
    pub async fn has_any(&mut self) -> Result<bool, EventLogError> {
        match &mut self.0 {
            Place::Empty => Ok(false),
            Place::Sqlite(look) => look.has_any().await,
            Place::Postgres(look) => look.has_any().await,
        }
    }

    pub async fn standing(&mut self, ids: &[KeyId]) -> Result<HashMap<KeyId, Standing>, EventLogError> {
        let known = match &mut self.0 {
            Place::Empty => Vec::new(),
            Place::Sqlite(look) => look.known(ids).await?,
            Place::Postgres(look) => look.known(ids).await?,
        };
        let mut standing: HashMap<KeyId, Standing> = ids.iter().map(|id| (*id, Standing::Missing)).collect();
        for (id, here) in known {
            standing.insert(id, if here { Standing::Here } else { Standing::Dropped });
        }
        Ok(standing)
    }
}
