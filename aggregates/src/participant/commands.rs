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

/// How far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadUpTo {
    /// Whatever is last in the room when it is decided.
    Last,
    /// A message of this room, as the command layer found it. Which message has which seq never changes, so what was
    /// found stays true, also where the facts are older than the look-up.
    Message { seq: u64, message_id: MessageId },
}

/// What decides who is in a room.
const MEMBERSHIP: &[&str] = &[RoomEvent::ROOM_OPENED, RoomEvent::MEMBERS_ADDED, RoomEvent::MEMBER_REMOVED];
/// The same, and what is last in it: "read everything" must not leave out a message that the reader has already seen.
const MEMBERSHIP_AND_LAST: &[&str] =
    &[RoomEvent::ROOM_OPENED, RoomEvent::MEMBERS_ADDED, RoomEvent::MEMBER_REMOVED, RoomEvent::MESSAGE_SENT];

impl ParticipantCommand {
    pub(crate) fn needs(&self) -> Vec<Need> {
        match self {
            Self::MarkRead(command) => {
                let kinds = match command.up_to {
                    ReadUpTo::Last => MEMBERSHIP_AND_LAST,
                    ReadUpTo::Message { .. } => MEMBERSHIP, // A busy room never stops its readers.
                };
                vec![Need { stream: StreamId::room(command.room_id), kinds }]
            }
        }
    }

    pub(crate) fn learn(&mut self, _stream: &StreamId, facts: &State) {
        match self {
            Self::MarkRead(command) => {
                if let State::Room(room) = facts {
                    command.membership = room.membership(&command.user_id);
                }
            }
        }
    }
}
