//! Questions about people and each other in this engine's SQL.

use aggregates::ids::UserId;
use async_trait::async_trait;
use event_log::Position;
use rusqlite::params;

use super::columns::{moment, position, user};
use super::generation::checkpoint;
use super::inbox_reads::SqliteInboxReads;
use crate::inbox::{BlockRow, BlocksAround, PeopleReads};
use crate::store::names::{at_most, signed};
use crate::views::ReadError;

#[async_trait]
impl PeopleReads for SqliteInboxReads {
    async fn blocked_by(
        &self,
        asking: &UserId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<BlockRow>, ReadError> {
        const SQL: &str = "SELECT to_id, blocked_at, position FROM blocks
            WHERE from_id = ?1 AND position < ?2 ORDER BY position DESC LIMIT ?3";
        let asking = asking.clone();
        let before = after.map_or(i64::MAX, |position| signed(position.0));
        self.ask(move |connection| {
            let mut statement = connection.prepare_cached(SQL)?;
            let found = statement.query_map(params![asking.as_str(), before, at_most(limit)], |row| {
                Ok(BlockRow { user_id: user(row, 0)?, blocked_at: moment(row, 1)?, position: position(row, 2)? })
            })?;
            found.collect()
        })
        .await
    }

    async fn apart_from(&self, asking: &UserId, others: &[UserId]) -> Result<Vec<UserId>, ReadError> {
        const SQL: &str = "SELECT EXISTS (SELECT 1 FROM blocks WHERE from_id = ?1 AND to_id = ?2)
            OR EXISTS (SELECT 1 FROM blocks WHERE from_id = ?2 AND to_id = ?1)";
        self.those_of(SQL, asking, others).await
    }

    async fn blocks_around(&self, asking: &UserId, limit: usize) -> Result<BlocksAround, ReadError> {
        const FROM: &str = "SELECT to_id FROM blocks WHERE from_id = ?1 LIMIT ?2";
        const TO: &str = "SELECT from_id FROM blocks WHERE to_id = ?1 LIMIT ?2";
        let asking = asking.clone();
        self.ask(move |connection| {
            let others = |sql| {
                let mut statement = connection.prepare_cached(sql)?;
                let found = statement.query_map(params![asking.as_str(), at_most(limit)], |row| user(row, 0))?;
                found.collect::<rusqlite::Result<Vec<_>>>()
            };
            Ok(BlocksAround { blocks: others(FROM)?, blocked_by: others(TO)?, as_of: checkpoint(connection)? })
        })
        .await
    }

    async fn acquainted_with(&self, asking: &UserId, others: &[UserId]) -> Result<Vec<UserId>, ReadError> {
        const SQL: &str = "SELECT EXISTS (SELECT 1 FROM follows WHERE from_id = ?1 AND to_id = ?2)
            OR EXISTS (SELECT 1 FROM follows WHERE from_id = ?2 AND to_id = ?1)
            OR EXISTS (SELECT 1 FROM members a JOIN members b ON b.room_id = a.room_id AND b.user_id = ?2
                AND b.to_position IS NULL WHERE a.user_id = ?1 AND a.to_position IS NULL)";
        self.those_of(SQL, asking, others).await
    }
}

impl SqliteInboxReads {
    /// Those of `others` of whom `sql` says yes.
    async fn those_of(&self, sql: &'static str, asking: &UserId, others: &[UserId]) -> Result<Vec<UserId>, ReadError> {
        let (asking, others) = (asking.clone(), others.to_vec());
        self.ask(move |connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let mut found = Vec::new();
            for other in others {
                let yes: bool = statement.query_row([asking.as_str(), other.as_str()], |row| row.get(0))?;
                if yes {
                    found.push(other);
                }
            }
            Ok(found)
        })
        .await
    }
}
