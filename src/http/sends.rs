//! What a program of the platform sends: to one, to many, or to a device alone.
//!
//! Preferences apply to all of it: that it was taken says that it was decided, not that anybody heard of it.

use std::collections::BTreeSet;

use aggregates::ids::{NotificationId, TargetId, UserId};
use aggregates::notification::{NotificationType, Source};
use aggregates::policy::channels::{Channel, Channels, usual};
use aggregates::policy::content::Content;
use aggregates::policy::related::Related;
use axum::extract::State;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::extract::{ValidJson, ValidLongJson};
use super::validity::{filled_text, https_url, name_text, text};
use super::{Answer, AppState, Problem};
use crate::commands::{Notice, Program};
use crate::wire::names::NotificationTypeName;
use crate::wire::schemas::also_called;

/// Recipients of one request.
const RECIPIENTS_MAX: usize = 500;
/// Bytes of such a request.
pub const BULK_BYTES_MAX: usize = 512 * 1024;
const TITLE_CHARS_MAX: usize = 200;
const MESSAGE_CHARS_MAX: usize = 2_000;
const LINK_CHARS_MAX: usize = 2_000;
/// Bytes of `metadata` as JSON.
const METADATA_BYTES_MAX: usize = 4_096;

/// Who hears, what it says and what it is about.
#[derive(Debug, Clone, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
#[schemars(transform = also_called("redirectUrl", "actionUrl"))]
#[schemars(transform = also_called("sourceId", "relatedId"))]
#[schemars(transform = also_called("sourceType", "relatedType"))]
pub struct NoticeBody {
    /// Who hears of it: with `send`, and only there.
    user_id: Option<UserId>,
    /// Each hears of it once, however often they are named: with `send-bulk`, and only there.
    #[garde(length(min = 1, max = RECIPIENTS_MAX))]
    #[schemars(length(min = 1, max = RECIPIENTS_MAX))]
    user_ids: Option<Vec<UserId>>,
    /// One of the sixteen types, or an older client's name of one.
    #[serde(rename = "type")]
    #[schemars(with = "NotificationTypeName")]
    kind: String,
    #[garde(custom(filled_text(TITLE_CHARS_MAX)), custom(name_text(TITLE_CHARS_MAX)))]
    #[schemars(length(min = 1, max = TITLE_CHARS_MAX))]
    title: String,
    #[garde(custom(filled_text(MESSAGE_CHARS_MAX)))]
    #[schemars(length(min = 1, max = MESSAGE_CHARS_MAX))]
    message: String,
    #[serde(alias = "relatedType")]
    #[garde(custom(an_id))]
    source_type: Option<String>,
    #[serde(alias = "relatedId")]
    #[garde(custom(an_id))]
    source_id: Option<String>,
    #[garde(custom(an_id))]
    post_id: Option<String>,
    #[garde(custom(an_id))]
    comment_id: Option<String>,
    #[garde(custom(an_id))]
    event_id: Option<String>,
    #[garde(custom(an_id))]
    course_id: Option<String>,
    #[garde(custom(an_id))]
    group_id: Option<String>,
    #[garde(custom(an_id))]
    transaction_id: Option<String>,
    /// A path of the platform, as in `/posts/1`, or an https address.
    #[garde(custom(a_link))]
    #[schemars(length(max = LINK_CHARS_MAX))]
    link: Option<String>,
    #[serde(alias = "actionUrl")]
    #[garde(custom(a_link))]
    #[schemars(length(max = LINK_CHARS_MAX))]
    redirect_url: Option<String>,
    #[garde(custom(https_url))]
    image: Option<String>,
    #[garde(custom(https_url))]
    icon: Option<String>,
    /// Whoever did it: they are not told, nor anybody between whom and them there is a block.
    actor_id: Option<UserId>,
    /// IN_APP, PUSH, EMAIL, WHATSAPP, or a provider's name of one; without them those that are usual for the type.
    channels: Option<Vec<String>>,
    /// Only of SYSTEM: it does not wait for the end of quiet hours.
    #[serde(default)]
    critical: bool,
    /// Kept as it is, for the front end.
    #[garde(custom(small))]
    metadata: Option<Map<String, Value>>,
}

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
pub struct PushOnlyBody {
    user_id: UserId,
    #[garde(custom(filled_text(TITLE_CHARS_MAX)), custom(name_text(TITLE_CHARS_MAX)))]
    #[schemars(length(min = 1, max = TITLE_CHARS_MAX))]
    title: String,
    #[garde(custom(filled_text(MESSAGE_CHARS_MAX)))]
    #[schemars(length(min = 1, max = MESSAGE_CHARS_MAX))]
    message: String,
    #[garde(custom(a_link))]
    #[schemars(length(max = LINK_CHARS_MAX))]
    link: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SendAnswer {
    notification_id: NotificationId,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SendBulkAnswer {
    sent: u64,
    /// How many are not in the directory, or did it themselves.
    failed: usize,
    /// Who they are.
    failed_ids: Vec<UserId>,
}

/// `POST /api/notifications/send`
pub async fn send(
    State(app): State<AppState>,
    program: Program,
    ValidJson(mut body): ValidJson<NoticeBody>,
) -> Result<Answer<SendAnswer>, Problem> {
    let recipient = one_of(body.user_id.take(), body.user_ids.is_some(), ["userId", "userIds"])?;
    let notice = body.notice()?;
    let sent = app.commands.notify(&program, &recipient, &notice, "notify").await?;
    Ok(Answer::decided(sent.position, SendAnswer { notification_id: sent.id }))
}

/// `POST /api/notifications/send-bulk`
pub async fn send_bulk(
    State(app): State<AppState>,
    program: Program,
    ValidLongJson(mut body): ValidLongJson<NoticeBody, BULK_BYTES_MAX>,
) -> Result<Answer<SendBulkAnswer>, Problem> {
    let recipients = one_of(body.user_ids.take(), body.user_id.is_some(), ["userIds", "userId"])?;
    let recipients: BTreeSet<UserId> = recipients.into_iter().collect();
    let notice = body.notice()?;
    let all = app.commands.notify_all(&program, &recipients, &notice).await?;
    let answer = SendBulkAnswer { sent: all.sent, failed: all.refused.len(), failed_ids: all.refused };
    Ok(Answer::decided(all.position, answer))
}

/// `POST /api/notifications/push-only`: to their devices, and not into the feed.
pub async fn push_only(
    State(app): State<AppState>,
    program: Program,
    ValidJson(body): ValidJson<PushOnlyBody>,
) -> Result<Answer<SendAnswer>, Problem> {
    let PushOnlyBody { user_id, title, message, link } = body;
    let notice = Notice {
        kind: NotificationType::System,
        content: Content { title, message, link: said(link), ..Content::default() },
        source: None,
        related: Related::default(),
        actor_id: None,
        channels: Channels::of(&[Channel::Push]),
        critical: false,
    };
    let sent = app.commands.notify(&program, &user_id, &notice, "push-only").await?;
    Ok(Answer::decided(sent.position, SendAnswer { notification_id: sent.id }))
}

/// The field that this route wants, without the one of the other.
fn one_of<T>(wanted: Option<T>, has_other: bool, [field, other]: [&'static str; 2]) -> Result<T, Problem> {
    if has_other {
        return Err(Problem::invalid(other, format!("here it is {field}")));
    }
    wanted.ok_or_else(|| Problem::invalid(field, "missing"))
}

impl NoticeBody {
    fn notice(self) -> Result<Notice, Problem> {
        let kind = NotificationType::parse(&self.kind).ok_or_else(|| Problem::invalid("type", "no such type"))?;
        if self.critical && kind != NotificationType::System {
            return Err(Problem::invalid("critical", "only of SYSTEM"));
        }
        let channels = match &self.channels {
            Some(names) => asked_for(names)?,
            None => usual(kind),
        };
        let source = match (said(self.source_type), said(self.source_id)) {
            (Some(kind), Some(id)) => Some(Source { kind, id }),
            (None, None) => None,
            (Some(_), None) => return Err(Problem::invalid("sourceId", "missing beside sourceType")),
            (None, Some(_)) => return Err(Problem::invalid("sourceType", "missing beside sourceId")),
        };
        let related = Related {
            post_id: said(self.post_id),
            comment_id: said(self.comment_id),
            event_id: said(self.event_id),
            course_id: said(self.course_id),
            group_id: said(self.group_id),
            transaction_id: said(self.transaction_id),
        };
        let content = Content {
            title: self.title,
            message: self.message,
            link: said(self.link),
            redirect_url: said(self.redirect_url),
            image: said(self.image),
            icon: said(self.icon),
            metadata: self.metadata.unwrap_or_default(),
        };
        let (actor_id, critical) = (self.actor_id, self.critical);
        Ok(Notice { kind, content, source, related, actor_id, channels, critical })
    }
}

fn asked_for(names: &[String]) -> Result<Channels, Problem> {
    let mut channels = Channels::NONE;
    for (index, name) in names.iter().enumerate() {
        let wrong = || Problem::invalid(format!("channels[{index}]"), "expected IN_APP, PUSH, EMAIL or WHATSAPP");
        channels = channels.with(Channel::parse(name).ok_or_else(wrong)?, true);
    }
    if channels.is_empty() { Err(Problem::invalid("channels", "names none")) } else { Ok(channels) }
}

/// An empty text says nothing.
fn said(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// Of the alphabet of the platform's ids: it is kept in the open, and must be nobody's words.
fn an_id(value: &Option<String>, (): &()) -> garde::Result {
    match value.as_deref().filter(|id| !id.is_empty()).map(TargetId::parse) {
        Some(Err(error)) => Err(garde::Error::new(error)),
        Some(Ok(_)) | None => Ok(()),
    }
}

/// No other scheme, and no `//elsewhere`: it is put behind the platform's own address, and clicked.
fn a_link(value: &Option<String>, (): &()) -> garde::Result {
    let Some(link) = value.as_deref().filter(|link| !link.is_empty()) else { return Ok(()) };
    text(LINK_CHARS_MAX)(&link.to_owned(), &())?;
    let is_path = link.starts_with('/') && !link.starts_with("//") && !link.contains('\\');
    if is_path && link.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    https_url(&link.to_owned(), &())
        .map_err(|_| garde::Error::new("a path that begins with one /, or an https address"))
}

fn small(value: &Option<Map<String, Value>>, (): &()) -> garde::Result {
    let Some(metadata) = value else { return Ok(()) };
    let bytes = serde_json::to_string(metadata).map_or(usize::MAX, |text| text.len());
    if bytes > METADATA_BYTES_MAX {
        return Err(garde::Error::new(format!("at most {METADATA_BYTES_MAX} bytes of JSON")));
    }
    if holds_nul(&Value::Object(metadata.clone())) { Err(garde::Error::new("U+0000 is not allowed")) } else { Ok(()) }
}

/// Databases take no U+0000.
fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(holds_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_into_the_platform_or_to_an_address_that_says_where() {
        for right in ["/", "/posts/1#comment-2", "/chat?room=1", "https://example.com/x", ""] {
            assert!(a_link(&Some(right.to_owned()), &()).is_ok(), "{right}");
        }
        let long = format!("/{}", "x".repeat(LINK_CHARS_MAX));
        for wrong in ["//elsewhere", "/\\elsewhere", "javascript:alert(1)", "http://a.id", "posts/1", "/a b", &long] {
            assert!(a_link(&Some(wrong.to_owned()), &()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn channels_are_known_by_either_name_and_never_none() {
        let of = |names: &[&str]| asked_for(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["push", "mailketing"]).ok(), Some(Channels::of(&[Channel::Push, Channel::Email])));
        assert!(of(&[]).is_err() && of(&["SMS"]).is_err());
    }

    #[test]
    fn what_goes_along_is_small_and_can_be_stored() {
        let with = |text: String| small(&Some([("a".to_owned(), Value::from(text))].into_iter().collect()), &());
        assert!(with("x".repeat(METADATA_BYTES_MAX - 8)).is_ok());
        assert!(with("x".repeat(METADATA_BYTES_MAX - 7)).is_err());
        assert!(with("a\0b".into()).is_err());
    }
}
