//! What the feed answers with.

use aggregates::Timestamp;
use aggregates::ids::{NotificationId, UserId};
use aggregates::notification::NotificationType;
use event_log::Position;

/// Words are not in here: they are rendered from the type's template and the actor's present name.
#[derive(Debug, Clone, PartialEq)]
pub struct NotificationRow {
    pub id: NotificationId,
    pub recipient_id: UserId,
    pub kind: NotificationType,
    pub actor_id: Option<UserId>,
    pub source_type: String,
    pub source_id: String,
    pub read_at: Option<Timestamp>,
    pub created_at: Timestamp,
    /// Where it was raised; pages by it.
    pub position: Position,
}
