//! Reports as the log tells them.

use aggregates::Sealed;
use aggregates::ids::UserId;
use aggregates::report::ReportEvent;
use event_log::Position;
use projections::Views;
use projections::inbox::{ReportRow, ReportStatus, Resolved};

use super::{Naive, PEOPLE, same};
use crate::read_models::world::user;

/// More than there ever are.
const ALL: usize = 1_000;

impl Naive {
    pub(super) fn take_report(&mut self, event: &ReportEvent, position: Position) {
        match event {
            ReportEvent::ReportFiled(event) => {
                let row = ReportRow {
                    id: event.report_id,
                    reporter_id: event.reporter_id.clone(),
                    subject: event.subject.clone(),
                    reason: event.reason.words().map(str::to_owned),
                    filed_at: event.at,
                    position,
                    resolved: None,
                };
                self.reports.insert(event.report_id, row);
            }
            ReportEvent::ReportResolved(event) => {
                let report = self.reports.get_mut(&event.report_id).expect("it was filed");
                report.resolved = Some(Resolved {
                    resolution: event.resolution,
                    by: event.by.clone(),
                    note: event.note.as_ref().and_then(Sealed::words).map(str::to_owned),
                    at: event.at,
                    position,
                });
            }
        }
    }

    /// What they said, and what was said of them.
    pub(super) fn forget_reports_of(&mut self, user: &UserId) {
        for report in self.reports.values_mut() {
            let is_about = report.subject.about() == Some(user);
            if is_about || report.reporter_id == *user {
                report.reason = None;
            }
            if let Some(resolved) = &mut report.resolved
                && (is_about || resolved.by == *user)
            {
                resolved.note = None;
            }
        }
    }

    pub(super) async fn compare_reports(&self, views: &Views) -> Result<(), String> {
        let inbox = views.inbox();
        let mut all: Vec<ReportRow> = self.reports.values().cloned().collect();
        all.sort_by_key(|report| std::cmp::Reverse(report.position));
        let those = |wanted: &dyn Fn(&ReportRow) -> bool| -> Vec<ReportRow> {
            all.iter().filter(|report| wanted(report)).cloned().collect()
        };
        for (status, wanted) in [
            (None, those(&|_| true)),
            (Some(ReportStatus::Open), those(&|report| report.resolved.is_none())),
            (Some(ReportStatus::Resolved), those(&|report| report.resolved.is_some())),
        ] {
            same("reports", inbox.reports(status, None, ALL).await.expect("answered"), wanted.clone())?;
            let mut paged = Vec::new();
            while let Some(next) = inbox
                .reports(status, paged.last().map(|last: &ReportRow| last.position), 1)
                .await
                .expect("answered")
                .pop()
            {
                paged.push(next);
            }
            same("reports, one by one", paged, wanted)?;
        }
        for name in PEOPLE {
            let own = those(&|report| report.reporter_id == user(name));
            same("own reports", inbox.reports_of(&user(name), None, ALL).await.expect("answered"), own)?;
        }
        for report in &all {
            same("a report", inbox.report(report.id).await.expect("answered"), Some(report.clone()))?;
        }
        Ok(())
    }
}
