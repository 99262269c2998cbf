//! What is said in a room, and what becomes of it.

use std::collections::BTreeSet;

use crate::ids::UserId;
use crate::room::commands::{DeleteMessage, EditMessage, Naming, PinMessage, React, SendMessage};
use crate::room::error::RoomError;
use crate::room::events::{MessageDeleted, MessageEdited, MessagePinned, MessageSent, Reacted, RoomEvent};
use crate::room::kinds::{Role, RoomKind};
use crate::room::state::{MemberState, Room};
use crate::room::{MENTIONS_MAX, PINS_MAX};

impl Room {
    pub(in crate::room) fn send_message(&self, command: &SendMessage) -> Result<Vec<RoomEvent>, RoomError> {
        let sender = self.may_speak(&command.sender_id, command.blocked)?;
        let mentions = self.mentioned(&command.mentions, &command.sender_id)?;
        self.may_call_all(sender, command.mentions_all)?;
        if command.forwarded.is_some() && command.author_gone {
            return Err(RoomError::AuthorGone);
        }
        if sender.role < Role::Admin
            && let Some(wait_seconds) = self.pace.wait(&command.sender_id, command.at)
        {
            return Err(RoomError::TooSoon { wait_seconds });
        }
        Ok(vec![RoomEvent::MessageSent(MessageSent {
            room_id: command.room_id,
            message_id: command.message_id,
            seq: self.last_seq + 1,
            sender_id: command.sender_id.clone(),
            kind: command.kind,
            content: command.content.clone(),
            attachment: command.attachment.clone(),
            reply_to: command.reply_to,
            mentions,
            mentions_all: command.mentions_all,
            forwarded: command.forwarded.clone(),
            client_message_id: command.client_message_id.clone(),
            at: command.at,
        })])
    }

    pub(in crate::room) fn edit_message(&self, command: &EditMessage) -> Result<Vec<RoomEvent>, RoomError> {
        let editor = self.may_speak(&command.edited_by, command.blocked)?;
        if command.message.sender_id != command.edited_by {
            return Err(RoomError::NotYourMessage);
        }
        if command.message.forwarded {
            return Err(RoomError::Forwarded);
        }
        let mentions = self.mentioned(&command.mentions, &command.edited_by)?;
        self.may_call_all(editor, command.mentions_all)?;
        let same = |as_is: &Naming| as_is.all == command.mentions_all && as_is.mentions.iter().eq(&mentions);
        if command.naming.as_ref().is_some_and(same) {
            return Ok(vec![]);
        }
        Ok(vec![RoomEvent::MessageEdited(MessageEdited {
            room_id: command.room_id,
            message_id: command.message.message_id,
            seq: command.message.seq,
            sender_id: command.message.sender_id.clone(),
            content: command.content.clone(),
            mentions,
            mentions_all: command.mentions_all,
            at: command.at,
        })])
    }

    /// One's own, and a room's admins anybody's; also in a closed room and across a block.
    pub(in crate::room) fn delete_message(&self, command: &DeleteMessage) -> Result<Vec<RoomEvent>, RoomError> {
        let member = self.member(&command.deleted_by)?;
        if command.message.sender_id != command.deleted_by {
            member.require(Role::Admin)?;
        }
        Ok(vec![RoomEvent::MessageDeleted(MessageDeleted {
            room_id: command.room_id,
            message_id: command.message.message_id,
            seq: command.message.seq,
            sender_id: command.message.sender_id.clone(),
            by: command.deleted_by.clone(),
            at: command.at,
        })])
    }

    /// Taking back is always possible.
    pub(in crate::room) fn react(&self, command: &React) -> Result<Vec<RoomEvent>, RoomError> {
        if command.on {
            self.may_speak(&command.user_id, command.blocked)?;
        } else {
            self.member(&command.user_id)?;
        }
        if command.unchanged {
            return Ok(vec![]);
        }
        let reacted = Reacted {
            room_id: command.room_id,
            message_id: command.message.message_id,
            seq: command.message.seq,
            user_id: command.user_id.clone(),
            emoji: command.emoji.clone(),
            at: command.at,
        };
        Ok(vec![if command.on { RoomEvent::ReactionAdded(reacted) } else { RoomEvent::ReactionRemoved(reacted) }])
    }

    pub(in crate::room) fn pin_message(&self, command: &PinMessage) -> Result<Vec<RoomEvent>, RoomError> {
        let member = self.member(&command.pinned_by)?;
        if self.kind == RoomKind::Group {
            member.require(Role::Admin)?;
        }
        self.require_unblocked(command.blocked)?;
        self.require_open()?;
        if self.pins.contains(&command.message.message_id) == command.on {
            return Ok(vec![]);
        }
        if command.on && self.pins.size() >= PINS_MAX {
            return Err(RoomError::TooManyPins);
        }
        let pinned = MessagePinned {
            room_id: command.room_id,
            message_id: command.message.message_id,
            seq: command.message.seq,
            by: command.pinned_by.clone(),
            at: command.at,
        };
        Ok(vec![if command.on { RoomEvent::MessagePinned(pinned) } else { RoomEvent::MessageUnpinned(pinned) }])
    }

    fn may_speak(&self, user: &UserId, blocked: bool) -> Result<&MemberState, RoomError> {
        let member = self.member(user)?;
        self.require_open()?;
        self.require_unblocked(blocked)?;
        Ok(member)
    }

    /// A block stops what is said in a room of two, and nothing in larger ones.
    const fn require_unblocked(&self, blocked: bool) -> Result<(), RoomError> {
        if self.kind.is_of_two() && blocked { Err(RoomError::Blocked) } else { Ok(()) }
    }

    /// Who of `named` is here, once each; nobody mentions themselves.
    fn mentioned(&self, named: &[UserId], by: &UserId) -> Result<Vec<UserId>, RoomError> {
        let named: BTreeSet<&UserId> = named.iter().collect();
        if named.len() > MENTIONS_MAX {
            return Err(RoomError::TooManyMentions);
        }
        Ok(named.into_iter().filter(|user| *user != by && self.members.has(user)).cloned().collect())
    }

    /// Calling a whole group is for those who keep it.
    fn may_call_all(&self, member: &MemberState, all: bool) -> Result<(), RoomError> {
        if all && self.kind == RoomKind::Group { member.require(Role::Admin) } else { Ok(()) }
    }
}
