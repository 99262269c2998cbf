//! Opening rooms, and who is in them.

use std::collections::BTreeSet;

use aggregates::ids::{GroupId, RoomId, UserId};
use aggregates::room::{
    AddMembers, CreateGroup, HistoryFrom, JoinPolicy, JoinRoom, MEMBERS_PER_COMMAND_MAX, MembersAdded, OpenDirect,
    RemoveMember, RoomCommand, RoomEvent, RoomOpened,
};
use aggregates::{Command, DomainEvent, Sealed, StreamId};
use event_log::Position;
use uuid::Uuid;

use super::{Caller, Commands, Done, Failure, WishId};

/// A group to be; validated.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupPlan {
    pub name: Sealed,
    pub members: Vec<UserId>,
    pub avatar: Option<Sealed>,
    /// The platform's own group.
    pub group_id: Option<GroupId>,
    pub join_policy: JoinPolicy,
    pub history_from: HistoryFrom,
}

/// A room that is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    pub room_id: RoomId,
    pub position: Position,
    /// How it was opened, when that was just now.
    pub event: Option<RoomOpened>,
}

/// Somebody is in a room.
#[derive(Debug, Clone, PartialEq)]
pub struct Entered {
    pub room_id: RoomId,
    pub position: Position,
    /// Who came in; `None` when all were inside.
    pub event: Option<MembersAdded>,
    /// They came in just now, by this wish.
    pub new: bool,
}

impl Commands {
    /// How a room began, from the log itself: for answers that cannot wait for the view.
    pub async fn opening_of(&self, room_id: RoomId) -> Result<RoomOpened, Failure> {
        let first = self.log.read_stream(&StreamId::room(room_id), 0, 1).await?;
        first.into_iter().find_map(|recorded| opening(recorded.event)).ok_or_else(Failure::no_such_room)
    }

    /// Gets or creates the one direct room of the caller and `other`. `id` is the caller's under the name of the route that
    /// they took: a key of one route is none of another.
    pub async fn open_direct(&self, caller: &Caller, id: WishId, other: &UserId) -> Result<Opened, Failure> {
        let room_id = RoomId::direct(&caller.user_id, other);
        let command = RoomCommand::OpenDirect(OpenDirect {
            room_id,
            opened_by: caller.user_id.clone(),
            other: other.clone(),
            other_exists: false,
            blocked: false,
            at: self.clock.now(),
        });
        let done = self.execute(caller, id, StreamId::room(room_id), Command::Room(command)).await?;
        Ok(opened(done, room_id))
    }

    /// The caller owns the new group. A repeat finds the same group.
    pub async fn create_group(&self, caller: &Caller, plan: GroupPlan) -> Result<Opened, Failure> {
        let others: BTreeSet<&UserId> = plan.members.iter().filter(|member| **member != caller.user_id).collect();
        if others.len() >= MEMBERS_PER_COMMAND_MAX {
            return Err(Failure::invalid("memberIds", "too many at a time: the owner counts too"));
        }
        let id = caller.wish_id("groups");
        let apart = self.newcomers_apart(caller, id, &plan.members, "memberIds").await?;
        // Random, not derived from a key that others could guess: knowing an open room's id is the way in. A repeat is
        // found by its event's id and shows the room it led to first.
        let room_id = RoomId(Uuid::new_v4());
        let command = RoomCommand::CreateGroup(CreateGroup {
            room_id,
            created_by: caller.user_id.clone(),
            members: plan.members,
            apart,
            name: plan.name,
            avatar: plan.avatar,
            group_id: plan.group_id,
            join_policy: plan.join_policy,
            history_from: plan.history_from,
            at: self.clock.now(),
        });
        let done = self.execute(caller, id, StreamId::room(room_id), Command::Room(command)).await;
        Ok(opened(done.map_err(|failure| failure.among("memberIds"))?, room_id))
    }

    pub async fn join_room(&self, caller: &Caller, room_id: RoomId) -> Result<Entered, Failure> {
        let command = RoomCommand::JoinRoom(JoinRoom {
            room_id,
            user_id: caller.user_id.clone(),
            is_platform_admin: false,
            at: self.clock.now(),
        });
        Ok(entered(self.in_room(caller, &format!("join:{room_id}"), room_id, command).await?, room_id))
    }

    pub async fn add_members(
        &self,
        caller: &Caller,
        room_id: RoomId,
        members: Vec<UserId>,
    ) -> Result<Entered, Failure> {
        let route = format!("add:{room_id}");
        let apart = match self.newcomers_apart(caller, caller.wish_id(&route), &members, "userIds").await {
            Ok(apart) => apart,
            Err(failure) => {
                self.require_member(room_id, &caller.user_id).await?;
                return Err(failure);
            }
        };
        let added_by = caller.user_id.clone();
        let command = RoomCommand::AddMembers(AddMembers { room_id, added_by, members, apart, at: self.clock.now() });
        let done = self.in_room(caller, &route, room_id, command).await;
        Ok(entered(done.map_err(|failure| failure.among("userIds"))?, room_id))
    }

    /// Removing oneself is leaving.
    pub async fn remove_member(&self, caller: &Caller, room_id: RoomId, user_id: UserId) -> Result<Position, Failure> {
        let route = format!("remove:{room_id}:{user_id}");
        let removed_by = caller.user_id.clone();
        let command = RoomCommand::RemoveMember(RemoveMember { room_id, user_id, removed_by, at: self.clock.now() });
        Ok(self.in_room(caller, &route, room_id, command).await?.position)
    }

    async fn in_room(
        &self,
        caller: &Caller,
        route: &str,
        room_id: RoomId,
        command: RoomCommand,
    ) -> Result<Done, Failure> {
        self.execute(caller, caller.wish_id(route), StreamId::room(room_id), Command::Room(command)).await
    }
}

/// The room a wish led to; of a repeat the one it led to first, whatever room the repeat names.
pub(super) fn opened(done: Done, room_id: RoomId) -> Opened {
    let event = done.events.into_iter().find_map(opening);
    let room_id = event.as_ref().map_or(room_id, |event| event.room_id);
    Opened { room_id, position: done.position, event: event.filter(|_| done.new) }
}

fn opening(event: DomainEvent) -> Option<RoomOpened> {
    if let DomainEvent::Room(RoomEvent::RoomOpened(event)) = event { Some(event) } else { None }
}

fn entered(done: Done, room_id: RoomId) -> Entered {
    let event = done.events.into_iter().find_map(|event| {
        if let DomainEvent::Room(RoomEvent::MembersAdded(event)) = event { Some(event) } else { None }
    });
    Entered { room_id, position: done.position, event, new: done.new }
}
