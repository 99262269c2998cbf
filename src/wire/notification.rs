//! A notification, the same in the feed and in a frame.
//!
//! Its words are made here, from the type's template and the actor's present name: the event does not hold them.

use std::collections::BTreeMap;

use aggregates::Timestamp;
use aggregates::ids::{NotificationId, UserId};
use aggregates::notification::{NotificationRaised, NotificationType};
use aggregates::policy::templates::{self, DEFAULT_LOCALE};
use event_log::PositionToken;
use projections::feed::NotificationRow;
use projections::inbox::UserRow;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::names::NotificationTypeName;
use super::user::display_name;

/// `notification {id, userId, type, ..}`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    pub id: NotificationId,
    pub user_id: UserId,
    /// One of the sixteen of requirements R8.
    #[serde(rename = "type")]
    #[schemars(with = "NotificationTypeName")]
    pub kind: &'static str,
    pub title: String,
    pub message: String,
    pub source_type: Option<String>,
    pub source_id: Option<String>,
    pub post_id: Option<String>,
    pub comment_id: Option<String>,
    pub event_id: Option<String>,
    pub course_id: Option<String>,
    pub group_id: Option<String>,
    pub transaction_id: Option<String>,
    pub link: Option<String>,
    pub redirect_url: Option<String>,
    pub image: Option<String>,
    pub icon: Option<String>,
    /// IN_APP, PUSH, EMAIL, WHATSAPP to the state of that channel. What is in the feed was accepted by IN_APP.
    pub channels: BTreeMap<&'static str, &'static str>,
    pub is_read: bool,
    pub read_at: Option<Timestamp>,
    /// Some channel accepted it: IN_APP does when it enters the feed.
    pub is_sent: bool,
    pub sent_at: Option<Timestamp>,
    /// A receipt came; nothing is taken as delivered because it was written.
    pub is_delivered: bool,
    pub delivered_at: Option<Timestamp>,
    pub is_clicked: bool,
    pub clicked_at: Option<Timestamp>,
    pub actor_id: Option<UserId>,
    pub actor_name: Option<String>,
    pub actor_avatar: Option<String>,
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
    /// How many things it stands for.
    pub count: u64,
    pub created_at: Timestamp,
    #[serde(serialize_with = "super::as_text")]
    #[schemars(with = "super::names::PositionText")]
    pub position: PositionToken,
}

impl Notification {
    /// As it is the moment it was raised.
    pub fn from_event(event: &NotificationRaised, position: PositionToken, actor: Option<&UserRow>) -> Self {
        let row = NotificationRow {
            id: event.notification_id,
            recipient_id: event.recipient_id.clone(),
            kind: event.kind,
            actor_id: event.actor_id.clone(),
            source_type: event.source.kind.clone(),
            source_id: event.source.id.clone(),
            read_at: None,
            created_at: event.at,
            position: position.position,
        };
        Self::from_row(row, position, actor)
    }

    /// As the view has it; `position` is the row's.
    pub fn from_row(row: NotificationRow, position: PositionToken, actor: Option<&UserRow>) -> Self {
        let words = words(row.kind, row.actor_id.as_ref(), actor);
        let person = actor.map(|actor| &actor.person);
        Self {
            id: row.id,
            user_id: row.recipient_id,
            kind: row.kind.name(),
            title: words.title,
            message: words.message,
            source_type: Some(row.source_type),
            source_id: Some(row.source_id),
            post_id: None,
            comment_id: None,
            event_id: None,
            course_id: None,
            group_id: None,
            transaction_id: None,
            link: Some(words.link).filter(|link| !link.is_empty()),
            redirect_url: None,
            image: None,
            icon: None,
            channels: BTreeMap::from([("IN_APP", "accepted")]),
            is_read: row.read_at.is_some(),
            read_at: row.read_at,
            is_sent: true,
            sent_at: Some(row.created_at),
            is_delivered: false,
            delivered_at: None,
            is_clicked: false,
            clicked_at: None,
            actor_name: person.and_then(|person| person.name.clone()),
            actor_avatar: person.and_then(|person| person.avatar.clone()),
            actor_id: row.actor_id,
            metadata: None,
            count: 1,
            created_at: row.created_at,
            position,
        }
    }
}

/// What an actor is called who is not there for the reader.
const OF_NOBODY: [(&str, &str); 2] = [("actor", "Seseorang"), ("username", "")];

impl Notification {
    /// As the view has it, of an actor who is not there for the reader: without them.
    pub fn of_nobody(row: NotificationRow, position: PositionToken) -> Self {
        let words = templates::render(row.kind, DEFAULT_LOCALE, &OF_NOBODY);
        let is_theirs = row.actor_id.as_ref().is_some_and(|actor| *row.source_id == *actor.as_str());
        let shown = Self::from_row(NotificationRow { actor_id: None, ..row }, position, None);
        let (title, message) = words.map_or_else(Default::default, |words| (words.title, words.message));
        let source_id = shown.source_id.filter(|_| !is_theirs);
        Self { title, message, link: None, source_id, ..shown }
    }
}

/// Takes the actor off a notification that was shown before there was a block: it is then as the list shows it, as
/// [`Notification::of_nobody`].
pub fn unname(notification: &mut Value) {
    let kind = notification["type"].as_str().and_then(NotificationType::parse);
    let words = kind.and_then(|kind| templates::render(kind, DEFAULT_LOCALE, &OF_NOBODY));
    let (title, message) = words.map_or_else(Default::default, |words| (words.title, words.message));
    let is_theirs = notification["sourceId"] == notification["actorId"];
    let gone = json!({
        "title": title, "message": message, "link": null, "actorId": null, "actorName": null, "actorAvatar": null,
    });
    if let (Some(fields), Value::Object(gone)) = (notification.as_object_mut(), gone) {
        fields.extend(gone);
        if is_theirs {
            fields.insert("sourceId".to_owned(), Value::Null);
        }
    }
}

/// Empty words for a type that has no template yet.
fn words(kind: NotificationType, actor_id: Option<&UserId>, actor: Option<&UserRow>) -> templates::Text {
    let name = actor_id.map_or("", |id| display_name(id, actor));
    let username = actor
        .and_then(|actor| actor.person.username.as_deref())
        .or_else(|| actor_id.map(UserId::as_str))
        .unwrap_or_default();
    templates::render(kind, DEFAULT_LOCALE, &[("actor", name), ("username", username)]).unwrap_or(templates::Text {
        title: String::new(),
        message: String::new(),
        link: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use aggregates::notification::Source;
    use event_log::{LogId, Position};
    use uuid::Uuid;

    use super::super::user::tests::{rara, user};
    use super::*;

    fn raised() -> NotificationRaised {
        NotificationRaised {
            notification_id: NotificationId(Uuid::from_u128(9)),
            recipient_id: user("ben"),
            kind: NotificationType::Follower,
            actor_id: Some(user("rara")),
            source: Source { kind: "user".to_owned(), id: "rara".to_owned() },
            channels: None,
            critical: false,
            topic: None,
            room_id: None,
            in_app: None,
            at: Timestamp::from_millis(0),
        }
    }

    fn token() -> PositionToken {
        PositionToken { log: LogId(Uuid::from_u128(7)), position: Position(43) }
    }

    #[test]
    fn a_notification_has_every_field_the_front_end_reads() {
        let shown = Notification::from_event(&raised(), token(), Some(&rara()));
        assert_eq!(
            serde_json::to_value(shown).expect("json"),
            json!({"id": "00000000-0000-0000-0000-000000000009", "userId": "ben", "type": "FOLLOWER",
                "title": "Pengikut Baru", "message": "Rara Putri mulai mengikuti Anda", "sourceType": "user",
                "sourceId": "rara", "postId": null, "commentId": null, "eventId": null, "courseId": null,
                "groupId": null, "transactionId": null, "link": "/rara.p", "redirectUrl": null, "image": null,
                "icon": null, "channels": {"IN_APP": "accepted"}, "isRead": false, "readAt": null, "isSent": true,
                "sentAt": "1970-01-01T00:00:00.000Z", "isDelivered": false, "deliveredAt": null,
                "isClicked": false, "clickedAt": null, "actorId": "rara", "actorName": "Rara Putri",
                "actorAvatar": null, "metadata": null, "count": 1, "createdAt": "1970-01-01T00:00:00.000Z",
                "position": "00000000000000000000000000000007-43"})
        );
    }

    #[test]
    fn an_actor_who_is_not_there_for_the_reader_is_named_nowhere() {
        let row = NotificationRow {
            id: NotificationId(Uuid::from_u128(9)),
            recipient_id: user("ben"),
            kind: NotificationType::Follower,
            actor_id: Some(user("rara")),
            source_type: "user".to_owned(),
            source_id: "rara".to_owned(),
            read_at: None,
            created_at: Timestamp::from_millis(0),
            position: Position(43),
        };
        let mut shown_before = serde_json::to_value(Notification::from_row(row.clone(), token(), Some(&rara())));
        let shown = Notification::of_nobody(row, token());
        shown_before.as_mut().map(unname).expect("json");
        assert_eq!(shown_before.ok(), serde_json::to_value(&shown).ok(), "shown before, it is the same now");
        assert_eq!(shown.message, "Seseorang mulai mengikuti Anda");
        let text = serde_json::to_string(&shown).expect("json").to_lowercase();
        assert!(!text.contains("rara"), "{text}");
    }

    #[test]
    fn an_actor_the_directory_does_not_know_is_called_by_their_id() {
        let shown = Notification::from_event(&raised(), token(), None);
        assert_eq!((shown.message.as_str(), shown.link.as_deref()), ("rara mulai mengikuti Anda", Some("/rara")));
        assert_eq!(shown.actor_name, None);
    }
}
