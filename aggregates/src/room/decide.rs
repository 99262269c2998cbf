//! The rules of a room: given what has happened, may this be done, and what then happens?
//!
//! Pure: deciding twice gives the same answer twice, which is what makes it safe to decide again after losing a race.

use std::collections::BTreeSet;

use super::commands::{AddMembers, CreateGroup, JoinRoom, OpenDirect, RemoveMember, RoomCommand, SendMessage};
use super::error::RoomError;
use super::events::{MemberRemoved, MemberRoleChanged, MembersAdded, MessageSent, NewMember, RoomEvent, RoomOpened};
use super::state::{JoinPolicy, MemberState, Role, Room, RoomKind};
use super::{MEMBERS_MAX, MEMBERS_PER_COMMAND_MAX};
use crate::ids::UserId;

impl Room {
    pub fn decide(&self, command: &RoomCommand) -> Result<Vec<RoomEvent>, RoomError> {
        match command {
            RoomCommand::OpenDirect(command) => self.open_direct(command),
            RoomCommand::CreateGroup(command) => self.create_group(command),
            RoomCommand::AddMembers(command) => self.add_members(command),
            RoomCommand::JoinRoom(command) => self.join(command),
            RoomCommand::RemoveMember(command) => self.remove_member(command),
            RoomCommand::SendMessage(command) => self.send_message(command),
        }
    }

    fn open_direct(&self, command: &OpenDirect) -> Result<Vec<RoomEvent>, RoomError> {
        if command.opened_by == command.other {
            return Err(RoomError::WithOneself);
        }
        if self.open {
            return Ok(vec![]); // Get or create: it is there already, also for those who block each other.
        }
        if !command.other_exists {
            return Err(RoomError::UnknownRecipient);
        }
        if command.blocked {
            return Err(RoomError::Blocked);
        }
        let member = |user_id: &UserId| NewMember { user_id: user_id.clone(), role: Role::Member };
        Ok(vec![RoomEvent::RoomOpened(RoomOpened {
            room_id: command.room_id,
            kind: RoomKind::Direct,
            opened_by: command.opened_by.clone(),
            members: vec![member(&command.opened_by), member(&command.other)],
            name: None,
            avatar: None,
            group_id: None,
            join_policy: JoinPolicy::Invite,
            at: command.at,
        })])
    }

    fn create_group(&self, command: &CreateGroup) -> Result<Vec<RoomEvent>, RoomError> {
        if self.open {
            return Ok(vec![]); // Groups have random ids: only a repeat finds the room open.
        }
        let mut seen = BTreeSet::from([&command.created_by]);
        let mut members = vec![NewMember { user_id: command.created_by.clone(), role: Role::Owner }];
        for user_id in &command.members {
            if seen.insert(user_id) {
                members.push(NewMember { user_id: user_id.clone(), role: Role::Member });
            }
        }
        if members.len() > MEMBERS_PER_COMMAND_MAX {
            return Err(RoomError::TooManyAtOnce);
        }
        Ok(vec![RoomEvent::RoomOpened(RoomOpened {
            room_id: command.room_id,
            kind: RoomKind::Group,
            opened_by: command.created_by.clone(),
            members,
            name: Some(command.name.clone()),
            avatar: command.avatar.clone(),
            group_id: command.group_id.clone(),
            join_policy: command.join_policy,
            at: command.at,
        })])
    }

    fn add_members(&self, command: &AddMembers) -> Result<Vec<RoomEvent>, RoomError> {
        let adder = self.member(&command.added_by)?;
        self.require_group()?;
        if adder.role < Role::Admin {
            return Err(RoomError::RoleForbids);
        }
        if command.members.len() > MEMBERS_PER_COMMAND_MAX {
            return Err(RoomError::TooManyAtOnce);
        }
        let newcomers: BTreeSet<&UserId> = command.members.iter().filter(|user| !self.members.has(user)).collect();
        if self.members.len() + newcomers.len() > MEMBERS_MAX {
            return Err(RoomError::TooManyMembers);
        }
        if newcomers.is_empty() {
            return Ok(vec![]);
        }
        Ok(vec![RoomEvent::MembersAdded(MembersAdded {
            room_id: command.room_id,
            members: newcomers
                .into_iter()
                .map(|user| NewMember { user_id: user.clone(), role: Role::Member })
                .collect(),
            by: command.added_by.clone(),
            join_seq: self.last_seq,
            at: command.at,
        })])
    }

    fn join(&self, command: &JoinRoom) -> Result<Vec<RoomEvent>, RoomError> {
        if self.members.has(&command.user_id) {
            return Ok(vec![]);
        }
        // A room one cannot walk into does not exist for those outside.
        if !self.open || self.join_policy == JoinPolicy::Invite {
            return Err(RoomError::NotFound);
        }
        if self.members.len() >= MEMBERS_MAX {
            return Err(RoomError::TooManyMembers);
        }
        // The last one to leave took the ownership along: whoever comes into an empty room has it.
        let role = if self.members.is_empty() { Role::Owner } else { Role::Member };
        Ok(vec![RoomEvent::MembersAdded(MembersAdded {
            room_id: command.room_id,
            members: vec![NewMember { user_id: command.user_id.clone(), role }],
            by: command.user_id.clone(),
            join_seq: self.last_seq,
            at: command.at,
        })])
    }

    fn remove_member(&self, command: &RemoveMember) -> Result<Vec<RoomEvent>, RoomError> {
        let remover = self.member(&command.removed_by)?;
        self.require_group()?;
        let leaving = command.user_id == command.removed_by;
        let member = self.members.get(&command.user_id).ok_or(RoomError::NoSuchMember)?;
        if !leaving && (remover.role < Role::Admin || remover.role <= member.role) {
            return Err(RoomError::RoleForbids);
        }
        let mut events = vec![RoomEvent::MemberRemoved(MemberRemoved {
            room_id: command.room_id,
            user_id: command.user_id.clone(),
            by: command.removed_by.clone(),
            at: command.at,
        })];
        if member.role == Role::Owner
            && let Some(heir) = self.members.heir(&command.user_id)
        {
            events.push(RoomEvent::MemberRoleChanged(MemberRoleChanged {
                room_id: command.room_id,
                user_id: heir.clone(),
                role: Role::Owner,
                by: None,
                at: command.at,
            }));
        }
        Ok(events)
    }

    fn send_message(&self, command: &SendMessage) -> Result<Vec<RoomEvent>, RoomError> {
        self.member(&command.sender_id)?;
        if self.kind == RoomKind::Direct && command.blocked {
            return Err(RoomError::Blocked);
        }
        Ok(vec![RoomEvent::MessageSent(MessageSent {
            room_id: command.room_id,
            message_id: command.message_id,
            seq: self.last_seq + 1,
            sender_id: command.sender_id.clone(),
            kind: command.kind,
            content: command.content.clone(),
            attachment: command.attachment.clone(),
            reply_to: command.reply_to,
            client_message_id: command.client_message_id.clone(),
            at: command.at,
        })])
    }

    /// Whoever is outside learns nothing, not even that there is a room.
    fn member(&self, user: &UserId) -> Result<&MemberState, RoomError> {
        self.members.get(user).ok_or(RoomError::NotFound)
    }

    fn require_group(&self) -> Result<(), RoomError> {
        if self.kind == RoomKind::Direct { Err(RoomError::DirectIsForTwo) } else { Ok(()) }
    }
}
