//! What is told of changes: to a message, to a room, to somebody's place in it.
//!
//! Beside `telling`, which tells of what is new. What a frame says is a function of its event and of what never changes
//! about its message, but for who reacted: that is told as it is now, and again by the frames behind it.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use aggregates::ids::{MessageId, RoomId};
use aggregates::participant::{Arrangement, MarkedUnread, MessagesDelivered, RoomArranged};
use aggregates::room::{MessageDeleted, MessageEdited, MessagePinned, Reacted};
use event_log::{Position, PositionToken};
use projections::inbox::{Deletion, MessageRow};
use projections::{ReadError, UnitName};

use super::following::{People, Tail};
use super::telling::Place;
use crate::realtime::frames::{self, MessageDelivered, MessageGone, MessagePin, Reaction, RoomUpdated};
use crate::realtime::hub::{Apart, Except};
use crate::realtime::protocol::channel_name::room_channel;
use crate::wire;

/// More than a view is behind, as a rule; further back it is waited for.
const DELETIONS_MAX: usize = 4_096;

impl Tail<'_> {
    pub(super) async fn message_edited(&mut self, event: &MessageEdited, place: &Place<'_>, people: &People) {
        let channel = room_channel(event.room_id);
        if !self.inner.wants(&channel) {
            return;
        }
        let row = match self.edited_row(event, place).await {
            Ok(Some(row)) => row,
            Ok(None) => {
                return tracing::debug!(message = %event.message_id, "an edit of a message that nobody can read");
            }
            Err(error) => return tracing::warn!(%error, "an edit is not told: its message cannot be read"),
        };
        let deletion = self.deletions.of(event.message_id);
        let pair = self.pair(event.room_id).await;
        let receiver = pair.as_ref().map(|(a, b)| if *a == event.sender_id { b } else { a });
        let sender = people.get(&event.sender_id).map(Arc::as_ref);
        let token = PositionToken { log: self.inner.log.id(), position: place.position };
        let message = wire::Message::from_row(reworded(row, event, deletion), token, sender, receiver);
        let cause = place.cause.about(self.about(event.room_id, event.seq).await);
        self.inner.announce(&channel, frames::MESSAGE_EDITED, &message, Some(cause), place.except);
    }

    /// As its sender sees it, who may have gone out since: then as somebody who is in the room.
    async fn edited_row(&self, event: &MessageEdited, place: &Place<'_>) -> Result<Option<MessageRow>, ReadError> {
        let inner = self.inner;
        if let Err(lagging) =
            inner.views.wait_for(UnitName::Inbox, self.deletions.forgotten, inner.config.view_patience).await
        {
            tracing::warn!(%lagging, "an edit is not told: its message may be deleted");
            return Ok(None);
        }
        if let Some(row) = inner.views.inbox().messages_by_id(&[event.message_id], &event.sender_id).await?.pop() {
            return Ok(Some(row));
        }
        // Edited a moment after it was sent: the view has not heard of it.
        if let Err(lagging) = inner.views.wait_for(UnitName::Inbox, place.position, inner.config.view_patience).await {
            tracing::warn!(%lagging, "an edit waits for its message");
        }
        let mut asking = vec![event.sender_id.clone()];
        asking.extend(inner.views.inbox().member_ids(event.room_id, 1).await?);
        for user in asking {
            if let Some(row) = inner.views.inbox().messages_by_id(&[event.message_id], &user).await?.pop() {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    pub(super) async fn message_deleted(&mut self, event: &MessageDeleted, place: &Place<'_>) {
        let data = MessageGone {
            room_id: event.room_id,
            message_id: event.message_id,
            seq: event.seq,
            deleted_by: &event.by,
            deleted_at: event.at,
            position: place.token,
        };
        let channel = room_channel(event.room_id);
        let cause = place.cause.about(self.about(event.room_id, event.seq).await);
        self.inner.announce(&channel, frames::MESSAGE_DELETED, &data, Some(cause), place.except);
        // What was unread may be one less.
        self.unread(self.inner.hub.listening_members(event.room_id), place.position);
    }

    pub(super) async fn reacted(&mut self, event: &Reacted, added: bool, place: &Place<'_>) {
        let data = Reaction {
            room_id: event.room_id,
            message_id: event.message_id,
            seq: event.seq,
            emoji: event.emoji.as_str(),
            user_id: &event.user_id,
            added,
            position: place.token,
        };
        let channel = room_channel(event.room_id);
        let cause = place.cause.about(self.about(event.room_id, event.seq).await);
        self.inner.announce(&channel, frames::MESSAGE_REACTION, &data, Some(cause), place.except);
    }

    pub(super) async fn message_pinned(&mut self, event: &MessagePinned, pinned: bool, place: &Place<'_>) {
        let data = MessagePin {
            room_id: event.room_id,
            message_id: event.message_id,
            seq: event.seq,
            pinned,
            by: &event.by,
            position: place.token,
        };
        let channel = room_channel(event.room_id);
        let cause = place.cause.about(self.about(event.room_id, event.seq).await);
        self.inner.announce(&channel, frames::MESSAGE_PINNED, &data, Some(cause), place.except);
    }

    /// Name, picture, rules, roles, closed or not: what it is now the room itself says.
    pub(super) fn room_changed(&self, room_id: RoomId, change: &'static str, place: &Place<'_>) {
        let data = RoomUpdated { room_id, change, position: place.token };
        self.inner.announce(&room_channel(room_id), frames::ROOM_UPDATED, &data, Some(place.cause), place.except);
    }

    pub(super) fn delivered(&self, event: &MessagesDelivered, place: &Place<'_>) {
        let data = MessageDelivered {
            room_id: event.room_id,
            user_id: &event.user_id,
            up_to: event.up_to,
            up_to_seq: event.up_to_seq,
            delivered_at: event.at,
            position: place.token,
        };
        let channel = room_channel(event.room_id);
        let apart = Some(Apart { from: &event.user_id, of_two: Some(event.room_id) });
        let except = Except { apart, ..place.except };
        self.inner.announce(&channel, frames::MESSAGE_DELIVERED, &data, Some(place.cause), except);
    }

    pub(super) fn marked_unread(&self, event: &MarkedUnread, place: &Place<'_>) {
        self.unread([event.user_id.clone()], place.position);
    }

    /// Their own affair; what is put away no longer counts among what is unread.
    pub(super) fn arranged(&self, event: &RoomArranged, place: &Place<'_>) {
        match event.arrangement {
            Arrangement::Archived { .. } | Arrangement::Unarchived => {
                self.unread([event.user_id.clone()], place.position);
            }
            Arrangement::Muted { .. } | Arrangement::Unmuted | Arrangement::Pinned | Arrangement::Unpinned => {}
        }
    }
}

/// The view may be behind the event or before it: the words are the event's, unless the message is gone by now. An edit
/// may come behind a deletion that the view does not have yet.
fn reworded(row: MessageRow, event: &MessageEdited, deletion: Option<Deletion>) -> MessageRow {
    if row.deleted.is_some() {
        return row;
    }
    if deletion.is_some() {
        return MessageRow { deleted: deletion, ..row.without_words() };
    }
    MessageRow {
        content: event.content.reveal().to_owned(),
        edited_at: Some(event.at),
        mentions: event.mentions.clone(),
        mentions_all: event.mentions_all,
        ..row
    }
}

/// The newest deletions on the tail, which the view may not have yet.
#[derive(Default)]
pub(super) struct Deletions {
    by_message: HashMap<MessageId, Deletion>,
    order: VecDeque<(Position, MessageId)>,
    /// Up to here they are forgotten: older ones the view must have.
    forgotten: Position,
}

impl Deletions {
    /// The first of a message counts.
    pub fn note(&mut self, position: Position, event: &MessageDeleted) {
        let Entry::Vacant(vacant) = self.by_message.entry(event.message_id) else { return };
        vacant.insert(Deletion { by: event.by.clone(), at: event.at });
        self.order.push_back((position, event.message_id));
        if self.order.len() > DELETIONS_MAX
            && let Some((position, message)) = self.order.pop_front()
        {
            self.by_message.remove(&message);
            self.forgotten = position;
        }
    }

    fn of(&self, message: MessageId) -> Option<Deletion> {
        self.by_message.get(&message).cloned()
    }
}
