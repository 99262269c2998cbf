//! Sending a message.

use aggregates::ids::{MessageId, RoomId, UserId};
use aggregates::room::{Attachment, MessageKind, MessageSent, RoomCommand, RoomEvent, SendMessage};
use aggregates::{Command, DomainEvent, KeyId, Sealed, StreamId};
use event_log::Position;

use super::{Caller, Commands, Done, Failure, WishId};

/// What somebody wants to say; validated.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    pub room_id: RoomId,
    pub kind: MessageKind,
    pub content: Sealed,
    pub attachment: Option<Attachment>,
    /// What the upload is kept under that it carries, as it was found when it was looked at.
    pub upload_key: Option<KeyId>,
    pub reply_to: Option<MessageId>,
    pub mentions: Vec<UserId>,
    pub mentions_all: bool,
    /// The device's own id of it: sent again, it is the same message.
    pub client_message_id: Option<String>,
}

/// A message that is in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    pub event: MessageSent,
    pub position: Position,
    /// Sent just now; otherwise it may look different by now.
    pub new: bool,
}

impl Draft {
    /// The client's id of the message is a key too, and the stronger one: it stays the same when a device that was
    /// restarted makes up a new `Idempotency-Key`. Without it the wish is `of_route`.
    pub fn wish_id(&self, caller: &Caller, of_route: impl FnOnce() -> WishId) -> WishId {
        match &self.client_message_id {
            Some(client_id) => caller.keyed(&format!("send:{}", self.room_id), client_id),
            None => of_route(),
        }
    }
}

impl Commands {
    /// `id` is [`Draft::wish_id`]: the caller needs it beforehand, to name the socket that gets no frame.
    pub async fn send_message(&self, caller: &Caller, id: WishId, draft: Draft) -> Result<Sent, Failure> {
        if let Some(target) = draft.reply_to
            && let Err(failure) = self.message_in(draft.room_id, &caller.user_id, target, "replyToId").await
        {
            return sent(self.done_or(id, failure).await?);
        }
        let message_id = match &draft.client_message_id {
            Some(client_id) => MessageId::from_client(draft.room_id, &caller.user_id, client_id),
            None => MessageId::from_command(id.command),
        };
        let stream = StreamId::room(draft.room_id);
        let mut command = Command::Room(RoomCommand::SendMessage(SendMessage {
            room_id: draft.room_id,
            message_id,
            sender_id: caller.user_id.clone(),
            kind: draft.kind,
            content: draft.content,
            attachment: draft.attachment,
            reply_to: draft.reply_to,
            mentions: draft.mentions,
            mentions_all: draft.mentions_all,
            forwarded: None,
            author_gone: false,
            client_message_id: draft.client_message_id.map(Sealed::new),
            blocked: false,
            at: self.clock.now(),
        }));
        if let Some(key) = draft.upload_key
            && let Err(failure) = self.seal_while_it_stands(&mut command, &caller.user_id, key).await
        {
            return sent(self.done_or(id, failure).await?);
        }
        sent(self.execute(caller, id, stream, command).await?)
    }

    /// The name of an upload was read out of what was sealed with `key`. At the door it would be sealed with a new key of
    /// its sender's where they were erased since, and be readable again. Sealed here, and only then seen whether `key`
    /// still stands, it goes with it.
    async fn seal_while_it_stands(&self, command: &mut Command, sender: &UserId, key: KeyId) -> Result<(), Failure> {
        let Some(sealing) = self.log.sealing() else { return Ok(()) };
        sealing.seal(std::slice::from_mut(command)).await?;
        if sealing.all_keys_of(sender).await?.contains(&key) { Ok(()) } else { Err(Failure::not_your_upload()) }
    }

    /// What was sent under this id before.
    pub async fn sent_before(&self, id: WishId) -> Result<Option<Sent>, Failure> {
        self.done_before(id).await?.map(sent).transpose()
    }
}

pub(super) fn sent(done: Done) -> Result<Sent, Failure> {
    let event = done.events.into_iter().find_map(|event| {
        if let DomainEvent::Room(RoomEvent::MessageSent(event)) = event { Some(event) } else { None }
    });
    match event {
        Some(event) => Ok(Sent { event, position: done.position, new: done.new }),
        // Sending is never "already so", and a command id belongs to one route: no other event can be here.
        None => Err(Failure::Unknown("no message was sent under this key")),
    }
}
