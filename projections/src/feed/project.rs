//! What each event means for the feed. Pure and total: the same event, the same changes, for ever.

use aggregates::ids::{NotificationId, UserId};
use aggregates::notification::{AttemptEnded, AttemptStarted, NotificationEvent};
use aggregates::policy::channels::Channel;
use aggregates::preferences::PreferencesEvent;
use aggregates::subscription::{SubscriptionEvent, Topic};
use aggregates::user::UserEvent;
use aggregates::{DomainEvent, Timestamp, feed::FeedEvent};
use event_log::{Position, RecordedEvent};

use super::choices::{SettingsRow, SubscriptionRow};
use super::deliveries::{DeliveryChange, DeliveryStep};
use super::rows::NotificationRow;

/// One change of the feed, in the order of the log.
#[derive(Debug, Clone, PartialEq)]
pub enum FeedChange {
    /// It begins here; what was there of it before is gone, and so are its deliveries.
    Raise(Box<NotificationRow>),
    /// Something of it on a channel that leads outside.
    Deliver(DeliveryChange),
    /// Keeps the moment it was first read.
    MarkRead {
        id: NotificationId,
        at: Timestamp,
    },
    MarkUnread {
        id: NotificationId,
    },
    /// Keeps the moment it was first followed.
    Click {
        id: NotificationId,
        at: Timestamp,
    },
    /// Put away at that time; `None`: back where it was.
    Archive {
        id: NotificationId,
        at: Option<Timestamp>,
    },
    /// It is in nobody's feed any more, and says nothing. What is under way elsewhere comes to its end.
    Delete {
        id: NotificationId,
    },
    /// Everything of `user_id` raised so far, at or before `up_to`, is read.
    MarkAllRead {
        user_id: UserId,
        up_to: Position,
        at: Timestamp,
    },
    /// What somebody chose, all of it.
    Settle(SettingsRow),
    /// From its beginning on; what was there before ends there.
    Subscribe(SubscriptionRow),
    /// Nothing where nothing was.
    Unsubscribe {
        user_id: UserId,
        topic: Topic,
        position: Position,
    },
    /// Everything of theirs from before `position` is gone.
    Erase {
        user_id: UserId,
        position: Position,
    },
}

impl FeedChange {
    /// Who is erased, and up to where what is theirs goes.
    pub(crate) fn erased(&self) -> Option<(&UserId, Position)> {
        match self {
            Self::Erase { user_id, position } => Some((user_id, *position)),
            Self::Raise(_)
            | Self::Deliver(_)
            | Self::MarkRead { .. }
            | Self::MarkUnread { .. }
            | Self::Click { .. }
            | Self::Archive { .. }
            | Self::Delete { .. }
            | Self::MarkAllRead { .. }
            | Self::Settle(_)
            | Self::Subscribe(_)
            | Self::Unsubscribe { .. } => None,
        }
    }
}

pub fn project(recorded: &RecordedEvent) -> Vec<FeedChange> {
    match &recorded.event {
        DomainEvent::Notification(event) => in_notification(event, recorded.position),
        DomainEvent::Feed(event) => in_feed(event),
        DomainEvent::Preferences(event) => vec![in_preferences(event, recorded.position)],
        DomainEvent::Subscription(event) => vec![in_subscription(event, recorded.position)],
        DomainEvent::User(UserEvent::UserErased(event)) => {
            vec![FeedChange::Erase { user_id: event.user_id.clone(), position: recorded.position }]
        }
        DomainEvent::User(UserEvent::UserRegistered(_) | UserEvent::ProfileChanged(_))
        | DomainEvent::Room(_)
        | DomainEvent::Participant(_)
        | DomainEvent::Relationship(_)
        | DomainEvent::Report(_) => vec![],
    }
}

fn in_notification(event: &NotificationEvent, position: Position) -> Vec<FeedChange> {
    let change = match event {
        NotificationEvent::NotificationRaised(event) => {
            FeedChange::Raise(Box::new(NotificationRow::raised(event, position)))
        }
        NotificationEvent::DeliveryDecided(event) => {
            let step = DeliveryStep::Decided(event.decided.decision);
            return delivery(event.notification_id, event.channel, step);
        }
        NotificationEvent::AttemptStarted(event) => {
            let AttemptStarted { notification_id, channel, attempt, provider, deadline, .. } = event;
            let step = DeliveryStep::Started { attempt: *attempt, provider: provider.clone(), deadline: *deadline };
            return delivery(*notification_id, *channel, step);
        }
        NotificationEvent::AttemptEnded(event) => {
            let AttemptEnded { notification_id, channel, outcome, became, at, .. } = event;
            let step = DeliveryStep::Ended { outcome: outcome.clone(), became: became.clone(), at: *at };
            return delivery(*notification_id, *channel, step);
        }
        NotificationEvent::NotificationRead(event) => FeedChange::MarkRead { id: event.notification_id, at: event.at },
        NotificationEvent::NotificationUnread(event) => FeedChange::MarkUnread { id: event.notification_id },
        NotificationEvent::NotificationClicked(event) => FeedChange::Click { id: event.notification_id, at: event.at },
        NotificationEvent::NotificationArchived(event) => {
            FeedChange::Archive { id: event.notification_id, at: Some(event.at) }
        }
        NotificationEvent::NotificationUnarchived(event) => FeedChange::Archive { id: event.notification_id, at: None },
        NotificationEvent::NotificationDeleted(event) => FeedChange::Delete { id: event.notification_id },
    };
    vec![change]
}

/// In-app leads nowhere: whether it is in the feed was said when it was raised.
fn delivery(id: NotificationId, channel: Channel, step: DeliveryStep) -> Vec<FeedChange> {
    match channel {
        Channel::InApp => vec![],
        Channel::Push | Channel::Email | Channel::WhatsApp => {
            vec![FeedChange::Deliver(DeliveryChange { id, channel, step })]
        }
    }
}

fn in_feed(event: &FeedEvent) -> Vec<FeedChange> {
    match event {
        FeedEvent::FeedRead(event) => {
            vec![FeedChange::MarkAllRead { user_id: event.user_id.clone(), up_to: Position(event.up_to), at: event.at }]
        }
    }
}

fn in_preferences(event: &PreferencesEvent, position: Position) -> FeedChange {
    match event {
        PreferencesEvent::PreferencesChanged(event) => FeedChange::Settle(SettingsRow {
            user_id: event.user_id.clone(),
            settings: event.settings.clone(),
            position,
        }),
    }
}

fn in_subscription(event: &SubscriptionEvent, position: Position) -> FeedChange {
    match event {
        SubscriptionEvent::Subscribed(event) => FeedChange::Subscribe(SubscriptionRow {
            user_id: event.user_id.clone(),
            topic: event.topic.clone(),
            channels: event.channels,
            auto: event.auto,
            from: position,
            to: None,
        }),
        SubscriptionEvent::Unsubscribed(event) => {
            FeedChange::Unsubscribe { user_id: event.user_id.clone(), topic: event.topic.clone(), position }
        }
    }
}
