//! Views in PostgreSQL: one schema per generation of a unit, all names qualified.

mod columns;
mod feed_reads;
mod feed_writes;
mod generation;
mod inbox_load;
mod inbox_reads;
mod inbox_save;
mod snapshot;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use event_log::LogId;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgConnection, PgPool};

use self::columns::postgres_error;
use self::generation::PostgresGeneration;
use super::{FORMAT, Generation, GenerationName, GenerationState, RebuildLock, StoreError, UnitStore, tables};
use crate::views::UnitName;

/// Connections of the views: a projector per unit, the rest for questions.
const CONNECTIONS_MAX: u32 = 12;
/// How long a question waits for a connection.
const ACQUIRE_PATIENCE: Duration = Duration::from_secs(5);

pub(crate) async fn connect(url: &str) -> Result<PgPool, StoreError> {
    let options: PgConnectOptions = url.parse().map_err(postgres_error)?;
    // The log is the truth and a view is behind it at worst: rows and checkpoint may be lost together, never apart.
    let options = options.application_name("kabar-views").options([("synchronous_commit", "off")]);
    PgPoolOptions::new()
        .max_connections(CONNECTIONS_MAX)
        .acquire_timeout(ACQUIRE_PATIENCE)
        .connect_with(options)
        .await
        .map_err(postgres_error)
}

/// Where the rows of one generation are.
#[derive(Debug, Clone)]
struct Schema {
    pool: PgPool,
    /// `inbox_2_g3`: unit, format, generation. Made of our own words only, so it needs no quoting.
    name: Arc<str>,
}

pub(crate) struct PostgresStore {
    pool: PgPool,
    unit: UnitName,
}

impl PostgresStore {
    pub(crate) fn new(pool: PgPool, unit: UnitName) -> Self {
        Self { pool, unit }
    }

    fn family(&self) -> String {
        format!("{}_{FORMAT}", self.unit.name())
    }

    fn schema(&self, name: &GenerationName) -> Schema {
        let family = self.family();
        let name = match name {
            GenerationName::Numbered(number) => format!("{family}_g{number}"),
            GenerationName::Scratch => format!("{family}_verify"),
        };
        Schema { pool: self.pool.clone(), name: name.into() }
    }
}

#[async_trait]
impl UnitStore for PostgresStore {
    async fn numbers(&self) -> Result<Vec<u32>, StoreError> {
        let names: Vec<String> = sqlx::query_scalar("SELECT nspname::text FROM pg_namespace")
            .fetch_all(&self.pool)
            .await
            .map_err(postgres_error)?;
        let prefix = format!("{}_g", self.family());
        let mut numbers: Vec<u32> = names.iter().filter_map(|name| name.strip_prefix(&prefix)?.parse().ok()).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    async fn open(&self, name: &GenerationName) -> Result<Option<Arc<dyn Generation>>, StoreError> {
        let generation = PostgresGeneration::new(self.unit, self.schema(name));
        Ok(if generation.is_made().await? { Some(Arc::new(generation)) } else { None })
    }

    async fn make(
        &self,
        name: &GenerationName,
        log: LogId,
        state: GenerationState,
    ) -> Result<Arc<dyn Generation>, StoreError> {
        let generation = PostgresGeneration::new(self.unit, self.schema(name));
        generation.make(log, state).await?;
        Ok(Arc::new(generation))
    }

    async fn remove(&self, name: &GenerationName) -> Result<(), StoreError> {
        let sql = format!("DROP SCHEMA IF EXISTS {} CASCADE", self.schema(name).name);
        sqlx::query(&sql).execute(&self.pool).await.map_err(postgres_error)?;
        Ok(())
    }

    async fn scrub(&self, name: &GenerationName) -> Result<bool, StoreError> {
        let schema = self.schema(name).name;
        for table in tables(self.unit) {
            let sql = format!("VACUUM (FULL) {schema}.{}", table.name);
            sqlx::query(&sql).execute(&self.pool).await.map_err(postgres_error)?;
        }
        Ok(true)
    }

    async fn lock_rebuild(&self) -> Result<Option<Box<dyn RebuildLock>>, StoreError> {
        // A connection of its own: the lock goes with it, also when this process dies.
        let mut connection = self.pool.acquire().await.map_err(postgres_error)?.detach();
        let taken: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock(hashtextextended($1, 0))")
            .bind(format!("kabar {} rebuild", self.family()))
            .fetch_one(&mut connection)
            .await
            .map_err(postgres_error)?;
        Ok(taken.then(|| -> Box<dyn RebuildLock> { Box::new(LockedSession(connection)) }))
    }
}

struct LockedSession(PgConnection);

#[async_trait]
impl RebuildLock for LockedSession {
    async fn release(mut self: Box<Self>) {
        // Asked for and answered: a connection that is only closed keeps its locks until the server notices.
        if let Err(error) = sqlx::query("SELECT pg_advisory_unlock_all()").execute(&mut self.0).await {
            tracing::debug!(%error, "the lock goes with its connection");
        }
    }
}
