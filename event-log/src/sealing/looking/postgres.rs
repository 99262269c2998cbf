//! Keys in their schema, asked and nothing else.

use aggregates::KeyId;
use sqlx::{Connection, PgConnection};

use crate::port::EventLogError;
use crate::postgres::{READ_PATIENCE, within};
use crate::sealing::keys::key_id;

pub(super) struct Look(PgConnection);

impl Look {
    /// `None` where there are no keys.
    pub async fn at(url: &str) -> Result<Option<Self>, EventLogError> {
        within(READ_PATIENCE, Self::look(url)).await.map_err(unavailable)
    }

    async fn look(url: &str) -> sqlx::Result<Option<Self>> {
        let mut connection = PgConnection::connect(url).await?;
        let made: bool =
            sqlx::query_scalar("SELECT to_regclass('kabar_keys.keys') IS NOT NULL").fetch_one(&mut connection).await?;
        Ok(made.then_some(Self(connection)))
    }

    /// Those that were ever here, and whether they are.
    pub async fn known(&mut self, ids: &[KeyId]) -> Result<Vec<(KeyId, bool)>, EventLogError> {
        let ids: Vec<&str> = ids.iter().map(KeyId::as_str).collect();
        let asked = sqlx::query_as("SELECT key_id, secret IS NOT NULL FROM kabar_keys.keys WHERE key_id = ANY ($1)")
            .bind(ids)
            .fetch_all(&mut self.0);
        let rows: Vec<(String, bool)> = within(READ_PATIENCE, asked).await.map_err(unavailable)?;
        rows.into_iter().map(|(id, here)| Ok((key_id(&id)?, here))).collect()
    }
}

fn unavailable(error: sqlx::Error) -> EventLogError {
    EventLogError::Unavailable(error.into())
}
