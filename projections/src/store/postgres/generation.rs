//! One schema: its own row about itself, and the transaction that moves it.

use std::sync::Arc;
use std::time::Duration;

use aggregates::ids::UserId;
use async_trait::async_trait;
use event_log::postgres::{READ_PATIENCE, within};
use event_log::{LogId, Position};
use sqlx::postgres::PgRow;
use sqlx::{Connection, Executor, PgConnection, Row};
use tokio::sync::Mutex;

use super::columns::{position, postgres_error};
use super::feed_reads::PostgresFeedReads;
use super::filling::Filling;
use super::inbox_reads::PostgresInboxReads;
use super::search_reads::PostgresSearchReads;
use super::snapshot::PostgresSnapshot;
use super::walks::{self, Walk};
use super::{Schema, feed_erasing, feed_writes, in_time, inbox_load, inbox_marks, inbox_save, quick, search_writes};
use crate::inbox::batch::InboxBatch;
use crate::store::names::signed;
use crate::store::{
    Applied, BLANK_ROWS_MAX, FilledWith, Generation, GenerationState, Held, Snapshot, Standing, Step, StoreError,
    UnitChanges, UnitReads, tables,
};
use crate::views::UnitName;

/// Longer than any healthy step; then its outcome is not known, and the unit's row is asked for it.
const WRITE_PATIENCE: Duration = Duration::from_secs(60);

/// The tables, and what is made when they are filled. A schema is never changed later: another form of the tables is
/// another format.
fn migrations(unit: UnitName) -> [&'static str; 2] {
    match unit {
        UnitName::Inbox => [
            include_str!("../../../../migrations/postgres/inbox/20261122090000_create_inbox.sql"),
            include_str!("../../../../migrations/postgres/inbox/20261128090000_index_inbox.sql"),
        ],
        UnitName::Feed => [
            include_str!("../../../../migrations/postgres/feed/20261122090000_create_feed.sql"),
            include_str!("../../../../migrations/postgres/feed/20261128090000_index_feed.sql"),
        ],
        UnitName::Search => [
            include_str!("../../../../migrations/postgres/search/20261129110000_create_search.sql"),
            include_str!("../../../../migrations/postgres/search/20261129110100_index_search.sql"),
        ],
    }
}

pub(super) struct PostgresGeneration {
    unit: UnitName,
    schema: Schema,
    filling: Mutex<Filling>,
    /// Writes steps of a live view: rows found by their keys, in tables that have their indexes, planned like questions.
    writer: Mutex<Option<PgConnection>>,
    /// Fills tables without indexes and walks through whole ones, planned as the server likes.
    filler: Mutex<Option<PgConnection>>,
}

impl PostgresGeneration {
    pub(super) fn new(unit: UnitName, schema: Schema) -> Self {
        Self { unit, schema, filling: Mutex::default(), writer: Mutex::default(), filler: Mutex::default() }
    }

    pub(super) async fn is_made(&self) -> Result<bool, StoreError> {
        self.has("unit").await
    }

    async fn has(&self, table: &str) -> Result<bool, StoreError> {
        sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
            .bind(format!("{}.{table}", self.schema.name))
            .fetch_one(&self.schema.lender)
            .await
            .map_err(postgres_error)
    }

    /// Makes the schema, its tables and its row about itself, in one transaction, unless they are there.
    pub(super) async fn make(&self, log: LogId, state: GenerationState) -> Result<(), StoreError> {
        let mut connection = self.schema.lender.apart().await.map_err(postgres_error)?;
        within(WRITE_PATIENCE, self.make_on(&mut connection, log, state)).await.map_err(postgres_error)
    }

    async fn make_on(&self, connection: &mut PgConnection, log: LogId, state: GenerationState) -> sqlx::Result<()> {
        let name = &self.schema.name;
        let mut tx = connection.begin().await?;
        // Processes that start together come one after the other.
        sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
            .bind(format!("kabar {name} make"))
            .execute(&mut *tx)
            .await?;
        let made: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
            .bind(format!("{name}.unit"))
            .fetch_one(&mut *tx)
            .await?;
        if made {
            return tx.rollback().await;
        }
        let begin = format!("CREATE SCHEMA IF NOT EXISTS {name}; SET LOCAL search_path TO {name}");
        let [tables, indexes] = migrations(self.unit);
        for sql in [begin.as_str(), tables] {
            tx.execute(sql).await?;
        }
        if state != GenerationState::Building {
            tx.execute(indexes).await?;
        }
        sqlx::query(&format!("INSERT INTO {name}.unit VALUES (1, $1, 0, $2)"))
            .bind(log.0)
            .bind(state.name())
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    async fn claim(&self, connection: &mut PgConnection, step: &Step) -> Result<bool, StoreError> {
        claim(connection, &self.schema.name, step).await
    }

    /// Why a step could not be taken.
    async fn refused(&self, step: &Step) -> Result<Applied, StoreError> {
        let standing = self.standing().await?;
        if standing.log != step.log {
            let reason = format!("it belongs to the log {}, not to {}", standing.log, step.log);
            return Err(StoreError::Corrupt(reason));
        }
        Ok(match standing.state {
            GenerationState::Closed => Applied::Closed,
            GenerationState::Building | GenerationState::Ready => Applied::Moved(standing.checkpoint),
        })
    }

    /// The connection that steps are written by. Not a lent one, which is asked how it is before each of them.
    async fn writer(&self) -> Result<PgConnection, StoreError> {
        if let Some(kept) = self.writer.lock().await.take() {
            return Ok(kept);
        }
        self.schema.lender.apart_and_planning().await.map_err(postgres_error)
    }

    async fn filler(&self) -> Result<PgConnection, StoreError> {
        if let Some(kept) = self.filler.lock().await.take() {
            return Ok(kept);
        }
        self.schema.lender.apart().await.map_err(postgres_error)
    }

    /// One whose last statement failed, or was given up, is not kept.
    async fn keep(&self, writer: PgConnection) {
        *self.writer.lock().await = Some(writer);
    }

    async fn keep_filler(&self, filler: PgConnection) {
        *self.filler.lock().await = Some(filler);
    }

    /// Loads, plays out and writes, in one transaction with the checkpoint.
    async fn step(&self, step: Step) -> Result<Applied, StoreError> {
        let mut writer = self.writer().await?;
        let mut tx = writer.begin().await.map_err(postgres_error)?;
        if !self.claim(&mut tx, &step).await? {
            tx.rollback().await.map_err(postgres_error)?;
            self.keep(writer).await;
            return self.refused(&step).await;
        }
        let schema = &self.schema.name;
        let mut batch = InboxBatch::default();
        let from = step.from;
        take(&mut tx, schema, &mut batch, step.changes).await.map_err(postgres_error)?;
        inbox_save::save(&mut tx, schema, &batch, from).await.map_err(postgres_error)?;
        tx.commit().await.map_err(postgres_error)?;
        self.keep(writer).await;
        Ok(Applied::Done)
    }

    /// The words of those whom `step` erases, up to where it begins. A unit that is elsewhere is left as it is: the step
    /// will not be taken.
    async fn blank_ahead(&self, step: &Step) -> Result<(), StoreError> {
        for (user, up_to) in step.changes.erased() {
            if self.standing().await?.checkpoint == step.from {
                self.walk(user, up_to).await?;
            }
        }
        Ok(())
    }

    /// What is somebody's in the feed cannot be left for later: whoever has their id next begins with nothing. The other units
    /// find what they blank when they are filled.
    async fn index_for_erasing(&self) -> Result<(), StoreError> {
        if self.unit == UnitName::Feed && !self.has(feed_erasing::INDEX).await? {
            let (mut connection, session) = self.schema.lender.apart_and_watched().await.map_err(postgres_error)?;
            session.as_long_as_it_works(self.index(&mut connection)).await.map_err(postgres_error)?;
        }
        Ok(())
    }

    /// A transaction for every few rows: questions and other writers come in between.
    async fn walk(&self, user: UserId, up_to: Position) -> Result<(), StoreError> {
        let schema = &self.schema.name;
        let mut filler = self.filler().await?;
        let begun = Walk::of(self.unit, schema, &mut filler, (user, up_to));
        if let Some(mut walk) = within(READ_PATIENCE, begun).await.map_err(postgres_error)? {
            while within(WRITE_PATIENCE, walk.on(&mut filler, BLANK_ROWS_MAX)).await.map_err(postgres_error)? {}
        }
        self.keep_filler(filler).await;
        Ok(())
    }

    /// Makes the indexes, and says whom filling noted.
    async fn index(&self, connection: &mut PgConnection) -> sqlx::Result<Vec<(UserId, Position)>> {
        let mut tx = connection.begin().await?;
        let path = format!("SET LOCAL search_path TO {}", self.schema.name);
        tx.execute(path.as_str()).await?;
        let [_, indexes] = migrations(self.unit);
        let mut tried = tx.begin().await?;
        match tried.execute(indexes).await {
            Ok(_) => tried.commit().await?,
            // Two rows share what a unique index is of.
            Err(error) if error.as_database_error().is_some_and(|error| error.is_unique_violation()) => {
                tried.rollback().await?;
                inbox_save::keep_first_messages(&mut tx).await?;
                tx.execute(indexes).await?;
            }
            Err(error) => return Err(error),
        }
        tx.commit().await?;
        walks::noted(self.unit, connection, &self.schema.name).await
    }

    async fn take(&self, step: Step) -> Result<Applied, StoreError> {
        let mut writer = self.writer().await?;
        let written = if step.changes.len() == 0 {
            // Nothing but the checkpoint.
            Some(self.claim(&mut writer, &step).await?)
        } else {
            quick::write(&mut writer, &self.schema.name, &step).await?
        };
        self.keep(writer).await;
        match written {
            Some(true) => Ok(Applied::Done),
            Some(false) => self.refused(&step).await,
            None => self.step(step).await,
        }
    }

    async fn fill_in_turn(&self, step: Step) -> Result<Applied, StoreError> {
        let mut filling = self.filling.lock().await;
        if !filling.is_open() {
            let mut filler = self.filler().await?;
            filler.execute("BEGIN").await.map_err(postgres_error)?;
            if !self.claim(&mut filler, &step).await? {
                filler.execute("ROLLBACK").await.map_err(postgres_error)?;
                self.keep_filler(filler).await;
                return self.refused(&step).await;
            }
            filling.begin(filler, step.from);
        }
        filling.take(&self.schema.name, step).await
    }
}

/// Takes the unit's row if it stands where the step begins. Whoever else wants it waits for the end of the transaction.
async fn claim(connection: &mut PgConnection, schema: &str, step: &Step) -> Result<bool, StoreError> {
    let sql =
        format!("UPDATE {schema}.unit SET checkpoint = $2 WHERE checkpoint = $1 AND log_id = $3 AND state <> 'closed'");
    let claimed = sqlx::query(&sql)
        .bind(signed(step.from.0))
        .bind(signed(step.to.0))
        .bind(step.log.0)
        .execute(connection)
        .await
        .map_err(postgres_error)?;
    Ok(claimed.rows_affected() == 1)
}

/// Plays the changes out and writes what is written once; what the inbox's other rows came to is in `batch`.
pub(super) async fn take(
    tx: &mut PgConnection,
    schema: &str,
    batch: &mut InboxBatch,
    changes: UnitChanges,
) -> sqlx::Result<()> {
    match changes {
        UnitChanges::Inbox(changes) => {
            batch.want_all(&changes);
            inbox_load::load(tx, schema, batch).await?;
            batch.play(changes);
            inbox_save::save_messages(tx, schema, &batch.messages).await?;
            inbox_marks::save_written(tx, schema, batch).await?;
            batch.written();
            Ok(())
        }
        UnitChanges::Feed(changes) => feed_writes::write(tx, schema, changes).await,
        UnitChanges::Search(changes) => search_writes::write(tx, schema, changes).await,
    }
}

#[async_trait]
impl Generation for PostgresGeneration {
    async fn standing(&self) -> Result<Standing, StoreError> {
        let mut lent = self.schema.lender.lend().await.map_err(postgres_error)?;
        let standing = in_time(READ_PATIENCE, standing(&mut lent, &self.schema.name, "")).await?;
        lent.give_back();
        Ok(standing)
    }

    async fn apply(&self, step: Step) -> Result<Applied, StoreError> {
        self.blank_ahead(&step).await?;
        in_time(WRITE_PATIENCE, self.take(step)).await
    }

    async fn fill(&self, step: Step) -> Result<Applied, StoreError> {
        if !step.changes.erased().is_empty() {
            // Walked through is what is stored.
            self.flush().await?;
            self.index_for_erasing().await?;
            self.blank_ahead(&step).await?;
        }
        in_time(WRITE_PATIENCE, self.fill_in_turn(step)).await
    }

    async fn flush(&self) -> Result<(), StoreError> {
        let flushed = in_time(WRITE_PATIENCE, async { self.filling.lock().await.flush(&self.schema.name).await });
        if let Some(filler) = flushed.await? {
            self.keep_filler(filler).await;
        }
        Ok(())
    }

    async fn finish(&self) -> Result<(), StoreError> {
        self.flush().await?;
        self.filling.lock().await.forget();
        let name = &self.schema.name;
        // As long as the server works on it: an index of a large table is made in minutes.
        let (mut connection, session) = self.schema.lender.apart_and_watched().await.map_err(postgres_error)?;
        let indexed = session.as_long_as_it_works(self.index(&mut connection));
        for (user, up_to) in indexed.await.map_err(postgres_error)? {
            self.walk(user.clone(), up_to).await?;
            let finished = walks::finish_noted(self.unit, &mut connection, name, (&user, up_to));
            session.as_long_as_it_works(finished).await.map_err(postgres_error)?;
        }
        // A server that plans by the sizes of an empty schema would read whole tables for its first questions.
        for table in tables(self.unit) {
            let analyse = format!("ANALYZE {name}.{}", table.name);
            let analysed = session.as_long_as_it_works(connection.execute(analyse.as_str()));
            analysed.await.map_err(postgres_error)?;
        }
        Ok(())
    }

    async fn set_state(&self, state: GenerationState) -> Result<(), StoreError> {
        self.flush().await?;
        sqlx::query(&format!("UPDATE {}.unit SET state = $1", self.schema.name))
            .bind(state.name())
            .execute(&self.schema.lender)
            .await
            .map_err(postgres_error)?;
        Ok(())
    }

    async fn note_keys(&self, keys: &str) -> Result<(), StoreError> {
        let name = &self.schema.name;
        let table = format!("CREATE TABLE IF NOT EXISTS {name}.filled_with (keys text NOT NULL)");
        sqlx::query(&table).execute(&self.schema.lender).await.map_err(postgres_error)?;
        let row = format!("INSERT INTO {name}.filled_with VALUES ($1)");
        sqlx::query(&row).bind(keys).execute(&self.schema.lender).await.map_err(postgres_error)?;
        Ok(())
    }

    async fn note_lost(&self) -> Result<(), StoreError> {
        if self.has("filled_with").await? {
            let name = &self.schema.name;
            let row = format!("UPDATE {name}.filled_with SET keys = keys || $1 WHERE keys NOT LIKE '%' || $1");
            let noted = sqlx::query(&row).bind(FilledWith::LOST).execute(&self.schema.lender).await;
            noted.map_err(postgres_error)?;
        }
        Ok(())
    }

    async fn filled_with(&self) -> Result<Option<FilledWith>, StoreError> {
        if !self.has("filled_with").await? {
            return Ok(None);
        }
        let noted: Option<String> = sqlx::query_scalar(&format!("SELECT keys FROM {}.filled_with", self.schema.name))
            .fetch_optional(&self.schema.lender)
            .await
            .map_err(postgres_error)?;
        Ok(noted.as_deref().map(FilledWith::of))
    }

    async fn hold(&self) -> Result<Box<dyn Held>, StoreError> {
        let mut connection = self.schema.lender.apart().await.map_err(postgres_error)?;
        let held = in_time(WRITE_PATIENCE, async {
            // A rebuild that freezes must not stop the live view for ever.
            let begin = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '30s'";
            connection.execute(begin).await.map_err(postgres_error)?;
            standing(&mut connection, &self.schema.name, "FOR UPDATE").await
        });
        let standing = held.await?;
        Ok(Box::new(PostgresHeld { connection, schema: self.schema.clone(), standing }))
    }

    fn reads(&self) -> UnitReads {
        match self.unit {
            UnitName::Inbox => UnitReads::Inbox(Arc::new(PostgresInboxReads::new(self.schema.clone()))),
            UnitName::Feed => UnitReads::Feed(Arc::new(PostgresFeedReads::new(self.schema.clone()))),
            UnitName::Search => UnitReads::Search(Arc::new(PostgresSearchReads::new(self.schema.clone()))),
        }
    }

    /// Of those that the units share.
    fn connections_in_use(&self) -> usize {
        self.schema.lender.in_use()
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        Ok(Box::new(PostgresSnapshot::open(&self.schema).await?))
    }
}

/// Holds the unit's row, in a transaction that ends with its connection.
struct PostgresHeld {
    connection: PgConnection,
    schema: Schema,
    standing: Standing,
}

#[async_trait]
impl Held for PostgresHeld {
    fn standing(&self) -> Standing {
        self.standing
    }

    async fn close(mut self: Box<Self>) -> Result<(), StoreError> {
        let sql = format!("UPDATE {}.unit SET state = 'closed'; COMMIT", self.schema.name);
        within(READ_PATIENCE, self.connection.execute(sql.as_str())).await.map_err(postgres_error)?;
        Ok(())
    }
}

/// The unit's row; `lock` is nothing or `FOR UPDATE`.
pub(super) async fn standing(connection: &mut PgConnection, schema: &str, lock: &str) -> Result<Standing, StoreError> {
    let sql = format!("SELECT log_id, checkpoint, state FROM {schema}.unit {lock}");
    let row = sqlx::query(&sql).fetch_optional(connection).await.map_err(postgres_error)?;
    let row = row.ok_or_else(|| StoreError::Corrupt("its row about itself is missing".to_owned()))?;
    let read = |row: &PgRow| -> sqlx::Result<(LogId, Position, String)> {
        Ok((LogId(row.try_get(0)?), position(row, 1)?, row.try_get(2)?))
    };
    let (log, checkpoint, state) = read(&row).map_err(postgres_error)?;
    Ok(Standing { log, checkpoint, state: GenerationState::parse(&state)? })
}
