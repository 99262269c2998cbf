//! What a person may ask of their place in a room.

use crate::Timestamp;
use crate::aggregate::{Need, State};
use crate::catalogue::StreamId;
use crate::ids::{MessageId, RoomId, UserId};
use crate::room::{Membership, RoomEvent};

pub use super::events::Arrangement;

#[derive(Debug, Clone, PartialEq)]
pub enum ParticipantCommand {
    MarkRead(MarkRead),
    MarkUnread(MarkUnread),
    MarkDelivered(MarkDelivered),
    Arrange(Arrange),
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

/// Back to before a message: from it on everything counts as unread, one's own too.
#[derive(Debug, Clone, PartialEq)]
pub struct MarkUnread {
    pub room_id: RoomId,
    pub user_id: UserId,
    pub from: UnreadFrom,
    /// Fact: as in [`MarkRead`].
    pub membership: Option<Membership>,
    pub at: Timestamp,
}

/// From which message on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnreadFrom {
    /// The last one.
    Last,
    /// A message of this room, as the command layer found it.
    Message { seq: u64 },
}

/// Their device has what was said up to a message. Kept in DIRECT rooms alone, elsewhere it is nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct MarkDelivered {
    pub room_id: RoomId,
    pub user_id: UserId,
    pub up_to: ReadUpTo,
    /// Fact: as in [`MarkRead`].
    pub membership: Option<Membership>,
    pub at: Timestamp,
}

/// How the room stands among one's rooms.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrange {
    pub room_id: RoomId,
    pub user_id: UserId,
    pub wish: Arrangement,
    /// Fact: as in [`MarkRead`].
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
        let (room_id, kinds) = match self {
            Self::MarkRead(MarkRead { room_id, up_to, .. })
            | Self::MarkDelivered(MarkDelivered { room_id, up_to, .. }) => match up_to {
                ReadUpTo::Last => (room_id, MEMBERSHIP_AND_LAST),
                ReadUpTo::Message { .. } => (room_id, MEMBERSHIP), // A busy room never stops its readers.
            },
            Self::MarkUnread(MarkUnread { room_id, from, .. }) => match from {
                UnreadFrom::Last => (room_id, MEMBERSHIP_AND_LAST),
                UnreadFrom::Message { .. } => (room_id, MEMBERSHIP),
            },
            Self::Arrange(Arrange { room_id, wish: Arrangement::Archived { .. }, .. }) => {
                (room_id, MEMBERSHIP_AND_LAST)
            }
            Self::Arrange(Arrange { room_id, .. }) => (room_id, MEMBERSHIP),
        };
        vec![Need { stream: StreamId::room(*room_id), kinds }]
    }

    pub(crate) fn learn(&mut self, _stream: &StreamId, facts: &State) {
        match self {
            Self::MarkRead(MarkRead { user_id, membership, .. })
            | Self::MarkUnread(MarkUnread { user_id, membership, .. })
            | Self::MarkDelivered(MarkDelivered { user_id, membership, .. })
            | Self::Arrange(Arrange { user_id, membership, .. }) => {
                if let State::Room(room) = facts {
                    *membership = room.membership(user_id);
                }
            }
        }
    }
}
