//! What events speak of: does the room, the user, the notification exist, and before that event?
//!
//! Which streams begin where is asked of the log, a page's worth in one question, and remembered for as many streams as
//! [`STREAMS_MAX`] says; at the limit all are forgotten and asked for again. So memory is bounded, and a log with more
//! streams costs more questions.

use std::collections::{HashMap, HashSet};

use aggregates::feed::FeedEvent;
use aggregates::ids::{NotificationId, RoomId, UserId, UserPair};
use aggregates::notification::NotificationEvent;
use aggregates::participant::ParticipantEvent;
use aggregates::preferences::PreferencesEvent;
use aggregates::relationship::RelationshipEvent;
use aggregates::report::{ReportEvent, Subject};
use aggregates::room::RoomEvent;
use aggregates::subscription::{SubscriptionEvent, Topic, TopicKind};
use aggregates::user::UserEvent;
use aggregates::{AggregateKind, DomainEvent, StreamId};
use event_log::raw::{Beginning, RawLog, StreamKey};
use event_log::{EventLogError, RecordedEvent};

use super::findings::{Findings, Severity};

/// About 40 MB of names.
pub const STREAMS_MAX: usize = 200_000;

#[derive(Debug, Default)]
pub struct ReferenceChecks {
    begun: HashMap<StreamKey, Begun>,
}

#[derive(Debug, Clone)]
struct Begun {
    position: i64,
    event_type: String,
}

impl ReferenceChecks {
    pub async fn check(
        &mut self,
        log: &mut dyn RawLog,
        page: &[RecordedEvent],
        findings: &mut Findings,
    ) -> Result<(), EventLogError> {
        let spoken: Vec<(&RecordedEvent, Vec<StreamId>)> =
            page.iter().map(|recorded| (recorded, spoken_of(&recorded.event))).collect();
        let mut wanted: HashSet<StreamKey> = HashSet::new();
        for (recorded, spoken) in &spoken {
            let streams = spoken.iter().chain([&recorded.stream]).map(key);
            wanted.extend(streams.filter(|stream| !self.begun.contains_key(stream)));
        }
        let wanted: Vec<StreamKey> = wanted.into_iter().collect();
        let found = log.beginnings(&wanted).await?;
        if self.begun.len() + found.len() > STREAMS_MAX {
            self.forget(&spoken);
        }
        for Beginning { stream, position, event_type } in found {
            // A damaged stream may begin twice: the first time counts.
            let begun = Begun { position, event_type };
            let known = self.begun.entry(stream).or_insert_with(|| begun.clone());
            if begun.position < known.position {
                *known = begun;
            }
        }
        for (recorded, spoken) in spoken {
            self.own_stream(recorded, findings);
            for stream in spoken {
                self.other_stream(recorded, &stream, findings);
            }
        }
        Ok(())
    }

    /// All but what this page needs.
    fn forget(&mut self, spoken: &[(&RecordedEvent, Vec<StreamId>)]) {
        let needed: HashSet<StreamKey> =
            spoken.iter().flat_map(|(recorded, spoken)| spoken.iter().chain([&recorded.stream]).map(key)).collect();
        self.begun.retain(|stream, _| needed.contains(stream));
    }

    fn own_stream(&self, recorded: &RecordedEvent, findings: &mut Findings) {
        let named = own(&recorded.event);
        if named != recorded.stream {
            let advice = "no rule writes such an event: whoever reads the stream decides on somebody else's history";
            findings.add(
                Severity::Error,
                "references",
                "an event lies in the stream of something else",
                advice,
                || format!("{}, and speaks of {named}", place(recorded)),
            );
        }
        let Some(opening) = opening(recorded.stream.kind) else { return };
        let begun = self.begun.get(&key(&recorded.stream));
        if begun.is_some_and(|begun| opening.contains(&begun.event_type.as_str())) {
            return;
        }
        let what = format!(
            "a {} that was never there: its stream does not begin with {}",
            recorded.stream.kind.name(),
            opening[0]
        );
        findings.add(Severity::Error, "orphans", what, ORPHANS, || place(recorded));
    }

    fn other_stream(&self, recorded: &RecordedEvent, stream: &StreamId, findings: &mut Findings) {
        let position = i64::try_from(recorded.position.0).unwrap_or(i64::MAX);
        if self.begun.get(&key(stream)).is_some_and(|begun| begun.position < position) {
            return;
        }
        // People may be known to the platform before Kabar hears of them; a room is made here.
        let severity = if stream.kind == AggregateKind::User { Severity::Warning } else { Severity::Error };
        let name = recorded.event.schema().name();
        let what = format!("{name} of a {} that is not there", stream.kind.name());
        findings.add(severity, "orphans", what, ORPHANS, || format!("{}: {stream}", place(recorded)));
    }
}

const ORPHANS: &str = "what it speaks of is not in the log before it: views show it without a name, or not at all";

fn place(recorded: &RecordedEvent) -> String {
    let RecordedEvent { position, stream, sequence, event, .. } = recorded;
    format!("position {position}: {} of {stream}#{sequence}", event.schema().name())
}

fn key(stream: &StreamId) -> StreamKey {
    StreamKey { aggregate_type: stream.kind.name().to_owned(), aggregate_id: stream.id.to_string() }
}

/// The event without which there is no stream of this kind; `None` where any may be the first.
const fn opening(kind: AggregateKind) -> Option<&'static [&'static str]> {
    match kind {
        AggregateKind::Room => Some(&[RoomEvent::ROOM_OPENED]),
        // Somebody may be erased of whom only others spoke.
        AggregateKind::User => Some(&[UserEvent::USER_REGISTERED, "user_erased"]),
        AggregateKind::Notification => Some(&["notification_raised"]),
        AggregateKind::Report => Some(&[ReportEvent::REPORT_FILED]),
        AggregateKind::Preferences => Some(&["preferences_changed"]),
        // Somebody may say no before anything subscribed them.
        AggregateKind::Subscription
        | AggregateKind::Participant
        | AggregateKind::Relationship
        | AggregateKind::Feed => None,
    }
}

/// The stream that the payload names as its own.
fn own(event: &DomainEvent) -> StreamId {
    match event {
        DomainEvent::Room(event) => StreamId::room(room_of(event)),
        DomainEvent::Participant(event) => {
            let (room_id, user_id) = place_of(event);
            StreamId::participant(room_id, user_id)
        }
        DomainEvent::Relationship(
            RelationshipEvent::UserFollowed(event)
            | RelationshipEvent::UserUnfollowed(event)
            | RelationshipEvent::UserBlocked(event)
            | RelationshipEvent::UserUnblocked(event),
        ) => StreamId::relationship(&UserPair::new(&event.from, &event.to)),
        DomainEvent::Notification(event) => StreamId::notification(notification_of(event)),
        DomainEvent::Feed(FeedEvent::FeedRead(event)) => StreamId::feed(&event.user_id),
        DomainEvent::User(UserEvent::UserRegistered(event)) => StreamId::user(&event.user_id),
        DomainEvent::User(UserEvent::ProfileChanged(event)) => StreamId::user(&event.user_id),
        DomainEvent::User(UserEvent::UserErased(event)) => StreamId::user(&event.user_id),
        DomainEvent::Report(event) => StreamId::report(event.report_id()),
        DomainEvent::Preferences(PreferencesEvent::PreferencesChanged(event)) => StreamId::preferences(&event.user_id),
        DomainEvent::Subscription(event) => {
            let (user_id, topic) = subscription_of(event);
            StreamId::subscription(user_id, topic)
        }
    }
}

const fn room_of(event: &RoomEvent) -> RoomId {
    match event {
        RoomEvent::RoomOpened(event) => event.room_id,
        RoomEvent::MembersAdded(event) => event.room_id,
        RoomEvent::MemberRemoved(event) => event.room_id,
        RoomEvent::MemberRoleChanged(event) => event.room_id,
        RoomEvent::MessageSent(event) => event.room_id,
        RoomEvent::RoomRenamed(event) => event.room_id,
        RoomEvent::RoomAvatarChanged(event) => event.room_id,
        RoomEvent::JoinPolicyChanged(event) => event.room_id,
        RoomEvent::SlowModeChanged(event) => event.room_id,
        RoomEvent::MessageEdited(event) => event.room_id,
        RoomEvent::MessageDeleted(event) => event.room_id,
        RoomEvent::RoomClosed(event) | RoomEvent::RoomReopened(event) => event.room_id,
        RoomEvent::ReactionAdded(event) | RoomEvent::ReactionRemoved(event) => event.room_id,
        RoomEvent::MessagePinned(event) | RoomEvent::MessageUnpinned(event) => event.room_id,
    }
}

const fn place_of(event: &ParticipantEvent) -> (RoomId, &UserId) {
    match event {
        ParticipantEvent::MessagesRead(event) => (event.room_id, &event.user_id),
        ParticipantEvent::MarkedUnread(event) => (event.room_id, &event.user_id),
        ParticipantEvent::MessagesDelivered(event) => (event.room_id, &event.user_id),
        ParticipantEvent::RoomArranged(event) => (event.room_id, &event.user_id),
    }
}

const fn notification_of(event: &NotificationEvent) -> NotificationId {
    match event {
        NotificationEvent::NotificationRaised(event) => event.notification_id,
        NotificationEvent::DeliveryDecided(event) => event.notification_id,
        NotificationEvent::AttemptStarted(event) => event.notification_id,
        NotificationEvent::AttemptEnded(event) => event.notification_id,
        NotificationEvent::NotificationRead(event)
        | NotificationEvent::NotificationUnread(event)
        | NotificationEvent::NotificationClicked(event)
        | NotificationEvent::NotificationArchived(event)
        | NotificationEvent::NotificationUnarchived(event)
        | NotificationEvent::NotificationDeleted(event) => event.notification_id,
    }
}

const fn subscription_of(event: &SubscriptionEvent) -> (&UserId, &Topic) {
    match event {
        SubscriptionEvent::Subscribed(event) => (&event.user_id, &event.topic),
        SubscriptionEvent::Unsubscribed(event) => (&event.user_id, &event.topic),
    }
}

/// The streams that must have begun before this event, its own left out.
fn spoken_of(event: &DomainEvent) -> Vec<StreamId> {
    let users = |users: &[&UserId]| users.iter().map(|user| StreamId::user(user)).collect::<Vec<_>>();
    match event {
        DomainEvent::Room(event) => match event {
            RoomEvent::RoomOpened(event) => {
                event.members.iter().map(|member| StreamId::user(&member.user_id)).collect()
            }
            RoomEvent::MembersAdded(event) => {
                event.members.iter().map(|member| StreamId::user(&member.user_id)).collect()
            }
            RoomEvent::MemberRemoved(event) => users(&[&event.user_id]),
            RoomEvent::MemberRoleChanged(event) => users(&[&event.user_id]),
            RoomEvent::MessageSent(event) => {
                let author = event.forwarded.iter().map(|forwarded| &forwarded.author_id);
                let named: Vec<&UserId> =
                    std::iter::once(&event.sender_id).chain(author).chain(&event.mentions).collect();
                users(&named)
            }
            RoomEvent::RoomRenamed(event) => users(&[&event.by]),
            RoomEvent::RoomAvatarChanged(event) => users(&[&event.by]),
            RoomEvent::JoinPolicyChanged(event) => users(&[&event.by]),
            RoomEvent::SlowModeChanged(event) => users(&[&event.by]),
            RoomEvent::RoomClosed(event) | RoomEvent::RoomReopened(event) => users(&[&event.by]),
            RoomEvent::MessageEdited(event) => {
                users(&std::iter::once(&event.sender_id).chain(&event.mentions).collect::<Vec<_>>())
            }
            RoomEvent::MessageDeleted(event) => users(&[&event.sender_id, &event.by]),
            RoomEvent::ReactionAdded(event) | RoomEvent::ReactionRemoved(event) => users(&[&event.user_id]),
            RoomEvent::MessagePinned(event) | RoomEvent::MessageUnpinned(event) => users(&[&event.by]),
        },
        DomainEvent::Participant(event) => {
            let (room_id, user_id) = place_of(event);
            vec![StreamId::room(room_id), StreamId::user(user_id)]
        }
        DomainEvent::Relationship(
            RelationshipEvent::UserFollowed(event)
            | RelationshipEvent::UserUnfollowed(event)
            | RelationshipEvent::UserBlocked(event)
            | RelationshipEvent::UserUnblocked(event),
        ) => users(&[&event.from, &event.to]),
        DomainEvent::Notification(event) => spoken_of_by_notification(event),
        DomainEvent::Feed(FeedEvent::FeedRead(event)) => users(&[&event.user_id]),
        DomainEvent::User(UserEvent::UserRegistered(_) | UserEvent::ProfileChanged(_) | UserEvent::UserErased(_)) => {
            Vec::new()
        }
        DomainEvent::Report(ReportEvent::ReportFiled(event)) => {
            let room = match event.subject {
                Subject::Message { room_id, .. } | Subject::Room { room_id } => Some(StreamId::room(room_id)),
                Subject::User { .. } => None,
            };
            let people = std::iter::once(&event.reporter_id).chain(event.subject.about());
            people.map(StreamId::user).chain(room).collect()
        }
        DomainEvent::Report(ReportEvent::ReportResolved(event)) => users(&[&event.by]),
        DomainEvent::Preferences(PreferencesEvent::PreferencesChanged(event)) => users(&[&event.user_id]),
        DomainEvent::Subscription(event) => spoken_of_by_subscription(event),
    }
}

fn spoken_of_by_notification(event: &NotificationEvent) -> Vec<StreamId> {
    match event {
        NotificationEvent::NotificationRaised(event) => {
            let people = std::iter::once(&event.recipient_id).chain(&event.actor_id).map(StreamId::user);
            let topic = event.topic.as_ref().and_then(person_of);
            people.chain(topic).chain(event.room_id.map(StreamId::room)).collect()
        }
        NotificationEvent::DeliveryDecided(event) => vec![StreamId::user(&event.recipient_id)],
        NotificationEvent::AttemptStarted(event) => vec![StreamId::user(&event.recipient_id)],
        NotificationEvent::AttemptEnded(event) => vec![StreamId::user(&event.recipient_id)],
        NotificationEvent::NotificationRead(event)
        | NotificationEvent::NotificationUnread(event)
        | NotificationEvent::NotificationClicked(event)
        | NotificationEvent::NotificationArchived(event)
        | NotificationEvent::NotificationUnarchived(event)
        | NotificationEvent::NotificationDeleted(event) => vec![StreamId::user(&event.recipient_id)],
    }
}

fn spoken_of_by_subscription(event: &SubscriptionEvent) -> Vec<StreamId> {
    match event {
        SubscriptionEvent::Subscribed(event) => {
            [StreamId::user(&event.user_id)].into_iter().chain(person_of(&event.topic)).collect()
        }
        // Whoever says no need not know whether there is anybody.
        SubscriptionEvent::Unsubscribed(event) => vec![StreamId::user(&event.user_id)],
    }
}

/// Other topics are the platform's: Kabar has no streams of them.
fn person_of(topic: &Topic) -> Option<StreamId> {
    (topic.kind == TopicKind::User).then(|| StreamId::new(AggregateKind::User, topic.target_id.as_str()))
}
