//! What may be asked of a notification.

use super::events::{NotificationType, Source};
use crate::aggregate::{Need, State};
use crate::catalogue::StreamId;
use crate::ids::{NotificationId, UserId};
use crate::policy::channels::Channel;
use crate::policy::deciding::Hearing;
use crate::policy::related::Related;
use crate::policy::retrying::{AttemptOutcome, RetryPolicy};
use crate::{Sealed, Timestamp};

#[derive(Debug, Clone, PartialEq)]
pub enum NotificationCommand {
    /// Boxed: the others are small.
    Raise(Box<RaiseNotification>),
    /// From elsewhere, where it was decided and delivered.
    BringIn(BringInNotification),
    /// By whoever delivers; asks everything again that was asked when it was raised.
    StartAttempt(Box<StartAttempt>),
    EndAttempt(Box<EndAttempt>),
    MarkRead(MarkNotification),
    MarkUnread(MarkNotification),
    /// Its link was followed; it is read with that.
    Click(MarkNotification),
    Archive(MarkNotification),
    Unarchive(MarkNotification),
    Delete(MarkNotification),
}

#[derive(Debug, Clone, PartialEq)]
pub struct RaiseNotification {
    pub notification_id: NotificationId,
    pub source: Source,
    pub related: Related,
    /// What it says, where that is not made from its type's template (see [`crate::policy::content::Content`]).
    pub content: Option<Sealed>,
    pub hearing: Hearing,
    /// When what it is about happened.
    pub at: Timestamp,
}

/// A piece of history: it is in the feed, and nobody is told of it.
#[derive(Debug, Clone, PartialEq)]
pub struct BringInNotification {
    pub notification_id: NotificationId,
    pub recipient_id: UserId,
    pub kind: NotificationType,
    pub actor_id: Option<UserId>,
    pub source: Source,
    pub at: Timestamp,
}

/// The claim and the last look in one: whoever has it written may send, nobody else.
#[derive(Debug, Clone, PartialEq)]
pub struct StartAttempt {
    pub notification_id: NotificationId,
    pub channel: Channel,
    /// As it was raised, of this channel alone.
    pub hearing: Hearing,
    /// The log position at which it was raised: a feed that was read that far has been read with it.
    pub raised_at: u64,
    /// Who is to carry it.
    pub provider: String,
    /// That provider recognises a repeat.
    pub takes_key: bool,
    /// What becomes of an attempt before this one that was never ended.
    pub repeat_ambiguous: bool,
    /// Of those that count.
    pub attempts_max: u32,
    /// From then on nobody waits for its outcome any more. It is started at the clock of `hearing`.
    pub deadline: Timestamp,
}

#[derive(Debug, Clone, PartialEq)]
pub struct EndAttempt {
    pub notification_id: NotificationId,
    pub channel: Channel,
    /// Which one, from 1.
    pub attempt: u32,
    pub outcome: AttemptOutcome,
    /// Who is tried next where this provider cannot carry it at all.
    pub next_provider: Option<String>,
    pub retry: RetryPolicy,
    /// Between nothing and a thousand: spreads what waits for the same provider.
    pub jitter: u16,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq)]
pub struct MarkNotification {
    pub notification_id: NotificationId,
    pub marked_by: UserId,
    pub at: Timestamp,
}

impl NotificationCommand {
    pub(crate) fn needs(&self) -> Vec<Need> {
        match self {
            Self::Raise(command) => command.hearing.needs(),
            Self::StartAttempt(command) => command.hearing.needs_again(),
            Self::BringIn(_)
            | Self::EndAttempt(_)
            | Self::MarkRead(_)
            | Self::MarkUnread(_)
            | Self::Click(_)
            | Self::Archive(_)
            | Self::Unarchive(_)
            | Self::Delete(_) => Vec::new(),
        }
    }

    pub(crate) fn learn(&mut self, stream: &StreamId, facts: &State) {
        match self {
            Self::Raise(command) => command.hearing.learn(stream, facts),
            Self::StartAttempt(command) => command.hearing.learn(stream, facts),
            Self::BringIn(_)
            | Self::EndAttempt(_)
            | Self::MarkRead(_)
            | Self::MarkUnread(_)
            | Self::Click(_)
            | Self::Archive(_)
            | Self::Unarchive(_)
            | Self::Delete(_) => {}
        }
    }
}
