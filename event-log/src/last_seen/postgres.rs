//! The table in a PostgreSQL schema of its own: `kabar_presence`.

use aggregates::Timestamp;
use aggregates::ids::UserId;
use async_trait::async_trait;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, Row};

use super::{LastSeen, Seen};
use crate::port::EventLogError;
use crate::position::{LogId, Position};
use crate::postgres::{Lender, READ_PATIENCE, within};

const CONNECTIONS_MAX: u32 = 2;
/// Two processes that make the tables at once stand in line.
const MAKING: i64 = 4_954_371_190_118_804;
const SESSIONS: &str = "kabar-presence";
const THERE: &str = "SELECT to_regclass('kabar_presence.erased_to') IS NOT NULL";
const TABLES: &str = include_str!("../../../migrations/postgres/presence/20261129120000_create_last_seen.sql");

pub(super) struct PostgresLastSeen {
    lender: Lender,
}

fn unavailable(error: sqlx::Error) -> EventLogError {
    EventLogError::Unavailable(error.into())
}

impl PostgresLastSeen {
    pub async fn open(url: &str) -> Result<Self, EventLogError> {
        let options: PgConnectOptions = url.parse().map_err(unavailable)?;
        // After a loss of power somebody was last seen a little earlier.
        let options = options.application_name(SESSIONS).options([("synchronous_commit", "off")]);
        let lender = Lender::new(options, CONNECTIONS_MAX);
        let there: bool = sqlx::query_scalar(THERE).fetch_one(&lender).await.map_err(unavailable)?;
        if !there {
            let mut lent = lender.lend().await.map_err(unavailable)?;
            let making = async {
                let mut transaction = lent.begin().await?;
                sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(MAKING).execute(&mut *transaction).await?;
                sqlx::raw_sql(TABLES).execute(&mut *transaction).await?;
                transaction.commit().await
            };
            within(READ_PATIENCE, making).await.map_err(unavailable)?;
            lent.give_back();
        }
        Ok(Self { lender })
    }
}

#[async_trait]
impl LastSeen for PostgresLastSeen {
    async fn saw(&self, seen: Vec<(UserId, Timestamp)>) -> Result<(), EventLogError> {
        // In one order, whoever writes: two nodes never wait for each other both ways.
        const SAW: &str = "INSERT INTO kabar_presence.last_seen AS l (user_id, seen_at, invisible)
            SELECT user_id, seen_at, false FROM unnest($1::text[], $2::bigint[]) AS s (user_id, seen_at) ORDER BY 1
            ON CONFLICT (user_id) DO UPDATE SET seen_at = greatest(excluded.seen_at, l.seen_at)";
        let users: Vec<&str> = seen.iter().map(|(user, _)| user.as_str()).collect();
        let moments: Vec<i64> = seen.iter().map(|(_, at)| at.as_millis()).collect();
        sqlx::query(SAW).bind(users).bind(moments).execute(&self.lender).await.map_err(unavailable)?;
        Ok(())
    }

    async fn hide(&self, user: &UserId, invisible: bool) -> Result<(), EventLogError> {
        const HIDE: &str = "INSERT INTO kabar_presence.last_seen (user_id, seen_at, invisible) VALUES ($1, NULL, $2)
            ON CONFLICT (user_id) DO UPDATE SET invisible = excluded.invisible";
        let query = sqlx::query(HIDE).bind(user.as_str()).bind(invisible);
        query.execute(&self.lender).await.map_err(unavailable)?;
        Ok(())
    }

    async fn of(&self, users: &[UserId]) -> Result<Vec<Seen>, EventLogError> {
        const OF: &str =
            "SELECT user_id, seen_at, invisible FROM kabar_presence.last_seen WHERE user_id = ANY($1::text[])";
        let ids: Vec<&str> = users.iter().map(UserId::as_str).collect();
        let rows = sqlx::query(OF).bind(ids).fetch_all(&self.lender).await.map_err(unavailable)?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let id: &str = row.try_get(0).map_err(unavailable)?;
            let user_id =
                UserId::parse(id).map_err(|error| EventLogError::Corrupt(format!("who was last seen: {error}")))?;
            let at: Option<i64> = row.try_get(1).map_err(unavailable)?;
            let invisible = row.try_get(2).map_err(unavailable)?;
            found.push(Seen { user_id, at: at.map(Timestamp::from_millis), invisible });
        }
        Ok(found)
    }

    async fn delete(&self, users: &[UserId]) -> Result<(), EventLogError> {
        let ids: Vec<&str> = users.iter().map(UserId::as_str).collect();
        let query = sqlx::query("DELETE FROM kabar_presence.last_seen WHERE user_id = ANY($1::text[])").bind(ids);
        query.execute(&self.lender).await.map_err(unavailable)?;
        Ok(())
    }

    async fn erased_to(&self, log: LogId) -> Result<Position, EventLogError> {
        let query = sqlx::query_scalar("SELECT position FROM kabar_presence.erased_to WHERE log_id = $1").bind(log.0);
        let position: Option<i64> = query.fetch_optional(&self.lender).await.map_err(unavailable)?;
        Ok(Position(position.unwrap_or_default().unsigned_abs()))
    }

    async fn save_erased_to(&self, log: LogId, position: Position) -> Result<(), EventLogError> {
        const SAVE: &str = "INSERT INTO kabar_presence.erased_to AS e (log_id, position) VALUES ($1, $2)
            ON CONFLICT (log_id) DO UPDATE SET position = greatest(e.position, excluded.position)";
        let position = i64::try_from(position.0).unwrap_or(i64::MAX);
        sqlx::query(SAVE).bind(log.0).bind(position).execute(&self.lender).await.map_err(unavailable)?;
        Ok(())
    }

    async fn close(&self) {
        self.lender.close().await;
    }
}
