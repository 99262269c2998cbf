//! The feed's questions in this engine's SQL.

use std::collections::HashMap;

use aggregates::Timestamp;
use aggregates::ids::{NotificationId, UserId};
use aggregates::policy::channels::Channel;
use async_trait::async_trait;
use event_log::Position;
use sqlx::postgres::PgRow;

use super::Schema;
use super::columns::{maybe_moment, number, position, postgres_error};
use super::feed_writes::{COLUMNS, DELIVERY_COLUMNS, DELIVERY_WIDTH, delivery, notification};
use crate::feed::{
    DeliveryReads, DeliveryRow, DueDelivery, FeedEntry, FeedFilter, FeedPage, FeedReads, NotificationRow,
};
use crate::store::feed_places::{ARCHIVED, LISTED};
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
    found.iter().map(|row| notification(row, 0)).collect::<sqlx::Result<_>>().map_err(failed)
}

impl PostgresFeedReads {
    /// With their deliveries, in one more look.
    async fn entries(&self, found: Vec<NotificationRow>) -> Result<Vec<FeedEntry>, ReadError> {
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<uuid::Uuid> = found.iter().map(|row| row.id.0).collect();
        let sql = format!(
            "SELECT {DELIVERY_COLUMNS} FROM {}.deliveries WHERE notification_id = ANY($1) ORDER BY channel",
            self.schema.name
        );
        let mut deliveries: HashMap<NotificationId, Vec<DeliveryRow>> = HashMap::new();
        for row in &sqlx::query(&sql).bind(ids).fetch_all(&self.schema.lender).await.map_err(failed)? {
            let row = delivery(row).map_err(failed)?;
            deliveries.entry(row.notification_id).or_default().push(row);
        }
        let entry = |notification: NotificationRow| {
            let deliveries = deliveries.remove(&notification.id).unwrap_or_default();
            FeedEntry { notification, deliveries }
        };
        Ok(found.into_iter().map(entry).collect())
    }
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
    ) -> Result<Vec<FeedEntry>, ReadError> {
        // Said in the statement, not in a parameter, so that the partial indexes are used.
        let place = if filter.archived { ARCHIVED } else { LISTED };
        let unread = if filter.unread_only { "AND read_at IS NULL" } else { "" };
        let kinds: Vec<&str> = filter.kinds.iter().map(|kind| kind.name()).collect();
        let (before, offset) = match page {
            FeedPage::Offset(offset) => (i64::MAX, offset),
            FeedPage::Before(position) => (signed(position.0), 0),
        };
        let sql = format!(
            "SELECT {COLUMNS} FROM {}.notifications WHERE recipient_id = $1 AND {place} AND position < $2 {unread}
             AND (cardinality($3::text[]) = 0 OR kind = ANY($3)) ORDER BY position DESC LIMIT $4 OFFSET $5",
            self.schema.name
        );
        let query = sqlx::query(&sql).bind(user.as_str()).bind(before).bind(kinds);
        let found = query.bind(at_most(limit)).bind(at_most(offset)).fetch_all(&self.schema.lender).await;
        self.entries(rows(found.map_err(failed)?)?).await
    }

    async fn by_ids(&self, user: &UserId, ids: &[NotificationId]) -> Result<Vec<FeedEntry>, ReadError> {
        let ids: Vec<uuid::Uuid> = ids.iter().map(|id| id.0).collect();
        let sql = format!(
            "SELECT {COLUMNS} FROM unnest($1::uuid[]) WITH ORDINALITY k (asked_id, nth)
             CROSS JOIN LATERAL (SELECT * FROM {}.notifications WHERE notification_id = k.asked_id LIMIT 1) n
             WHERE recipient_id = $2 AND in_feed ORDER BY nth",
            self.schema.name
        );
        let found = sqlx::query(&sql).bind(ids).bind(user.as_str()).fetch_all(&self.schema.lender).await;
        self.entries(rows(found.map_err(failed)?)?).await
    }

    async fn raised(&self, user: &UserId, id: NotificationId) -> Result<Option<FeedEntry>, ReadError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM {}.notifications WHERE notification_id = $1 AND recipient_id = $2",
            self.schema.name
        );
        let found = sqlx::query(&sql).bind(id.0).bind(user.as_str()).fetch_all(&self.schema.lender).await;
        Ok(self.entries(rows(found.map_err(failed)?)?).await?.pop())
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

#[async_trait]
impl DeliveryReads for PostgresFeedReads {
    async fn due(&self, channel: Channel, now: Timestamp, limit: usize) -> Result<Vec<DueDelivery>, ReadError> {
        let sql = format!(
            "SELECT {DELIVERY_COLUMNS}, {COLUMNS} FROM {schema}.deliveries
             JOIN {schema}.notifications USING (notification_id, recipient_id, position)
             WHERE channel = $1 AND due IS NOT NULL AND due <= $2 ORDER BY due, notification_id LIMIT $3",
            schema = self.schema.name
        );
        let query = sqlx::query(&sql).bind(channel.name()).bind(now.as_millis()).bind(at_most(limit));
        let found = query.fetch_all(&self.schema.lender).await.map_err(failed)?;
        let due = |row: &PgRow| {
            Ok(DueDelivery { delivery: delivery(row)?, notification: notification(row, DELIVERY_WIDTH)? })
        };
        found.iter().map(due).collect::<sqlx::Result<_>>().map_err(failed)
    }

    async fn next_due(&self, channel: Channel) -> Result<Option<Timestamp>, ReadError> {
        let sql =
            format!("SELECT min(due) FROM {}.deliveries WHERE channel = $1 AND due IS NOT NULL", self.schema.name);
        let row = sqlx::query(&sql).bind(channel.name()).fetch_one(&self.schema.lender).await.map_err(failed)?;
        maybe_moment(&row, 0).map_err(failed)
    }
}
