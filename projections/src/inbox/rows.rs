//! What the inbox answers with.

use aggregates::Timestamp;
use aggregates::ids::{MessageId, RoomId, UserId};
use aggregates::room::{MessageKind, Role, RoomKind};
use event_log::Position;

use crate::text::folded;

/// A person, as far as Kabar knows them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Person {
    pub name: Option<String>,
    pub username: Option<String>,
    pub avatar: Option<String>,
    pub email: Option<String>,
    /// As the platform says it (`ADMIN`, `MENTOR`, ..).
    pub role: Option<String>,
}

impl Person {
    /// What a search by name looks through.
    pub(crate) fn folded(&self) -> String {
        let part = |words: &Option<String>| words.as_deref().map(folded).unwrap_or_default();
        format!("{}\n{}", part(&self.name), part(&self.username))
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct UserRow {
    pub id: UserId,
    pub person: Person,
}

/// A room as one of its members sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct RoomRow {
    pub id: RoomId,
    pub kind: RoomKind,
    pub name: Option<String>,
    pub avatar: Option<String>,
    pub group_id: Option<String>,
    /// The two of a DIRECT room, sorted.
    pub pair: Option<(UserId, UserId)>,
    pub last_seq: u64,
    pub last_message_at: Option<Timestamp>,
    /// The first 100 characters of the last message.
    pub last_message: Option<String>,
    pub participant_count: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// The asking member's own place.
    pub unread: u64,
}

/// Somebody who is in a room now.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberRow {
    pub room_id: RoomId,
    pub user_id: UserId,
    pub role: Role,
    pub joined_at: Timestamp,
    pub read_seq: u64,
    pub last_read_at: Option<Timestamp>,
    pub unread: u64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct MessageRow {
    pub id: MessageId,
    pub room_id: RoomId,
    pub seq: u64,
    pub position: Position,
    pub sender_id: UserId,
    pub kind: MessageKind,
    pub content: String,
    pub attachment_url: Option<String>,
    pub attachment_type: Option<String>,
    pub reply_to: Option<MessageId>,
    pub client_message_id: Option<String>,
    pub created_at: Timestamp,
}

/// A follower or somebody followed.
#[derive(Debug, Clone, PartialEq)]
pub struct FollowRow {
    pub user_id: UserId,
    pub followed_at: Timestamp,
    /// Pages by it: the log position of the follow.
    pub position: Position,
    /// Whether the asking user follows them.
    pub is_following: bool,
}
