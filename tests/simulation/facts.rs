//! What the events so far mean for what may be done next, worked out naively: the other opinion about answers.
//!
//! Shares no code with the rules of `aggregates`, on purpose. Has no opinion where it would only repeat them.

use std::collections::{BTreeMap, BTreeSet};

use aggregates::ids::{RoomId, UserId};
use aggregates::participant::{ParticipantCommand, ParticipantEvent, ReadUpTo};
use aggregates::relationship::{RelationshipCommand, RelationshipEvent};
use aggregates::room::{DeleteMessage, EditMessage, React, RoomCommand, RoomEvent, RoomKind};
use aggregates::{Command, DomainEvent};

use super::choices::Choices;

#[derive(Debug, Clone, Default)]
pub struct Facts {
    rooms: BTreeMap<RoomId, RoomFacts>,
    read: BTreeMap<(RoomId, UserId), u64>,
    follows: BTreeSet<(UserId, UserId)>,
    blocks: BTreeSet<(UserId, UserId)>,
    known: BTreeSet<UserId>,
    choices: Choices,
}

#[derive(Debug, Clone, Default)]
struct RoomFacts {
    direct: bool,
    members: BTreeSet<UserId>,
    /// Whom others removed, and nobody brought back.
    removed: BTreeSet<UserId>,
    /// Of a direct room: its two, whoever is in.
    pair: Vec<UserId>,
    last_seq: u64,
}

/// What is to become of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    Events,
    Nothing,
    Refusal,
}

impl Facts {
    pub fn take(&mut self, event: &DomainEvent) {
        match event {
            DomainEvent::Room(event) => self.in_room(event),
            DomainEvent::Participant(ParticipantEvent::MessagesRead(event)) => {
                let read = self.read.entry((event.room_id, event.user_id.clone())).or_default();
                *read = event.up_to_seq.max(*read);
            }
            DomainEvent::Participant(ParticipantEvent::MarkedUnread(event)) => {
                self.read.insert((event.room_id, event.user_id.clone()), event.read_seq);
            }
            DomainEvent::Participant(ParticipantEvent::MessagesDelivered(_) | ParticipantEvent::RoomArranged(_)) => {}
            DomainEvent::Relationship(event) => {
                match event {
                    RelationshipEvent::UserFollowed(event) => {
                        self.follows.insert((event.from.clone(), event.to.clone()))
                    }
                    RelationshipEvent::UserUnfollowed(event) => {
                        self.follows.remove(&(event.from.clone(), event.to.clone()))
                    }
                    RelationshipEvent::UserBlocked(event) => self.blocks.insert((event.from.clone(), event.to.clone())),
                    RelationshipEvent::UserUnblocked(event) => {
                        self.blocks.remove(&(event.from.clone(), event.to.clone()))
                    }
                };
            }
            DomainEvent::User(aggregates::user::UserEvent::UserRegistered(event)) => {
                self.known.insert(event.user_id.clone());
            }
            DomainEvent::Preferences(event) => self.choices.settled(event),
            DomainEvent::Subscription(event) => self.choices.turned(event),
            DomainEvent::User(_) | DomainEvent::Notification(_) | DomainEvent::Feed(_) | DomainEvent::Report(_) => {}
        }
    }

    fn in_room(&mut self, event: &RoomEvent) {
        match event {
            RoomEvent::RoomOpened(event) => {
                let members: Vec<UserId> = event.members.iter().map(|member| member.user_id.clone()).collect();
                let direct = event.kind == RoomKind::Direct;
                let facts = RoomFacts {
                    direct,
                    pair: members.clone(),
                    members: members.into_iter().collect(),
                    ..RoomFacts::default()
                };
                self.rooms.insert(event.room_id, facts);
            }
            RoomEvent::MembersAdded(event) => {
                let room = self.rooms.entry(event.room_id).or_default();
                room.removed.retain(|user| !event.members.iter().any(|member| member.user_id == *user));
                room.members.extend(event.members.iter().map(|member| member.user_id.clone()));
            }
            RoomEvent::MemberRemoved(event) => {
                let room = self.rooms.entry(event.room_id).or_default();
                room.members.remove(&event.user_id);
                if event.by != event.user_id {
                    room.removed.insert(event.user_id.clone());
                }
            }
            RoomEvent::MemberRoleChanged(_)
            | RoomEvent::RoomRenamed(_)
            | RoomEvent::RoomAvatarChanged(_)
            | RoomEvent::JoinPolicyChanged(_)
            | RoomEvent::SlowModeChanged(_)
            | RoomEvent::RoomClosed(_)
            | RoomEvent::RoomReopened(_)
            | RoomEvent::MessageEdited(_)
            | RoomEvent::MessageDeleted(_)
            | RoomEvent::ReactionAdded(_)
            | RoomEvent::ReactionRemoved(_)
            | RoomEvent::MessagePinned(_)
            | RoomEvent::MessageUnpinned(_) => {}
            RoomEvent::MessageSent(event) => self.rooms.entry(event.room_id).or_default().last_seq += 1,
        }
    }

    pub fn are_apart(&self, a: &UserId, b: &UserId) -> bool {
        self.blocks.contains(&(a.clone(), b.clone())) || self.blocks.contains(&(b.clone(), a.clone()))
    }

    pub fn follows(&self) -> &BTreeSet<(UserId, UserId)> {
        &self.follows
    }

    pub fn blocks(&self) -> &BTreeSet<(UserId, UserId)> {
        &self.blocks
    }

    pub fn choices(&self) -> &Choices {
        &self.choices
    }

    /// `None`: no opinion.
    pub fn expect(&self, command: &Command) -> Option<Expected> {
        match command {
            Command::Room(command) => self.expect_in_room(command),
            Command::Participant(ParticipantCommand::MarkRead(command)) => {
                let room = self.rooms.get(&command.room_id).filter(|room| room.members.contains(&command.user_id));
                let Some(room) = room else { return Some(Expected::Refusal) };
                let up_to = match command.up_to {
                    ReadUpTo::Last => room.last_seq,
                    ReadUpTo::Message { seq, .. } => seq,
                };
                let read = self.read.get(&(command.room_id, command.user_id.clone())).copied().unwrap_or(0);
                Some(if up_to > read { Expected::Events } else { Expected::Nothing })
            }
            Command::Relationship(command) => Some(self.expect_between(command)),
            Command::Participant(
                ParticipantCommand::MarkUnread(_)
                | ParticipantCommand::MarkDelivered(_)
                | ParticipantCommand::Arrange(_),
            )
            | Command::Notification(_)
            | Command::Feed(_)
            | Command::User(_)
            | Command::Report(_)
            // What a patch comes to only the rule says.
            | Command::Preferences(_) => None,
            Command::Subscription(command) => Some(self.choices.expect(command, &|user, target| {
                let target = self.known.iter().find(|known| known.as_str() == target);
                target.is_some_and(|target| !self.are_apart(user, target))
            })),
        }
    }

    fn expect_in_room(&self, command: &RoomCommand) -> Option<Expected> {
        match command {
            RoomCommand::SendMessage(command) => {
                let room = self.rooms.get(&command.room_id).filter(|room| room.members.contains(&command.sender_id));
                let Some(room) = room else { return Some(Expected::Refusal) };
                let apart = room.direct && self.are_apart(&room.pair[0], &room.pair[1]);
                Some(if apart { Expected::Refusal } else { Expected::Events })
            }
            RoomCommand::JoinRoom(command) => Some(match self.rooms.get(&command.room_id) {
                Some(room) if room.members.contains(&command.user_id) => Expected::Nothing,
                Some(room) if room.members.is_empty() || room.removed.contains(&command.user_id) => Expected::Refusal,
                Some(_) => Expected::Events,
                None => Expected::Refusal,
            }),
            RoomCommand::CreateGroup(command) => {
                let apart = command.members.iter().any(|member| self.are_apart(&command.created_by, member));
                Some(match self.rooms.contains_key(&command.room_id) {
                    true => Expected::Nothing,
                    false if apart => Expected::Refusal,
                    false => Expected::Events,
                })
            }
            RoomCommand::OpenDirect(command) => {
                if self.rooms.contains_key(&command.room_id) {
                    return Some(Expected::Nothing);
                }
                let refused =
                    !self.known.contains(&command.other) || self.are_apart(&command.opened_by, &command.other);
                Some(if refused { Expected::Refusal } else { Expected::Events })
            }
            RoomCommand::AddMembers(_)
            | RoomCommand::RemoveMember(_)
            | RoomCommand::OpenMentorSession(_)
            | RoomCommand::OpenSupport(_)
            | RoomCommand::ChangeRole(_)
            | RoomCommand::RenameRoom(_)
            | RoomCommand::ChangeAvatar(_)
            | RoomCommand::SetRules(_)
            | RoomCommand::CloseRoom(_)
            | RoomCommand::ReopenRoom(_)
            | RoomCommand::PinMessage(_) => None,
            RoomCommand::EditMessage(EditMessage { room_id, message, edited_by, .. }) => {
                let may = self.may_speak(*room_id, edited_by) && message.sender_id == *edited_by;
                Some(if may { Expected::Events } else { Expected::Refusal })
            }
            RoomCommand::React(React { room_id, user_id, on, .. }) => {
                let may = if *on { self.may_speak(*room_id, user_id) } else { self.is_in(*room_id, user_id) };
                Some(if may { Expected::Events } else { Expected::Refusal })
            }
            RoomCommand::DeleteMessage(DeleteMessage { room_id, message, deleted_by, .. }) => {
                match (self.is_in(*room_id, deleted_by), message.sender_id == *deleted_by) {
                    (false, _) => Some(Expected::Refusal),
                    (true, true) => Some(Expected::Events),
                    // A matter of roles.
                    (true, false) => None,
                }
            }
        }
    }

    fn is_in(&self, room: RoomId, user: &UserId) -> bool {
        self.rooms.get(&room).is_some_and(|room| room.members.contains(user))
    }

    fn may_speak(&self, room: RoomId, user: &UserId) -> bool {
        let apart = |room: &RoomFacts| room.direct && self.are_apart(&room.pair[0], &room.pair[1]);
        self.is_in(room, user) && !self.rooms.get(&room).is_some_and(apart)
    }

    fn expect_between(&self, command: &RelationshipCommand) -> Expected {
        let changes = |set: &BTreeSet<(UserId, UserId)>, from: &UserId, to: &UserId, on: bool| {
            if set.contains(&(from.clone(), to.clone())) == on { Expected::Nothing } else { Expected::Events }
        };
        let unknown = |to: &UserId, expected: Expected| {
            if expected == Expected::Nothing && !self.known.contains(to) { Expected::Refusal } else { expected }
        };
        match command {
            RelationshipCommand::Follow(relate) if !self.known.contains(&relate.to) => Expected::Refusal,
            RelationshipCommand::Follow(relate) if self.are_apart(&relate.from, &relate.to) => Expected::Refusal,
            RelationshipCommand::Follow(relate) => changes(&self.follows, &relate.from, &relate.to, true),
            RelationshipCommand::Unfollow(relate) => {
                unknown(&relate.to, changes(&self.follows, &relate.from, &relate.to, false))
            }
            RelationshipCommand::Block(relate) if !self.known.contains(&relate.to) => Expected::Refusal,
            RelationshipCommand::Block(relate) => changes(&self.blocks, &relate.from, &relate.to, true),
            RelationshipCommand::Unblock(relate) => {
                unknown(&relate.to, changes(&self.blocks, &relate.from, &relate.to, false))
            }
        }
    }
}
