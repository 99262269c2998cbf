//! Messages: sending one, reading a page.

use aggregates::Sealed;
use aggregates::ids::{MessageId, RoomId, UserId};
use aggregates::room::{Attachment, CONTENT_CHARS_MAX, MENTIONS_MAX, MessageKind};
use aggregates::visible::is_blank;
use attachments::UploadId;
use axum::extract::State;
use garde::Validate;
use projections::UnitName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::commands::{Caller, Draft, Failure, Sent, WishId};
use crate::http::cursor::PositionCursor;
use crate::http::extract::{Actor, After, ValidJson, ValidQuery};
use crate::http::validity::{attachment_address, key, media_type, optional, text};
use crate::http::{Answer, AppState, Problem};
use crate::queries::Asked;
use crate::realtime::SocketId;
use crate::uploads::Attachable;
use crate::wire::Message;
use crate::wire::names::CursorText;

const MESSAGES_DEFAULT: usize = 50;

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
pub struct SendBody {
    pub(super) room_id: RoomId,
    /// May be empty, null or absent beside an attachment.
    #[garde(custom(text(CONTENT_CHARS_MAX)))]
    #[schemars(length(max = CONTENT_CHARS_MAX))]
    pub(super) content: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: Option<MessageKind>,
    #[garde(custom(attachment_address))]
    pub(super) attachment_url: Option<String>,
    /// A media type, as in `image/png`, or `image`, `video`, `audio`, `document`, `file`; of an upload it is what its bytes say.
    #[garde(custom(media_type))]
    pub(super) attachment_type: Option<String>,
    pub(super) reply_to_id: Option<MessageId>,
    #[serde(default)]
    #[garde(length(max = MENTIONS_MAX))]
    pub(super) mentions: Vec<UserId>,
    #[serde(default)]
    pub(super) mentions_all: bool,
    #[garde(custom(key))]
    #[schemars(length(min = 1, max = 200))]
    pub(super) client_message_id: Option<String>,
    #[serde(rename = "socket_id", default, deserialize_with = "optional")]
    pub(super) socket_id: Option<SocketId>,
}

impl SendBody {
    pub(super) fn draft(self) -> Result<Draft, Problem> {
        let content = self.content.unwrap_or_default();
        let kind = self.kind.unwrap_or(MessageKind::Text);
        require_words(&content, self.attachment_url.as_deref())?;
        let media_type = self.attachment_type;
        let attachment = self.attachment_url.map(|url| Attachment::at(Sealed::new(url), media_type));
        Ok(Draft {
            room_id: self.room_id,
            kind,
            content: Sealed::new(content),
            attachment,
            upload_key: None,
            reply_to: self.reply_to_id,
            mentions: self.mentions,
            mentions_all: self.mentions_all,
            client_message_id: self.client_message_id,
        })
    }
}

pub(super) fn require_words(content: &str, attachment_url: Option<&str>) -> Result<(), Problem> {
    if attachment_url.is_none() && is_blank(content) {
        return Err(Problem::invalid("content", "must not be empty or blank without an attachment"));
    }
    Ok(())
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct MessageAnswer {
    pub message: Message,
}

/// `POST /api/chat/send`
pub async fn send(
    State(app): State<AppState>,
    caller: Caller,
    ValidJson(body): ValidJson<SendBody>,
) -> Result<Answer<MessageAnswer>, Problem> {
    let socket = body.socket_id;
    let draft = body.draft()?;
    let id = draft.wish_id(&caller, || caller.wish_id("send"));
    app.skip_socket(id, socket);
    let sent = say(&app, &caller, id, draft).await?;
    let message = shown(&app, &caller, &sent).await;
    Ok(Answer::decided(sent.position, MessageAnswer { message }))
}

/// Sends it, and sees to what it carries. What was sent under `id` before was sent, whatever has become of its upload.
pub(super) async fn say(app: &AppState, caller: &Caller, id: WishId, mut draft: Draft) -> Result<Sent, Problem> {
    let sent = match look_at_upload(app, &mut draft, &caller.user_id).await {
        Ok(()) => app.commands.send_message(caller, id, draft).await?,
        Err(problem) => app.commands.sent_before(id).await?.ok_or(problem)?,
    };
    app.realtime.was_active_in(sent.event.room_id, &caller.user_id);
    Ok(sent)
}

/// An upload is attached by whoever brought it, in the room that they brought it to; what it is was seen in its bytes.
async fn look_at_upload(app: &AppState, draft: &mut Draft, sender: &UserId) -> Result<(), Problem> {
    let Some(attachment) = &mut draft.attachment else { return Ok(()) };
    let Some(id) = UploadId::of_address(attachment.url.reveal()) else { return Ok(()) };
    match app.uploads.attachable(id, draft.room_id, sender).await? {
        Some(Attachable { attachment: found, key }) => {
            *attachment = found;
            draft.upload_key = Some(key);
            Ok(())
        }
        None => Err(Failure::not_your_upload().into()),
    }
}

/// A message that was sent, as it is now: one that was sent before may look different by now.
pub(super) async fn shown(app: &AppState, caller: &Caller, sent: &Sent) -> Message {
    let as_it_is_now = if sent.new { None } else { shown_again(app, sent, caller).await };
    match as_it_is_now {
        Some(message) => message,
        None => app.queries().sent_message(&sent.event, sent.position).await,
    }
}

/// A message that was sent before, as the view has it. It is sent: that a view is late is no reason to say no.
async fn shown_again(app: &AppState, sent: &Sent, caller: &Caller) -> Option<Message> {
    if let Err(lagging) = app.views.wait_for(UnitName::Inbox, sent.position, app.config.server.view_wait()).await {
        tracing::warn!(%lagging, "a message that was sent again is shown as it was");
    }
    app.queries().message(sent.event.message_id, &caller.user_id).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "a message that was sent again is shown as it was sent");
        None
    })
}

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
pub struct MessagesQuery {
    room_id: RoomId,
    #[garde(range(min = 1, max = 100))]
    limit: Option<usize>,
    before_id: Option<MessageId>,
    after_id: Option<MessageId>,
    around_id: Option<MessageId>,
    /// `unread`: from the first that one has not read.
    from: Option<From>,
    #[serde(default, deserialize_with = "optional")]
    #[schemars(with = "Option<CursorText>")]
    cursor: Option<PositionCursor>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum From {
    Unread,
}

impl MessagesQuery {
    fn asked(&self) -> Result<Asked, Problem> {
        let beginnings = [
            ("beforeId", self.before_id.map(Asked::Before)),
            ("afterId", self.after_id.map(Asked::After)),
            ("aroundId", self.around_id.map(Asked::Around)),
            ("from", self.from.map(|From::Unread| Asked::Unread)),
            ("cursor", self.cursor.map(|PositionCursor(position)| Asked::Behind(position))),
        ];
        let mut given = beginnings.into_iter().filter_map(|(name, asked)| Some((name, asked?)));
        let Some((first, asked)) = given.next() else { return Ok(Asked::Newest) };
        match given.next() {
            None => Ok(asked),
            Some((second, _)) => Err(Problem::invalid(second, format!("not together with {first}"))),
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessagesAnswer {
    messages: Vec<Message>,
    has_more: bool,
    /// Behind the last of these; what `aroundId` and `from=unread` leave out.
    has_newer: bool,
    #[schemars(with = "Option<CursorText>")]
    next_cursor: Option<String>,
}

/// `GET /api/chat/messages`
pub async fn messages(
    State(app): State<AppState>,
    actor: Actor,
    after: After,
    ValidQuery(query): ValidQuery<MessagesQuery>,
) -> Result<Answer<MessagesAnswer>, Problem> {
    let asked = query.asked()?;
    after.wait_for(&app, UnitName::Inbox).await?;
    let limit = query.limit.unwrap_or(MESSAGES_DEFAULT);
    let page = app.queries().messages(query.room_id, actor.id(), asked, limit).await?;
    Ok(Answer::shown(MessagesAnswer {
        messages: page.messages,
        has_more: page.has_more,
        has_newer: page.has_newer,
        next_cursor: page.next.map(|next| PositionCursor(next).to_string()),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(json: serde_json::Value) -> SendBody {
        serde_json::from_value(json).expect("the right shape")
    }

    #[test]
    fn a_message_without_words_needs_an_attachment() {
        let room = "00000000-0000-0000-0000-000000000001";
        for content in [serde_json::json!(null), serde_json::json!(""), serde_json::json!(" \n\u{3000}")] {
            let problem = body(serde_json::json!({"roomId": room, "content": content})).draft().expect_err("empty");
            assert_eq!(&*problem.errors()[0].field, "content");
        }
        let draft = body(serde_json::json!({"roomId": room, "attachmentUrl": "https://a.example/b", "type": "file"}));
        let draft = draft.draft().expect("an attachment is enough");
        assert_eq!((draft.kind, draft.content.reveal()), (MessageKind::File, ""));
    }

    #[test]
    fn an_attachments_type_is_a_type_and_no_text() {
        let room = "00000000-0000-0000-0000-000000000001";
        let wish = |kind: &str| {
            body(serde_json::json!({"roomId": room, "attachmentUrl": "https://a.example/b", "attachmentType": kind}))
        };
        for right in ["image/png", "application/vnd.oasis.opendocument.text", "image/svg+xml", "image", "file"] {
            assert!(wish(right).validate().is_ok(), "{right}");
        }
        for wrong in ["", "foo", "images", "Rara Putri", "rara@example.id", "a/b/c", "/png", "image/", &"x".repeat(201)]
        {
            let report = wish(wrong).validate().expect_err(wrong);
            assert!(report.to_string().starts_with("attachment_type"), "{report}");
        }
    }

    #[test]
    fn clients_do_not_send_system_messages() {
        let wish =
            serde_json::json!({"roomId": "00000000-0000-0000-0000-000000000001", "content": "x", "type": "system"});
        assert!(serde_json::from_value::<SendBody>(wish).is_err());
    }

    #[test]
    fn a_page_begins_in_one_place() {
        let id = MessageId(uuid::Uuid::nil());
        let query = |before_id, after_id, cursor| MessagesQuery {
            room_id: RoomId(uuid::Uuid::nil()),
            limit: None,
            before_id,
            after_id,
            around_id: None,
            from: None,
            cursor,
        };
        let around = MessagesQuery { around_id: Some(id), ..query(None, None, None) };
        assert_eq!(around.asked(), Ok(Asked::Around(id)));
        let unread = MessagesQuery { from: Some(From::Unread), ..query(None, None, None) };
        assert_eq!(unread.asked(), Ok(Asked::Unread));
        let both = MessagesQuery { around_id: Some(id), ..query(Some(id), None, None) };
        assert_eq!(&*both.asked().expect_err("two places").errors()[0].field, "aroundId");
        assert_eq!(query(None, None, None).asked(), Ok(Asked::Newest));
        assert_eq!(query(Some(id), None, None).asked(), Ok(Asked::Before(id)));
        assert_eq!(query(None, Some(id), None).asked(), Ok(Asked::After(id)));
        assert!(query(Some(id), Some(id), None).asked().is_err());
        assert!(query(Some(id), None, Some(PositionCursor(event_log::Position(1)))).asked().is_err());
    }
}
