//! How rooms come to be.

use std::collections::BTreeSet;

use crate::ids::UserId;
use crate::room::MEMBERS_PER_COMMAND_MAX;
use crate::room::commands::{CreateGroup, OpenDirect, OpenMentorSession, OpenSupport};
use crate::room::error::RoomError;
use crate::room::events::{NewMember, RoomEvent, RoomOpened};
use crate::room::kinds::{HistoryFrom, JoinPolicy, Role, RoomKind};
use crate::room::state::Room;

impl Room {
    pub(in crate::room) fn open_direct(&self, command: &OpenDirect) -> Result<Vec<RoomEvent>, RoomError> {
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
            history_from: HistoryFrom::Start,
            at: command.at,
        })])
    }

    pub(in crate::room) fn create_group(&self, command: &CreateGroup) -> Result<Vec<RoomEvent>, RoomError> {
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
        if let Some(nth) = command.members.iter().position(|user| command.apart.contains(user)) {
            return Err(RoomError::CannotBeAdded { nth });
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
            history_from: command.history_from,
            at: command.at,
        })])
    }

    pub(in crate::room) fn open_mentor_session(
        &self,
        command: &OpenMentorSession,
    ) -> Result<Vec<RoomEvent>, RoomError> {
        if command.mentor == command.student {
            return Err(RoomError::WithOneself);
        }
        if command.opened_by != command.mentor && command.opened_by != command.student {
            return Err(RoomError::NotFound);
        }
        if self.open {
            return Ok(vec![]); // As a direct room: it is there already.
        }
        if !command.is_mentor {
            return Err(RoomError::NotAMentor);
        }
        if !command.student_exists {
            return Err(RoomError::UnknownRecipient);
        }
        if command.blocked {
            return Err(RoomError::Blocked);
        }
        Ok(vec![RoomEvent::RoomOpened(RoomOpened {
            room_id: command.room_id,
            kind: RoomKind::MentorStudent,
            opened_by: command.opened_by.clone(),
            members: vec![
                NewMember { user_id: command.mentor.clone(), role: Role::Owner },
                NewMember { user_id: command.student.clone(), role: Role::Member },
            ],
            name: None,
            avatar: None,
            group_id: None,
            join_policy: JoinPolicy::Invite,
            history_from: HistoryFrom::Start,
            at: command.at,
        })])
    }

    /// The opener is the room's only MEMBER: whoever else is in it came to help, as ADMIN.
    pub(in crate::room) fn open_support(&self, command: &OpenSupport) -> Vec<RoomEvent> {
        if self.open {
            return vec![]; // These have random ids: only a repeat finds the room open.
        }
        vec![RoomEvent::RoomOpened(RoomOpened {
            room_id: command.room_id,
            kind: RoomKind::Support,
            opened_by: command.opened_by.clone(),
            members: vec![NewMember { user_id: command.opened_by.clone(), role: Role::Member }],
            name: command.subject.clone(),
            avatar: None,
            group_id: None,
            join_policy: JoinPolicy::Invite,
            history_from: HistoryFrom::Start,
            at: command.at,
        })]
    }
}
