//! What a room must remember in order to decide. Nothing that is only for show: a room of a million messages is as
//! small as one of a hundred.

pub(super) mod kinds;
pub(super) mod pace;

use std::collections::BTreeSet;

use rpds::RedBlackTreeSetSync;
use serde::{Deserialize, Serialize};

use super::commands::RoomCommand;
use super::events::RoomEvent;
use super::kinds::{JoinPolicy, Role, RoomKind};
use super::pace::Pace;
use super::{GUARDED_NEWCOMERS_MAX, REMOVED_MAX};
use crate::aggregate::Need;
use crate::catalogue::StreamId;
use crate::ids::{MessageId, UserId, UserPair};
use crate::relationship::RelationshipEvent;
use crate::room_members::Members;
use crate::user::UserEvent;

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Room {
    /// There is a room.
    pub(super) open: bool,
    #[serde(default)]
    pub(super) closed: bool,
    pub(super) kind: RoomKind,
    pub(super) join_policy: JoinPolicy,
    /// The door keeps two states of a busy room and hands out a third to be kept. What they have in common they share, so a
    /// copy is one step and somebody who comes in is a few, also among a hundred thousand.
    pub(super) members: Members,
    /// Whom others removed: they come back when they are brought, not by themselves. At most [`super::REMOVED_MAX`].
    #[serde(default, skip_serializing_if = "RedBlackTreeSetSync::is_empty")]
    pub(super) removed: RedBlackTreeSetSync<UserId>,
    /// How often somebody came in.
    pub(super) arrivals: u64,
    pub(super) last_seq: u64,
    pub(super) last_message_id: Option<MessageId>,
    /// At most [`super::PINS_MAX`].
    #[serde(default)]
    pub(super) pins: RedBlackTreeSetSync<MessageId>,
    #[serde(default)]
    pub(super) pace: Pace,
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
    pub kind: RoomKind,
    pub join_seq: u64,
    pub last_seq: u64,
    pub last_message_id: Option<MessageId>,
}

impl Room {
    /// `None` for somebody who is not in the room, or when there is no room.
    pub fn membership(&self, user: &UserId) -> Option<Membership> {
        self.members.get(user).map(|member| Membership {
            kind: self.kind,
            join_seq: member.join_seq,
            last_seq: self.last_seq,
            last_message_id: self.last_message_id,
        })
    }

    /// About how many bytes its members, and what else grows, are as JSON.
    pub(crate) fn weight_bytes(&self) -> usize {
        const MEMBER: usize = 96;
        const REMOVED: usize = 40;
        const PIN: usize = 40;
        self.members.len() * MEMBER + self.removed.size() * REMOVED + self.pins.size() * PIN + self.pace.weight_bytes()
    }

    pub(crate) fn needs(&self, command: &RoomCommand) -> Vec<Need> {
        match command {
            RoomCommand::OpenDirect(command) => vec![
                blocks_between(&command.opened_by, &command.other),
                Need { stream: StreamId::user(&command.other), kinds: UserEvent::EXISTENCE },
            ],
            RoomCommand::OpenMentorSession(command) => vec![
                blocks_between(&command.mentor, &command.student),
                Need { stream: StreamId::user(&command.mentor), kinds: UserEvent::PROFILES },
                Need { stream: StreamId::user(&command.student), kinds: UserEvent::EXISTENCE },
            ],
            RoomCommand::JoinRoom(command) if self.kind == RoomKind::Support => {
                vec![Need { stream: StreamId::user(&command.user_id), kinds: UserEvent::PROFILES }]
            }
            RoomCommand::SendMessage(command) => {
                let author = command.forwarded.as_ref().map(|forwarded| StreamId::user(&forwarded.author_id));
                let author = author.map(|stream| Need { stream, kinds: UserEvent::EXISTENCE });
                self.blocks().into_iter().chain(author).collect()
            }
            RoomCommand::CreateGroup(command) if !self.open => self.newcomers(&command.created_by, &command.members),
            RoomCommand::AddMembers(command) => self.newcomers(&command.added_by, &command.members),
            RoomCommand::EditMessage(_) | RoomCommand::React(_) | RoomCommand::PinMessage(_) => {
                self.blocks().into_iter().collect()
            }
            RoomCommand::JoinRoom(_)
            | RoomCommand::CreateGroup(_)
            | RoomCommand::OpenSupport(_)
            | RoomCommand::RemoveMember(_)
            | RoomCommand::ChangeRole(_)
            | RoomCommand::RenameRoom(_)
            | RoomCommand::ChangeAvatar(_)
            | RoomCommand::SetRules(_)
            | RoomCommand::CloseRoom(_)
            | RoomCommand::ReopenRoom(_)
            | RoomCommand::DeleteMessage(_) => Vec::new(),
        }
    }

    /// The blocks between `by` and those of `named` who would come in; nothing of a crowd.
    fn newcomers(&self, by: &UserId, named: &[UserId]) -> Vec<Need> {
        let newcomers: BTreeSet<&UserId> = named.iter().filter(|user| *user != by && !self.members.has(user)).collect();
        if newcomers.len() > GUARDED_NEWCOMERS_MAX {
            return Vec::new();
        }
        newcomers.into_iter().map(|user| blocks_between(by, user)).collect()
    }

    fn blocks(&self) -> Option<Need> {
        self.pair().map(|(a, b)| blocks_between(a, b))
    }

    /// The two of a room of two.
    fn pair(&self) -> Option<(&UserId, &UserId)> {
        if !self.kind.is_of_two() || self.members.len() != 2 {
            return None;
        }
        let mut pair = self.members.ids();
        Some((pair.next()?, pair.next()?))
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
                    self.removed.remove_mut(&member.user_id);
                    self.admit(&member.user_id, member.role, event.join_seq);
                }
            }
            RoomEvent::MemberRemoved(event) => {
                self.members.remove(&event.user_id);
                if event.by != event.user_id && self.removed.size() < REMOVED_MAX {
                    self.removed.insert_mut(event.user_id.clone());
                }
            }
            RoomEvent::MemberRoleChanged(event) => {
                self.members.set_role(&event.user_id, event.role);
            }
            RoomEvent::JoinPolicyChanged(event) => self.join_policy = event.join_policy,
            RoomEvent::SlowModeChanged(event) => self.pace.set(event.seconds),
            RoomEvent::RoomClosed(_) => self.closed = true,
            RoomEvent::RoomReopened(_) => self.closed = false,
            RoomEvent::MessageSent(event) => {
                self.last_seq = event.seq;
                self.last_message_id = Some(event.message_id);
                self.pace.spoke(&event.sender_id, event.at);
            }
            RoomEvent::MessageDeleted(event) => {
                self.pins.remove_mut(&event.message_id);
            }
            RoomEvent::MessagePinned(event) => self.pins.insert_mut(event.message_id),
            RoomEvent::MessageUnpinned(event) => {
                self.pins.remove_mut(&event.message_id);
            }
            RoomEvent::RoomRenamed(_)
            | RoomEvent::RoomAvatarChanged(_)
            | RoomEvent::MessageEdited(_)
            | RoomEvent::ReactionAdded(_)
            | RoomEvent::ReactionRemoved(_) => {}
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

fn blocks_between(a: &UserId, b: &UserId) -> Need {
    Need { stream: StreamId::relationship(&UserPair::new(a, b)), kinds: RelationshipEvent::BLOCKS }
}
