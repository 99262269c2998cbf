//! The rules of a room, as given / when / then.

mod keeping;
mod membership;
mod speaking;

use cqrs_es::test::TestFramework;

use super::*;
use crate::aggregate::{Command, State};
use crate::cast::room::{
    add, added, create_group, direct_opened, group_opened, inherited, join, message, open_direct, opening, remove,
    removed, role_changed, said, send,
};
use crate::cast::{ana, ben, blocked_by, blocks_between, cici, dewi, message_id, registered, state_after, user};
use crate::catalogue::{AggregateKind, DomainEvent, StreamId};
use crate::ids::{UserId, UserPair};
use crate::{Need, Sealed};

// ---- opening ----

#[test]
fn a_direct_room_opens_with_both_people_in_it() {
    room().given_no_previous_events().when(open_direct(&ana(), &ben())).then_expect_events(vec![direct_opened()]);
}

#[test]
fn a_direct_room_that_is_there_is_not_opened_again_whoever_asks() {
    room().given(vec![direct_opened()]).when(open_direct(&ana(), &ben())).then_expect_events(vec![]);
    room().given(vec![direct_opened()]).when(open_direct(&ben(), &ana())).then_expect_events(vec![]);
}

#[test]
fn a_direct_room_that_is_there_is_found_by_people_who_block_each_other() {
    let command = RoomCommand::OpenDirect(OpenDirect { blocked: true, ..opening(&ana(), &ben()) });
    room().given(vec![direct_opened()]).when(command).then_expect_events(vec![]);
}

#[test]
fn nobody_has_a_direct_room_with_themselves() {
    room().given_no_previous_events().when(open_direct(&ana(), &ana())).then_expect_error(RoomError::WithOneself);
}

#[test]
fn a_direct_room_with_somebody_unknown_is_not_opened() {
    let command = RoomCommand::OpenDirect(OpenDirect { other_exists: false, ..opening(&ana(), &ben()) });
    room().given_no_previous_events().when(command).then_expect_error(RoomError::UnknownRecipient);
}

#[test]
fn a_direct_room_is_not_opened_across_a_block() {
    let command = RoomCommand::OpenDirect(OpenDirect { blocked: true, ..opening(&ana(), &ben()) });
    room().given_no_previous_events().when(command).then_expect_error(RoomError::Blocked);
}

#[test]
fn a_group_begins_with_its_creator_as_owner_and_everybody_once() {
    room()
        .given_no_previous_events()
        .when(create_group(vec![ben(), ana(), ben(), cici()]))
        .then_expect_events(vec![group_opened(&[ana(), ben(), cici()])]);
}

#[test]
fn a_group_that_is_there_is_not_created_again() {
    room().given(vec![group_opened(&[ana(), ben()])]).when(create_group(vec![cici()])).then_expect_events(vec![]);
}

#[test]
fn a_group_begins_with_as_many_people_as_one_command_may_bring_and_not_one_more() {
    let others = |count: usize| (0..count).map(|n| user(&format!("user-{n}"))).collect::<Vec<_>>();
    let opened = room()
        .given_no_previous_events()
        .when(create_group(others(MEMBERS_PER_COMMAND_MAX - 1)))
        .inspect_result()
        .expect("just as many as allowed");
    assert!(matches!(&opened[..], [RoomEvent::RoomOpened(room)] if room.members.len() == MEMBERS_PER_COMMAND_MAX));
    room()
        .given_no_previous_events()
        .when(create_group(others(MEMBERS_PER_COMMAND_MAX)))
        .then_expect_error(RoomError::TooManyAtOnce);
}

// ---- coming in ----

#[test]
fn an_owner_brings_people_in_and_their_counting_starts_at_the_last_message() {
    room()
        .given(vec![group_opened(&[ana(), ben()]), said(1, &ana()), said(2, &ben())])
        .when(add(&ana(), vec![dewi(), cici(), ben(), dewi()]))
        .then_expect_events(vec![added(&ana(), &[cici(), dewi()], 2)]);
}

#[test]
fn people_who_are_in_are_not_brought_in_again() {
    room().given(vec![group_opened(&[ana(), ben()])]).when(add(&ana(), vec![ben()])).then_expect_events(vec![]);
}

#[test]
fn an_admin_brings_people_in_and_a_member_does_not() {
    let given = || vec![group_opened(&[ana(), ben(), cici()]), role_changed(&ben(), Role::Admin)];
    room().given(given()).when(add(&ben(), vec![dewi()])).then_expect_events(vec![added(&ben(), &[dewi()], 0)]);
    room().given(given()).when(add(&cici(), vec![dewi()])).then_expect_error(RoomError::RoleForbids);
}

#[test]
fn nobody_outside_brings_people_in_or_learns_that_there_is_a_room() {
    room()
        .given(vec![group_opened(&[ana(), ben()])])
        .when(add(&dewi(), vec![cici()]))
        .then_expect_error(RoomError::NotFound);
    room().given_no_previous_events().when(add(&dewi(), vec![cici()])).then_expect_error(RoomError::NotFound);
}

#[test]
fn a_third_person_is_not_brought_into_a_direct_room() {
    room().given(vec![direct_opened()]).when(add(&ana(), vec![cici()])).then_expect_error(RoomError::DirectIsForTwo);
}

#[test]
fn a_crowd_is_brought_in_by_several_commands() {
    let mut state = Room::default();
    state.evolve(&group_opened(&[ana()]));
    let crowd = |count: usize| add(&ana(), (0..count).map(|n| user(&format!("user-{n}"))).collect());
    assert!(state.decide(&crowd(MEMBERS_PER_COMMAND_MAX)).is_ok());
    assert_eq!(state.decide(&crowd(MEMBERS_PER_COMMAND_MAX + 1)), Err(RoomError::TooManyAtOnce));
}

#[test]
fn a_full_room_takes_nobody_in() {
    let mut full = vec![group_opened(&[ana()])];
    let mut people = (1..MEMBERS_MAX).map(|n| user(&format!("user-{n}")));
    while let Some(first) = people.next() {
        let crowd: Vec<UserId> = std::iter::once(first).chain(people.by_ref().take(499)).collect();
        full.push(added(&ana(), &crowd, 0));
    }
    room().given(full.clone()).when(add(&ana(), vec![ben()])).then_expect_error(RoomError::TooManyMembers);
    room().given(full.clone()).when(join(&ben())).then_expect_error(RoomError::TooManyMembers);
    full.push(removed(&user("user-1"), &ana()));
    room().given(full).when(join(&ben())).then_expect_events(vec![added(&ben(), &[ben()], 0)]);
}

#[test]
fn anybody_walks_into_an_open_room_once() {
    room().given(vec![group_opened(&[ana()]), said(1, &ana())]).when(join(&ben())).then_expect_events(vec![added(
        &ben(),
        &[ben()],
        1,
    )]);
    room()
        .given(vec![group_opened(&[ana()]), added(&ben(), &[ben()], 0)])
        .when(join(&ben()))
        .then_expect_events(vec![]);
}

#[test]
fn a_room_by_invitation_a_direct_room_and_no_room_look_alike_from_outside() {
    let RoomEvent::RoomOpened(opened) = group_opened(&[ana()]) else { panic!("opened") };
    let by_invitation = RoomEvent::RoomOpened(RoomOpened { join_policy: JoinPolicy::Invite, ..opened });
    room().given(vec![by_invitation]).when(join(&ben())).then_expect_error(RoomError::NotFound);
    room().given(vec![direct_opened()]).when(join(&cici())).then_expect_error(RoomError::NotFound);
    room().given_no_previous_events().when(join(&ben())).then_expect_error(RoomError::NotFound);
}

// ---- going out ----

#[test]
fn a_member_leaves() {
    room()
        .given(vec![group_opened(&[ana(), ben()])])
        .when(remove(&ben(), &ben()))
        .then_expect_events(vec![removed(&ben(), &ben())]);
}

#[test]
fn who_has_left_is_outside_and_cannot_leave_again() {
    room()
        .given(vec![group_opened(&[ana(), ben()]), removed(&ben(), &ben())])
        .when(remove(&ben(), &ben()))
        .then_expect_error(RoomError::NotFound);
}

#[test]
fn an_owner_removes_anybody_and_an_admin_removes_members_only() {
    let given = || {
        vec![
            group_opened(&[ana(), ben(), cici(), dewi()]),
            role_changed(&ben(), Role::Admin),
            role_changed(&cici(), Role::Admin),
        ]
    };
    room().given(given()).when(remove(&ben(), &ana())).then_expect_events(vec![removed(&ben(), &ana())]);
    room().given(given()).when(remove(&dewi(), &ben())).then_expect_events(vec![removed(&dewi(), &ben())]);
    room().given(given()).when(remove(&cici(), &ben())).then_expect_error(RoomError::RoleForbids);
    room().given(given()).when(remove(&ana(), &ben())).then_expect_error(RoomError::RoleForbids);
    room().given(given()).when(remove(&ben(), &dewi())).then_expect_error(RoomError::RoleForbids);
}

#[test]
fn somebody_who_is_not_in_the_room_is_not_removed() {
    room()
        .given(vec![group_opened(&[ana(), ben()])])
        .when(remove(&cici(), &ana()))
        .then_expect_error(RoomError::NoSuchMember);
}

#[test]
fn nobody_outside_removes_anybody() {
    room()
        .given(vec![group_opened(&[ana(), ben()])])
        .when(remove(&ben(), &dewi()))
        .then_expect_error(RoomError::NotFound);
}

#[test]
fn nobody_leaves_a_direct_room() {
    room().given(vec![direct_opened()]).when(remove(&ana(), &ana())).then_expect_error(RoomError::DirectIsForTwo);
}

#[test]
fn an_owner_who_leaves_hands_over_to_the_admin_who_came_first() {
    room()
        .given(vec![
            group_opened(&[ana(), ben(), dewi(), cici()]),
            role_changed(&cici(), Role::Admin),
            role_changed(&dewi(), Role::Admin),
        ])
        .when(remove(&ana(), &ana()))
        .then_expect_events(vec![removed(&ana(), &ana()), inherited(&dewi())]);
}

#[test]
fn without_an_admin_the_member_who_came_first_inherits_and_a_return_counts_as_coming_last() {
    room()
        .given(vec![
            group_opened(&[ana(), ben(), cici()]),
            removed(&ben(), &ben()),
            added(&ben(), &[ben()], 0),
            added(&dewi(), &[dewi()], 0),
        ])
        .when(remove(&ana(), &ana()))
        .then_expect_events(vec![removed(&ana(), &ana()), inherited(&cici())]);
}

#[test]
fn the_last_one_out_hands_over_to_nobody() {
    room()
        .given(vec![group_opened(&[ana()])])
        .when(remove(&ana(), &ana()))
        .then_expect_events(vec![removed(&ana(), &ana())]);
}

// ---- saying something ----

#[test]
fn messages_are_numbered_from_one_without_gaps() {
    room().given(vec![group_opened(&[ana(), ben()])]).when(send(1, &ana())).then_expect_events(vec![said(1, &ana())]);
    room()
        .given(vec![group_opened(&[ana(), ben()]), said(1, &ana()), added(&cici(), &[cici()], 1), said(2, &ben())])
        .when(send(3, &cici()))
        .then_expect_events(vec![said(3, &cici())]);
}

#[test]
fn a_removed_member_cannot_send_a_message() {
    room()
        .given(vec![group_opened(&[ana(), ben()]), removed(&ben(), &ana())])
        .when(send(1, &ben()))
        .then_expect_error(RoomError::NotFound);
}

#[test]
fn nobody_sends_into_a_room_that_is_not_there() {
    room().given_no_previous_events().when(send(1, &ana())).then_expect_error(RoomError::NotFound);
}

#[test]
fn a_block_stops_messages_in_a_direct_room() {
    let command = RoomCommand::SendMessage(SendMessage { blocked: true, ..message(1, &ana()) });
    room().given(vec![direct_opened()]).when(command).then_expect_error(RoomError::Blocked);
}

#[test]
fn a_block_stops_nobody_in_a_group() {
    let command = RoomCommand::SendMessage(SendMessage { blocked: true, ..message(1, &ana()) });
    room().given(vec![group_opened(&[ana(), ben()])]).when(command).then_expect_events(vec![said(1, &ana())]);
}

#[test]
fn whatever_comes_with_a_message_is_kept() {
    let command = SendMessage {
        kind: MessageKind::Image,
        content: Sealed::new(""),
        attachment: Some(Attachment::at(Sealed::new("https://cdn/x.png"), Some("image/png".into()))),
        reply_to: Some(message_id(9)),
        client_message_id: Some(Sealed::new("c-1")),
        ..message(1, &ana())
    };
    let sent = room()
        .given(vec![direct_opened()])
        .when(RoomCommand::SendMessage(command.clone()))
        .inspect_result()
        .expect("allowed");
    let [RoomEvent::MessageSent(sent)] = &sent[..] else { panic!("one message, not {sent:?}") };
    assert_eq!(
        (sent.kind, &sent.content, &sent.attachment, sent.reply_to, &sent.client_message_id),
        (command.kind, &command.content, &command.attachment, command.reply_to, &command.client_message_id)
    );
}

// ---- facts of other streams ----

#[test]
fn opening_a_direct_room_asks_for_blocks_between_the_two_and_for_the_other_person() {
    let needs = State::empty(AggregateKind::Room).needs(&Command::Room(open_direct(&ana(), &ben())));
    assert_eq!(
        needs,
        [
            blocks_between(&ana(), &ben()),
            Need { stream: StreamId::user(&ben()), kinds: &["user_registered", "user_erased"] }
        ]
    );
}

#[test]
fn a_message_asks_for_blocks_in_a_direct_room_only() {
    let command = Command::Room(send(1, &ana()));
    let direct = state_after(AggregateKind::Room, [DomainEvent::Room(direct_opened())]);
    assert_eq!(direct.needs(&command), [blocks_between(&ana(), &ben())]);
    let group = state_after(AggregateKind::Room, [DomainEvent::Room(group_opened(&[ana(), ben()]))]);
    assert_eq!(group.needs(&command), []);
    assert_eq!(State::empty(AggregateKind::Room).needs(&command), []);
}

#[test]
fn other_group_commands_ask_for_nothing() {
    let group = state_after(AggregateKind::Room, [DomainEvent::Room(group_opened(&[ana(), ben()]))]);
    for command in [create_group(vec![]), join(&cici()), remove(&ben(), &ana())] {
        assert_eq!(group.needs(&Command::Room(command.clone())), [], "{command:?}");
    }
}

#[test]
fn what_is_learned_replaces_what_was_learned_before() {
    let pair = UserPair::new(&ana(), &ben());
    let related = StreamId::relationship(&pair);
    let blocked = state_after(AggregateKind::Relationship, [blocked_by(&ben(), &ana())]);
    let free = State::empty(AggregateKind::Relationship);

    let mut sending = Command::Room(send(1, &ana()));
    sending.learn(&related, &blocked);
    assert!(matches!(&sending, Command::Room(RoomCommand::SendMessage(command)) if command.blocked));
    sending.learn(&related, &free);
    assert!(matches!(&sending, Command::Room(RoomCommand::SendMessage(command)) if !command.blocked));

    let unsure = OpenDirect { other_exists: false, blocked: false, ..opening(&ana(), &ben()) };
    let mut opening = Command::Room(RoomCommand::OpenDirect(unsure));
    opening.learn(&related, &blocked);
    opening.learn(&StreamId::user(&ben()), &state_after(AggregateKind::User, [registered(&ben())]));
    assert!(
        matches!(&opening, Command::Room(RoomCommand::OpenDirect(command)) if command.blocked && command.other_exists)
    );
    opening.learn(&related, &free);
    opening.learn(&StreamId::user(&ben()), &State::empty(AggregateKind::User));
    assert!(
        matches!(&opening, Command::Room(RoomCommand::OpenDirect(command)) if !command.blocked && !command.other_exists)
    );
}

#[test]
fn a_stranger_has_no_place_in_a_room_and_a_member_has_theirs() {
    let mut room = Room::default();
    for event in [group_opened(&[ana()]), said(1, &ana()), added(&ben(), &[ben()], 1), said(2, &ben())] {
        room.evolve(&event);
    }
    assert_eq!(room.membership(&cici()), None);
    let last =
        |join_seq| Membership { kind: RoomKind::Group, join_seq, last_seq: 2, last_message_id: Some(message_id(2)) };
    assert_eq!(room.membership(&ana()), Some(last(0)));
    assert_eq!(room.membership(&ben()), Some(last(1)));
}

// ---- a big room ----

#[test]
fn a_state_that_goes_on_beside_its_copy_copies_nobody_who_is_in_both() {
    let people: Vec<UserId> = (0..10_000).map(|n| user(&format!("user-{n}"))).collect();
    let mut room = Room::default();
    room.evolve(&group_opened(&[ana()]));
    people.chunks(500).for_each(|some| room.evolve(&added(&ana(), some, 0)));
    let once: Vec<usize> = people.iter().map(UserId::copies).collect();

    let mut beside = room.clone();
    for event in [added(&ana(), &[ben()], 0), removed(&people[5_000], &ana()), role_changed(&people[7], Role::Admin)] {
        beside.evolve(&event);
    }
    let copied = people.iter().zip(once).filter(|(person, once)| person.copies() != *once).count();
    // Whoever's own place changed is there twice, and everybody else once.
    assert!(copied <= 2, "{copied} were copied");
    // Neither sees what happened to the other.
    assert_eq!((room.membership(&ben()), beside.membership(&people[5_000])), (None, None));
    assert!(room.membership(&people[5_000]).is_some() && beside.membership(&ben()).is_some());
    assert_eq!(room, {
        let mut again = Room::default();
        again.evolve(&group_opened(&[ana()]));
        people.chunks(500).for_each(|some| again.evolve(&added(&ana(), some, 0)));
        again
    });
}

// ---- the cast ----

fn room() -> TestFramework<Room> {
    TestFramework::with(())
}
