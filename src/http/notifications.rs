//! The notification feed: listing, counting, marking.

use std::collections::BTreeSet;

use aggregates::ids::NotificationId;
use aggregates::notification::NotificationType;
use axum::extract::State;
use garde::Validate;
use projections::UnitName;
use projections::feed::FeedPage;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::chat::rooms::CountAnswer;
use super::cursor::PositionCursor;
use super::extract::{Actor, After, ValidJson, ValidPath, ValidQuery};
use super::notification_tabs::Tab;
use super::validity::optional;
use super::{Answer, AppState, Problem};
use crate::commands::Caller;
use crate::queries::FeedAsk;
use crate::wire::Notification;
use crate::wire::names::CursorText;
use crate::wire::schemas::also_called;

const NOTIFICATIONS_DEFAULT: usize = 20;
/// Beyond it the cursor is the way: an offset reads everything that it passes over.
const OFFSET_MAX: usize = 10_000;
/// Notifications that one request may mark by id.
const MARKED_MAX: usize = 500;

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
pub struct NotificationsQuery {
    #[garde(range(min = 1, max = 100))]
    limit: Option<usize>,
    #[garde(range(max = OFFSET_MAX))]
    offset: Option<usize>,
    /// Wins over `offset`.
    #[serde(default, deserialize_with = "optional")]
    #[schemars(with = "Option<CursorText>")]
    cursor: Option<PositionCursor>,
    /// One of the types (COMMENT, FOLLOWER, ..), or an older client's name of one (FOLLOW, POST_NEW, TRANSACTION_SUCCESS); empty is
    /// none.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// One of the notification page's tabs: all, comment, transaction, course, event, chat, affiliate, system, achievement; empty
    /// is none. With `type` what both have.
    tab: Option<String>,
    unread_only: Option<bool>,
    /// `true`: those alone that were archived; they are left out otherwise.
    archived: Option<bool>,
}

impl NotificationsQuery {
    fn ask(&self) -> Result<FeedAsk, Problem> {
        let page = match self.cursor {
            Some(PositionCursor(position)) => FeedPage::Before(position),
            None => FeedPage::Offset(self.offset.unwrap_or_default()),
        };
        let limit = self.limit.unwrap_or(NOTIFICATIONS_DEFAULT);
        let (unread_only, archived) = (self.unread_only.unwrap_or_default(), self.archived.unwrap_or_default());
        Ok(FeedAsk { kinds: self.kinds()?, unread_only, archived, page, limit })
    }

    /// What type and tab have in common; an empty parameter asks for nothing.
    fn kinds(&self) -> Result<Option<Vec<NotificationType>>, Problem> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let tab = match given(&self.tab) {
            Some(name) => Tab::parse(&name).ok_or_else(|| Problem::invalid("tab", "no such tab"))?.kinds(),
            None => None,
        };
        let Some(name) = given(&self.kind) else { return Ok(tab.map(<[_]>::to_vec)) };
        let kind = NotificationType::parse(&name).ok_or_else(|| Problem::invalid("type", "no such type"))?;
        Ok(Some(if tab.is_none_or(|kinds| kinds.contains(&kind)) { vec![kind] } else { Vec::new() }))
    }
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotificationsAnswer {
    notifications: Vec<Notification>,
    unread_count: u64,
    pagination: Pagination,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pagination {
    limit: usize,
    offset: usize,
    has_more: bool,
    #[schemars(with = "Option<CursorText>")]
    next_cursor: Option<String>,
}

/// `GET /api/notifications`. Two units: the feed, and the inbox for names.
pub async fn list(
    State(app): State<AppState>,
    actor: Actor,
    after: After,
    ValidQuery(query): ValidQuery<NotificationsQuery>,
) -> Result<Answer<NotificationsAnswer>, Problem> {
    let ask = query.ask()?;
    tokio::try_join!(after.wait_for(&app, UnitName::Feed), after.wait_for(&app, UnitName::Inbox))?;
    let limit = ask.limit;
    let page = app.queries().notifications(actor.id(), ask).await?;
    let unread_count = app.queries().unread_notifications(actor.id()).await?;
    let next_cursor = page.next.map(|next| PositionCursor(next).to_string());
    let offset = query.offset.unwrap_or_default();
    let pagination = Pagination { limit, offset, has_more: page.has_more, next_cursor };
    Ok(Answer::shown(NotificationsAnswer { notifications: page.notifications, unread_count, pagination }))
}

/// `GET /api/notifications/unread-count`
pub async fn unread_count(
    State(app): State<AppState>,
    actor: Actor,
    after: After,
) -> Result<Answer<CountAnswer>, Problem> {
    after.wait_for(&app, UnitName::Feed).await?;
    Ok(Answer::shown(CountAnswer { count: app.queries().unread_notifications(actor.id()).await? }))
}

/// Both forms that clients use: `{notificationIds?, markAllRead?, isRead?}` and `{id?, markAll?}`.
#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
#[schemars(transform = also_called("markAllRead", "markAll"))]
pub struct MarkBody {
    #[garde(length(max = MARKED_MAX))]
    notification_ids: Option<Vec<NotificationId>>,
    id: Option<NotificationId>,
    #[serde(alias = "markAll")]
    mark_all_read: Option<bool>,
    is_read: Option<bool>,
}

/// What is to be marked.
#[derive(Debug, PartialEq)]
enum Marking {
    All,
    One(NotificationId, bool),
    Several(BTreeSet<NotificationId>, bool),
}

impl MarkBody {
    fn marking(self) -> Result<Marking, Problem> {
        let read = self.is_read.unwrap_or(true);
        if self.mark_all_read == Some(true) {
            return if read {
                Ok(Marking::All)
            } else {
                Err(Problem::invalid("isRead", "all are marked as read only"))
            };
        }
        match (self.notification_ids, self.id) {
            (Some(_), Some(_)) => Err(Problem::invalid("id", "not together with notificationIds")),
            (Some(ids), None) if ids.is_empty() => Err(Problem::invalid("notificationIds", "must not be empty")),
            (Some(ids), None) => Ok(Marking::Several(ids.into_iter().collect(), read)),
            (None, Some(id)) => Ok(Marking::One(id, read)),
            (None, None) => Err(Problem::invalid("notificationIds", "which ones, or markAllRead: true?")),
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct MarkAnswer {
    count: u64,
    message: &'static str,
}

/// `PATCH /api/notifications`
pub async fn mark(
    State(app): State<AppState>,
    caller: Caller,
    ValidJson(body): ValidJson<MarkBody>,
) -> Result<Answer<MarkAnswer>, Problem> {
    let (count, position, message) = match body.marking()? {
        Marking::All => {
            let marked = app.commands.mark_feed_read(&caller).await?;
            (marked.count, marked.position, "All notifications marked as read")
        }
        Marking::One(id, read) => {
            let position = app.commands.mark_notification(&caller, id, read).await?;
            (1, position, if read { "Notification marked as read" } else { "Notification marked as unread" })
        }
        Marking::Several(ids, read) => {
            let marked = app.commands.mark_notifications(&caller, &ids, read).await?;
            let message = if read { "Notifications marked as read" } else { "Notifications marked as unread" };
            (marked.count, marked.position, message)
        }
    };
    Ok(Answer::decided(position, MarkAnswer { count, message }))
}

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[garde(allow_unvalidated)]
pub struct DeleteQuery {
    id: NotificationId,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct DoneAnswer {
    message: &'static str,
}

/// `DELETE /api/notifications?id=`
pub async fn delete(
    State(app): State<AppState>,
    caller: Caller,
    ValidQuery(query): ValidQuery<DeleteQuery>,
) -> Result<Answer<DoneAnswer>, Problem> {
    let position = app.commands.delete_notification(&caller, query.id).await?;
    Ok(Answer::decided(position, DoneAnswer { message: "Notification deleted" }))
}

/// `POST /api/notifications/{notificationId}/archive`
pub async fn archive(
    State(app): State<AppState>,
    caller: Caller,
    ValidPath(id): ValidPath<NotificationId>,
) -> Result<Answer<DoneAnswer>, Problem> {
    let position = app.commands.archive_notification(&caller, id, true).await?;
    Ok(Answer::decided(position, DoneAnswer { message: "Notification archived" }))
}

/// `DELETE /api/notifications/{notificationId}/archive`
pub async fn unarchive(
    State(app): State<AppState>,
    caller: Caller,
    ValidPath(id): ValidPath<NotificationId>,
) -> Result<Answer<DoneAnswer>, Problem> {
    let position = app.commands.archive_notification(&caller, id, false).await?;
    Ok(Answer::decided(position, DoneAnswer { message: "Notification back in the list" }))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;

    fn marking(body: Value) -> Result<Marking, String> {
        let body: MarkBody = serde_json::from_value(body).expect("the right shape");
        body.marking().map_err(|problem| problem.errors()[0].field.to_string())
    }

    #[test]
    fn both_forms_of_marking_are_understood() {
        let id = NotificationId(Uuid::from_u128(4));
        assert_eq!(marking(json!({"markAllRead": true})), Ok(Marking::All));
        assert_eq!(marking(json!({"markAll": true})), Ok(Marking::All));
        assert_eq!(marking(json!({"id": id.0})), Ok(Marking::One(id, true)));
        assert_eq!(
            marking(json!({"notificationIds": [id.0, id.0], "isRead": false})),
            Ok(Marking::Several(BTreeSet::from([id]), false))
        );
    }

    #[test]
    fn what_is_to_be_marked_must_be_said_once() {
        assert_eq!(marking(json!({})), Err("notificationIds".into()));
        assert_eq!(marking(json!({"notificationIds": []})), Err("notificationIds".into()));
        assert_eq!(marking(json!({"notificationIds": [], "id": Uuid::nil()})), Err("id".into()));
        assert_eq!(marking(json!({"markAllRead": true, "isRead": false})), Err("isRead".into()));
    }

    fn kinds(kind: &str, tab: &str) -> Result<Option<Vec<NotificationType>>, String> {
        let query: NotificationsQuery = serde_json::from_value(json!({"type": kind, "tab": tab})).expect("a query");
        query.kinds().map_err(|problem| problem.errors()[0].field.to_string())
    }

    #[test]
    fn type_and_tab_narrow_each_other() {
        assert_eq!(kinds("", ""), Ok(None));
        assert_eq!(kinds("", "all"), Ok(None));
        assert_eq!(kinds("FOLLOW", ""), Ok(Some(vec![NotificationType::Follower])));
        assert_eq!(kinds("FOLLOWER", "system"), Ok(Some(vec![NotificationType::Follower])));
        assert_eq!(kinds("FOLLOWER", "chat"), Ok(Some(vec![])));
        assert_eq!(kinds("NOPE", ""), Err("type".into()));
        assert_eq!(kinds("", "nope"), Err("tab".into()));
    }
}
