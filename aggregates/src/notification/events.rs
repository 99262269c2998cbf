//! The life of a notification.

use serde::{Deserialize, Serialize};

use crate::catalogue::EventSchema;
use crate::ids::{NotificationId, RoomId, UserId};
use crate::policy::channels::{Channel, Channels};
use crate::policy::deciding::Decided;
use crate::policy::related::Related;
use crate::policy::retrying::{AttemptOutcome, Became};
use crate::subscription::Topic;
use crate::{Sealed, Timestamp};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "the largest is the one that there is of every notification")]
pub enum NotificationEvent {
    NotificationRaised(NotificationRaised),
    DeliveryDecided(DeliveryDecided),
    AttemptStarted(AttemptStarted),
    AttemptEnded(AttemptEnded),
    NotificationRead(NotificationMarked),
    NotificationUnread(NotificationMarked),
    /// Its link was followed for the first time.
    NotificationClicked(NotificationMarked),
    NotificationArchived(NotificationMarked),
    NotificationUnarchived(NotificationMarked),
    /// Nothing comes after it.
    NotificationDeleted(NotificationMarked),
}

/// Somebody has something to hear of. Once in a stream, but for what they were not told of, and for somebody new of their id:
/// then it begins anew.
///
/// Words and names are not copied: the text is made from the type's template and the actor's present name when it is
/// shown, so a renamed or erased actor is renamed or erased here as well. What the platform worded itself is in `content`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NotificationRaised {
    pub notification_id: NotificationId,
    pub recipient_id: UserId,
    pub kind: NotificationType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_id: Option<UserId>,
    pub source: Source,
    #[serde(default, skip_serializing_if = "Related::is_none")]
    pub related: Related,
    /// See [`crate::policy::content::Content`]; under the key of the recipient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Sealed>,
    /// Those that its trigger allows, or that were asked for. `None` before channels were decided on: in-app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<Channels>,
    /// Only of SYSTEM: it does not wait for the end of quiet hours.
    #[serde(default, skip_serializing_if = "is_false")]
    pub critical: bool,
    /// What its audience is subscribed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<Topic>,
    /// Where it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room_id: Option<RoomId>,
    /// The language that its recipient read then; the default where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// How often somebody of the recipient's id had been erased: whoever has the id later is somebody else.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub erased_before: u32,
    /// What was decided of the feed, which needs nobody to carry it there: it is in the feed from here on, or never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_app: Option<Decided>,
    pub at: Timestamp,
}

impl NotificationRaised {
    /// Whether it is in its recipient's feed.
    pub fn is_in_feed(&self) -> bool {
        match (&self.channels, &self.in_app) {
            (_, Some(decided)) => decided.decision.is_scheduled(),
            // Not among those that were asked for.
            (Some(_), None) => false,
            // From before there were decisions.
            (None, None) => true,
        }
    }
}

/// What was decided of one of the channels that lead outside. The last one holds: what waited is looked at again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeliveryDecided {
    pub notification_id: NotificationId,
    pub recipient_id: UserId,
    pub channel: Channel,
    pub decided: Decided,
    pub at: Timestamp,
}

/// Somebody is about to send. Whoever wrote this may, nobody else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttemptStarted {
    pub notification_id: NotificationId,
    pub recipient_id: UserId,
    pub channel: Channel,
    /// From 1.
    pub attempt: u32,
    pub provider: String,
    /// That provider recognises a repeat.
    pub takes_key: bool,
    /// Without an outcome by then nobody knows what came of it.
    pub deadline: Timestamp,
    pub at: Timestamp,
}

/// What came of an attempt, and what the delivery is since.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttemptEnded {
    pub notification_id: NotificationId,
    pub recipient_id: UserId,
    pub channel: Channel,
    pub attempt: u32,
    pub outcome: AttemptOutcome,
    pub became: Became,
    pub at: Timestamp,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// What it is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    #[serde(rename = "type")]
    pub kind: String,
    pub id: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NotificationMarked {
    pub notification_id: NotificationId,
    pub recipient_id: UserId,
    pub at: Timestamp,
}

/// Requirements R8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum NotificationType {
    ChatMessage,
    Comment,
    CommentReply,
    Mention,
    Post,
    CourseDiscussion,
    CourseEnrolled,
    EventReminder,
    Transaction,
    Follower,
    Achievement,
    System,
    Affiliate,
    Membership,
    ProductReview,
    ContentUpdate,
}

impl NotificationType {
    pub const ALL: [Self; 16] = [
        Self::ChatMessage,
        Self::Comment,
        Self::CommentReply,
        Self::Mention,
        Self::Post,
        Self::CourseDiscussion,
        Self::CourseEnrolled,
        Self::EventReminder,
        Self::Transaction,
        Self::Follower,
        Self::Achievement,
        Self::System,
        Self::Affiliate,
        Self::Membership,
        Self::ProductReview,
        Self::ContentUpdate,
    ];

    /// As the wire says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ChatMessage => "CHAT_MESSAGE",
            Self::Comment => "COMMENT",
            Self::CommentReply => "COMMENT_REPLY",
            Self::Mention => "MENTION",
            Self::Post => "POST",
            Self::CourseDiscussion => "COURSE_DISCUSSION",
            Self::CourseEnrolled => "COURSE_ENROLLED",
            Self::EventReminder => "EVENT_REMINDER",
            Self::Transaction => "TRANSACTION",
            Self::Follower => "FOLLOWER",
            Self::Achievement => "ACHIEVEMENT",
            Self::System => "SYSTEM",
            Self::Affiliate => "AFFILIATE",
            Self::Membership => "MEMBERSHIP",
            Self::ProductReview => "PRODUCT_REVIEW",
            Self::ContentUpdate => "CONTENT_UPDATE",
        }
    }

    /// Our sixteen names and the aliases of older clients.
    pub fn parse(name: &str) -> Option<Self> {
        let name = match name {
            "TRANSACTION_SUCCESS" => "TRANSACTION",
            "POST_NEW" => "POST",
            "FOLLOW" => "FOLLOWER",
            other => other,
        };
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl NotificationEvent {
    /// The stored name and current version of each event. Append-only.
    pub const fn schema(&self) -> EventSchema {
        match self {
            Self::NotificationRaised(_) => EventSchema::new("notification_raised", "1"),
            Self::DeliveryDecided(_) => EventSchema::new("delivery_decided", "1"),
            Self::AttemptStarted(_) => EventSchema::new("attempt_started", "1"),
            Self::AttemptEnded(_) => EventSchema::new("attempt_ended", "1"),
            Self::NotificationRead(_) => EventSchema::new("notification_read", "1"),
            Self::NotificationUnread(_) => EventSchema::new("notification_unread", "1"),
            Self::NotificationClicked(_) => EventSchema::new("notification_clicked", "1"),
            Self::NotificationArchived(_) => EventSchema::new("notification_archived", "1"),
            Self::NotificationUnarchived(_) => EventSchema::new("notification_unarchived", "1"),
            Self::NotificationDeleted(_) => EventSchema::new("notification_deleted", "1"),
        }
    }
}
