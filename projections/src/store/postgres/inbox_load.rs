//! The rows a batch of inbox changes touches: one statement per table.

use aggregates::ids::{RoomId, UserId};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use super::columns::{maybe_moment, maybe_user, moment, named, number, position, user};
use crate::inbox::batch::{Directed, FollowCounts, InRoom, InboxBatch, Reader, RoomState, Since, Stay};
use crate::store::names::{role, room_kind};
use crate::store::touched::Touched;

pub(super) async fn load(connection: &mut PgConnection, schema: &str, batch: &mut InboxBatch) -> sqlx::Result<()> {
    load_rooms(connection, schema, &mut batch.rooms).await?;
    load_stays(connection, schema, &mut batch.open_stays).await?;
    load_readers(connection, schema, &mut batch.readers).await?;
    load_since(connection, &format!("{schema}.follows"), "followed_at", &mut batch.follows).await?;
    load_since(connection, &format!("{schema}.blocks"), "blocked_at", &mut batch.blocks).await?;
    load_counts(connection, schema, &mut batch.follow_counts).await
}

async fn load_rooms(
    connection: &mut PgConnection,
    schema: &str,
    rooms: &mut Touched<RoomId, RoomState>,
) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = rooms.unknown().map(|room| room.0).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "SELECT room_id, kind, name, avatar, opened_by, group_id, first_id, second_id, participant_count, last_seq,
         last_position, last_message_at, last_message, created_at, updated_at
         FROM {schema}.rooms WHERE room_id = ANY($1)"
    );
    for row in sqlx::query(&sql).bind(ids).fetch_all(connection).await? {
        rooms.load(RoomId(row.try_get(0)?), room_state(&row)?);
    }
    Ok(())
}

fn room_state(row: &PgRow) -> sqlx::Result<RoomState> {
    Ok(RoomState {
        kind: named(row, 1, room_kind)?,
        name: row.try_get(2)?,
        avatar: row.try_get(3)?,
        opened_by: user(row, 4)?,
        group_id: row.try_get(5)?,
        pair: maybe_user(row, 6)?.zip(maybe_user(row, 7)?),
        participant_count: number(row, 8)?,
        last_seq: number(row, 9)?,
        last_position: position(row, 10)?,
        last_message_at: maybe_moment(row, 11)?,
        last_message: row.try_get(12)?,
        created_at: moment(row, 13)?,
        updated_at: moment(row, 14)?,
    })
}

fn in_rooms<V>(rows: &Touched<InRoom, V>) -> (Vec<Uuid>, Vec<String>) {
    rows.unknown().map(|(room, user)| (room.0, user.to_string())).unzip()
}

async fn load_stays(
    connection: &mut PgConnection,
    schema: &str,
    stays: &mut Touched<InRoom, Stay>,
) -> sqlx::Result<()> {
    let (rooms, users) = in_rooms(stays);
    if rooms.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "SELECT m.room_id, m.user_id, m.from_position, m.role, m.join_seq, m.joined_at
         FROM unnest($1::uuid[], $2::text[]) k (room_id, user_id)
         JOIN {schema}.members m ON m.user_id = k.user_id AND m.room_id = k.room_id AND m.to_position IS NULL"
    );
    for row in sqlx::query(&sql).bind(rooms).bind(users).fetch_all(connection).await? {
        let stay = Stay {
            from: position(&row, 2)?,
            to: None,
            role: named(&row, 3, role)?,
            join_seq: number(&row, 4)?,
            joined_at: moment(&row, 5)?,
        };
        stays.load((RoomId(row.try_get(0)?), user(&row, 1)?), stay);
    }
    Ok(())
}

async fn load_readers(
    connection: &mut PgConnection,
    schema: &str,
    readers: &mut Touched<InRoom, Reader>,
) -> sqlx::Result<()> {
    let (rooms, users) = in_rooms(readers);
    if rooms.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "SELECT p.room_id, p.user_id, p.read_seq, p.last_read_at, p.active_position
         FROM unnest($1::uuid[], $2::text[]) k (room_id, user_id)
         JOIN {schema}.participants p ON p.room_id = k.room_id AND p.user_id = k.user_id"
    );
    for row in sqlx::query(&sql).bind(rooms).bind(users).fetch_all(connection).await? {
        let reader = Reader {
            read_seq: number(&row, 2)?,
            last_read_at: maybe_moment(&row, 3)?,
            active_position: row.try_get(4)?,
        };
        readers.load((RoomId(row.try_get(0)?), user(&row, 1)?), reader);
    }
    Ok(())
}

async fn load_since(
    connection: &mut PgConnection,
    table: &str,
    at: &str,
    rows: &mut Touched<Directed, Since>,
) -> sqlx::Result<()> {
    let (from, to): (Vec<String>, Vec<String>) =
        rows.unknown().map(|(from, to)| (from.to_string(), to.to_string())).unzip();
    if from.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "SELECT t.from_id, t.to_id, t.position, t.{at} FROM unnest($1::text[], $2::text[]) k (from_id, to_id)
         JOIN {table} t ON t.from_id = k.from_id AND t.to_id = k.to_id"
    );
    for row in sqlx::query(&sql).bind(from).bind(to).fetch_all(connection).await? {
        let since = Since { position: position(&row, 2)?, at: moment(&row, 3)? };
        rows.load((user(&row, 0)?, user(&row, 1)?), since);
    }
    Ok(())
}

async fn load_counts(
    connection: &mut PgConnection,
    schema: &str,
    counts: &mut Touched<UserId, FollowCounts>,
) -> sqlx::Result<()> {
    let users: Vec<String> = counts.unknown().map(ToString::to_string).collect();
    if users.is_empty() {
        return Ok(());
    }
    let sql = format!("SELECT user_id, followers, following FROM {schema}.follow_counts WHERE user_id = ANY($1)");
    for row in sqlx::query(&sql).bind(users).fetch_all(connection).await? {
        counts.load(user(&row, 0)?, FollowCounts { followers: number(&row, 1)?, following: number(&row, 2)? });
    }
    Ok(())
}
