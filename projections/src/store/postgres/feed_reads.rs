//! The feed's questions in this engine's SQL.

use aggregates::ids::{NotificationId, UserId};
use async_trait::async_trait;
use event_log::Position;
use sqlx::postgres::PgRow;

use super::Schema;
use super::columns::{number, position, postgres_error};
use super::feed_writes::{COLUMNS, notification};
use crate::feed::{FeedFilter, FeedPage, FeedReads, NotificationRow};
use crate::store::names::{at_most, signed};
use crate::views::{ReadError, UnitName};

pub(super) struct PostgresFeedReads {
    pub(super) schema: Schema,
}

impl PostgresFeedReads {
    pub(super) fn new(schema: Schema) -> Self {
        Self { schema }
    }
}

pub(super) fn failed(error: sqlx::Error) -> ReadError {
    postgres_error(error).of(UnitName::Feed)
}

fn rows(found: Vec<PgRow>) -> Result<Vec<NotificationRow>, ReadError> {
    found.iter().map(notification).collect::<sqlx::Result<_>>().map_err(failed)
}

#[async_trait]
impl FeedReads for PostgresFeedReads {
    async fn checkpoint(&self) -> Result<Position, ReadError> {
        let sql = format!("SELECT checkpoint FROM {}.unit", self.schema.name);
        let row = sqlx::query(&sql).fetch_one(&self.schema.lender).await.map_err(failed)?;
        position(&row, 0).map_err(failed)
    }

    async fn list(
        &self,
        user: &UserId,
        filter: &FeedFilter,
        page: FeedPage,
        limit: usize,
    ) -> Result<Vec<NotificationRow>, ReadError> {
        // Said in the statement, not in a parameter, so that the partial index is used.
        let unread = if filter.unread_only { "AND read_at IS NULL" } else { "" };
        let kinds: Vec<&str> = filter.kinds.iter().map(|kind| kind.name()).collect();
        let (before, offset) = match page {
            FeedPage::Offset(offset) => (i64::MAX, offset),
            FeedPage::Before(position) => (signed(position.0), 0),
        };
        let sql = format!(
            "SELECT {COLUMNS} FROM {}.notifications WHERE recipient_id = $1 AND position < $2 {unread}
             AND (cardinality($3::text[]) = 0 OR kind = ANY($3)) ORDER BY position DESC LIMIT $4 OFFSET $5",
            self.schema.name
        );
        let query = sqlx::query(&sql).bind(user.as_str()).bind(before).bind(kinds);
        let found = query.bind(at_most(limit)).bind(at_most(offset)).fetch_all(&self.schema.lender).await;
        rows(found.map_err(failed)?)
    }

    async fn by_ids(&self, user: &UserId, ids: &[NotificationId]) -> Result<Vec<NotificationRow>, ReadError> {
        let ids: Vec<uuid::Uuid> = ids.iter().map(|id| id.0).collect();
        let sql = format!(
            "SELECT {COLUMNS} FROM unnest($1::uuid[]) WITH ORDINALITY k (asked_id, nth)
             CROSS JOIN LATERAL (SELECT * FROM {}.notifications WHERE notification_id = k.asked_id LIMIT 1) n
             WHERE recipient_id = $2 ORDER BY nth",
            self.schema.name
        );
        let found = sqlx::query(&sql).bind(ids).bind(user.as_str()).fetch_all(&self.schema.lender).await;
        rows(found.map_err(failed)?)
    }

    async fn unread_counts(&self, users: &[UserId]) -> Result<Vec<u64>, ReadError> {
        let users: Vec<&str> = users.iter().map(UserId::as_str).collect();
        let sql = format!(
            "SELECT coalesce(f.unread, 0) FROM unnest($1::text[]) WITH ORDINALITY k (recipient_id, nth)
             LEFT JOIN {}.feeds f ON f.recipient_id = k.recipient_id ORDER BY k.nth",
            self.schema.name
        );
        let found = sqlx::query(&sql).bind(users).fetch_all(&self.schema.lender).await.map_err(failed)?;
        found.iter().map(|row| number(row, 0)).collect::<sqlx::Result<_>>().map_err(failed)
    }
}
