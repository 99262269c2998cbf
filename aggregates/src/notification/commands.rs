//! What may be asked of a notification.

use super::events::{NotificationType, Source};
use crate::Timestamp;
use crate::aggregate::{Need, State};
use crate::catalogue::StreamId;
use crate::ids::{NotificationId, UserId, UserPair};
use crate::relationship::RelationshipEvent;

#[derive(Debug, Clone, PartialEq)]
pub enum NotificationCommand {
    Raise(RaiseNotification),
    MarkRead(MarkNotification),
    MarkUnread(MarkNotification),
}

#[derive(Debug, Clone, PartialEq)]
pub struct RaiseNotification {
    pub notification_id: NotificationId,
    pub recipient_id: UserId,
    pub kind: NotificationType,
    pub actor_id: Option<UserId>,
    pub source: Source,
    /// Fact: recipient or actor has blocked the other.
    pub blocked: bool,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq)]
pub struct MarkNotification {
    pub notification_id: NotificationId,
    pub marked_by: UserId,
    pub at: Timestamp,
}

impl NotificationCommand {
    pub(crate) fn needs(&self) -> Vec<Need> {
        match self {
            Self::Raise(RaiseNotification { recipient_id, actor_id: Some(actor), .. }) => vec![Need {
                stream: StreamId::relationship(&UserPair::new(recipient_id, actor)),
                kinds: RelationshipEvent::BLOCKS,
            }],
            Self::Raise(_) | Self::MarkRead(_) | Self::MarkUnread(_) => Vec::new(),
        }
    }

    pub(crate) fn learn(&mut self, _stream: &StreamId, facts: &State) {
        if let (Self::Raise(command), State::Relationship(relationship)) = (self, facts) {
            command.blocked = relationship.is_blocked();
        }
    }
}
