//! What becomes of a message: edited, deleted, reacted to, pinned, forwarded.

use aggregates::Sealed;
use aggregates::ids::{MessageId, RoomId, UserId};
use aggregates::room::{CONTENT_CHARS_MAX, Emoji, MENTIONS_MAX};
use axum::extract::State;
use event_log::Position;
use futures_util::future::join_all;
use garde::Validate;
use projections::UnitName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::messages::{MessageAnswer, shown};
use crate::commands::{Caller, Changed, Rewording};
use crate::http::extract::{ValidJson, ValidPath, ValidQuery};
use crate::http::validity::text;
use crate::http::{Answer, AppState, Problem};
use crate::wire::Message;

/// Rooms that one request carries a message into.
pub const FORWARD_ROOMS_MAX: usize = 10;

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
pub struct EditBody {
    message_id: MessageId,
    #[garde(custom(text(CONTENT_CHARS_MAX)))]
    #[schemars(length(max = CONTENT_CHARS_MAX))]
    content: String,
    #[serde(default)]
    #[garde(length(max = MENTIONS_MAX))]
    mentions: Vec<UserId>,
    #[serde(default)]
    mentions_all: bool,
}

/// `PATCH /api/chat/messages`: one's own, in other words.
pub async fn edit(
    State(app): State<AppState>,
    caller: Caller,
    ValidJson(body): ValidJson<EditBody>,
) -> Result<Answer<MessageAnswer>, Problem> {
    let content = Sealed::new(body.content);
    let words = Rewording { content, mentions: body.mentions, mentions_all: body.mentions_all };
    let changed = app.commands.edit_message(&caller, body.message_id, words).await?;
    answer_changed(&app, &caller, changed).await
}

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[garde(allow_unvalidated)]
pub struct DeleteQuery {
    id: MessageId,
}

/// `DELETE /api/chat/messages?id=`: one's own, or anybody's for who keeps the room. Its place stays.
pub async fn delete(
    State(app): State<AppState>,
    caller: Caller,
    ValidQuery(query): ValidQuery<DeleteQuery>,
) -> Result<Answer<MessageAnswer>, Problem> {
    let changed = app.commands.delete_message(&caller, query.id).await?;
    answer_changed(&app, &caller, changed).await
}

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[garde(allow_unvalidated)]
pub struct ReactBody {
    #[serde(deserialize_with = "emoji")]
    emoji: Emoji,
    on: Option<bool>,
}

/// `POST /api/chat/messages/{messageId}/reactions`: sets an emoji; `on: false` takes it back.
pub async fn react(
    State(app): State<AppState>,
    caller: Caller,
    ValidPath(message_id): ValidPath<MessageId>,
    ValidJson(body): ValidJson<ReactBody>,
) -> Result<Answer<MessageAnswer>, Problem> {
    let changed = app.commands.react(&caller, message_id, body.emoji, body.on.unwrap_or(true)).await?;
    answer_changed(&app, &caller, changed).await
}

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[garde(allow_unvalidated)]
pub struct UnreactQuery {
    #[serde(deserialize_with = "emoji")]
    emoji: Emoji,
}

/// `DELETE /api/chat/messages/{messageId}/reactions?emoji=`
pub async fn unreact(
    State(app): State<AppState>,
    caller: Caller,
    ValidPath(message_id): ValidPath<MessageId>,
    ValidQuery(query): ValidQuery<UnreactQuery>,
) -> Result<Answer<MessageAnswer>, Problem> {
    let changed = app.commands.react(&caller, message_id, query.emoji, false).await?;
    answer_changed(&app, &caller, changed).await
}

/// `POST /api/chat/messages/{messageId}/pin`
pub async fn pin(
    State(app): State<AppState>,
    caller: Caller,
    ValidPath(message_id): ValidPath<MessageId>,
) -> Result<Answer<MessageAnswer>, Problem> {
    let changed = app.commands.pin_message(&caller, message_id, true).await?;
    answer_changed(&app, &caller, changed).await
}

/// `DELETE /api/chat/messages/{messageId}/pin`
pub async fn unpin(
    State(app): State<AppState>,
    caller: Caller,
    ValidPath(message_id): ValidPath<MessageId>,
) -> Result<Answer<MessageAnswer>, Problem> {
    let changed = app.commands.pin_message(&caller, message_id, false).await?;
    answer_changed(&app, &caller, changed).await
}

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
pub struct ForwardBody {
    #[garde(length(min = 1, max = FORWARD_ROOMS_MAX))]
    room_ids: Vec<RoomId>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ForwardAnswer {
    messages: Vec<Message>,
}

/// `POST /api/chat/messages/{messageId}/forward`: into each of up to ten rooms, in the order named.
pub async fn forward(
    State(app): State<AppState>,
    caller: Caller,
    ValidPath(message_id): ValidPath<MessageId>,
    ValidJson(body): ValidJson<ForwardBody>,
) -> Result<Answer<ForwardAnswer>, Problem> {
    let mut rooms = body.room_ids;
    let mut seen = std::collections::HashSet::new();
    rooms.retain(|room| seen.insert(*room));
    app.gate.count_sends(&caller.user_id, rooms.len())?;
    let carried = app.commands.forward_message(&caller, message_id, &rooms).await?;
    let position = carried.iter().map(|sent| sent.position).max().unwrap_or(Position::START);
    let messages = join_all(carried.iter().map(|sent| shown(&app, &caller, sent))).await;
    Ok(Answer::decided(position, ForwardAnswer { messages }))
}

/// The message as the view has it once it has come to where the wish was carried out. It has been carried out: a view that
/// is late is no reason to say no, and shows the message a moment older.
async fn answer_changed(app: &AppState, caller: &Caller, changed: Changed) -> Result<Answer<MessageAnswer>, Problem> {
    let Changed { before, position } = changed;
    if let Err(lagging) = app.views.wait_for(UnitName::Inbox, position, app.config.server.view_wait()).await {
        tracing::warn!(%lagging, "a message that was changed is shown as it was");
    }
    let message = app.queries().message(before.id, &caller.user_id).await?;
    // Theirs when the wish was carried out, and no more.
    let message = message.ok_or_else(|| Problem::not_found("there is no such message"))?;
    Ok(Answer::decided(position, MessageAnswer { message }))
}

fn emoji<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Emoji, D::Error> {
    let text = String::deserialize(deserializer)?;
    Emoji::parse(&text).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reaction_is_an_emoji_and_set_unless_said_otherwise() {
        let body = |json: serde_json::Value| serde_json::from_value::<ReactBody>(json);
        let set = body(serde_json::json!({"emoji": "👍"})).expect("an emoji");
        assert_eq!((set.emoji.as_str(), set.on), ("👍", None));
        assert!(body(serde_json::json!({"emoji": "Rara Putri"})).is_err());
    }
}
