//! What a room must remember in order to decide. Nothing that is only for show: a room of a million messages is as
//! small as one of a hundred.

use serde::{Deserialize, Serialize};

use super::commands::RoomCommand;
use super::events::RoomEvent;
use crate::aggregate::Need;
use crate::catalogue::StreamId;
use crate::ids::{MessageId, UserId, UserPair};
use crate::relationship::RelationshipEvent;
use crate::room_members::Members;
use crate::user::UserEvent;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomKind {
    #[default]
    Direct,
    Group,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Member,
    Admin,
    Owner,
}

/// Who may come in without being brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JoinPolicy {
    /// Whoever knows the room's id.
    #[default]
    Open,
    /// Nobody: members are added by an owner or admin.
    Invite,
}

impl RoomKind {
    /// As the wire says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Direct => "DIRECT",
            Self::Group => "GROUP",
        }
    }
}

impl Role {
    /// As the wire says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Member => "MEMBER",
            Self::Admin => "ADMIN",
            Self::Owner => "OWNER",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Room {
    pub(super) open: bool,
    pub(super) kind: RoomKind,
    pub(super) join_policy: JoinPolicy,
    /// The door keeps two states of a busy room and hands out a third to be kept. What they have in common they share, so a
    /// copy is one step and somebody who comes in is a few, also among a hundred thousand.
    pub(super) members: Members,
    /// How often somebody came in.
    pub(super) arrivals: u64,
    pub(super) last_seq: u64,
    pub(super) last_message_id: Option<MessageId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MemberState {
    pub role: Role,
    pub join_seq: u64,
    /// Order of arrival, for whom the room falls to when its owner leaves.
    pub arrival: u64,
}

/// What other streams may know of somebody's place in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    pub join_seq: u64,
    pub last_seq: u64,
    pub last_message_id: Option<MessageId>,
}

impl Room {
    /// `None` for somebody who is not in the room, or when there is no room.
    pub fn membership(&self, user: &UserId) -> Option<Membership> {
        self.members.get(user).map(|member| Membership {
            join_seq: member.join_seq,
            last_seq: self.last_seq,
            last_message_id: self.last_message_id,
        })
    }

    /// About how many bytes its members are as JSON.
    pub(crate) fn weight_bytes(&self) -> usize {
        const MEMBER: usize = 96;
        self.members.len() * MEMBER
    }

    pub(crate) fn needs(&self, command: &RoomCommand) -> Vec<Need> {
        match command {
            RoomCommand::OpenDirect(command) => vec![
                Need {
                    stream: StreamId::relationship(&UserPair::new(&command.opened_by, &command.other)),
                    kinds: RelationshipEvent::BLOCKS,
                },
                Need { stream: StreamId::user(&command.other), kinds: UserEvent::EXISTENCE },
            ],
            RoomCommand::SendMessage(_) if self.kind == RoomKind::Direct && self.members.len() == 2 => {
                let mut pair = self.members.ids();
                match (pair.next(), pair.next()) {
                    (Some(a), Some(b)) => {
                        let stream = StreamId::relationship(&UserPair::new(a, b));
                        vec![Need { stream, kinds: RelationshipEvent::BLOCKS }]
                    }
                    _ => Vec::new(),
                }
            }
            RoomCommand::SendMessage(_)
            | RoomCommand::CreateGroup(_)
            | RoomCommand::AddMembers(_)
            | RoomCommand::JoinRoom(_)
            | RoomCommand::RemoveMember(_) => Vec::new(),
        }
    }

    /// Takes an event as true. It cannot refuse: the event has already happened.
    pub fn evolve(&mut self, event: &RoomEvent) {
        match event {
            RoomEvent::RoomOpened(event) => {
                self.open = true;
                self.kind = event.kind;
                self.join_policy = event.join_policy;
                for member in &event.members {
                    self.admit(&member.user_id, member.role, 0);
                }
            }
            RoomEvent::MembersAdded(event) => {
                for member in &event.members {
                    self.admit(&member.user_id, member.role, event.join_seq);
                }
            }
            RoomEvent::MemberRemoved(event) => {
                self.members.remove(&event.user_id);
            }
            RoomEvent::MemberRoleChanged(event) => {
                self.members.set_role(&event.user_id, event.role);
            }
            RoomEvent::MessageSent(event) => {
                self.last_seq = event.seq;
                self.last_message_id = Some(event.message_id);
            }
        }
    }

    fn admit(&mut self, user: &UserId, role: Role, join_seq: u64) {
        let arrival = self.arrivals;
        self.arrivals += 1;
        if !self.members.has(user) {
            self.members.admit(user, MemberState { role, join_seq, arrival });
        }
    }
}
