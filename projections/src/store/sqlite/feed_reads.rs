//! The feed's questions in this engine's SQL.

use std::sync::Arc;

use aggregates::ids::{NotificationId, UserId};
use async_trait::async_trait;
use event_log::Position;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Result as SqlResult, params, params_from_iter};

use super::columns::number;
use super::connections::Connections;
use super::feed_writes::{COLUMNS, notification};
use super::generation::checkpoint;
use crate::feed::{FeedFilter, FeedPage, FeedReads, NotificationRow};
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
    ) -> Result<Vec<NotificationRow>, ReadError> {
        let (user, filter) = (user.clone(), filter.clone());
        self.ask(move |connection| {
            let mut sql = format!("SELECT {COLUMNS} FROM notifications WHERE recipient_id = ?");
            let mut values: Vec<Value> = vec![user.as_str().to_owned().into()];
            if filter.unread_only {
                sql.push_str(" AND read_at IS NULL");
            }
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
            connection.prepare_cached(&sql)?.query_map(params_from_iter(values), notification)?.collect()
        })
        .await
    }

    async fn by_ids(&self, user: &UserId, ids: &[NotificationId]) -> Result<Vec<NotificationRow>, ReadError> {
        let (user, ids) = (user.clone(), ids.to_vec());
        self.ask(move |connection| {
            let sql = format!("SELECT {COLUMNS} FROM notifications WHERE notification_id = ? AND recipient_id = ?");
            let mut statement = connection.prepare_cached(&sql)?;
            let mut found = Vec::new();
            for id in ids {
                found.extend(statement.query_row(params![id.0, user.as_str()], notification).optional()?);
            }
            Ok(found)
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
