//! The life of a notification.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::catalogue::EventSchema;
use crate::ids::{NotificationId, UserId};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum NotificationEvent {
    NotificationRaised(NotificationRaised),
    NotificationRead(NotificationMarked),
    NotificationUnread(NotificationMarked),
}

/// Somebody has something to hear of.
///
/// Words and names are not copied: the text is made from the type's template and the actor's present name when it is
/// shown, so a renamed or erased actor is renamed or erased here as well.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NotificationRaised {
    pub notification_id: NotificationId,
    pub recipient_id: UserId,
    pub kind: NotificationType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_id: Option<UserId>,
    pub source: Source,
    pub at: Timestamp,
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
            Self::NotificationRead(_) => EventSchema::new("notification_read", "1"),
            Self::NotificationUnread(_) => EventSchema::new("notification_unread", "1"),
        }
    }
}
