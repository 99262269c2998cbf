//! The rules of reading, as given / when / then.

use cqrs_es::test::TestFramework;

use super::*;
use crate::aggregate::{Command, Need, State};
use crate::cast::room::{added, group_opened, removed, said};
use crate::cast::{ana, ben, cici, message_id, noon, room_id, state_after};
use crate::catalogue::{AggregateKind, DomainEvent, StreamId};
use crate::room::{Membership, RoomEvent};

#[test]
fn reading_everything_reads_up_to_the_last_message() {
    participant().given_no_previous_events().when(read_all_of(9)).then_expect_events(vec![read(9)]);
}

#[test]
fn reading_up_to_a_message_reads_no_further() {
    participant().given(vec![read(2)]).when(read_up_to(5, 9)).then_expect_events(vec![read(5)]);
}

#[test]
fn reading_the_same_twice_is_reading_it_once() {
    participant().given(vec![read(9)]).when(read_all_of(9)).then_expect_events(vec![]);
    participant().given(vec![read(9)]).when(read_up_to(9, 9)).then_expect_events(vec![]);
}

#[test]
fn a_read_position_never_goes_back() {
    participant().given(vec![read(9)]).when(read_up_to(5, 12)).then_expect_events(vec![]);
    let mut late = Participant::default();
    late.evolve(&read(9));
    late.evolve(&read(5));
    assert_eq!(late.decide(&read_up_to(7, 9)), Ok(vec![]), "an older event does not move it back either");
}

#[test]
fn a_message_that_was_found_is_read_although_the_facts_are_older() {
    participant().given_no_previous_events().when(read_up_to(10, 9)).then_expect_events(vec![read(10)]);
    let silent = Membership { join_seq: 0, last_seq: 0, last_message_id: None };
    let command = marking(ReadUpTo::Message { seq: 1, message_id: message_id(1) }, Some(silent));
    participant().given_no_previous_events().when(command).then_expect_events(vec![read(1)]);
}

#[test]
fn in_a_room_without_a_message_there_is_nothing_to_read() {
    let silent = Membership { join_seq: 0, last_seq: 0, last_message_id: None };
    participant().given_no_previous_events().when(marking(ReadUpTo::Last, Some(silent))).then_expect_events(vec![]);
}

#[test]
fn nobody_outside_reads_or_learns_that_there_is_a_room() {
    for up_to in [ReadUpTo::Last, ReadUpTo::Message { seq: 1, message_id: message_id(1) }] {
        participant()
            .given_no_previous_events()
            .when(marking(up_to, None))
            .then_expect_error(ParticipantError::NotFound);
        participant().given(vec![read(9)]).when(marking(up_to, None)).then_expect_error(ParticipantError::NotFound);
    }
}

// ---- facts of other streams ----

#[test]
fn reading_rests_on_membership_and_a_busy_room_does_not_stop_it() {
    let needs = State::empty(AggregateKind::Participant).needs(&Command::Participant(read_up_to(5, 9)));
    let [Need { stream, kinds }] = &needs[..] else { panic!("one need, not {needs:?}") };
    assert_eq!(*stream, StreamId::room(room_id()));
    assert_eq!(*kinds, ["room_opened", "members_added", "member_removed"]);
}

#[test]
fn reading_everything_rests_on_what_is_last_as_well() {
    let needs = State::empty(AggregateKind::Participant).needs(&Command::Participant(read_all_of(9)));
    let [Need { kinds, .. }] = &needs[..] else { panic!("one need, not {needs:?}") };
    assert!(kinds.contains(&"message_sent"));
}

#[test]
fn membership_is_learned_from_the_room_and_forgotten_with_it() {
    let mut command = Command::Participant(marking(ReadUpTo::Last, None));
    let learn = |command: &mut Command, events: &[RoomEvent]| {
        let room = state_after(AggregateKind::Room, events.iter().cloned().map(DomainEvent::Room));
        command.learn(&StreamId::room(room_id()), &room);
        let Command::Participant(ParticipantCommand::MarkRead(command)) = command else { panic!("still the same") };
        command.membership
    };
    let mut events = vec![group_opened(&[ana()]), said(1, &ana()), added(&ben(), &[ben(), cici()], 1)];
    let place = Membership { join_seq: 1, last_seq: 1, last_message_id: Some(message_id(1)) };
    assert_eq!(learn(&mut command, &events), Some(place));
    events.push(removed(&ben(), &ana()));
    assert_eq!(learn(&mut command, &events), None);
}

// ---- the cast ----

fn participant() -> TestFramework<Participant> {
    TestFramework::with(())
}

fn marking(up_to: ReadUpTo, membership: Option<Membership>) -> ParticipantCommand {
    ParticipantCommand::MarkRead(MarkRead { room_id: room_id(), user_id: ben(), up_to, membership, at: noon() })
}

fn member_at(last_seq: u64) -> Option<Membership> {
    Some(Membership { join_seq: 0, last_seq, last_message_id: Some(message_id(last_seq)) })
}

fn read_all_of(last_seq: u64) -> ParticipantCommand {
    marking(ReadUpTo::Last, member_at(last_seq))
}

fn read_up_to(seq: u64, last_seq: u64) -> ParticipantCommand {
    marking(ReadUpTo::Message { seq, message_id: message_id(seq) }, member_at(last_seq))
}

fn read(up_to_seq: u64) -> ParticipantEvent {
    ParticipantEvent::MessagesRead(MessagesRead {
        room_id: room_id(),
        user_id: ben(),
        up_to_seq,
        up_to: message_id(up_to_seq),
        at: noon(),
    })
}
