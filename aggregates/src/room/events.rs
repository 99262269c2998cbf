//! What has happened in a room. Past tense, never edited, kept for as long as we run.

pub(super) mod emoji;
pub(super) mod messages;

use serde::{Deserialize, Serialize};

use super::kinds::{HistoryFrom, JoinPolicy, Role, RoomKind};
pub use super::message_events::{
    AttachedFile, Attachment, Forwarded, MessageDeleted, MessageEdited, MessageKind, MessagePinned, MessageSent,
    Reacted, is_media_type,
};
use crate::catalogue::EventSchema;
use crate::ids::{GroupId, RoomId, UserId};
use crate::{Sealed, Timestamp};

/// Everything a room can remember. Stored flat: `{"type": "message_sent", ..}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RoomEvent {
    RoomOpened(RoomOpened),
    MembersAdded(MembersAdded),
    MemberRemoved(MemberRemoved),
    MemberRoleChanged(MemberRoleChanged),
    RoomRenamed(RoomRenamed),
    RoomAvatarChanged(RoomAvatarChanged),
    JoinPolicyChanged(JoinPolicyChanged),
    SlowModeChanged(SlowModeChanged),
    RoomClosed(RoomTurned),
    RoomReopened(RoomTurned),
    MessageSent(MessageSent),
    MessageEdited(MessageEdited),
    MessageDeleted(MessageDeleted),
    ReactionAdded(Reacted),
    ReactionRemoved(Reacted),
    MessagePinned(MessagePinned),
    MessageUnpinned(MessagePinned),
}

/// A room came to be, with its first members.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoomOpened {
    pub room_id: RoomId,
    pub kind: RoomKind,
    pub opened_by: UserId,
    pub members: Vec<NewMember>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Sealed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<Sealed>,
    /// The platform's own group this room belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "GroupId::stored")]
    pub group_id: Option<GroupId>,
    #[serde(default)]
    pub join_policy: JoinPolicy,
    #[serde(default, skip_serializing_if = "HistoryFrom::is_start")]
    pub history_from: HistoryFrom,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewMember {
    pub user_id: UserId,
    pub role: Role,
}

/// People came in: by themselves (`by` is the only member) or brought by somebody.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MembersAdded {
    pub room_id: RoomId,
    pub members: Vec<NewMember>,
    pub by: UserId,
    /// The room's last message before they came: counting starts after it.
    pub join_seq: u64,
    pub at: Timestamp,
}

/// Somebody left (`by` is they) or was removed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberRemoved {
    pub room_id: RoomId,
    pub user_id: UserId,
    pub by: UserId,
    pub at: Timestamp,
}

/// Somebody's role changed; `by` is `None` when the room saw to it that it has an owner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberRoleChanged {
    pub room_id: RoomId,
    pub user_id: UserId,
    pub role: Role,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
    pub at: Timestamp,
}

/// The room has another name; the words are those of `by`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoomRenamed {
    pub room_id: RoomId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Sealed>,
    pub by: UserId,
    pub at: Timestamp,
}

/// The room has another picture, brought by `by`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoomAvatarChanged {
    pub room_id: RoomId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<Sealed>,
    pub by: UserId,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JoinPolicyChanged {
    pub room_id: RoomId,
    pub join_policy: JoinPolicy,
    pub by: UserId,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SlowModeChanged {
    pub room_id: RoomId,
    /// Seconds a MEMBER waits between two messages; 0 = none.
    pub seconds: u32,
    pub by: UserId,
    pub at: Timestamp,
}

/// The room was closed, or reopened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoomTurned {
    pub room_id: RoomId,
    pub by: UserId,
    pub at: Timestamp,
}

impl RoomEvent {
    pub const ROOM_OPENED: &'static str = "room_opened";
    pub const MEMBERS_ADDED: &'static str = "members_added";
    pub const MEMBER_REMOVED: &'static str = "member_removed";
    pub const MESSAGE_SENT: &'static str = "message_sent";

    /// The stored name and current version of each event. Append-only: a changed name orphans what was written under the old one.
    pub const fn schema(&self) -> EventSchema {
        match self {
            Self::RoomOpened(_) => EventSchema::new(Self::ROOM_OPENED, "1"),
            Self::MembersAdded(_) => EventSchema::new(Self::MEMBERS_ADDED, "1"),
            Self::MemberRemoved(_) => EventSchema::new(Self::MEMBER_REMOVED, "1"),
            Self::MemberRoleChanged(_) => EventSchema::new("member_role_changed", "1"),
            Self::RoomRenamed(_) => EventSchema::new("room_renamed", "1"),
            Self::RoomAvatarChanged(_) => EventSchema::new("room_avatar_changed", "1"),
            Self::JoinPolicyChanged(_) => EventSchema::new("join_policy_changed", "1"),
            Self::SlowModeChanged(_) => EventSchema::new("slow_mode_changed", "1"),
            Self::RoomClosed(_) => EventSchema::new("room_closed", "1"),
            Self::RoomReopened(_) => EventSchema::new("room_reopened", "1"),
            Self::MessageSent(_) => EventSchema::new(Self::MESSAGE_SENT, "1"),
            Self::MessageEdited(_) => EventSchema::new("message_edited", "1"),
            Self::MessageDeleted(_) => EventSchema::new("message_deleted", "1"),
            Self::ReactionAdded(_) => EventSchema::new("reaction_added", "1"),
            Self::ReactionRemoved(_) => EventSchema::new("reaction_removed", "1"),
            Self::MessagePinned(_) => EventSchema::new("message_pinned", "1"),
            Self::MessageUnpinned(_) => EventSchema::new("message_unpinned", "1"),
        }
    }
}
