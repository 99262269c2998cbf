//! Who comes back, and whom nobody brings.

use std::collections::BTreeSet;

use super::*;
use crate::cast::room::{adding, creating};

#[test]
fn nobody_comes_into_a_room_that_everybody_left() {
    let given = || vec![group_opened(&[ana()]), said(1, &ana()), removed(&ana(), &ana())];
    room().given(given()).when(join(&ben())).then_expect_error(RoomError::NotFound);
    room().given(given()).when(join(&ana())).then_expect_error(RoomError::NotFound);
}

#[test]
fn who_was_removed_by_another_comes_back_when_they_are_brought_and_not_by_themselves() {
    let mut events = vec![group_opened(&[ana(), ben()]), removed(&ben(), &ana())];
    room().given(events.clone()).when(join(&ben())).then_expect_error(RoomError::Removed);
    room().given(events.clone()).when(join(&cici())).then_expect_events(vec![added(&cici(), &[cici()], 0)]);
    room().given(events.clone()).when(add(&ana(), vec![ben()])).then_expect_events(vec![added(&ana(), &[ben()], 0)]);
    events.extend([added(&ana(), &[ben()], 0), removed(&ben(), &ben())]);
    room().given(events).when(join(&ben())).then_expect_events(vec![added(&ben(), &[ben()], 0)]);
}

#[test]
fn who_left_by_themselves_walks_in_again() {
    room()
        .given(vec![group_opened(&[ana(), ben()]), removed(&ben(), &ben())])
        .when(join(&ben()))
        .then_expect_events(vec![added(&ben(), &[ben()], 0)]);
}

#[test]
fn promise_8_a_room_remembers_so_many_as_removed_and_then_nobody_walks_in() {
    let mut state = Room::default();
    state.evolve(&group_opened(&[ana(), ben()]));
    let weight = state.weight_bytes();
    for n in 0..REMOVED_MAX + 10 {
        assert!(state.decide(&join(&cici())).is_ok() == (n < REMOVED_MAX), "{n}");
        state.evolve(&removed(&user(&format!("user-{n}")), &ana()));
    }
    assert!((weight..weight + 41 * REMOVED_MAX).contains(&state.weight_bytes()));
    assert_eq!(state.decide(&join(&cici())), Err(RoomError::Removed));
    assert!(state.decide(&add(&ana(), vec![cici()])).is_ok(), "whoever is brought comes in");
}

// ---- across a block ----

#[test]
fn nobody_is_put_into_a_group_by_whom_they_are_apart_from() {
    let apart = BTreeSet::from([cici()]);
    let create = CreateGroup { apart: apart.clone(), ..creating(vec![ben(), cici()]) };
    room()
        .given_no_previous_events()
        .when(RoomCommand::CreateGroup(create))
        .then_expect_error(RoomError::CannotBeAdded { nth: 1 });
    let bring = |members| RoomCommand::AddMembers(AddMembers { apart: apart.clone(), ..adding(&ana(), members) });
    let given = || vec![group_opened(&[ana(), ben()])];
    room()
        .given(given())
        .when(bring(vec![dewi(), ben(), cici()]))
        .then_expect_error(RoomError::CannotBeAdded { nth: 2 });
    room().given(given()).when(bring(vec![dewi()])).then_expect_events(vec![added(&ana(), &[dewi()], 0)]);
    // Who is in stays in, and hinders nobody.
    room()
        .given(vec![group_opened(&[ana(), cici()])])
        .when(bring(vec![dewi(), cici()]))
        .then_expect_events(vec![added(&ana(), &[dewi()], 0)]);
}

#[test]
fn who_brings_people_into_a_group_asks_for_blocks_with_those_who_would_come_in() {
    let named = vec![ben(), ana(), cici(), ben()];
    let create = Command::Room(create_group(named.clone()));
    let empty = State::empty(AggregateKind::Room);
    assert_eq!(empty.needs(&create), [blocks_between(&ana(), &ben()), blocks_between(&ana(), &cici())]);
    let group = state_after(AggregateKind::Room, [DomainEvent::Room(group_opened(&[ana(), ben()]))]);
    assert_eq!(group.needs(&create), []);
    assert_eq!(group.needs(&Command::Room(add(&ana(), named))), [blocks_between(&ana(), &cici())]);
    let crowd = |count: usize| Command::Room(add(&ana(), (0..count).map(|n| user(&format!("user-{n}"))).collect()));
    assert_eq!(group.needs(&crowd(GUARDED_NEWCOMERS_MAX)).len(), GUARDED_NEWCOMERS_MAX);
    assert_eq!(group.needs(&crowd(GUARDED_NEWCOMERS_MAX + 1)), [], "of a crowd the view is asked");
    let mut many = vec![ben(); GUARDED_NEWCOMERS_MAX];
    many.extend([ana(), cici(), cici()]);
    let one_comes_in = Command::Room(add(&ana(), many));
    assert_eq!(group.needs(&one_comes_in), [blocks_between(&ana(), &cici())], "who is in makes no crowd");
}

#[test]
fn who_is_apart_from_whoever_brings_them_is_learned_anew_each_time() {
    let blocked = state_after(AggregateKind::Relationship, [blocked_by(&ben(), &ana())]);
    let related = StreamId::relationship(&UserPair::new(&ana(), &ben()));
    let mut command = Command::Room(add(&ana(), vec![cici(), ben()]));
    command.learn(&related, &blocked);
    let apart = |command: &Command| {
        let Command::Room(RoomCommand::AddMembers(command)) = command else { panic!("{command:?}") };
        command.apart.clone()
    };
    assert_eq!(apart(&command), BTreeSet::from([ben()]));
    command.learn(&related, &State::empty(AggregateKind::Relationship));
    assert_eq!(apart(&command), BTreeSet::new());
}
