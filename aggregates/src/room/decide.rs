//! The rules of a room: given what has happened, may this be done, and what then happens?
//!
//! Pure: deciding twice gives the same answer twice, which is what makes it safe to decide again after losing a race. One
//! page of `deciding/` for each sort of wish; here is who answers which, and what they share.

use super::commands::RoomCommand;
use super::error::RoomError;
use super::events::RoomEvent;
use super::kinds::{Role, RoomKind};
use super::state::{MemberState, Room};
use crate::ids::UserId;

impl Room {
    pub fn decide(&self, command: &RoomCommand) -> Result<Vec<RoomEvent>, RoomError> {
        match command {
            RoomCommand::OpenDirect(command) => self.open_direct(command),
            RoomCommand::CreateGroup(command) => self.create_group(command),
            RoomCommand::OpenMentorSession(command) => self.open_mentor_session(command),
            RoomCommand::OpenSupport(command) => Ok(self.open_support(command)),
            RoomCommand::AddMembers(command) => self.add_members(command),
            RoomCommand::JoinRoom(command) => self.join(command),
            RoomCommand::RemoveMember(command) => self.remove_member(command),
            RoomCommand::ChangeRole(command) => self.change_role(command),
            RoomCommand::RenameRoom(command) => self.rename(command),
            RoomCommand::ChangeAvatar(command) => self.change_avatar(command),
            RoomCommand::SetRules(command) => self.set_rules(command),
            RoomCommand::CloseRoom(command) => self.close(command),
            RoomCommand::ReopenRoom(command) => self.reopen(command),
            RoomCommand::SendMessage(command) => self.send_message(command),
            RoomCommand::EditMessage(command) => self.edit_message(command),
            RoomCommand::DeleteMessage(command) => self.delete_message(command),
            RoomCommand::React(command) => self.react(command),
            RoomCommand::PinMessage(command) => self.pin_message(command),
        }
    }

    /// Whoever is outside learns nothing, not even that there is a room.
    pub(super) fn member(&self, user: &UserId) -> Result<&MemberState, RoomError> {
        self.members.get(user).ok_or(RoomError::NotFound)
    }

    /// A room of two is nobody's to change: its people, its name.
    pub(super) fn require_more_than_two(&self) -> Result<(), RoomError> {
        if self.kind.is_of_two() { Err(RoomError::DirectIsForTwo) } else { Ok(()) }
    }

    pub(super) fn require_kinds(&self, kinds: &[RoomKind]) -> Result<(), RoomError> {
        if kinds.contains(&self.kind) { Ok(()) } else { Err(RoomError::KindForbids) }
    }

    pub(super) const fn require_open(&self) -> Result<(), RoomError> {
        if self.closed { Err(RoomError::Closed) } else { Ok(()) }
    }
}

impl MemberState {
    pub(super) fn require(&self, least: Role) -> Result<(), RoomError> {
        if self.role < least { Err(RoomError::RoleForbids) } else { Ok(()) }
    }
}
