//! What a search answers with, and what it keeps of a message.

use aggregates::Timestamp;
use aggregates::ids::{MessageId, RoomId, UserId};
use event_log::Position;

use super::words::Place;

/// A message that may be what was searched for. Its text is the inbox's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    pub message_id: MessageId,
    pub room_id: RoomId,
    pub seq: u64,
    pub position: Position,
}

/// A message as it is found.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub position: Position,
    pub message_id: MessageId,
    pub room_id: RoomId,
    pub seq: u64,
    pub sender_id: UserId,
    /// Whose words they are, where they are not the sender's: somebody's who was forwarded.
    pub author_id: Option<UserId>,
    pub sent_at: Timestamp,
    pub has_attachment: bool,
    /// Nothing brings its words back.
    pub deleted: bool,
    /// Where the words it has now were said: what an erasure before that is about, they are not.
    pub worded: Position,
    /// Each word once, a space between them; none of what was deleted or erased. `None` of one that was loaded: as stored.
    pub words: Option<String>,
}

impl Entry {
    pub(crate) fn owner(&self) -> &UserId {
        self.author_id.as_ref().unwrap_or(&self.sender_id)
    }

    pub(crate) fn place(&self) -> Place<'_> {
        Place { room_id: self.room_id, sender_id: &self.sender_id, owner_id: self.owner() }
    }
}
