//! T8: who is followed hears of it.

use crate::ids::{NotificationId, UserId};
use crate::notification::{NotificationCommand, NotificationType, RaiseNotification, Source, Surroundings};
use crate::policy::channels::{Channel, Channels};
use crate::policy::deciding::{Facts, Hearing};
use crate::policy::related::Related;
use crate::relationship::Directed;

/// The one notification of `follower` that `followed` ever gets. Its cause is that the two are so related, not how often
/// it was undone and done again: who unfollows and follows again a hundred times is news once.
pub fn follower_notification(follower: &UserId, followed: &UserId) -> NotificationId {
    NotificationId::of(&format!("follower:{follower}"), followed)
}

/// As the table of triggers has it.
const ALLOWED: Channels = Channels::of(&[Channel::InApp, Channel::Push]);

/// The wish that follows from a follow.
pub fn notify_of_follower(followed: &Directed, surroundings: Surroundings) -> (NotificationId, NotificationCommand) {
    let notification_id = follower_notification(&followed.from, &followed.to);
    let hearing = Hearing {
        recipient_id: followed.to.clone(),
        kind: NotificationType::Follower,
        actor_id: Some(followed.from.clone()),
        allowed: ALLOWED,
        critical: false,
        topic: None,
        room_id: None,
        surroundings,
        facts: Facts::default(),
    };
    let raise = RaiseNotification {
        notification_id,
        source: Source { kind: "user".to_owned(), id: followed.from.to_string() },
        related: Related::default(),
        content: None,
        hearing,
        at: followed.at,
    };
    (notification_id, NotificationCommand::Raise(Box::new(raise)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;
    use crate::cast::{ana, ben, cici, noon};

    fn follow(from: &UserId, to: &UserId) -> Directed {
        Directed { from: from.clone(), to: to.clone(), at: noon() }
    }

    fn of_follower(followed: &Directed) -> (NotificationId, NotificationCommand) {
        notify_of_follower(followed, Surroundings::default())
    }

    #[test]
    fn who_is_followed_hears_who_follows_them() {
        let (id, NotificationCommand::Raise(raise)) = of_follower(&follow(&ana(), &ben())) else {
            panic!("a follow raises something");
        };
        assert_eq!(raise.notification_id, id);
        let hearing = &raise.hearing;
        assert_eq!((&hearing.recipient_id, &hearing.actor_id), (&ben(), &Some(ana())));
        assert_eq!((hearing.kind, hearing.allowed), (NotificationType::Follower, ALLOWED));
        assert_eq!(raise.source, Source { kind: "user".to_owned(), id: "ana".to_owned() });
    }

    #[test]
    fn the_same_follower_again_is_the_same_notification() {
        let once = of_follower(&follow(&ana(), &ben()));
        let again = Directed { at: Timestamp::from_millis(noon().as_millis() + 86_400_000), ..follow(&ana(), &ben()) };
        assert_eq!(once.0, of_follower(&again).0);
        assert_ne!(once.0, of_follower(&follow(&cici(), &ben())).0, "another follower");
        assert_ne!(once.0, of_follower(&follow(&ana(), &cici())).0, "another recipient");
        assert_ne!(once.0, of_follower(&follow(&ben(), &ana())).0, "the other way round");
    }
}
