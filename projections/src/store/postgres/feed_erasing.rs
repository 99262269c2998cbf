//! What the erased were told and what they chose, deleted: a few rows per transaction ahead of the step that erases them, the
//! rest with it. Whoever has their id later begins with nothing.

use std::collections::BTreeMap;

use aggregates::ids::UserId;
use event_log::Position;
use sqlx::PgConnection;

use crate::store::feed_places::EVERYWHERE;
use crate::store::names::{at_most, signed};

/// Made with the others; filling does without until it meets the first erasure.
pub(super) const INDEX: &str = "notifications_kept";

/// The way through everything of somebody's: their notifications, then their subscriptions.
pub(super) struct Walk<'a> {
    schema: &'a str,
    user: UserId,
    up_to: Position,
    /// How many of the places in [`EVERYWHERE`] are empty.
    done: usize,
}

impl<'a> Walk<'a> {
    /// What is theirs up to `up_to`; what came behind it is left alone, however late this comes.
    pub(super) fn of(schema: &'a str, user: UserId, up_to: Position) -> Self {
        Self { schema, user, up_to, done: 0 }
    }

    /// Deletes about `rows_max` rows, and the deliveries that belong to them, in a transaction of its own. `false`: that was the
    /// last of them.
    pub(super) async fn on(&mut self, connection: &mut PgConnection, rows_max: usize) -> sqlx::Result<bool> {
        let Some(place) = EVERYWHERE.get(self.done) else {
            return Ok(self.subscriptions(connection, rows_max).await? == rows_max);
        };
        if self.notifications(connection, place, rows_max).await? < rows_max {
            self.done += 1;
        }
        Ok(true)
    }

    /// One that was raised anew meanwhile is somebody else's, and stays.
    async fn notifications(&self, connection: &mut PgConnection, place: &str, limit: usize) -> sqlx::Result<usize> {
        let sql = format!(
            "WITH looked AS MATERIALIZED (SELECT notification_id FROM {schema}.notifications
                 WHERE recipient_id = $1 AND position < $2 AND {place} ORDER BY position LIMIT $3),
             undelivered AS (DELETE FROM {schema}.deliveries d USING looked
                 WHERE d.notification_id = looked.notification_id AND d.position < $2),
             gone AS (DELETE FROM {schema}.notifications n USING looked
                 WHERE n.notification_id = looked.notification_id AND n.position < $2)
             SELECT count(*) FROM looked",
            schema = self.schema
        );
        let looked: i64 = sqlx::query_scalar(&sql)
            .bind(self.user.as_str())
            .bind(signed(self.up_to.0))
            .bind(at_most(limit))
            .fetch_one(connection)
            .await?;
        Ok(usize::try_from(looked).unwrap_or(limit))
    }

    async fn subscriptions(&self, connection: &mut PgConnection, limit: usize) -> sqlx::Result<usize> {
        let sql = format!(
            "DELETE FROM {schema}.subscriptions s USING (SELECT topic_kind, target_id, from_position
                 FROM {schema}.subscriptions WHERE user_id = $1 AND from_position < $2 LIMIT $3) looked
             WHERE s.user_id = $1 AND s.topic_kind = looked.topic_kind AND s.target_id = looked.target_id
             AND s.from_position = looked.from_position",
            schema = self.schema
        );
        let gone = sqlx::query(&sql)
            .bind(self.user.as_str())
            .bind(signed(self.up_to.0))
            .bind(at_most(limit))
            .execute(connection)
            .await?;
        Ok(usize::try_from(gone.rows_affected()).unwrap_or(limit))
    }
}

/// What a walk leaves, before anything of the batch is written: mostly nothing, and what there is once for each.
pub(super) async fn write(
    connection: &mut PgConnection,
    schema: &str,
    erased: &BTreeMap<UserId, Position>,
) -> sqlx::Result<()> {
    let settled = format!("DELETE FROM {schema}.preferences WHERE user_id = $1 AND position < $2");
    for (user, at) in erased {
        let mut walk = Walk::of(schema, user.clone(), *at);
        while walk.on(connection, usize::MAX).await? {}
        sqlx::query(&settled).bind(user.as_str()).bind(signed(at.0)).execute(&mut *connection).await?;
    }
    Ok(())
}
