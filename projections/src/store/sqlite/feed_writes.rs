//! A batch of feed changes into the file: load what they touch, play them out, mark what feed reads sweep, write.

use std::collections::BTreeMap;

use aggregates::ids::NotificationId;
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use super::choices;
use super::columns::{maybe_moment, maybe_user, moment, named, number, position, user};
use crate::feed::NotificationRow;
use crate::feed::batch::FeedBatch;
use crate::feed::project::FeedChange;
use crate::store::names::{notification_type, signed};

/// Read by [`notification`].
pub(super) const COLUMNS: &str =
    "notification_id, recipient_id, kind, actor_id, source_type, source_id, read_at, created_at, position";

pub(super) fn notification(row: &Row<'_>) -> Result<NotificationRow> {
    Ok(NotificationRow {
        id: NotificationId(row.get(0)?),
        recipient_id: user(row, 1)?,
        kind: named(row, 2, notification_type)?,
        actor_id: maybe_user(row, 3)?,
        source_type: row.get(4)?,
        source_id: row.get(5)?,
        read_at: maybe_moment(row, 6)?,
        created_at: moment(row, 7)?,
        position: position(row, 8)?,
    })
}

pub(super) fn write(tx: &Connection, changes: Vec<FeedChange>) -> Result<()> {
    let mut batch = FeedBatch::wanting(&changes);
    load_notifications(tx, &mut batch)?;
    choices::load(tx, &mut batch.choices)?;
    batch.play(changes);
    load_counters(tx, &mut batch)?;
    let swept = sweep(tx, &batch)?;
    batch.count(&swept);
    choices::save(tx, &batch.choices)?;
    save(tx, &batch)
}

fn load_notifications(tx: &Connection, batch: &mut FeedBatch) -> Result<()> {
    let mut statement = tx.prepare_cached(&format!("SELECT {COLUMNS} FROM notifications WHERE notification_id = ?"))?;
    let ids: Vec<NotificationId> = batch.notifications.unknown().copied().collect();
    for id in ids {
        if let Some(row) = statement.query_row([id.0], notification).optional()? {
            batch.load(row);
        }
    }
    Ok(())
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
fn sweep(tx: &Connection, batch: &FeedBatch) -> Result<BTreeMap<aggregates::ids::UserId, u64>> {
    let mut statement = tx.prepare_cached(
        "UPDATE notifications SET read_at = ? WHERE recipient_id = ? AND position <= ? AND read_at IS NULL",
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

fn save(tx: &Connection, batch: &FeedBatch) -> Result<()> {
    let mut rows = tx.prepare_cached("INSERT OR REPLACE INTO notifications VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
    for (id, row) in batch.notifications.changed() {
        rows.execute(params![
            id.0,
            row.recipient_id.as_str(),
            row.kind.name(),
            row.actor_id.as_ref().map(|actor| actor.as_str()),
            row.source_type,
            row.source_id,
            row.read_at.map(|at| at.as_millis()),
            row.created_at.as_millis(),
            signed(row.position.0),
        ])?;
    }
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
