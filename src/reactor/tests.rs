//! The reactor on a real log, with real views and the real door.

use std::sync::Arc;
use std::time::Duration;

use aggregates::ids::CommandId;
use aggregates::notification::{NotificationEvent, NotificationRaised, Surroundings};
use aggregates::policy::choosing::Suppression;
use aggregates::policy::deciding::Decision;
use aggregates::policy::follower::follower_notification;
use aggregates::policy::settings::TypeGroup;
use aggregates::preferences::{ChangePreferences, PreferencesCommand, SettingsPatch};
use aggregates::relationship::{Relate, RelationshipCommand};
use aggregates::{Command, DomainEvent, Metadata, Origin, StreamId};
use event_log::{Filter, Position, RecordedEvent, Wish};
use projections::UnitName;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{NotificationReactor, Reactor, ReactorHealth};
use crate::clock::SystemClock;
use crate::realtime::tests::world::{World, at, user};

const PATIENCE: Duration = Duration::from_secs(10);

struct Running {
    health: tokio::sync::watch::Receiver<ReactorHealth>,
    stop: CancellationToken,
    ended: tokio::task::JoinHandle<Result<(), event_log::EventLogError>>,
}

impl Running {
    fn start(world: &World) -> Self {
        let (log, views, door) = (world.log.clone(), world.views.clone(), world.door.clone());
        let reactor = Reactor::new(log, views, door, Surroundings::default(), Arc::new(SystemClock));
        let (health, stop) = (reactor.health(), CancellationToken::new());
        let ended = tokio::spawn(reactor.run(stop.clone()));
        Self { health, stop, ended }
    }

    async fn handled(&mut self, position: Position) {
        let there = self.health.wait_for(|health| health.position.is_some_and(|handled| handled >= position));
        tokio::time::timeout(PATIENCE, there).await.expect("the reactor gets there").expect("it runs");
    }

    async fn stop(self) {
        self.stop.cancel();
        let ended = tokio::time::timeout(PATIENCE, self.ended).await.expect("it stops in time");
        ended.expect("without a panic").expect("without a failure");
    }
}

async fn raised(world: &World) -> Vec<(RecordedEvent, NotificationRaised)> {
    let page = world.log.read_after(Position::START, 10_000, Filter::All).await.expect("reads");
    let raised = page.into_events().filter_map(|recorded| {
        let DomainEvent::Notification(NotificationEvent::NotificationRaised(raised)) = recorded.event.clone() else {
            return None;
        };
        Some((recorded, raised))
    });
    raised.collect()
}

async fn cause(world: &World, position: Position) -> RecordedEvent {
    let page = world.log.read_after(Position(position.0 - 1), 1, Filter::All).await.expect("reads");
    page.into_events().next().expect("an event")
}

#[tokio::test]
async fn who_is_followed_is_notified_once_however_often_the_follow_is_seen() {
    let world = World::start().await;
    let mut reactor = Running::start(&world);
    reactor.handled(Position::START).await;
    let position = world.relate("ana", "ben", RelationshipCommand::Follow).await;
    reactor.handled(position).await;
    reactor.stop().await;

    let cause = cause(&world, position).await;
    let notified = raised(&world).await;
    let [(recorded, raised)] = notified.as_slice() else { panic!("one notification: {notified:?}") };
    assert_eq!(raised.notification_id, follower_notification(&user("ana"), &user("ben")));
    assert_eq!((&raised.recipient_id, raised.actor_id.as_ref()), (&user("ben"), Some(&user("ana"))));
    assert_eq!((recorded.metadata.causation, &recorded.metadata.actor), (Some(cause.event_id), &None));

    // As after a crash before the checkpoint was written.
    let reaction = NotificationReactor::react(&cause, Surroundings::default()).expect("a wish");
    world.door.execute(reaction.wish).await.expect("carried out");
    assert_eq!(raised_count(&world).await, 1);
}

#[tokio::test]
async fn who_unfollows_and_follows_again_is_news_once() {
    let world = World::start().await;
    let mut reactor = Running::start(&world);
    reactor.handled(Position::START).await;
    for _ in 0..3 {
        world.relate("ana", "ben", RelationshipCommand::Follow).await;
        world.relate("ana", "ben", RelationshipCommand::Unfollow).await;
    }
    let last = world.relate("cat", "ben", RelationshipCommand::Follow).await;
    reactor.handled(last).await;
    let of: Vec<_> = raised(&world).await.into_iter().map(|(_, raised)| raised.actor_id).collect();
    assert_eq!(of, [Some(user("ana")), Some(user("cat"))]);
    reactor.stop().await;
}

async fn raised_count(world: &World) -> usize {
    raised(world).await.len()
}

#[tokio::test]
async fn a_reactor_goes_on_where_it_stopped_and_a_new_one_begins_at_the_head() {
    let world = World::start().await;
    world.relate("cat", "ben", RelationshipCommand::Follow).await;
    let head = world.log.head().await.expect("a head");
    let mut first = Running::start(&world);
    first.handled(head).await;
    assert_eq!(world.log.reactor_checkpoint(NotificationReactor::NAME).await.expect("reads"), Some(head));
    assert_eq!(raised_count(&world).await, 0, "what happened before there was a reactor is not its business");
    first.stop().await;

    let position = world.relate("ana", "ben", RelationshipCommand::Follow).await;
    let mut second = Running::start(&world);
    second.handled(position).await;
    assert_eq!(raised_count(&world).await, 1, "what happened while it was away is");
    second.stop().await;
    let saved = world.log.reactor_checkpoint(NotificationReactor::NAME).await.expect("reads");
    assert!(saved >= Some(position), "{saved:?}");
}

#[tokio::test]
async fn what_one_is_not_to_hear_of_is_passed_and_says_why_and_the_next_follow_is_notified() {
    let world = World::start().await;
    let reactor = Running::start(&world);
    let mut first = reactor;
    first.handled(Position::START).await;
    first.stop().await;
    // Blocked before the reactor comes to it.
    world.relate("ana", "ben", RelationshipCommand::Follow).await;
    world.relate("ben", "ana", RelationshipCommand::Block).await;
    let position = world.relate("cat", "ben", RelationshipCommand::Follow).await;
    let mut second = Running::start(&world);
    second.handled(position).await;
    second.stop().await;
    let told: Vec<_> = raised(&world).await.into_iter().map(|(_, raised)| raised).collect();
    let [blocked, notified] = told.as_slice() else { panic!("two: {told:?}") };
    assert_eq!((blocked.actor_id.as_ref(), blocked.is_in_feed()), (Some(&user("ana")), false));
    assert_eq!(decision_of(blocked), Some(Decision::Suppressed { reason: Suppression::Blocked }));
    assert_eq!((notified.actor_id.as_ref(), notified.is_in_feed()), (Some(&user("cat")), true));
}

fn decision_of(raised: &NotificationRaised) -> Option<Decision> {
    raised.in_app.as_ref().map(|decided| decided.decision)
}

/// Requirements §7: a follow does not bypass what its recipient chose.
#[tokio::test]
async fn a_follow_is_heard_of_as_far_as_one_wishes() {
    let world = World::start().await;
    let mut reactor = Running::start(&world);
    reactor.handled(Position::START).await;
    let groups = [(TypeGroup::Follower, false)].into();
    let patch = SettingsPatch { groups, ..SettingsPatch::default() };
    let change = ChangePreferences { user_id: user("ben"), patch, erased_before: 0, at: at() };
    let command = Command::Preferences(PreferencesCommand::Change(change));
    world.done(StreamId::preferences(&user("ben")), command).await;
    let position = world.relate("ana", "ben", RelationshipCommand::Follow).await;
    reactor.handled(position).await;
    reactor.stop().await;

    let told: Vec<_> = raised(&world).await.into_iter().map(|(_, raised)| raised).collect();
    let [kept] = told.as_slice() else { panic!("one: {told:?}") };
    assert_eq!(decision_of(kept), Some(Decision::Suppressed { reason: Suppression::TypeOff }));
    let head = world.log.head().await.expect("a head");
    world.views.wait_for(UnitName::Feed, head, PATIENCE).await.expect("the view comes");
    assert_eq!(world.views.feed().unread_counts(&[user("ben")]).await.expect("reads"), [0]);
}

#[tokio::test]
async fn what_was_imported_notifies_nobody() {
    let world = World::start().await;
    let mut reactor = Running::start(&world);
    reactor.handled(Position::START).await;
    let relate = Relate { from: user("ana"), to: user("ben"), to_exists: true, at: at() };
    let pair = aggregates::ids::UserPair::new(&user("ana"), &user("ben"));
    let wish = Wish {
        stream: StreamId::relationship(&pair),
        command: Command::Relationship(RelationshipCommand::Follow(relate)),
        id: CommandId(Uuid::new_v4()),
        repeatable: false,
        metadata: Metadata { origin: Origin::Import, ..Metadata::default() },
    };
    let imported = world.door.execute(wish).await.expect("carried out").position;
    reactor.handled(imported).await;
    assert_eq!(raised_count(&world).await, 0);
    reactor.stop().await;
}

#[tokio::test]
async fn more_follows_than_one_batch_are_all_notified_in_the_order_of_the_follows() {
    let world = World::start().await;
    let mut reactor = Running::start(&world);
    reactor.handled(Position::START).await;
    reactor.stop().await;
    let mut last = Position::START;
    for number in 0..super::BATCH_EVENTS_MAX + 20 {
        last = world.relate(&format!("fan-{number}"), "ben", RelationshipCommand::Follow).await;
    }
    let mut reactor = Running::start(&world);
    reactor.handled(last).await;
    reactor.stop().await;
    let actors: Vec<_> = raised(&world).await.into_iter().filter_map(|(_, raised)| raised.actor_id).collect();
    let wanted: Vec<_> = (0..super::BATCH_EVENTS_MAX + 20).map(|number| user(&format!("fan-{number}"))).collect();
    assert_eq!(actors, wanted);
}

#[tokio::test]
async fn a_checkpoint_past_the_head_refuses_to_start() {
    let world = World::start().await;
    let head = world.log.head().await.expect("a head");
    let beyond = Position(head.0 + 100);
    world.log.save_reactor_checkpoint(NotificationReactor::NAME, beyond).await.expect("written");
    let reactor = Running::start(&world);
    let ended = tokio::time::timeout(PATIENCE, reactor.ended).await.expect("it ends");
    assert!(ended.expect("without a panic").is_err());
    assert!(reactor.health.borrow().failure.is_some());
}
