//! Any wishes of rooms, and what a naive reader makes of what they led to.

use std::collections::BTreeSet;

use aggregates::Sealed;
use aggregates::ids::{RoomId, UserId};
use aggregates::room::{
    AddMembers, ChangeRole, CloseRoom, CreateGroup, DeleteMessage, EditMessage, Emoji, HistoryFrom, JoinPolicy,
    JoinRoom, MemberRoleChanged, MessageFacts, MessageKind, OpenDirect, OpenMentorSession, OpenSupport, PinMessage,
    React, RemoveMember, ReopenRoom, Role, Room, RoomCommand, RoomEvent, RoomKind, SendMessage, SetRules,
};
use proptest::prelude::*;

use crate::{PEOPLE, message_id, noon, room_id, user};

/// Who is in the room, counted naively from its events.
#[derive(Debug, Default)]
pub struct People {
    pub owned: bool,
    pub members: Vec<(UserId, Role)>,
}

impl People {
    pub fn follow(&mut self, event: &RoomEvent) {
        match event {
            RoomEvent::RoomOpened(event) => {
                self.owned = matches!(event.kind, RoomKind::Group | RoomKind::MentorStudent);
                self.members = event.members.iter().map(|member| (member.user_id.clone(), member.role)).collect();
            }
            RoomEvent::MembersAdded(event) => {
                self.members.extend(event.members.iter().map(|member| (member.user_id.clone(), member.role)));
            }
            RoomEvent::MemberRemoved(event) => self.members.retain(|(user, _)| *user != event.user_id),
            RoomEvent::MemberRoleChanged(MemberRoleChanged { user_id, role, .. }) => {
                for member in self.members.iter_mut().filter(|(user, _)| user == user_id) {
                    member.1 = *role;
                }
            }
            RoomEvent::RoomRenamed(_)
            | RoomEvent::RoomAvatarChanged(_)
            | RoomEvent::JoinPolicyChanged(_)
            | RoomEvent::SlowModeChanged(_)
            | RoomEvent::RoomClosed(_)
            | RoomEvent::RoomReopened(_)
            | RoomEvent::MessageSent(_)
            | RoomEvent::MessageEdited(_)
            | RoomEvent::MessageDeleted(_)
            | RoomEvent::ReactionAdded(_)
            | RoomEvent::ReactionRemoved(_)
            | RoomEvent::MessagePinned(_)
            | RoomEvent::MessageUnpinned(_) => {}
        }
    }

    pub fn holds(&self, user: &UserId) -> bool {
        self.members.iter().any(|(member, _)| member == user)
    }
}

/// What a room does not remember, so that it happens as often as it is wished: its key makes it happen once.
pub fn is_said_anew(command: &RoomCommand) -> bool {
    matches!(
        command,
        RoomCommand::SendMessage(_)
            | RoomCommand::EditMessage(_)
            | RoomCommand::DeleteMessage(_)
            | RoomCommand::React(_)
    )
}

pub fn history(commands: &[RoomCommand]) -> (Room, Vec<RoomEvent>) {
    let mut room = Room::default();
    let mut events = Vec::new();
    for command in commands {
        for event in room.decide(command).unwrap_or_default() {
            room.evolve(&event);
            events.push(event);
        }
    }
    (room, events)
}

pub fn room_commands() -> impl Strategy<Value = Vec<RoomCommand>> {
    prop::collection::vec(room_command(), 1..60)
}

pub fn room_command() -> impl Strategy<Value = RoomCommand> {
    let person = || prop::sample::select(&PEOPLE[..]).prop_map(user);
    let people = || prop::collection::vec(person(), 0..4);
    prop_oneof![
        1 => (person(), person(), any::<bool>(), any::<bool>()).prop_map(|(a, b, exists, blocked)| {
            RoomCommand::OpenDirect(OpenDirect {
                room_id: RoomId::direct(&a, &b),
                opened_by: a,
                other: b,
                other_exists: exists,
                blocked,
                at: noon(),
            })
        }),
        3 => (person(), people()).prop_map(|(by, members)| create(&by, &members)),
        4 => (person(), people(), people()).prop_map(|(added_by, members, apart)| {
            let apart = apart.into_iter().collect();
            RoomCommand::AddMembers(AddMembers { room_id: room_id(), added_by, members, apart, at: noon() })
        }),
        3 => (person(), any::<bool>()).prop_map(|(user_id, is_platform_admin)| {
            RoomCommand::JoinRoom(JoinRoom { room_id: room_id(), user_id, is_platform_admin, at: noon() })
        }),
        1 => (person(), person(), any::<bool>()).prop_map(|(mentor, student, is_mentor)| {
            RoomCommand::OpenMentorSession(OpenMentorSession {
                room_id: room_id(),
                opened_by: student.clone(),
                mentor,
                student,
                is_mentor,
                student_exists: true,
                blocked: false,
                at: noon(),
            })
        }),
        1 => person().prop_map(|opened_by| {
            RoomCommand::OpenSupport(OpenSupport { room_id: room_id(), opened_by, subject: None, at: noon() })
        }),
        3 => (person(), person(), prop::sample::select(&[Role::Member, Role::Admin, Role::Owner][..])).prop_map(
            |(user_id, changed_by, role)| {
                RoomCommand::ChangeRole(ChangeRole { room_id: room_id(), user_id, role, changed_by, at: noon() })
            }
        ),
        1 => (person(), any::<bool>()).prop_map(|(by, close)| if close {
            RoomCommand::CloseRoom(CloseRoom { room_id: room_id(), closed_by: by, at: noon() })
        } else {
            RoomCommand::ReopenRoom(ReopenRoom { room_id: room_id(), reopened_by: by, at: noon() })
        }),
        1 => (person(), prop::option::of(0..3_u32)).prop_map(|(set_by, slow_mode_seconds)| {
            RoomCommand::SetRules(SetRules {
                room_id: room_id(),
                join_policy: None,
                slow_mode_seconds,
                set_by,
                at: noon(),
            })
        }),
        4 => (1..6_u64, person(), 0..5_usize, any::<bool>())
            .prop_map(|(seq, by, wish, on)| about_a_message(seq, by, wish, on)),
        4 => (person(), person()).prop_map(|(user_id, removed_by)| remove(user_id, removed_by)),
        3 => person().prop_map(|user_id| remove(user_id.clone(), user_id)),
        6 => (any::<u64>(), prop::sample::select(&PEOPLE[..])).prop_map(|(number, sender)| send(number, sender)),
    ]
}

pub fn create(by: &UserId, members: &[UserId]) -> RoomCommand {
    RoomCommand::CreateGroup(CreateGroup {
        room_id: room_id(),
        created_by: by.clone(),
        members: members.to_vec(),
        apart: BTreeSet::new(),
        name: Sealed::new("Kelas"),
        avatar: None,
        group_id: None,
        join_policy: JoinPolicy::Open,
        history_from: HistoryFrom::Start,
        at: noon(),
    })
}

/// Something about the message of that number, which was ana's.
fn about_a_message(seq: u64, by: UserId, wish: usize, on: bool) -> RoomCommand {
    let message = MessageFacts { message_id: message_id(seq), seq, sender_id: user("ana"), forwarded: false };
    let (room_id, at) = (room_id(), noon());
    match wish {
        0 => RoomCommand::EditMessage(EditMessage {
            room_id,
            message,
            edited_by: by,
            content: Sealed::new("hello"),
            mentions: vec![user("ben"), user("nobody")],
            mentions_all: false,
            naming: None,
            blocked: false,
            at,
        }),
        1 => RoomCommand::DeleteMessage(DeleteMessage { room_id, message, deleted_by: by, at }),
        2 | 3 => RoomCommand::PinMessage(PinMessage { room_id, message, pinned_by: by, on, blocked: false, at }),
        _ => RoomCommand::React(React {
            room_id,
            message,
            user_id: by,
            emoji: Emoji::parse("👍").expect("an emoji"),
            on,
            unchanged: false,
            blocked: false,
            at,
        }),
    }
}

fn remove(user_id: UserId, removed_by: UserId) -> RoomCommand {
    RoomCommand::RemoveMember(RemoveMember { room_id: room_id(), user_id, removed_by, at: noon() })
}

pub fn send(number: u64, sender: &str) -> RoomCommand {
    RoomCommand::SendMessage(SendMessage {
        room_id: room_id(),
        message_id: message_id(number),
        sender_id: user(sender),
        kind: MessageKind::Text,
        content: Sealed::new("hi"),
        attachment: None,
        reply_to: None,
        mentions: vec![],
        mentions_all: false,
        forwarded: None,
        author_gone: false,
        client_message_id: None,
        blocked: false,
        at: noon(),
    })
}
