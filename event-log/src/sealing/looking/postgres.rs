//! Keys in their schema, asked and nothing else.

use aggregates::KeyId;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

use crate::port::EventLogError;
use crate::postgres::{READ_PATIENCE, unreached, within};
use crate::sealing::keys::{Identity, key_id};
use crate::sealing::postgres::{IDENTITY, identity};

pub(super) struct Look {
    connection: PgConnection,
    /// Up to date, or made by a program of before.
    current: bool,
}

impl Look {
    /// `None` where there are no keys.
    pub async fn at(url: &str) -> Result<Option<Self>, EventLogError> {
        let options: PgConnectOptions = url.parse().map_err(unavailable)?;
        // The first question of a program that starts: who cannot be reached is named.
        within(READ_PATIENCE, Self::look(&options)).await.map_err(unreached::at(&options))
    }

    async fn look(options: &PgConnectOptions) -> sqlx::Result<Option<Self>> {
        let mut connection = PgConnection::connect_with(options).await?;
        let (made, current): (bool, bool) = sqlx::query_as(
            "SELECT to_regclass('kabar_keys.keys') IS NOT NULL, to_regclass('kabar_keys.older_keys_of_owner') IS NOT NULL",
        )
        .fetch_one(&mut connection)
        .await?;
        Ok(made.then_some(Self { connection, current }))
    }

    /// Those that were ever here, and whether they are.
    pub async fn known(&mut self, ids: &[KeyId]) -> Result<Vec<(KeyId, bool)>, EventLogError> {
        let ids: Vec<&str> = ids.iter().map(KeyId::as_str).collect();
        let older = " UNION ALL SELECT key_id, true FROM kabar_keys.older_keys WHERE key_id = ANY ($1)";
        let sql = format!(
            "SELECT key_id, secret IS NOT NULL FROM kabar_keys.keys WHERE key_id = ANY ($1){}",
            if self.current { older } else { "" }
        );
        let asked = sqlx::query_as(&sql).bind(ids).fetch_all(&mut self.connection);
        let rows: Vec<(String, bool)> = within(READ_PATIENCE, asked).await.map_err(unavailable)?;
        rows.into_iter().map(|(id, here)| Ok((key_id(&id)?, here))).collect()
    }

    pub async fn identity(&mut self) -> Result<Option<Identity>, EventLogError> {
        if !self.current {
            return Ok(None);
        }
        let asked = sqlx::query_as(IDENTITY).fetch_one(&mut self.connection);
        let (id, log, brought) = within(READ_PATIENCE, asked).await.map_err(unavailable)?;
        Ok(Some(identity(id, log, brought)))
    }

    pub async fn has_any(&mut self) -> Result<bool, EventLogError> {
        let older = " OR EXISTS (SELECT FROM kabar_keys.older_keys)";
        let sql = format!(
            "SELECT EXISTS (SELECT FROM kabar_keys.keys WHERE secret IS NOT NULL){}",
            if self.current { older } else { "" }
        );
        let asked = sqlx::query_scalar(&sql).fetch_one(&mut self.connection);
        within(READ_PATIENCE, asked).await.map_err(unavailable)
    }
}

fn unavailable(error: sqlx::Error) -> EventLogError {
    EventLogError::Unavailable(error.into())
}
