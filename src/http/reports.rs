//! Reporting something, and what the platform's admins do about it.

use aggregates::Sealed;
use aggregates::ids::{MessageId, ReportId, RoomId, UserId};
use aggregates::report::{NOTE_CHARS_MAX, REASON_CHARS_MAX, Resolution};
use axum::extract::State;
use event_log::Position;
use garde::Validate;
use projections::UnitName;
use projections::inbox::ReportRow;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cursor::{PageQuery, PositionCursor};
use super::extract::{Actor, Admin, After, ValidJson, ValidPath, ValidQuery};
use super::validity::{filled_text, optional};
use super::{Answer, AppState, Problem};
use crate::commands::{Caller, Filed, Reported};
use crate::queries::WholeReport;
use crate::wire::names::CursorText;
use crate::wire::report::{FiledReport, Report, ReportStatus, ReportedMessage, ReportedRoom};

const REPORTS_DEFAULT: usize = 50;

/// About one of the three.
#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
pub struct ReportBody {
    message_id: Option<MessageId>,
    user_id: Option<UserId>,
    room_id: Option<RoomId>,
    #[garde(custom(filled_text(REASON_CHARS_MAX)))]
    #[schemars(length(min = 1, max = REASON_CHARS_MAX))]
    reason: String,
}

impl ReportBody {
    fn about(&self) -> Result<Reported, Problem> {
        let wished = [
            ("messageId", self.message_id.map(Reported::Message)),
            ("userId", self.user_id.clone().map(Reported::User)),
            ("roomId", self.room_id.map(Reported::Room)),
        ];
        let mut given = wished.into_iter().filter_map(|(name, about)| Some((name, about?)));
        let missing = || Problem::invalid("messageId", "one of messageId, userId and roomId");
        let (first, about) = given.next().ok_or_else(missing)?;
        match given.next() {
            None => Ok(about),
            Some((second, _)) => Err(Problem::invalid(second, format!("not together with {first}"))),
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ReportAnswer {
    report: Report,
}

/// `POST /api/reports`
pub async fn file(
    State(app): State<AppState>,
    caller: Caller,
    ValidJson(body): ValidJson<ReportBody>,
) -> Result<Answer<ReportAnswer>, Problem> {
    let about = body.about()?;
    let Filed { report_id, position } =
        app.commands.file_report(&caller, about, Sealed::new(body.reason.trim())).await?;
    let row = as_decided(&app, report_id, position).await?;
    Ok(Answer::decided(position, ReportAnswer { report: Report::from_row(&row) }))
}

/// A report once the view has come to where the wish was carried out. It has been carried out: where the view is late or
/// cannot be asked, the log says how it is.
async fn as_decided(app: &AppState, id: ReportId, position: Position) -> Result<ReportRow, Problem> {
    let late = app.views.wait_for(UnitName::Inbox, position, app.config.server.view_wait()).await.err();
    let seen = app.views.inbox().report(id).await.unwrap_or_else(|error| {
        tracing::warn!(%error, report = %id, "a report is shown without its view");
        None
    });
    match (late, seen) {
        (None, Some(row)) => Ok(row),
        (late, seen) => {
            if let Some(lagging) = late {
                tracing::warn!(%lagging, report = %id, "a report is shown from the log");
            }
            app.commands.report_now(id, seen).await?.ok_or_else(no_such_report)
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnReportsAnswer {
    reports: Vec<Report>,
    #[schemars(with = "Option<CursorText>")]
    next_cursor: Option<String>,
}

/// `GET /api/reports`: one's own.
pub async fn own(
    State(app): State<AppState>,
    actor: Actor,
    after: After,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<Answer<OwnReportsAnswer>, Problem> {
    after.wait_for(&app, UnitName::Inbox).await?;
    let page = app.queries().reports_of(actor.id(), query.behind(), query.limit()).await?;
    let next_cursor = page.next.map(|next| PositionCursor(next).to_string());
    Ok(Answer::shown(OwnReportsAnswer { reports: page.reports, next_cursor }))
}

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[garde(allow_unvalidated)]
pub struct ReportsQuery {
    status: Option<ReportStatus>,
    #[garde(range(min = 1, max = 100))]
    limit: Option<usize>,
    #[serde(default, deserialize_with = "optional")]
    #[schemars(with = "Option<CursorText>")]
    cursor: Option<PositionCursor>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportsAnswer {
    reports: Vec<FiledReport>,
    #[schemars(with = "Option<CursorText>")]
    next_cursor: Option<String>,
}

/// `GET /api/admin/reports`
pub async fn all(
    State(app): State<AppState>,
    _: Admin,
    after: After,
    ValidQuery(query): ValidQuery<ReportsQuery>,
) -> Result<Answer<ReportsAnswer>, Problem> {
    after.wait_for(&app, UnitName::Inbox).await?;
    let status = query.status.map(ReportStatus::in_view);
    let behind = query.cursor.map(|PositionCursor(position)| position);
    let page = app.queries().reports(status, behind, query.limit.unwrap_or(REPORTS_DEFAULT)).await?;
    let next_cursor = page.next.map(|next| PositionCursor(next).to_string());
    Ok(Answer::shown(ReportsAnswer { reports: page.reports, next_cursor }))
}

/// A report with what it is about, as that is now.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WholeReportAnswer {
    report: FiledReport,
    /// Where a message is reported.
    message: Option<ReportedMessage>,
    /// Where a room is reported, or a message in it.
    room: Option<ReportedRoom>,
}

impl From<WholeReport> for WholeReportAnswer {
    fn from(WholeReport { report, message, room }: WholeReport) -> Self {
        Self { report, message, room }
    }
}

/// `GET /api/admin/reports/{reportId}`
pub async fn one(
    State(app): State<AppState>,
    _: Admin,
    after: After,
    ValidPath(id): ValidPath<ReportId>,
) -> Result<Answer<WholeReportAnswer>, Problem> {
    after.wait_for(&app, UnitName::Inbox).await?;
    let found = app.queries().report(id).await?.ok_or_else(no_such_report)?;
    Ok(Answer::shown(found.into()))
}

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[garde(allow_unvalidated)]
pub struct ResolveBody {
    resolution: Resolution,
    #[garde(custom(filled_text(NOTE_CHARS_MAX)))]
    #[schemars(length(min = 1, max = NOTE_CHARS_MAX))]
    note: Option<String>,
}

/// `POST /api/admin/reports/{reportId}/resolve`
pub async fn resolve(
    State(app): State<AppState>,
    _: Admin,
    caller: Caller,
    ValidPath(id): ValidPath<ReportId>,
    ValidJson(body): ValidJson<ResolveBody>,
) -> Result<Answer<WholeReportAnswer>, Problem> {
    let note = body.note.map(|note| Sealed::new(note.trim()));
    let position = app.commands.resolve_report(&caller, id, body.resolution, note).await?;
    let row = as_decided(&app, id, position).await?;
    let whole = app.queries().whole_report(&row).await.unwrap_or_else(|error| {
        tracing::warn!(%error, report = %id, "a report is shown without what it is about");
        WholeReport { report: FiledReport::from_row(&row, |_| None), message: None, room: None }
    });
    Ok(Answer::decided(position, whole.into()))
}

fn no_such_report() -> Problem {
    Problem::not_found("there is no such report")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_report_is_about_one_thing() {
        let id = "00000000-0000-0000-0000-000000000001";
        let about = |json: serde_json::Value| {
            let body: ReportBody = serde_json::from_value(json).expect("the right shape");
            body.about()
        };
        let user_id = UserId::parse("ben").expect("an id");
        assert_eq!(about(json!({"userId": "ben", "reason": "spam"})), Ok(Reported::User(user_id)));
        for (wrong, field) in [
            (json!({"reason": "spam"}), "messageId"),
            (json!({"reason": "spam", "messageId": id, "userId": "ben"}), "userId"),
            (json!({"reason": "spam", "userId": "ben", "roomId": id}), "roomId"),
        ] {
            let problem = about(wrong).expect_err("one of them");
            assert_eq!(&*problem.errors()[0].field, field);
        }
    }
}
