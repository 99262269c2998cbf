//! What is searched for, in this engine's SQL.

use std::time::{Duration, Instant};

use aggregates::ids::{MessageId, RoomId, UserId};
use async_trait::async_trait;
use event_log::Position;
use sqlx::postgres::PgRow;
use sqlx::{Executor, PgConnection, Row};

use super::Schema;
use super::columns::{number, position, postgres_error};
use crate::search::newest::{Newest, latest_first};
use crate::search::words::{in_room, of_sender, room_key};
use crate::search::{Hit, SearchAsk, SearchReads, SearchedRoom, Sought};
use crate::store::names::{at_most, signed};
use crate::views::{ReadError, UnitName};

/// Rooms of the first statement of a search; each one behind it takes more, as what is searched for is rarer.
const ROOMS_FIRST: usize = 8;
const ROOMS_TIMES: usize = 4;
const ROOMS_MAX: usize = 512;
/// `query_canceled`: `statement_timeout` has run out.
const CANCELED: &str = "57014";

pub(super) struct PostgresSearchReads {
    schema: Schema,
}

impl PostgresSearchReads {
    pub(super) fn new(schema: Schema) -> Self {
        Self { schema }
    }

    /// One snapshot for all statements. The index is read by bitmaps, which other questions of the views do without.
    async fn search_on(&self, connection: &mut PgConnection, ask: &SearchAsk) -> sqlx::Result<Vec<Hit>> {
        let deadline = Instant::now() + ask.patience;
        // What the index has not taken in yet would be read once for each room.
        let take_in = format!("SELECT gin_clean_pending_list('{}.entries_terms')", self.schema.name);
        connection.execute(take_in.as_str()).await?;
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL enable_bitmapscan = on";
        connection.execute(begin).await?;
        let mut newest = Newest::of(ask);
        let rooms = latest_first(ask);
        let (mut rest, mut taken) = (rooms.as_slice(), ROOMS_FIRST);
        while let Some(next) = rest.first()
            && !newest.is_settled(next)
        {
            let (now, later) = rest.split_at(rest.len().min(taken));
            let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            let timeout = format!("SET LOCAL statement_timeout = {}", left.as_millis());
            connection.execute(timeout.as_str()).await?;
            newest.take(self.in_rooms(connection, ask, now).await?);
            (rest, taken) = (later, (taken * ROOMS_TIMES).min(ROOMS_MAX));
        }
        connection.execute("COMMIT").await?;
        Ok(newest.hits())
    }

    async fn in_rooms(
        &self,
        connection: &mut PgConnection,
        ask: &SearchAsk,
        rooms: &[SearchedRoom],
    ) -> sqlx::Result<Vec<Hit>> {
        // Those of a room are sorted behind being found: another index is not to be walked for the sake of its order.
        let sql = format!(
            "SELECT message_id, room_id, seq, position
             FROM unnest($1::uuid[], $2::text[], $3::bigint[]) k (searched, wanted, behind)
             CROSS JOIN LATERAL (
                 WITH said AS MATERIALIZED (SELECT message_id, room_id, seq, position, sender_id, sent_at, has_attachment
                     FROM {}.entries WHERE tokens @@ k.wanted::tsquery)
                 SELECT * FROM said WHERE room_id = k.searched AND seq > k.behind AND position < $4
                 AND ($5::text IS NULL OR sender_id = $5) AND ($6::bigint IS NULL OR sent_at >= $6)
                 AND ($7::bigint IS NULL OR sent_at < $7) AND ($8::boolean IS NULL OR has_attachment = $8)
                 ORDER BY position DESC LIMIT $9) e
             ORDER BY position DESC LIMIT $9",
            self.schema.name
        );
        let sought = ask.wanted.sought();
        let expression = |room: &SearchedRoom| expression(room.room_id, ask.sender.as_ref(), &sought);
        let found = sqlx::query(&sql)
            .bind(rooms.iter().map(|room| room.room_id.0).collect::<Vec<_>>())
            .bind(rooms.iter().map(expression).collect::<Vec<_>>())
            .bind(rooms.iter().map(|room| signed(room.after_seq)).collect::<Vec<_>>())
            .bind(ask.before.map_or(i64::MAX, |before| signed(before.0)))
            .bind(ask.sender.as_ref().map(UserId::as_str))
            .bind(ask.sent_from.map(|from| from.as_millis()))
            .bind(ask.sent_before.map(|before| before.as_millis()))
            .bind(ask.has_attachment)
            .bind(at_most(ask.limit))
            .fetch_all(connection)
            .await?;
        found.iter().map(hit).collect()
    }
}

#[async_trait]
impl SearchReads for PostgresSearchReads {
    async fn checkpoint(&self) -> Result<Position, ReadError> {
        let sql = format!("SELECT checkpoint FROM {}.unit", self.schema.name);
        let row = sqlx::query(&sql).fetch_one(&self.schema.lender).await.map_err(failed)?;
        position(&row, 0).map_err(failed)
    }

    async fn search(&self, ask: &SearchAsk) -> Result<Vec<Hit>, ReadError> {
        let mut lent = self.schema.lender.lend().await.map_err(failed)?;
        // One whose statement failed is not given back.
        let hits = self.search_on(&mut lent, ask).await.map_err(|error| {
            let code = error.as_database_error().and_then(|refusal| refusal.code());
            if code.is_some_and(|code| code == CANCELED) {
                return ReadError::TookTooLong { unit: UnitName::Search, patience: ask.patience };
            }
            failed(error)
        })?;
        lent.give_back();
        Ok(hits)
    }
}

fn failed(error: sqlx::Error) -> ReadError {
    postgres_error(error).of(UnitName::Search)
}

fn hit(row: &PgRow) -> sqlx::Result<Hit> {
    Ok(Hit {
        message_id: MessageId(row.try_get(0)?),
        room_id: RoomId(row.try_get(1)?),
        seq: number(row, 2)?,
        position: position(row, 3)?,
    })
}

/// A `tsquery` as text.
fn expression(room: RoomId, sender: Option<&UserId>, sought: &[Vec<Sought>]) -> String {
    let room = room_key(room);
    let token = |sought: &Sought| {
        let beginning = if sought.is_beginning { ":*" } else { "" };
        format!("'{}'{beginning}", in_room(&room, &sought.form))
    };
    let any = |any: &Vec<Sought>| format!("({})", any.iter().map(token).collect::<Vec<_>>().join(" | "));
    let mut all: Vec<String> = sought.iter().map(any).collect();
    all.extend(sender.map(|sender| format!("'{}'", of_sender(sender))));
    all.join(" & ")
}
