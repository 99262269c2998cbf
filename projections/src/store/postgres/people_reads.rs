//! Questions about people and each other in this engine's SQL.

use aggregates::ids::UserId;
use async_trait::async_trait;
use event_log::Position;

use super::columns::{moment, position, user};
use super::inbox_reads::PostgresInboxReads;
use crate::inbox::{BlockRow, PeopleReads};
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
