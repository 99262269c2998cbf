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
    /// Fact: the directory knows whom it is about.
    pub about_exists: bool,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ResolveReport {
    pub report_id: ReportId,
    pub resolution: Resolution,
    /// `None`: a program of the platform.
    pub by: Option<UserId>,
    pub at: Timestamp,
}

impl ReportCommand {
    pub(crate) fn needs(&self) -> Vec<Need> {
        match self {
            Self::File(command) => {
                vec![Need { stream: StreamId::user(command.subject.about()), kinds: UserEvent::EXISTENCE }]
            }
            Self::Resolve(_) => Vec::new(),
        }
    }

    pub(crate) fn learn(&mut self, _stream: &StreamId, facts: &State) {
        if let (Self::File(command), State::User(user)) = (self, facts) {
            command.about_exists = user.exists();
        }
    }
}
