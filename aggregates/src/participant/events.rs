//! What has happened between a person and a room.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::catalogue::EventSchema;
use crate::ids::{MessageId, RoomId, UserId};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ParticipantEvent {
    MessagesRead(MessagesRead),
    MarkedUnread(MarkedUnread),
    MessagesDelivered(MessagesDelivered),
    RoomArranged(RoomArranged),
}

/// They have read everything up to and with a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessagesRead {
    pub room_id: RoomId,
    pub user_id: UserId,
    pub up_to_seq: u64,
    /// The message of that seq.
    pub up_to: MessageId,
    pub at: Timestamp,
}

/// They went back: what comes behind `read_seq` counts as unread, also what they said themselves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MarkedUnread {
    pub room_id: RoomId,
    pub user_id: UserId,
    pub read_seq: u64,
    pub at: Timestamp,
}

/// A device of theirs has everything up to and with a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessagesDelivered {
    pub room_id: RoomId,
    pub user_id: UserId,
    pub up_to_seq: u64,
    /// The message of that seq.
    pub up_to: MessageId,
    pub at: Timestamp,
}

/// They gave the room another place among their rooms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoomArranged {
    pub room_id: RoomId,
    pub user_id: UserId,
    pub arrangement: Arrangement,
    pub at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Arrangement {
    Muted {
        /// For ever without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    Unmuted,
    Pinned,
    Unpinned,
    /// Out of sight until somebody says something behind `seq`.
    Archived {
        /// The room's last message then; a command's is put right when it is decided.
        seq: u64,
    },
    Unarchived,
}

impl ParticipantEvent {
    pub const ROOM_ARRANGED: &'static str = "room_arranged";
    /// What makes muted, pinned or archived another.
    pub const ARRANGEMENTS: &'static [&'static str] = &[Self::ROOM_ARRANGED];

    /// The stored name and current version of each event. Append-only.
    pub const fn schema(&self) -> EventSchema {
        match self {
            Self::MessagesRead(_) => EventSchema::new("messages_read", "1"),
            Self::MarkedUnread(_) => EventSchema::new("marked_unread", "1"),
            Self::MessagesDelivered(_) => EventSchema::new("messages_delivered", "1"),
            Self::RoomArranged(_) => EventSchema::new(Self::ROOM_ARRANGED, "1"),
        }
    }
}
