//! The feed's questions in this engine's SQL.

use std::sync::Arc;

use aggregates::Timestamp;
use aggregates::ids::{NotificationId, UserId};
use aggregates::policy::channels::Channel;
use async_trait::async_trait;
use event_log::Position;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Result as SqlResult, Row, params, params_from_iter};

use super::columns::{maybe_moment, number};
use super::connections::Connections;
use super::feed_writes::{COLUMNS, DELIVERY_COLUMNS, DELIVERY_WIDTH, deliveries, delivery, notification};
use super::generation::checkpoint;
use crate::feed::{DeliveryReads, DueDelivery, FeedEntry, FeedFilter, FeedPage, FeedReads, NotificationRow};
use crate::store::feed_places::{ARCHIVED, LISTED};
use crate::store::names::{at_most, signed};
use crate::views::{ReadError, UnitName};

pub(super) struct SqliteFeedReads {
    connections: Arc<Connections>,
}

impl SqliteFeedReads {
    pub(super) fn new(connections: Arc<Connections>) -> Self {
        Self { connections }
    }

    pub(super) async fn ask<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> SqlResult<T> + Send + 'static,
    ) -> Result<T, ReadError> {
        self.connections.read(query).await.map_err(|error| error.of(UnitName::Feed))
    }
}

/// With their deliveries, one look for each.
fn entries(connection: &Connection, found: Vec<NotificationRow>) -> SqlResult<Vec<FeedEntry>> {
    let entry = |notification: NotificationRow| {
        Ok(FeedEntry { deliveries: deliveries(connection, notification.id)?, notification })
    };
    found.into_iter().map(entry).collect()
}

#[async_trait]
impl FeedReads for SqliteFeedReads {
    async fn checkpoint(&self) -> Result<Position, ReadError> {
        self.ask(checkpoint).await
    }

    async fn list(
        &self,
        user: &UserId,
        filter: &FeedFilter,
        page: FeedPage,
        limit: usize,
    ) -> Result<Vec<FeedEntry>, ReadError> {
        let (user, filter) = (user.clone(), filter.clone());
        self.ask(move |connection| {
            // What is unread has an index of its own; the sign keeps the other one out of it.
            let place = match (filter.unread_only, filter.archived) {
                (false, false) => LISTED,
                (false, true) => ARCHIVED,
                (true, false) => "in_feed AND read_at IS NULL AND +archived_at IS NULL",
                (true, true) => "in_feed AND read_at IS NULL AND archived_at IS NOT NULL",
            };
            let mut sql = format!("SELECT {COLUMNS} FROM notifications WHERE recipient_id = ? AND {place}");
            let mut values: Vec<Value> = vec![user.as_str().to_owned().into()];
            if !filter.kinds.is_empty() {
                sql.push_str(&format!(" AND kind IN ({})", vec!["?"; filter.kinds.len()].join(", ")));
                values.extend(filter.kinds.iter().map(|kind| Value::from(kind.name().to_owned())));
            }
            let offset = match page {
                FeedPage::Offset(offset) => offset,
                FeedPage::Before(position) => {
                    sql.push_str(" AND position < ?");
                    values.push(signed(position.0).into());
                    0
                }
            };
            sql.push_str(" ORDER BY position DESC LIMIT ? OFFSET ?");
            values.extend([at_most(limit).into(), at_most(offset).into()]);
            let mut statement = connection.prepare_cached(&sql)?;
            let found = statement.query_map(params_from_iter(values), |row| notification(row, 0))?;
            entries(connection, found.collect::<SqlResult<_>>()?)
        })
        .await
    }

    async fn by_ids(&self, user: &UserId, ids: &[NotificationId]) -> Result<Vec<FeedEntry>, ReadError> {
        let (user, ids) = (user.clone(), ids.to_vec());
        self.ask(move |connection| {
            let mut found = Vec::new();
            for id in ids {
                found.extend(one(connection, &user, id)?.filter(|row| row.in_feed));
            }
            entries(connection, found)
        })
        .await
    }

    async fn raised(&self, user: &UserId, id: NotificationId) -> Result<Option<FeedEntry>, ReadError> {
        let user = user.clone();
        self.ask(move |connection| {
            let found = one(connection, &user, id)?;
            Ok(entries(connection, found.into_iter().collect())?.pop())
        })
        .await
    }

    async fn unread_counts(&self, users: &[UserId]) -> Result<Vec<u64>, ReadError> {
        const SQL: &str = "SELECT unread FROM feeds WHERE recipient_id = ?";
        let users = users.to_vec();
        self.ask(move |connection| {
            let mut statement = connection.prepare_cached(SQL)?;
            let mut counts = Vec::with_capacity(users.len());
            for user in users {
                let unread = statement.query_row([user.as_str()], |row| number(row, 0)).optional()?;
                counts.push(unread.unwrap_or(0));
            }
            Ok(counts)
        })
        .await
    }
}

fn one(connection: &Connection, user: &UserId, id: NotificationId) -> SqlResult<Option<NotificationRow>> {
    let sql = format!("SELECT {COLUMNS} FROM notifications WHERE notification_id = ? AND recipient_id = ?");
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_row(params![id.0, user.as_str()], |row| notification(row, 0)).optional()
}

#[async_trait]
impl DeliveryReads for SqliteFeedReads {
    async fn due(&self, channel: Channel, now: Timestamp, limit: usize) -> Result<Vec<DueDelivery>, ReadError> {
        self.ask(move |connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {DELIVERY_COLUMNS}, {COLUMNS} FROM deliveries
                 JOIN notifications USING (notification_id, recipient_id, position)
                 WHERE channel = ? AND due IS NOT NULL AND due <= ? ORDER BY due, notification_id LIMIT ?"
            ))?;
            let due = |row: &Row<'_>| {
                Ok(DueDelivery { delivery: delivery(row)?, notification: notification(row, DELIVERY_WIDTH)? })
            };
            statement.query_map(params![channel.name(), now.as_millis(), at_most(limit)], due)?.collect()
        })
        .await
    }

    async fn next_due(&self, channel: Channel) -> Result<Option<Timestamp>, ReadError> {
        const SQL: &str = "SELECT min(due) FROM deliveries WHERE channel = ? AND due IS NOT NULL";
        self.ask(move |connection| {
            connection.prepare_cached(SQL)?.query_row([channel.name()], |row| maybe_moment(row, 0))
        })
        .await
    }
}
