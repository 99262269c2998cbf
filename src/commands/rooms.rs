//! Opening rooms, and who is in them.

use aggregates::ids::{RoomId, UserId};
use aggregates::room::{
    AddMembers, CreateGroup, JoinPolicy, JoinRoom, OpenDirect, RemoveMember, RoomCommand, RoomEvent, RoomOpened,
};
use aggregates::{Command, DomainEvent, Sealed, StreamId};
use event_log::Position;

use super::{Caller, Commands, Done, Failure};

/// A group to be; validated.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupPlan {
    pub name: Sealed,
    pub members: Vec<UserId>,
    pub avatar: Option<String>,
    /// The platform's own group.
    pub group_id: Option<String>,
    pub join_policy: JoinPolicy,
}

/// A room that is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    pub room_id: RoomId,
    pub position: Position,
    /// How it was opened, when that was just now.
    pub event: Option<RoomOpened>,
}

impl Commands {
    /// Gets or creates the one direct room of the caller and `other`.
    pub async fn open_direct(&self, caller: &Caller, other: &UserId) -> Result<Opened, Failure> {
        let room_id = RoomId::direct(&caller.user_id, other);
        let command = RoomCommand::OpenDirect(OpenDirect {
            room_id,
            opened_by: caller.user_id.clone(),
            other: other.clone(),
            other_exists: false,
            blocked: false,
            at: self.clock.now(),
        });
        let id = caller.wish_id("start");
        let done = self.execute(caller, id, StreamId::room(room_id), Command::Room(command)).await?;
        Ok(opened(done, room_id))
    }

    /// The caller owns the new group. Its id derives from the wish, so that a repeat finds the same group.
    pub async fn create_group(&self, caller: &Caller, plan: GroupPlan) -> Result<Opened, Failure> {
        self.require_people(&plan.members, "memberIds").await?;
        let id = caller.wish_id("groups");
        let room_id = RoomId::from_command(id.command);
        let command = RoomCommand::CreateGroup(CreateGroup {
            room_id,
            created_by: caller.user_id.clone(),
            members: plan.members,
            name: plan.name,
            avatar: plan.avatar,
            group_id: plan.group_id,
            join_policy: plan.join_policy,
            at: self.clock.now(),
        });
        let done = self.execute(caller, id, StreamId::room(room_id), Command::Room(command)).await?;
        Ok(opened(done, room_id))
    }

    pub async fn join_room(&self, caller: &Caller, room_id: RoomId) -> Result<Position, Failure> {
        let command =
            RoomCommand::JoinRoom(JoinRoom { room_id, user_id: caller.user_id.clone(), at: self.clock.now() });
        self.in_room(caller, &format!("join:{room_id}"), room_id, command).await
    }

    pub async fn add_members(
        &self,
        caller: &Caller,
        room_id: RoomId,
        members: Vec<UserId>,
    ) -> Result<Position, Failure> {
        if let Err(failure) = self.require_people(&members, "userIds").await {
            self.require_member(room_id, &caller.user_id).await?;
            return Err(failure);
        }
        let added_by = caller.user_id.clone();
        let command = RoomCommand::AddMembers(AddMembers { room_id, added_by, members, at: self.clock.now() });
        self.in_room(caller, &format!("add:{room_id}"), room_id, command).await
    }

    /// Removing oneself is leaving.
    pub async fn remove_member(&self, caller: &Caller, room_id: RoomId, user_id: UserId) -> Result<Position, Failure> {
        let route = format!("remove:{room_id}:{user_id}");
        let removed_by = caller.user_id.clone();
        let command = RoomCommand::RemoveMember(RemoveMember { room_id, user_id, removed_by, at: self.clock.now() });
        self.in_room(caller, &route, room_id, command).await
    }

    async fn in_room(
        &self,
        caller: &Caller,
        route: &str,
        room_id: RoomId,
        command: RoomCommand,
    ) -> Result<Position, Failure> {
        let id = caller.wish_id(route);
        let done = self.execute(caller, id, StreamId::room(room_id), Command::Room(command)).await?;
        Ok(done.position)
    }
}

/// The room a wish led to; of a repeat the one it led to first, whatever room the repeat names.
fn opened(done: Done, room_id: RoomId) -> Opened {
    let event = done.events.into_iter().find_map(|event| match event {
        DomainEvent::Room(RoomEvent::RoomOpened(event)) => Some(event),
        DomainEvent::Room(
            RoomEvent::MembersAdded(_)
            | RoomEvent::MemberRemoved(_)
            | RoomEvent::MemberRoleChanged(_)
            | RoomEvent::MessageSent(_),
        )
        | DomainEvent::Participant(_)
        | DomainEvent::Relationship(_)
        | DomainEvent::Notification(_)
        | DomainEvent::Feed(_)
        | DomainEvent::User(_) => None,
    });
    let room_id = event.as_ref().map_or(room_id, |event| event.room_id);
    Opened { room_id, position: done.position, event: event.filter(|_| done.new) }
}
