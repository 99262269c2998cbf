//! One schema as it is at one moment, row by row, for comparing.

use async_trait::async_trait;
use sqlx::{Executor, Postgres, Row, Transaction};

use super::Schema;
use super::columns::postgres_error;
use super::generation::standing;
use crate::store::{KeyKind, KeyedRow, Snapshot, Standing, StoreError, Table};

/// A repeatable-read transaction: what others write meanwhile is not seen.
pub(super) struct PostgresSnapshot {
    tx: Transaction<'static, Postgres>,
    schema: Schema,
    standing: Standing,
    /// The table whose cursor is open.
    reading: Option<&'static str>,
}

impl PostgresSnapshot {
    pub(super) async fn open(schema: &Schema) -> Result<Self, StoreError> {
        let mut tx = schema.pool.begin().await.map_err(postgres_error)?;
        sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            .execute(&mut *tx)
            .await
            .map_err(postgres_error)?;
        let standing = standing(&mut tx, &schema.name, "").await?;
        Ok(Self { tx, schema: schema.clone(), standing, reading: None })
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
        self.tx.execute(sql.as_str()).await.map_err(postgres_error)?;
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
        let found = sqlx::query(&sql).persistent(false).fetch_all(&mut *self.tx).await.map_err(postgres_error)?;
        found
            .iter()
            .map(|row| Ok(KeyedRow { key: row.try_get(0)?, json: row.try_get(1)? }))
            .collect::<sqlx::Result<_>>()
            .map_err(postgres_error)
    }
}
