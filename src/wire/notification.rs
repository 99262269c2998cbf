//! A notification, the same in the feed and in a frame.
//!
//! Its words are those of the platform, or are made here from the type's template and the actor's present name.

use std::collections::BTreeMap;

use aggregates::Timestamp;
use aggregates::ids::{NotificationId, UserId};
use aggregates::notification::{NotificationRaised, NotificationType};
use aggregates::policy::channels::Channel;
use aggregates::policy::content::Content;
use aggregates::policy::templates::{self, DEFAULT_LOCALE};
use event_log::PositionToken;
use projections::feed::{DeliveryState, FeedEntry, NotificationRow};
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
    /// IN_APP, PUSH, EMAIL, WHATSAPP to the state of that channel: waiting, under_way, accepted, suppressed, rejected or
    /// abandoned. What is in the feed was accepted by IN_APP; a frame has no others yet.
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
    pub is_archived: bool,
    pub actor_id: Option<UserId>,
    pub actor_name: Option<String>,
    pub actor_avatar: Option<String>,
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
    /// The language of its words, `id` or `en`; the default where it is null.
    pub locale: Option<String>,
    /// How many things it stands for.
    pub count: u64,
    pub created_at: Timestamp,
    #[serde(serialize_with = "super::as_text")]
    #[schemars(with = "super::names::PositionText")]
    pub position: PositionToken,
}

impl Notification {
    /// As it is the moment it was raised; what is decided of other channels is not in that event.
    pub fn from_event(event: &NotificationRaised, position: PositionToken, actor: Option<&UserRow>) -> Self {
        let notification = NotificationRow::raised(event, position.position);
        Self::from_entry(FeedEntry { notification, deliveries: Vec::new() }, position, actor)
    }

    /// As the view has it; `position` is the row's.
    pub fn from_entry(entry: FeedEntry, position: PositionToken, actor: Option<&UserRow>) -> Self {
        let words = words(&entry.notification, actor);
        let person = actor.map(|actor| &actor.person);
        let shown = Self::shown(entry, words, position);
        Self {
            actor_name: person.and_then(|person| person.name.clone()),
            actor_avatar: person.and_then(|person| person.avatar.clone()),
            ..shown
        }
    }

    fn shown(entry: FeedEntry, words: Content, position: PositionToken) -> Self {
        let FeedEntry { notification: row, deliveries } = entry;
        let accepted_outside = deliveries.iter().filter_map(|delivery| delivery.accepted_at).min();
        // Entering the feed needs nobody who accepts it.
        let sent_at = if row.in_feed { Some(row.created_at) } else { accepted_outside };
        let in_feed = row.in_feed.then_some((Channel::InApp.name(), DeliveryState::Accepted.name()));
        let outside = deliveries.iter().map(|delivery| (delivery.channel.name(), delivery.state.name()));
        Self {
            id: row.id,
            user_id: row.recipient_id,
            kind: row.kind.name(),
            title: words.title,
            message: words.message,
            source_type: Some(row.source_type),
            source_id: Some(row.source_id),
            post_id: row.related.post_id,
            comment_id: row.related.comment_id,
            event_id: row.related.event_id,
            course_id: row.related.course_id,
            group_id: row.related.group_id,
            transaction_id: row.related.transaction_id,
            link: words.link,
            redirect_url: words.redirect_url,
            image: words.image,
            icon: words.icon,
            channels: in_feed.into_iter().chain(outside).collect(),
            is_read: row.read_at.is_some(),
            read_at: row.read_at,
            is_sent: sent_at.is_some(),
            sent_at,
            is_delivered: false,
            delivered_at: None,
            is_clicked: row.clicked_at.is_some(),
            clicked_at: row.clicked_at,
            is_archived: row.archived_at.is_some(),
            actor_id: row.actor_id,
            actor_name: None,
            actor_avatar: None,
            metadata: Some(words.metadata).filter(|metadata| !metadata.is_empty()),
            locale: row.locale,
            count: 1,
            created_at: row.created_at,
            position,
        }
    }
}

/// What an actor is called who is not there for the reader.
const OF_NOBODY: [(&str, &str); 2] = [("actor", "Seseorang"), ("username", "")];

impl Notification {
    /// As the view has it, of an actor who is not there for the reader: without them, and without what was said of them.
    pub fn of_nobody(mut entry: FeedEntry, position: PositionToken) -> Self {
        let row = &mut entry.notification;
        let actor = row.actor_id.take();
        let is_theirs = actor.is_some_and(|actor| *row.source_id == *actor.as_str());
        let words = of_nobody(row.kind, row.locale.as_deref());
        let shown = Self::shown(entry, words, position);
        Self { source_id: shown.source_id.clone().filter(|_| !is_theirs), ..shown }
    }
}

/// Takes the actor off a notification that was shown before there was a block: it is then as the list shows it, as
/// [`Notification::of_nobody`].
pub fn unname(notification: &mut Value) {
    let kind = notification["type"].as_str().and_then(NotificationType::parse);
    let locale = notification["locale"].as_str().map(str::to_owned);
    let words = kind.map(|kind| of_nobody(kind, locale.as_deref())).unwrap_or_default();
    let is_theirs = notification["sourceId"] == notification["actorId"];
    let gone = json!({
        "title": words.title, "message": words.message, "link": null, "redirectUrl": null, "image": null, "icon": null,
        "metadata": null, "actorId": null, "actorName": null, "actorAvatar": null,
    });
    if let (Some(fields), Value::Object(gone)) = (notification.as_object_mut(), gone) {
        fields.extend(gone);
        if is_theirs {
            fields.insert("sourceId".to_owned(), Value::Null);
        }
    }
}

/// Without a link: it would lead to whoever it is of.
fn of_nobody(kind: NotificationType, locale: Option<&str>) -> Content {
    let text = templates::render(kind, locale.unwrap_or(DEFAULT_LOCALE), &OF_NOBODY);
    text.map_or_else(Content::default, |text| Content {
        title: text.title,
        message: text.message,
        ..Content::default()
    })
}

/// What the platform worded, else the type's template; empty words for a type that has none.
pub fn words(row: &NotificationRow, actor: Option<&UserRow>) -> Content {
    if let Some(content) = row.content.as_deref().and_then(Content::parse) {
        return content;
    }
    let actor_id = row.actor_id.as_ref();
    let name = actor_id.map_or("", |id| display_name(id, actor));
    let username = actor
        .and_then(|actor| actor.person.username.as_deref())
        .or_else(|| actor_id.map(UserId::as_str))
        .unwrap_or_default();
    let values = [("actor", name), ("username", username)];
    let text = templates::render(row.kind, row.locale.as_deref().unwrap_or(DEFAULT_LOCALE), &values);
    text.map_or_else(Content::default, |text| Content {
        title: text.title,
        message: text.message,
        link: Some(text.link).filter(|link| !link.is_empty()),
        ..Content::default()
    })
}

#[cfg(test)]
mod tests {
    use aggregates::notification::Source;
    use aggregates::policy::choosing::Suppression;
    use aggregates::policy::deciding::{Decided, Decision, Inputs};
    use aggregates::policy::related::Related;
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
            related: Related::default(),
            content: None,
            channels: None,
            critical: false,
            topic: None,
            room_id: None,
            locale: None,
            erased_before: 0,
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
                "isClicked": false, "clickedAt": null, "isArchived": false, "actorId": "rara", "actorName": "Rara Putri",
                "actorAvatar": null, "metadata": null, "locale": null, "count": 1, "createdAt": "1970-01-01T00:00:00.000Z",
                "position": "00000000000000000000000000000007-43"})
        );
    }

    #[test]
    fn an_actor_who_is_not_there_for_the_reader_is_named_nowhere() {
        let notification = NotificationRow::raised(&raised(), Position(43));
        let entry = FeedEntry { notification, deliveries: Vec::new() };
        let mut shown_before = serde_json::to_value(Notification::from_entry(entry.clone(), token(), Some(&rara())));
        let shown = Notification::of_nobody(entry, token());
        shown_before.as_mut().map(unname).expect("json");
        assert_eq!(shown_before.ok(), serde_json::to_value(&shown).ok(), "shown before, it is the same now");
        assert_eq!(shown.message, "Seseorang mulai mengikuti Anda");
        let text = serde_json::to_string(&shown).expect("json").to_lowercase();
        assert!(!text.contains("rara"), "{text}");
    }

    fn of_content(content: &Content) -> NotificationRaised {
        NotificationRaised { content: Some(content.to_sealed().expect("JSON")), ..raised() }
    }

    #[test]
    fn what_the_platform_worded_is_shown_as_it_is_and_in_the_readers_language_otherwise() {
        let metadata = [("a".to_owned(), json!(1))].into_iter().collect();
        let image = Some("https://cdn.example/1.png".to_owned());
        let content = Content { title: "T".into(), message: "M".into(), image, metadata, ..Content::default() };
        let shown = Notification::from_event(&of_content(&content), token(), Some(&rara()));
        assert_eq!((shown.title.as_str(), shown.message.as_str(), shown.link), ("T", "M", None));
        assert_eq!(shown.image.as_deref(), Some("https://cdn.example/1.png"));
        assert_eq!(shown.metadata.map(|metadata| metadata["a"].clone()), Some(json!(1)));
        let english = NotificationRaised { locale: Some("en".into()), ..raised() };
        assert_eq!(Notification::from_event(&english, token(), None).title, "New follower");
    }

    #[test]
    fn what_the_platform_said_of_somebody_who_is_not_there_for_the_reader_is_not_shown() {
        let content = Content { title: "Rara".into(), link: Some("/rara".into()), ..Content::default() };
        let event = of_content(&content);
        let notification = NotificationRow::raised(&event, Position(43));
        let shown = Notification::of_nobody(FeedEntry { notification, deliveries: Vec::new() }, token());
        let mut before = serde_json::to_value(Notification::from_event(&event, token(), Some(&rara()))).expect("json");
        unname(&mut before);
        assert_eq!(before, serde_json::to_value(&shown).expect("json"));
        assert!(!before.to_string().to_lowercase().contains("rara"), "{before}");
    }

    #[test]
    fn what_was_kept_from_the_feed_was_not_accepted_by_it() {
        let decision = Decision::Suppressed { reason: Suppression::ChannelOff };
        let in_app = Some(Decided { decision, inputs: Inputs::default() });
        let shown = Notification::from_event(&NotificationRaised { in_app, ..raised() }, token(), None);
        assert!(shown.channels.is_empty() && !shown.is_sent && shown.sent_at.is_none());
    }

    #[test]
    fn an_actor_the_directory_does_not_know_is_called_by_their_id() {
        let shown = Notification::from_event(&raised(), token(), None);
        assert_eq!((shown.message.as_str(), shown.link.as_deref()), ("rara mulai mengikuti Anda", Some("/rara")));
        assert_eq!(shown.actor_name, None);
    }
}
