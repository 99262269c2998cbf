//! A batch of feed changes into the schema: load what they touch, play them out, mark what feed reads sweep, write.

use std::collections::BTreeMap;

use aggregates::ids::{NotificationId, UserId};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use super::choices;
use super::columns::{maybe_moment, maybe_user, moment, named, number, position, user};
use crate::feed::NotificationRow;
use crate::feed::batch::{FeedBatch, Sweep};
use crate::feed::project::FeedChange;
use crate::store::names::{notification_type, signed};

/// Read by [`notification`].
pub(super) const COLUMNS: &str =
    "notification_id, recipient_id, kind, actor_id, source_type, source_id, read_at, created_at, position";

pub(super) fn notification(row: &PgRow) -> sqlx::Result<NotificationRow> {
    Ok(NotificationRow {
        id: NotificationId(row.try_get(0)?),
        recipient_id: user(row, 1)?,
        kind: named(row, 2, notification_type)?,
        actor_id: maybe_user(row, 3)?,
        source_type: row.try_get(4)?,
        source_id: row.try_get(5)?,
        read_at: maybe_moment(row, 6)?,
        created_at: moment(row, 7)?,
        position: position(row, 8)?,
    })
}

pub(super) async fn write(connection: &mut PgConnection, schema: &str, changes: Vec<FeedChange>) -> sqlx::Result<()> {
    let mut batch = FeedBatch::wanting(&changes);
    load_notifications(connection, schema, &mut batch).await?;
    choices::load(connection, schema, &mut batch.choices).await?;
    batch.play(changes);
    load_counters(connection, schema, &mut batch).await?;
    let swept = sweep(connection, schema, &batch.sweeps).await?;
    batch.count(&swept);
    choices::save(connection, schema, &batch.choices).await?;
    save_notifications(connection, schema, &batch).await?;
    save_counters(connection, schema, &batch).await
}

async fn load_notifications(connection: &mut PgConnection, schema: &str, batch: &mut FeedBatch) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = batch.notifications.unknown().map(|id| id.0).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let sql = format!("SELECT {COLUMNS} FROM {schema}.notifications WHERE notification_id = ANY($1)");
    for row in sqlx::query(&sql).bind(ids).fetch_all(connection).await? {
        batch.load(notification(&row)?);
    }
    Ok(())
}

async fn load_counters(connection: &mut PgConnection, schema: &str, batch: &mut FeedBatch) -> sqlx::Result<()> {
    let recipients: Vec<String> = batch.unread.unknown().map(ToString::to_string).collect();
    if recipients.is_empty() {
        return Ok(());
    }
    let sql = format!("SELECT recipient_id, unread FROM {schema}.feeds WHERE recipient_id = ANY($1)");
    for row in sqlx::query(&sql).bind(recipients).fetch_all(connection).await? {
        batch.unread.load(user(&row, 0)?, number(&row, 1)?);
    }
    Ok(())
}

/// Marks stored rows as feed reads ask, and says how many of each recipient.
///
/// One statement for all recipients; a recipient with several reads in the batch takes part in several statements.
async fn sweep(
    connection: &mut PgConnection,
    schema: &str,
    sweeps: &BTreeMap<UserId, Vec<Sweep>>,
) -> sqlx::Result<BTreeMap<UserId, u64>> {
    let sql = format!(
        "WITH marked AS (
             UPDATE {schema}.notifications n SET read_at = k.at
             FROM unnest($1::text[], $2::bigint[], $3::bigint[]) k (recipient_id, up_to, at)
             WHERE n.recipient_id = k.recipient_id AND n.position <= k.up_to AND n.read_at IS NULL
             RETURNING n.recipient_id)
         SELECT recipient_id, count(*) FROM marked GROUP BY recipient_id"
    );
    let mut swept = BTreeMap::new();
    let waves = sweeps.values().map(Vec::len).max().unwrap_or(0);
    for wave in 0..waves {
        let (mut recipients, mut up_to, mut at) = (Vec::new(), Vec::new(), Vec::new());
        for (recipient, sweeps) in sweeps {
            if let Some(sweep) = sweeps.get(wave) {
                recipients.push(recipient.as_str());
                up_to.push(signed(sweep.up_to.0));
                at.push(sweep.at.as_millis());
            }
        }
        let marked = sqlx::query(&sql).bind(recipients).bind(up_to).bind(at).fetch_all(&mut *connection).await?;
        for row in marked {
            *swept.entry(user(&row, 0)?).or_insert(0) += number(&row, 1)?;
        }
    }
    Ok(swept)
}

async fn save_notifications(connection: &mut PgConnection, schema: &str, batch: &FeedBatch) -> sqlx::Result<()> {
    let rows: Vec<&NotificationRow> = batch.notifications.changed().map(|(_, row)| row).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO {schema}.notifications ({COLUMNS})
         SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[],
         $8::bigint[], $9::bigint[])
         ON CONFLICT (notification_id) DO UPDATE SET read_at = excluded.read_at"
    );
    sqlx::query(&sql)
        .bind(rows.iter().map(|row| row.id.0).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.recipient_id.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.kind.name()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.actor_id.as_ref().map(UserId::as_str)).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.source_type.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.source_id.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.read_at.map(|at| at.as_millis())).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.created_at.as_millis()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| signed(row.position.0)).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

async fn save_counters(connection: &mut PgConnection, schema: &str, batch: &FeedBatch) -> sqlx::Result<()> {
    let gone: Vec<&str> = batch.unread.removed().map(UserId::as_str).collect();
    if !gone.is_empty() {
        let sql = format!("DELETE FROM {schema}.feeds WHERE recipient_id = ANY($1)");
        sqlx::query(&sql).bind(gone).execute(&mut *connection).await?;
    }
    let rows: Vec<_> = batch.unread.changed().collect();
    if rows.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO {schema}.feeds (recipient_id, unread) SELECT * FROM unnest($1::text[], $2::bigint[])
         ON CONFLICT (recipient_id) DO UPDATE SET unread = excluded.unread"
    );
    sqlx::query(&sql)
        .bind(rows.iter().map(|(user, _)| user.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, unread)| signed(**unread)).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}
