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

#[cfg(test)]
mod tests {
    use super::*;

    fn left(connection: &Connection, sql: &str) -> i64 {
        connection.query_row(sql, [], |row| row.get(0)).expect("readable")
    }

    #[test]
    fn a_walk_deletes_so_many_rows_at_a_time_and_what_it_did_stays_done() {
        let mut connection = Connection::open_in_memory().expect("memory");
        for sql in [
            include_str!("../../../../migrations/sqlite/feed/20261122090000_create_feed.sql"),
            include_str!("../../../../migrations/sqlite/feed/20261128090000_index_feed.sql"),
        ] {
            connection.execute_batch(sql).expect("the tables");
        }
        for position in 1..=90_i64 {
            // In turn: listed, put away, kept from the feed; of ana, and every fourth of ben.
            let user = if position % 4 == 0 { "ben" } else { "ana" };
            let archived = (position % 3 == 1).then_some(5);
            let id = Uuid::from_u128(position.unsigned_abs().into());
            let sql =
                "INSERT INTO notifications VALUES (?1, ?2, 'FOLLOWER', NULL, 'user', 'x', NULL, NULL, NULL, 0, NULL,
                NULL, NULL, ?3, NULL, NULL, ?4, 0, ?5)";
            connection.execute(sql, params![id, user, position % 3 != 2, archived, position]).expect("a notification");
            let sql = "INSERT INTO deliveries VALUES (?1, 'PUSH', ?2, 'waiting', NULL, 1, 0, NULL, NULL, NULL, ?3)";
            connection.execute(sql, params![id, user, position]).expect("a delivery");
            let sql = "INSERT INTO subscriptions VALUES (?1, 'COURSE', ?2, ?3, NULL, 'PUSH', 0)";
            connection.execute(sql, params![user, format!("c-{position}"), position]).expect("a subscription");
        }
        const ROWS: &str = "SELECT (SELECT count(*) FROM notifications) + (SELECT count(*) FROM subscriptions)";
        let ana = UserId::parse("ana").expect("an id");
        let (mut before, mut steps) = (left(&connection, ROWS), 0);
        let mut walk = Walk::of(ana.clone(), Position(80));
        loop {
            let tx = connection.transaction().expect("a transaction");
            let more = walk.on(&tx, 7).expect("a part of the way");
            tx.commit().expect("kept");
            let now = left(&connection, ROWS);
            assert!(before - now <= 7, "{before} {now}");
            (before, steps) = (now, steps + 1);
            if steps == 4 {
                // As after a crash: from the beginning, through what is done.
                walk = Walk::of(ana.clone(), Position(80));
            }
            if !more {
                break;
            }
        }
        assert!(steps > 16, "{steps}");
        for (table, place) in
            [("notifications", "position"), ("deliveries", "position"), ("subscriptions", "from_position")]
        {
            let owner = if table == "subscriptions" { "user_id" } else { "recipient_id" };
            let of = |who: &str| left(&connection, &format!("SELECT count(*) FROM {table} WHERE {owner} = '{who}'"));
            assert_eq!((of("ben"), of("ana")), (22, 8), "nobody else, nothing later");
            assert_eq!(left(&connection, &format!("SELECT min({place}) FROM {table} WHERE {owner} = 'ana'")), 81);
        }
    }
}
