//! What the feed answers with.

use aggregates::Timestamp;
use aggregates::ids::{NotificationId, RoomId, UserId};
use aggregates::notification::{NotificationRaised, NotificationType};
use aggregates::policy::related::Related;
use aggregates::subscription::Topic;
use event_log::Position;

use super::deliveries::DeliveryRow;
use crate::text::storable;

/// A notification, also one that was kept from the feed: whoever delivers it elsewhere finds it here.
///
/// Names are not in here: its text is rendered from its type's template and the actor's present name, but where the platform
/// worded it itself.
#[derive(Debug, Clone, PartialEq)]
pub struct NotificationRow {
    pub id: NotificationId,
    pub recipient_id: UserId,
    pub kind: NotificationType,
    pub actor_id: Option<UserId>,
    pub source_type: String,
    pub source_id: String,
    pub related: Related,
    /// What the platform worded, for [`aggregates::policy::content::Content::parse`]; empty where nobody can read it any more.
    /// `None` where there was none, and when it was deleted.
    pub content: Option<String>,
    /// The language that its recipient read then; the default without it.
    pub locale: Option<String>,
    /// Does not wait for the end of quiet hours.
    pub critical: bool,
    /// What its audience is subscribed to.
    pub topic: Option<Topic>,
    /// Where it comes from.
    pub room_id: Option<RoomId>,
    /// It is listed and counted. `false`: it was kept from the feed, or deleted there.
    pub in_feed: bool,
    pub read_at: Option<Timestamp>,
    /// When its link was first followed.
    pub clicked_at: Option<Timestamp>,
    /// Put away since then.
    pub archived_at: Option<Timestamp>,
    pub created_at: Timestamp,
    /// Where it was raised; pages by it.
    pub position: Position,
}

impl NotificationRow {
    /// As it is the moment it was raised.
    pub fn raised(event: &NotificationRaised, position: Position) -> Self {
        Self {
            id: event.notification_id,
            recipient_id: event.recipient_id.clone(),
            kind: event.kind,
            actor_id: event.actor_id.clone(),
            source_type: storable(&event.source.kind),
            source_id: storable(&event.source.id),
            related: event.related.clone(),
            content: event.content.as_ref().map(|words| storable(words.reveal())),
            locale: event.locale.as_deref().map(storable),
            critical: event.critical,
            topic: event.topic.clone(),
            room_id: event.room_id,
            in_feed: event.is_in_feed(),
            read_at: None,
            clicked_at: None,
            archived_at: None,
            created_at: event.at,
            position,
        }
    }

    /// Whether it counts for the badge. Also what is put away does.
    pub(crate) const fn is_unread(&self) -> bool {
        self.in_feed && self.read_at.is_none()
    }
}

/// A notification with what became of it on the channels that lead outside, by name.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedEntry {
    pub notification: NotificationRow,
    pub deliveries: Vec<DeliveryRow>,
}

/// What it is about as it stands in a column; `None` for nothing. Of texts alone: writing it as JSON cannot fail.
pub(crate) fn related_column(related: &Related) -> Option<String> {
    if related.is_none() { None } else { serde_json::to_string(related).ok() }
}
