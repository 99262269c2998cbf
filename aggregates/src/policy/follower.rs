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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cast::{ana, ben, cici, noon};
    use crate::ids::{CommandId, UserId};

    fn follow(from: &UserId, to: &UserId) -> Directed {
        Directed { from: from.clone(), to: to.clone(), at: noon() }
    }

    fn cause(number: usize) -> EventId {
        EventId::of(CommandId::keyed("ana", "follow", "key-1"), number)
    }

    #[test]
    fn who_is_followed_hears_who_follows_them() {
        let (id, NotificationCommand::Raise(raise)) = notify_of_follower(cause(0), &follow(&ana(), &ben())) else {
            panic!("a follow raises something");
        };
        assert_eq!(raise.notification_id, id);
        assert_eq!((raise.recipient_id, raise.actor_id), (ben(), Some(ana())));
        assert_eq!(raise.kind, NotificationType::Follower);
        assert_eq!(raise.source, Source { kind: "user".to_owned(), id: "ana".to_owned() });
    }

    #[test]
    fn the_same_cause_seen_twice_is_the_same_notification() {
        let once = notify_of_follower(cause(0), &follow(&ana(), &ben()));
        assert_eq!(once, notify_of_follower(cause(0), &follow(&ana(), &ben())));
        assert_ne!(once.0, notify_of_follower(cause(1), &follow(&ana(), &ben())).0, "another cause");
        assert_ne!(once.0, notify_of_follower(cause(0), &follow(&ana(), &cici())).0, "another recipient");
    }
}
