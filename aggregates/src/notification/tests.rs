//! The rules of a notification, as given / when / then.

use cqrs_es::test::TestFramework;

use super::*;
use crate::Timestamp;
use crate::aggregate::{Command, Need, State};
use crate::cast::{ana, ben, blocked_by, blocks_between, erased, noon, registered, room_id, state_after};
use crate::catalogue::{AggregateKind, DomainEvent, StreamId};
use crate::ids::{NotificationId, TargetId, UserId};
use crate::participant::{Arrangement, ParticipantEvent, RoomArranged};
use crate::policy::channels::{Channel, Channels};
use crate::policy::choosing::{Silence, Suppression};
use crate::policy::deciding::{Decided, Decision, Facts, Hearing, Inputs};
use crate::policy::quiet_hours::{QuietHours, TimeOfDay, zone};
use crate::policy::related::Related;
use crate::policy::settings::{Settings, Switch, TypeGroup};
use crate::preferences::{PreferencesChanged, PreferencesEvent};
use crate::subscription::{Subscribed, SubscriptionEvent, Topic, TopicKind};
use crate::user::UserEvent;

#[test]
fn a_cause_raises_a_notification() {
    notification().given_no_previous_events().when(raise(Some(ana()))).then_expect_events(vec![raised(Some(ana()))]);
    notification().given_no_previous_events().when(raise(None)).then_expect_events(vec![raised(None)]);
}

#[test]
fn a_cause_that_was_seen_before_raises_nothing() {
    notification().given(vec![raised(Some(ana()))]).when(raise(Some(ana()))).then_expect_events(vec![]);
}

#[test]
fn with_a_notification_goes_what_is_decided_of_each_channel_that_is_allowed() {
    let noon_in_app = Decided { decision: Decision::Scheduled { due: noon() }, inputs: Inputs::default() };
    let everywhere = Hearing {
        allowed: Channels::ALL,
        surroundings: Surroundings { configured: Channels::of(&[Channel::Push]), ..surroundings() },
        ..hearing(Some(ana()))
    };
    let not_configured = |reason| Inputs { not_configured: true, ..reason };
    let expected = vec![
        NotificationEvent::NotificationRaised(NotificationRaised {
            channels: Some(Channels::ALL),
            in_app: Some(noon_in_app),
            ..raised_plainly(Some(ana()))
        }),
        decided(Channel::Push, Decision::Scheduled { due: noon() }, Inputs::default()),
        decided(
            Channel::Email,
            Decision::Suppressed { reason: Suppression::NoAddress },
            not_configured(Inputs { no_address: true, ..Inputs::default() }),
        ),
        decided(
            Channel::WhatsApp,
            Decision::Suppressed { reason: Suppression::ChannelOff },
            not_configured(Inputs { switched_off: Some(Switch::Channel), no_address: true, ..Inputs::default() }),
        ),
    ];
    notification().given_no_previous_events().when(raise_it(everywhere)).then_expect_events(expected);
}

#[test]
fn whoever_takes_a_users_id_needs_no_other_address() {
    let push = Channels::of(&[Channel::Push]);
    let facts = Facts { reachable: Channels::NONE, ..facts() };
    let surroundings = Surroundings { configured: push, by_user_id: push, ..surroundings() };
    let events = decided_of(&Hearing { allowed: push, surroundings, facts, ..hearing(None) });
    assert_eq!(events[1], decided(Channel::Push, Decision::Scheduled { due: noon() }, Inputs::default()));
    let NotificationEvent::NotificationRaised(raised) = &events[0] else { panic!("it is raised: {events:?}") };
    assert!(!raised.is_in_feed(), "only push was asked for");
}

#[test]
fn what_nobody_is_to_hear_of_is_raised_all_the_same_and_says_why() {
    let off = Settings { channels: Channels::of(&[Channel::Push]), ..Settings::default() };
    for (facts, reason) in [
        (Facts { blocked: true, ..facts() }, Suppression::Blocked),
        (Facts { settings: off, ..facts() }, Suppression::ChannelOff),
    ] {
        let events = decided_of(&Hearing { facts, ..hearing(Some(ana())) });
        let [NotificationEvent::NotificationRaised(raised)] = &events[..] else { panic!("only raised: {events:?}") };
        assert!(!raised.is_in_feed());
        let decision = raised.in_app.as_ref().map(|decided| decided.decision);
        assert_eq!(decision, Some(Decision::Suppressed { reason }));
    }
}

#[test]
fn a_muted_room_and_quiet_hours_hold_back_what_rings_and_not_the_feed() {
    let surroundings = Surroundings { configured: Channels::ALL, ..surroundings() };
    let muted = Hearing {
        allowed: Channels::of(&[Channel::InApp, Channel::Push]),
        facts: Facts { room_muted: true, ..facts() },
        surroundings,
        ..hearing(Some(ana()))
    };
    let reason = Suppression::RoomMuted;
    let inputs = Inputs { silenced: Some(Silence::RoomMuted), ..Inputs::default() };
    assert_eq!(decided_of(&muted)[1], decided(Channel::Push, Decision::Suppressed { reason }, inputs));

    // Noon in UTC is evening in Jakarta.
    let hours = QuietHours { enabled: true, start: TimeOfDay::from_minutes(18 * 60), ..QuietHours::default() };
    let settings = Settings { quiet_hours: hours, ..Settings::default() };
    let evening = Hearing { facts: Facts { room_muted: false, settings, ..facts() }, ..muted };
    let events = decided_of(&evening);
    let morning = hours.until(noon(), &zone("Asia/Jakarta")).expect("it is evening");
    let inputs = Inputs { quiet_until: Some(morning), ..Inputs::default() };
    assert_eq!(events[1], decided(Channel::Push, Decision::Scheduled { due: morning }, inputs));
    let NotificationEvent::NotificationRaised(raised) = &events[0] else { panic!("it is raised: {events:?}") };
    assert!(raised.is_in_feed());
}

#[test]
fn nobody_who_is_not_there_is_notified() {
    let nobody = Hearing { facts: Facts::default(), ..hearing(Some(ana())) };
    notification().given_no_previous_events().when(raise_it(nobody)).then_expect_error(NotificationError::UnknownUser);
}

#[test]
fn what_was_raised_before_channels_were_decided_on_is_in_the_feed() {
    let before = NotificationRaised { channels: None, in_app: None, ..raised_plainly(None) };
    assert!(before.is_in_feed());
}

#[test]
fn what_is_brought_in_was_decided_elsewhere() {
    let bring_in = |actor_id| {
        NotificationCommand::BringIn(BringInNotification {
            notification_id: notification_id(),
            recipient_id: ben(),
            kind: NotificationType::Follower,
            actor_id,
            source: source(),
            at: noon(),
        })
    };
    let brought = NotificationRaised { channels: None, in_app: None, ..raised_plainly(Some(ana())) };
    notification()
        .given_no_previous_events()
        .when(bring_in(Some(ana())))
        .then_expect_events(vec![NotificationEvent::NotificationRaised(brought)]);
    notification().given(vec![raised(Some(ana()))]).when(bring_in(Some(ana()))).then_expect_events(vec![]);
    notification()
        .given_no_previous_events()
        .when(bring_in(Some(ben())))
        .then_expect_error(NotificationError::OwnDoing);
    let state = State::empty(AggregateKind::Notification);
    assert_eq!(state.needs(&Command::Notification(bring_in(None))), []);
}

#[test]
fn nobody_is_notified_of_what_they_did_themselves() {
    notification().given_no_previous_events().when(raise(Some(ben()))).then_expect_error(NotificationError::OwnDoing);
}

#[test]
fn its_recipient_marks_it_read_once() {
    notification()
        .given(vec![raised(None)])
        .when(mark_read(&ben()))
        .then_expect_events(vec![NotificationEvent::NotificationRead(marked())]);
    notification()
        .given(vec![raised(None), NotificationEvent::NotificationRead(marked())])
        .when(mark_read(&ben()))
        .then_expect_events(vec![]);
}

#[test]
fn it_can_be_marked_unread_and_read_again() {
    let read_then_unread = vec![
        raised(None),
        NotificationEvent::NotificationRead(marked()),
        NotificationEvent::NotificationUnread(marked()),
    ];
    notification()
        .given(read_then_unread)
        .when(mark_read(&ben()))
        .then_expect_events(vec![NotificationEvent::NotificationRead(marked())]);
}

#[test]
fn marking_unread_is_recorded_each_time_because_the_whole_feed_may_have_been_read_since() {
    for given in [vec![raised(None)], vec![raised(None), NotificationEvent::NotificationUnread(marked())]] {
        notification()
            .given(given)
            .when(mark_unread(&ben()))
            .then_expect_events(vec![NotificationEvent::NotificationUnread(marked())]);
    }
}

#[test]
fn somebody_elses_notification_is_not_there() {
    for mark in [mark_read(&ana()), mark_unread(&ana())] {
        notification().given(vec![raised(Some(ana()))]).when(mark).then_expect_error(NotificationError::NotFound);
    }
}

#[test]
fn a_notification_that_was_never_raised_is_not_there() {
    for mark in [mark_read(&ben()), mark_unread(&ben())] {
        notification().given_no_previous_events().when(mark).then_expect_error(NotificationError::NotFound);
    }
}

// ---- facts of other streams ----

#[test]
fn raising_asks_what_the_recipient_chose_and_what_lies_between_the_two() {
    let state = State::empty(AggregateKind::Notification);
    let theirs = [
        Need { stream: StreamId::user(&ben()), kinds: UserEvent::PROFILES },
        Need { stream: StreamId::preferences(&ben()), kinds: PreferencesEvent::CHANGES },
    ];
    assert_eq!(state.needs(&Command::Notification(raise(None))), theirs);
    let of_all = Hearing { topic: Some(topic()), room_id: Some(room_id()), ..hearing(Some(ana())) };
    let [user, preferences] = theirs;
    let needs = [
        user,
        preferences,
        Need { stream: StreamId::subscription(&ben(), &topic()), kinds: SubscriptionEvent::ALL },
        Need { stream: StreamId::participant(room_id(), &ben()), kinds: ParticipantEvent::ARRANGEMENTS },
        blocks_between(&ana(), &ben()),
    ];
    assert_eq!(state.needs(&Command::Notification(raise_it(of_all))), needs);
    for command in [mark_read(&ben()), mark_unread(&ben())] {
        assert_eq!(state.needs(&Command::Notification(command.clone())), [], "{command:?}");
    }
}

#[test]
fn facts_are_learned_and_forgotten_with_their_streams() {
    let stream = blocks_between(&ana(), &ben()).stream;
    let mut command = Command::Notification(raise(Some(ana())));
    command.learn(&stream, &state_after(AggregateKind::Relationship, [blocked_by(&ben(), &ana())]));
    let blocked = raise_it(Hearing { facts: Facts { blocked: true, ..facts() }, ..hearing(Some(ana())) });
    assert_eq!(command, Command::Notification(blocked));
    command.learn(&stream, &State::empty(AggregateKind::Relationship));
    assert_eq!(command, Command::Notification(raise(Some(ana()))));

    let mut command = Command::Notification(raise(None));
    command.learn(&StreamId::user(&ben()), &State::empty(AggregateKind::User));
    let nobody = Facts { exists: false, reachable: Channels::NONE, ..facts() };
    let unknown = raise_it(Hearing { facts: nobody.clone(), ..hearing(None) });
    assert_eq!(command, Command::Notification(unknown));
    command.learn(&StreamId::user(&ben()), &state_after(AggregateKind::User, [registered(&ben())]));
    let known = raise_it(Hearing { facts: Facts { exists: true, ..nobody }, ..hearing(None) });
    assert_eq!(command, Command::Notification(known));
}

#[test]
fn what_the_recipient_chose_is_learned_for_whoever_has_the_id_now() {
    let settings = Settings { off: [TypeGroup::Follower].into(), ..Settings::default() };
    let change = PreferencesChanged { user_id: ben(), settings: settings.clone(), erased_before: 0, at: noon() };
    let preferences = state_after(
        AggregateKind::Preferences,
        [DomainEvent::Preferences(PreferencesEvent::PreferencesChanged(change))],
    );
    let channels = Channels::of(&[Channel::Push]);
    let (user_id, erased_before, at) = (ben(), 0, noon());
    let subscribed = Subscribed { user_id, topic: topic(), channels, auto: false, erased_before, at };
    let subscription = state_after(
        AggregateKind::Subscription,
        [DomainEvent::Subscription(SubscriptionEvent::Subscribed(subscribed))],
    );
    let learned = |user: &State| {
        let of_topic = Hearing { topic: Some(topic()), ..hearing(None) };
        let mut command = Command::Notification(raise_it(of_topic));
        command.learn(&StreamId::user(&ben()), user);
        command.learn(&StreamId::preferences(&ben()), &preferences);
        command.learn(&StreamId::subscription(&ben(), &topic()), &subscription);
        let Command::Notification(NotificationCommand::Raise(raise)) = command else { panic!("it is a raise") };
        (raise.hearing.facts.settings, raise.hearing.facts.taken)
    };
    let here = state_after(AggregateKind::User, [registered(&ben())]);
    assert_eq!(learned(&here), (settings, Some(channels)));
    let somebody_new = state_after(AggregateKind::User, [registered(&ben()), erased(&ben()), registered(&ben())]);
    assert_eq!(learned(&somebody_new), (Settings::default(), None));
}

#[test]
fn a_muted_room_is_learned_as_it_is_at_that_moment() {
    let muted_until = |until| {
        let (room_id, user_id, at) = (room_id(), ben(), noon());
        let arranged = RoomArranged { room_id, user_id, arrangement: Arrangement::Muted { until }, at };
        let participant = state_after(
            AggregateKind::Participant,
            [DomainEvent::Participant(ParticipantEvent::RoomArranged(arranged))],
        );
        let mut command = Command::Notification(raise_it(Hearing { room_id: Some(room_id), ..hearing(None) }));
        command.learn(&StreamId::participant(room_id, &ben()), &participant);
        let Command::Notification(NotificationCommand::Raise(raise)) = command else { panic!("it is a raise") };
        raise.hearing.facts.room_muted
    };
    assert!(muted_until(None));
    assert!(muted_until(Some(Timestamp::from_millis(noon().as_millis() + 1))));
    assert!(!muted_until(Some(noon())), "it is over");
}

#[test]
fn every_type_is_found_by_its_name_and_the_old_names_are_understood() {
    for kind in NotificationType::ALL {
        assert_eq!(NotificationType::parse(kind.name()), Some(kind));
        assert_eq!(serde_json::to_value(kind).ok(), Some(kind.name().into()));
    }
    assert_eq!(NotificationType::parse("TRANSACTION_SUCCESS"), Some(NotificationType::Transaction));
    assert_eq!(NotificationType::parse("POST_NEW"), Some(NotificationType::Post));
    assert_eq!(NotificationType::parse("FOLLOW"), Some(NotificationType::Follower));
    assert_eq!(NotificationType::parse("SHOUT"), None);
}

// ---- the cast ----

fn notification() -> TestFramework<Notification> {
    TestFramework::with(())
}

fn notification_id() -> NotificationId {
    NotificationId::of("a cause", &ben())
}

fn source() -> Source {
    Source { kind: "user".to_owned(), id: "ana".to_owned() }
}

fn topic() -> Topic {
    Topic { kind: TopicKind::Group, target_id: TargetId::parse("g-1").expect("an id") }
}

/// Somebody who chose nothing and has a device.
fn facts() -> Facts {
    Facts { exists: true, reachable: Channels::of(&[Channel::Push]), ..Facts::default() }
}

fn surroundings() -> Surroundings {
    Surroundings { clock: noon(), ..Surroundings::default() }
}

/// Only in the feed.
fn hearing(actor_id: Option<UserId>) -> Hearing {
    Hearing {
        recipient_id: ben(),
        kind: NotificationType::Follower,
        actor_id,
        allowed: Channels::of(&[Channel::InApp]),
        critical: false,
        topic: None,
        room_id: None,
        surroundings: surroundings(),
        facts: facts(),
    }
}

fn raise_it(hearing: Hearing) -> NotificationCommand {
    NotificationCommand::Raise(Box::new(RaiseNotification {
        notification_id: notification_id(),
        source: source(),
        related: Related::default(),
        content: None,
        hearing,
        at: noon(),
    }))
}

fn raise(actor_id: Option<UserId>) -> NotificationCommand {
    raise_it(hearing(actor_id))
}

fn decided_of(hearing: &Hearing) -> Vec<NotificationEvent> {
    Notification::default().decide(&raise_it(hearing.clone())).expect("it is raised")
}

fn decided(channel: Channel, decision: Decision, inputs: Inputs) -> NotificationEvent {
    NotificationEvent::DeliveryDecided(DeliveryDecided {
        notification_id: notification_id(),
        recipient_id: ben(),
        channel,
        decided: Decided { decision, inputs },
        at: noon(),
    })
}

fn mark(marked_by: &UserId) -> MarkNotification {
    MarkNotification { notification_id: notification_id(), marked_by: marked_by.clone(), at: noon() }
}

fn mark_read(by: &UserId) -> NotificationCommand {
    NotificationCommand::MarkRead(mark(by))
}

fn mark_unread(by: &UserId) -> NotificationCommand {
    NotificationCommand::MarkUnread(mark(by))
}

fn raised_plainly(actor_id: Option<UserId>) -> NotificationRaised {
    NotificationRaised {
        notification_id: notification_id(),
        recipient_id: ben(),
        kind: NotificationType::Follower,
        actor_id,
        source: source(),
        related: Related::default(),
        content: None,
        channels: Some(Channels::of(&[Channel::InApp])),
        critical: false,
        topic: None,
        room_id: None,
        locale: None,
        erased_before: 0,
        in_app: Some(Decided { decision: Decision::Scheduled { due: noon() }, inputs: Inputs::default() }),
        at: noon(),
    }
}

fn raised(actor_id: Option<UserId>) -> NotificationEvent {
    NotificationEvent::NotificationRaised(raised_plainly(actor_id))
}

fn marked() -> NotificationMarked {
    NotificationMarked { notification_id: notification_id(), recipient_id: ben(), at: noon() }
}
