//! What the inbox answers with.

use aggregates::Timestamp;
use aggregates::ids::{MessageId, RoomId, UserId};
use aggregates::room::{Forwarded, HistoryFrom, JoinPolicy, MessageKind, Role, RoomKind};
use event_log::Position;
use serde::{Deserialize, Serialize};

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
    /// `id` or `en`.
    pub locale: Option<String>,
    /// By its IANA name.
    pub time_zone: Option<String>,
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
    pub opened_by: UserId,
    pub group_id: Option<String>,
    /// The two of a room of two, sorted.
    pub pair: Option<(UserId, UserId)>,
    /// Read and left, and nothing is said there.
    pub closed: bool,
    pub join_policy: JoinPolicy,
    pub history_from: HistoryFrom,
    /// Seconds a MEMBER waits between two messages; 0 = none.
    pub slow_mode_seconds: u32,
    pub last_seq: u64,
    pub last_message_at: Option<Timestamp>,
    /// The first 100 characters of the last message, in its latest words; `None` also when it was deleted, and when whoever
    /// asks may not read it.
    pub last_message: Option<String>,
    /// The last message was deleted.
    pub last_deleted: bool,
    pub participant_count: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// The asking member's own place, from here on.
    pub role: Role,
    /// What came before counts for nobody, and is read by nobody in rooms whose history begins at the join.
    pub join_seq: u64,
    /// How far they have read, by reading and speaking.
    pub read_seq: u64,
    pub unread: u64,
    /// Unread messages that name them, or everybody.
    pub mentions: u64,
    pub muted: Option<Mute>,
    pub pinned: bool,
    /// Put away, and nothing has been said since.
    pub archived: bool,
}

impl RoomRow {
    /// Without the last message where whoever asks may not read it: it was said before they came in.
    pub(crate) fn readable_part(self) -> Self {
        match self.history_from {
            HistoryFrom::Join if self.last_seq <= self.join_seq => {
                Self { last_message: None, last_deleted: false, ..self }
            }
            HistoryFrom::Join | HistoryFrom::Start => self,
        }
    }
}

/// Told of nothing that is said there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mute {
    /// For ever without it.
    pub until: Option<Timestamp>,
}

impl Mute {
    pub fn holds_at(self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// A room that somebody muted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MutedRoom {
    pub room_id: RoomId,
    pub mute: Mute,
}

/// A room that somebody is in now, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stay {
    pub room_id: RoomId,
    /// Of the event that brought them in.
    pub from: Position,
    /// The room's last message before they came; 0 for its first members.
    pub join_seq: u64,
}

/// What never changes about a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomNature {
    /// The two of a room of two.
    pub pair: Option<(UserId, UserId)>,
    pub history_from: HistoryFrom,
}

/// Somebody who is in a room now.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberRow {
    pub room_id: RoomId,
    pub user_id: UserId,
    pub role: Role,
    pub joined_at: Timestamp,
    pub join_seq: u64,
    /// How far they have read, by reading and speaking.
    pub read_seq: u64,
    /// The furthest they ever read: what others are told. "Mark unread" does not take it back.
    pub seen_seq: u64,
    /// When they came there.
    pub last_read_at: Option<Timestamp>,
    /// What one of their devices has; what they read has arrived as well. Only in DIRECT rooms.
    pub delivered_seq: u64,
    pub delivered_at: Option<Timestamp>,
    pub muted: Option<Mute>,
    pub pinned: bool,
    pub unread: u64,
}

/// A message as a member of its room sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageRow {
    pub id: MessageId,
    pub room_id: RoomId,
    pub seq: u64,
    pub position: Position,
    pub sender_id: UserId,
    pub kind: MessageKind,
    /// Its latest words; empty when it was deleted.
    pub content: String,
    /// `None` when it was deleted.
    pub attachment_url: Option<String>,
    pub attachment_type: Option<String>,
    /// Of an upload; with its address it goes.
    pub attached_file: Option<FileRow>,
    pub reply_to: Option<MessageId>,
    pub forwarded: Option<Forwarded>,
    pub client_message_id: Option<String>,
    pub created_at: Timestamp,
    /// When it got its latest words.
    pub edited_at: Option<Timestamp>,
    pub deleted: Option<Deletion>,
    /// Whom its latest words name, sorted; nobody when it was deleted.
    pub mentions: Vec<UserId>,
    pub mentions_all: bool,
    /// One for each emoji, the first used first, at most [`EMOJIS_SHOWN_MAX`]; none when it was deleted.
    pub reactions: Vec<ReactionRow>,
    pub pinned: Option<Pinning>,
}

impl MessageRow {
    /// As everybody sees it who sees it deleted.
    #[must_use]
    pub fn without_words(self) -> Self {
        Self {
            content: String::new(),
            attachment_url: None,
            attachment_type: None,
            attached_file: None,
            forwarded: None,
            edited_at: None,
            mentions: Vec::new(),
            mentions_all: false,
            reactions: Vec::new(),
            pinned: None,
            ..self
        }
    }
}

/// What is known of an upload that a message carries. One column, as JSON: it is shown and never looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRow {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub bytes: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
}

impl FileRow {
    /// Of strings and numbers alone: writing it as JSON cannot fail.
    pub(crate) fn column(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// How far something came, and when it came there.
pub(crate) type Reached = (u64, Option<Timestamp>);

/// What somebody read has arrived as well.
pub(crate) fn delivered(delivered: Reached, read: Reached) -> Reached {
    if read.0 > delivered.0 { read } else { delivered }
}

/// Emojis of a message that are shown.
pub const EMOJIS_SHOWN_MAX: usize = 100;
/// People shown of each: of an emoji, and of who has read a message.
pub const PEOPLE_SHOWN_MAX: usize = 50;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    pub by: UserId,
    pub at: Timestamp,
}

/// Everybody who gave a message the same emoji.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReactionRow {
    pub emoji: String,
    pub count: u64,
    /// The first of them, at most [`PEOPLE_SHOWN_MAX`].
    pub users: Vec<UserId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinning {
    pub by: UserId,
    pub at: Timestamp,
    pub position: Position,
}

/// What a message said from a moment on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRow {
    pub content: String,
    pub at: Timestamp,
}

/// Who has read a message, its sender left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReadBy {
    pub count: u64,
    /// Whoever read most recently first, at most [`PEOPLE_SHOWN_MAX`].
    pub users: Vec<UserId>,
}

/// A SUPPORT room that is open, as the platform's admins see it who are not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupportRow {
    pub room_id: RoomId,
    /// What it is about.
    pub name: Option<String>,
    pub opened_by: UserId,
    pub participant_count: u64,
    pub last_seq: u64,
    pub last_message_at: Option<Timestamp>,
    pub created_at: Timestamp,
    /// Pages by it: the log position of the opening.
    pub position: Position,
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
