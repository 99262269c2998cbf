//! Questions about people and each other in this engine's SQL.

use aggregates::ids::UserId;
use async_trait::async_trait;
use event_log::Position;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::columns::{moment, position, user};
use super::inbox_reads::PostgresInboxReads;
use crate::inbox::{BlockRow, BlocksAround, PeopleReads};
use crate::store::names::{at_most, signed};
use crate::views::ReadError;

#[async_trait]
impl PeopleReads for PostgresInboxReads {
    async fn blocked_by(
        &self,
        asking: &UserId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<BlockRow>, ReadError> {
        let sql = format!(
            "SELECT to_id, blocked_at, position FROM {}.blocks
             WHERE from_id = $1 AND position < $2 ORDER BY position DESC LIMIT $3",
            self.schema.name
        );
        let before = after.map_or(i64::MAX, |position| signed(position.0));
        let query = sqlx::query(&sql).bind(asking.as_str()).bind(before).bind(at_most(limit));
        self.all(query, |row| {
            Ok(BlockRow { user_id: user(row, 0)?, blocked_at: moment(row, 1)?, position: position(row, 2)? })
        })
        .await
    }

    async fn apart_from(&self, asking: &UserId, others: &[UserId]) -> Result<Vec<UserId>, ReadError> {
        let schema = &self.schema.name;
        let sql = format!(
            "SELECT o.id FROM unnest($2::text[]) WITH ORDINALITY AS o (id, place)
             WHERE EXISTS (SELECT 1 FROM {schema}.blocks WHERE from_id = $1 AND to_id = o.id)
                OR EXISTS (SELECT 1 FROM {schema}.blocks WHERE from_id = o.id AND to_id = $1) ORDER BY o.place"
        );
        self.those_of(&sql, asking, others).await
    }

    async fn blocks_around(&self, asking: &UserId, limit: usize) -> Result<BlocksAround, ReadError> {
        let schema = &self.schema.name;
        let sql = format!(
            "SELECT checkpoint, x.* FROM {schema}.unit LEFT JOIN LATERAL (
                 (SELECT to_id AS id, true AS own FROM {schema}.blocks WHERE from_id = $1 LIMIT $2)
                 UNION ALL
                 (SELECT from_id AS id, false AS own FROM {schema}.blocks WHERE to_id = $1 LIMIT $2)) x ON true"
        );
        let read = |row: &PgRow| {
            let own: Option<bool> = row.try_get(2)?;
            let other = own.map(|own| Ok::<_, sqlx::Error>((own, user(row, 1)?))).transpose()?;
            Ok((position(row, 0)?, other))
        };
        let mut around = BlocksAround::default();
        for (as_of, other) in self.all(sqlx::query(&sql).bind(asking.as_str()).bind(at_most(limit)), read).await? {
            around.as_of = as_of;
            match other {
                Some((true, id)) => around.blocks.push(id),
                Some((false, id)) => around.blocked_by.push(id),
                None => {}
            }
        }
        Ok(around)
    }

    async fn acquainted_with(&self, asking: &UserId, others: &[UserId]) -> Result<Vec<UserId>, ReadError> {
        let schema = &self.schema.name;
        let sql = format!(
            "SELECT o.id FROM unnest($2::text[]) WITH ORDINALITY AS o (id, place)
             WHERE EXISTS (SELECT 1 FROM {schema}.follows WHERE from_id = $1 AND to_id = o.id)
                OR EXISTS (SELECT 1 FROM {schema}.follows WHERE from_id = o.id AND to_id = $1)
                OR EXISTS (SELECT 1 FROM {schema}.members a JOIN {schema}.members b ON b.room_id = a.room_id
                    AND b.user_id = o.id AND b.to_position IS NULL
                    WHERE a.user_id = $1 AND a.to_position IS NULL) ORDER BY o.place"
        );
        self.those_of(&sql, asking, others).await
    }
}

impl PostgresInboxReads {
    async fn those_of(&self, sql: &str, asking: &UserId, others: &[UserId]) -> Result<Vec<UserId>, ReadError> {
        let ids: Vec<&str> = others.iter().map(UserId::as_str).collect();
        self.all(sqlx::query(sql).bind(asking.as_str()).bind(ids), |row| user(row, 0)).await
    }
}
