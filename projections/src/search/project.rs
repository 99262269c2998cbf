//! What each event means for a search. Pure and total: the same event, the same changes, for ever.

use aggregates::DomainEvent;
use aggregates::ids::{RoomId, UserId};
use aggregates::room::{MessageEdited, MessageSent, RoomEvent};
use aggregates::user::UserEvent;
use event_log::{Position, RecordedEvent};

use super::rows::Entry;
use super::words;

/// One change of what is found, in the order of the log.
#[derive(Debug, Clone, PartialEq)]
pub enum SearchChange {
    /// Nothing when there is one in its place.
    Add(Entry),
    /// Other words, said at `position` by whoever sent it; nothing behind its deletion.
    Reword {
        room_id: RoomId,
        seq: u64,
        words: String,
        position: Position,
    },
    Remove {
        room_id: RoomId,
        seq: u64,
    },
    /// What belongs to `user_id` and was said before `position` is found no more.
    Erase {
        user_id: UserId,
        position: Position,
    },
}

impl SearchChange {
    pub(crate) fn erased(&self) -> Option<(&UserId, Position)> {
        match self {
            Self::Erase { user_id, position } => Some((user_id, *position)),
            Self::Add(_) | Self::Reword { .. } | Self::Remove { .. } => None,
        }
    }
}

pub fn project(recorded: &RecordedEvent) -> Vec<SearchChange> {
    let position = recorded.position;
    match &recorded.event {
        DomainEvent::Room(event) => in_room(event, position),
        DomainEvent::User(UserEvent::UserErased(event)) => {
            vec![SearchChange::Erase { user_id: event.user_id.clone(), position }]
        }
        DomainEvent::User(UserEvent::UserRegistered(_) | UserEvent::ProfileChanged(_))
        | DomainEvent::Participant(_)
        | DomainEvent::Relationship(_)
        | DomainEvent::Notification(_)
        | DomainEvent::Feed(_)
        | DomainEvent::Report(_)
        | DomainEvent::Preferences(_)
        | DomainEvent::Subscription(_) => vec![],
    }
}

fn in_room(event: &RoomEvent, position: Position) -> Vec<SearchChange> {
    match event {
        RoomEvent::MessageSent(event) => vec![SearchChange::Add(sent(event, position))],
        RoomEvent::MessageEdited(event) => vec![edited(event, position)],
        RoomEvent::MessageDeleted(event) => {
            vec![SearchChange::Remove { room_id: event.room_id, seq: event.seq }]
        }
        RoomEvent::RoomOpened(_)
        | RoomEvent::MembersAdded(_)
        | RoomEvent::MemberRemoved(_)
        | RoomEvent::MemberRoleChanged(_)
        | RoomEvent::RoomRenamed(_)
        | RoomEvent::RoomAvatarChanged(_)
        | RoomEvent::JoinPolicyChanged(_)
        | RoomEvent::SlowModeChanged(_)
        | RoomEvent::RoomClosed(_)
        | RoomEvent::RoomReopened(_)
        | RoomEvent::ReactionAdded(_)
        | RoomEvent::ReactionRemoved(_)
        | RoomEvent::MessagePinned(_)
        | RoomEvent::MessageUnpinned(_) => vec![],
    }
}

fn sent(event: &MessageSent, position: Position) -> Entry {
    let author = event.forwarded.as_ref().map(|forwarded| &forwarded.author_id);
    Entry {
        position,
        message_id: event.message_id,
        room_id: event.room_id,
        seq: event.seq,
        sender_id: event.sender_id.clone(),
        author_id: author.filter(|author| **author != event.sender_id).cloned(),
        sent_at: event.at,
        has_attachment: event.attachment.is_some(),
        deleted: false,
        worded: position,
        words: Some(words::kept(event.content.reveal())),
    }
}

fn edited(event: &MessageEdited, position: Position) -> SearchChange {
    SearchChange::Reword {
        room_id: event.room_id,
        seq: event.seq,
        words: words::kept(event.content.reveal()),
        position,
    }
}
