//! The life of a report.

use serde::{Deserialize, Serialize};

use crate::catalogue::EventSchema;
use crate::ids::{MessageId, ReportId, RoomId, UserId};
use crate::{Sealed, Timestamp};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ReportEvent {
    ReportFiled(ReportFiled),
    ReportResolved(ReportResolved),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReportFiled {
    pub report_id: ReportId,
    pub reporter_id: UserId,
    pub subject: Subject,
    /// The reporter's words.
    pub reason: Sealed,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReportResolved {
    pub report_id: ReportId,
    pub resolution: Resolution,
    pub by: UserId,
    /// What whoever resolved it has to say; their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Sealed>,
    pub at: Timestamp,
}

/// What is reported. A message's words are not copied: they are found where they are, as long as they are there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Subject {
    Message { room_id: RoomId, message_id: MessageId, author_id: UserId },
    User { user_id: UserId },
    Room { room_id: RoomId },
}

impl Subject {
    /// Whose doing is reported; a room's is nobody's.
    pub const fn about(&self) -> Option<&UserId> {
        match self {
            Self::Message { author_id, .. } => Some(author_id),
            Self::User { user_id } => Some(user_id),
            Self::Room { .. } => None,
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Resolution {
    Dismissed,
    ContentRemoved,
    UserWarned,
    UserSuspended,
}

impl Resolution {
    pub const ALL: [Self; 4] = [Self::Dismissed, Self::ContentRemoved, Self::UserWarned, Self::UserSuspended];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Dismissed => "DISMISSED",
            Self::ContentRemoved => "CONTENT_REMOVED",
            Self::UserWarned => "USER_WARNED",
            Self::UserSuspended => "USER_SUSPENDED",
        }
    }
}

impl ReportEvent {
    pub const REPORT_FILED: &'static str = "report_filed";

    /// The stored name and current version of each event. Append-only.
    pub const fn schema(&self) -> EventSchema {
        match self {
            Self::ReportFiled(_) => EventSchema::new(Self::REPORT_FILED, "1"),
            Self::ReportResolved(_) => EventSchema::new("report_resolved", "1"),
        }
    }

    pub const fn report_id(&self) -> ReportId {
        match self {
            Self::ReportFiled(event) => event.report_id,
            Self::ReportResolved(event) => event.report_id,
        }
    }
}
