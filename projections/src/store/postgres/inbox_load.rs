//! The rows a batch of inbox changes touches: one statement per table.

use aggregates::ids::{RoomId, UserId};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use super::columns::{maybe_moment, maybe_mute, maybe_user, moment, named, number, position, user};
use super::{inbox_marks, reports};
use crate::inbox::batch::{Directed, FollowCounts, InRoom, InboxBatch, Reader, RoomState, Since, Stay, Words};
use crate::store::names::{history_from, join_policy, natural, role, room_kind, short};
use crate::store::touched::Touched;

pub(super) async fn load(connection: &mut PgConnection, schema: &str, batch: &mut InboxBatch) -> sqlx::Result<()> {
    load_rooms(connection, schema, &mut batch.rooms).await?;
    load_stays(connection, schema, &mut batch.open_stays).await?;
    load_readers(connection, schema, &mut batch.readers).await?;
    load_since(connection, &format!("{schema}.follows"), "followed_at", &mut batch.follows).await?;
    load_since(connection, &format!("{schema}.blocks"), "blocked_at", &mut batch.blocks).await?;
    load_counts(connection, schema, &mut batch.follow_counts).await?;
    inbox_marks::load(connection, schema, batch).await?;
    reports::load(connection, schema, batch).await
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
        "SELECT room_id, kind, name, named_by, named_position, avatar, pictured_by, pictured_position, opened_by,
         group_id, first_id, second_id, closed, join_policy, history_from, slow_mode_seconds, participant_count,
         last_seq, last_tombstone_seq, last_position, last_message_at, last_message, last_words_by,
         last_words_position, last_deleted, position, created_at, updated_at
         FROM {schema}.rooms WHERE room_id = ANY($1)"
    );
    for row in sqlx::query(&sql).bind(ids).fetch_all(connection).await? {
        rooms.load(RoomId(row.try_get(0)?), room_state(&row)?);
    }
    Ok(())
}

/// Three columns: the words, whose they are, and where they are.
fn words(row: &PgRow, first: usize) -> sqlx::Result<Words> {
    Ok(Words { words: row.try_get(first)?, by: maybe_user(row, first + 1)?, position: position(row, first + 2)? })
}

fn room_state(row: &PgRow) -> sqlx::Result<RoomState> {
    Ok(RoomState {
        kind: named(row, 1, room_kind)?,
        name: words(row, 2)?,
        avatar: words(row, 5)?,
        opened_by: user(row, 8)?,
        group_id: row.try_get(9)?,
        pair: maybe_user(row, 10)?.zip(maybe_user(row, 11)?),
        closed: row.try_get(12)?,
        join_policy: named(row, 13, join_policy)?,
        history_from: named(row, 14, history_from)?,
        slow_mode_seconds: short(number(row, 15)?),
        participant_count: number(row, 16)?,
        last_seq: number(row, 17)?,
        last_tombstone_seq: number(row, 18)?,
        last_position: position(row, 19)?,
        last_message_at: maybe_moment(row, 20)?,
        last_message: words(row, 21)?,
        last_deleted: row.try_get(24)?,
        position: position(row, 25)?,
        created_at: moment(row, 26)?,
        updated_at: moment(row, 27)?,
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
        "SELECT p.room_id, p.user_id, p.read_seq, p.last_read_at, p.active_position, p.delivered_seq, p.delivered_at,
         p.muted, p.muted_until, p.pinned, p.archived_seq, p.seen_seq
         FROM unnest($1::uuid[], $2::text[]) k (room_id, user_id)
         JOIN {schema}.participants p ON p.room_id = k.room_id AND p.user_id = k.user_id"
    );
    for row in sqlx::query(&sql).bind(rooms).bind(users).fetch_all(connection).await? {
        let reader = Reader {
            read_seq: number(&row, 2)?,
            last_read_at: maybe_moment(&row, 3)?,
            active_position: row.try_get(4)?,
            delivered_seq: number(&row, 5)?,
            delivered_at: maybe_moment(&row, 6)?,
            muted: maybe_mute(&row, 7)?,
            pinned: row.try_get(9)?,
            archived_seq: row.try_get::<Option<i64>, _>(10)?.map(natural),
            seen_seq: number(&row, 11)?,
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
