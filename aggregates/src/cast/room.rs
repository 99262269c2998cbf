//! What the tests of rooms ask for and what they expect, in short words.

use std::collections::BTreeSet;

use super::{ana, ben, message_id, noon, room_id};
use crate::Sealed;
use crate::ids::{RoomId, UserId};
use crate::room::*;

pub(crate) fn direct_id() -> RoomId {
    RoomId::direct(&ana(), &ben())
}

pub(crate) fn opening(by: &UserId, other: &UserId) -> OpenDirect {
    OpenDirect {
        room_id: direct_id(),
        opened_by: by.clone(),
        other: other.clone(),
        other_exists: true,
        blocked: false,
        at: noon(),
    }
}

pub(crate) fn open_direct(by: &UserId, other: &UserId) -> RoomCommand {
    RoomCommand::OpenDirect(opening(by, other))
}

pub(crate) fn create_group(members: Vec<UserId>) -> RoomCommand {
    RoomCommand::CreateGroup(creating(members))
}

pub(crate) fn creating(members: Vec<UserId>) -> CreateGroup {
    CreateGroup {
        room_id: room_id(),
        created_by: ana(),
        members,
        apart: BTreeSet::new(),
        name: Sealed::new("Kelas"),
        avatar: None,
        group_id: None,
        join_policy: JoinPolicy::Open,
        history_from: HistoryFrom::Start,
        at: noon(),
    }
}

pub(crate) fn adding(by: &UserId, members: Vec<UserId>) -> AddMembers {
    AddMembers { room_id: room_id(), added_by: by.clone(), members, apart: BTreeSet::new(), at: noon() }
}

pub(crate) fn add(by: &UserId, members: Vec<UserId>) -> RoomCommand {
    RoomCommand::AddMembers(adding(by, members))
}

pub(crate) fn join(user_id: &UserId) -> RoomCommand {
    RoomCommand::JoinRoom(JoinRoom {
        room_id: room_id(),
        user_id: user_id.clone(),
        is_platform_admin: false,
        at: noon(),
    })
}

pub(crate) fn remove(user_id: &UserId, by: &UserId) -> RoomCommand {
    RoomCommand::RemoveMember(RemoveMember {
        room_id: room_id(),
        user_id: user_id.clone(),
        removed_by: by.clone(),
        at: noon(),
    })
}

pub(crate) fn message(number: u64, sender: &UserId) -> SendMessage {
    SendMessage {
        room_id: room_id(),
        message_id: message_id(number),
        sender_id: sender.clone(),
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
    }
}

pub(crate) fn send(number: u64, sender: &UserId) -> RoomCommand {
    RoomCommand::SendMessage(message(number, sender))
}

pub(crate) fn direct_opened() -> RoomEvent {
    let member = |user_id| NewMember { user_id, role: Role::Member };
    RoomEvent::RoomOpened(RoomOpened {
        room_id: direct_id(),
        kind: RoomKind::Direct,
        opened_by: ana(),
        members: vec![member(ana()), member(ben())],
        name: None,
        avatar: None,
        group_id: None,
        join_policy: JoinPolicy::Invite,
        history_from: HistoryFrom::Start,
        at: noon(),
    })
}

/// Opened by the first of them.
pub(crate) fn group_opened(members: &[UserId]) -> RoomEvent {
    let role = |n| if n == 0 { Role::Owner } else { Role::Member };
    RoomEvent::RoomOpened(RoomOpened {
        room_id: room_id(),
        kind: RoomKind::Group,
        opened_by: members[0].clone(),
        members: members
            .iter()
            .enumerate()
            .map(|(n, user_id)| NewMember { user_id: user_id.clone(), role: role(n) })
            .collect(),
        name: Some(Sealed::new("Kelas")),
        avatar: None,
        group_id: None,
        join_policy: JoinPolicy::Open,
        history_from: HistoryFrom::Start,
        at: noon(),
    })
}

pub(crate) fn addition(by: &UserId, members: &[UserId], join_seq: u64) -> MembersAdded {
    MembersAdded {
        room_id: room_id(),
        members: members.iter().map(|user_id| NewMember { user_id: user_id.clone(), role: Role::Member }).collect(),
        by: by.clone(),
        join_seq,
        at: noon(),
    }
}

pub(crate) fn added(by: &UserId, members: &[UserId], join_seq: u64) -> RoomEvent {
    RoomEvent::MembersAdded(addition(by, members, join_seq))
}

pub(crate) fn removed(user_id: &UserId, by: &UserId) -> RoomEvent {
    RoomEvent::MemberRemoved(MemberRemoved { room_id: room_id(), user_id: user_id.clone(), by: by.clone(), at: noon() })
}

pub(crate) fn changed(user_id: &UserId, role: Role, by: Option<UserId>) -> RoomEvent {
    RoomEvent::MemberRoleChanged(MemberRoleChanged {
        room_id: room_id(),
        user_id: user_id.clone(),
        role,
        by,
        at: noon(),
    })
}

pub(crate) fn role_changed(user_id: &UserId, role: Role) -> RoomEvent {
    changed(user_id, role, Some(ana()))
}

pub(crate) fn inherited(user_id: &UserId) -> RoomEvent {
    changed(user_id, Role::Owner, None)
}

pub(crate) fn said(number: u64, sender: &UserId) -> RoomEvent {
    let message = message(number, sender);
    RoomEvent::MessageSent(MessageSent {
        room_id: message.room_id,
        message_id: message.message_id,
        seq: number,
        sender_id: message.sender_id,
        kind: message.kind,
        content: message.content,
        attachment: None,
        reply_to: None,
        mentions: message.mentions,
        mentions_all: message.mentions_all,
        forwarded: message.forwarded,
        client_message_id: None,
        at: message.at,
    })
}

/// What is known of the message of that number, which `sender` sent.
pub(crate) fn facts(number: u64, sender: &UserId) -> MessageFacts {
    MessageFacts { message_id: message_id(number), seq: number, sender_id: sender.clone(), forwarded: false }
}

pub(crate) fn editing(number: u64, sender: &UserId, by: &UserId) -> EditMessage {
    EditMessage {
        room_id: room_id(),
        message: facts(number, sender),
        edited_by: by.clone(),
        content: Sealed::new("hello"),
        mentions: vec![],
        mentions_all: false,
        naming: None,
        blocked: false,
        at: noon(),
    }
}

pub(crate) fn delete(number: u64, sender: &UserId, by: &UserId) -> RoomCommand {
    let message = facts(number, sender);
    RoomCommand::DeleteMessage(DeleteMessage { room_id: room_id(), message, deleted_by: by.clone(), at: noon() })
}

pub(crate) fn thumb() -> Emoji {
    Emoji::parse("👍").expect("an emoji")
}

pub(crate) fn reacting(number: u64, by: &UserId, on: bool) -> React {
    React {
        room_id: room_id(),
        message: facts(number, &ana()),
        user_id: by.clone(),
        emoji: thumb(),
        on,
        unchanged: false,
        blocked: false,
        at: noon(),
    }
}

pub(crate) fn pinning(number: u64, by: &UserId, on: bool) -> PinMessage {
    let message = facts(number, &ana());
    PinMessage { room_id: room_id(), message, pinned_by: by.clone(), on, blocked: false, at: noon() }
}

pub(crate) fn pin(number: u64, by: &UserId, on: bool) -> RoomCommand {
    RoomCommand::PinMessage(pinning(number, by, on))
}

pub(crate) fn close(by: &UserId) -> RoomCommand {
    RoomCommand::CloseRoom(CloseRoom { room_id: room_id(), closed_by: by.clone(), at: noon() })
}

pub(crate) fn reopen(by: &UserId) -> RoomCommand {
    RoomCommand::ReopenRoom(ReopenRoom { room_id: room_id(), reopened_by: by.clone(), at: noon() })
}

pub(crate) fn turned(by: &UserId) -> RoomTurned {
    RoomTurned { room_id: room_id(), by: by.clone(), at: noon() }
}

pub(crate) fn edited(number: u64, sender: &UserId) -> RoomEvent {
    RoomEvent::MessageEdited(MessageEdited {
        room_id: room_id(),
        message_id: message_id(number),
        seq: number,
        sender_id: sender.clone(),
        content: Sealed::new("hello"),
        mentions: vec![],
        mentions_all: false,
        at: noon(),
    })
}

pub(crate) fn deleted(number: u64, sender: &UserId, by: &UserId) -> RoomEvent {
    RoomEvent::MessageDeleted(MessageDeleted {
        room_id: room_id(),
        message_id: message_id(number),
        seq: number,
        sender_id: sender.clone(),
        by: by.clone(),
        at: noon(),
    })
}

pub(crate) fn reacted(number: u64, by: &UserId) -> Reacted {
    Reacted {
        room_id: room_id(),
        message_id: message_id(number),
        seq: number,
        user_id: by.clone(),
        emoji: thumb(),
        at: noon(),
    }
}

pub(crate) fn pinned(number: u64, by: &UserId) -> MessagePinned {
    MessagePinned { room_id: room_id(), message_id: message_id(number), seq: number, by: by.clone(), at: noon() }
}

pub(crate) fn slowed(seconds: u32) -> RoomEvent {
    RoomEvent::SlowModeChanged(SlowModeChanged { room_id: room_id(), seconds, by: ana(), at: noon() })
}
