//! A batch of feed changes into the file: load what they touch, play them out, delete what the erased had, mark what feed
//! reads sweep, write.

use std::collections::BTreeMap;

use aggregates::ids::{NotificationId, RoomId, UserId};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use super::columns::{maybe_moment, maybe_user, moment, named, nonsense, number, position, user};
use super::{choices, feed_erasing};
use crate::feed::batch::FeedBatch;
use crate::feed::project::FeedChange;
use crate::feed::rows::related_column;
use crate::feed::{DeliveryRow, NotificationRow};
use crate::store::names::{channel, delivery_state, maybe_topic, notification_type, related, short, signed};

/// Read by [`notification`].
pub(super) const COLUMNS: &str = "notification_id, recipient_id, kind, actor_id, source_type, source_id, related, content, \
    locale, critical, topic_kind, target_id, room_id, in_feed, read_at, clicked_at, archived_at, created_at, position";
/// Read by [`delivery`].
pub(super) const DELIVERY_COLUMNS: &str = "notification_id, channel, recipient_id, state, reason, due, attempts, provider, \
    provider_id, accepted_at, position";
/// How many those are.
pub(super) const DELIVERY_WIDTH: usize = 11;

/// From the column `first` on.
pub(super) fn notification(row: &Row<'_>, first: usize) -> Result<NotificationRow> {
    Ok(NotificationRow {
        id: NotificationId(row.get(first)?),
        recipient_id: user(row, first + 1)?,
        kind: named(row, first + 2, notification_type)?,
        actor_id: maybe_user(row, first + 3)?,
        source_type: row.get(first + 4)?,
        source_id: row.get(first + 5)?,
        related: related(text(row, first + 6)?).map_err(nonsense(first + 6))?,
        content: row.get(first + 7)?,
        locale: row.get(first + 8)?,
        critical: row.get(first + 9)?,
        topic: maybe_topic(text(row, first + 10)?, text(row, first + 11)?).map_err(nonsense(first + 10))?,
        room_id: row.get::<_, Option<_>>(first + 12)?.map(RoomId),
        in_feed: row.get(first + 13)?,
        read_at: maybe_moment(row, first + 14)?,
        clicked_at: maybe_moment(row, first + 15)?,
        archived_at: maybe_moment(row, first + 16)?,
        created_at: moment(row, first + 17)?,
        position: position(row, first + 18)?,
    })
}

fn text<'a>(row: &'a Row<'_>, column: usize) -> Result<Option<&'a str>> {
    Ok(row.get_ref(column)?.as_str_or_null()?)
}

pub(super) fn delivery(row: &Row<'_>) -> Result<DeliveryRow> {
    Ok(DeliveryRow {
        notification_id: NotificationId(row.get(0)?),
        channel: named(row, 1, channel)?,
        recipient_id: user(row, 2)?,
        state: named(row, 3, delivery_state)?,
        reason: row.get(4)?,
        due: maybe_moment(row, 5)?,
        attempts: short(number(row, 6)?),
        provider: row.get(7)?,
        provider_id: row.get(8)?,
        accepted_at: maybe_moment(row, 9)?,
        position: position(row, 10)?,
    })
}

pub(super) fn write(tx: &Connection, changes: Vec<FeedChange>) -> Result<()> {
    let mut batch = FeedBatch::wanting(&changes);
    load_notifications(tx, &mut batch)?;
    load_deliveries(tx, &mut batch)?;
    choices::load(tx, &mut batch.choices)?;
    batch.play(changes);
    load_counters(tx, &mut batch)?;
    feed_erasing::write(tx, &batch.choices.erased)?;
    let swept = sweep(tx, &batch)?;
    batch.count(&swept);
    choices::save(tx, &batch.choices)?;
    save_notifications(tx, &batch)?;
    save_deliveries(tx, &batch)?;
    save_counters(tx, &batch)
}

fn load_notifications(tx: &Connection, batch: &mut FeedBatch) -> Result<()> {
    let mut statement = tx.prepare_cached(&format!("SELECT {COLUMNS} FROM notifications WHERE notification_id = ?"))?;
    let ids: Vec<NotificationId> = batch.notifications.unknown().copied().collect();
    for id in ids {
        if let Some(row) = statement.query_row([id.0], |row| notification(row, 0)).optional()? {
            batch.load(row);
        }
    }
    Ok(())
}

fn load_deliveries(tx: &Connection, batch: &mut FeedBatch) -> Result<()> {
    let ids: Vec<NotificationId> = batch.delivered().copied().collect();
    for id in ids {
        for row in deliveries(tx, id)? {
            batch.deliveries.load((row.notification_id, row.channel), row);
        }
    }
    Ok(())
}

/// Those of one notification, by the name of the channel.
pub(super) fn deliveries(connection: &Connection, id: NotificationId) -> Result<Vec<DeliveryRow>> {
    let sql = format!("SELECT {DELIVERY_COLUMNS} FROM deliveries WHERE notification_id = ? ORDER BY channel");
    connection.prepare_cached(&sql)?.query_map([id.0], delivery)?.collect()
}

fn load_counters(tx: &Connection, batch: &mut FeedBatch) -> Result<()> {
    let mut statement = tx.prepare_cached("SELECT unread FROM feeds WHERE recipient_id = ?")?;
    let recipients: Vec<_> = batch.unread.unknown().cloned().collect();
    for recipient in recipients {
        if let Some(unread) = statement.query_row([recipient.as_str()], |row| number(row, 0)).optional()? {
            batch.unread.load(recipient, unread);
        }
    }
    Ok(())
}

/// Marks stored rows as feed reads ask, and says how many of each recipient.
fn sweep(tx: &Connection, batch: &FeedBatch) -> Result<BTreeMap<UserId, u64>> {
    let mut statement = tx.prepare_cached(
        "UPDATE notifications SET read_at = ? WHERE recipient_id = ? AND position <= ? AND in_feed AND read_at IS NULL",
    )?;
    let mut swept = BTreeMap::new();
    for (recipient, sweeps) in &batch.sweeps {
        for sweep in sweeps {
            let marked = statement.execute(params![sweep.at.as_millis(), recipient.as_str(), signed(sweep.up_to.0)])?;
            *swept.entry(recipient.clone()).or_insert(0) += marked as u64;
        }
    }
    Ok(swept)
}

fn save_notifications(tx: &Connection, batch: &FeedBatch) -> Result<()> {
    let mut rows = tx.prepare_cached(
        "INSERT OR REPLACE INTO notifications VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    for (id, row) in batch.notifications.changed() {
        rows.execute(params![
            id.0,
            row.recipient_id.as_str(),
            row.kind.name(),
            row.actor_id.as_ref().map(UserId::as_str),
            row.source_type,
            row.source_id,
            related_column(&row.related),
            row.content,
            row.locale,
            row.critical,
            row.topic.as_ref().map(|topic| topic.kind.name()),
            row.topic.as_ref().map(|topic| topic.target_id.as_str()),
            row.room_id.map(|room| room.0),
            row.in_feed,
            row.read_at.map(|at| at.as_millis()),
            row.clicked_at.map(|at| at.as_millis()),
            row.archived_at.map(|at| at.as_millis()),
            row.created_at.as_millis(),
            signed(row.position.0),
        ])?;
    }
    Ok(())
}

fn save_deliveries(tx: &Connection, batch: &FeedBatch) -> Result<()> {
    let mut gone = tx.prepare_cached("DELETE FROM deliveries WHERE notification_id = ? AND channel = ?")?;
    for (id, channel) in batch.deliveries.removed() {
        gone.execute(params![id.0, channel.name()])?;
    }
    let mut rows = tx.prepare_cached("INSERT OR REPLACE INTO deliveries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
    for ((id, channel), row) in batch.deliveries.changed() {
        rows.execute(params![
            id.0,
            channel.name(),
            row.recipient_id.as_str(),
            row.state.name(),
            row.reason,
            row.due.map(|at| at.as_millis()),
            row.attempts,
            row.provider,
            row.provider_id,
            row.accepted_at.map(|at| at.as_millis()),
            signed(row.position.0),
        ])?;
    }
    Ok(())
}

fn save_counters(tx: &Connection, batch: &FeedBatch) -> Result<()> {
    let mut gone = tx.prepare_cached("DELETE FROM feeds WHERE recipient_id = ?")?;
    for recipient in batch.unread.removed() {
        gone.execute([recipient.as_str()])?;
    }
    let mut counters = tx.prepare_cached("INSERT OR REPLACE INTO feeds VALUES (?, ?)")?;
    for (recipient, unread) in batch.unread.changed() {
        counters.execute(params![recipient.as_str(), signed(*unread)])?;
    }
    Ok(())
}
