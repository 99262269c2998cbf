//! Every aggregate and every event there is, in one list: how they are named in the log and how they are read back.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::feed::FeedEvent;
use crate::ids::{NotificationId, ReportId, RoomId, UserId, UserPair};
use crate::notification::NotificationEvent;
use crate::participant::ParticipantEvent;
use crate::preferences::PreferencesEvent;
use crate::relationship::RelationshipEvent;
use crate::report::ReportEvent;
use crate::room::RoomEvent;
use crate::subscription::{SubscriptionEvent, Topic};
use crate::upcasting::{STEPS, Step, upcast};
use crate::user::UserEvent;

/// The stored name and current version of an event. Names are append-only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventSchema {
    name: &'static str,
    /// A whole number as text, as cqrs-es keeps it.
    version: &'static str,
}

impl EventSchema {
    pub const fn new(name: &'static str, version: &'static str) -> Self {
        Self { name, version }
    }

    pub const fn name(self) -> &'static str {
        self.name
    }

    pub const fn version(self) -> &'static str {
        self.version
    }
}

/// The kinds of stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AggregateKind {
    Room,
    Participant,
    Relationship,
    Notification,
    Feed,
    User,
    Report,
    Preferences,
    Subscription,
}

impl AggregateKind {
    pub const ALL: [Self; 9] = [
        Self::Room,
        Self::Participant,
        Self::Relationship,
        Self::Notification,
        Self::Feed,
        Self::User,
        Self::Report,
        Self::Preferences,
        Self::Subscription,
    ];

    /// As stored in `aggregate_type`. Append-only.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Room => "room",
            Self::Participant => "participant",
            Self::Relationship => "relationship",
            Self::Notification => "notification",
            Self::Feed => "feed",
            Self::User => "user",
            Self::Report => "report",
            Self::Preferences => "preferences",
            Self::Subscription => "subscription",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One stream of the log: which aggregate, and its id as text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    pub kind: AggregateKind,
    pub id: Arc<str>,
}

impl StreamId {
    pub fn new(kind: AggregateKind, id: impl Into<Arc<str>>) -> Self {
        Self { kind, id: id.into() }
    }

    pub fn room(room: RoomId) -> Self {
        Self::new(AggregateKind::Room, room.to_string())
    }

    pub fn participant(room: RoomId, user: &UserId) -> Self {
        Self::new(AggregateKind::Participant, format!("{room}:{user}"))
    }

    pub fn relationship(pair: &UserPair) -> Self {
        Self::new(AggregateKind::Relationship, pair.to_string())
    }

    pub fn notification(notification: NotificationId) -> Self {
        Self::new(AggregateKind::Notification, notification.to_string())
    }

    pub fn feed(user: &UserId) -> Self {
        Self::new(AggregateKind::Feed, user.as_str())
    }

    pub fn user(user: &UserId) -> Self {
        Self::new(AggregateKind::User, user.as_str())
    }

    pub fn report(report: ReportId) -> Self {
        Self::new(AggregateKind::Report, report.to_string())
    }

    pub fn preferences(user: &UserId) -> Self {
        Self::new(AggregateKind::Preferences, user.as_str())
    }

    pub fn subscription(user: &UserId, topic: &Topic) -> Self {
        Self::new(AggregateKind::Subscription, format!("{user}:{topic}"))
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.name(), self.id)
    }
}

/// Anything that can have happened.
#[derive(Debug, Clone, PartialEq)]
pub enum DomainEvent {
    Room(RoomEvent),
    Participant(ParticipantEvent),
    Relationship(RelationshipEvent),
    Notification(NotificationEvent),
    Feed(FeedEvent),
    User(UserEvent),
    Report(ReportEvent),
    Preferences(PreferencesEvent),
    Subscription(SubscriptionEvent),
}

/// Between each aggregate's own events and the list of all; the way back fails for an event of another aggregate.
macro_rules! own_events {
    ($($kind:ident: $event:ty),+ $(,)?) => {$(
        impl From<$event> for DomainEvent {
            fn from(event: $event) -> Self {
                Self::$kind(event)
            }
        }

        impl TryFrom<DomainEvent> for $event {
            /// Given back as it was.
            type Error = DomainEvent;

            fn try_from(event: DomainEvent) -> Result<Self, DomainEvent> {
                if let DomainEvent::$kind(event) = event { Ok(event) } else { Err(event) }
            }
        }
    )+};
}

own_events! {
    Room: RoomEvent,
    Participant: ParticipantEvent,
    Relationship: RelationshipEvent,
    Notification: NotificationEvent,
    Feed: FeedEvent,
    User: UserEvent,
    Report: ReportEvent,
    Preferences: PreferencesEvent,
    Subscription: SubscriptionEvent,
}

/// A stored event that this program cannot read: unknown, of a later version, or damaged.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableEvent {
    #[error("unknown aggregate type {0:?}")]
    UnknownAggregate(String),
    #[error("{name} version {version} of {stream} cannot be read")]
    Payload { stream: String, name: String, version: String, source: serde_json::Error },
    /// The columns beside the payload say something else than the payload.
    #[error("{name} version {version} of {stream} holds a {found}")]
    Mislabelled { stream: String, name: String, version: String, found: &'static str },
    /// Written by a later program, or of a version that no upcaster leads from.
    #[error("{name} version {version} of {stream} is not a version this program knows: it writes version {known}")]
    UnknownVersion { stream: String, name: String, version: String, known: &'static str },
}

impl DomainEvent {
    pub const fn kind(&self) -> AggregateKind {
        match self {
            Self::Room(_) => AggregateKind::Room,
            Self::Participant(_) => AggregateKind::Participant,
            Self::Relationship(_) => AggregateKind::Relationship,
            Self::Notification(_) => AggregateKind::Notification,
            Self::Feed(_) => AggregateKind::Feed,
            Self::User(_) => AggregateKind::User,
            Self::Report(_) => AggregateKind::Report,
            Self::Preferences(_) => AggregateKind::Preferences,
            Self::Subscription(_) => AggregateKind::Subscription,
        }
    }

    pub const fn schema(&self) -> EventSchema {
        match self {
            Self::Room(event) => event.schema(),
            Self::Participant(event) => event.schema(),
            Self::Relationship(event) => event.schema(),
            Self::Notification(event) => event.schema(),
            Self::Feed(event) => event.schema(),
            Self::User(event) => event.schema(),
            Self::Report(event) => event.schema(),
            Self::Preferences(event) => event.schema(),
            Self::Subscription(event) => event.schema(),
        }
    }

    /// The stored form: flat, self-naming JSON.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        fn text(event: &impl Serialize) -> Result<String, serde_json::Error> {
            serde_json::to_string(event)
        }
        match self {
            Self::Room(event) => text(event),
            Self::Participant(event) => text(event),
            Self::Relationship(event) => text(event),
            Self::Notification(event) => text(event),
            Self::Feed(event) => text(event),
            Self::User(event) => text(event),
            Self::Report(event) => text(event),
            Self::Preferences(event) => text(event),
            Self::Subscription(event) => text(event),
        }
    }

    /// Reads a stored event of any version: older ones go through the upcasters first.
    pub fn from_stored(stream: &StreamId, name: &str, version: &str, payload: &str) -> Result<Self, UnreadableEvent> {
        Self::from_stored_by(STEPS, stream, name, version, payload)
    }

    /// The same by another history of shapes, so that a test can show what a step does.
    pub fn from_stored_by(
        steps: &[Step],
        stream: &StreamId,
        name: &str,
        version: &str,
        payload: &str,
    ) -> Result<Self, UnreadableEvent> {
        let unreadable = |source| UnreadableEvent::Payload {
            stream: stream.to_string(),
            name: name.to_owned(),
            version: version.to_owned(),
            source,
        };
        let stored_version: Option<u32> = version.parse().ok();
        let (event, read_as) = match stored_version.and_then(|version| upcast(steps, name, version, payload)) {
            None => (Self::from_json(stream.kind, payload).map_err(unreadable)?, stored_version),
            Some(upcast) => {
                let (payload, version) = upcast.map_err(unreadable)?;
                (Self::from_value(stream.kind, payload).map_err(unreadable)?, Some(version))
            }
        };
        let schema = event.schema();
        if schema.name() != name {
            return Err(UnreadableEvent::Mislabelled {
                stream: stream.to_string(),
                name: name.to_owned(),
                version: version.to_owned(),
                found: schema.name(),
            });
        }
        if schema.version().parse().ok() != read_as {
            return Err(UnreadableEvent::UnknownVersion {
                stream: stream.to_string(),
                name: name.to_owned(),
                version: version.to_owned(),
                known: schema.version(),
            });
        }
        Ok(event)
    }

    fn from_json(kind: AggregateKind, payload: &str) -> Result<Self, serde_json::Error> {
        fn read<E: DeserializeOwned>(payload: &str) -> Result<E, serde_json::Error> {
            serde_json::from_str(payload)
        }
        Ok(match kind {
            AggregateKind::Room => Self::Room(read(payload)?),
            AggregateKind::Participant => Self::Participant(read(payload)?),
            AggregateKind::Relationship => Self::Relationship(read(payload)?),
            AggregateKind::Notification => Self::Notification(read(payload)?),
            AggregateKind::Feed => Self::Feed(read(payload)?),
            AggregateKind::User => Self::User(read(payload)?),
            AggregateKind::Report => Self::Report(read(payload)?),
            AggregateKind::Preferences => Self::Preferences(read(payload)?),
            AggregateKind::Subscription => Self::Subscription(read(payload)?),
        })
    }

    fn from_value(kind: AggregateKind, payload: Value) -> Result<Self, serde_json::Error> {
        fn read<E: DeserializeOwned>(payload: Value) -> Result<E, serde_json::Error> {
            serde_json::from_value(payload)
        }
        Ok(match kind {
            AggregateKind::Room => Self::Room(read(payload)?),
            AggregateKind::Participant => Self::Participant(read(payload)?),
            AggregateKind::Relationship => Self::Relationship(read(payload)?),
            AggregateKind::Notification => Self::Notification(read(payload)?),
            AggregateKind::Feed => Self::Feed(read(payload)?),
            AggregateKind::User => Self::User(read(payload)?),
            AggregateKind::Report => Self::Report(read(payload)?),
            AggregateKind::Preferences => Self::Preferences(read(payload)?),
            AggregateKind::Subscription => Self::Subscription(read(payload)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cast::{ana, ben, room_id};
    use crate::ids::TargetId;
    use crate::subscription::TopicKind;

    /// These words are in every log there is.
    #[test]
    fn the_kinds_of_stream_are_stored_by_these_names() {
        let names = AggregateKind::ALL.map(AggregateKind::name);
        assert_eq!(
            names,
            [
                "room",
                "participant",
                "relationship",
                "notification",
                "feed",
                "user",
                "report",
                "preferences",
                "subscription"
            ]
        );
        for kind in AggregateKind::ALL {
            assert_eq!(AggregateKind::parse(kind.name()), Some(kind));
        }
        assert_eq!(AggregateKind::parse("Room"), None);
    }

    #[test]
    fn the_streams_of_people_and_rooms_are_stored_by_these_ids() {
        let room = "00000000-0000-0000-0000-000000000007";
        assert_eq!(StreamId::room(room_id()).to_string(), format!("room/{room}"));
        assert_eq!(StreamId::participant(room_id(), &ana()).to_string(), format!("participant/{room}:ana"));
        let pair = StreamId::relationship(&UserPair::new(&ben(), &ana()));
        assert_eq!(pair.to_string(), "relationship/3:ana:ben");
        assert_eq!(StreamId::feed(&ana()).to_string(), "feed/ana");
        assert_eq!(StreamId::user(&ana()).to_string(), "user/ana");
        assert_eq!(StreamId::report(ReportId(room_id().0)).to_string(), format!("report/{room}"));
        assert_eq!(StreamId::preferences(&ana()).to_string(), "preferences/ana");
        let topic = Topic { kind: TopicKind::Group, target_id: TargetId::parse("kelas-7").expect("an id") };
        assert_eq!(StreamId::subscription(&ana(), &topic).to_string(), "subscription/ana:GROUP:kelas-7");
    }
}
