//! What becomes of messages, in the schema: tombstones, reactions, pins, and what is written as it comes.

use aggregates::ids::RoomId;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use super::columns::{moment, number, position, user};
use super::inbox_save::column;
use crate::inbox::batch::{EmojiCount, InboxBatch, Pin, Tombstone};
use crate::store::names::signed;

fn places<'k>(keys: impl Iterator<Item = &'k (RoomId, u64)>) -> (Vec<Uuid>, Vec<i64>) {
    keys.map(|(room, seq)| (room.0, signed(*seq))).unzip()
}

pub(super) async fn load(connection: &mut PgConnection, schema: &str, batch: &mut InboxBatch) -> sqlx::Result<()> {
    let (rooms, seqs) = places(batch.tombstones.unknown());
    if !rooms.is_empty() {
        let sql = format!(
            "SELECT t.room_id, t.seq, t.deleted_by, t.deleted_at FROM unnest($1::uuid[], $2::bigint[]) k (room_id, seq)
             JOIN {schema}.tombstones t ON t.room_id = k.room_id AND t.seq = k.seq"
        );
        for row in sqlx::query(&sql).bind(rooms).bind(seqs).fetch_all(&mut *connection).await? {
            let tombstone = Tombstone { by: user(&row, 2)?, at: moment(&row, 3)? };
            batch.tombstones.load((RoomId(row.try_get(0)?), number(&row, 1)?), tombstone);
        }
    }
    let (rooms, seqs) = places(batch.pins.unknown());
    if !rooms.is_empty() {
        let sql = format!(
            "SELECT p.room_id, p.seq, p.pinned_by, p.pinned_at, p.position
             FROM unnest($1::uuid[], $2::bigint[]) k (room_id, seq)
             JOIN {schema}.pins p ON p.room_id = k.room_id AND p.seq = k.seq"
        );
        for row in sqlx::query(&sql).bind(rooms).bind(seqs).fetch_all(&mut *connection).await? {
            let pin = Pin { by: user(&row, 2)?, at: moment(&row, 3)?, position: position(&row, 4)? };
            batch.pins.load((RoomId(row.try_get(0)?), number(&row, 1)?), pin);
        }
    }
    load_reactions(connection, schema, batch).await
}

async fn load_reactions(connection: &mut PgConnection, schema: &str, batch: &mut InboxBatch) -> sqlx::Result<()> {
    let keys: Vec<_> = batch.reactions.unknown().cloned().collect();
    if !keys.is_empty() {
        let sql = format!(
            "SELECT r.room_id, r.seq, r.emoji, r.user_id, r.position
             FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[]) k (room_id, seq, emoji, user_id)
             JOIN {schema}.reactions r ON r.room_id = k.room_id AND r.seq = k.seq AND r.emoji = k.emoji
             AND r.user_id = k.user_id"
        );
        let query = sqlx::query(&sql)
            .bind(column(&keys, |(room, _, _, _)| room.0))
            .bind(column(&keys, |(_, seq, _, _)| signed(*seq)))
            .bind(column(&keys, |(_, _, emoji, _)| emoji.clone()))
            .bind(column(&keys, |(_, _, _, user)| user.to_string()));
        for row in query.fetch_all(&mut *connection).await? {
            let key = (RoomId(row.try_get(0)?), number(&row, 1)?, row.try_get(2)?, user(&row, 3)?);
            batch.reactions.load(key, position(&row, 4)?);
        }
    }
    let keys: Vec<_> = batch.emoji_counts.unknown().cloned().collect();
    if keys.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "SELECT c.room_id, c.seq, c.emoji, c.count, c.position
         FROM unnest($1::uuid[], $2::bigint[], $3::text[]) k (room_id, seq, emoji)
         JOIN {schema}.reaction_counts c ON c.room_id = k.room_id AND c.seq = k.seq AND c.emoji = k.emoji"
    );
    let query = sqlx::query(&sql)
        .bind(column(&keys, |(room, _, _)| room.0))
        .bind(column(&keys, |(_, seq, _)| signed(*seq)))
        .bind(column(&keys, |(_, _, emoji)| emoji.clone()));
    for row in query.fetch_all(&mut *connection).await? {
        let key = (RoomId(row.try_get(0)?), number(&row, 1)?, row.try_get(2)?);
        batch.emoji_counts.load(key, EmojiCount { count: number(&row, 3)?, position: position(&row, 4)? });
    }
    Ok(())
}

/// Other words, and whom words name.
pub(super) async fn save_written(connection: &mut PgConnection, schema: &str, batch: &InboxBatch) -> sqlx::Result<()> {
    let edits = &batch.edits;
    if !edits.is_empty() {
        let sql = format!(
            "INSERT INTO {schema}.message_edits (position, room_id, seq, sender_id, content, edited_at)
             SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::bigint[])
             ON CONFLICT DO NOTHING"
        );
        sqlx::query(&sql)
            .bind(column(edits, |edit| signed(edit.position.0)))
            .bind(column(edits, |edit| edit.mentioned.room_id.0))
            .bind(column(edits, |edit| signed(edit.mentioned.seq)))
            .bind(column(edits, |edit| edit.mentioned.sender_id.to_string()))
            .bind(column(edits, |edit| edit.content.clone()))
            .bind(column(edits, |edit| edit.at.as_millis()))
            .execute(&mut *connection)
            .await?;
    }
    let replaced = batch.mentions.iter().filter(|(_, mentions)| mentions.replaced).map(|(place, _)| place);
    let (rooms, seqs) = places(replaced);
    if !rooms.is_empty() {
        delete(connection, &format!("{schema}.mentions"), (rooms, seqs)).await?;
    }
    let named: Vec<_> = batch
        .mentions
        .iter()
        .flat_map(|(place, mentions)| mentions.named.iter().map(move |(name, sender)| (place, name, sender)))
        .collect();
    if named.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO {schema}.mentions (room_id, seq, user_id, sender_id)
         SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[]) ON CONFLICT DO NOTHING"
    );
    sqlx::query(&sql)
        .bind(column(&named, |((room, _), _, _)| room.0))
        .bind(column(&named, |((_, seq), _, _)| signed(*seq)))
        .bind(column(&named, |(_, name, _)| (*name).clone()))
        .bind(column(&named, |(_, _, sender)| sender.to_string()))
        .execute(connection)
        .await?;
    Ok(())
}

/// The rows of these messages.
async fn delete(connection: &mut PgConnection, table: &str, (rooms, seqs): (Vec<Uuid>, Vec<i64>)) -> sqlx::Result<()> {
    let sql = format!(
        "DELETE FROM {table} t USING unnest($1::uuid[], $2::bigint[]) k (room_id, seq)
         WHERE t.room_id = k.room_id AND t.seq = k.seq"
    );
    sqlx::query(&sql).bind(rooms).bind(seqs).execute(connection).await?;
    Ok(())
}

pub(super) async fn save(connection: &mut PgConnection, schema: &str, batch: &InboxBatch) -> sqlx::Result<()> {
    let tombstones: Vec<_> = batch.tombstones.changed().collect();
    if !tombstones.is_empty() {
        let sql = format!(
            "INSERT INTO {schema}.tombstones (room_id, seq, deleted_by, deleted_at)
             SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[]) ON CONFLICT DO NOTHING"
        );
        sqlx::query(&sql)
            .bind(column(&tombstones, |((room, _), _)| room.0))
            .bind(column(&tombstones, |((_, seq), _)| signed(*seq)))
            .bind(column(&tombstones, |(_, one)| one.by.to_string()))
            .bind(column(&tombstones, |(_, one)| one.at.as_millis()))
            .execute(&mut *connection)
            .await?;
    }
    let (rooms, seqs) = places(batch.pins.removed());
    if !rooms.is_empty() {
        delete(connection, &format!("{schema}.pins"), (rooms, seqs)).await?;
    }
    let pins: Vec<_> = batch.pins.changed().collect();
    if !pins.is_empty() {
        let sql = format!(
            "INSERT INTO {schema}.pins (room_id, seq, pinned_by, pinned_at, position)
             SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[])
             ON CONFLICT (room_id, seq) DO UPDATE SET pinned_by = excluded.pinned_by, pinned_at = excluded.pinned_at,
             position = excluded.position"
        );
        sqlx::query(&sql)
            .bind(column(&pins, |((room, _), _)| room.0))
            .bind(column(&pins, |((_, seq), _)| signed(*seq)))
            .bind(column(&pins, |(_, one)| one.by.to_string()))
            .bind(column(&pins, |(_, one)| one.at.as_millis()))
            .bind(column(&pins, |(_, one)| signed(one.position.0)))
            .execute(&mut *connection)
            .await?;
    }
    save_reactions(connection, schema, batch).await?;
    save_counts(connection, schema, batch).await
}

async fn save_reactions(connection: &mut PgConnection, schema: &str, batch: &InboxBatch) -> sqlx::Result<()> {
    let gone: Vec<_> = batch.reactions.removed().collect();
    if !gone.is_empty() {
        let sql = format!(
            "DELETE FROM {schema}.reactions r
             USING unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[]) k (room_id, seq, emoji, user_id)
             WHERE r.room_id = k.room_id AND r.seq = k.seq AND r.emoji = k.emoji AND r.user_id = k.user_id"
        );
        sqlx::query(&sql)
            .bind(column(&gone, |(room, _, _, _)| room.0))
            .bind(column(&gone, |(_, seq, _, _)| signed(*seq)))
            .bind(column(&gone, |(_, _, emoji, _)| emoji.clone()))
            .bind(column(&gone, |(_, _, _, user)| user.to_string()))
            .execute(&mut *connection)
            .await?;
    }
    let set: Vec<_> = batch.reactions.changed().collect();
    if set.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO {schema}.reactions (room_id, seq, emoji, user_id, position)
         SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::bigint[])
         ON CONFLICT (room_id, seq, emoji, user_id) DO UPDATE SET position = excluded.position"
    );
    sqlx::query(&sql)
        .bind(column(&set, |((room, _, _, _), _)| room.0))
        .bind(column(&set, |((_, seq, _, _), _)| signed(*seq)))
        .bind(column(&set, |((_, _, emoji, _), _)| emoji.clone()))
        .bind(column(&set, |((_, _, _, user), _)| user.to_string()))
        .bind(column(&set, |(_, position)| signed(position.0)))
        .execute(connection)
        .await?;
    Ok(())
}

async fn save_counts(connection: &mut PgConnection, schema: &str, batch: &InboxBatch) -> sqlx::Result<()> {
    let gone: Vec<_> = batch.emoji_counts.removed().collect();
    if !gone.is_empty() {
        let sql = format!(
            "DELETE FROM {schema}.reaction_counts c
             USING unnest($1::uuid[], $2::bigint[], $3::text[]) k (room_id, seq, emoji)
             WHERE c.room_id = k.room_id AND c.seq = k.seq AND c.emoji = k.emoji"
        );
        sqlx::query(&sql)
            .bind(column(&gone, |(room, _, _)| room.0))
            .bind(column(&gone, |(_, seq, _)| signed(*seq)))
            .bind(column(&gone, |(_, _, emoji)| emoji.clone()))
            .execute(&mut *connection)
            .await?;
    }
    let counted: Vec<_> = batch.emoji_counts.changed().collect();
    if counted.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO {schema}.reaction_counts (room_id, seq, emoji, count, position)
         SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[])
         ON CONFLICT (room_id, seq, emoji) DO UPDATE SET count = excluded.count, position = excluded.position"
    );
    sqlx::query(&sql)
        .bind(column(&counted, |((room, _, _), _)| room.0))
        .bind(column(&counted, |((_, seq, _), _)| signed(*seq)))
        .bind(column(&counted, |((_, _, emoji), _)| emoji.clone()))
        .bind(column(&counted, |(_, one)| signed(one.count)))
        .bind(column(&counted, |(_, one)| signed(one.position.0)))
        .execute(connection)
        .await?;
    Ok(())
}
