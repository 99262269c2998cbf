//! The four ways in which somebody hears of something, and sets of them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::notification::NotificationType;

/// Requirements R7. Ordered: in-app comes first everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Channel {
    #[serde(rename = "IN_APP")]
    InApp,
    #[serde(rename = "PUSH")]
    Push,
    #[serde(rename = "EMAIL")]
    Email,
    #[serde(rename = "WHATSAPP")]
    WhatsApp,
}

impl Channel {
    pub const ALL: [Self; 4] = [Self::InApp, Self::Push, Self::Email, Self::WhatsApp];

    /// As the wire and the log say it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InApp => "IN_APP",
            Self::Push => "PUSH",
            Self::Email => "EMAIL",
            Self::WhatsApp => "WHATSAPP",
        }
    }

    /// Our four names, and those of the providers that older clients say; in any case.
    pub fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_uppercase().as_str() {
            "IN_APP" | "PUSHER" => Some(Self::InApp),
            "PUSH" | "ONESIGNAL" => Some(Self::Push),
            "EMAIL" | "MAILKETING" => Some(Self::Email),
            "WHATSAPP" | "STARSENDER" => Some(Self::WhatsApp),
            _ => None,
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::InApp => 1,
            Self::Push => 2,
            Self::Email => 4,
            Self::WhatsApp => 8,
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of channels; a list of names where it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Channels(u8);

impl Channels {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self::of(&Channel::ALL);

    pub const fn of(channels: &[Channel]) -> Self {
        let (mut bits, mut index) = (0, 0);
        while index < channels.len() {
            bits |= channels[index].bit();
            index += 1;
        }
        Self(bits)
    }

    pub const fn has(self, channel: Channel) -> bool {
        self.0 & channel.bit() != 0
    }

    /// The same set, in which `channel` is or is not.
    #[must_use]
    pub const fn with(self, channel: Channel, is_in: bool) -> Self {
        if is_in { Self(self.0 | channel.bit()) } else { Self(self.0 & !channel.bit()) }
    }

    #[must_use]
    pub const fn union(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Channel> {
        Channel::ALL.into_iter().filter(move |channel| self.has(*channel))
    }
}

/// Those that the trigger of this type allows (requirements §2), where nobody asks for others. An e-mail of an event is its
/// reminder's, a day before.
pub const fn usual(kind: NotificationType) -> Channels {
    use Channel::{Email, InApp, Push};
    match kind {
        NotificationType::Post => Channels::of(&[InApp]),
        NotificationType::Membership => Channels::ALL,
        NotificationType::Transaction | NotificationType::Affiliate => Channels::of(&[InApp, Push, Email]),
        NotificationType::ChatMessage
        | NotificationType::Comment
        | NotificationType::CommentReply
        | NotificationType::Mention
        | NotificationType::CourseDiscussion
        | NotificationType::CourseEnrolled
        | NotificationType::EventReminder
        | NotificationType::Follower
        | NotificationType::Achievement
        | NotificationType::System
        | NotificationType::ProductReview
        | NotificationType::ContentUpdate => Channels::of(&[InApp, Push]),
    }
}

impl FromIterator<Channel> for Channels {
    fn from_iter<T: IntoIterator<Item = Channel>>(channels: T) -> Self {
        channels.into_iter().fold(Self::NONE, |set, channel| set.with(channel, true))
    }
}

impl Serialize for Channels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Channels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<Channel>::deserialize(deserializer).map(Self::from_iter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_found_by_its_name_and_by_its_providers_in_any_case() {
        for channel in Channel::ALL {
            assert_eq!(Channel::parse(channel.name()), Some(channel));
            assert_eq!(Channel::parse(&channel.name().to_lowercase()), Some(channel));
            assert_eq!(serde_json::to_value(channel).expect("JSON"), channel.name());
        }
        let old = ["pusher", "OneSignal", "MAILKETING", "starsender"].map(Channel::parse);
        assert_eq!(old, Channel::ALL.map(Some));
        assert_eq!(Channel::parse("SMS"), None);
    }

    #[test]
    fn a_set_is_stored_as_its_names() {
        let set = Channels::of(&[Channel::Email, Channel::InApp]);
        assert_eq!(serde_json::to_string(&set).expect("JSON"), r#"["IN_APP","EMAIL"]"#);
        assert_eq!(serde_json::from_str::<Channels>(r#"["EMAIL","IN_APP","EMAIL"]"#).expect("read"), set);
        assert!(set.has(Channel::Email) && !set.has(Channel::Push));
        assert_eq!(set.with(Channel::Email, false).with(Channel::InApp, false), Channels::NONE);
        assert_eq!(Channels::ALL.iter().collect::<Vec<_>>(), Channel::ALL);
    }
}
