//! A batch of changes of what is found into the schema: load what they touch, play them out, write.

use aggregates::ids::{MessageId, RoomId, UserId};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::columns::{maybe_user, moment, number, position, user};
use super::{quick, search_erasing};
use crate::search::batch::SearchBatch;
use crate::search::project::SearchChange;
use crate::search::rows::Entry;
use crate::search::words::tokens;
use crate::store::Step;
use crate::store::names::signed;

const COLUMNS: &str =
    "position, message_id, room_id, seq, sender_id, author_id, sent_at, has_attachment, deleted, worded";
/// The columns of a table `k` made of [`arrays`].
const ROWS: &str = "k.position, k.message_id, k.room_id, k.seq, k.sender_id, k.author_id, k.sent_at, k.has_attachment,
    k.deleted, k.worded, k.tokens::tsvector";
const NAMED: &str = "k (position, message_id, room_id, seq, sender_id, author_id, sent_at, has_attachment, deleted,
    worded, tokens)";

pub(super) async fn write(connection: &mut PgConnection, schema: &str, changes: Vec<SearchChange>) -> sqlx::Result<()> {
    let mut batch = SearchBatch::wanting(&changes);
    load(connection, schema, &mut batch).await?;
    batch.play(changes);
    let (mut new, mut stored) = (Vec::new(), Vec::new());
    for (entry, is_stored) in batch.changed() {
        if is_stored { stored.push(entry) } else { new.push(entry) }
    }
    insert(connection, schema, &new).await?;
    replace(connection, schema, &stored).await?;
    search_erasing::note_unless_indexed(connection, schema, &batch.erased).await
}

async fn load(connection: &mut PgConnection, schema: &str, batch: &mut SearchBatch) -> sqlx::Result<()> {
    let keys: Vec<(RoomId, u64)> = batch.entries.unknown().copied().collect();
    if keys.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM unnest($1::uuid[], $2::bigint[]) k (asked_room, asked_seq)
         CROSS JOIN LATERAL (SELECT * FROM {schema}.entries WHERE room_id = k.asked_room AND seq = k.asked_seq LIMIT 1) e"
    );
    let found = sqlx::query(&sql)
        .bind(keys.iter().map(|(room, _)| room.0).collect::<Vec<_>>())
        .bind(keys.iter().map(|(_, seq)| signed(*seq)).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    for row in &found {
        let entry = entry(row)?;
        batch.entries.load((entry.room_id, entry.seq), entry);
    }
    Ok(())
}

fn entry(row: &PgRow) -> sqlx::Result<Entry> {
    Ok(Entry {
        position: position(row, 0)?,
        message_id: MessageId(row.try_get(1)?),
        room_id: RoomId(row.try_get(2)?),
        seq: number(row, 3)?,
        sender_id: user(row, 4)?,
        author_id: maybe_user(row, 5)?,
        sent_at: moment(row, 6)?,
        has_attachment: row.try_get(7)?,
        deleted: row.try_get(8)?,
        worded: position(row, 9)?,
        words: None,
    })
}

async fn insert(connection: &mut PgConnection, schema: &str, entries: &[&Entry]) -> sqlx::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let sql = format!("INSERT INTO {schema}.entries SELECT {ROWS} FROM {} {NAMED}", arrays(1));
    bind(sqlx::query(&sql), entries).execute(connection).await?;
    Ok(())
}

async fn replace(connection: &mut PgConnection, schema: &str, entries: &[&Entry]) -> sqlx::Result<()> {
    let reworded: Vec<&Entry> = entries.iter().copied().filter(|entry| entry.words.is_some()).collect();
    if reworded.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "UPDATE {schema}.entries e SET author_id = k.author_id, deleted = k.deleted, worded = k.worded,
         tokens = k.tokens::tsvector FROM {} {NAMED} WHERE e.position = k.position",
        arrays(1)
    );
    bind(sqlx::query(&sql), &reworded).execute(connection).await?;
    Ok(())
}

/// Messages and nothing else, as [`quick::write`] does it: one that is there already stays as it is.
pub(super) async fn add(
    connection: &mut PgConnection,
    schema: &str,
    step: &Step,
    entries: &[&Entry],
) -> sqlx::Result<bool> {
    let sql = format!(
        "WITH {claim}, added AS (INSERT INTO {schema}.entries SELECT {ROWS} FROM claimed, {arrays} {NAMED}
         ON CONFLICT DO NOTHING) SELECT EXISTS (SELECT FROM claimed)",
        claim = quick::claim(schema),
        arrays = arrays(4)
    );
    let claiming = sqlx::query(&sql).bind(signed(step.from.0)).bind(signed(step.to.0)).bind(step.log.0);
    bind(claiming, entries).fetch_one(connection).await?.try_get(0)
}

/// Takes eleven parameters from `first` on.
fn arrays(first: usize) -> String {
    const TYPES: [&str; 11] =
        ["bigint", "uuid", "uuid", "bigint", "text", "text", "bigint", "boolean", "boolean", "bigint", "text"];
    let array = |(nth, kind): (usize, &str)| format!("${}::{kind}[]", first + nth);
    format!("unnest({})", TYPES.into_iter().enumerate().map(array).collect::<Vec<_>>().join(", "))
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;

fn bind<'q>(query: Query<'q>, entries: &[&'q Entry]) -> Query<'q> {
    query
        .bind(entries.iter().map(|entry| signed(entry.position.0)).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.message_id.0).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.room_id.0).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| signed(entry.seq)).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.sender_id.as_str()).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.author_id.as_ref().map(UserId::as_str)).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.sent_at.as_millis()).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.has_attachment).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| entry.deleted).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| signed(entry.worded.0)).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| vector(entry)).collect::<Vec<_>>())
}

/// A `tsvector` as text. Tokens are letters, digits, marks and colons, so quotation marks are all they need.
fn vector(entry: &Entry) -> String {
    let tokens = tokens(entry.place(), entry.words.as_deref().unwrap_or_default());
    tokens.into_iter().map(|token| format!("'{token}'")).collect::<Vec<_>>().join(" ")
}
