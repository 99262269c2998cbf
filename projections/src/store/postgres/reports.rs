//! Reports, in the schema: what a batch came to, and the questions about them.

use aggregates::ids::{MessageId, ReportId, RoomId, UserId};
use async_trait::async_trait;
use event_log::Position;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use super::columns::{maybe_user, moment, named, nonsense, position, user};
use super::inbox_messages::{self, message};
use super::inbox_reads::PostgresInboxReads;
use super::inbox_save::column;
use crate::inbox::batch::InboxBatch;
use crate::inbox::{MessageRow, ReportReads, ReportRow, ReportStatus, ReportableMessage, ReportedRoom, Resolved};
use crate::store::names::{SubjectColumns, at_most, resolution, room_kind, signed};
use crate::views::ReadError;

const COLUMNS: &str = "report_id, position, reporter_id, kind, about_id, room_id, message_id, reason, filed_at,
    resolution, note, resolved_by, resolved_at, resolved_position";

fn report(row: &PgRow) -> sqlx::Result<ReportRow> {
    let id = |column| row.try_get::<Option<Uuid>, _>(column);
    let subject = SubjectColumns { about_id: maybe_user(row, 4)?, room_id: id(5)?, message_id: id(6)? };
    let resolved = match maybe_user(row, 11)? {
        Some(by) => Some(Resolved {
            resolution: named(row, 9, resolution)?,
            note: row.try_get(10)?,
            by,
            at: moment(row, 12)?,
            position: position(row, 13)?,
        }),
        None => None,
    };
    Ok(ReportRow {
        id: ReportId(row.try_get(0)?),
        position: position(row, 1)?,
        reporter_id: user(row, 2)?,
        subject: subject.read(row.try_get(3)?).map_err(nonsense(3))?,
        reason: row.try_get(7)?,
        filed_at: moment(row, 8)?,
        resolved,
    })
}

pub(super) async fn load(connection: &mut PgConnection, schema: &str, batch: &mut InboxBatch) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = batch.reports.unknown().map(|id| id.0).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let sql = format!("SELECT {COLUMNS} FROM {schema}.reports WHERE report_id = ANY($1)");
    for row in sqlx::query(&sql).bind(ids).fetch_all(connection).await? {
        let report = report(&row)?;
        batch.reports.load(report.id, report);
    }
    Ok(())
}

pub(super) async fn save(connection: &mut PgConnection, schema: &str, batch: &InboxBatch) -> sqlx::Result<()> {
    let rows: Vec<_> =
        batch.reports.changed().map(|(_, report)| (report, SubjectColumns::of(&report.subject))).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO {schema}.reports ({COLUMNS})
         SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::uuid[],
         $8::text[], $9::bigint[], $10::text[], $11::text[], $12::text[], $13::bigint[], $14::bigint[])
         ON CONFLICT (report_id) DO UPDATE SET position = excluded.position, reporter_id = excluded.reporter_id,
         kind = excluded.kind, about_id = excluded.about_id, room_id = excluded.room_id,
         message_id = excluded.message_id, reason = excluded.reason, filed_at = excluded.filed_at,
         resolution = excluded.resolution, note = excluded.note, resolved_by = excluded.resolved_by,
         resolved_at = excluded.resolved_at, resolved_position = excluded.resolved_position"
    );
    sqlx::query(&sql)
        .bind(column(&rows, |(report, _)| report.id.0))
        .bind(column(&rows, |(report, _)| signed(report.position.0)))
        .bind(column(&rows, |(report, _)| report.reporter_id.as_str()))
        .bind(column(&rows, |(report, _)| SubjectColumns::kind(&report.subject)))
        .bind(column(&rows, |(_, subject)| subject.about_id.as_ref().map(UserId::to_string)))
        .bind(column(&rows, |(_, subject)| subject.room_id))
        .bind(column(&rows, |(_, subject)| subject.message_id))
        .bind(column(&rows, |(report, _)| report.reason.as_deref()))
        .bind(column(&rows, |(report, _)| report.filed_at.as_millis()))
        .bind(column(&rows, |(report, _)| report.resolved.as_ref().map(|resolved| resolved.resolution.name())))
        .bind(column(&rows, |(report, _)| report.resolved.as_ref().and_then(|resolved| resolved.note.as_deref())))
        .bind(column(&rows, |(report, _)| report.resolved.as_ref().map(|resolved| resolved.by.as_str())))
        .bind(column(&rows, |(report, _)| report.resolved.as_ref().map(|resolved| resolved.at.as_millis())))
        .bind(column(&rows, |(report, _)| report.resolved.as_ref().map(|resolved| signed(resolved.position.0))))
        .execute(connection)
        .await?;
    Ok(())
}

/// Before a position; none: from the latest on.
fn before(after: Option<Position>) -> i64 {
    after.map_or(i64::MAX, |position| signed(position.0))
}

#[async_trait]
impl ReportReads for PostgresInboxReads {
    async fn reports(
        &self,
        status: Option<ReportStatus>,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<ReportRow>, ReadError> {
        // Each of them the condition of an index.
        let condition = match status {
            None => "true",
            Some(ReportStatus::Open) => "resolved_position IS NULL",
            Some(ReportStatus::Resolved) => "resolved_position IS NOT NULL",
        };
        let sql = format!(
            "SELECT {COLUMNS} FROM {}.reports WHERE {condition} AND position < $1 ORDER BY position DESC LIMIT $2",
            self.schema.name
        );
        self.all(sqlx::query(&sql).bind(before(after)).bind(at_most(limit)), report).await
    }

    async fn reports_of(
        &self,
        reporter: &UserId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<ReportRow>, ReadError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM {}.reports WHERE reporter_id = $1 AND position < $2 ORDER BY position DESC LIMIT $3",
            self.schema.name
        );
        let query = sqlx::query(&sql).bind(reporter.as_str()).bind(before(after)).bind(at_most(limit));
        self.all(query, report).await
    }

    async fn report(&self, id: ReportId) -> Result<Option<ReportRow>, ReadError> {
        let sql = format!("SELECT {COLUMNS} FROM {}.reports WHERE report_id = $1", self.schema.name);
        self.one(sqlx::query(&sql).bind(id.0), report).await
    }

    async fn reportable_message(&self, id: MessageId, asking: &UserId) -> Result<Option<ReportableMessage>, ReadError> {
        let sql = format!(
            "SELECT m.room_id, m.sender_id FROM {schema}.messages m JOIN {schema}.rooms r ON r.room_id = m.room_id
             WHERE m.message_id = $1 AND EXISTS (SELECT 1 FROM {schema}.members stay
                 WHERE stay.room_id = m.room_id AND stay.user_id = $2
                 AND (stay.to_position IS NULL OR stay.to_position > m.position)
                 AND (r.history_from = 'start' OR stay.join_seq < m.seq))",
            schema = self.schema.name
        );
        let read = |row: &PgRow| Ok(ReportableMessage { room_id: RoomId(row.try_get(0)?), sender_id: user(row, 1)? });
        self.one(sqlx::query(&sql).bind(id.0).bind(asking.as_str()), read).await
    }

    async fn reported_message(&self, id: MessageId) -> Result<Option<MessageRow>, ReadError> {
        let sql = inbox_messages::for_admins(&self.schema.name);
        self.one(sqlx::query(&sql).bind(id.0), message).await
    }

    async fn reported_room(&self, id: RoomId) -> Result<Option<ReportedRoom>, ReadError> {
        let sql = format!("SELECT kind, name FROM {}.rooms WHERE room_id = $1", self.schema.name);
        let read = |row: &PgRow| Ok(ReportedRoom { kind: named(row, 0, room_kind)?, name: row.try_get(1)? });
        self.one(sqlx::query(&sql).bind(id.0), read).await
    }

    async fn reports_upload(&self, address: &str) -> Result<bool, ReadError> {
        // Who wrote a message is whom its reports are about, and by that they are found.
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM {schema}.messages m
             CROSS JOIN LATERAL (SELECT 1 FROM {schema}.reports r
                 WHERE r.about_id = m.sender_id AND r.message_id = m.message_id LIMIT 1) r
             WHERE m.attachment_url = $1 AND m.attachment_url LIKE '/api/uploads/%'
             AND NOT EXISTS (SELECT 1 FROM {schema}.tombstones d WHERE d.room_id = m.room_id AND d.seq = m.seq))",
            schema = self.schema.name
        );
        Ok(self.one(sqlx::query(&sql).bind(address), |row| row.try_get(0)).await?.unwrap_or(false))
    }
}
