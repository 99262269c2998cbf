//! Reporting something, and resolving what was reported.

use aggregates::ids::{MessageId, ReportId, RoomId, UserId};
use aggregates::report::{FileReport, ReportCommand, ReportEvent, Resolution, ResolveReport, Subject};
use aggregates::{Command, DomainEvent, Sealed, StreamId};
use event_log::Position;
use projections::UnitName;
use projections::inbox::{ReportRow, ReportableMessage, Resolved};

use super::{Caller, Commands, Done, Failure};

/// Events of one report that are read at once.
const PAGE: usize = 100;

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

    /// How a report stands, from the log itself: for answers that cannot wait for the view. What the view has is taken as it
    /// is there, without the words of whoever was erased.
    pub async fn report_now(&self, report_id: ReportId, seen: Option<ReportRow>) -> Result<Option<ReportRow>, Failure> {
        let stream = StreamId::report(report_id);
        let (mut report, mut read) = (seen, 0);
        loop {
            let page = self.log.read_stream(&stream, read, PAGE).await?;
            let is_last = page.len() < PAGE;
            read += page.len() as u64;
            for recorded in page {
                if let DomainEvent::Report(event) = &recorded.event {
                    report = followed_by(report, event, recorded.position);
                }
            }
            if is_last {
                return Ok(report);
            }
        }
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

/// What an event makes of a report that may have come further than it.
fn followed_by(report: Option<ReportRow>, event: &ReportEvent, position: Position) -> Option<ReportRow> {
    let known = |row: &ReportRow| row.resolved.as_ref().map_or(row.position, |resolved| resolved.position);
    if report.as_ref().is_some_and(|row| position <= known(row)) {
        return report;
    }
    let words = |words: &Sealed| words.words().map(str::to_owned);
    match event {
        ReportEvent::ReportFiled(event) => Some(ReportRow {
            id: event.report_id,
            reporter_id: event.reporter_id.clone(),
            subject: event.subject.clone(),
            reason: words(&event.reason),
            filed_at: event.at,
            position,
            resolved: None,
        }),
        ReportEvent::ReportResolved(event) => {
            let (resolution, by, at) = (event.resolution, event.by.clone(), event.at);
            let resolved = Resolved { resolution, by, note: event.note.as_ref().and_then(words), at, position };
            report.map(|row| ReportRow { resolved: row.resolved.or(Some(resolved)), ..row })
        }
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
        | DomainEvent::User(_)
        | DomainEvent::Preferences(_)
        | DomainEvent::Subscription(_) => None,
    })
}
