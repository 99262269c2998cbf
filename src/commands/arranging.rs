//! One's own place in a room: going back, what has arrived, muted, pinned, put away.

use aggregates::ids::{MessageId, RoomId};
use aggregates::participant::{
    Arrange, Arrangement, MarkDelivered, MarkUnread, ParticipantCommand, ReadUpTo, UnreadFrom,
};
use aggregates::{Command, StreamId};
use event_log::Position;
use uuid::Uuid;

use super::{Caller, Commands, Failure, ReadTo, WishId};
use crate::realtime::Arrived;

impl Commands {
    /// From `message` on everything is unread again; without it the last message is.
    pub async fn mark_unread(
        &self,
        caller: &Caller,
        room_id: RoomId,
        message: Option<MessageId>,
    ) -> Result<Position, Failure> {
        let id = caller.wish_id(&format!("unread:{room_id}"));
        let from = match message {
            None => UnreadFrom::Last,
            Some(message) => match self.message_in(room_id, &caller.user_id, message, "messageId").await {
                Ok(message) => UnreadFrom::Message { seq: message.seq },
                Err(failure) => return Ok(self.done_or(id, failure).await?.position),
            },
        };
        let (user_id, at) = (caller.user_id.clone(), self.clock.now());
        let wish = ParticipantCommand::MarkUnread(MarkUnread { room_id, user_id, from, membership: None, at });
        self.to_place(caller, id, room_id, wish).await
    }

    pub async fn mark_delivered(&self, caller: &Caller, room_id: RoomId, to: ReadTo) -> Result<Position, Failure> {
        let id = caller.wish_id(&format!("delivered:{room_id}"));
        let up_to = match self.resolve(caller, room_id, to).await {
            Ok(up_to) => up_to,
            Err(failure) => return Ok(self.done_or(id, failure).await?.position),
        };
        let (user_id, at) = (caller.user_id.clone(), self.clock.now());
        let wish = ParticipantCommand::MarkDelivered(MarkDelivered { room_id, user_id, up_to, membership: None, at });
        self.to_place(caller, id, room_id, wish).await
    }

    /// Their client has shown that everything up to a message has arrived.
    pub async fn has_received(&self, arrived: &Arrived) -> Result<Position, Failure> {
        let Arrived { room, user, message, seq } = arrived;
        let caller = Caller { user_id: user.clone(), request: Uuid::now_v7(), key: None };
        let (room_id, user_id, at) = (*room, user.clone(), self.clock.now());
        let up_to = ReadUpTo::Message { seq: *seq, message_id: *message };
        let wish = ParticipantCommand::MarkDelivered(MarkDelivered { room_id, user_id, up_to, membership: None, at });
        self.to_place(&caller, caller.wish_id("received"), room_id, wish).await
    }

    /// Each is a command of its own; asked again under the same key, what is done stays as it is.
    pub async fn arrange(&self, caller: &Caller, room_id: RoomId, wishes: &[Arrangement]) -> Result<Position, Failure> {
        let id = caller.wish_id(&format!("arrange:{room_id}"));
        let mut position = Position::START;
        for (done, wish) in wishes.iter().enumerate() {
            let (user_id, at) = (caller.user_id.clone(), self.clock.now());
            let command = ParticipantCommand::Arrange(Arrange { room_id, user_id, wish: *wish, membership: None, at });
            match self.to_place(caller, id.part(&done.to_string()), room_id, command).await {
                Ok(reached) => position = position.max(reached),
                Err(failure) if done == 0 => return Err(failure),
                Err(failure) => {
                    return Err(Failure::Partly { done: done as u64, wished: wishes.len(), source: Box::new(failure) });
                }
            }
        }
        Ok(position)
    }

    async fn to_place(
        &self,
        caller: &Caller,
        id: WishId,
        room_id: RoomId,
        command: ParticipantCommand,
    ) -> Result<Position, Failure> {
        let stream = StreamId::participant(room_id, &caller.user_id);
        Ok(self.execute(caller, id, stream, Command::Participant(command)).await?.position)
    }
}
