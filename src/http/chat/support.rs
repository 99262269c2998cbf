//! Support rooms that wait for help, for the platform's admins.

use aggregates::Timestamp;
use aggregates::ids::{RoomId, UserId};
use aggregates::user::UserRole;
use axum::extract::State;
use projections::UnitName;
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::cursor::{PageQuery, PositionCursor};
use crate::http::extract::{Actor, After, ValidQuery};
use crate::http::{Answer, AppState, Problem};
use crate::wire::names::CursorText;

/// A support room as who is not in it sees it: enough to come in.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct OpenRoom {
    id: RoomId,
    name: Option<String>,
    opened_by: UserId,
    participant_count: u64,
    last_seq: u64,
    last_message_at: Option<Timestamp>,
    created_at: Timestamp,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SupportAnswer {
    rooms: Vec<OpenRoom>,
    has_more: bool,
    #[schemars(with = "Option<CursorText>")]
    next_cursor: Option<String>,
}

/// `GET /api/chat/support`: open ones, what was opened last first. The way in is the join of groups.
pub async fn open_rooms(
    State(app): State<AppState>,
    actor: Actor,
    after: After,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<Answer<SupportAnswer>, Problem> {
    after.wait_for(&app, UnitName::Inbox).await?;
    require_admin(&app, actor.id()).await?;
    let limit = query.limit();
    let mut rows = app.views.inbox().open_support_rooms(query.behind(), limit + 1).await?;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = rows.last().filter(|_| has_more).map(|row| PositionCursor(row.position).to_string());
    let room = |row: projections::inbox::SupportRow| OpenRoom {
        id: row.room_id,
        name: row.name,
        opened_by: row.opened_by,
        participant_count: row.participant_count,
        last_seq: row.last_seq,
        last_message_at: row.last_message_at,
        created_at: row.created_at,
    };
    Ok(Answer::shown(SupportAnswer { rooms: rows.into_iter().map(room).collect(), has_more, next_cursor }))
}

async fn require_admin(app: &AppState, user: &UserId) -> Result<(), Problem> {
    let known = app.views.inbox().users(std::slice::from_ref(user)).await?;
    let is_admin = known.iter().any(|row| row.person.role.as_deref() == Some(UserRole::Admin.name()));
    if is_admin { Ok(()) } else { Err(Problem::forbidden("for the platform's admins")) }
}
