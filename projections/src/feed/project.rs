//! What each event means for the feed. Pure and total: the same event, the same changes, for ever.

use aggregates::ids::{NotificationId, UserId};
use aggregates::notification::NotificationEvent;
use aggregates::{DomainEvent, Timestamp, feed::FeedEvent};
use event_log::{Position, RecordedEvent};

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
}

pub fn project(recorded: &RecordedEvent) -> Vec<FeedChange> {
    match &recorded.event {
        DomainEvent::Notification(event) => in_notification(event, recorded.position),
        DomainEvent::Feed(event) => in_feed(event),
        DomainEvent::Room(_)
        | DomainEvent::Participant(_)
        | DomainEvent::Relationship(_)
        | DomainEvent::User(_)
        | DomainEvent::Report(_) => vec![],
    }
}

fn in_notification(event: &NotificationEvent, position: Position) -> Vec<FeedChange> {
    vec![match event {
        NotificationEvent::NotificationRaised(event) => FeedChange::Raise(NotificationRow {
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
        NotificationEvent::NotificationRead(event) => FeedChange::MarkRead { id: event.notification_id, at: event.at },
        NotificationEvent::NotificationUnread(event) => FeedChange::MarkUnread { id: event.notification_id },
    }]
}

fn in_feed(event: &FeedEvent) -> Vec<FeedChange> {
    match event {
        FeedEvent::FeedRead(event) => {
            vec![FeedChange::MarkAllRead { user_id: event.user_id.clone(), up_to: Position(event.up_to), at: event.at }]
        }
    }
}
