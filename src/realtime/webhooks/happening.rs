//! What may be told of channels, as the protocol's webhooks have it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The kinds of happenings, by the names that the protocol has for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub enum EventKind {
    ChannelOccupied,
    ChannelVacated,
    MemberAdded,
    MemberRemoved,
    ClientEvent,
    CacheMiss,
    SubscriptionCount,
}

impl EventKind {
    pub const ALL: [Self; 7] = [
        Self::ChannelOccupied,
        Self::ChannelVacated,
        Self::MemberAdded,
        Self::MemberRemoved,
        Self::ClientEvent,
        Self::CacheMiss,
        Self::SubscriptionCount,
    ];
}

impl TryFrom<String> for EventKind {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "channel_occupied" => Ok(Self::ChannelOccupied),
            "channel_vacated" => Ok(Self::ChannelVacated),
            "member_added" => Ok(Self::MemberAdded),
            "member_removed" => Ok(Self::MemberRemoved),
            "client_event" => Ok(Self::ClientEvent),
            "cache_miss" => Ok(Self::CacheMiss),
            "subscription_count" => Ok(Self::SubscriptionCount),
            _ => Err(
                "expected channel_occupied, channel_vacated, member_added, member_removed, client_event, cache_miss or \
                 subscription_count",
            ),
        }
    }
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Happening {
    ChannelOccupied {
        channel: Arc<str>,
    },
    ChannelVacated {
        channel: Arc<str>,
    },
    MemberAdded {
        channel: Arc<str>,
        user_id: Arc<str>,
    },
    MemberRemoved {
        channel: Arc<str>,
        user_id: Arc<str>,
    },
    ClientEvent {
        channel: String,
        event: String,
        data: String,
        socket_id: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        user_id: Option<Arc<str>>,
    },
    CacheMiss {
        channel: Arc<str>,
    },
    SubscriptionCount {
        channel: Arc<str>,
        subscription_count: usize,
    },
}

impl Happening {
    /// About what it takes to keep.
    pub fn bytes(&self) -> usize {
        let said = match self {
            Self::ChannelOccupied { channel } | Self::ChannelVacated { channel } | Self::CacheMiss { channel } => {
                channel.len()
            }
            Self::MemberAdded { channel, user_id } | Self::MemberRemoved { channel, user_id } => {
                channel.len() + user_id.len()
            }
            Self::ClientEvent { channel, event, data, .. } => channel.len() + event.len() + data.len(),
            Self::SubscriptionCount { channel, .. } => channel.len(),
        };
        size_of::<Self>() + said
    }

    pub fn kind(&self) -> EventKind {
        match self {
            Self::ChannelOccupied { .. } => EventKind::ChannelOccupied,
            Self::ChannelVacated { .. } => EventKind::ChannelVacated,
            Self::MemberAdded { .. } => EventKind::MemberAdded,
            Self::MemberRemoved { .. } => EventKind::MemberRemoved,
            Self::ClientEvent { .. } => EventKind::ClientEvent,
            Self::CacheMiss { .. } => EventKind::CacheMiss,
            Self::SubscriptionCount { .. } => EventKind::SubscriptionCount,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_is_configured_by_the_name_it_is_written_with() {
        let (channel, user_id) = (Arc::<str>::from("presence-x"), Arc::<str>::from("ana"));
        let all = [
            Happening::ChannelOccupied { channel: channel.clone() },
            Happening::ChannelVacated { channel: channel.clone() },
            Happening::MemberAdded { channel: channel.clone(), user_id: user_id.clone() },
            Happening::MemberRemoved { channel: channel.clone(), user_id },
            Happening::ClientEvent {
                channel: "private-x".to_owned(),
                event: "client-x".to_owned(),
                data: "{}".to_owned(),
                socket_id: "1.2".to_owned(),
                user_id: None,
            },
            Happening::CacheMiss { channel: channel.clone() },
            Happening::SubscriptionCount { channel, subscription_count: 2 },
        ];
        for (happening, kind) in all.iter().zip(EventKind::ALL) {
            let written = serde_json::to_value(happening).expect("JSON");
            let name = written["name"].as_str().expect("a name").to_owned();
            assert_eq!((happening.kind(), EventKind::try_from(name)), (kind, Ok(kind)));
        }
        assert!(EventKind::try_from("hush".to_owned()).is_err_and(|said| !said.contains("hush")));
    }

    #[test]
    fn each_is_written_as_the_protocol_has_it() {
        let (channel, user_id) = (Arc::<str>::from("presence-x"), Arc::<str>::from("ana"));
        let written = |happening: &Happening| serde_json::to_value(happening).expect("JSON");
        assert_eq!(
            written(&Happening::ChannelOccupied { channel: channel.clone() }),
            json!({ "name": "channel_occupied", "channel": "presence-x" })
        );
        assert_eq!(
            written(&Happening::MemberAdded { channel: channel.clone(), user_id: user_id.clone() }),
            json!({ "name": "member_added", "channel": "presence-x", "user_id": "ana" })
        );
        let event = Happening::ClientEvent {
            channel: "private-x".to_owned(),
            event: "client-x".to_owned(),
            data: "{}".to_owned(),
            socket_id: "1.2".to_owned(),
            user_id: None,
        };
        assert_eq!(
            written(&event),
            json!({ "name": "client_event", "channel": "private-x", "event": "client-x", "data": "{}", "socket_id": "1.2" })
        );
        assert_eq!(
            written(&Happening::SubscriptionCount { channel, subscription_count: 2 }),
            json!({ "name": "subscription_count", "channel": "presence-x", "subscription_count": 2 })
        );
    }
}
