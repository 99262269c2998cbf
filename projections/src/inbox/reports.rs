//! What was reported and what came of it, and what may be asked about that.
//!
//! Apart from the other questions, because what whoever decides about a report is shown does not hang on being in a room:
//! [`ReportReads::reported_message`], [`ReportReads::reported_room`] and [`ReportReads::reports_upload`] are for the
//! platform's admins alone. Who is one is not known here.

use aggregates::Timestamp;
use aggregates::ids::{MessageId, ReportId, RoomId, UserId};
use aggregates::report::{Resolution, Subject};
use aggregates::room::RoomKind;
use async_trait::async_trait;
use event_log::Position;

use super::changes::FiledReport;
use super::live::{LiveInbox, ask};
use super::rows::MessageRow;
use crate::views::ReadError;

/// As it was filed last.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportRow {
    pub id: ReportId,
    pub reporter_id: UserId,
    pub subject: Subject,
    /// `None` when the reporter, or whom it is about, was erased.
    pub reason: Option<String>,
    pub filed_at: Timestamp,
    /// Pages by it: the log position where it was filed.
    pub position: Position,
    /// `None`: it is open.
    pub resolved: Option<Resolved>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    pub resolution: Resolution,
    pub by: UserId,
    /// `None` as well when whoever wrote it, or whom the report is about, was erased.
    pub note: Option<String>,
    pub at: Timestamp,
    pub position: Position,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportStatus {
    Open,
    Resolved,
}

/// A message that somebody may report: they could read it at some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportableMessage {
    pub room_id: RoomId,
    pub sender_id: UserId,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedRoom {
    pub kind: RoomKind,
    pub name: Option<String>,
}

impl ReportRow {
    pub(crate) fn filed(filed: FiledReport) -> Self {
        let FiledReport { id, reporter_id, subject, reason, at, position } = filed;
        Self { id, reporter_id, subject, reason, filed_at: at, position, resolved: None }
    }
}

#[async_trait]
pub trait ReportReads: Send + Sync {
    /// What was filed last first, behind `after`; of whatever status without one.
    async fn reports(
        &self,
        status: Option<ReportStatus>,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<ReportRow>, ReadError>;

    /// Those of one reporter, in the same order.
    async fn reports_of(
        &self,
        reporter: &UserId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<ReportRow>, ReadError>;

    async fn report(&self, id: ReportId) -> Result<Option<ReportRow>, ReadError>;

    /// `None` unless `asking` was in its room when it was said, or could read it afterwards.
    async fn reportable_message(&self, id: MessageId, asking: &UserId) -> Result<Option<ReportableMessage>, ReadError>;

    /// A message as it is now, whoever is in its room.
    async fn reported_message(&self, id: MessageId) -> Result<Option<MessageRow>, ReadError>;

    async fn reported_room(&self, id: RoomId) -> Result<Option<ReportedRoom>, ReadError>;

    /// Whether a message that was reported, and that was not deleted, carries this attachment: an upload's address.
    async fn reports_upload(&self, address: &str) -> Result<bool, ReadError>;
}

#[async_trait]
impl ReportReads for LiveInbox {
    async fn reports(
        &self,
        status: Option<ReportStatus>,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<ReportRow>, ReadError> {
        ask!(self.reports(status, after, limit))
    }

    async fn reports_of(
        &self,
        reporter: &UserId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<ReportRow>, ReadError> {
        ask!(self.reports_of(reporter, after, limit))
    }

    async fn report(&self, id: ReportId) -> Result<Option<ReportRow>, ReadError> {
        ask!(self.report(id))
    }

    async fn reportable_message(&self, id: MessageId, asking: &UserId) -> Result<Option<ReportableMessage>, ReadError> {
        ask!(self.reportable_message(id, asking))
    }

    async fn reported_message(&self, id: MessageId) -> Result<Option<MessageRow>, ReadError> {
        ask!(self.reported_message(id))
    }

    async fn reported_room(&self, id: RoomId) -> Result<Option<ReportedRoom>, ReadError> {
        ask!(self.reported_room(id))
    }

    async fn reports_upload(&self, address: &str) -> Result<bool, ReadError> {
        ask!(self.reports_upload(address))
    }
}
