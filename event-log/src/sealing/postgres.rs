//! Keys in a PostgreSQL schema of their own: `kabar_keys`.

use std::collections::HashSet;
use std::time::Duration;

use aggregates::KeyId;
use aggregates::ids::UserId;
use async_trait::async_trait;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::keys::{Brought, Found, Identity, Kept, KeyStore, KeysId, Offered, key_id, owner, secret};
use crate::in_use::What;
use crate::port::EventLogError;
use crate::position::{LogId, Position};
use crate::postgres::rewriting::write_anew;
use crate::postgres::{Lender, READ_PATIENCE, unreached, within};

/// Questions at a time: keys are at hand for nearly every word.
const CONNECTIONS_MAX: u32 = 2;
/// However large the table of the keys has grown.
const SCRUB_PATIENCE: Duration = Duration::from_secs(600);
/// Keys in one statement.
const BROUGHT_AT_ONCE: usize = 2_000;
/// Two processes that make the tables at once stand in line.
const MAKING: i64 = 4_954_371_190_118_803;

/// All that [`TABLES`] makes is there, the last of each file included.
const THERE: &str = "SELECT to_regclass('kabar_keys.older_keys_of_owner') IS NOT NULL AND EXISTS (
    SELECT FROM pg_attribute WHERE attrelid = to_regclass('kabar_keys.keys')
    AND attname = 'secret' AND attstattarget = 0)";
/// Each can be run again: it makes what is not there.
const TABLES: [&str; 3] = [
    include_str!("../../../migrations/postgres/keys/20261128090000_create_keys.sql"),
    include_str!("../../../migrations/postgres/keys/20261129090000_create_keys_identity.sql"),
    include_str!("../../../migrations/postgres/keys/20261129090100_create_older_keys.sql"),
];

pub(super) struct PostgresKeys {
    lender: Lender,
}

impl PostgresKeys {
    pub async fn open(url: &str) -> Result<Self, EventLogError> {
        let options: PgConnectOptions = url.parse().map_err(unavailable)?;
        let lender = Lender::new(durable(options.clone().application_name(What::Keys.sessions())), CONNECTIONS_MAX);
        // The first question of a program that starts: who cannot be reached is named.
        let there: bool = sqlx::query_scalar(THERE).fetch_one(&lender).await.map_err(unreached::at(&options))?;
        if !there {
            let mut lent = lender.lend().await.map_err(unavailable)?;
            within(READ_PATIENCE, make(&mut lent)).await.map_err(unavailable)?;
            lent.give_back();
        }
        Ok(Self { lender })
    }
}

/// As a place says it of itself.
pub(super) const IDENTITY: &str = "SELECT keys_id, log_id, brought FROM kabar_keys.keys_identity";

pub(super) fn identity(id: Uuid, log: Option<Uuid>, brought: i64) -> Identity {
    Identity { id: KeysId(id), log: log.map(LogId), brought: brought.unsigned_abs() }
}

/// A key is there for good before any word that it seals, whatever the server was told to do otherwise.
fn durable(options: PgConnectOptions) -> PgConnectOptions {
    options.options([("synchronous_commit", "on")])
}

async fn make(connection: &mut PgConnection) -> sqlx::Result<()> {
    let mut transaction = connection.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(MAKING).execute(&mut *transaction).await?;
    for tables in TABLES {
        sqlx::raw_sql(tables).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

/// All in one transaction, some at a time: each step is waited for by itself.
async fn bring_in(connection: &mut PgConnection, keys: &[Kept]) -> sqlx::Result<Brought> {
    let mut transaction = within(READ_PATIENCE, connection.begin()).await?;
    within(READ_PATIENCE, sqlx::query("DELETE FROM kabar_keys.mended").execute(&mut *transaction)).await?;
    let mut new = 0;
    for some in keys.chunks(BROUGHT_AT_ONCE) {
        new += within(READ_PATIENCE, bring_some_in(&mut transaction, some)).await?;
    }
    let came = sqlx::query("UPDATE kabar_keys.keys_identity SET brought = brought + 1 WHERE $1").bind(new > 0);
    within(READ_PATIENCE, came.execute(&mut *transaction)).await?;
    within(READ_PATIENCE, transaction.commit()).await?;
    Ok(Brought { new, known: keys.len() as u64 - new })
}

/// How many are new here. Those of an owner who has another one by now are the older ones. Who is first of two that come
/// together does not matter.
async fn bring_some_in(connection: &mut PgConnection, keys: &[Kept]) -> sqlx::Result<u64> {
    let ids: Vec<&str> = keys.iter().map(|key| key.id.as_str()).collect();
    let here: Vec<String> = sqlx::query_scalar(
        "SELECT key_id FROM kabar_keys.keys WHERE key_id = ANY ($1)
         UNION SELECT key_id FROM kabar_keys.older_keys WHERE key_id = ANY ($1)",
    )
    .bind(&ids)
    .fetch_all(&mut *connection)
    .await?;
    let here: HashSet<String> = here.into_iter().collect();
    let new: Vec<&Kept> = keys.iter().filter(|key| key.secret.is_some() && !here.contains(key.id.as_str())).collect();
    sqlx::query(
        "WITH came AS (SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bool[]) c(key_id, owner, secret, seals)),
              first AS (INSERT INTO kabar_keys.keys (key_id, owner, secret) SELECT key_id, owner, secret FROM came
                        WHERE seals ON CONFLICT DO NOTHING RETURNING key_id)
         INSERT INTO kabar_keys.older_keys (key_id, owner, secret)
         SELECT key_id, owner, secret FROM came WHERE key_id NOT IN (SELECT key_id FROM first) ON CONFLICT DO NOTHING",
    )
    .bind(new.iter().map(|key| key.id.as_str()).collect::<Vec<_>>())
    .bind(new.iter().map(|key| key.owner.as_str()).collect::<Vec<_>>())
    .bind(new.iter().map(|key| key.secret.as_ref().map(|secret| &secret[..])).collect::<Vec<_>>())
    .bind(new.iter().map(|key| key.seals).collect::<Vec<_>>())
    .execute(&mut *connection)
    .await?;
    let dropped = keys.iter().filter(|key| key.secret.is_none());
    let (dropped, owners) = dropped.map(|key| (key.id.as_str(), key.owner.as_str())).unzip();
    drop_keys(connection, dropped, owners).await?;
    Ok(keys.iter().filter(|key| !here.contains(key.id.as_str())).count() as u64)
}

/// Remembered, also of keys that were never here.
async fn drop_keys(connection: &mut PgConnection, ids: Vec<&str>, owners: Vec<&str>) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM kabar_keys.older_keys WHERE key_id = ANY ($1)")
        .bind(&ids)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO kabar_keys.keys (key_id, owner, secret)
         SELECT id, owner, NULL FROM unnest($1::text[], $2::text[]) dropped(id, owner)
         ON CONFLICT (key_id) DO UPDATE SET secret = NULL",
    )
    .bind(&ids)
    .bind(&owners)
    .execute(connection)
    .await?;
    Ok(())
}

async fn take_over(connection: &mut PgConnection, log: LogId) -> sqlx::Result<()> {
    let mut transaction = connection.begin().await?;
    sqlx::query("UPDATE kabar_keys.keys_identity SET keys_id = gen_random_uuid(), log_id = $1")
        .bind(log.0)
        .execute(&mut *transaction)
        .await?;
    sqlx::query("DELETE FROM kabar_keys.mended").execute(&mut *transaction).await?;
    transaction.commit().await
}

#[async_trait]
impl KeyStore for PostgresKeys {
    async fn keep(&self, offered: Vec<Offered>) -> Result<Vec<Offered>, EventLogError> {
        let owners: Vec<&str> = offered.iter().map(|key| key.owner.as_str()).collect();
        let ids: Vec<&str> = offered.iter().map(|key| key.id.as_str()).collect();
        let secrets: Vec<&[u8]> = offered.iter().map(|key| &key.secret[..]).collect();
        let mut kept = self.kept(&owners).await?;
        if kept.len() < owners.len() {
            // Sorted by owner: two who make the same keys do not wait for each other crosswise.
            sqlx::query(
                "INSERT INTO kabar_keys.keys (key_id, owner, secret)
                 SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[])
                 ON CONFLICT (owner) WHERE secret IS NOT NULL DO NOTHING",
            )
            .bind(&ids)
            .bind(&owners)
            .bind(&secrets)
            .execute(&self.lender)
            .await
            .map_err(unavailable)?;
            kept = self.kept(&owners).await?;
        }
        if kept.len() < owners.len() {
            // Made by somebody else and dropped since: whoever asks again gets another one.
            return Err(EventLogError::Unavailable("the key was dropped in this moment".into()));
        }
        Ok(kept)
    }

    async fn find(&self, ids: &[KeyId]) -> Result<Vec<Found>, EventLogError> {
        let ids: Vec<&str> = ids.iter().map(KeyId::as_str).collect();
        let rows: Vec<(String, Option<Vec<u8>>)> = sqlx::query_as(
            "SELECT key_id, secret FROM kabar_keys.keys WHERE key_id = ANY ($1)
                 UNION ALL SELECT key_id, secret FROM kabar_keys.older_keys WHERE key_id = ANY ($1)",
        )
        .bind(&ids)
        .fetch_all(&self.lender)
        .await
        .map_err(unavailable)?;
        let found = |(id, bytes): (String, Option<Vec<u8>>)| {
            let id = key_id(&id)?;
            Ok(Found { id, secret: bytes.map(|bytes| secret(id, &bytes)).transpose()? })
        };
        rows.into_iter().map(found).collect()
    }

    async fn of_owner(&self, owner: &UserId) -> Result<Vec<KeyId>, EventLogError> {
        let ids: Vec<String> = sqlx::query_scalar(
            "SELECT key_id FROM (SELECT key_id, 0 AS older FROM kabar_keys.keys WHERE owner = $1 AND secret IS NOT NULL
             UNION ALL SELECT key_id, 1 FROM kabar_keys.older_keys WHERE owner = $1) x ORDER BY older, key_id",
        )
        .bind(owner.as_str())
        .fetch_all(&self.lender)
        .await
        .map_err(unavailable)?;
        ids.iter().map(|id| key_id(id)).collect()
    }

    async fn drop_keys(&self, owner: &UserId, ids: &[KeyId]) -> Result<(), EventLogError> {
        let ids: Vec<&str> = ids.iter().map(KeyId::as_str).collect();
        let owners = vec![owner.as_str(); ids.len()];
        let mut lent = self.lender.lend().await.map_err(unavailable)?;
        let dropped = async {
            let mut transaction = lent.begin().await?;
            drop_keys(&mut transaction, ids, owners).await?;
            transaction.commit().await
        };
        within(READ_PATIENCE, dropped).await.map_err(unavailable)?;
        lent.give_back();
        Ok(())
    }

    async fn page(&self, after: Option<KeyId>, limit: usize) -> Result<Vec<Kept>, EventLogError> {
        let rows: Vec<(String, String, Option<Vec<u8>>, bool)> = sqlx::query_as(
            "SELECT owner, key_id, secret, true FROM kabar_keys.keys WHERE key_id > $1
             UNION ALL SELECT owner, key_id, secret, false FROM kabar_keys.older_keys WHERE key_id > $1
             ORDER BY key_id LIMIT $2",
        )
        .bind(after.as_ref().map_or("", KeyId::as_str))
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&self.lender)
        .await
        .map_err(unavailable)?;
        let kept = |(whose, id, bytes, seals): (String, String, Option<Vec<u8>>, bool)| {
            let id = key_id(&id)?;
            Ok(Kept { owner: owner(&whose)?, id, secret: bytes.map(|bytes| secret(id, &bytes)).transpose()?, seals })
        };
        rows.into_iter().map(kept).collect()
    }

    async fn bring_in(&self, keys: Vec<Kept>) -> Result<Brought, EventLogError> {
        let mut lent = self.lender.lend().await.map_err(unavailable)?;
        let brought = bring_in(&mut lent, &keys).await.map_err(unavailable)?;
        lent.give_back();
        Ok(brought)
    }

    async fn identity(&self) -> Result<Identity, EventLogError> {
        let (id, log, brought): (Uuid, Option<Uuid>, i64) =
            sqlx::query_as(IDENTITY).fetch_one(&self.lender).await.map_err(unavailable)?;
        Ok(identity(id, log, brought))
    }

    async fn claim(&self, log: LogId) -> Result<Identity, EventLogError> {
        sqlx::query("UPDATE kabar_keys.keys_identity SET log_id = $1 WHERE log_id IS NULL")
            .bind(log.0)
            .execute(&self.lender)
            .await
            .map_err(unavailable)?;
        self.identity().await
    }

    async fn take_over(&self, log: LogId) -> Result<Identity, EventLogError> {
        let mut lent = self.lender.lend().await.map_err(unavailable)?;
        within(READ_PATIENCE, take_over(&mut lent, log)).await.map_err(unavailable)?;
        lent.give_back();
        self.identity().await
    }

    async fn mended(&self, log: LogId) -> Result<Position, EventLogError> {
        let position: Option<i64> = sqlx::query_scalar("SELECT position FROM kabar_keys.mended WHERE log_id = $1")
            .bind(log.0)
            .fetch_optional(&self.lender)
            .await
            .map_err(unavailable)?;
        Ok(Position(position.unwrap_or_default().unsigned_abs()))
    }

    async fn save_mended(&self, log: LogId, position: Position) -> Result<(), EventLogError> {
        sqlx::query(
            "INSERT INTO kabar_keys.mended (log_id, position) VALUES ($1, $2) ON CONFLICT (log_id)
             DO UPDATE SET position = greatest(kabar_keys.mended.position, excluded.position)",
        )
        .bind(log.0)
        .bind(position.0.cast_signed())
        .execute(&self.lender)
        .await
        .map_err(unavailable)?;
        Ok(())
    }

    async fn scrub(&self) -> Result<bool, EventLogError> {
        let mut connection = self.lender.apart().await.map_err(unavailable)?;
        let mut clean = true;
        for table in ["kabar_keys.keys", "kabar_keys.older_keys"] {
            clean &= within(SCRUB_PATIENCE, write_anew(&mut connection, table)).await.map_err(unavailable)?;
        }
        Ok(clean)
    }

    async fn close(&self) {
        self.lender.close().await;
    }
}

impl PostgresKeys {
    async fn kept(&self, owners: &[&str]) -> Result<Vec<Offered>, EventLogError> {
        let rows: Vec<(String, String, Vec<u8>)> = sqlx::query_as(
            "SELECT owner, key_id, secret FROM kabar_keys.keys WHERE owner = ANY ($1) AND secret IS NOT NULL",
        )
        .bind(owners)
        .fetch_all(&self.lender)
        .await
        .map_err(unavailable)?;
        let kept = |(whose, id, bytes): (String, String, Vec<u8>)| {
            let id = key_id(&id)?;
            Ok(Offered { owner: owner(&whose)?, id, secret: secret(id, &bytes)? })
        };
        rows.into_iter().map(kept).collect()
    }
}

fn unavailable(error: sqlx::Error) -> EventLogError {
    match error {
        sqlx::Error::PoolClosed => EventLogError::Closed,
        error => EventLogError::Unavailable(error.into()),
    }
}
