//! Reporting something, and resolving what was reported.

use aggregates::ids::{MessageId, ReportId, RoomId, UserId};
use aggregates::report::{FileReport, ReportCommand, Resolution, ResolveReport, Subject};
use aggregates::{Command, DomainEvent, Sealed, StreamId};
use event_log::Position;
use projections::UnitName;
use projections::inbox::ReportableMessage;

use super::{Caller, Commands, Done, Failure};

/// What somebody wants to report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reported {
    Message(MessageId),
    User(UserId),
    Room(RoomId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filed {
    pub report_id: ReportId,
    pub position: Position,
}

impl Commands {
    /// The same thing reported again is the same report as long as that is open.
    pub async fn file_report(&self, caller: &Caller, about: Reported, reason: Sealed) -> Result<Filed, Failure> {
        let subject = self.subject(caller, about).await?;
        let reporter_id = caller.user_id.clone();
        let report_id = ReportId::of(&reporter_id, &subject);
        let (user_exists, at) = (false, self.clock.now());
        let file = FileReport { report_id, reporter_id, subject, reason, user_exists, at };
        let command = Command::Report(ReportCommand::File(file));
        let done = self.execute(caller, caller.wish_id("report"), StreamId::report(report_id), command).await?;
        Ok(Filed { report_id: filed(&done).unwrap_or(report_id), position: done.position })
    }

    pub async fn resolve_report(
        &self,
        caller: &Caller,
        report_id: ReportId,
        resolution: Resolution,
        note: Option<Sealed>,
    ) -> Result<Position, Failure> {
        let resolve = ResolveReport { report_id, resolution, by: caller.user_id.clone(), note, at: self.clock.now() };
        let id = caller.wish_id(&format!("resolve-report:{report_id}"));
        let command = Command::Report(ReportCommand::Resolve(resolve));
        Ok(self.execute(caller, id, StreamId::report(report_id), command).await?.position)
    }

    /// Only what the caller may see, or could: what they were told of something else would be news to them.
    async fn subject(&self, caller: &Caller, about: Reported) -> Result<Subject, Failure> {
        match about {
            Reported::User(user_id) => Ok(Subject::User { user_id }),
            Reported::Message(message_id) => {
                let ReportableMessage { room_id, sender_id } = self.reportable_message(caller, message_id).await?;
                Ok(Subject::Message { room_id, message_id, author_id: sender_id })
            }
            Reported::Room(room_id) => {
                // Who is in a room may be out again: a view that is late would not know.
                self.caught_up(UnitName::Inbox).await?;
                self.require_member(room_id, &caller.user_id).await?;
                Ok(Subject::Room { room_id })
            }
        }
    }

    /// That somebody could read it once stays true, however late the view is.
    async fn reportable_message(&self, caller: &Caller, id: MessageId) -> Result<ReportableMessage, Failure> {
        let mut found = self.views.inbox().reportable_message(id, &caller.user_id).await?;
        if found.is_none() {
            self.caught_up(UnitName::Inbox).await?;
            found = self.views.inbox().reportable_message(id, &caller.user_id).await?;
        }
        found.ok_or(Failure::Unknown("there is no such message"))
    }
}

/// The report that the events are of, which for a repeat is the first.
fn filed(done: &Done) -> Option<ReportId> {
    done.events.iter().find_map(|event| match event {
        DomainEvent::Report(event) => Some(event.report_id()),
        DomainEvent::Room(_)
        | DomainEvent::Participant(_)
        | DomainEvent::Relationship(_)
        | DomainEvent::Notification(_)
        | DomainEvent::Feed(_)
        | DomainEvent::User(_) => None,
    })
}
