//! What belongs to one message, or to a few of a room: answers to it, what it said before, who has read it, what is pinned.

use aggregates::Timestamp;
use aggregates::ids::{MessageId, RoomId, UserId};
use axum::extract::State;
use projections::UnitName;
use schemars::JsonSchema;
use serde::Serialize;

use super::messages::MessageAnswer;
use crate::http::cursor::{PageQuery, PositionCursor};
use crate::http::extract::{Actor, After, ValidPath, ValidQuery};
use crate::http::{Answer, AppState, Problem};
use crate::wire::Message;
use crate::wire::names::CursorText;

/// Former words of a message that are shown: the latest.
const VERSIONS_MAX: usize = 100;

/// `GET /api/chat/messages/{messageId}`
pub async fn message(
    State(app): State<AppState>,
    actor: Actor,
    after: After,
    ValidPath(message_id): ValidPath<MessageId>,
) -> Result<Answer<MessageAnswer>, Problem> {
    after.wait_for(&app, UnitName::Inbox).await?;
    let message = app.queries().message(message_id, actor.id()).await?.ok_or_else(no_such_message)?;
    Ok(Answer::shown(MessageAnswer { message }))
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RepliesAnswer {
    messages: Vec<Message>,
    has_more: bool,
    #[schemars(with = "Option<CursorText>")]
    next_cursor: Option<String>,
}

/// `GET /api/chat/messages/{messageId}/replies`: oldest first.
pub async fn replies(
    State(app): State<AppState>,
    actor: Actor,
    after: After,
    ValidPath(message_id): ValidPath<MessageId>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<Answer<RepliesAnswer>, Problem> {
    after.wait_for(&app, UnitName::Inbox).await?;
    let found = app.queries().replies(message_id, actor.id(), query.behind(), query.limit()).await?;
    let page = found.ok_or_else(no_such_message)?;
    Ok(Answer::shown(RepliesAnswer {
        messages: page.messages,
        has_more: page.has_more,
        next_cursor: page.next.map(|next| PositionCursor(next).to_string()),
    }))
}

/// What a message said from a moment on.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Version {
    content: String,
    at: Timestamp,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct VersionsAnswer {
    versions: Vec<Version>,
}

/// `GET /api/chat/messages/{messageId}/edits`: everything it has said, oldest first, the present words last; nothing of a
/// message that was deleted.
pub async fn edits(
    State(app): State<AppState>,
    actor: Actor,
    after: After,
    ValidPath(message_id): ValidPath<MessageId>,
) -> Result<Answer<VersionsAnswer>, Problem> {
    after.wait_for(&app, UnitName::Inbox).await?;
    let found = app.views.inbox().versions(message_id, actor.id(), VERSIONS_MAX).await?;
    let versions = found.ok_or_else(no_such_message)?.into_iter();
    let versions = versions.map(|row| Version { content: row.content, at: row.at }).collect();
    Ok(Answer::shown(VersionsAnswer { versions }))
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReadersAnswer {
    read_by: Vec<UserId>,
    read_by_count: u64,
}

/// `GET /api/chat/messages/{messageId}/readers`: in rooms of any size; the latest readers first, up to 50.
pub async fn readers(
    State(app): State<AppState>,
    actor: Actor,
    after: After,
    ValidPath(message_id): ValidPath<MessageId>,
) -> Result<Answer<ReadersAnswer>, Problem> {
    after.wait_for(&app, UnitName::Inbox).await?;
    let read_by = app.queries().readers_of(message_id, actor.id()).await?.ok_or_else(no_such_message)?;
    Ok(Answer::shown(ReadersAnswer { read_by: read_by.users, read_by_count: read_by.count }))
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct PinsAnswer {
    messages: Vec<Message>,
}

/// `GET /api/chat/rooms/{roomId}/pins`: what was pinned last first; all of them, there is a limit.
pub async fn pins(
    State(app): State<AppState>,
    actor: Actor,
    after: After,
    ValidPath(room_id): ValidPath<RoomId>,
) -> Result<Answer<PinsAnswer>, Problem> {
    after.wait_for(&app, UnitName::Inbox).await?;
    let messages = app.queries().pins(room_id, actor.id()).await?;
    Ok(Answer::shown(PinsAnswer { messages: messages.ok_or_else(|| Problem::not_found("there is no such room"))? }))
}

fn no_such_message() -> Problem {
    Problem::not_found("there is no such message")
}
