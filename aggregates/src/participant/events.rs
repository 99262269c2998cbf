//! What has happened between a person and a room.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::catalogue::EventSchema;
use crate::ids::{MessageId, RoomId, UserId};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ParticipantEvent {
    MessagesRead(MessagesRead),
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

impl ParticipantEvent {
    /// The stored name and current version of each event. Append-only.
    pub const fn schema(&self) -> EventSchema {
        match self {
            Self::MessagesRead(_) => EventSchema::new("messages_read", "1"),
        }
    }
}
