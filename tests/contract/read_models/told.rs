//! Events of notifications that go further than the feed, said shortly.

use aggregates::ids::TargetId;
use aggregates::notification::{
    AttemptEnded, AttemptStarted, DeliveryDecided, NotificationEvent, NotificationRaised, NotificationType,
};
use aggregates::policy::channels::{Channel, Channels};
use aggregates::policy::choosing::Suppression;
use aggregates::policy::content::Content;
use aggregates::policy::deciding::{Decided, Decision, Inputs};
use aggregates::policy::related::Related;
use aggregates::policy::retrying::{AttemptOutcome, Became, OutcomeKind};
use aggregates::subscription::{Topic, TopicKind};
use aggregates::{DomainEvent, Timestamp};

use crate::read_models::events::{notification_id, raised};
use crate::read_models::world::{at, room, user};

pub const CHANNELS: Channels = Channels::ALL;

pub fn scheduled(due: Timestamp) -> Decision {
    Decision::Scheduled { due }
}

pub const fn suppressed(reason: Suppression) -> Decision {
    Decision::Suppressed { reason }
}

fn decided_as(decision: Decision) -> Decided {
    Decided { decision, inputs: Inputs::default() }
}

/// With everything that it can come with.
pub fn worded(nth: i64, number: u128, recipient: &str, title: &str) -> DomainEvent {
    with(raised(nth, number, recipient, NotificationType::System), |raised| {
        let content = Content { title: title.to_owned(), message: format!("{title} \"\u{1}\""), ..Content::default() };
        raised.actor_id = None;
        raised.content = Some(content.to_sealed().expect("plain"));
        raised.related = Related { post_id: Some("post-1".to_owned()), ..Related::default() };
        raised.locale = Some("en".to_owned());
        raised.critical = true;
        raised.topic = Some(Topic { kind: TopicKind::Event, target_id: TargetId::parse("e-1").expect("an id") });
        raised.room_id = Some(room(7));
    })
}

/// The same, kept from the feed.
pub fn kept(event: DomainEvent) -> DomainEvent {
    with(event, |raised| {
        raised.channels = Some(CHANNELS);
        raised.in_app = Some(decided_as(suppressed(Suppression::ChannelOff)));
    })
}

pub fn with(mut event: DomainEvent, change: impl FnOnce(&mut NotificationRaised)) -> DomainEvent {
    let DomainEvent::Notification(NotificationEvent::NotificationRaised(raised)) = &mut event else {
        panic!("a notification")
    };
    change(raised);
    event
}

pub fn decided(nth: i64, number: u128, recipient: &str, channel: Channel, decision: Decision) -> DomainEvent {
    DomainEvent::Notification(NotificationEvent::DeliveryDecided(DeliveryDecided {
        notification_id: notification_id(number),
        recipient_id: user(recipient),
        channel,
        decided: decided_as(decision),
        at: at(nth),
    }))
}

pub fn started(nth: i64, number: u128, recipient: &str, channel: Channel, attempt: u32, provider: &str) -> DomainEvent {
    DomainEvent::Notification(NotificationEvent::AttemptStarted(AttemptStarted {
        notification_id: notification_id(number),
        recipient_id: user(recipient),
        channel,
        attempt,
        provider: provider.to_owned(),
        takes_key: true,
        deadline: at(nth + 30),
        at: at(nth),
    }))
}

pub fn ended(nth: i64, number: u128, recipient: &str, channel: Channel, attempt: u32, became: Became) -> DomainEvent {
    let (kind, provider_id) = match became {
        Became::Accepted => (OutcomeKind::Accepted, Some(format!("theirs-{attempt}"))),
        Became::Deferred { .. } => (OutcomeKind::Unavailable, None),
        Became::Rejected => (OutcomeKind::Refused, None),
        Became::Abandoned => (OutcomeKind::Ambiguous, None),
    };
    let reason = (kind != OutcomeKind::Accepted).then(|| format!("said {}", kind.name()));
    DomainEvent::Notification(NotificationEvent::AttemptEnded(AttemptEnded {
        notification_id: notification_id(number),
        recipient_id: user(recipient),
        channel,
        attempt,
        outcome: AttemptOutcome { kind, reason, provider_id, after_ms: None },
        became,
        at: at(nth),
    }))
}
