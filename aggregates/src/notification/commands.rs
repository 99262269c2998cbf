//! What may be asked of a notification.

use super::events::{NotificationType, Source};
use crate::Timestamp;
use crate::aggregate::{Need, State};
use crate::catalogue::StreamId;
use crate::ids::{NotificationId, RoomId, UserId, UserPair};
use crate::participant::ParticipantEvent;
use crate::policy::channels::Channels;
use crate::policy::deciding::Facts;
use crate::preferences::PreferencesEvent;
use crate::relationship::RelationshipEvent;
use crate::subscription::{SubscriptionEvent, Topic};
use crate::user::UserEvent;

#[derive(Debug, Clone, PartialEq)]
pub enum NotificationCommand {
    /// Boxed: the others are small.
    Raise(Box<RaiseNotification>),
    /// From elsewhere, where it was decided and delivered.
    BringIn(BringInNotification),
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
    /// The channels that its trigger allows, or that were asked for.
    pub allowed: Channels,
    /// Only of SYSTEM: it does not wait for the end of quiet hours.
    pub critical: bool,
    /// What its audience is subscribed to.
    pub topic: Option<Topic>,
    /// Where it comes from: whoever muted the room is not called.
    pub room_id: Option<RoomId>,
    pub surroundings: Surroundings,
    /// Asked for anew before every decision.
    pub facts: Facts,
    pub at: Timestamp,
}

/// A piece of history: it is in the feed, and nobody is told of it.
#[derive(Debug, Clone, PartialEq)]
pub struct BringInNotification {
    pub notification_id: NotificationId,
    pub recipient_id: UserId,
    pub kind: NotificationType,
    pub actor_id: Option<UserId>,
    pub source: Source,
    pub at: Timestamp,
}

/// What no stream says: how this Kabar is set up, and what is before somebody's eyes. Written down with each decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Surroundings {
    /// The channels that a provider is configured for.
    pub configured: Channels,
    /// Those of them whose provider takes a user's id as an address.
    pub by_user_id: Channels,
    /// The recipient has the room open, and does something there.
    pub in_room: bool,
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
            Self::Raise(command) => command.needs(),
            Self::BringIn(_) | Self::MarkRead(_) | Self::MarkUnread(_) => Vec::new(),
        }
    }

    pub(crate) fn learn(&mut self, stream: &StreamId, facts: &State) {
        if let Self::Raise(command) = self {
            command.learn(stream, facts);
        }
    }
}

impl RaiseNotification {
    /// The recipient's own entry comes first: what they chose counts from their last erasure on.
    fn needs(&self) -> Vec<Need> {
        let recipient = &self.recipient_id;
        let mut needs = vec![
            Need { stream: StreamId::user(recipient), kinds: UserEvent::PROFILES },
            Need { stream: StreamId::preferences(recipient), kinds: PreferencesEvent::CHANGES },
        ];
        if let Some(topic) = &self.topic {
            needs.push(Need { stream: StreamId::subscription(recipient, topic), kinds: SubscriptionEvent::ALL });
        }
        if let Some(room) = self.room_id {
            needs.push(Need { stream: StreamId::participant(room, recipient), kinds: ParticipantEvent::ARRANGEMENTS });
        }
        if let Some(actor) = &self.actor_id {
            let pair = UserPair::new(recipient, actor);
            needs.push(Need { stream: StreamId::relationship(&pair), kinds: RelationshipEvent::BLOCKS });
        }
        needs
    }

    fn learn(&mut self, stream: &StreamId, facts: &State) {
        let erasures = self.facts.erasures;
        match facts {
            // Only the recipient's: nobody else's is asked for.
            State::User(user) => self.facts.learn_user(user),
            State::Preferences(preferences) => self.facts.settings = preferences.settings_of(erasures).into_owned(),
            State::Subscription(subscription) => {
                self.facts.taken = subscription.current(erasures).map(|(channels, _)| channels);
            }
            State::Participant(participant) => self.facts.room_muted = participant.is_muted_at(self.at),
            State::Relationship(relationship) => self.facts.blocked = relationship.is_blocked(),
            State::Room(_) | State::Notification(_) | State::Feed(_) | State::Report(_) => {
                debug_assert!(false, "{stream} was not asked for");
            }
        }
    }
}
