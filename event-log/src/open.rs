//! From a URL to a log.

use std::sync::Arc;

use crate::port::{EventLogError, SharedLog};
use crate::postgres::PostgresLog;
use crate::sealing::{Sealing, Unsealed};
use crate::sqlite::SqliteLog;
use crate::store_url::StoreUrl;
use crate::tail::TailedLog;

/// Opens (and, when new, makes) the log that `url` names, bringing its schema up to date, and the keys that its words are
/// sealed with, which are kept beside it.
pub async fn open(url: &StoreUrl) -> Result<SharedLog, EventLogError> {
    open_with_keys(url, url).await
}

/// The same, with the keys kept elsewhere: whoever gets at the one place has words without keys, or keys without words.
/// The keys of one log only: an erasure drops a user's key for whatever was sealed with it.
pub async fn open_with_keys(url: &StoreUrl, keys: &StoreUrl) -> Result<SharedLog, EventLogError> {
    let sealing = Sealing::open(keys).await?;
    let engine: SharedLog = match url {
        StoreUrl::Sqlite(directory) => Arc::new(SqliteLog::open(directory).await?),
        StoreUrl::Postgres(url) => Arc::new(PostgresLog::open(url).await?),
    };
    let unsealed = Arc::new(Unsealed::over(engine, sealing).await?);
    Ok(Arc::new(TailedLog::over(unsealed).await?))
}
