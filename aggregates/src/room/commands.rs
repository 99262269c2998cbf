//! What may be asked of a room. Time, ids and facts of other streams are in the command.

use super::events::{Attachment, MessageKind};
use super::state::JoinPolicy;
use crate::aggregate::State;
use crate::catalogue::StreamId;
use crate::ids::{GroupId, MessageId, RoomId, UserId};
use crate::{Sealed, Timestamp};

#[derive(Debug, Clone, PartialEq)]
pub enum RoomCommand {
    OpenDirect(OpenDirect),
    CreateGroup(CreateGroup),
    AddMembers(AddMembers),
    JoinRoom(JoinRoom),
    RemoveMember(RemoveMember),
    SendMessage(SendMessage),
}

/// Get or create the one room of two people; `room_id` must be [`RoomId::direct`] of them.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenDirect {
    pub room_id: RoomId,
    pub opened_by: UserId,
    pub other: UserId,
    /// Fact: the directory knows `other`.
    pub other_exists: bool,
    /// Fact: one of them blocked the other.
    pub blocked: bool,
    pub at: Timestamp,
}

/// The creator becomes OWNER, the others MEMBER.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateGroup {
    pub room_id: RoomId,
    pub created_by: UserId,
    /// The creator may be named or not; duplicates count once.
    pub members: Vec<UserId>,
    pub name: Sealed,
    pub avatar: Option<Sealed>,
    pub group_id: Option<GroupId>,
    pub join_policy: JoinPolicy,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq)]
pub struct AddMembers {
    pub room_id: RoomId,
    pub added_by: UserId,
    pub members: Vec<UserId>,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq)]
pub struct JoinRoom {
    pub room_id: RoomId,
    pub user_id: UserId,
    pub at: Timestamp,
}

/// Removing oneself is leaving.
#[derive(Debug, Clone, PartialEq)]
pub struct RemoveMember {
    pub room_id: RoomId,
    pub user_id: UserId,
    pub removed_by: UserId,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SendMessage {
    pub room_id: RoomId,
    pub message_id: MessageId,
    pub sender_id: UserId,
    pub kind: MessageKind,
    pub content: Sealed,
    pub attachment: Option<Attachment>,
    pub reply_to: Option<MessageId>,
    pub client_message_id: Option<Sealed>,
    /// Fact, in DIRECT rooms: one of the two blocked the other.
    pub blocked: bool,
    pub at: Timestamp,
}

impl RoomCommand {
    pub(crate) fn learn(&mut self, _stream: &StreamId, facts: &State) {
        match self {
            Self::OpenDirect(command) => match facts {
                State::Relationship(relationship) => command.blocked = relationship.is_blocked(),
                State::User(user) => command.other_exists = user.exists(),
                State::Room(_) | State::Participant(_) | State::Notification(_) | State::Feed(_) => {}
            },
            Self::SendMessage(command) => {
                if let State::Relationship(relationship) = facts {
                    command.blocked = relationship.is_blocked();
                }
            }
            Self::CreateGroup(_) | Self::AddMembers(_) | Self::JoinRoom(_) | Self::RemoveMember(_) => {}
        }
    }
}
