//! Who is typing. Ephemeral: never an event in the log.

use aggregates::ids::{RoomId, UserId};
use axum::extract::State;
use garde::Validate;
use projections::UnitName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::http::extract::{Actor, After, ValidJson, ValidQuery};
use crate::http::validity::optional;
use crate::http::{Answer, AppState, Problem};
use crate::realtime::SocketId;

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
pub struct TypingBody {
    room_id: RoomId,
    is_typing: bool,
    #[serde(rename = "socket_id", default, deserialize_with = "optional")]
    socket_id: Option<SocketId>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct TypingAnswer {}

/// `POST /api/chat/typing`
pub async fn typing(
    State(app): State<AppState>,
    actor: Actor,
    after: After,
    ValidJson(body): ValidJson<TypingBody>,
) -> Result<Answer<TypingAnswer>, Problem> {
    require_member(&app, after, body.room_id, actor.id()).await?;
    app.realtime.was_active_in(body.room_id, actor.id());
    app.realtime.typing(body.room_id, actor.id(), body.is_typing, body.socket_id).await;
    Ok(Answer::shown(TypingAnswer {}))
}

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
pub struct TypingQuery {
    room_id: RoomId,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TypersAnswer {
    user_ids: Vec<UserId>,
}

/// `GET /api/chat/typing`
pub async fn typers(
    State(app): State<AppState>,
    actor: Actor,
    after: After,
    ValidQuery(query): ValidQuery<TypingQuery>,
) -> Result<Answer<TypersAnswer>, Problem> {
    require_member(&app, after, query.room_id, actor.id()).await?;
    Ok(Answer::shown(TypersAnswer { user_ids: app.queries().typers(query.room_id, actor.id()).await? }))
}

async fn require_member(app: &AppState, after: After, room: RoomId, user: &UserId) -> Result<(), Problem> {
    after.wait_for(app, UnitName::Inbox).await?;
    match app.views.inbox().member(room, user).await? {
        Some(_) => Ok(()),
        None => Err(Problem::not_found("there is no such room")),
    }
}
