//! What a person may ask of their place in a room.

use crate::Timestamp;
use crate::aggregate::{Need, State};
use crate::catalogue::StreamId;
use crate::ids::{MessageId, RoomId, UserId};
use crate::room::{Membership, RoomEvent};

#[derive(Debug, Clone, PartialEq)]
pub enum ParticipantCommand {
    MarkRead(MarkRead),
}

#[derive(Debug, Clone, PartialEq)]
pub struct MarkRead {
    pub room_id: RoomId,
    pub user_id: UserId,
    pub up_to: ReadUpTo,
    /// Fact: their place in the room, `None` when they are not in it.
    pub membership: Option<Membership>,
    pub at: Timestamp,
}

/// How far. Who wrote which seq never changes, so the command layer may look the pair up beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadUpTo {
    /// Whatever is last in the room when it is decided.
    Last,
    Message {
        seq: u64,
        message_id: MessageId,
    },
}

impl ParticipantCommand {
    pub(crate) fn needs(&self) -> Vec<Need> {
        match self {
            Self::MarkRead(command) => {
                vec![Need { stream: StreamId::room(command.room_id), kinds: &[RoomEvent::MEMBER_REMOVED] }]
            }
        }
    }

    pub(crate) fn learn(&mut self, _stream: &StreamId, facts: &State) {
        match (self, facts) {
            (Self::MarkRead(command), State::Room(room)) => command.membership = room.membership(&command.user_id),
            (Self::MarkRead(_), _) => {}
        }
    }
}
