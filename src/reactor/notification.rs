//! Who is to be notified of what: the policies of `aggregates`, event by event.
//!
//! Pure: the same event gives the same wish, under the same id.

use aggregates::ids::{CommandId, UserId};
use aggregates::notification::Surroundings;
use aggregates::policy::follower::notify_of_follower;
use aggregates::relationship::RelationshipEvent;
use aggregates::{AggregateKind, Command, DomainEvent, Metadata, StreamId};
use event_log::{Filter, RecordedEvent, Wish};

/// A wish, and who is to hear of it.
#[derive(Debug, Clone)]
pub struct Reaction {
    pub recipient: UserId,
    pub wish: Wish,
}

/// Raises notifications (requirements §2).
pub struct NotificationReactor;

impl NotificationReactor {
    /// Also the checkpoint's name. Never changes: under another one it would begin anew at the head.
    pub const NAME: &'static str = "notification";
    /// The streams with causes in them.
    pub const FILTER: Filter = Filter::Kinds(&[AggregateKind::Relationship]);

    /// What follows from an event. Imported ones are history: nobody is notified of them.
    pub fn react(recorded: &RecordedEvent, surroundings: Surroundings) -> Option<Reaction> {
        if !recorded.metadata.origin.is_live() {
            return None;
        }
        match &recorded.event {
            DomainEvent::Relationship(event) => match event {
                RelationshipEvent::UserFollowed(followed) => {
                    let (notification, command) = notify_of_follower(followed, surroundings);
                    let wish = (StreamId::notification(notification), Command::Notification(command));
                    Some(Reaction { recipient: followed.to.clone(), wish: caused_by(recorded, "follower", wish) })
                }
                RelationshipEvent::UserUnfollowed(_)
                | RelationshipEvent::UserBlocked(_)
                | RelationshipEvent::UserUnblocked(_) => None,
            },
            DomainEvent::Room(_)
            | DomainEvent::Participant(_)
            | DomainEvent::Notification(_)
            | DomainEvent::Feed(_)
            | DomainEvent::User(_)
            | DomainEvent::Report(_)
            | DomainEvent::Preferences(_)
            | DomainEvent::Subscription(_) => None,
        }
    }
}

fn caused_by(recorded: &RecordedEvent, policy: &str, (stream, command): (StreamId, Command)) -> Wish {
    let id = CommandId::keyed("reactor:notification", policy, &recorded.event_id.to_string());
    let metadata = Metadata {
        actor: None,
        correlation: recorded.metadata.correlation,
        causation: Some(recorded.event_id),
        command: Some(id),
        ..Metadata::default()
    };
    Wish { stream, command, id, repeatable: true, metadata }
}
