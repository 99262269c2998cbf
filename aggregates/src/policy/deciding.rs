//! What is decided of a notification, channel by channel, and what each decision rests on (requirements R7 and R12).

use serde::{Deserialize, Serialize};

use super::channels::{Channel, Channels};
use super::choosing::{Choice, Circumstances, Silence, Suppression};
use super::settings::{Settings, Switch};
use crate::Timestamp;
use crate::notification::RaiseNotification;
use crate::user::User;

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
    /// The channels that the directory has an address for.
    pub reachable: Channels,
    /// What they take of the topic; `None`: they are not subscribed.
    pub taken: Option<Channels>,
    pub room_muted: bool,
    /// Recipient or actor has blocked the other.
    pub blocked: bool,
}

impl Facts {
    pub(crate) fn learn_user(&mut self, user: &User) {
        self.exists = user.exists();
        self.erasures = user.erasures();
        self.directory_time_zone = user.time_zone().map(str::to_owned);
        self.reachable = user.reachable();
    }
}

/// For each channel that is allowed, in order.
pub(crate) fn decide(command: &RaiseNotification) -> Vec<(Channel, Decided)> {
    let circumstances = circumstances(command);
    let quiet_until = circumstances.quiet_until(command.at);
    let decided = |(channel, choice)| {
        let decision = match choice {
            Choice::Now => Decision::Scheduled { due: command.at },
            Choice::At(due) => Decision::Scheduled { due },
            Choice::Not(reason) => Decision::Suppressed { reason },
        };
        (channel, Decided { decision, inputs: inputs(&circumstances, channel, quiet_until) })
    };
    circumstances.choose(command.at).into_iter().map(decided).collect()
}

fn circumstances(command: &RaiseNotification) -> Circumstances<'_> {
    let RaiseNotification { facts, surroundings, .. } = command;
    let silenced = if facts.blocked { Some(Silence::Blocked) } else { facts.room_muted.then_some(Silence::RoomMuted) };
    Circumstances {
        kind: command.kind,
        allowed: command.allowed,
        critical: command.critical,
        settings: &facts.settings,
        directory_time_zone: facts.directory_time_zone.as_deref(),
        topic: command.topic.as_ref().map(|_| facts.taken),
        silenced,
        in_room: surroundings.in_room,
        reachable: facts.reachable.union(surroundings.by_user_id),
        configured: surroundings.configured,
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
