//! Keeping a room: its name and picture, its rules, its roles, whether it is closed.

use aggregates::ids::{RoomId, UserId};
use aggregates::room::{
    ChangeAvatar, ChangeRole, CloseRoom, JoinPolicy, RenameRoom, ReopenRoom, Role, RoomCommand, SetRules,
};
use aggregates::{Command, Sealed, StreamId};
use event_log::Position;
use projections::ReadError;
use projections::inbox::RoomRow;

use super::{Caller, Commands, Failure, WishId};

/// What is to change about a room; validated. Absent = as it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RoomChanges {
    /// `Some(None)` takes it away.
    pub name: Option<Option<Sealed>>,
    pub avatar: Option<Option<Sealed>>,
    pub join_policy: Option<JoinPolicy>,
    pub slow_mode_seconds: Option<u32>,
}

impl Commands {
    /// Several commands, each whole or not at all; asked again under the same key, what is done stays as it is.
    pub async fn change_room(
        &self,
        caller: &Caller,
        room_id: RoomId,
        changes: RoomChanges,
    ) -> Result<Position, Failure> {
        let id = caller.wish_id(&format!("change-room:{room_id}"));
        let wishes = self.wished(caller, room_id, changes).await?;
        let wished = wishes.len();
        let mut position = Position::START;
        for (done, (name, command)) in wishes.into_iter().enumerate() {
            match self.to_room(caller, id.part(name), room_id, command).await {
                Ok(reached) => position = position.max(reached),
                Err(failure) if done == 0 => return Err(failure),
                Err(failure) => {
                    return Err(Failure::Partly { done: done as u64, wished, source: Box::new(failure) });
                }
            }
        }
        Ok(position)
    }

    /// A command for each thing that is to change, by a name that stays.
    async fn wished(
        &self,
        caller: &Caller,
        room_id: RoomId,
        changes: RoomChanges,
    ) -> Result<Vec<(&'static str, RoomCommand)>, Failure> {
        let (by, at) = (&caller.user_id, self.clock.now());
        let RoomChanges { name, avatar, join_policy, slow_mode_seconds } = changes;
        let look = || self.views.inbox().room(room_id, by);
        // Of what is not theirs nothing is looked up: the rule says so.
        let seen = look().await?;
        let mut wishes = Vec::new();
        if let Some(name) = name {
            let words = name.as_ref().map(Sealed::reveal);
            let called = |room: &RoomRow| room.name.as_deref() == words;
            let unchanged = self.is_so(seen.as_ref(), called, look()).await?;
            let rename = RenameRoom { room_id, name, renamed_by: by.clone(), unchanged, at };
            wishes.push(("name", RoomCommand::RenameRoom(rename)));
        }
        if let Some(avatar) = avatar {
            let address = avatar.as_ref().map(Sealed::reveal);
            let pictured = |room: &RoomRow| room.avatar.as_deref() == address;
            let unchanged = self.is_so(seen.as_ref(), pictured, look()).await?;
            let picture = ChangeAvatar { room_id, avatar, changed_by: by.clone(), unchanged, at };
            wishes.push(("avatar", RoomCommand::ChangeAvatar(picture)));
        }
        if join_policy.is_some() || slow_mode_seconds.is_some() {
            let rules = SetRules { room_id, join_policy, slow_mode_seconds, set_by: by.clone(), at };
            wishes.push(("rules", RoomCommand::SetRules(rules)));
        }
        Ok(wishes)
    }

    async fn is_so(
        &self,
        seen: Option<&RoomRow>,
        so: impl Fn(&RoomRow) -> bool,
        again: impl Future<Output = Result<Option<RoomRow>, ReadError>>,
    ) -> Result<bool, Failure> {
        let Some(seen) = seen else { return Ok(false) };
        Ok(self.already(seen, so, again).await?.is_some())
    }

    pub async fn close_room(&self, caller: &Caller, room_id: RoomId, closed: bool) -> Result<Position, Failure> {
        let (by, at) = (caller.user_id.clone(), self.clock.now());
        let (route, command) = if closed {
            ("close", RoomCommand::CloseRoom(CloseRoom { room_id, closed_by: by, at }))
        } else {
            ("reopen", RoomCommand::ReopenRoom(ReopenRoom { room_id, reopened_by: by, at }))
        };
        self.to_room(caller, caller.wish_id(&format!("{route}:{room_id}")), room_id, command).await
    }

    pub async fn change_role(
        &self,
        caller: &Caller,
        room_id: RoomId,
        user_id: UserId,
        role: Role,
    ) -> Result<Position, Failure> {
        let id = caller.wish_id(&format!("role:{room_id}:{user_id}"));
        let changed_by = caller.user_id.clone();
        let command = RoomCommand::ChangeRole(ChangeRole { room_id, user_id, role, changed_by, at: self.clock.now() });
        self.to_room(caller, id, room_id, command).await
    }

    async fn to_room(
        &self,
        caller: &Caller,
        id: WishId,
        room_id: RoomId,
        command: RoomCommand,
    ) -> Result<Position, Failure> {
        Ok(self.execute(caller, id, StreamId::room(room_id), Command::Room(command)).await?.position)
    }
}
