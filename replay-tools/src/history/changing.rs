//! What becomes of rooms and messages, as commands: the other half of `plan`.
//!
//! Which seq a message has, and whose it is, is looked up when the line is decided ([`Open::Change`]). Pure, as `plan` is.

use aggregates::ids::{CommandId, MessageId, RoomId, UserId};
use aggregates::room::{
    ChangeAvatar, ChangeRole, CloseRoom, DeleteMessage, EditMessage, Emoji, MessageFacts, PinMessage, React,
    RenameRoom, ReopenRoom, RoomCommand, SetRules,
};
use aggregates::{Command, Sealed, StreamId};

use super::line::{
    AvatarLine, DeleteLine, EditLine, PinLine, ReactLine, Refused, RenameLine, RoleLine, RulesLine, TurnLine,
};
use super::plan::{Aliases, Header, Open, Plan, message_named, own, room_of};

/// A command on a room, by somebody; `field` is named when a rule says no.
fn on_room(header: &Header, id: CommandId, room: RoomId, by: &UserId, command: RoomCommand) -> Plan {
    Plan { field: "by", ..header.plan(id, StreamId::room(room), Command::Room(command), by) }
}

/// What tells such a line from another, unless the source has an id for it.
fn id(header: &Header, kind: &str, room: RoomId, own_id: Option<&str>, parts: &[&str]) -> CommandId {
    let place = room.to_string();
    header.id(kind, own(room, own_id).as_deref(), &[&[place.as_str()], parts].concat())
}

pub(super) fn role(header: &Header, line: RoleLine, aliases: &Aliases) -> Plan {
    let room_id = room_of(&line.room, aliases);
    let parts = [line.user.as_str(), line.role.name(), line.by.as_str()];
    let id = id(header, "role", room_id, line.id.as_deref(), &parts);
    let (user_id, role, changed_by, at) = (line.user, line.role, line.by.clone(), header.at);
    let command = RoomCommand::ChangeRole(ChangeRole { room_id, user_id, role, changed_by, at });
    on_room(header, id, room_id, &line.by, command)
}

/// Words that are there, or whose place is.
fn words(there: Option<String>, erased: &[String], lost: &[String]) -> Option<Sealed> {
    let gone = !erased.is_empty() || !lost.is_empty();
    there.map(Sealed::new).or_else(|| gone.then(|| Sealed::new("")))
}

pub(super) fn rename(header: &Header, line: RenameLine, aliases: &Aliases) -> Plan {
    let room_id = room_of(&line.room, aliases);
    let id = id(header, "rename", room_id, line.id.as_deref(), &[line.by.as_str()]);
    let name = words(line.name.map(|name| name.trim().to_owned()), &line.erased, &line.lost);
    let command = RenameRoom { room_id, name, renamed_by: line.by.clone(), unchanged: false, at: header.at };
    on_room(header, id, room_id, &line.by, RoomCommand::RenameRoom(command))
}

pub(super) fn avatar(header: &Header, line: AvatarLine, aliases: &Aliases) -> Plan {
    let room_id = room_of(&line.room, aliases);
    let id = id(header, "avatar", room_id, line.id.as_deref(), &[line.by.as_str()]);
    let avatar = words(line.avatar, &line.erased, &line.lost);
    let command = ChangeAvatar { room_id, avatar, changed_by: line.by.clone(), unchanged: false, at: header.at };
    on_room(header, id, room_id, &line.by, RoomCommand::ChangeAvatar(command))
}

pub(super) fn rules(header: &Header, line: RulesLine, aliases: &Aliases) -> Plan {
    let room_id = room_of(&line.room, aliases);
    let fields = [line.join_policy.is_some(), line.slow_mode_seconds.is_some()];
    let fields: String = fields.map(|there| if there { '1' } else { '0' }).iter().collect();
    let id = id(header, "rules", room_id, line.id.as_deref(), &[line.by.as_str(), &fields]);
    let command = SetRules {
        room_id,
        join_policy: line.join_policy,
        slow_mode_seconds: line.slow_mode_seconds,
        set_by: line.by.clone(),
        at: header.at,
    };
    on_room(header, id, room_id, &line.by, RoomCommand::SetRules(command))
}

pub(super) fn turn(header: &Header, line: TurnLine, aliases: &Aliases, close: bool) -> Plan {
    let (room_id, by, at) = (room_of(&line.room, aliases), line.by, header.at);
    let kind = if close { "close" } else { "reopen" };
    let id = id(header, kind, room_id, line.id.as_deref(), &[by.as_str()]);
    let command = match close {
        true => RoomCommand::CloseRoom(CloseRoom { room_id, closed_by: by.clone(), at }),
        false => RoomCommand::ReopenRoom(ReopenRoom { room_id, reopened_by: by.clone(), at }),
    };
    on_room(header, id, room_id, &by, command)
}

/// As far as the line knows it.
fn facts(message_id: MessageId, sender_id: &UserId) -> MessageFacts {
    MessageFacts { message_id, seq: 0, sender_id: sender_id.clone(), forwarded: false }
}

pub(super) fn edit(header: &Header, line: EditLine, aliases: &Aliases) -> Plan {
    let room_id = room_of(&line.room, aliases);
    let message_id = message_named(room_id, &line.message);
    let id = id(header, "edit", room_id, line.id.as_deref(), &[&message_id.to_string(), line.from.as_str()]);
    let command = RoomCommand::EditMessage(EditMessage {
        room_id,
        message: facts(message_id, &line.from),
        edited_by: line.from.clone(),
        content: Sealed::new(line.content),
        mentions: line.mentions,
        mentions_all: line.mentions_all,
        naming: None,
        blocked: false,
        at: header.at,
    });
    let plan = on_room(header, id, room_id, &line.from, command);
    Plan { open: Open::Change(room_id, message_id), field: "from", ..plan }
}

pub(super) fn delete(header: &Header, line: DeleteLine, aliases: &Aliases) -> Plan {
    let room_id = room_of(&line.room, aliases);
    let message_id = message_named(room_id, &line.message);
    let by = line.by.unwrap_or_else(|| line.from.clone());
    let id = id(header, "delete", room_id, line.id.as_deref(), &[&message_id.to_string(), by.as_str()]);
    let message = facts(message_id, &line.from);
    let command = DeleteMessage { room_id, message, deleted_by: by.clone(), at: header.at };
    let plan = on_room(header, id, room_id, &by, RoomCommand::DeleteMessage(command));
    Plan { open: Open::Change(room_id, message_id), ..plan }
}

pub(super) fn react(header: &Header, line: ReactLine, aliases: &Aliases, on: bool) -> Result<Plan, Refused> {
    let room_id = room_of(&line.room, aliases);
    let message_id = message_named(room_id, &line.message);
    let emoji = Emoji::parse(&line.emoji).map_err(|error| Refused::new("emoji", error.to_string()))?;
    let parts = [&message_id.to_string(), line.user.as_str(), emoji.as_str()];
    let id = id(header, if on { "react" } else { "unreact" }, room_id, line.id.as_deref(), &parts);
    let (message, user_id, at) = (facts(message_id, &line.user), line.user.clone(), header.at);
    let command =
        RoomCommand::React(React { room_id, message, user_id, emoji, on, unchanged: false, blocked: false, at });
    let plan = on_room(header, id, room_id, &line.user, command);
    Ok(Plan { open: Open::Change(room_id, message_id), field: "user", ..plan })
}

pub(super) fn pin(header: &Header, line: PinLine, aliases: &Aliases, on: bool) -> Plan {
    let room_id = room_of(&line.room, aliases);
    let message_id = message_named(room_id, &line.message);
    let kind = if on { "pin" } else { "unpin" };
    let id = id(header, kind, room_id, line.id.as_deref(), &[&message_id.to_string(), line.by.as_str()]);
    let (message, pinned_by, at) = (facts(message_id, &line.by), line.by.clone(), header.at);
    let command = RoomCommand::PinMessage(PinMessage { room_id, message, pinned_by, on, blocked: false, at });
    let plan = on_room(header, id, room_id, &line.by, command);
    Plan { open: Open::Change(room_id, message_id), ..plan }
}

/// What the log knows of a message that a command is about.
pub(super) fn facts_of(command: &mut Command) -> Option<&mut MessageFacts> {
    let Command::Room(command) = command else { return None };
    match command {
        RoomCommand::EditMessage(EditMessage { message, .. })
        | RoomCommand::DeleteMessage(DeleteMessage { message, .. })
        | RoomCommand::React(React { message, .. })
        | RoomCommand::PinMessage(PinMessage { message, .. }) => Some(message),
        RoomCommand::OpenDirect(_)
        | RoomCommand::CreateGroup(_)
        | RoomCommand::OpenMentorSession(_)
        | RoomCommand::OpenSupport(_)
        | RoomCommand::AddMembers(_)
        | RoomCommand::JoinRoom(_)
        | RoomCommand::RemoveMember(_)
        | RoomCommand::ChangeRole(_)
        | RoomCommand::RenameRoom(_)
        | RoomCommand::ChangeAvatar(_)
        | RoomCommand::SetRules(_)
        | RoomCommand::CloseRoom(_)
        | RoomCommand::ReopenRoom(_)
        | RoomCommand::SendMessage(_) => None,
    }
}
