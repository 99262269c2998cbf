//! One schema as it is at one moment, row by row, for comparing.

use std::time::Duration;

use async_trait::async_trait;
use event_log::postgres::{READ_PATIENCE, within};
use sqlx::{Executor, PgConnection, Row};

use super::columns::postgres_error;
use super::generation::standing;
use super::{Schema, in_time};
use crate::store::{KeyKind, KeyedRow, Snapshot, Standing, StoreError, Table};

/// A page of rows, for comparing.
const PAGE_PATIENCE: Duration = Duration::from_secs(600);

/// A repeatable-read transaction: what others write meanwhile is not seen.
pub(super) struct PostgresSnapshot {
    /// In the transaction, which ends with it.
    connection: PgConnection,
    schema: Schema,
    standing: Standing,
    /// The table whose cursor is open.
    reading: Option<&'static str>,
}

impl PostgresSnapshot {
    pub(super) async fn open(schema: &Schema) -> Result<Self, StoreError> {
        let mut connection = schema.lender.apart().await.map_err(postgres_error)?;
        let begun = connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
        within(READ_PATIENCE, begun).await.map_err(postgres_error)?;
        let standing = in_time(READ_PATIENCE, standing(&mut connection, &schema.name, "")).await?;
        Ok(Self { connection, schema: schema.clone(), standing, reading: None })
    }

    async fn open_cursor(&mut self, table: &'static Table) -> Result<(), StoreError> {
        let key: Vec<String> = table
            .key
            .iter()
            .map(|(column, kind)| match kind {
                KeyKind::Text | KeyKind::Uuid => format!("t.{column}::text"),
                KeyKind::Number => format!("lpad(t.{column}::text, 20, '0')"),
            })
            .collect();
        let order: Vec<&str> = table.key.iter().map(|(column, _)| *column).collect();
        let close = if self.reading.is_some() { "CLOSE compared;" } else { "" };
        let sql = format!(
            "{close} DECLARE compared NO SCROLL CURSOR FOR SELECT array[{}], to_jsonb(t)::text FROM {}.{} t ORDER BY {}",
            key.join(", "),
            self.schema.name,
            table.name,
            order.join(", ")
        );
        within(READ_PATIENCE, self.connection.execute(sql.as_str())).await.map_err(postgres_error)?;
        self.reading = Some(table.name);
        Ok(())
    }
}

#[async_trait]
impl Snapshot for PostgresSnapshot {
    fn standing(&self) -> Standing {
        self.standing
    }

    async fn rows(&mut self, table: &'static Table, limit: usize) -> Result<Vec<KeyedRow>, StoreError> {
        if self.reading != Some(table.name) {
            self.open_cursor(table).await?;
        }
        let sql = format!("FETCH {limit} FROM compared");
        // The first page of a table may wait for a sort of all of it.
        let found = sqlx::query(&sql).persistent(false).fetch_all(&mut self.connection);
        let found = within(PAGE_PATIENCE, found).await.map_err(postgres_error)?;
        found
            .iter()
            .map(|row| Ok(KeyedRow { key: row.try_get(0)?, json: row.try_get(1)? }))
            .collect::<sqlx::Result<_>>()
            .map_err(postgres_error)
    }

    async fn end(&mut self) {
        // What others delete meanwhile is kept for it. One that cannot be told goes with its connection.
        if let Err(error) = within(READ_PATIENCE, self.connection.execute("ROLLBACK")).await {
            tracing::debug!(%error, "a comparison's connection is gone");
        }
    }
}
