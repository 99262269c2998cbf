//! What a batch of inbox changes came to, written: one statement per table, rows as arrays.

use aggregates::ids::UserId;
use event_log::Position;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{erasing, inbox_marks, reports};
use crate::inbox::FileRow;
use crate::inbox::batch::{Directed, InboxBatch, Since, Words, late_comers};
use crate::inbox::changes::SaidMessage;
use crate::store::names::{policy_name, signed};
use crate::store::touched::Touched;
use crate::text::folded;

/// What the rows came to; messages are apart. `from`: where the transaction began.
pub(super) async fn save(
    connection: &mut PgConnection,
    schema: &str,
    batch: &InboxBatch,
    from: Position,
) -> sqlx::Result<()> {
    save_rooms(connection, schema, batch).await?;
    save_stays(connection, schema, batch).await?;
    save_readers(connection, schema, batch).await?;
    save_people(connection, schema, batch).await?;
    save_since(connection, &format!("{schema}.follows"), "followed_at", &batch.follows).await?;
    save_since(connection, &format!("{schema}.blocks"), "blocked_at", &batch.blocks).await?;
    save_counts(connection, schema, batch).await?;
    inbox_marks::save(connection, schema, batch).await?;
    reports::save(connection, schema, batch).await?;
    erasing::write(connection, schema, &batch.erased, from).await
}

/// One column of the rows to write, as an array.
pub(super) fn column<R, T>(rows: &[R], value: impl Fn(&R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}

async fn save_rooms(connection: &mut PgConnection, schema: &str, batch: &InboxBatch) -> sqlx::Result<()> {
    let rows: Vec<_> = batch.rooms.changed().collect();
    if rows.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO {schema}.rooms (room_id, kind, name, name_folded, named_by, named_position, avatar, pictured_by, pictured_position,
         opened_by, group_id, first_id, second_id, closed, join_policy, history_from, slow_mode_seconds,
         participant_count, last_seq, last_tombstone_seq, last_position, last_message_at, last_message,
         last_words_by, last_words_position, last_deleted, position, created_at, updated_at)
         SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[],
         $9::bigint[], $10::text[], $11::text[], $12::text[], $13::text[], $14::boolean[], $15::text[],
         $16::text[], $17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[], $21::bigint[],
         $22::bigint[], $23::text[], $24::text[], $25::bigint[], $26::boolean[], $27::bigint[],
         $28::bigint[], $29::bigint[])
         ON CONFLICT (room_id) DO UPDATE SET kind = excluded.kind, name = excluded.name, name_folded = excluded.name_folded,
         named_by = excluded.named_by, named_position = excluded.named_position, avatar = excluded.avatar,
         pictured_by = excluded.pictured_by, pictured_position = excluded.pictured_position,
         opened_by = excluded.opened_by, group_id = excluded.group_id, first_id = excluded.first_id,
         second_id = excluded.second_id, closed = excluded.closed, join_policy = excluded.join_policy,
         history_from = excluded.history_from, slow_mode_seconds = excluded.slow_mode_seconds,
         participant_count = excluded.participant_count, last_seq = excluded.last_seq,
         last_tombstone_seq = excluded.last_tombstone_seq, last_position = excluded.last_position,
         last_message_at = excluded.last_message_at, last_message = excluded.last_message,
         last_words_by = excluded.last_words_by, last_words_position = excluded.last_words_position,
         last_deleted = excluded.last_deleted, position = excluded.position,
         created_at = excluded.created_at, updated_at = excluded.updated_at"
    );
    sqlx::query(&sql)
        .bind(column(&rows, |(id, _)| id.0))
        .bind(column(&rows, |(_, room)| room.kind.name()))
        .bind(column(&rows, |(_, room)| room.name.words.as_deref()))
        .bind(column(&rows, |(_, room)| folded(room.name.words.as_deref().unwrap_or_default())))
        .bind(column(&rows, |(_, room)| by(&room.name)))
        .bind(column(&rows, |(_, room)| signed(room.name.position.0)))
        .bind(column(&rows, |(_, room)| room.avatar.words.as_deref()))
        .bind(column(&rows, |(_, room)| by(&room.avatar)))
        .bind(column(&rows, |(_, room)| signed(room.avatar.position.0)))
        .bind(column(&rows, |(_, room)| room.opened_by.as_str()))
        .bind(column(&rows, |(_, room)| room.group_id.as_deref()))
        .bind(column(&rows, |(_, room)| room.pair.as_ref().map(|(first, _)| first.as_str())))
        .bind(column(&rows, |(_, room)| room.pair.as_ref().map(|(_, second)| second.as_str())))
        .bind(column(&rows, |(_, room)| room.closed))
        .bind(column(&rows, |(_, room)| policy_name(room.join_policy)))
        .bind(column(&rows, |(_, room)| room.history_from.name()))
        .bind(column(&rows, |(_, room)| i64::from(room.slow_mode_seconds)))
        .bind(column(&rows, |(_, room)| signed(room.participant_count)))
        .bind(column(&rows, |(_, room)| signed(room.last_seq)))
        .bind(column(&rows, |(_, room)| signed(room.last_tombstone_seq)))
        .bind(column(&rows, |(_, room)| signed(room.last_position.0)))
        .bind(column(&rows, |(_, room)| room.last_message_at.map(|at| at.as_millis())))
        .bind(column(&rows, |(_, room)| room.last_message.words.as_deref()))
        .bind(column(&rows, |(_, room)| by(&room.last_message)))
        .bind(column(&rows, |(_, room)| signed(room.last_message.position.0)))
        .bind(column(&rows, |(_, room)| room.last_deleted))
        .bind(column(&rows, |(_, room)| signed(room.position.0)))
        .bind(column(&rows, |(_, room)| room.created_at.as_millis()))
        .bind(column(&rows, |(_, room)| room.updated_at.as_millis()))
        .execute(connection)
        .await?;
    Ok(())
}

fn by(words: &Words) -> Option<&str> {
    words.by.as_ref().map(UserId::as_str)
}

/// Ended stays first, in a statement of their own: a stay that begins meets the unique index of those who are in now.
async fn save_stays(connection: &mut PgConnection, schema: &str, batch: &InboxBatch) -> sqlx::Result<()> {
    let sql = format!(
        "INSERT INTO {schema}.members (room_id, user_id, from_position, to_position, role, join_seq, joined_at)
         SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[],
         $7::bigint[])
         ON CONFLICT (room_id, user_id, from_position)
         DO UPDATE SET to_position = excluded.to_position, role = excluded.role"
    );
    let (ended, open): (Vec<_>, Vec<_>) = batch.stays.iter().partition(|(_, stay)| stay.to.is_some());
    for rows in [ended, open] {
        if rows.is_empty() {
            continue;
        }
        sqlx::query(&sql)
            .bind(column(&rows, |((room, _, _), _)| room.0))
            .bind(column(&rows, |((_, user, _), _)| user.as_str()))
            .bind(column(&rows, |((_, _, from), _)| signed(from.0)))
            .bind(column(&rows, |(_, stay)| stay.to.map(|to| signed(to.0))))
            .bind(column(&rows, |(_, stay)| stay.role.name()))
            .bind(column(&rows, |(_, stay)| signed(stay.join_seq)))
            .bind(column(&rows, |(_, stay)| stay.joined_at.as_millis()))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn save_readers(connection: &mut PgConnection, schema: &str, batch: &InboxBatch) -> sqlx::Result<()> {
    let rows: Vec<_> = batch.readers.changed().collect();
    if rows.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO {schema}.participants (room_id, user_id, read_seq, last_read_at, active_position, delivered_seq,
         delivered_at, muted, muted_until, pinned, archived_seq, seen_seq)
         SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
         $7::bigint[], $8::boolean[], $9::bigint[], $10::boolean[], $11::bigint[], $12::bigint[])
         ON CONFLICT (room_id, user_id) DO UPDATE SET read_seq = excluded.read_seq,
         last_read_at = excluded.last_read_at, active_position = excluded.active_position,
         delivered_seq = excluded.delivered_seq, delivered_at = excluded.delivered_at, muted = excluded.muted,
         muted_until = excluded.muted_until, pinned = excluded.pinned, archived_seq = excluded.archived_seq,
         seen_seq = excluded.seen_seq"
    );
    sqlx::query(&sql)
        .bind(column(&rows, |((room, _), _)| room.0))
        .bind(column(&rows, |((_, user), _)| user.as_str()))
        .bind(column(&rows, |(_, reader)| signed(reader.read_seq)))
        .bind(column(&rows, |(_, reader)| reader.last_read_at.map(|at| at.as_millis())))
        .bind(column(&rows, |(_, reader)| reader.active_position))
        .bind(column(&rows, |(_, reader)| signed(reader.delivered_seq)))
        .bind(column(&rows, |(_, reader)| reader.delivered_at.map(|at| at.as_millis())))
        .bind(column(&rows, |(_, reader)| reader.muted.is_some()))
        .bind(column(&rows, |(_, reader)| reader.muted.and_then(|mute| mute.until).map(|until| until.as_millis())))
        .bind(column(&rows, |(_, reader)| reader.pinned))
        .bind(column(&rows, |(_, reader)| reader.archived_seq.map(signed)))
        .bind(column(&rows, |(_, reader)| signed(reader.seen_seq)))
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn save_messages(
    connection: &mut PgConnection,
    schema: &str,
    rows: &[SaidMessage],
) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    // A message id or seq that is taken cannot come from our rules; the first one stays.
    let sql = format!(
        "INSERT INTO {schema}.messages (position, message_id, room_id, seq, sender_id, kind, content,
         attachment_url, attachment_type, reply_to, forwarded_room_id, forwarded_message_id, forwarded_author_id,
         client_message_id, created_at, attached_file)
         SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::text[],
         $7::text[], $8::text[], $9::text[], $10::uuid[], $11::uuid[], $12::uuid[], $13::text[], $14::text[],
         $15::bigint[], $16::text[])
         ON CONFLICT DO NOTHING"
    );
    sqlx::query(&sql)
        .bind(column(rows, |row| signed(row.position.0)))
        .bind(column(rows, |row| row.id.0))
        .bind(column(rows, |row| row.room_id.0))
        .bind(column(rows, |row| signed(row.seq)))
        .bind(column(rows, |row| row.sender_id.to_string()))
        .bind(column(rows, |row| row.kind.name()))
        .bind(column(rows, |row| row.content.clone()))
        .bind(column(rows, |row| row.attachment_url.clone()))
        .bind(column(rows, |row| row.attachment_type.clone()))
        .bind(column(rows, |row| row.reply_to.map(|id| id.0)))
        .bind(column(rows, |row| row.forwarded.as_ref().map(|forwarded| forwarded.room_id.0)))
        .bind(column(rows, |row| row.forwarded.as_ref().map(|forwarded| forwarded.message_id.0)))
        .bind(column(rows, |row| row.forwarded.as_ref().map(|forwarded| forwarded.author_id.to_string())))
        .bind(column(rows, |row| row.client_message_id.clone()))
        .bind(column(rows, |row| row.created_at.as_millis()))
        .bind(column(rows, |row| row.attached_file.as_ref().map(FileRow::column)))
        .execute(connection)
        .await?;
    Ok(())
}

async fn save_people(connection: &mut PgConnection, schema: &str, batch: &InboxBatch) -> sqlx::Result<()> {
    let gone: Vec<&str> =
        batch.people.iter().filter(|(_, person)| person.is_none()).map(|(user, _)| user.as_str()).collect();
    if !gone.is_empty() {
        let sql = format!("DELETE FROM {schema}.users WHERE user_id = ANY($1)");
        sqlx::query(&sql).bind(gone).execute(&mut *connection).await?;
    }
    let rows: Vec<_> =
        batch.people.iter().filter_map(|(user, person)| person.as_ref().map(|person| (user, person))).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO {schema}.users (user_id, name, username, avatar, email, role, folded, locale, time_zone)
         SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
         $8::text[], $9::text[])
         ON CONFLICT (user_id) DO UPDATE SET name = excluded.name, username = excluded.username,
         avatar = excluded.avatar, email = excluded.email, role = excluded.role, folded = excluded.folded,
         locale = excluded.locale, time_zone = excluded.time_zone"
    );
    sqlx::query(&sql)
        .bind(column(&rows, |(user, _)| user.as_str()))
        .bind(column(&rows, |(_, person)| person.name.as_deref()))
        .bind(column(&rows, |(_, person)| person.username.as_deref()))
        .bind(column(&rows, |(_, person)| person.avatar.as_deref()))
        .bind(column(&rows, |(_, person)| person.email.as_deref()))
        .bind(column(&rows, |(_, person)| person.role.as_deref()))
        .bind(column(&rows, |(_, person)| person.folded()))
        .bind(column(&rows, |(_, person)| person.locale.as_deref()))
        .bind(column(&rows, |(_, person)| person.time_zone.as_deref()))
        .execute(connection)
        .await?;
    Ok(())
}

async fn save_since(
    connection: &mut PgConnection,
    table: &str,
    at: &str,
    rows: &Touched<Directed, Since>,
) -> sqlx::Result<()> {
    let removed: Vec<_> = rows.removed().collect();
    if !removed.is_empty() {
        let sql = format!(
            "DELETE FROM {table} t USING unnest($1::text[], $2::text[]) k (from_id, to_id)
             WHERE t.from_id = k.from_id AND t.to_id = k.to_id"
        );
        sqlx::query(&sql)
            .bind(column(&removed, |(from, _)| from.as_str()))
            .bind(column(&removed, |(_, to)| to.as_str()))
            .execute(&mut *connection)
            .await?;
    }
    let changed: Vec<_> = rows.changed().collect();
    if changed.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO {table} (from_id, to_id, position, {at})
         SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
         ON CONFLICT (from_id, to_id) DO UPDATE SET position = excluded.position, {at} = excluded.{at}"
    );
    sqlx::query(&sql)
        .bind(column(&changed, |((from, _), _)| from.as_str()))
        .bind(column(&changed, |((_, to), _)| to.as_str()))
        .bind(column(&changed, |(_, since)| signed(since.position.0)))
        .bind(column(&changed, |(_, since)| since.at.as_millis()))
        .execute(connection)
        .await?;
    Ok(())
}

async fn save_counts(connection: &mut PgConnection, schema: &str, batch: &InboxBatch) -> sqlx::Result<()> {
    let rows: Vec<_> = batch.follow_counts.changed().collect();
    if rows.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO {schema}.follow_counts (user_id, followers, following)
         SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[])
         ON CONFLICT (user_id) DO UPDATE SET followers = excluded.followers, following = excluded.following"
    );
    sqlx::query(&sql)
        .bind(column(&rows, |(user, _)| user.as_str()))
        .bind(column(&rows, |(_, counts)| signed(counts.followers)))
        .bind(column(&rows, |(_, counts)| signed(counts.following)))
        .execute(connection)
        .await?;
    Ok(())
}

/// What the unique indexes of messages would have kept out while the rows were written without them: of those that
/// share an id or a place in a room, the first stays.
pub(super) async fn keep_first_messages(connection: &mut PgConnection) -> sqlx::Result<()> {
    const SHARED: &str = "SELECT position, message_id, room_id, seq FROM messages
        WHERE message_id IN (SELECT message_id FROM messages GROUP BY message_id HAVING count(*) > 1)
        OR (room_id, seq) IN (SELECT room_id, seq FROM messages GROUP BY room_id, seq HAVING count(*) > 1)
        ORDER BY position";
    let rows: Vec<(i64, Uuid, Uuid, i64)> =
        sqlx::query_as(SHARED).persistent(false).fetch_all(&mut *connection).await?;
    sqlx::query("DELETE FROM messages WHERE position = ANY($1)")
        .persistent(false)
        .bind(late_comers(rows))
        .execute(connection)
        .await?;
    Ok(())
}
