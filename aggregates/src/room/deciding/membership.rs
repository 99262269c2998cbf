//! Who comes in, who goes, and who may what.

use std::collections::BTreeSet;

use crate::ids::UserId;
use crate::room::commands::{AddMembers, ChangeRole, JoinRoom, RemoveMember};
use crate::room::error::RoomError;
use crate::room::events::{MemberRemoved, MemberRoleChanged, MembersAdded, NewMember, RoomEvent};
use crate::room::kinds::{JoinPolicy, Role, RoomKind};
use crate::room::state::Room;
use crate::room::{MEMBERS_MAX, MEMBERS_PER_COMMAND_MAX, REMOVED_MAX};

impl Room {
    pub(in crate::room) fn add_members(&self, command: &AddMembers) -> Result<Vec<RoomEvent>, RoomError> {
        let adder = self.member(&command.added_by)?;
        self.require_more_than_two()?;
        self.require_kinds(&[RoomKind::Group])?;
        adder.require(Role::Admin)?;
        self.require_open()?;
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
        let refused = |user: &UserId| newcomers.contains(user) && command.apart.contains(user);
        if let Some(nth) = command.members.iter().position(refused) {
            return Err(RoomError::CannotBeAdded { nth });
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

    pub(in crate::room) fn join(&self, command: &JoinRoom) -> Result<Vec<RoomEvent>, RoomError> {
        if self.members.has(&command.user_id) {
            return Ok(vec![]);
        }
        let helps = self.kind == RoomKind::Support && command.is_platform_admin;
        // A room one cannot walk into does not exist for those outside. One that everybody left stays empty: whoever came in
        // would have what was said there, and nobody is left to let them in.
        if !self.open || self.members.is_empty() || (self.join_policy == JoinPolicy::Invite && !helps) {
            return Err(RoomError::NotFound);
        }
        if self.removed.contains(&command.user_id) || self.removed.size() >= REMOVED_MAX {
            return Err(RoomError::Removed);
        }
        self.require_open()?;
        if self.members.len() >= MEMBERS_MAX {
            return Err(RoomError::TooManyMembers);
        }
        let role = match self.kind {
            RoomKind::Support => Role::Admin,
            RoomKind::Direct | RoomKind::Group | RoomKind::MentorStudent => Role::Member,
        };
        Ok(vec![RoomEvent::MembersAdded(MembersAdded {
            room_id: command.room_id,
            members: vec![NewMember { user_id: command.user_id.clone(), role }],
            by: command.user_id.clone(),
            join_seq: self.last_seq,
            at: command.at,
        })])
    }

    pub(in crate::room) fn remove_member(&self, command: &RemoveMember) -> Result<Vec<RoomEvent>, RoomError> {
        let remover = self.member(&command.removed_by)?;
        self.require_more_than_two()?;
        let leaving = command.user_id == command.removed_by;
        let member = self.members.get(&command.user_id).ok_or(RoomError::NoSuchMember)?;
        if !leaving && (remover.role < Role::Admin || remover.role <= member.role) {
            return Err(RoomError::RoleForbids);
        }
        // A question that nobody asks any more could be taken up by nobody either.
        if self.kind == RoomKind::Support && member.role == Role::Member {
            return Err(RoomError::OpenerStays);
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

    pub(in crate::room) fn change_role(&self, command: &ChangeRole) -> Result<Vec<RoomEvent>, RoomError> {
        let changer = self.member(&command.changed_by)?;
        self.require_kinds(&[RoomKind::Group])?;
        changer.require(Role::Owner)?;
        let member = self.members.get(&command.user_id).ok_or(RoomError::NoSuchMember)?;
        if member.role == command.role {
            return Ok(vec![]);
        }
        if command.user_id == command.changed_by {
            return Err(RoomError::OwnerStays);
        }
        let changed = |user_id: &UserId, role| {
            RoomEvent::MemberRoleChanged(MemberRoleChanged {
                room_id: command.room_id,
                user_id: user_id.clone(),
                role,
                by: Some(command.changed_by.clone()),
                at: command.at,
            })
        };
        let mut events = vec![changed(&command.user_id, command.role)];
        if command.role == Role::Owner {
            events.push(changed(&command.changed_by, Role::Admin));
        }
        Ok(events)
    }
}
