//! The rules of a notification, as given / when / then.

use cqrs_es::test::TestFramework;

use super::*;
use crate::aggregate::{Command, State};
use crate::cast::{ana, ben, blocked_by, blocks_between, noon, state_after};
use crate::catalogue::AggregateKind;
use crate::ids::{NotificationId, UserId};

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
fn a_block_stops_a_notification_but_takes_none_back() {
    notification()
        .given_no_previous_events()
        .when(NotificationCommand::Raise(RaiseNotification { blocked: true, ..raising(Some(ana())) }))
        .then_expect_error(NotificationError::Blocked);
    notification()
        .given(vec![raised(Some(ana()))])
        .when(NotificationCommand::Raise(RaiseNotification { blocked: true, ..raising(Some(ana())) }))
        .then_expect_events(vec![]);
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
fn raising_asks_for_blocks_between_actor_and_recipient() {
    let state = State::empty(AggregateKind::Notification);
    assert_eq!(state.needs(&Command::Notification(raise(Some(ana())))), [blocks_between(&ana(), &ben())]);
    for command in [raise(None), mark_read(&ben()), mark_unread(&ben())] {
        assert_eq!(state.needs(&Command::Notification(command.clone())), [], "{command:?}");
    }
}

#[test]
fn a_block_is_learned_and_forgotten_with_its_facts() {
    let stream = blocks_between(&ana(), &ben()).stream;
    let mut command = Command::Notification(raise(Some(ana())));
    command.learn(&stream, &state_after(AggregateKind::Relationship, [blocked_by(&ben(), &ana())]));
    let blocked = NotificationCommand::Raise(RaiseNotification { blocked: true, ..raising(Some(ana())) });
    assert_eq!(command, Command::Notification(blocked));
    command.learn(&stream, &State::empty(AggregateKind::Relationship));
    assert_eq!(command, Command::Notification(raise(Some(ana()))));
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

fn raising(actor_id: Option<UserId>) -> RaiseNotification {
    RaiseNotification {
        notification_id: notification_id(),
        recipient_id: ben(),
        kind: NotificationType::Follower,
        actor_id,
        source: source(),
        blocked: false,
        at: noon(),
    }
}

fn raise(actor_id: Option<UserId>) -> NotificationCommand {
    NotificationCommand::Raise(raising(actor_id))
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

fn raised(actor_id: Option<UserId>) -> NotificationEvent {
    NotificationEvent::NotificationRaised(NotificationRaised {
        notification_id: notification_id(),
        recipient_id: ben(),
        kind: NotificationType::Follower,
        actor_id,
        source: source(),
        at: noon(),
    })
}

fn marked() -> NotificationMarked {
    NotificationMarked { notification_id: notification_id(), recipient_id: ben(), at: noon() }
}
