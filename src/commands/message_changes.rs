//! What becomes of a message: other words, none, an emoji, a pin; and carried elsewhere.

use aggregates::ids::{MessageId, RoomId, UserId};
use aggregates::room::{
    AttachedFile, Attachment, DeleteMessage, EditMessage, Emoji, Forwarded, MessageFacts, Naming, PinMessage, React,
    RoomCommand, SendMessage,
};
use aggregates::visible::is_blank;
use aggregates::{Command, Sealed, StreamId};
use event_log::Position;
use projections::inbox::{EMOJIS_SHOWN_MAX, FileRow, MessageRow};
use projections::{ReadError, UnitName};

use super::messages::sent;
use super::{Caller, Commands, Failure, Sent, WishId};

const DELETED: &str = "the message was deleted";

/// Other words for a message; validated.
#[derive(Debug, Clone, PartialEq)]
pub struct Rewording {
    pub content: Sealed,
    pub mentions: Vec<UserId>,
    pub mentions_all: bool,
}

/// A message that something was done to.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// As it was when it was looked up.
    pub before: MessageRow,
    pub position: Position,
}

impl Commands {
    pub async fn edit_message(
        &self,
        caller: &Caller,
        message_id: MessageId,
        words: Rewording,
    ) -> Result<Changed, Failure> {
        let before = self.readable_message(caller, message_id).await?;
        let id = caller.wish_id(&format!("edit:{message_id}"));
        if before.deleted.is_some() && before.sender_id == caller.user_id {
            return self.done_to_deleted(id, before).await;
        }
        if is_blank(words.content.reveal()) && before.attachment_url.is_none() {
            return Err(Failure::invalid("content", "must not be empty or blank without an attachment"));
        }
        let same = words.content.reveal();
        let says_so = |row: &MessageRow| row.deleted.is_none() && row.content == same;
        let present = self.already(&before, says_so, self.message_now(caller, message_id)).await?;
        let naming = present.map(|row| Naming { mentions: row.mentions.into_iter().collect(), all: row.mentions_all });
        let command = RoomCommand::EditMessage(EditMessage {
            room_id: before.room_id,
            message: facts(&before),
            edited_by: caller.user_id.clone(),
            content: words.content,
            mentions: words.mentions,
            mentions_all: words.mentions_all,
            naming,
            blocked: false,
            at: self.clock.now(),
        });
        self.change(caller, id, before, command).await
    }

    /// A message that is deleted already stays so, and nothing is written.
    pub async fn delete_message(&self, caller: &Caller, message_id: MessageId) -> Result<Changed, Failure> {
        let before = self.readable_message(caller, message_id).await?;
        let command = RoomCommand::DeleteMessage(DeleteMessage {
            room_id: before.room_id,
            message: facts(&before),
            deleted_by: caller.user_id.clone(),
            at: self.clock.now(),
        });
        let id = caller.wish_id(&format!("delete:{message_id}"));
        if before.deleted.is_some() && !id.repeatable {
            return Ok(Changed { position: self.caught_up(UnitName::Inbox).await?, before });
        }
        self.change(caller, id, before, command).await
    }

    pub async fn react(
        &self,
        caller: &Caller,
        message_id: MessageId,
        emoji: Emoji,
        on: bool,
    ) -> Result<Changed, Failure> {
        let before = self.readable_message(caller, message_id).await?;
        let id = caller.wish_id(&format!("{}:{message_id}:{emoji}", if on { "react" } else { "unreact" }));
        if before.deleted.is_some() && on {
            return self.done_to_deleted(id, before).await;
        }
        let stands = |row: &MessageRow| stands(row, &caller.user_id, &emoji) == Some(on);
        let unchanged = self.already(&before, stands, self.message_now(caller, message_id)).await?.is_some();
        let command = RoomCommand::React(React {
            room_id: before.room_id,
            message: facts(&before),
            user_id: caller.user_id.clone(),
            emoji,
            on,
            unchanged,
            blocked: false,
            at: self.clock.now(),
        });
        self.change(caller, id, before, command).await
    }

    pub async fn pin_message(&self, caller: &Caller, message_id: MessageId, on: bool) -> Result<Changed, Failure> {
        let before = self.readable_message(caller, message_id).await?;
        let id = caller.wish_id(&format!("{}:{message_id}", if on { "pin" } else { "unpin" }));
        if before.deleted.is_some() && on {
            return self.done_to_deleted(id, before).await;
        }
        let command = RoomCommand::PinMessage(PinMessage {
            room_id: before.room_id,
            message: facts(&before),
            pinned_by: caller.user_id.clone(),
            on,
            blocked: false,
            at: self.clock.now(),
        });
        self.change(caller, id, before, command).await
    }

    /// Carries a message into each of `rooms`: a message of the caller's there, with the words of whoever said them first.
    pub async fn forward_message(
        &self,
        caller: &Caller,
        message_id: MessageId,
        rooms: &[RoomId],
    ) -> Result<Vec<Sent>, Failure> {
        let id = caller.wish_id(&format!("forward:{message_id}"));
        let original = match self.forwardable(caller, message_id).await {
            Ok(original) => original,
            Err(refusal) => {
                let carried = self.carried_before(id, rooms).await?;
                return carried_all(carried, rooms.len(), refusal);
            }
        };
        // Before anything is said anywhere: most that cannot be is seen here.
        for (index, room_id) in rooms.iter().enumerate() {
            if self.views.inbox().room(*room_id, &caller.user_id).await?.is_none() {
                let field = format!("roomIds[{index}]").into();
                let refusal = Failure::UnknownIn { field, what: "there is no such room" };
                let carried = self.carried_before(id, rooms).await?;
                return carried_all(carried, rooms.len(), refusal);
            }
        }
        let mut carried = Vec::with_capacity(rooms.len());
        for room_id in rooms {
            let part = id.part(&room_id.to_string());
            match self.carry(caller, part, &original, *room_id).await {
                Ok(sent) => carried.push(sent),
                Err(failure) => return carried_all(carried, rooms.len(), failure),
            }
        }
        Ok(carried)
    }

    /// As it is now: words that a view shows which is late may have been taken back, or whoever asks been removed.
    async fn forwardable(&self, caller: &Caller, id: MessageId) -> Result<MessageRow, Failure> {
        self.caught_up(UnitName::Inbox).await?;
        let original = self.readable_message(caller, id).await?;
        if original.deleted.is_some() {
            return Err(Failure::Gone(DELETED));
        }
        if original.content.is_empty() && original.attachment_url.is_none() {
            return Err(Failure::Unknown("there is no such message")); // Its author was erased.
        }
        Ok(original)
    }

    /// What was carried under this id when the message was still there.
    async fn carried_before(&self, id: WishId, rooms: &[RoomId]) -> Result<Vec<Sent>, Failure> {
        let mut carried = Vec::new();
        for room_id in rooms {
            if let Some(done) = self.done_before(id.part(&room_id.to_string())).await? {
                carried.push(sent(done)?);
            }
        }
        Ok(carried)
    }

    /// Of a message that was deleted since; the first answer again, where there was one.
    async fn done_to_deleted(&self, id: WishId, before: MessageRow) -> Result<Changed, Failure> {
        match self.done_before(id).await? {
            Some(done) => Ok(Changed { before, position: done.position }),
            None => Err(Failure::Gone(DELETED)),
        }
    }

    /// As the view has it.
    async fn message_now(&self, caller: &Caller, id: MessageId) -> Result<Option<MessageRow>, ReadError> {
        Ok(self.views.inbox().messages_by_id(&[id], &caller.user_id).await?.pop())
    }

    async fn carry(
        &self,
        caller: &Caller,
        id: WishId,
        original: &MessageRow,
        room_id: RoomId,
    ) -> Result<Sent, Failure> {
        let media_type = original.attachment_type.clone();
        let file = original.attached_file.as_ref().map(attached);
        let first =
            Forwarded { room_id: original.room_id, message_id: original.id, author_id: original.sender_id.clone() };
        let command = RoomCommand::SendMessage(SendMessage {
            room_id,
            message_id: MessageId::from_command(id.command),
            sender_id: caller.user_id.clone(),
            kind: original.kind,
            content: Sealed::new(original.content.as_str()),
            attachment: original.attachment_url.as_deref().map(|url| Attachment {
                url: Sealed::new(url),
                media_type,
                file,
            }),
            reply_to: None,
            mentions: Vec::new(),
            mentions_all: false,
            forwarded: Some(original.forwarded.clone().unwrap_or(first)),
            author_gone: false,
            client_message_id: None,
            blocked: false,
            at: self.clock.now(),
        });
        sent(self.execute(caller, id, StreamId::room(room_id), Command::Room(command)).await?)
    }

    async fn change(
        &self,
        caller: &Caller,
        id: WishId,
        before: MessageRow,
        command: RoomCommand,
    ) -> Result<Changed, Failure> {
        let done = self.execute(caller, id, StreamId::room(before.room_id), Command::Room(command)).await?;
        Ok(Changed { before, position: done.position })
    }
}

/// What was carried, where it came into all of the rooms; else `failure`, and how far it came.
fn carried_all(carried: Vec<Sent>, wished: usize, failure: Failure) -> Result<Vec<Sent>, Failure> {
    match carried.len() {
        0 => Err(failure),
        done if done < wished => Err(Failure::Partly { done: done as u64, wished, source: Box::new(failure) }),
        _ => Ok(carried),
    }
}

/// Whether an emoji of somebody stands at a message; `None` where not all are shown.
fn stands(row: &MessageRow, user: &UserId, emoji: &Emoji) -> Option<bool> {
    match row.reactions.iter().find(|reaction| reaction.emoji == emoji.as_str()) {
        Some(reaction) if reaction.users.contains(user) => Some(true),
        Some(reaction) => (reaction.users.len() as u64 == reaction.count).then_some(false),
        None => (row.reactions.len() < EMOJIS_SHOWN_MAX).then_some(false),
    }
}

fn attached(file: &FileRow) -> AttachedFile {
    let FileRow { name, bytes, width, height } = file;
    AttachedFile { name: name.as_deref().map(Sealed::new), bytes: *bytes, width: *width, height: *height }
}

fn facts(row: &MessageRow) -> MessageFacts {
    MessageFacts {
        message_id: row.id,
        seq: row.seq,
        sender_id: row.sender_id.clone(),
        forwarded: row.forwarded.is_some(),
    }
}
