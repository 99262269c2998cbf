//! T8: who is followed hears of it.

use crate::ids::{EventId, NotificationId};
use crate::notification::{NotificationCommand, NotificationType, RaiseNotification, Source};
use crate::relationship::Directed;

/// The wish that follows from a follow. Its id comes from the cause, so seeing the cause twice raises one notification.
pub fn notify_of_follower(cause: EventId, followed: &Directed) -> (NotificationId, NotificationCommand) {
    let notification_id = NotificationId::of(&cause.to_string(), &followed.to);
    let raise = RaiseNotification {
        notification_id,
        recipient_id: followed.to.clone(),
        kind: NotificationType::Follower,
        actor_id: Some(followed.from.clone()),
        source: Source { kind: "user".to_owned(), id: followed.from.to_string() },
        blocked: false,
        at: followed.at,
    };
    (notification_id, NotificationCommand::Raise(raise))
}
