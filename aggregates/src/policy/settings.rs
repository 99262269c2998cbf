//! What somebody has switched on and off (requirements R9): four channels, ten groups of types, and a matrix over them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::channels::{Channel, Channels};
use super::quiet_hours::QuietHours;
use crate::notification::NotificationType;

/// Types that are switched together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TypeGroup {
    Chat,
    Comment,
    Post,
    Course,
    Event,
    Transaction,
    Follower,
    Achievement,
    System,
    Affiliate,
}

impl TypeGroup {
    pub const ALL: [Self; 10] = [
        Self::Chat,
        Self::Comment,
        Self::Post,
        Self::Course,
        Self::Event,
        Self::Transaction,
        Self::Follower,
        Self::Achievement,
        Self::System,
        Self::Affiliate,
    ];

    /// The group whose switch a type has.
    pub const fn of(kind: NotificationType) -> Self {
        match kind {
            NotificationType::ChatMessage => Self::Chat,
            NotificationType::Comment | NotificationType::CommentReply | NotificationType::Mention => Self::Comment,
            NotificationType::Post | NotificationType::ProductReview => Self::Post,
            NotificationType::CourseDiscussion | NotificationType::CourseEnrolled => Self::Course,
            NotificationType::EventReminder => Self::Event,
            NotificationType::Transaction | NotificationType::Membership => Self::Transaction,
            NotificationType::Follower => Self::Follower,
            NotificationType::Achievement => Self::Achievement,
            NotificationType::System | NotificationType::ContentUpdate => Self::System,
            NotificationType::Affiliate => Self::Affiliate,
        }
    }
}

/// Type by channel: what is in it wins over the switch of the type's group. The channel's own switch wins over it.
pub type Matrix = BTreeMap<NotificationType, BTreeMap<Channel, bool>>;

/// Everything that one person has chosen. The default is what somebody has who chose nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub channels: Channels,
    /// Groups of types that are switched off.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub off: BTreeSet<TypeGroup>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub matrix: Matrix,
    pub quiet_hours: QuietHours,
    /// An IANA name; wins over what the directory says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// `id` or `en`; the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            channels: Channels::of(&[Channel::InApp, Channel::Push, Channel::Email]),
            off: BTreeSet::new(),
            matrix: Matrix::new(),
            quiet_hours: QuietHours::default(),
            time_zone: None,
            locale: None,
        }
    }
}

/// Which switch keeps a type from a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    Channel,
    TypeGroup,
    Matrix,
}

impl Settings {
    /// The switch that keeps `kind` from `channel`; `None` when it may go there.
    pub fn switched_off(&self, kind: NotificationType, channel: Channel) -> Option<Switch> {
        if !self.channels.has(channel) {
            return Some(Switch::Channel);
        }
        match self.matrix.get(&kind).and_then(|row| row.get(&channel)) {
            Some(true) => None,
            Some(false) => Some(Switch::Matrix),
            None => self.off.contains(&TypeGroup::of(kind)).then_some(Switch::TypeGroup),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_chose_nothing_hears_of_everything_but_by_whatsapp() {
        let settings = Settings::default();
        for kind in NotificationType::ALL {
            let off = Channel::ALL.map(|channel| settings.switched_off(kind, channel));
            assert_eq!(off, [None, None, None, Some(Switch::Channel)], "{kind:?}");
        }
    }

    #[test]
    fn each_type_has_the_switch_of_its_group() {
        for group in TypeGroup::ALL {
            let settings = Settings { off: [group].into(), ..Settings::default() };
            for kind in NotificationType::ALL {
                let off = settings.switched_off(kind, Channel::Push);
                assert_eq!(off, (TypeGroup::of(kind) == group).then_some(Switch::TypeGroup), "{kind:?} of {group:?}");
            }
        }
    }

    #[test]
    fn the_matrix_wins_over_the_group_and_the_channel_over_the_matrix() {
        let row = BTreeMap::from([(Channel::Push, true), (Channel::Email, false), (Channel::WhatsApp, true)]);
        let settings = Settings {
            off: [TypeGroup::Follower].into(),
            matrix: [(NotificationType::Follower, row)].into(),
            ..Settings::default()
        };
        let off = |kind, channel| settings.switched_off(kind, channel);
        assert_eq!(off(NotificationType::Follower, Channel::Push), None);
        assert_eq!(off(NotificationType::Follower, Channel::Email), Some(Switch::Matrix));
        assert_eq!(off(NotificationType::Follower, Channel::InApp), Some(Switch::TypeGroup), "says nothing of it");
        assert_eq!(off(NotificationType::Follower, Channel::WhatsApp), Some(Switch::Channel));
        assert_eq!(off(NotificationType::Post, Channel::Email), None, "another type");
    }

    #[test]
    fn what_is_stored_is_what_was_chosen() {
        let stored = serde_json::to_value(Settings::default()).expect("JSON");
        let expected = serde_json::json!({
            "channels": ["IN_APP", "PUSH", "EMAIL"],
            "quiet_hours": {"enabled": false, "start": "22:00", "end": "07:00"}
        });
        assert_eq!(stored, expected);
        assert_eq!(serde_json::from_value::<Settings>(stored).expect("read"), Settings::default());
    }
}
