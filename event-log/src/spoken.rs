//! Everything that somebody said or was called, found in the log: which keys it is sealed with, how much it is.
//!
//! Reads the whole log once, for an erasure to name every key there is, wherever it is kept, and to say what goes with it.
//! Never in here: the words.

use std::collections::{BTreeMap, BTreeSet};

use aggregates::ids::UserId;
use aggregates::room::RoomEvent;
use aggregates::words::{HOLDING_WORDS, HasWords};
use aggregates::{DomainEvent, KeyId, Unreadable};

use crate::port::{EventLogError, Filter, SharedLog};
use crate::position::Position;
use crate::recorded::RecordedEvent;

/// Events in memory at a time.
const PAGE_EVENTS: usize = 1_000;

/// An event with words of theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    pub position: Position,
    /// Its stored name.
    pub kind: &'static str,
    /// The message; otherwise the stream it is in.
    pub id: String,
}

/// What there is of somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EverythingSpoken {
    /// Every key that any of it is sealed with, whether it is at hand or not.
    pub keys: BTreeSet<KeyId>,
    /// Events that can be read, by stored name.
    pub readable: BTreeMap<&'static str, u64>,
    /// The first of them.
    pub first: Vec<Spoken>,
    /// Events of earlier erasures.
    pub erased: u64,
    /// Events whose key is not among the keys.
    pub lost: u64,
    /// Events with words that were never sealed, which stay in the log as they are. They are counted above as well.
    pub never_sealed: u64,
    /// Events that this program cannot read: whose words are in them is not known.
    pub unreadable: u64,
}

impl EverythingSpoken {
    pub fn readable_total(&self) -> u64 {
        self.readable.values().sum()
    }

    /// Up to the head of this moment; the first `first_max` are named. `seen` hears how far it is.
    pub async fn by(
        log: &SharedLog,
        user: &UserId,
        first_max: usize,
        mut seen: impl FnMut(Position),
    ) -> Result<Self, EventLogError> {
        let head = log.head().await?;
        let mut spoken = Self::default();
        let mut position = Position::START;
        while position < head {
            let page = match log.read_after(position, PAGE_EVENTS, Filter::Kinds(HOLDING_WORDS)).await {
                // Nobody stays unerased because of it.
                Err(EventLogError::Unreadable { position: at, .. }) => {
                    spoken.unreadable += 1;
                    position = at;
                    continue;
                }
                page => page?,
            };
            if page.scanned_to <= position {
                break;
            }
            position = page.scanned_to;
            page.into_events().for_each(|recorded| spoken.take(recorded, user, first_max));
            seen(position);
        }
        Ok(spoken)
    }

    fn take(&mut self, mut recorded: RecordedEvent, user: &UserId, first_max: usize) {
        let (mut any, mut gone, mut plain) = (false, None, false);
        recorded.event.visit_words(&mut |place, words| {
            if place.owner == user {
                any = true;
                self.keys.extend(words.key());
                plain |= words.was_never_sealed();
                gone = gone.or(words.unreadable());
            }
        });
        self.never_sealed += u64::from(plain);
        match gone {
            _ if !any => {}
            Some(Unreadable::Erased) => self.erased += 1,
            Some(Unreadable::Lost) => self.lost += 1,
            None => {
                let kind = recorded.event.schema().name();
                *self.readable.entry(kind).or_default() += 1;
                if self.first.len() < first_max {
                    self.first.push(Spoken { position: recorded.position, kind, id: id_of(&recorded) });
                }
            }
        }
    }
}

fn id_of(recorded: &RecordedEvent) -> String {
    match &recorded.event {
        DomainEvent::Room(RoomEvent::MessageSent(sent)) => sent.message_id.to_string(),
        DomainEvent::Room(RoomEvent::MessageEdited(edited)) => edited.message_id.to_string(),
        DomainEvent::Room(
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
            | RoomEvent::MessageDeleted(_)
            | RoomEvent::ReactionAdded(_)
            | RoomEvent::ReactionRemoved(_)
            | RoomEvent::MessagePinned(_)
            | RoomEvent::MessageUnpinned(_),
        )
        | DomainEvent::User(_)
        | DomainEvent::Participant(_)
        | DomainEvent::Relationship(_)
        | DomainEvent::Notification(_)
        | DomainEvent::Feed(_)
        | DomainEvent::Report(_)
        | DomainEvent::Preferences(_)
        | DomainEvent::Subscription(_) => recorded.stream.id.to_string(),
    }
}
