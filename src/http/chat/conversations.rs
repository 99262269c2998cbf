//! The older names of two routes: a list of conversations, and a message to somebody.

use aggregates::ids::{MessageId, RoomId, UserId};
use aggregates::room::{CONTENT_CHARS_MAX, MENTIONS_MAX, MessageKind};
use axum::extract::State;
use garde::Validate;
use projections::UnitName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::messages::{SendBody, require_words, say, shown};
use super::rooms::{RoomsQuery, rooms_page};
use crate::commands::{Caller, WishId};
use crate::http::extract::{Actor, After, ValidJson, ValidQuery};
use crate::http::validity::{attachment_address, key, media_type, optional, text};
use crate::http::{Answer, AppState, Problem};
use crate::realtime::SocketId;
use crate::wire::names::CursorText;
use crate::wire::{Message, Room};

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConversationsAnswer {
    /// The same objects as `rooms[]` of `/api/chat/rooms`.
    conversations: Vec<Room>,
    total_unread: u64,
    has_more: bool,
    #[schemars(with = "Option<CursorText>")]
    next_cursor: Option<String>,
}

/// `GET /api/messages`
pub async fn conversations(
    State(app): State<AppState>,
    actor: Actor,
    after: After,
    ValidQuery(query): ValidQuery<RoomsQuery>,
) -> Result<Answer<ConversationsAnswer>, Problem> {
    after.wait_for(&app, UnitName::Inbox).await?;
    let page = rooms_page(&app, actor.id(), &query).await?;
    Ok(Answer::shown(ConversationsAnswer {
        conversations: page.rooms,
        total_unread: page.total_unread,
        has_more: page.has_more,
        next_cursor: page.next_cursor,
    }))
}

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
pub struct WriteBody {
    receiver_id: UserId,
    #[garde(custom(text(CONTENT_CHARS_MAX)))]
    #[schemars(length(max = CONTENT_CHARS_MAX))]
    content: Option<String>,
    #[serde(rename = "type")]
    kind: Option<MessageKind>,
    #[garde(custom(attachment_address))]
    attachment_url: Option<String>,
    /// A media type, as in `image/png`, or `image`, `video`, `audio`, `document`, `file`; of an upload it is what its bytes say.
    #[garde(custom(media_type))]
    attachment_type: Option<String>,
    reply_to_id: Option<MessageId>,
    #[serde(default)]
    #[garde(length(max = MENTIONS_MAX))]
    mentions: Vec<UserId>,
    #[serde(default)]
    mentions_all: bool,
    #[garde(custom(key))]
    #[schemars(length(min = 1, max = 200))]
    client_message_id: Option<String>,
    #[serde(rename = "socket_id", default, deserialize_with = "optional")]
    socket_id: Option<SocketId>,
}

impl WriteBody {
    /// The same words, once it is known where they are said.
    fn in_room(self, room_id: RoomId) -> SendBody {
        SendBody {
            room_id,
            content: self.content,
            kind: self.kind,
            attachment_url: self.attachment_url,
            attachment_type: self.attachment_type,
            reply_to_id: self.reply_to_id,
            mentions: self.mentions,
            mentions_all: self.mentions_all,
            client_message_id: self.client_message_id,
            socket_id: self.socket_id,
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct WriteAnswer {
    message: Message,
    room: Option<Room>,
}

/// Where it is said. A key that was used before leads where it led then: the body is not compared.
async fn direct_room(app: &AppState, caller: &Caller, wish: WishId, body: &WriteBody) -> Result<RoomId, Problem> {
    if body.client_message_id.is_none()
        && let Some(sent) = app.commands.sent_before(wish.part("message")).await?
    {
        return Ok(sent.event.room_id);
    }
    let opened = app.commands.open_direct(caller, wish.part("room"), &body.receiver_id).await;
    Ok(opened.map_err(|failure| Problem::from(failure).renaming("recipientId", "receiverId"))?.room_id)
}

/// `POST /api/messages`: opens the direct room where there is none.
pub async fn write(
    State(app): State<AppState>,
    caller: Caller,
    ValidJson(body): ValidJson<WriteBody>,
) -> Result<Answer<WriteAnswer>, Problem> {
    // Before a room is opened for it.
    require_words(body.content.as_deref().unwrap_or_default(), body.attachment_url.as_deref())?;
    let wish = caller.wish_id("write");
    let room_id = direct_room(&app, &caller, wish, &body).await?;
    let socket = body.socket_id;
    let draft = body.in_room(room_id).draft()?;
    let id = draft.wish_id(&caller, || wish.part("message"));
    app.skip_socket(id, socket);
    let sent = say(&app, &caller, id, draft).await?;
    let message = shown(&app, &caller, &sent).await;
    if let Err(lagging) = app.views.wait_for(UnitName::Inbox, sent.position, app.config.server.view_wait()).await {
        tracing::warn!(%lagging, "a room is shown as it was");
    }
    // It is sent: asked again without a key it would be sent once more.
    let room = app.queries().room(room_id, &caller.user_id).await.unwrap_or_else(|error| {
        tracing::warn!(%error, room = %room_id, "a message is shown without its room");
        None
    });
    Ok(Answer::decided(sent.position, WriteAnswer { message, room }))
}
