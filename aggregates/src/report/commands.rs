//! What may be asked of a report.

use super::events::{Resolution, Subject};
use crate::aggregate::{Need, State};
use crate::catalogue::StreamId;
use crate::ids::{ReportId, UserId};
use crate::user::UserEvent;
use crate::{Sealed, Timestamp};

#[derive(Debug, Clone, PartialEq)]
pub enum ReportCommand {
    File(FileReport),
    Resolve(ResolveReport),
}

#[derive(Debug, Clone, PartialEq)]
pub struct FileReport {
    pub report_id: ReportId,
    pub reporter_id: UserId,
    pub subject: Subject,
    pub reason: Sealed,
    /// Fact, asked where a person is reported: the directory knows them.
    pub user_exists: bool,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ResolveReport {
    pub report_id: ReportId,
    pub resolution: Resolution,
    pub by: UserId,
    pub note: Option<Sealed>,
    pub at: Timestamp,
}

impl ReportCommand {
    pub(crate) fn needs(&self) -> Vec<Need> {
        match self {
            Self::File(FileReport { subject: Subject::User { user_id }, .. }) => {
                vec![Need { stream: StreamId::user(user_id), kinds: UserEvent::EXISTENCE }]
            }
            // What somebody wrote stays reportable when they are not there any more.
            Self::File(FileReport { subject: Subject::Message { .. } | Subject::Room { .. }, .. })
            | Self::Resolve(_) => Vec::new(),
        }
    }

    pub(crate) fn learn(&mut self, _stream: &StreamId, facts: &State) {
        if let (Self::File(command), State::User(user)) = (self, facts) {
            command.user_exists = user.exists();
        }
    }
}
