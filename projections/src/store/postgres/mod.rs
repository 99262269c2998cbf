//! Views in PostgreSQL: one schema per generation of a unit, all names qualified.

mod choices;
mod columns;
mod erasing;
mod feed_erasing;
mod feed_reads;
mod feed_writes;
mod filling;
mod generation;
mod inbox_load;
mod inbox_marks;
mod inbox_messages;
mod inbox_reads;
mod inbox_rooms;
mod inbox_save;
mod people_reads;
mod quick;
mod reports;
mod search_erasing;
mod search_reads;
mod search_writes;
mod snapshot;
mod walks;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use event_log::LogId;
use event_log::postgres::rewriting::write_anew;
use event_log::postgres::{Lender, READ_PATIENCE, within};
use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;

use self::columns::postgres_error;
use self::generation::PostgresGeneration;
use super::{Format, Generation, GenerationName, GenerationState, InUse, RebuildLock, StoreError, UnitStore};
use crate::views::UnitName;

/// How questions are planned. Each looks up a page of rows by an index, however large the tables are; a server without
/// statistics, or with those of a table that was small, is not to think of another way. So one plan is enough, too.
const PLANNING: [(&str, &str); 7] = [
    ("enable_seqscan", "off"),
    ("enable_bitmapscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    // What is switched off counts as very dear, and what is dear would be compiled first.
    ("jit", "off"),
    // Nor worth workers of its own.
    ("max_parallel_workers_per_gather", "0"),
    ("plan_cache_mode", "force_generic_plan"),
];
/// Connections of the views: a projector per unit, the rest for questions.
const CONNECTIONS_MAX: u32 = 12;
/// Of one table. Nobody reads it meanwhile, so an operator sees to it that this is enough.
const VACUUM_PATIENCE: Duration = Duration::from_secs(3_600);
/// A schema goes when the last question to it has ended.
const REMOVE_PATIENCE: Duration = Duration::from_secs(120);

pub(crate) async fn connect(url: &str, format: Format) -> Result<Lender, StoreError> {
    let options: PgConnectOptions = url.parse().map_err(postgres_error)?;
    // The log is the truth and a view is behind it at worst: rows and checkpoint may be lost together, never apart.
    let options = options.application_name(&session_name(format)).options([("synchronous_commit", "off")]);
    let lender = Lender::planning(options, CONNECTIONS_MAX, &PLANNING);
    // A database that cannot be reached is said at once.
    lender.lend().await.map_err(postgres_error)?.give_back();
    Ok(lender)
}

/// Work that may take long, but not for ever: a connection that stalls would keep it waiting without a word.
async fn in_time<T>(patience: Duration, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    match tokio::time::timeout(patience, work).await {
        Ok(done) => done,
        Err(elapsed) => Err(StoreError::unreachable(elapsed)),
    }
}

/// How sessions are called, so that others see which formats are in use. A projector keeps one open.
fn session_name(format: Format) -> String {
    format!("kabar-views {format}")
}

/// Where the rows of one generation are.
#[derive(Debug, Clone)]
struct Schema {
    lender: Lender,
    /// `inbox_5_g2`: unit, format, generation. Made of our own words only, so it needs no quoting.
    name: Arc<str>,
}

pub(crate) struct PostgresStore {
    lender: Lender,
    unit: UnitName,
    format: Format,
}

impl PostgresStore {
    pub(crate) fn new(lender: Lender, unit: UnitName, format: Format) -> Self {
        Self { lender, unit, format }
    }

    fn family(&self) -> String {
        format!("{}_{}", self.unit.name(), self.format)
    }

    fn parsed(&self, schema: &str) -> Option<(Format, u32)> {
        let (format, number) = schema.strip_prefix(self.unit.name())?.strip_prefix('_')?.split_once("_g")?;
        Some((Format(format.parse().ok()?), number.parse().ok()?))
    }

    fn schema(&self, name: &GenerationName) -> Schema {
        let family = self.family();
        let name = match name {
            GenerationName::Numbered(number) => format!("{family}_g{number}"),
            GenerationName::Scratch => format!("{family}_verify"),
        };
        Schema { lender: self.lender.clone(), name: name.into() }
    }
}

#[async_trait]
impl UnitStore for PostgresStore {
    fn format(&self) -> Format {
        self.format
    }

    fn in_format(&self, format: Format) -> Arc<dyn UnitStore> {
        Arc::new(Self::new(self.lender.clone(), self.unit, format))
    }

    async fn all(&self) -> Result<Vec<(Format, u32)>, StoreError> {
        let names: Vec<String> = sqlx::query_scalar("SELECT nspname::text FROM pg_namespace")
            .fetch_all(&self.lender)
            .await
            .map_err(postgres_error)?;
        let mut found: Vec<(Format, u32)> = names.iter().filter_map(|name| self.parsed(name)).collect();
        found.sort_unstable();
        Ok(found)
    }

    /// The name of its sessions says it.
    fn enter(&self) -> Result<InUse, StoreError> {
        Ok(Box::new(()))
    }

    async fn is_in_use(&self) -> Result<bool, StoreError> {
        sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1)",
        )
        .bind(session_name(self.format))
        .fetch_one(&self.lender)
        .await
        .map_err(postgres_error)
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
        let mut connection = self.lender.apart().await.map_err(postgres_error)?;
        let removed = sqlx::query(&sql).execute(&mut connection);
        within(REMOVE_PATIENCE, removed).await.map_err(postgres_error)?;
        Ok(())
    }

    async fn scrub(&self, name: &GenerationName) -> Result<bool, StoreError> {
        let schema = self.schema(name).name;
        // Asked for: another format may have other tables.
        let tables: Vec<String> = sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = $1")
            .bind(&*schema)
            .fetch_all(&self.lender)
            .await
            .map_err(postgres_error)?;
        let mut connection = self.lender.apart().await.map_err(postgres_error)?;
        let mut done = true;
        for table in tables {
            let table = format!("{schema}.{table}");
            let written = within(VACUUM_PATIENCE, write_anew(&mut connection, &table));
            done &= written.await.map_err(postgres_error)?;
        }
        Ok(done)
    }

    async fn lock_rebuild(&self) -> Result<Option<Box<dyn RebuildLock>>, StoreError> {
        // A connection of its own: the lock goes with it, also when this process dies.
        let mut connection = self.lender.apart().await.map_err(postgres_error)?;
        let taken = sqlx::query_scalar("SELECT pg_try_advisory_lock(hashtextextended($1, 0))")
            .bind(format!("kabar {} rebuild", self.family()))
            .fetch_one(&mut connection);
        let taken: bool = within(READ_PATIENCE, taken).await.map_err(postgres_error)?;
        Ok(taken.then(|| -> Box<dyn RebuildLock> { Box::new(LockedSession(connection)) }))
    }
}

struct LockedSession(PgConnection);

#[async_trait]
impl RebuildLock for LockedSession {
    async fn release(mut self: Box<Self>) {
        // Asked for and answered: a connection that is only closed keeps its locks until the server notices.
        let unlocked = sqlx::query("SELECT pg_advisory_unlock_all()").execute(&mut self.0);
        if let Err(error) = within(READ_PATIENCE, unlocked).await {
            tracing::debug!(%error, "the lock goes with its connection");
        }
    }
}
