//! What people chose, in the file: what a batch came to, and the questions about it.

use aggregates::ids::UserId;
use aggregates::policy::settings::Settings;
use aggregates::subscription::Topic;
use async_trait::async_trait;
use event_log::Position;
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use super::columns::{named, position, user};
use super::feed_reads::SqliteFeedReads;
use crate::feed::batch_choices::Choices;
use crate::feed::choices::column;
use crate::feed::{ChoiceReads, SubscriptionRow, TopicFilter};
use crate::store::names::{at_most, channel_names, channels, natural, settings, signed, target, topic_kind};
use crate::views::ReadError;

const COLUMNS: &str = "user_id, topic_kind, target_id, from_position, to_position, channels, auto";

fn subscription(row: &Row<'_>) -> Result<SubscriptionRow> {
    Ok(SubscriptionRow {
        user_id: user(row, 0)?,
        topic: Topic { kind: named(row, 1, topic_kind)?, target_id: named(row, 2, target)? },
        from: position(row, 3)?,
        to: row.get::<_, Option<i64>>(4)?.map(|to| Position(natural(to))),
        channels: named(row, 5, channels)?,
        auto: row.get(6)?,
    })
}

pub(super) fn load(tx: &Connection, choices: &mut Choices) -> Result<()> {
    let mut open = tx.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM subscriptions
         WHERE user_id = ? AND topic_kind = ? AND target_id = ? AND to_position IS NULL"
    ))?;
    let wanted: Vec<(UserId, Topic)> = choices.wanted().cloned().collect();
    for (user, topic) in wanted {
        let key = params![user.as_str(), topic.kind.name(), topic.target_id.as_str()];
        if let Some(row) = open.query_row(key, subscription).optional()? {
            choices.load(row);
        }
    }
    Ok(())
}

pub(super) fn save(tx: &Connection, choices: &Choices) -> Result<()> {
    let mut settled = tx.prepare_cached("INSERT OR REPLACE INTO preferences VALUES (?, ?, ?)")?;
    for row in choices.settings.values() {
        settled.execute(params![row.user_id.as_str(), column(&row.settings), signed(row.position.0)])?;
    }
    let mut stretches = tx.prepare_cached("INSERT OR REPLACE INTO subscriptions VALUES (?, ?, ?, ?, ?, ?, ?)")?;
    for (_, row) in choices.stretches.changed() {
        stretches.execute(params![
            row.user_id.as_str(),
            row.topic.kind.name(),
            row.topic.target_id.as_str(),
            signed(row.from.0),
            row.to.map(|to| signed(to.0)),
            channel_names(row.channels),
            row.auto,
        ])?;
    }
    Ok(())
}

#[async_trait]
impl ChoiceReads for SqliteFeedReads {
    async fn settings(&self, user: &UserId) -> std::result::Result<Settings, ReadError> {
        const SQL: &str = "SELECT settings FROM preferences WHERE user_id = ?";
        let user = user.clone();
        let found = self.ask(move |connection| {
            let mut statement = connection.prepare_cached(SQL)?;
            statement.query_row([user.as_str()], |row| named(row, 0, settings)).optional()
        });
        Ok(found.await?.unwrap_or_default())
    }

    async fn subscriptions(
        &self,
        user: &UserId,
        filter: &TopicFilter,
        after: Option<&Topic>,
        limit: usize,
    ) -> std::result::Result<Vec<SubscriptionRow>, ReadError> {
        let (user, filter, after) = (user.clone(), filter.clone(), after.cloned());
        self.ask(move |connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM subscriptions WHERE user_id = ?1 AND to_position IS NULL
                 AND (topic_kind, target_id) > (?2, ?3) AND (?4 IS NULL OR topic_kind = ?4)
                 AND (?5 IS NULL OR target_id = ?5) ORDER BY topic_kind, target_id LIMIT ?6"
            ))?;
            let after = after.as_ref().map_or(("", ""), |topic| (topic.kind.name(), topic.target_id.as_str()));
            let asked = params![
                user.as_str(),
                after.0,
                after.1,
                filter.kind.map(|kind| kind.name()),
                filter.target_id.as_ref().map(|id| id.as_str()),
                at_most(limit),
            ];
            statement.query_map(asked, subscription)?.collect()
        })
        .await
    }

    async fn subscribers(
        &self,
        topic: &Topic,
        after: Option<&UserId>,
        limit: usize,
    ) -> std::result::Result<Vec<SubscriptionRow>, ReadError> {
        let (topic, after) = (topic.clone(), after.cloned());
        self.ask(move |connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM subscriptions WHERE topic_kind = ? AND target_id = ? AND to_position IS NULL
                 AND user_id > ? ORDER BY user_id LIMIT ?"
            ))?;
            let after = after.as_ref().map_or("", UserId::as_str);
            let asked = params![topic.kind.name(), topic.target_id.as_str(), after, at_most(limit)];
            statement.query_map(asked, subscription)?.collect()
        })
        .await
    }

    async fn subscription_at(
        &self,
        user: &UserId,
        topic: &Topic,
        at: Position,
    ) -> std::result::Result<Option<SubscriptionRow>, ReadError> {
        let (user, topic) = (user.clone(), topic.clone());
        self.ask(move |connection| {
            // The last that began by then is the only one that can still go on: those before it have ended where the next began.
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM subscriptions WHERE user_id = ? AND topic_kind = ? AND target_id = ?
                 AND from_position <= ? ORDER BY from_position DESC LIMIT 1"
            ))?;
            let asked = params![user.as_str(), topic.kind.name(), topic.target_id.as_str(), signed(at.0)];
            let last = statement.query_row(asked, subscription).optional()?;
            Ok(last.filter(|row| row.is_open_at(at)))
        })
        .await
    }
}
