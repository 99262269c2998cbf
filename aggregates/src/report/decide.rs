//! The rules of a report: one of a reporter about a subject is open at a time, and is resolved once.
//!
//! Whether the reporter may see what they report, and whether whoever resolves it is an admin, is asked before: neither is
//! in this stream.

use super::commands::{FileReport, ReportCommand, ResolveReport};
use super::error::ReportError;
use super::events::{ReportEvent, ReportFiled, ReportResolved, Subject};
use super::state::{Report, Standing};

impl Report {
    pub fn decide(&self, command: &ReportCommand) -> Result<Vec<ReportEvent>, ReportError> {
        match command {
            ReportCommand::File(command) => self.file(command),
            ReportCommand::Resolve(command) => self.resolve(command),
        }
    }

    fn file(&self, command: &FileReport) -> Result<Vec<ReportEvent>, ReportError> {
        if self.standing == Standing::Open {
            return Ok(vec![]); // The first reason stands until somebody has looked at it.
        }
        let is_own = command.subject.about() == Some(&command.reporter_id);
        match &command.subject {
            Subject::User { .. } if is_own => return Err(ReportError::OneselfReported),
            Subject::User { .. } if !command.user_exists => return Err(ReportError::UnknownUser),
            Subject::Message { .. } if is_own => return Err(ReportError::OwnMessageReported),
            Subject::Message { .. } | Subject::User { .. } | Subject::Room { .. } => {}
        }
        Ok(vec![ReportEvent::ReportFiled(ReportFiled {
            report_id: command.report_id,
            reporter_id: command.reporter_id.clone(),
            subject: command.subject.clone(),
            reason: command.reason.clone(),
            at: command.at,
        })])
    }

    fn resolve(&self, command: &ResolveReport) -> Result<Vec<ReportEvent>, ReportError> {
        match self.standing {
            Standing::Unfiled => Err(ReportError::NotFound),
            Standing::Resolved(resolution) if resolution == command.resolution => Ok(vec![]),
            Standing::Resolved(_) => Err(ReportError::AlreadyResolved),
            Standing::Open => Ok(vec![ReportEvent::ReportResolved(ReportResolved {
                report_id: command.report_id,
                resolution: command.resolution,
                by: command.by.clone(),
                note: command.note.clone(),
                at: command.at,
            })]),
        }
    }
}
