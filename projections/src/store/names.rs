//! How our enums and numbers stand in columns, and back.

use aggregates::ids::{MessageId, RoomId, TargetId, UserId};
use aggregates::notification::NotificationType;
use aggregates::policy::channels::{Channel, Channels};
use aggregates::policy::related::Related;
use aggregates::policy::settings::Settings;
use aggregates::report::{Resolution, Subject};
use aggregates::room::{HistoryFrom, JoinPolicy, MessageKind, Role, RoomKind};
use aggregates::subscription::{Topic, TopicKind};
use uuid::Uuid;

use crate::feed::DeliveryState;
use crate::inbox::FileRow;

/// A column holds what this program never writes.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a {1}")]
pub(crate) struct UnknownName(pub String, pub &'static str);

fn find<T: Copy>(all: &[T], name_of: fn(T) -> &'static str, name: &str, what: &'static str) -> Result<T, UnknownName> {
    all.iter().copied().find(|one| name_of(*one) == name).ok_or_else(|| UnknownName(name.to_owned(), what))
}

pub(crate) fn room_kind(name: &str) -> Result<RoomKind, UnknownName> {
    find(&RoomKind::ALL, RoomKind::name, name, "room kind")
}

pub(crate) const fn policy_name(policy: JoinPolicy) -> &'static str {
    match policy {
        JoinPolicy::Open => "open",
        JoinPolicy::Invite => "invite",
    }
}

pub(crate) fn join_policy(name: &str) -> Result<JoinPolicy, UnknownName> {
    find(&[JoinPolicy::Open, JoinPolicy::Invite], policy_name, name, "join policy")
}

pub(crate) fn history_from(name: &str) -> Result<HistoryFrom, UnknownName> {
    find(&[HistoryFrom::Start, HistoryFrom::Join], HistoryFrom::name, name, "beginning of history")
}

pub(crate) fn role(name: &str) -> Result<Role, UnknownName> {
    find(&[Role::Member, Role::Admin, Role::Owner], Role::name, name, "role")
}

pub(crate) fn message_kind(name: &str) -> Result<MessageKind, UnknownName> {
    find(&[MessageKind::Text, MessageKind::Image, MessageKind::File], MessageKind::name, name, "message kind")
}

pub(crate) fn notification_type(name: &str) -> Result<NotificationType, UnknownName> {
    find(&NotificationType::ALL, NotificationType::name, name, "notification type")
}

/// It is not shown what stands there: it may be words.
pub(crate) fn file(json: &str) -> Result<FileRow, UnknownName> {
    serde_json::from_str(json).map_err(|_| UnknownName("..".to_owned(), "description of a file"))
}

pub(crate) fn resolution(name: &str) -> Result<Resolution, UnknownName> {
    find(&Resolution::ALL, Resolution::name, name, "resolution")
}

/// What a report is about, beside its kind.
pub(crate) struct SubjectColumns {
    pub about_id: Option<UserId>,
    pub room_id: Option<Uuid>,
    pub message_id: Option<Uuid>,
}

impl SubjectColumns {
    pub(crate) const fn kind(subject: &Subject) -> &'static str {
        match subject {
            Subject::Message { .. } => "message",
            Subject::User { .. } => "user",
            Subject::Room { .. } => "room",
        }
    }

    pub(crate) fn of(subject: &Subject) -> Self {
        let (room_id, message_id) = match subject {
            Subject::Message { room_id, message_id, .. } => (Some(room_id.0), Some(message_id.0)),
            Subject::Room { room_id } => (Some(room_id.0), None),
            Subject::User { .. } => (None, None),
        };
        Self { about_id: subject.about().cloned(), room_id, message_id }
    }

    pub(crate) fn read(self, kind: &str) -> Result<Subject, UnknownName> {
        match (kind, self) {
            ("message", Self { about_id: Some(author_id), room_id: Some(room), message_id: Some(message) }) => {
                Ok(Subject::Message { room_id: RoomId(room), message_id: MessageId(message), author_id })
            }
            ("user", Self { about_id: Some(user_id), .. }) => Ok(Subject::User { user_id }),
            ("room", Self { room_id: Some(room), .. }) => Ok(Subject::Room { room_id: RoomId(room) }),
            (other, _) => Err(UnknownName(other.to_owned(), "subject of a report")),
        }
    }
}

pub(crate) fn settings(json: &str) -> Result<Settings, UnknownName> {
    serde_json::from_str(json).map_err(|_| UnknownName(json.to_owned(), "description of settings"))
}

pub(crate) fn topic_kind(name: &str) -> Result<TopicKind, UnknownName> {
    find(&TopicKind::ALL, TopicKind::name, name, "kind of topic")
}

pub(crate) fn target(text: &str) -> Result<TargetId, UnknownName> {
    TargetId::parse(text).map_err(|_| UnknownName(text.to_owned(), "target id"))
}

/// Two columns, both or neither.
pub(crate) fn maybe_topic(kind: Option<&str>, target_id: Option<&str>) -> Result<Option<Topic>, UnknownName> {
    match (kind, target_id) {
        (Some(kind), Some(id)) => Ok(Some(Topic { kind: topic_kind(kind)?, target_id: target(id)? })),
        (None, None) => Ok(None),
        (kind, id) => Err(UnknownName(kind.or(id).unwrap_or_default().to_owned(), "whole topic")),
    }
}

/// What a notification is about; nothing where nothing stands.
pub(crate) fn related(json: Option<&str>) -> Result<Related, UnknownName> {
    let Some(json) = json else { return Ok(Related::default()) };
    serde_json::from_str(json).map_err(|_| UnknownName(json.to_owned(), "description of what something is about"))
}

pub(crate) fn channel(name: &str) -> Result<Channel, UnknownName> {
    find(&Channel::ALL, Channel::name, name, "channel")
}

pub(crate) fn delivery_state(name: &str) -> Result<DeliveryState, UnknownName> {
    find(&DeliveryState::ALL, DeliveryState::name, name, "state of a delivery")
}

/// Their names between commas; nothing for none.
pub(crate) fn channel_names(channels: Channels) -> String {
    channels.iter().map(Channel::name).collect::<Vec<_>>().join(",")
}

pub(crate) fn channels(names: &str) -> Result<Channels, UnknownName> {
    let names = names.split(',').filter(|name| !name.is_empty());
    names.map(channel).collect()
}

pub(crate) fn user(text: &str) -> Result<UserId, UnknownName> {
    UserId::parse(text).map_err(|_| UnknownName(text.to_owned(), "user id"))
}

/// Engines have signed numbers only; positions and counts never come near the end of them.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Back from a column; what is below zero was never written.
pub(crate) fn natural(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Of seconds, which never come near the end of it.
pub(crate) fn short(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A page's size as a number for SQL.
pub(crate) fn at_most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
