//! What was reported, for its reporter and for the platform's admins. Who is one is asked before.

use aggregates::ids::{ReportId, UserId};
use aggregates::report::Subject;
use event_log::Position;
use projections::ReadError;
use projections::inbox::{ReportRow, ReportStatus};

use super::{People, Queries, cut, row_of};
use crate::wire::report::{FiledReport, Report, ReportedMessage, ReportedRoom};

/// A page of reports, the latest first.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportsPage<T> {
    pub reports: Vec<T>,
    /// Behind the last one, when there are more.
    pub next: Option<Position>,
}

/// A report with what it is about, as that is now.
#[derive(Debug, Clone, PartialEq)]
pub struct WholeReport {
    pub report: FiledReport,
    pub message: Option<ReportedMessage>,
    pub room: Option<ReportedRoom>,
}

impl Queries<'_> {
    pub async fn reports_of(
        &self,
        reporter: &UserId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<ReportsPage<Report>, ReadError> {
        let (rows, next) = page(self.views.inbox().reports_of(reporter, after, limit + 1).await?, limit);
        Ok(ReportsPage { reports: rows.iter().map(Report::from_row).collect(), next })
    }

    pub async fn reports(
        &self,
        status: Option<ReportStatus>,
        after: Option<Position>,
        limit: usize,
    ) -> Result<ReportsPage<FiledReport>, ReadError> {
        let (rows, next) = page(self.views.inbox().reports(status, after, limit + 1).await?, limit);
        let people = self.people_of(&rows).await?;
        Ok(ReportsPage { reports: filed(&rows, &people), next })
    }

    pub async fn report(&self, id: ReportId) -> Result<Option<WholeReport>, ReadError> {
        match self.views.inbox().report(id).await? {
            Some(row) => self.whole_report(&row).await.map(Some),
            None => Ok(None),
        }
    }

    pub async fn whole_report(&self, row: &ReportRow) -> Result<WholeReport, ReadError> {
        let inbox = self.views.inbox();
        let people = self.people_of(std::slice::from_ref(row)).await?;
        let report = FiledReport::from_row(row, |id| row_of(&people, id));
        let message = match row.subject {
            Subject::Message { message_id, .. } => inbox.reported_message(message_id).await?,
            Subject::User { .. } | Subject::Room { .. } => None,
        };
        // Who wrote it is whom the report is about.
        let message = message.map(|message| {
            let sender = row_of(&people, &message.sender_id);
            ReportedMessage::from_row(message, sender)
        });
        let room = match row.subject {
            Subject::Message { room_id, .. } | Subject::Room { room_id } => {
                inbox.reported_room(room_id).await?.map(|room| ReportedRoom::of(room_id, room))
            }
            Subject::User { .. } => None,
        };
        Ok(WholeReport { report, message, room })
    }

    async fn people_of(&self, rows: &[ReportRow]) -> Result<People, ReadError> {
        let named = named_in(rows);
        self.people(named.iter()).await
    }
}

fn named_in(rows: &[ReportRow]) -> Vec<UserId> {
    let of = |row: &ReportRow| {
        let resolver = row.resolved.as_ref().map(|resolved| resolved.by.clone());
        [Some(row.reporter_id.clone()), row.subject.about().cloned(), resolver]
    };
    rows.iter().flat_map(of).flatten().collect()
}

fn filed(rows: &[ReportRow], people: &People) -> Vec<FiledReport> {
    rows.iter().map(|row| FiledReport::from_row(row, |id| row_of(people, id))).collect()
}

fn page(rows: Vec<ReportRow>, limit: usize) -> (Vec<ReportRow>, Option<Position>) {
    let (rows, more) = cut(rows, limit);
    let next = rows.last().map(|row| row.position).filter(|_| more);
    (rows, next)
}
