//! What may be asked of a room. Time, ids and facts of other streams are in the command.

pub(super) mod messages;
pub(super) mod opening;

use std::collections::BTreeSet;

use super::kinds::{JoinPolicy, Role};
pub use super::message_commands::{DeleteMessage, EditMessage, MessageFacts, Naming, PinMessage, React, SendMessage};
pub use super::opening_commands::{CreateGroup, OpenDirect, OpenMentorSession, OpenSupport};
use crate::aggregate::State;
use crate::catalogue::StreamId;
use crate::ids::{RoomId, UserId, UserPair};
use crate::user::UserRole;
use crate::{Sealed, Timestamp};

#[derive(Debug, Clone, PartialEq)]
pub enum RoomCommand {
    OpenDirect(OpenDirect),
    CreateGroup(CreateGroup),
    OpenMentorSession(OpenMentorSession),
    OpenSupport(OpenSupport),
    AddMembers(AddMembers),
    JoinRoom(JoinRoom),
    RemoveMember(RemoveMember),
    ChangeRole(ChangeRole),
    RenameRoom(RenameRoom),
    ChangeAvatar(ChangeAvatar),
    SetRules(SetRules),
    CloseRoom(CloseRoom),
    ReopenRoom(ReopenRoom),
    SendMessage(SendMessage),
    EditMessage(EditMessage),
    DeleteMessage(DeleteMessage),
    React(React),
    PinMessage(PinMessage),
}

#[derive(Debug, Clone, PartialEq)]
pub struct AddMembers {
    pub room_id: RoomId,
    pub added_by: UserId,
    pub members: Vec<UserId>,
    /// Fact: who of `members` is apart from whoever adds them, by a block of either.
    pub apart: BTreeSet<UserId>,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq)]
pub struct JoinRoom {
    pub room_id: RoomId,
    pub user_id: UserId,
    /// Fact, in SUPPORT rooms: the directory calls them an ADMIN.
    pub is_platform_admin: bool,
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

/// Only an owner does; making somebody else the owner makes them an admin.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeRole {
    pub room_id: RoomId,
    pub user_id: UserId,
    pub role: Role,
    pub changed_by: UserId,
    pub at: Timestamp,
}

/// `None` takes the name away.
#[derive(Debug, Clone, PartialEq)]
pub struct RenameRoom {
    pub room_id: RoomId,
    pub name: Option<Sealed>,
    pub renamed_by: UserId,
    /// Fact: it is called so already.
    pub unchanged: bool,
    pub at: Timestamp,
}

/// `None` takes the picture away.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeAvatar {
    pub room_id: RoomId,
    pub avatar: Option<Sealed>,
    pub changed_by: UserId,
    /// Fact: it has this picture already.
    pub unchanged: bool,
    pub at: Timestamp,
}

/// What is `None` stays as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct SetRules {
    pub room_id: RoomId,
    pub join_policy: Option<JoinPolicy>,
    /// Seconds a MEMBER waits between two messages; 0 = none.
    pub slow_mode_seconds: Option<u32>,
    pub set_by: UserId,
    pub at: Timestamp,
}

/// A closed room is read and left, and nothing is said there until it is reopened.
#[derive(Debug, Clone, PartialEq)]
pub struct CloseRoom {
    pub room_id: RoomId,
    pub closed_by: UserId,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ReopenRoom {
    pub room_id: RoomId,
    pub reopened_by: UserId,
    pub at: Timestamp,
}

impl RoomCommand {
    pub(crate) fn learn(&mut self, stream: &StreamId, facts: &State) {
        match self {
            Self::OpenDirect(command) => command.learn(facts),
            Self::OpenMentorSession(command) => command.learn(stream, facts),
            Self::JoinRoom(command) => {
                if let State::User(user) = facts {
                    command.is_platform_admin = user.role() == Some(UserRole::Admin);
                }
            }
            Self::SendMessage(command) => command.learn(facts),
            Self::CreateGroup(CreateGroup { created_by: by, members, apart, .. })
            | Self::AddMembers(AddMembers { added_by: by, members, apart, .. }) => {
                learn_apart(by, members, apart, stream, facts);
            }
            Self::EditMessage(EditMessage { blocked, .. })
            | Self::React(React { blocked, .. })
            | Self::PinMessage(PinMessage { blocked, .. }) => {
                if let State::Relationship(relationship) = facts {
                    *blocked = relationship.is_blocked();
                }
            }
            Self::OpenSupport(_)
            | Self::RemoveMember(_)
            | Self::ChangeRole(_)
            | Self::RenameRoom(_)
            | Self::ChangeAvatar(_)
            | Self::SetRules(_)
            | Self::CloseRoom(_)
            | Self::ReopenRoom(_)
            | Self::DeleteMessage(_) => {}
        }
    }
}

/// What the stream of `by` and one of `members` says of the two.
fn learn_apart(by: &UserId, members: &[UserId], apart: &mut BTreeSet<UserId>, stream: &StreamId, facts: &State) {
    let State::Relationship(relationship) = facts else { return };
    for member in members.iter().filter(|member| StreamId::relationship(&UserPair::new(by, member)) == *stream) {
        if relationship.is_blocked() {
            apart.insert(member.clone());
        } else {
            apart.remove(member);
        }
    }
}
