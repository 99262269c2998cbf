//! What is decided of a notification, channel by channel, and what each decision rests on (requirements R7 and R12).

use serde::{Deserialize, Serialize};

use super::channels::{Channel, Channels};
use super::choosing::{Choice, Circumstances, Silence, Suppression};
use super::settings::{Settings, Switch};
use crate::Timestamp;
use crate::aggregate::{Need, State};
use crate::catalogue::StreamId;
use crate::feed::FeedEvent;
use crate::ids::{RoomId, UserId, UserPair};
use crate::notification::NotificationType;
use crate::participant::ParticipantEvent;
use crate::preferences::PreferencesEvent;
use crate::relationship::RelationshipEvent;
use crate::subscription::{SubscriptionEvent, Topic};
use crate::user::{User, UserEvent};

/// Who would hear of what, and all that is asked before it is said how.
#[derive(Debug, Clone, PartialEq)]
pub struct Hearing {
    pub recipient_id: UserId,
    pub kind: NotificationType,
    pub actor_id: Option<UserId>,
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
}

/// What no stream says: the time, how this Kabar is set up, and what is before somebody's eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Surroundings {
    /// When it is decided, which may be long after what it is about: by it a mute is over and quiet hours have begun.
    pub clock: Timestamp,
    /// The channels that a provider is configured for.
    pub configured: Channels,
    /// Those of them whose provider takes a user's id as an address.
    pub by_user_id: Channels,
    /// The recipient has the room open, and does something there.
    pub in_room: bool,
}

/// What became of it on one channel, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    pub decision: Decision,
    pub inputs: Inputs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Decision {
    /// To be delivered then; in the feed it is at once.
    Scheduled {
        due: Timestamp,
    },
    Suppressed {
        reason: Suppression,
    },
}

impl Decision {
    pub const fn is_scheduled(&self) -> bool {
        matches!(self, Self::Scheduled { .. })
    }
}

/// What was true of that channel when it was decided. What is not written is as it mostly is: switched on, not silenced, no
/// quiet hours.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Inputs {
    /// The switch that keeps this type from this channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub switched_off: Option<Switch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silenced: Option<Silence>,
    /// How they are subscribed to the topic, where the audience is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<TopicTaken>,
    /// They are within quiet hours that end then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet_until: Option<Timestamp>,
    #[serde(skip_serializing_if = "is_false")]
    pub critical: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub in_room: bool,
    /// Of in-app neither is asked.
    #[serde(skip_serializing_if = "is_false")]
    pub no_address: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub not_configured: bool,
}

/// A subscription, seen from one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TopicTaken {
    NotSubscribed,
    WithoutChannel,
    WithChannel,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// What other streams say of a recipient.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    pub exists: bool,
    /// How often somebody of this id was erased: what they had chosen before is nobody's.
    pub erasures: u32,
    pub settings: Settings,
    pub directory_time_zone: Option<String>,
    pub directory_locale: Option<String>,
    /// The channels that the directory has an address for.
    pub reachable: Channels,
    /// What they take of the topic; `None`: they are not subscribed.
    pub taken: Option<Channels>,
    pub room_muted: bool,
    /// Recipient or actor has blocked the other.
    pub blocked: bool,
    /// Everything raised up to this log position was read with the feed as a whole. Asked only of what is not new.
    pub feed_read_up_to: u64,
}

impl Facts {
    pub(crate) fn learn_user(&mut self, user: &User) {
        self.exists = user.exists();
        self.erasures = user.erasures();
        self.directory_time_zone = user.time_zone().map(str::to_owned);
        self.directory_locale = user.locale().map(str::to_owned);
        self.reachable = user.reachable();
    }
}

impl Hearing {
    /// The recipient's own entry comes first: what they chose counts from their last erasure on.
    pub(crate) fn needs(&self) -> Vec<Need> {
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

    /// The same of something that has been in the feed for a while.
    pub(crate) fn needs_again(&self) -> Vec<Need> {
        let mut needs = self.needs();
        needs.push(Need { stream: StreamId::feed(&self.recipient_id), kinds: FeedEvent::READS });
        needs
    }

    pub(crate) fn learn(&mut self, stream: &StreamId, facts: &State) {
        let erasures = self.facts.erasures;
        match facts {
            // Only the recipient's: nobody else's is asked for.
            State::User(user) => self.facts.learn_user(user),
            State::Preferences(preferences) => self.facts.settings = preferences.settings_of(erasures).into_owned(),
            State::Subscription(subscription) => {
                self.facts.taken = subscription.current(erasures).map(|(channels, _)| channels);
            }
            State::Participant(participant) => self.facts.room_muted = participant.is_muted_at(self.surroundings.clock),
            State::Relationship(relationship) => self.facts.blocked = relationship.is_blocked(),
            State::Feed(feed) => self.facts.feed_read_up_to = feed.read_up_to(),
            State::Room(_) | State::Notification(_) | State::Report(_) => {
                debug_assert!(false, "{stream} was not asked for");
            }
        }
    }

    /// For each channel that is allowed, in order.
    pub(crate) fn decide(&self) -> Vec<(Channel, Decided)> {
        let at = self.surroundings.clock;
        let circumstances = self.circumstances();
        let quiet_until = circumstances.quiet_until(at);
        let decided = |(channel, choice)| {
            let decision = match choice {
                Choice::Now => Decision::Scheduled { due: at },
                Choice::At(due) => Decision::Scheduled { due },
                Choice::Not(reason) => Decision::Suppressed { reason },
            };
            (channel, Decided { decision, inputs: inputs(&circumstances, channel, quiet_until) })
        };
        circumstances.choose(at).into_iter().map(decided).collect()
    }

    /// The language they read: what they chose before what the directory says. `None`: the default.
    pub(crate) fn locale(&self) -> Option<String> {
        self.facts.settings.locale.clone().or_else(|| self.facts.directory_locale.clone())
    }

    fn circumstances(&self) -> Circumstances<'_> {
        let Self { facts, surroundings, .. } = self;
        let silenced =
            if facts.blocked { Some(Silence::Blocked) } else { facts.room_muted.then_some(Silence::RoomMuted) };
        Circumstances {
            kind: self.kind,
            allowed: self.allowed,
            critical: self.critical,
            settings: &facts.settings,
            directory_time_zone: facts.directory_time_zone.as_deref(),
            topic: self.topic.as_ref().map(|_| facts.taken),
            silenced,
            in_room: surroundings.in_room,
            reachable: facts.reachable.union(surroundings.by_user_id),
            configured: surroundings.configured,
        }
    }
}

fn inputs(circumstances: &Circumstances<'_>, channel: Channel, quiet_until: Option<Timestamp>) -> Inputs {
    let outside = channel != Channel::InApp;
    let topic = circumstances.topic.map(|taken| match taken {
        None => TopicTaken::NotSubscribed,
        Some(channels) if channels.has(channel) => TopicTaken::WithChannel,
        Some(_) => TopicTaken::WithoutChannel,
    });
    Inputs {
        switched_off: circumstances.settings.switched_off(circumstances.kind, channel),
        silenced: circumstances.silenced,
        topic,
        quiet_until: quiet_until.filter(|_| outside),
        critical: circumstances.critical,
        in_room: circumstances.in_room,
        no_address: outside && !circumstances.reachable.has(channel),
        not_configured: outside && !circumstances.configured.has(channel),
    }
}
