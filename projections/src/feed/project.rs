//! What each event means for the feed. Pure and total: the same event, the same changes, for ever.

use aggregates::ids::{NotificationId, UserId};
use aggregates::notification::NotificationEvent;
use aggregates::preferences::PreferencesEvent;
use aggregates::subscription::{SubscriptionEvent, Topic};
use aggregates::user::UserEvent;
use aggregates::{DomainEvent, Timestamp, feed::FeedEvent};
use event_log::{Position, RecordedEvent};

use super::choices::{SettingsRow, SubscriptionRow};
use super::rows::NotificationRow;
use crate::text::storable;

/// One change of the feed, in the order of the log.
#[derive(Debug, Clone, PartialEq)]
pub enum FeedChange {
    Raise(NotificationRow),
    /// Keeps the moment it was first read.
    MarkRead {
        id: NotificationId,
        at: Timestamp,
    },
    MarkUnread {
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
    /// What they chose up to `position` is gone.
    Erase {
        user_id: UserId,
        position: Position,
    },
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
        NotificationEvent::NotificationRaised(event) if event.is_in_feed() => FeedChange::Raise(NotificationRow {
            id: event.notification_id,
            recipient_id: event.recipient_id.clone(),
            kind: event.kind,
            actor_id: event.actor_id.clone(),
            source_type: storable(&event.source.kind),
            source_id: storable(&event.source.id),
            read_at: None,
            created_at: event.at,
            position,
        }),
        // Kept from the feed, and what leads outside: nothing is shown of it here.
        NotificationEvent::NotificationRaised(_) | NotificationEvent::DeliveryDecided(_) => return vec![],
        NotificationEvent::NotificationRead(event) => FeedChange::MarkRead { id: event.notification_id, at: event.at },
        NotificationEvent::NotificationUnread(event) => FeedChange::MarkUnread { id: event.notification_id },
    };
    vec![change]
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
