//! A batch of feed changes into the schema: load what they touch, play them out, delete what the erased had, mark what feed
//! reads sweep, write.

use std::collections::BTreeMap;

use aggregates::Timestamp;
use aggregates::ids::{NotificationId, RoomId, UserId};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{Arguments, PgConnection, Row};
use uuid::Uuid;

use super::columns::{maybe_moment, maybe_user, moment, named, nonsense, number, position, user};
use super::{choices, feed_erasing};
use crate::feed::batch::{FeedBatch, Sweep};
use crate::feed::project::FeedChange;
use crate::feed::rows::related_column;
use crate::feed::{DeliveryRow, NotificationRow};
use crate::store::names::{channel, delivery_state, maybe_topic, notification_type, related, short, signed};

/// Read by [`notification`], bound by [`bind_notifications`].
pub(super) const COLUMNS: &str = "notification_id, recipient_id, kind, actor_id, source_type, source_id, related, content, \
    locale, critical, topic_kind, target_id, room_id, in_feed, read_at, clicked_at, archived_at, created_at, position";
/// Their types, as arrays.
const TYPES: [&str; 19] = [
    "uuid", "text", "text", "text", "text", "text", "text", "text", "text", "boolean", "text", "text", "uuid",
    "boolean", "bigint", "bigint", "bigint", "bigint", "bigint",
];
/// How many those are.
pub(super) const WIDTH: usize = TYPES.len();
/// Read by [`delivery`], bound by [`bind_deliveries`].
pub(super) const DELIVERY_COLUMNS: &str = "notification_id, channel, recipient_id, state, reason, due, attempts, provider, \
    provider_id, accepted_at, position";
const DELIVERY_TYPES: [&str; 11] =
    ["uuid", "text", "text", "text", "text", "bigint", "bigint", "text", "text", "bigint", "bigint"];
/// How many those are.
pub(super) const DELIVERY_WIDTH: usize = DELIVERY_TYPES.len();

/// From the column `first` on.
pub(super) fn notification(row: &PgRow, first: usize) -> sqlx::Result<NotificationRow> {
    let (kind, target): (Option<&str>, Option<&str>) = (row.try_get(first + 10)?, row.try_get(first + 11)?);
    Ok(NotificationRow {
        id: NotificationId(row.try_get(first)?),
        recipient_id: user(row, first + 1)?,
        kind: named(row, first + 2, notification_type)?,
        actor_id: maybe_user(row, first + 3)?,
        source_type: row.try_get(first + 4)?,
        source_id: row.try_get(first + 5)?,
        related: related(row.try_get(first + 6)?).map_err(nonsense(first + 6))?,
        content: row.try_get(first + 7)?,
        locale: row.try_get(first + 8)?,
        critical: row.try_get(first + 9)?,
        topic: maybe_topic(kind, target).map_err(nonsense(first + 10))?,
        room_id: row.try_get::<Option<Uuid>, _>(first + 12)?.map(RoomId),
        in_feed: row.try_get(first + 13)?,
        read_at: maybe_moment(row, first + 14)?,
        clicked_at: maybe_moment(row, first + 15)?,
        archived_at: maybe_moment(row, first + 16)?,
        created_at: moment(row, first + 17)?,
        position: position(row, first + 18)?,
    })
}

pub(super) fn delivery(row: &PgRow) -> sqlx::Result<DeliveryRow> {
    Ok(DeliveryRow {
        notification_id: NotificationId(row.try_get(0)?),
        channel: named(row, 1, channel)?,
        recipient_id: user(row, 2)?,
        state: named(row, 3, delivery_state)?,
        reason: row.try_get(4)?,
        due: maybe_moment(row, 5)?,
        attempts: short(number(row, 6)?),
        provider: row.try_get(7)?,
        provider_id: row.try_get(8)?,
        accepted_at: maybe_moment(row, 9)?,
        position: position(row, 10)?,
    })
}

pub(super) async fn write(connection: &mut PgConnection, schema: &str, changes: Vec<FeedChange>) -> sqlx::Result<()> {
    let mut batch = FeedBatch::wanting(&changes);
    load_notifications(connection, schema, &mut batch).await?;
    load_deliveries(connection, schema, &mut batch).await?;
    choices::load(connection, schema, &mut batch.choices).await?;
    batch.play(changes);
    load_counters(connection, schema, &mut batch).await?;
    feed_erasing::write(connection, schema, &batch.choices.erased).await?;
    let swept = sweep(connection, schema, &batch.sweeps).await?;
    batch.count(&swept);
    choices::save(connection, schema, &batch.choices).await?;
    save_notifications(connection, schema, &batch).await?;
    save_deliveries(connection, schema, &batch).await?;
    save_counters(connection, schema, &batch).await
}

async fn load_notifications(connection: &mut PgConnection, schema: &str, batch: &mut FeedBatch) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = batch.notifications.unknown().map(|id| id.0).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let sql = format!("SELECT {COLUMNS} FROM {schema}.notifications WHERE notification_id = ANY($1)");
    for row in sqlx::query(&sql).bind(ids).fetch_all(connection).await? {
        batch.load(notification(&row, 0)?);
    }
    Ok(())
}

async fn load_deliveries(connection: &mut PgConnection, schema: &str, batch: &mut FeedBatch) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = batch.delivered().map(|id| id.0).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let sql = format!("SELECT {DELIVERY_COLUMNS} FROM {schema}.deliveries WHERE notification_id = ANY($1)");
    for row in sqlx::query(&sql).bind(ids).fetch_all(connection).await? {
        let row = delivery(&row)?;
        batch.deliveries.load((row.notification_id, row.channel), row);
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
             WHERE n.recipient_id = k.recipient_id AND n.position <= k.up_to AND n.in_feed AND n.read_at IS NULL
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
    if batch.notifications.changed().next().is_none() {
        return Ok(());
    }
    let others: Vec<String> =
        COLUMNS.split(", ").skip(1).map(|column| format!("{column} = excluded.{column}")).collect();
    let sql = format!(
        "INSERT INTO {schema}.notifications ({COLUMNS}) SELECT * FROM {rows}
         ON CONFLICT (notification_id) DO UPDATE SET {others}",
        rows = notification_arrays(1),
        others = others.join(", ")
    );
    let mut values = PgArguments::default();
    bind_notifications(&mut values, batch)?;
    sqlx::query_with(&sql, values).execute(connection).await?;
    Ok(())
}

async fn save_deliveries(connection: &mut PgConnection, schema: &str, batch: &FeedBatch) -> sqlx::Result<()> {
    let gone: Vec<_> = batch.deliveries.removed().collect();
    if !gone.is_empty() {
        let sql = format!(
            "DELETE FROM {schema}.deliveries d USING unnest($1::uuid[], $2::text[]) k (notification_id, channel)
             WHERE d.notification_id = k.notification_id AND d.channel = k.channel"
        );
        sqlx::query(&sql)
            .bind(gone.iter().map(|(id, _)| id.0).collect::<Vec<_>>())
            .bind(gone.iter().map(|(_, channel)| channel.name()).collect::<Vec<_>>())
            .execute(&mut *connection)
            .await?;
    }
    if batch.deliveries.changed().next().is_none() {
        return Ok(());
    }
    let others: Vec<String> =
        DELIVERY_COLUMNS.split(", ").skip(2).map(|column| format!("{column} = excluded.{column}")).collect();
    let sql = format!(
        "INSERT INTO {schema}.deliveries ({DELIVERY_COLUMNS}) SELECT * FROM {rows}
         ON CONFLICT (notification_id, channel) DO UPDATE SET {others}",
        rows = delivery_arrays(1),
        others = others.join(", ")
    );
    let mut values = PgArguments::default();
    bind_deliveries(&mut values, batch)?;
    sqlx::query_with(&sql, values).execute(connection).await?;
    Ok(())
}

/// The rows of [`bind_notifications`], whose first parameter is `first`.
pub(super) fn notification_arrays(first: usize) -> String {
    arrays(&TYPES, first)
}

/// The rows of [`bind_deliveries`], whose first parameter is `first`.
pub(super) fn delivery_arrays(first: usize) -> String {
    arrays(&DELIVERY_TYPES, first)
}

fn arrays(types: &[&str], first: usize) -> String {
    let parameter = |(nth, kind): (usize, &&str)| format!("${}::{kind}[]", first + nth);
    format!("unnest({})", types.iter().enumerate().map(parameter).collect::<Vec<_>>().join(", "))
}

/// A column, or a parameter before them.
pub(super) fn add<'q, T>(values: &mut PgArguments, column: T) -> sqlx::Result<()>
where
    T: sqlx::Encode<'q, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + 'q,
{
    values.add(column).map_err(sqlx::Error::Encode)
}

/// An array for each of [`COLUMNS`], of the rows that changed.
pub(super) fn bind_notifications(values: &mut PgArguments, batch: &FeedBatch) -> sqlx::Result<()> {
    let rows: Vec<&NotificationRow> = batch.notifications.changed().map(|(_, row)| row).collect();
    let rows = || rows.iter();
    let millis = |at: Option<Timestamp>| at.map(Timestamp::as_millis);
    add(values, rows().map(|row| row.id.0).collect::<Vec<_>>())?;
    add(values, rows().map(|row| row.recipient_id.as_str()).collect::<Vec<_>>())?;
    add(values, rows().map(|row| row.kind.name()).collect::<Vec<_>>())?;
    add(values, rows().map(|row| row.actor_id.as_ref().map(UserId::as_str)).collect::<Vec<_>>())?;
    add(values, rows().map(|row| row.source_type.as_str()).collect::<Vec<_>>())?;
    add(values, rows().map(|row| row.source_id.as_str()).collect::<Vec<_>>())?;
    add(values, rows().map(|row| related_column(&row.related)).collect::<Vec<_>>())?;
    add(values, rows().map(|row| row.content.as_deref()).collect::<Vec<_>>())?;
    add(values, rows().map(|row| row.locale.as_deref()).collect::<Vec<_>>())?;
    add(values, rows().map(|row| row.critical).collect::<Vec<_>>())?;
    add(values, rows().map(|row| row.topic.as_ref().map(|topic| topic.kind.name())).collect::<Vec<_>>())?;
    add(values, rows().map(|row| row.topic.as_ref().map(|topic| topic.target_id.as_str())).collect::<Vec<_>>())?;
    add(values, rows().map(|row| row.room_id.map(|room| room.0)).collect::<Vec<_>>())?;
    add(values, rows().map(|row| row.in_feed).collect::<Vec<_>>())?;
    add(values, rows().map(|row| millis(row.read_at)).collect::<Vec<_>>())?;
    add(values, rows().map(|row| millis(row.clicked_at)).collect::<Vec<_>>())?;
    add(values, rows().map(|row| millis(row.archived_at)).collect::<Vec<_>>())?;
    add(values, rows().map(|row| row.created_at.as_millis()).collect::<Vec<_>>())?;
    add(values, rows().map(|row| signed(row.position.0)).collect::<Vec<_>>())
}

/// An array for each of [`DELIVERY_COLUMNS`], of the rows that changed.
pub(super) fn bind_deliveries(values: &mut PgArguments, batch: &FeedBatch) -> sqlx::Result<()> {
    let rows: Vec<&DeliveryRow> = batch.deliveries.changed().map(|(_, row)| row).collect();
    let rows = || rows.iter();
    let millis = |at: Option<Timestamp>| at.map(Timestamp::as_millis);
    add(values, rows().map(|row| row.notification_id.0).collect::<Vec<_>>())?;
    add(values, rows().map(|row| row.channel.name()).collect::<Vec<_>>())?;
    add(values, rows().map(|row| row.recipient_id.as_str()).collect::<Vec<_>>())?;
    add(values, rows().map(|row| row.state.name()).collect::<Vec<_>>())?;
    add(values, rows().map(|row| row.reason.as_deref()).collect::<Vec<_>>())?;
    add(values, rows().map(|row| millis(row.due)).collect::<Vec<_>>())?;
    add(values, rows().map(|row| i64::from(row.attempts)).collect::<Vec<_>>())?;
    add(values, rows().map(|row| row.provider.as_deref()).collect::<Vec<_>>())?;
    add(values, rows().map(|row| row.provider_id.as_deref()).collect::<Vec<_>>())?;
    add(values, rows().map(|row| millis(row.accepted_at)).collect::<Vec<_>>())?;
    add(values, rows().map(|row| signed(row.position.0)).collect::<Vec<_>>())
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
