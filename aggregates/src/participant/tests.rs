//! The rules of reading, as given / when / then.

use cqrs_es::test::TestFramework;

use super::*;
use crate::aggregate::{Command, Need, State};
use crate::cast::room::{added, group_opened, removed, said};
use crate::cast::{ana, ben, cici, message_id, noon, room_id, state_after};
use crate::catalogue::{AggregateKind, DomainEvent, StreamId};
use crate::room::{Membership, RoomEvent, RoomKind};

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
    let silent = Membership { kind: RoomKind::Group, join_seq: 0, last_seq: 0, last_message_id: None };
    let command = marking(ReadUpTo::Message { seq: 1, message_id: message_id(1) }, Some(silent));
    participant().given_no_previous_events().when(command).then_expect_events(vec![read(1)]);
}

#[test]
fn in_a_room_without_a_message_there_is_nothing_to_read() {
    let silent = Membership { kind: RoomKind::Group, join_seq: 0, last_seq: 0, last_message_id: None };
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
    let place = Membership { kind: RoomKind::Group, join_seq: 1, last_seq: 1, last_message_id: Some(message_id(1)) };
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
    Some(Membership { kind: RoomKind::Group, join_seq: 0, last_seq, last_message_id: Some(message_id(last_seq)) })
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

// ---- going back ----

fn unread_from(from: UnreadFrom, join_seq: u64, last_seq: u64) -> ParticipantCommand {
    let membership =
        Membership { kind: RoomKind::Group, join_seq, last_seq, last_message_id: Some(message_id(last_seq)) };
    ParticipantCommand::MarkUnread(MarkUnread {
        room_id: room_id(),
        user_id: ana(),
        from,
        membership: Some(membership),
        at: noon(),
    })
}

fn went_back(read_seq: u64) -> ParticipantEvent {
    ParticipantEvent::MarkedUnread(MarkedUnread { room_id: room_id(), user_id: ana(), read_seq, at: noon() })
}

#[test]
fn a_place_that_is_marked_unread_is_right_before_the_message() {
    participant()
        .given(vec![read(9)])
        .when(unread_from(UnreadFrom::Message { seq: 5 }, 0, 9))
        .then_expect_events(vec![went_back(4)]);
    participant().given(vec![read(9)]).when(unread_from(UnreadFrom::Last, 0, 9)).then_expect_events(vec![went_back(8)]);
    participant().given(vec![read(9), went_back(4)]).when(read_up_to(7, 9)).then_expect_events(vec![read(7)]);
}

#[test]
fn nobody_goes_back_to_before_they_came_or_in_a_silent_room() {
    participant()
        .given(vec![read(9)])
        .when(unread_from(UnreadFrom::Message { seq: 2 }, 6, 9))
        .then_expect_events(vec![went_back(6)]);
    participant().given_no_previous_events().when(unread_from(UnreadFrom::Last, 0, 0)).then_expect_events(vec![]);
}

// ---- what has arrived ----

fn delivering(seq: u64, kind: RoomKind) -> ParticipantCommand {
    let membership = Membership { kind, join_seq: 0, last_seq: 9, last_message_id: Some(message_id(9)) };
    ParticipantCommand::MarkDelivered(MarkDelivered {
        room_id: room_id(),
        user_id: ana(),
        up_to: ReadUpTo::Message { seq, message_id: message_id(seq) },
        membership: Some(membership),
        at: noon(),
    })
}

fn delivered(up_to_seq: u64) -> ParticipantEvent {
    let up_to = message_id(up_to_seq);
    ParticipantEvent::MessagesDelivered(MessagesDelivered {
        room_id: room_id(),
        user_id: ana(),
        up_to_seq,
        up_to,
        at: noon(),
    })
}

#[test]
fn what_arrives_is_kept_in_direct_rooms_alone_and_never_goes_back() {
    let given = || vec![delivered(4)];
    participant().given(given()).when(delivering(5, RoomKind::Direct)).then_expect_events(vec![delivered(5)]);
    participant().given(given()).when(delivering(4, RoomKind::Direct)).then_expect_events(vec![]);
    participant().given(given()).when(delivering(9, RoomKind::Group)).then_expect_events(vec![]);
    participant().given(vec![read(7)]).when(delivering(6, RoomKind::Direct)).then_expect_events(vec![]);
}

// ---- how a room is kept ----

fn arranging(wish: Arrangement) -> ParticipantCommand {
    let membership =
        Membership { kind: RoomKind::Group, join_seq: 0, last_seq: 9, last_message_id: Some(message_id(9)) };
    let (room_id, user_id) = (room_id(), ana());
    ParticipantCommand::Arrange(Arrange { room_id, user_id, wish, membership: Some(membership), at: noon() })
}

fn arranged(arrangement: Arrangement) -> ParticipantEvent {
    ParticipantEvent::RoomArranged(RoomArranged { room_id: room_id(), user_id: ana(), arrangement, at: noon() })
}

#[test]
fn a_room_is_muted_pinned_and_archived_once_and_back_again() {
    let muted = Arrangement::Muted { until: Some(noon()) };
    let archived = Arrangement::Archived { seq: 9 };
    let pairs = [
        (muted, Arrangement::Unmuted),
        (Arrangement::Pinned, Arrangement::Unpinned),
        (archived, Arrangement::Unarchived),
    ];
    for (on, off) in pairs {
        participant().given_no_previous_events().when(arranging(on)).then_expect_events(vec![arranged(on)]);
        participant().given(vec![arranged(on)]).when(arranging(on)).then_expect_events(vec![]);
        participant().given(vec![arranged(on)]).when(arranging(off)).then_expect_events(vec![arranged(off)]);
        participant().given_no_previous_events().when(arranging(off)).then_expect_events(vec![]);
    }
    let longer = Arrangement::Muted { until: None };
    participant().given(vec![arranged(muted)]).when(arranging(longer)).then_expect_events(vec![arranged(longer)]);
    let asked = arranging(Arrangement::Archived { seq: 77 });
    participant().given_no_previous_events().when(asked).then_expect_events(vec![arranged(archived)]);
}

#[test]
fn nobody_outside_has_a_place_to_arrange() {
    let (room_id, user_id, from) = (room_id(), ana(), UnreadFrom::Last);
    let up_to = ReadUpTo::Last;
    let outside = [
        ParticipantCommand::Arrange(Arrange {
            room_id,
            user_id: user_id.clone(),
            wish: Arrangement::Pinned,
            membership: None,
            at: noon(),
        }),
        ParticipantCommand::MarkUnread(MarkUnread {
            room_id,
            user_id: user_id.clone(),
            from,
            membership: None,
            at: noon(),
        }),
        ParticipantCommand::MarkDelivered(MarkDelivered { room_id, user_id, up_to, membership: None, at: noon() }),
    ];
    for command in outside {
        participant().given_no_previous_events().when(command).then_expect_error(ParticipantError::NotFound);
    }
}

#[test]
fn only_what_ends_at_the_last_message_waits_for_it() {
    let kinds = |command: ParticipantCommand| {
        let needs = State::empty(AggregateKind::Participant).needs(&Command::Participant(command));
        needs[0].kinds.contains(&"message_sent")
    };
    assert!(kinds(unread_from(UnreadFrom::Last, 0, 9)));
    assert!(!kinds(unread_from(UnreadFrom::Message { seq: 5 }, 0, 9)));
    assert!(kinds(arranging(Arrangement::Archived { seq: 0 })));
    assert!(!kinds(arranging(Arrangement::Pinned)));
}
