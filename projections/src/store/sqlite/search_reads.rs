//! What is searched for, in this engine's SQL.

use std::sync::Arc;
use std::time::Instant;

use aggregates::ids::{MessageId, RoomId, UserId};
use async_trait::async_trait;
use event_log::Position;
use rusqlite::{Connection, ErrorCode, Result as SqlResult, Row, params};

use super::columns::{moment, number, position, user};
use super::connections::Connections;
use super::generation::checkpoint;
use crate::search::newest::{Newest, latest_first};
use crate::search::words::{in_room, of_sender, room_key};
use crate::search::{Hit, SearchAsk, SearchReads, SearchedRoom, Sought};
use crate::store::StoreError;
use crate::store::names::signed;
use crate::views::{ReadError, UnitName};

/// Steps of the engine between two looks at the clock.
const STEPS_BETWEEN_LOOKS: i32 = 1_000;

pub(super) struct SqliteSearchReads {
    connections: Arc<Connections>,
}

impl SqliteSearchReads {
    pub(super) fn new(connections: Arc<Connections>) -> Self {
        Self { connections }
    }
}

#[async_trait]
impl SearchReads for SqliteSearchReads {
    async fn checkpoint(&self) -> Result<Position, ReadError> {
        self.connections.read(checkpoint).await.map_err(|error| error.of(UnitName::Search))
    }

    async fn search(&self, ask: &SearchAsk) -> Result<Vec<Hit>, ReadError> {
        let (patience, deadline) = (ask.patience, Instant::now() + ask.patience);
        let ask = ask.clone();
        let found = self.connections.read(move |connection| {
            connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(move || Instant::now() > deadline));
            let found = search(connection, &ask, deadline);
            connection.progress_handler(0, None::<fn() -> bool>);
            match found {
                Ok(hits) => Ok(hits),
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => Ok(None),
                Err(error) => Err(error),
            }
        });
        let found: Result<_, StoreError> = found.await;
        let found = found.map_err(|error| error.of(UnitName::Search))?;
        found.ok_or(ReadError::TookTooLong { unit: UnitName::Search, patience })
    }
}

/// `None`: it took too long.
fn search(connection: &Connection, ask: &SearchAsk, deadline: Instant) -> SqlResult<Option<Vec<Hit>>> {
    let sought = ask.wanted.sought();
    let mut newest = Newest::of(ask);
    for room in latest_first(ask) {
        if newest.is_settled(&room) {
            break;
        }
        // A room that is looked into quickly takes too few steps to be interrupted.
        if Instant::now() > deadline {
            return Ok(None);
        }
        newest.take(in_one_room(connection, ask, &room, &sought)?);
    }
    Ok(Some(newest.hits()))
}

/// The newest of one room. The index gives them newest first, and no more of them than are taken.
fn in_one_room(
    connection: &Connection,
    ask: &SearchAsk,
    room: &SearchedRoom,
    sought: &[Vec<Sought>],
) -> SqlResult<Vec<Hit>> {
    let mut statement = connection.prepare_cached(
        "SELECT e.message_id, e.room_id, e.seq, e.position, e.sender_id, e.sent_at, e.has_attachment
         FROM terms t JOIN entries e ON e.position = t.rowid
         WHERE t.terms MATCH ? AND t.rowid < ? ORDER BY t.rowid DESC",
    )?;
    let before = ask.before.map_or(i64::MAX, |before| signed(before.0));
    let mut rows = statement.query(params![expression(room.room_id, ask.sender.as_ref(), sought), before])?;
    let mut hits = Vec::new();
    while hits.len() < ask.limit
        && let Some(row) = rows.next()?
    {
        hits.extend(hit(row, ask, room)?);
    }
    Ok(hits)
}

fn hit(row: &Row<'_>, ask: &SearchAsk, room: &SearchedRoom) -> SqlResult<Option<Hit>> {
    let hit = Hit {
        message_id: MessageId(row.get(0)?),
        room_id: RoomId(row.get(1)?),
        seq: number(row, 2)?,
        position: position(row, 3)?,
    };
    let (sent_at, has_attachment): (_, bool) = (moment(row, 5)?, row.get(6)?);
    let is_theirs = match &ask.sender {
        Some(sender) => user(row, 4)? == *sender,
        None => true,
    };
    // Short names of rooms and people may meet.
    let fits = hit.room_id == room.room_id
        && hit.seq > room.after_seq
        && is_theirs
        && ask.sent_from.is_none_or(|from| sent_at >= from)
        && ask.sent_before.is_none_or(|before| sent_at < before)
        && ask.has_attachment.is_none_or(|wanted| wanted == has_attachment);
    Ok(fits.then_some(hit))
}

/// In the language of FTS5. Tokens are letters, digits, marks and colons, so quotation marks are all they need.
fn expression(room: RoomId, sender: Option<&UserId>, sought: &[Vec<Sought>]) -> String {
    let room = room_key(room);
    let token = |sought: &Sought| {
        let beginning = if sought.is_beginning { " *" } else { "" };
        format!("\"{}\"{beginning}", in_room(&room, &sought.form))
    };
    let any = |any: &Vec<Sought>| format!("({})", any.iter().map(token).collect::<Vec<_>>().join(" OR "));
    let mut all: Vec<String> = sought.iter().map(any).collect();
    all.extend(sender.map(|sender| format!("\"{}\"", of_sender(sender))));
    all.join(" AND ")
}
