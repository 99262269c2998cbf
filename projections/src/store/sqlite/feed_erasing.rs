//! What the erased were told and what they chose, deleted: a few rows per transaction ahead of the step that erases them, the
//! rest with it. Whoever has their id later begins with nothing.

use std::collections::BTreeMap;

use aggregates::ids::UserId;
use event_log::Position;
use rusqlite::{Connection, Result, params};
use uuid::Uuid;

use crate::store::feed_places::EVERYWHERE;
use crate::store::names::{at_most, signed};

/// Whether somebody's notifications can be found. Filling does without until it meets the first erasure.
pub(super) fn has_indexes(connection: &Connection) -> Result<bool> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'notifications_kept')")?
        .query_row([], |row| row.get(0))
}

/// The way through everything of somebody's: their notifications, then their subscriptions.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    user: UserId,
    up_to: Position,
    /// How many of the places in [`EVERYWHERE`] are empty.
    done: usize,
}

impl Walk {
    /// What is theirs up to `up_to`; what came behind it is left alone, however late this comes.
    pub(super) fn of(user: UserId, up_to: Position) -> Self {
        Self { user, up_to, done: 0 }
    }

    /// Deletes about `rows_max` rows, and the deliveries that belong to them. `false`: that was the last of them.
    pub(super) fn on(&mut self, tx: &Connection, rows_max: usize) -> Result<bool> {
        let Some(place) = EVERYWHERE.get(self.done) else {
            return Ok(self.subscriptions(tx, rows_max)? == rows_max);
        };
        if self.notifications(tx, place, rows_max)? < rows_max {
            self.done += 1;
        }
        Ok(true)
    }

    fn notifications(&self, tx: &Connection, place: &str, limit: usize) -> Result<usize> {
        let mut next = tx.prepare_cached(&format!(
            "SELECT notification_id FROM notifications WHERE recipient_id = ? AND position < ? AND {place}
             ORDER BY position LIMIT ?"
        ))?;
        let asked = params![self.user.as_str(), signed(self.up_to.0), at_most(limit)];
        let ids: Vec<Uuid> = next.query_map(asked, |row| row.get(0))?.collect::<Result<_>>()?;
        let mut deliveries = tx.prepare_cached("DELETE FROM deliveries WHERE notification_id = ?")?;
        let mut rows = tx.prepare_cached("DELETE FROM notifications WHERE notification_id = ?")?;
        for id in &ids {
            deliveries.execute([id])?;
            rows.execute([id])?;
        }
        Ok(ids.len())
    }

    fn subscriptions(&self, tx: &Connection, limit: usize) -> Result<usize> {
        let mut stretches = tx.prepare_cached(
            "DELETE FROM subscriptions WHERE (user_id, topic_kind, target_id, from_position) IN
             (SELECT user_id, topic_kind, target_id, from_position FROM subscriptions
              WHERE user_id = ? AND from_position < ? LIMIT ?)",
        )?;
        stretches.execute(params![self.user.as_str(), signed(self.up_to.0), at_most(limit)])
    }
}

/// What a walk leaves, before anything of the batch is written: mostly nothing, and what there is once for each.
pub(super) fn write(tx: &Connection, erased: &BTreeMap<UserId, Position>) -> Result<()> {
    for (user, at) in erased {
        let mut walk = Walk::of(user.clone(), *at);
        while walk.on(tx, usize::MAX)? {}
        let mut settled = tx.prepare_cached("DELETE FROM preferences WHERE user_id = ? AND position < ?")?;
        settled.execute(params![user.as_str(), signed(at.0)])?;
    }
    Ok(())
}
