//! A log with events in it, and views beside it.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use aggregates::ids::{CommandId, EventId, RoomId, UserId};
use aggregates::notification::NotificationEvent;
use aggregates::participant::ParticipantEvent;
use aggregates::preferences::PreferencesEvent;
use aggregates::relationship::{Directed, RelationshipEvent};
use aggregates::room::RoomEvent;
use aggregates::subscription::SubscriptionEvent;
use aggregates::user::UserEvent;
use aggregates::{DomainEvent, Metadata, StreamId, Timestamp, ids::UserPair};
use event_log::port::{Batch, NewEvent, Original};
use event_log::{Position, SharedLog};
use projections::{UnitName, Views};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::backend::{Backend, TestStore};

/// How long a test waits for anything before it says what it waited for.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub struct World {
    pub store: TestStore,
    pub log: SharedLog,
    head: Position,
    sequences: HashMap<StreamId, u64>,
}

impl World {
    /// `None` when the backend is left out.
    pub async fn on(backend: Backend) -> Option<Self> {
        let store = backend.store().await?;
        let log = store.open().await;
        Some(Self { store, log, head: Position::START, sequences: HashMap::new() })
    }

    /// Puts events into the log in one append and says where the last one is.
    pub async fn record(&mut self, events: impl IntoIterator<Item = DomainEvent>) -> Position {
        self.append(events, |_| None).await
    }

    /// The same as the door does it: what was written is in this process's memory at once.
    pub async fn record_with_originals(&mut self, events: impl IntoIterator<Item = DomainEvent>) -> Position {
        let original = |event: &DomainEvent| Original { event: event.clone(), metadata: Arc::default() };
        self.append(events, |event| Some(original(event))).await
    }

    async fn append(
        &mut self,
        events: impl IntoIterator<Item = DomainEvent>,
        original: impl Fn(&DomainEvent) -> Option<Original>,
    ) -> Position {
        let mut batch = Batch { known: self.head, groups: 1, ..Batch::default() };
        let command = CommandId(Uuid::now_v7());
        let metadata = serde_json::to_string(&Metadata::default()).expect("plain");
        let mut events: Vec<DomainEvent> = events.into_iter().collect();
        self.log.sealing().expect("a store has keys").seal(&mut events).await.expect("sealed");
        for (index, event) in events.into_iter().enumerate() {
            let stream = stream_of(&event);
            let sequence = self.sequences.entry(stream.clone()).or_insert(0);
            *sequence += 1;
            batch.events.push(NewEvent {
                group: 0,
                stream,
                sequence: *sequence,
                event_id: EventId::of(command, index),
                name: event.schema().name(),
                version: event.schema().version(),
                payload: event.to_json().expect("plain"),
                metadata: metadata.as_str().into(),
                original: original(&event),
            });
        }
        let count = batch.events.len() as u64;
        let appended = self.log.append(&batch).await.expect("nobody else writes");
        self.head = Position(appended.base.0 + count);
        self.head
    }

    /// The log as it is now, however it got there.
    pub async fn erase(&mut self, name: &str) -> Position {
        let none = std::collections::BTreeSet::new();
        let erased = event_log::erasing::erase(&self.log, &user(name), &none, at(999)).await.expect("erased");
        self.head = erased.position;
        *self.sequences.entry(StreamId::user(&user(name))).or_insert(0) += u64::from(erased.now);
        erased.position
    }

    /// Somebody else wrote up to here.
    pub fn skip_to(&mut self, head: Position) {
        self.head = head;
    }

    pub fn head(&self) -> Position {
        self.head
    }

    /// Another handle on the same views, as another process would have.
    pub async fn views(&self) -> Views {
        Views::open(&self.store.store_url(), self.store.open().await).await.expect("the views open")
    }
}

/// Puts events of one stream into a log, as another process would; `sequence` is that of the first.
pub async fn record_on(log: &SharedLog, events: &[DomainEvent], known: Position, sequence: u64) {
    let command = CommandId(Uuid::now_v7());
    let mut events = events.to_vec();
    log.sealing().expect("a store has keys").seal(&mut events).await.expect("sealed");
    let new = |(index, event): (usize, &DomainEvent)| NewEvent {
        group: 0,
        stream: stream_of(event),
        sequence: sequence + index as u64,
        event_id: EventId::of(command, index),
        name: event.schema().name(),
        version: event.schema().version(),
        payload: event.to_json().expect("plain"),
        metadata: "{}".into(),
        original: None,
    };
    let events = events.iter().enumerate().map(new).collect();
    log.append(&Batch { known, groups: 1, events, ..Batch::default() }).await.expect("nobody else writes");
}

/// Views that are driven until dropped or stopped.
pub struct Driven {
    pub views: Views,
    stop: CancellationToken,
    running: JoinHandle<Result<(), projections::ReadError>>,
}

impl Driven {
    pub fn start(views: Views) -> Self {
        let stop = CancellationToken::new();
        let running = tokio::spawn({
            let (views, stop) = (views.clone(), stop.clone());
            async move { views.run(stop).await }
        });
        Self { views, stop, running }
    }

    pub async fn caught_up(&self, position: Position) {
        for unit in UnitName::ALL {
            if let Err(lagging) = self.views.wait_for(unit, position, PATIENCE).await {
                panic!("the view comes that far: {lagging}; {:?}", self.views.health());
            }
        }
    }

    pub async fn stop(self) -> Result<(), projections::ReadError> {
        self.stop.cancel();
        within("the projectors to stop", self.running).await.expect("no panic")
    }
}

pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(answer) => answer,
        Err(_) => panic!("waited {PATIENCE:?} for {what}"),
    }
}

/// Asks until the answer is what is wanted.
pub async fn until<F: Future<Output = bool>>(what: &str, mut ask: impl FnMut() -> F) {
    within(what, async {
        while !ask().await {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

fn stream_of(event: &DomainEvent) -> StreamId {
    match event {
        DomainEvent::Room(event) => StreamId::room(match event {
            RoomEvent::RoomOpened(event) => event.room_id,
            RoomEvent::MembersAdded(event) => event.room_id,
            RoomEvent::MemberRemoved(event) => event.room_id,
            RoomEvent::MemberRoleChanged(event) => event.room_id,
            RoomEvent::MessageSent(event) => event.room_id,
            RoomEvent::RoomRenamed(event) => event.room_id,
            RoomEvent::RoomAvatarChanged(event) => event.room_id,
            RoomEvent::JoinPolicyChanged(event) => event.room_id,
            RoomEvent::SlowModeChanged(event) => event.room_id,
            RoomEvent::RoomClosed(event) | RoomEvent::RoomReopened(event) => event.room_id,
            RoomEvent::MessageEdited(event) => event.room_id,
            RoomEvent::MessageDeleted(event) => event.room_id,
            RoomEvent::ReactionAdded(event) | RoomEvent::ReactionRemoved(event) => event.room_id,
            RoomEvent::MessagePinned(event) | RoomEvent::MessageUnpinned(event) => event.room_id,
        }),
        DomainEvent::Participant(event) => match event {
            ParticipantEvent::MessagesRead(event) => StreamId::participant(event.room_id, &event.user_id),
            ParticipantEvent::MarkedUnread(event) => StreamId::participant(event.room_id, &event.user_id),
            ParticipantEvent::MessagesDelivered(event) => StreamId::participant(event.room_id, &event.user_id),
            ParticipantEvent::RoomArranged(event) => StreamId::participant(event.room_id, &event.user_id),
        },
        DomainEvent::Relationship(event) => {
            let (RelationshipEvent::UserFollowed(Directed { from, to, .. })
            | RelationshipEvent::UserUnfollowed(Directed { from, to, .. })
            | RelationshipEvent::UserBlocked(Directed { from, to, .. })
            | RelationshipEvent::UserUnblocked(Directed { from, to, .. })) = event;
            StreamId::relationship(&UserPair::new(from, to))
        }
        DomainEvent::Notification(event) => StreamId::notification(match event {
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
        }),
        DomainEvent::Feed(aggregates::feed::FeedEvent::FeedRead(event)) => StreamId::feed(&event.user_id),
        DomainEvent::User(event) => StreamId::user(match event {
            UserEvent::UserRegistered(event) => &event.user_id,
            UserEvent::ProfileChanged(event) => &event.user_id,
            UserEvent::UserErased(event) => &event.user_id,
        }),
        DomainEvent::Report(event) => StreamId::report(event.report_id()),
        DomainEvent::Preferences(PreferencesEvent::PreferencesChanged(event)) => StreamId::preferences(&event.user_id),
        DomainEvent::Subscription(SubscriptionEvent::Subscribed(event)) => {
            StreamId::subscription(&event.user_id, &event.topic)
        }
        DomainEvent::Subscription(SubscriptionEvent::Unsubscribed(event)) => {
            StreamId::subscription(&event.user_id, &event.topic)
        }
    }
}

pub fn user(name: &str) -> UserId {
    UserId::parse(name).expect("a valid id")
}

pub fn room(number: u128) -> RoomId {
    RoomId(Uuid::from_u128(number))
}

/// The moment of the nth thing that happens.
pub fn at(nth: i64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000 + nth * 1_000)
}
