//! What may be asked about messages.

use std::collections::BTreeSet;

use crate::aggregate::State;
use crate::ids::{MessageId, RoomId, UserId};
use crate::room::emoji::Emoji;
use crate::room::events::{Attachment, Forwarded, MessageKind};
use crate::{Sealed, Timestamp};

#[derive(Debug, Clone, PartialEq)]
pub struct SendMessage {
    pub room_id: RoomId,
    pub message_id: MessageId,
    pub sender_id: UserId,
    pub kind: MessageKind,
    pub content: Sealed,
    pub attachment: Option<Attachment>,
    pub reply_to: Option<MessageId>,
    /// Who is not in the room is left out, and so is the sender.
    pub mentions: Vec<UserId>,
    /// Everybody in the room is meant.
    pub mentions_all: bool,
    /// Where the words are from, when they are not the sender's own.
    pub forwarded: Option<Forwarded>,
    /// Fact, of forwarded words: their author was erased.
    pub author_gone: bool,
    pub client_message_id: Option<Sealed>,
    /// Fact, in rooms of two: one of them blocked the other.
    pub blocked: bool,
    pub at: Timestamp,
}

/// What never changes about a message, as the command layer found it. Whether it was deleted, edited or reacted to may
/// change meanwhile, so those events are set-like: the first deletion wins, and edits behind it change nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageFacts {
    pub message_id: MessageId,
    pub seq: u64,
    pub sender_id: UserId,
    /// Its words are somebody else's.
    pub forwarded: bool,
}

impl SendMessage {
    pub(super) fn learn(&mut self, facts: &State) {
        match facts {
            State::Relationship(relationship) => self.blocked = relationship.is_blocked(),
            State::User(user) => self.author_gone = user.is_gone(),
            State::Room(_)
            | State::Participant(_)
            | State::Notification(_)
            | State::Feed(_)
            | State::Report(_)
            | State::Preferences(_)
            | State::Subscription(_) => {}
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct EditMessage {
    pub room_id: RoomId,
    pub message: MessageFacts,
    pub edited_by: UserId,
    pub content: Sealed,
    /// As in [`SendMessage`]; whom the words name now.
    pub mentions: Vec<UserId>,
    pub mentions_all: bool,
    /// Fact, where the message has these very words already.
    pub naming: Option<Naming>,
    /// Fact, in rooms of two: one of them blocked the other.
    pub blocked: bool,
    pub at: Timestamp,
}

/// Whom the words of a message name as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naming {
    pub mentions: BTreeSet<UserId>,
    pub all: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct DeleteMessage {
    pub room_id: RoomId,
    pub message: MessageFacts,
    pub deleted_by: UserId,
    pub at: Timestamp,
}

/// Sets or takes back one emoji of one person; toggles are resolved before they get here.
#[derive(Debug, Clone, PartialEq)]
pub struct React {
    pub room_id: RoomId,
    pub message: MessageFacts,
    pub user_id: UserId,
    pub emoji: Emoji,
    pub on: bool,
    /// Fact: it stands there already, or is not there to be taken back.
    pub unchanged: bool,
    /// Fact, in rooms of two: one of them blocked the other.
    pub blocked: bool,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PinMessage {
    pub room_id: RoomId,
    pub message: MessageFacts,
    pub pinned_by: UserId,
    pub on: bool,
    /// Fact, in rooms of two: one of them blocked the other.
    pub blocked: bool,
    pub at: Timestamp,
}
