//! The words of the erased, blanked: what they said and how they called their rooms, up to where they were erased.
//!
//! Apart from the other writes, because it goes by who and where instead of by row, and because a rebuild does it last.

use std::collections::BTreeMap;

use aggregates::ids::UserId;
use event_log::Position;
use sqlx::PgConnection;

use super::columns::{position, user};
use crate::store::names::signed;

/// Behind everything else of a batch: it covers what the batch wrote as well.
pub(super) async fn write(
    connection: &mut PgConnection,
    schema: &str,
    erased: &BTreeMap<UserId, Position>,
) -> sqlx::Result<()> {
    if erased.is_empty() {
        return Ok(());
    }
    if has_indexes(connection, schema).await? {
        blank(connection, schema, erased).await
    } else {
        note(connection, schema, erased).await
    }
}

/// Whether messages can be found by who is or was in a room. Filling does without, and there a look for the messages of
/// one user is a look at all.
async fn has_indexes(connection: &mut PgConnection, schema: &str) -> sqlx::Result<bool> {
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

/// Blanks those whom filling noted: what they said behind their erasure is left alone, however late this comes.
pub(super) async fn blank_noted(connection: &mut PgConnection, schema: &str) -> sqlx::Result<()> {
    let rows = sqlx::query(&format!("DELETE FROM {schema}.erased RETURNING user_id, position"))
        .fetch_all(&mut *connection)
        .await?;
    let noted = rows.iter().map(|row| Ok((user(row, 0)?, position(row, 1)?))).collect::<sqlx::Result<_>>()?;
    blank(connection, schema, &noted).await
}

async fn blank(connection: &mut PgConnection, schema: &str, erased: &BTreeMap<UserId, Position>) -> sqlx::Result<()> {
    let messages = format!(
        "UPDATE {schema}.messages SET content = '', attachment_url = NULL
         WHERE room_id IN (SELECT room_id FROM {schema}.members WHERE user_id = $1) AND sender_id = $1
         AND position < $2"
    );
    let last = format!(
        "UPDATE {schema}.rooms r SET last_message = ''
         WHERE room_id IN (SELECT room_id FROM {schema}.members WHERE user_id = $1) AND last_message IS NOT NULL
         AND EXISTS (SELECT FROM {schema}.messages m WHERE m.room_id = r.room_id AND m.seq = r.last_seq
         AND m.sender_id = $1 AND m.position < $2)"
    );
    let rooms = format!(
        "UPDATE {schema}.rooms SET name = NULL, name_folded = '', avatar = NULL
         WHERE room_id IN (SELECT room_id FROM {schema}.members WHERE user_id = $1 AND from_position < $2)
         AND opened_by = $1"
    );
    for (user, position) in erased {
        for sql in [&messages, &last, &rooms] {
            sqlx::query(sql).bind(user.as_str()).bind(signed(position.0)).execute(&mut *connection).await?;
        }
    }
    Ok(())
}
