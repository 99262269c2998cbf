//! How a room is kept: its name and picture, its rules, whether it is closed.

use crate::Timestamp;
use crate::ids::{RoomId, UserId};
use crate::room::SLOW_MODE_SECONDS_MAX;
use crate::room::commands::{ChangeAvatar, CloseRoom, RenameRoom, ReopenRoom, SetRules};
use crate::room::error::RoomError;
use crate::room::events::{JoinPolicyChanged, RoomAvatarChanged, RoomEvent, RoomRenamed, RoomTurned, SlowModeChanged};
use crate::room::kinds::{Role, RoomKind};
use crate::room::state::Room;

impl Room {
    /// A room remembers no words: whether these are what it is called already is known outside.
    pub(in crate::room) fn rename(&self, command: &RenameRoom) -> Result<Vec<RoomEvent>, RoomError> {
        self.may_describe(&command.renamed_by)?;
        if command.unchanged {
            return Ok(vec![]);
        }
        Ok(vec![RoomEvent::RoomRenamed(RoomRenamed {
            room_id: command.room_id,
            name: command.name.clone(),
            by: command.renamed_by.clone(),
            at: command.at,
        })])
    }

    pub(in crate::room) fn change_avatar(&self, command: &ChangeAvatar) -> Result<Vec<RoomEvent>, RoomError> {
        self.may_describe(&command.changed_by)?;
        if command.unchanged {
            return Ok(vec![]);
        }
        Ok(vec![RoomEvent::RoomAvatarChanged(RoomAvatarChanged {
            room_id: command.room_id,
            avatar: command.avatar.clone(),
            by: command.changed_by.clone(),
            at: command.at,
        })])
    }

    pub(in crate::room) fn set_rules(&self, command: &SetRules) -> Result<Vec<RoomEvent>, RoomError> {
        let setter = self.member(&command.set_by)?;
        self.require_kinds(&[RoomKind::Group])?;
        setter.require(Role::Admin)?;
        self.require_open()?;
        if command.slow_mode_seconds.is_some_and(|seconds| seconds > SLOW_MODE_SECONDS_MAX) {
            return Err(RoomError::TooSlow);
        }
        let mut events = Vec::new();
        if let Some(join_policy) = command.join_policy.filter(|policy| *policy != self.join_policy) {
            events.push(RoomEvent::JoinPolicyChanged(JoinPolicyChanged {
                room_id: command.room_id,
                join_policy,
                by: command.set_by.clone(),
                at: command.at,
            }));
        }
        if let Some(seconds) = command.slow_mode_seconds.filter(|seconds| *seconds != self.pace.pause_seconds()) {
            events.push(RoomEvent::SlowModeChanged(SlowModeChanged {
                room_id: command.room_id,
                seconds,
                by: command.set_by.clone(),
                at: command.at,
            }));
        }
        Ok(events)
    }

    pub(in crate::room) fn close(&self, command: &CloseRoom) -> Result<Vec<RoomEvent>, RoomError> {
        self.may_turn(&command.closed_by)?;
        let closing = turned(command.room_id, &command.closed_by, command.at);
        Ok(if self.closed { vec![] } else { vec![RoomEvent::RoomClosed(closing)] })
    }

    pub(in crate::room) fn reopen(&self, command: &ReopenRoom) -> Result<Vec<RoomEvent>, RoomError> {
        self.may_turn(&command.reopened_by)?;
        let reopening = turned(command.room_id, &command.reopened_by, command.at);
        Ok(if self.closed { vec![RoomEvent::RoomReopened(reopening)] } else { vec![] })
    }

    /// A direct room is called like the other person; the others have keepers.
    fn may_describe(&self, user: &UserId) -> Result<(), RoomError> {
        let member = self.member(user)?;
        self.require_kinds(&[RoomKind::Group, RoomKind::MentorStudent, RoomKind::Support])?;
        member.require(Role::Admin)?;
        self.require_open()
    }

    /// A group and a session are their owner's to close; a support room, of whoever needed help and of who helped.
    fn may_turn(&self, user: &UserId) -> Result<(), RoomError> {
        let member = self.member(user)?;
        match self.kind {
            RoomKind::Direct => Err(RoomError::KindForbids),
            RoomKind::Group | RoomKind::MentorStudent => member.require(Role::Owner),
            RoomKind::Support => Ok(()),
        }
    }
}

fn turned(room_id: RoomId, by: &UserId, at: Timestamp) -> RoomTurned {
    RoomTurned { room_id, by: by.clone(), at }
}
