//! Messages of a room, page by page.

use std::collections::HashMap;

use aggregates::ids::{MessageId, RoomId, UserId};
use aggregates::room::{MessageSent, PINS_MAX, RoomKind};
use event_log::Position;
use projections::ReadError;
use projections::inbox::{MessagePage, MessageRow, ReadBy, RoomRow};

use super::receipts::{MEMBERS_COUNTED_MAX, Readers};
use super::{People, Queries, row_of};
use crate::realtime::is_of_two;
use crate::wire::Message;
use crate::wire::message::RepliedMessage;

/// Where a page begins, as clients say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    Newest,
    /// From the cursor of an earlier page.
    Behind(Position),
    Before(MessageId),
    After(MessageId),
    /// Some before it, some behind it.
    Around(MessageId),
    /// The first that they have not read.
    Unread,
}

/// A page of messages, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct MessagesPage {
    pub messages: Vec<Message>,
    /// Further ones in the direction asked.
    pub has_more: bool,
    /// Further ones behind the last.
    pub has_newer: bool,
    /// Behind the oldest one, when there are older ones.
    pub next: Option<Position>,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum NoPage {
    /// No such room, or not theirs.
    #[error("there is no such room")]
    Room,
    /// The message that the page is to begin at is not in the room; `beforeId` or `afterId`.
    #[error("there is no such message in this room")]
    Anchor(&'static str),
    #[error(transparent)]
    View(#[from] ReadError),
}

/// People, the receiver, the message answered.
type Around = (People, Option<UserId>, Option<RepliedMessage>);

impl Queries<'_> {
    pub async fn messages(
        &self,
        room: RoomId,
        asking: &UserId,
        asked: Asked,
        limit: usize,
    ) -> Result<MessagesPage, NoPage> {
        let row = self.views.inbox().room(room, asking).await?.ok_or(NoPage::Room)?;
        let page = match asked {
            Asked::Newest => MessagePage::Newest,
            Asked::Behind(position) => MessagePage::Before(position),
            Asked::Before(id) => MessagePage::Before(self.anchor(room, asking, id, "beforeId").await?),
            Asked::After(id) => MessagePage::After(self.anchor(room, asking, id, "afterId").await?),
            Asked::Around(id) => {
                self.anchor(room, asking, id, "aroundId").await?;
                MessagePage::Around(id)
            }
            Asked::Unread => MessagePage::Unread,
        };
        let found = self.views.inbox().messages(room, asking, page, limit).await?.ok_or(NoPage::Room)?;
        let oldest = found.messages.first().map(|oldest| oldest.position).filter(|_| found.older);
        let (has_more, next) = match asked {
            Asked::After(_) | Asked::Unread => (found.newer, oldest),
            Asked::Newest | Asked::Behind(_) | Asked::Before(_) | Asked::Around(_) => (found.older, oldest),
        };
        let has_newer = found.newer;
        let messages = self.shown(&row, asking, found.messages).await?;
        Ok(MessagesPage { messages, has_more, has_newer, next })
    }

    /// What answers a message, oldest first; `None` when `asking` cannot read it.
    pub async fn replies(
        &self,
        message: MessageId,
        asking: &UserId,
        behind: Option<Position>,
        limit: usize,
    ) -> Result<Option<MessagesPage>, ReadError> {
        let Some(found) = self.views.inbox().replies(message, asking, behind, limit).await? else { return Ok(None) };
        let next = found.messages.last().map(|last| last.position).filter(|_| found.newer);
        let (has_more, has_newer) = (found.newer, found.newer);
        let messages = self.shown_in_their_room(asking, found.messages).await?;
        Ok(Some(MessagesPage { messages, has_more, has_newer, next }))
    }

    /// What is pinned in a room; `None` for a room that is not there or not theirs.
    pub async fn pins(&self, room: RoomId, asking: &UserId) -> Result<Option<Vec<Message>>, ReadError> {
        let Some(rows) = self.views.inbox().pins(room, asking, PINS_MAX).await? else { return Ok(None) };
        self.shown_in_their_room(asking, rows).await.map(Some)
    }

    /// Messages of one room.
    async fn shown_in_their_room(&self, asking: &UserId, rows: Vec<MessageRow>) -> Result<Vec<Message>, ReadError> {
        let Some(room) = rows.first().map(|row| row.room_id) else { return Ok(Vec::new()) };
        match self.views.inbox().room(room, asking).await? {
            Some(room) => self.shown(&room, asking, rows).await,
            None => Ok(Vec::new()), // Gone out in between.
        }
    }

    /// One message as `asking` sees it now; `None` when the view does not show it to them.
    pub async fn message(&self, id: MessageId, asking: &UserId) -> Result<Option<Message>, ReadError> {
        let Some(message) = self.views.inbox().messages_by_id(&[id], asking).await?.pop() else { return Ok(None) };
        let Some(room) = self.views.inbox().room(message.room_id, asking).await? else { return Ok(None) };
        Ok(self.shown(&room, asking, vec![message]).await?.pop())
    }

    /// A message that was sent just now, without waiting for the view to hear of it. Never fails: it is sent, and what
    /// the view cannot tell about its people is left out.
    pub async fn sent_message(&self, event: &MessageSent, position: Position) -> Message {
        let position = self.token(position);
        match self.around(event, position.position).await {
            Ok((people, receiver, reply_to)) => {
                let sender = row_of(&people, &event.sender_id);
                Message { reply_to, ..Message::from_event(event, position, sender, receiver.as_ref()) }
            }
            Err(error) => {
                tracing::warn!(%error, message = %event.message_id, "a message is shown without its people");
                Message::from_event(event, position, None, None)
            }
        }
    }

    /// Everything that a message's event only names.
    async fn around(&self, event: &MessageSent, position: Position) -> Result<Around, ReadError> {
        let pair = self.directory.direct_pair(event.room_id, &event.sender_id, position).await?;
        let receiver = pair.map(|(a, b)| if a == event.sender_id { b } else { a });
        let replied = match event.reply_to {
            Some(id) => self.views.inbox().messages_by_id(&[id], &event.sender_id).await?.pop(),
            None => None,
        };
        let replied_to = replied.as_ref().map(|replied| &replied.sender_id);
        let people = self.people(std::iter::once(&event.sender_id).chain(replied_to)).await?;
        let reply_to = replied.as_ref().map(|replied| replied_message(replied, &people));
        Ok((people, receiver, reply_to))
    }

    /// Who has read a message, the latest first, and how many they are; `None` when `asking` cannot read it.
    pub async fn readers_of(&self, message: MessageId, asking: &UserId) -> Result<Option<ReadBy>, ReadError> {
        let inbox = self.views.inbox();
        let Some(mut read_by) = inbox.read_by(message, asking).await? else { return Ok(None) };
        let apart = self.apart(asking, &read_by.users).await?;
        if apart.is_empty() {
            return Ok(Some(read_by));
        }
        let Some(room) = inbox.messages_by_id(&[message], asking).await?.pop().map(|row| row.room_id) else {
            return Ok(None);
        };
        read_by.users.retain(|reader| !(apart.contains(reader) && is_of_two(room, asking, reader)));
        if read_by.users.is_empty() {
            read_by.count = 0;
        }
        Ok(Some(read_by))
    }

    async fn anchor(
        &self,
        room: RoomId,
        asking: &UserId,
        id: MessageId,
        field: &'static str,
    ) -> Result<Position, NoPage> {
        let found = self.views.inbox().messages_by_id(&[id], asking).await?.pop();
        found.filter(|message| message.room_id == room).map(|message| message.position).ok_or(NoPage::Anchor(field))
    }

    pub(super) async fn shown(
        &self,
        room: &RoomRow,
        asking: &UserId,
        rows: Vec<MessageRow>,
    ) -> Result<Vec<Message>, ReadError> {
        let replied = self.replied(&rows, asking).await?;
        let people = self.people(rows.iter().chain(replied.values()).map(|message| &message.sender_id)).await?;
        let readers = self.readers(room, asking).await?;
        let show = |row: MessageRow| {
            let receipt = readers.as_ref().map(|readers| readers.receipt(row.seq, &row.sender_id, asking));
            let reply_to = row.reply_to.and_then(|id| replied.get(&id)).map(|row| replied_message(row, &people));
            let receiver = receiver_of(room, &row.sender_id);
            let sender = people.get(&row.sender_id).cloned();
            let position = self.token(row.position);
            let mut message = Message::from_row(row, position, sender.as_deref(), receiver);
            message.reply_to = reply_to;
            message.receipt = receipt.unwrap_or_default();
            message
        };
        Ok(rows.into_iter().map(show).collect())
    }

    async fn replied(&self, rows: &[MessageRow], asking: &UserId) -> Result<HashMap<MessageId, MessageRow>, ReadError> {
        let ids: Vec<MessageId> = rows.iter().filter_map(|row| row.reply_to).collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let found = self.views.inbox().messages_by_id(&ids, asking).await?;
        Ok(found.into_iter().map(|message| (message.id, message)).collect())
    }

    async fn readers(&self, room: &RoomRow, asking: &UserId) -> Result<Option<Readers>, ReadError> {
        let inbox = self.views.inbox();
        if room.participant_count > MEMBERS_COUNTED_MAX as u64 {
            return Ok(inbox.member(room.id, asking).await?.map(Readers::Many));
        }
        let mut members = inbox.members(&[room.id], MEMBERS_COUNTED_MAX).await?;
        if let Some((a, b)) = &room.pair {
            // Across a block neither is told how far the other has read.
            let other = if a == asking { b } else { a };
            let apart = self.apart(asking, std::slice::from_ref(other)).await?;
            members.retain(|member| !apart.contains(&member.user_id));
        }
        Ok(Some(match room.kind {
            RoomKind::Direct | RoomKind::MentorStudent => Readers::Two(members),
            RoomKind::Group | RoomKind::Support => Readers::Some(members, room.history_from),
        }))
    }
}

fn replied_message(row: &MessageRow, people: &People) -> RepliedMessage {
    RepliedMessage::from_row(row, row_of(people, &row.sender_id))
}

/// The other one of a DIRECT room.
fn receiver_of<'r>(room: &'r RoomRow, sender: &UserId) -> Option<&'r UserId> {
    room.pair.as_ref().map(|(a, b)| if a == sender { b } else { a })
}
