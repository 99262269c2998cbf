//! Reports, as their reporter sees them and as the platform's admins do.

use aggregates::Timestamp;
use aggregates::ids::{MessageId, ReportId, RoomId, UserId};
use aggregates::report::{Resolution, Subject};
use aggregates::room::MessageKind;
use projections::inbox::{self, MessageRow, ReportRow, UserRow};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::message::TOMBSTONE;
use super::names::RoomKindName;
use super::user::UserCard;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReportStatus {
    Open,
    Resolved,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReportKind {
    Message,
    User,
    Room,
}

/// What is reported, and how it stands.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub id: ReportId,
    pub kind: ReportKind,
    /// Whose doing it is; null for a room.
    pub user_id: Option<UserId>,
    pub room_id: Option<RoomId>,
    pub message_id: Option<MessageId>,
    /// Null when whoever wrote it, or whom it is about, was erased.
    pub reason: Option<String>,
    pub status: ReportStatus,
    pub created_at: Timestamp,
    pub resolved_at: Option<Timestamp>,
}

/// The same with what only the platform's admins are told.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FiledReport {
    #[serde(flatten)]
    pub report: Report,
    pub reporter: UserCard,
    /// Whose doing it is; null for a room.
    pub user: Option<UserCard>,
    pub resolution: Option<Resolution>,
    /// Null as well when whoever wrote it, or whom the report is about, was erased.
    pub note: Option<String>,
    pub resolved_by: Option<UserCard>,
}

/// A reported message as it is now.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportedMessage {
    pub id: MessageId,
    pub room_id: RoomId,
    pub seq: u64,
    pub sender: UserCard,
    #[serde(rename = "type")]
    #[schemars(with = "MessageKind")]
    pub kind: &'static str,
    pub content: String,
    pub attachment_url: Option<String>,
    pub attachment_type: Option<String>,
    pub is_edited: bool,
    /// Its words are "Pesan telah dihapus".
    pub is_deleted: bool,
    /// Its words are gone with whoever said them.
    pub is_erased: bool,
    pub created_at: Timestamp,
}

/// A reported room as it is now.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ReportedRoom {
    pub id: RoomId,
    #[serde(rename = "type")]
    #[schemars(with = "RoomKindName")]
    pub kind: &'static str,
    pub name: Option<String>,
}

impl ReportStatus {
    pub const fn in_view(self) -> inbox::ReportStatus {
        match self {
            Self::Open => inbox::ReportStatus::Open,
            Self::Resolved => inbox::ReportStatus::Resolved,
        }
    }
}

impl Report {
    pub fn from_row(row: &ReportRow) -> Self {
        let (kind, room_id, message_id) = match row.subject {
            Subject::Message { room_id, message_id, .. } => (ReportKind::Message, Some(room_id), Some(message_id)),
            Subject::User { .. } => (ReportKind::User, None, None),
            Subject::Room { room_id } => (ReportKind::Room, Some(room_id), None),
        };
        let resolved = row.resolved.as_ref();
        Self {
            id: row.id,
            kind,
            user_id: row.subject.about().cloned(),
            room_id,
            message_id,
            reason: row.reason.clone(),
            status: if resolved.is_some() { ReportStatus::Resolved } else { ReportStatus::Open },
            created_at: row.filed_at,
            resolved_at: resolved.map(|resolved| resolved.at),
        }
    }
}

impl FiledReport {
    /// `known`: who somebody is, as far as the directory knows.
    pub fn from_row<'p>(row: &ReportRow, known: impl Fn(&UserId) -> Option<&'p UserRow>) -> Self {
        let card = |id: &UserId| UserCard::of(id, known(id));
        let resolved = row.resolved.as_ref();
        Self {
            report: Report::from_row(row),
            reporter: card(&row.reporter_id),
            user: row.subject.about().map(card),
            resolution: resolved.map(|resolved| resolved.resolution),
            note: resolved.and_then(|resolved| resolved.note.clone()),
            resolved_by: resolved.map(|resolved| card(&resolved.by)),
        }
    }
}

impl ReportedMessage {
    pub fn from_row(row: MessageRow, sender: Option<&UserRow>) -> Self {
        let is_deleted = row.deleted.is_some();
        // What is sent has words or an attachment, by the rules: who has neither has been erased.
        let is_erased = !is_deleted && row.content.is_empty() && row.attachment_url.is_none();
        Self {
            id: row.id,
            room_id: row.room_id,
            seq: row.seq,
            sender: UserCard::of(&row.sender_id, sender),
            kind: row.kind.name(),
            content: if is_deleted { TOMBSTONE.to_owned() } else { row.content },
            attachment_url: row.attachment_url,
            attachment_type: row.attachment_type,
            is_edited: row.edited_at.is_some(),
            is_deleted,
            is_erased,
            created_at: row.created_at,
        }
    }
}

impl ReportedRoom {
    pub fn of(id: RoomId, room: inbox::ReportedRoom) -> Self {
        Self { id, kind: room.kind.name(), name: room.name }
    }
}
