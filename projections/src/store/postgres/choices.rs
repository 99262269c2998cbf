//! What people chose, in the schema: what a batch came to, and the questions about it.

use aggregates::ids::UserId;
use aggregates::policy::settings::Settings;
use aggregates::subscription::Topic;
use async_trait::async_trait;
use event_log::Position;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::columns::{named, position, user};
use super::feed_reads::{PostgresFeedReads, failed};
use crate::feed::batch_choices::Choices;
use crate::feed::choices::column;
use crate::feed::{ChoiceReads, SettingsRow, SubscriptionRow, TopicFilter};
use crate::store::names::{at_most, channel_names, channels, natural, settings, signed, target, topic_kind};
use crate::views::ReadError;

const COLUMNS: &str = "user_id, topic_kind, target_id, from_position, to_position, channels, auto";

fn subscription(row: &PgRow) -> sqlx::Result<SubscriptionRow> {
    Ok(SubscriptionRow {
        user_id: user(row, 0)?,
        topic: Topic { kind: named(row, 1, topic_kind)?, target_id: named(row, 2, target)? },
        from: position(row, 3)?,
        to: row.try_get::<Option<i64>, _>(4)?.map(|to| Position(natural(to))),
        channels: named(row, 5, channels)?,
        auto: row.try_get(6)?,
    })
}

fn subscriptions(found: sqlx::Result<Vec<PgRow>>) -> Result<Vec<SubscriptionRow>, ReadError> {
    found.and_then(|rows| rows.iter().map(subscription).collect()).map_err(failed)
}

pub(super) async fn load(connection: &mut PgConnection, schema: &str, choices: &mut Choices) -> sqlx::Result<()> {
    let wanted: Vec<&(UserId, Topic)> = choices.wanted().collect();
    if wanted.is_empty() {
        return Ok(());
    }
    // A look-up for each: filling has no other index than that of the key.
    let sql = format!(
        "SELECT s.* FROM unnest($1::text[], $2::text[], $3::text[]) k (user_id, topic_kind, target_id)
         CROSS JOIN LATERAL (SELECT {COLUMNS} FROM {schema}.subscriptions s WHERE s.user_id = k.user_id
             AND s.topic_kind = k.topic_kind AND s.target_id = k.target_id AND s.to_position IS NULL LIMIT 1) s"
    );
    let rows = sqlx::query(&sql)
        .bind(wanted.iter().map(|(user, _)| user.as_str()).collect::<Vec<_>>())
        .bind(wanted.iter().map(|(_, topic)| topic.kind.name()).collect::<Vec<_>>())
        .bind(wanted.iter().map(|(_, topic)| topic.target_id.as_str()).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    for row in &rows {
        choices.load(subscription(row)?);
    }
    Ok(())
}

pub(super) async fn save(connection: &mut PgConnection, schema: &str, choices: &Choices) -> sqlx::Result<()> {
    save_settings(connection, schema, choices).await?;
    save_stretches(connection, schema, choices).await
}

async fn save_settings(connection: &mut PgConnection, schema: &str, choices: &Choices) -> sqlx::Result<()> {
    let rows: Vec<&SettingsRow> = choices.settings.values().collect();
    if rows.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO {schema}.preferences (user_id, settings, position)
         SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])
         ON CONFLICT (user_id) DO UPDATE SET settings = excluded.settings, position = excluded.position"
    );
    sqlx::query(&sql)
        .bind(rows.iter().map(|row| row.user_id.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| column(&row.settings)).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| signed(row.position.0)).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

async fn save_stretches(connection: &mut PgConnection, schema: &str, choices: &Choices) -> sqlx::Result<()> {
    let rows: Vec<&SubscriptionRow> = choices.stretches.changed().map(|(_, row)| row).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO {schema}.subscriptions ({COLUMNS})
         SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::boolean[])
         ON CONFLICT (user_id, topic_kind, target_id, from_position) DO UPDATE SET to_position = excluded.to_position"
    );
    sqlx::query(&sql)
        .bind(rows.iter().map(|row| row.user_id.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.topic.kind.name()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.topic.target_id.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| signed(row.from.0)).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.to.map(|to| signed(to.0))).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| channel_names(row.channels)).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.auto).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

#[async_trait]
impl ChoiceReads for PostgresFeedReads {
    async fn settings(&self, user: &UserId) -> Result<Settings, ReadError> {
        let sql = format!("SELECT settings FROM {}.preferences WHERE user_id = $1", self.schema.name);
        let found = sqlx::query(&sql).bind(user.as_str()).fetch_optional(&self.schema.lender).await.map_err(failed)?;
        let read = found.map(|row| named(&row, 0, settings)).transpose().map_err(failed)?;
        Ok(read.unwrap_or_default())
    }

    async fn subscriptions(
        &self,
        user: &UserId,
        filter: &TopicFilter,
        after: Option<&Topic>,
        limit: usize,
    ) -> Result<Vec<SubscriptionRow>, ReadError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM {}.subscriptions WHERE user_id = $1 AND to_position IS NULL
             AND (topic_kind, target_id) > ($2, $3) AND ($4::text IS NULL OR topic_kind = $4)
             AND ($5::text IS NULL OR target_id = $5) ORDER BY topic_kind, target_id LIMIT $6",
            self.schema.name
        );
        let after = after.map_or(("", ""), |topic| (topic.kind.name(), topic.target_id.as_str()));
        let query = sqlx::query(&sql)
            .bind(user.as_str())
            .bind(after.0)
            .bind(after.1)
            .bind(filter.kind.map(|kind| kind.name()))
            .bind(filter.target_id.as_ref().map(|id| id.as_str()))
            .bind(at_most(limit));
        subscriptions(query.fetch_all(&self.schema.lender).await)
    }

    async fn subscribers(
        &self,
        topic: &Topic,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Vec<SubscriptionRow>, ReadError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM {}.subscriptions WHERE topic_kind = $1 AND target_id = $2 AND to_position IS NULL
             AND user_id > $3 ORDER BY user_id LIMIT $4",
            self.schema.name
        );
        let query = sqlx::query(&sql)
            .bind(topic.kind.name())
            .bind(topic.target_id.as_str())
            .bind(after.map_or("", UserId::as_str))
            .bind(at_most(limit));
        subscriptions(query.fetch_all(&self.schema.lender).await)
    }

    async fn subscription_at(
        &self,
        user: &UserId,
        topic: &Topic,
        at: Position,
    ) -> Result<Option<SubscriptionRow>, ReadError> {
        // The last that began by then is the only one that can still go on: those before it have ended where the next began.
        let sql = format!(
            "SELECT {COLUMNS} FROM {}.subscriptions WHERE user_id = $1 AND topic_kind = $2 AND target_id = $3
             AND from_position <= $4 ORDER BY from_position DESC LIMIT 1",
            self.schema.name
        );
        let query = sqlx::query(&sql)
            .bind(user.as_str())
            .bind(topic.kind.name())
            .bind(topic.target_id.as_str())
            .bind(signed(at.0));
        let last = subscriptions(query.fetch_all(&self.schema.lender).await)?.pop();
        Ok(last.filter(|row| row.is_open_at(at)))
    }
}
