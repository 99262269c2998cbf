//! What has happened in a room. Past tense, never edited, kept for as long as we run.

use serde::{Deserialize, Serialize};

use super::state::{JoinPolicy, Role, RoomKind};
use crate::catalogue::EventSchema;
use crate::ids::{GroupId, MessageId, RoomId, UserId};
use crate::limits::MEDIA_TYPE_CHARS_MAX;
use crate::{Sealed, Timestamp};

/// Everything a room can remember. Stored flat: `{"type": "message_sent", ..}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RoomEvent {
    RoomOpened(RoomOpened),
    MembersAdded(MembersAdded),
    MemberRemoved(MemberRemoved),
    MemberRoleChanged(MemberRoleChanged),
    MessageSent(MessageSent),
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

/// A member said something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageSent {
    pub room_id: RoomId,
    pub message_id: MessageId,
    /// 1, 2, 3 .. in the room, without gaps.
    pub seq: u64,
    pub sender_id: UserId,
    pub kind: MessageKind,
    pub content: Sealed,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachment: Option<Attachment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
    /// As the sender's device named it, in any text it liked; goes back in answers and frames.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_message_id: Option<Sealed>,
    /// When the wish reached us. The log's own `recorded_at` may be later.
    pub at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    Text,
    Image,
    File,
}

impl MessageKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::File => "file",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attachment {
    pub url: Sealed,
    /// A media type or the platform's word for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
}

/// `image/png`, or `image` alone: one or two short names. Free text would be words of somebody that no erasure reaches.
pub fn is_media_type(text: &str) -> bool {
    let name = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte))
    };
    text.len() <= MEDIA_TYPE_CHARS_MAX && text.split('/').count() <= 2 && text.split('/').all(name)
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
            Self::MessageSent(_) => EventSchema::new(Self::MESSAGE_SENT, "1"),
        }
    }
}
