//! The words of the erased, blanked: what they said and how they called their rooms, up to where they were erased; and what
//! others said in reports about them.
//!
//! Apart from the other writes, because it goes by who and where instead of by row, and because a rebuild does it last.
//! What somebody said in years is walked through ahead of the step that erases them, a few rows per transaction; the step
//! itself finds only what it wrote. Their words are theirs to lose as soon as the erasure is in the log, so rows may be
//! blank before the unit gets there, and whoever dies in the middle begins the walk anew and finds the first part done.
//! No index by sender: it would be written with every message, for the sake of the few who are ever erased. What is rare
//! has one: [`OWNED_WORDS`], such as other words of a message, and words that others forwarded, which go with their author.

use std::collections::BTreeMap;

use aggregates::ids::UserId;
use event_log::Position;
use sqlx::PgConnection;
use uuid::Uuid;

use super::columns::{position, user};
use crate::store::names::{at_most, signed};
use crate::store::owned_words::{OWNED_WORDS, OwnedWords};

/// Behind everything else of a batch: it covers what the batch wrote as well. `from`: where the step begins, up to where
/// the words were walked through.
pub(super) async fn write(
    connection: &mut PgConnection,
    schema: &str,
    erased: &BTreeMap<UserId, Position>,
    from: Position,
) -> sqlx::Result<()> {
    if erased.is_empty() {
        return Ok(());
    }
    if has_indexes(connection, schema).await? {
        blank(connection, schema, erased, from).await
    } else {
        note(connection, schema, erased).await
    }
}

/// Whether messages can be found by who is or was in a room. Filling does without, and there a look for the messages of
/// one user is a look at all.
pub(super) async fn has_indexes(connection: &mut PgConnection, schema: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(format!("{schema}.members_ever"))
        .fetch_one(connection)
        .await
}

async fn note(connection: &mut PgConnection, schema: &str, erased: &BTreeMap<UserId, Position>) -> sqlx::Result<()> {
    let sql = format!(
        "INSERT INTO {schema}.erased SELECT * FROM unnest($1::text[], $2::bigint[])
         ON CONFLICT (user_id) DO UPDATE SET position = excluded.position"
    );
    sqlx::query(&sql)
        .bind(erased.keys().map(UserId::as_str).collect::<Vec<_>>())
        .bind(erased.values().map(|position| signed(position.0)).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

/// Those whom filling noted, to be walked through.
pub(super) async fn noted(connection: &mut PgConnection, schema: &str) -> sqlx::Result<Vec<(UserId, Position)>> {
    let rows = sqlx::query(&format!("SELECT user_id, position FROM {schema}.erased")).fetch_all(connection).await?;
    rows.iter().map(|row| Ok((user(row, 0)?, position(row, 1)?))).collect()
}

/// Behind their walk: what else there is of them, and the note.
pub(super) async fn finish_noted(
    connection: &mut PgConnection,
    schema: &str,
    user: &UserId,
    up_to: Position,
) -> sqlx::Result<()> {
    blank(connection, schema, &BTreeMap::from([(user.clone(), up_to)]), up_to).await?;
    let sql = format!("DELETE FROM {schema}.erased WHERE user_id = $1");
    sqlx::query(&sql).bind(user.as_str()).execute(connection).await?;
    Ok(())
}

/// The way through every room that somebody was ever in, then through the words that an index leads to.
pub(super) struct Walk<'a> {
    schema: &'a str,
    user: UserId,
    up_to: Position,
    stage: Stage,
}

#[derive(Clone, Copy)]
enum Stage {
    Rooms {
        /// Where it is: a room, and the last message there that was looked at.
        room: Option<(Uuid, i64)>,
        /// Rooms up to this one are done.
        done: Option<Uuid>,
    },
    /// Which of [`OWNED_WORDS`], and the last position there that was looked at.
    Owned(usize, i64),
}

const OWNED: Stage = Stage::Owned(0, i64::MIN);

impl<'a> Walk<'a> {
    /// Their words up to `up_to`; what they say behind it is left alone, however late this comes.
    pub(super) fn of(schema: &'a str, user: UserId, up_to: Position) -> Self {
        Self { schema, user, up_to, stage: Stage::Rooms { room: None, done: None } }
    }

    /// Looks at about `rows_max` rows, each room in a transaction of its own. `false`: that was the last of them.
    pub(super) async fn on(&mut self, connection: &mut PgConnection, rows_max: usize) -> sqlx::Result<bool> {
        let mut left = rows_max;
        while left > 0 {
            let (next, looked) = match self.stage {
                Stage::Rooms { room, done } => self.in_room(connection, (room, done), left).await?,
                Stage::Owned(nth, behind) => {
                    let Some(words) = OWNED_WORDS.get(nth) else { return Ok(false) };
                    let (looked, last) = self.by_index(connection, words, behind, left).await?;
                    (last.map_or(Stage::Owned(nth + 1, i64::MIN), |last| Stage::Owned(nth, last)), looked)
                }
            };
            self.stage = next;
            // A room costs something, also an empty one.
            left = left.saturating_sub(looked.max(1));
        }
        Ok(true)
    }

    /// The next stretch of rows that an index by who they are of leads to: how many, and the last unless it was the last.
    async fn by_index(
        &self,
        connection: &mut PgConnection,
        OwnedWords { table, owner, position, blank }: &OwnedWords,
        behind: i64,
        limit: usize,
    ) -> sqlx::Result<(usize, Option<i64>)> {
        let sql = format!(
            "WITH looked AS MATERIALIZED (SELECT {position} FROM {schema}.{table}
                 WHERE {owner} = $1 AND {position} > $2 AND {position} < $3 ORDER BY {position} LIMIT $4),
             blanked AS (UPDATE {schema}.{table} t SET {blank} FROM looked
                 WHERE t.{owner} = $1 AND t.{position} = looked.{position})
             SELECT count(*), max({position}) FROM looked",
            schema = self.schema
        );
        let (looked, last): (i64, Option<i64>) = sqlx::query_as(&sql)
            .bind(self.user.as_str())
            .bind(behind)
            .bind(signed(self.up_to.0))
            .bind(at_most(limit))
            .fetch_one(connection)
            .await?;
        let looked = usize::try_from(looked).unwrap_or(limit);
        Ok((looked, last.filter(|_| looked == limit)))
    }

    async fn in_room(
        &self,
        connection: &mut PgConnection,
        (room, done): (Option<(Uuid, i64)>, Option<Uuid>),
        limit: usize,
    ) -> sqlx::Result<(Stage, usize)> {
        let Some((room, behind)) = self.place(connection, room, done).await? else {
            return Ok((OWNED, 0));
        };
        let (looked, last) = self.blank(connection, room, behind, limit).await?;
        let next = match last {
            Some(last) if looked == limit => Stage::Rooms { room: Some((room, last)), done },
            Some(_) | None => Stage::Rooms { room: None, done: Some(room) },
        };
        Ok((next, looked))
    }

    async fn place(
        &self,
        connection: &mut PgConnection,
        room: Option<(Uuid, i64)>,
        done: Option<Uuid>,
    ) -> sqlx::Result<Option<(Uuid, i64)>> {
        if room.is_some() {
            return Ok(room);
        }
        let sql = format!(
            "SELECT room_id FROM {}.members WHERE user_id = $1 AND ($2::uuid IS NULL OR room_id > $2)
             ORDER BY room_id LIMIT 1",
            self.schema
        );
        let room = sqlx::query_scalar(&sql).bind(self.user.as_str()).bind(done).fetch_optional(connection).await?;
        Ok(room.map(|room| (room, i64::MIN)))
    }

    /// How many messages of anybody came next, and where the last of them is; those of the erased are blank.
    async fn blank(
        &self,
        connection: &mut PgConnection,
        room: Uuid,
        behind: i64,
        limit: usize,
    ) -> sqlx::Result<(usize, Option<i64>)> {
        let sql = format!(
            "WITH looked AS MATERIALIZED (SELECT position, sender_id FROM {schema}.messages
                 WHERE room_id = $1 AND position > $2 AND position < $3 ORDER BY position LIMIT $4),
             blanked AS (UPDATE {schema}.messages m SET {BLANK} FROM looked
                 WHERE m.position = looked.position AND looked.sender_id = $5
                 AND (m.client_message_id IS NOT NULL
                     OR m.forwarded_author_id IS NULL AND (m.content <> '' OR m.attachment_url IS NOT NULL)))
             SELECT count(*), max(position) FROM looked",
            schema = self.schema
        );
        let (looked, last): (i64, Option<i64>) = sqlx::query_as(&sql)
            .bind(room)
            .bind(behind)
            .bind(signed(self.up_to.0))
            .bind(at_most(limit))
            .bind(self.user.as_str())
            .fetch_one(connection)
            .await?;
        Ok((usize::try_from(looked).unwrap_or(limit), last))
    }
}

/// The words of a message go with its sender, but for those that were forwarded; what the sender's device called it goes
/// in any case.
const BLANK: &str = "client_message_id = NULL,
    content = CASE WHEN forwarded_author_id IS NULL THEN '' ELSE content END,
    attachment_url = CASE WHEN forwarded_author_id IS NULL THEN NULL ELSE attachment_url END,
    attached_file = CASE WHEN forwarded_author_id IS NULL THEN NULL ELSE attached_file END";

/// What a walk leaves: what was written behind `walked`, and what there is once per room.
async fn blank(
    connection: &mut PgConnection,
    schema: &str,
    erased: &BTreeMap<UserId, Position>,
    walked: Position,
) -> sqlx::Result<()> {
    let said = format!("UPDATE {schema}.messages SET {BLANK} WHERE position > $3 AND position < $2 AND sender_id = $1");
    let owned = OWNED_WORDS.map(|OwnedWords { table, owner, position, blank }| {
        format!("UPDATE {schema}.{table} SET {blank} WHERE {owner} = $1 AND {position} > $3 AND {position} < $2")
    });
    let theirs = format!("room_id IN (SELECT room_id FROM {schema}.members WHERE user_id = $1)");
    let last = format!(
        "UPDATE {schema}.rooms SET last_message = ''
         WHERE room_id IN (SELECT room_id FROM {schema}.members WHERE user_id = $1
             UNION SELECT room_id FROM {schema}.messages WHERE forwarded_author_id = $1)
         AND last_words_by = $1 AND last_words_position < $2 AND last_message IS NOT NULL"
    );
    let names = format!(
        "UPDATE {schema}.rooms SET name = NULL, name_folded = ''
         WHERE {theirs} AND named_by = $1 AND named_position < $2"
    );
    let pictures = format!(
        "UPDATE {schema}.rooms SET avatar = NULL WHERE {theirs} AND pictured_by = $1 AND pictured_position < $2"
    );
    for (user, position) in erased {
        let (user, position) = (user.as_str(), signed(position.0));
        for sql in owned.iter().chain([&said]) {
            sqlx::query(sql).bind(user).bind(position).bind(signed(walked.0)).execute(&mut *connection).await?;
        }
        for sql in [&last, &names, &pictures] {
            sqlx::query(sql).bind(user).bind(position).execute(&mut *connection).await?;
        }
    }
    Ok(())
}
