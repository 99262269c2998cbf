//! From a URL to a log.

use std::sync::Arc;

use crate::caches::LogCaches;
use crate::in_use::InUse;
use crate::port::{EventLogError, SharedLog};
use crate::postgres::PostgresLog;
use crate::sealing::keys::KeysId;
use crate::sealing::{Sealing, Unsealed};
use crate::sqlite::SqliteLog;
use crate::store_url::StoreUrl;
use crate::tail::TailedLog;
use crate::tying::{self, OtherKeys, Verdict};

/// A log cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Nothing was written, and nothing made.
    #[error(transparent)]
    Keys(Box<OtherKeys>),
    /// Nothing was changed.
    #[error(transparent)]
    InUse(InUse),
    #[error(transparent)]
    Log(#[from] EventLogError),
}

/// What to do with a log whose keys are not where they are said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfOthers {
    Refuse,
    /// The keys are lost: the log, if nobody has it open, is given new ones, made in an empty place, and what was sealed
    /// before stays closed.
    GiveUp,
}

/// Opens (and, when new, makes) the log that `url` names, bringing its schema up to date, and the keys that its words are
/// sealed with, which are kept beside it.
pub async fn open(url: &StoreUrl) -> Result<SharedLog, OpenError> {
    open_with_keys(url, url).await
}

/// The same, with the keys kept elsewhere: whoever gets at the one place has words without keys, or keys without words.
/// The keys of one log only: an erasure drops a user's key for whatever was sealed with it.
pub async fn open_with_keys(url: &StoreUrl, keys: &StoreUrl) -> Result<SharedLog, OpenError> {
    Ok(open_or_give_up(url, keys, IfOthers::Refuse).await?.0)
}

/// The same; whether keys were given up is said beside the log.
pub async fn open_or_give_up(
    url: &StoreUrl,
    keys: &StoreUrl,
    if_others: IfOthers,
) -> Result<(SharedLog, bool), OpenError> {
    open_caching(url, keys, if_others, LogCaches::default()).await
}

/// The same, keeping no more in memory than it is told.
pub async fn open_caching(
    url: &StoreUrl,
    keys: &StoreUrl,
    if_others: IfOthers,
    caches: LogCaches,
) -> Result<(SharedLog, bool), OpenError> {
    let (seen, given_up) = match (tying::judge(url, keys).await?, if_others) {
        (Verdict::Tied(keys), IfOthers::Refuse | IfOthers::GiveUp) => (Some(keys), false),
        (Verdict::Free, IfOthers::Refuse | IfOthers::GiveUp) => (None, false),
        (Verdict::Others(others), IfOthers::GiveUp) if others.may_be_made_there() => {
            (Some(tying::give_up(url, keys).await?.map_err(refused)?), true)
        }
        (Verdict::Others(others), IfOthers::Refuse | IfOthers::GiveUp) => return Err(refused(others)),
    };
    let engine: SharedLog = match url {
        StoreUrl::Sqlite(directory) => Arc::new(SqliteLog::open(directory).await?),
        StoreUrl::Postgres(url) => Arc::new(PostgresLog::open(url).await?),
    };
    let opened = with_keys(url, keys, &engine, seen, caches).await;
    match opened {
        Ok(log) => Ok((log, given_up)),
        Err(error) => {
            engine.close().await;
            Err(error)
        }
    }
}

async fn with_keys(
    url: &StoreUrl,
    keys: &StoreUrl,
    engine: &SharedLog,
    seen: Option<KeysId>,
    caches: LogCaches,
) -> Result<SharedLog, OpenError> {
    let sealing = Sealing::open_holding(keys, caches.keys_max).await?;
    let found = sealing.claim(engine.id()).await?;
    if let Some(others) = tying::tie(url, keys, engine.id(), found, seen).await? {
        sealing.close().await;
        return Err(refused(others));
    }
    let unsealed = Arc::new(Unsealed::over(engine.clone(), sealing).await?);
    Ok(Arc::new(TailedLog::keeping(unsealed, caches).await?))
}

fn refused(others: OtherKeys) -> OpenError {
    OpenError::Keys(Box::new(others))
}
