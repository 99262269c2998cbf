//! Reports, in the file: what a batch came to, and the questions about them.

use aggregates::ids::{MessageId, ReportId, RoomId, UserId};
use async_trait::async_trait;
use event_log::Position;
use rusqlite::{Connection, OptionalExtension, Result, Row, params};
use uuid::Uuid;

use super::columns::{maybe_user, moment, named, nonsense, position, user};
use super::inbox_messages;
use super::inbox_reads::SqliteInboxReads;
use super::inbox_writes::load_each;
use crate::inbox::batch::InboxBatch;
use crate::inbox::{MessageRow, ReportReads, ReportRow, ReportStatus, ReportableMessage, ReportedRoom, Resolved};
use crate::store::names::{SubjectColumns, at_most, resolution, room_kind, signed};
use crate::views::ReadError;

const COLUMNS: &str = "report_id, position, reporter_id, kind, about_id, room_id, message_id, reason, filed_at,
    resolution, note, resolved_by, resolved_at, resolved_position";

fn report(row: &Row<'_>) -> Result<ReportRow> {
    let id = |column| row.get::<_, Option<Uuid>>(column);
    let kind: String = row.get(3)?;
    let subject = SubjectColumns { about_id: maybe_user(row, 4)?, room_id: id(5)?, message_id: id(6)? };
    let resolved = match maybe_user(row, 11)? {
        Some(by) => Some(Resolved {
            resolution: named(row, 9, resolution)?,
            note: row.get(10)?,
            by,
            at: moment(row, 12)?,
            position: position(row, 13)?,
        }),
        None => None,
    };
    Ok(ReportRow {
        id: ReportId(row.get(0)?),
        position: position(row, 1)?,
        reporter_id: user(row, 2)?,
        subject: subject.read(&kind).map_err(nonsense(3))?,
        reason: row.get(7)?,
        filed_at: moment(row, 8)?,
        resolved,
    })
}

pub(super) fn load(tx: &Connection, batch: &mut InboxBatch) -> Result<()> {
    let sql = format!("SELECT {COLUMNS} FROM reports WHERE report_id = ?");
    load_each(tx, &mut batch.reports, &sql, |id| vec![id.0.as_bytes().to_vec().into()], report)
}

pub(super) fn save(tx: &Connection, batch: &InboxBatch) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO reports VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let mut put = tx.prepare_cached(sql)?;
    for (id, report) in batch.reports.changed() {
        let subject = SubjectColumns::of(&report.subject);
        let resolved = report.resolved.as_ref();
        put.execute(params![
            id.0,
            signed(report.position.0),
            report.reporter_id.as_str(),
            SubjectColumns::kind(&report.subject),
            subject.about_id.as_ref().map(UserId::as_str),
            subject.room_id,
            subject.message_id,
            report.reason,
            report.filed_at.as_millis(),
            resolved.map(|resolved| resolved.resolution.name()),
            resolved.and_then(|resolved| resolved.note.as_deref()),
            resolved.map(|resolved| resolved.by.as_str()),
            resolved.map(|resolved| resolved.at.as_millis()),
            resolved.map(|resolved| signed(resolved.position.0)),
        ])?;
    }
    Ok(())
}

/// Before a position; none: from the latest on.
fn before(after: Option<Position>) -> i64 {
    after.map_or(i64::MAX, |position| signed(position.0))
}

#[async_trait]
impl ReportReads for SqliteInboxReads {
    async fn reports(
        &self,
        status: Option<ReportStatus>,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<ReportRow>, ReadError> {
        // Each of them word for word the condition of an index.
        let condition = match status {
            None => "true",
            Some(ReportStatus::Open) => "resolved_position IS NULL",
            Some(ReportStatus::Resolved) => "resolved_position IS NOT NULL",
        };
        let sql = format!(
            "SELECT {COLUMNS} FROM reports WHERE {condition} AND position < ?1 ORDER BY position DESC LIMIT ?2"
        );
        self.ask(move |connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            statement.query_map([before(after), at_most(limit)], report)?.collect()
        })
        .await
    }

    async fn reports_of(
        &self,
        reporter: &UserId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<ReportRow>, ReadError> {
        let reporter = reporter.clone();
        let sql = format!(
            "SELECT {COLUMNS} FROM reports WHERE reporter_id = ?1 AND position < ?2 ORDER BY position DESC LIMIT ?3"
        );
        self.ask(move |connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            let of = params![reporter.as_str(), before(after), at_most(limit)];
            statement.query_map(of, report)?.collect()
        })
        .await
    }

    async fn report(&self, id: ReportId) -> Result<Option<ReportRow>, ReadError> {
        let sql = format!("SELECT {COLUMNS} FROM reports WHERE report_id = ?");
        self.ask(move |connection| connection.prepare_cached(&sql)?.query_row([id.0], report).optional()).await
    }

    async fn reportable_message(&self, id: MessageId, asking: &UserId) -> Result<Option<ReportableMessage>, ReadError> {
        const SQL: &str = "SELECT m.room_id, m.sender_id FROM messages m CROSS JOIN rooms r ON r.room_id = m.room_id
            WHERE m.message_id = ?1 AND EXISTS (SELECT 1 FROM members stay
                WHERE stay.room_id = m.room_id AND stay.user_id = ?2
                AND (stay.to_position IS NULL OR stay.to_position > m.position)
                AND (r.history_from = 'start' OR stay.join_seq < m.seq))";
        let asking = asking.clone();
        self.ask(move |connection| {
            let read = |row: &Row<'_>| Ok(ReportableMessage { room_id: RoomId(row.get(0)?), sender_id: user(row, 1)? });
            connection.prepare_cached(SQL)?.query_row(params![id.0, asking.as_str()], read).optional()
        })
        .await
    }

    async fn reported_message(&self, id: MessageId) -> Result<Option<MessageRow>, ReadError> {
        self.ask(move |connection| inbox_messages::for_admins(connection, id)).await
    }

    async fn reported_room(&self, id: RoomId) -> Result<Option<ReportedRoom>, ReadError> {
        const SQL: &str = "SELECT kind, name FROM rooms WHERE room_id = ?";
        self.ask(move |connection| {
            let read = |row: &Row<'_>| Ok(ReportedRoom { kind: named(row, 0, room_kind)?, name: row.get(1)? });
            connection.prepare_cached(SQL)?.query_row([id.0], read).optional()
        })
        .await
    }

    async fn reports_upload(&self, address: &str) -> Result<bool, ReadError> {
        // Who wrote a message is whom its reports are about, and by that they are found.
        const SQL: &str = "SELECT EXISTS (SELECT 1 FROM messages m
            CROSS JOIN reports r ON r.about_id = m.sender_id AND r.message_id = m.message_id
            WHERE m.attachment_url = ?1 AND m.attachment_url GLOB '/api/uploads/*'
            AND NOT EXISTS (SELECT 1 FROM tombstones d WHERE d.room_id = m.room_id AND d.seq = m.seq))";
        let address = address.to_owned();
        self.ask(move |connection| connection.prepare_cached(SQL)?.query_row([&address], |row| row.get(0))).await
    }
}
