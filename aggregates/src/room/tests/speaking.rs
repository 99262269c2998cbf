//! What is said in a room and what becomes of it.

use super::*;
use crate::cast::noon;
use crate::cast::room::{
    close, delete, deleted, edited, editing, facts, pin, pinned, pinning, reacted, reacting, reopen, slowed, turned,
};
use crate::user::{UserErased, UserEvent};
use crate::{Command, Timestamp};

/// Ana owns it, ben keeps it, cici is in it, and everybody said something.
fn a_group() -> Vec<RoomEvent> {
    vec![
        group_opened(&[ana(), ben(), cici()]),
        role_changed(&ben(), Role::Admin),
        said(1, &ana()),
        said(2, &ben()),
        said(3, &cici()),
    ]
}

// ---- mentions ----

#[test]
fn a_message_names_members_once_and_nobody_else() {
    let command = SendMessage { mentions: vec![ben(), dewi(), ben(), ana(), cici()], ..message(4, &ana()) };
    let sent = room().given(a_group()).when(RoomCommand::SendMessage(command)).inspect_result().expect("allowed");
    assert!(matches!(&sent[..], [RoomEvent::MessageSent(sent)] if sent.mentions == [ben(), cici()]), "{sent:?}");
}

#[test]
fn a_message_names_a_limited_number_of_people() {
    let people = |count: usize| (0..count).map(|n| user(&format!("user-{n}"))).collect();
    let naming = |count| RoomCommand::SendMessage(SendMessage { mentions: people(count), ..message(4, &ana()) });
    room().given(a_group()).when(naming(MENTIONS_MAX)).then_expect_events(vec![said(4, &ana())]);
    room().given(a_group()).when(naming(MENTIONS_MAX + 1)).then_expect_error(RoomError::TooManyMentions);
}

#[test]
fn who_keeps_a_group_calls_all_of_it_and_in_a_room_of_two_either_does() {
    let calling = |sender: &UserId| RoomCommand::SendMessage(SendMessage { mentions_all: true, ..message(4, sender) });
    assert!(room().given(a_group()).when(calling(&ben())).inspect_result().is_ok());
    room().given(a_group()).when(calling(&cici())).then_expect_error(RoomError::RoleForbids);
    assert!(room().given(vec![direct_opened()]).when(calling(&ana())).inspect_result().is_ok());
}

// ---- editing ----

#[test]
fn its_sender_edits_a_message_and_nobody_else_does() {
    let edit = |by: &UserId| RoomCommand::EditMessage(editing(3, &cici(), by));
    room().given(a_group()).when(edit(&cici())).then_expect_events(vec![edited(3, &cici())]);
    room().given(a_group()).when(edit(&ana())).then_expect_error(RoomError::NotYourMessage);
    room().given(a_group()).when(edit(&dewi())).then_expect_error(RoomError::NotFound);
}

#[test]
fn a_forwarded_message_keeps_its_words() {
    let mut command = editing(3, &cici(), &cici());
    command.message.forwarded = true;
    room().given(a_group()).when(RoomCommand::EditMessage(command)).then_expect_error(RoomError::Forwarded);
}

#[test]
fn an_edit_across_a_block_is_refused_in_a_direct_room() {
    let command = || RoomCommand::EditMessage(EditMessage { blocked: true, ..editing(1, &ana(), &ana()) });
    room().given(vec![direct_opened(), said(1, &ana())]).when(command()).then_expect_error(RoomError::Blocked);
    let group = || vec![group_opened(&[ana(), ben()]), said(1, &ana())];
    room().given(group()).when(command()).then_expect_events(vec![edited(1, &ana())]);
}

#[test]
fn the_same_words_that_name_the_same_people_are_no_event() {
    let edit = |naming: &[UserId], all, named: Vec<UserId>| {
        let naming = Some(Naming { mentions: naming.iter().cloned().collect(), all });
        RoomCommand::EditMessage(EditMessage { naming, mentions: named, ..editing(3, &cici(), &cici()) })
    };
    room().given(a_group()).when(edit(&[], false, vec![])).then_expect_events(vec![]);
    // Who is not here, and oneself, are left out first.
    room().given(a_group()).when(edit(&[ben()], false, vec![dewi(), cici(), ben()])).then_expect_events(vec![]);
    for (naming, all, named) in [(vec![ben()], false, vec![]), (vec![], false, vec![ben()]), (vec![], true, vec![])] {
        let decided = room().given(a_group()).when(edit(&naming, all, named)).inspect_result();
        assert_eq!(decided.expect("allowed").len(), 1, "{naming:?} {all}");
    }
    let theirs = EditMessage { edited_by: ana(), naming: None, ..editing(3, &cici(), &ana()) };
    room().given(a_group()).when(RoomCommand::EditMessage(theirs)).then_expect_error(RoomError::NotYourMessage);
}

// ---- deleting ----

#[test]
fn one_deletes_ones_own_and_who_keeps_the_room_deletes_anything() {
    room().given(a_group()).when(delete(3, &cici(), &cici())).then_expect_events(vec![deleted(3, &cici(), &cici())]);
    room().given(a_group()).when(delete(1, &ana(), &ben())).then_expect_events(vec![deleted(1, &ana(), &ben())]);
    room().given(a_group()).when(delete(1, &ana(), &cici())).then_expect_error(RoomError::RoleForbids);
    room().given(a_group()).when(delete(1, &ana(), &dewi())).then_expect_error(RoomError::NotFound);
    let direct = vec![direct_opened(), said(1, &ana())];
    room().given(direct).when(delete(1, &ana(), &ben())).then_expect_error(RoomError::RoleForbids);
}

#[test]
fn one_deletes_in_a_closed_room_too() {
    let mut closed = a_group();
    closed.push(RoomEvent::RoomClosed(turned(&ana())));
    room().given(closed).when(delete(3, &cici(), &cici())).then_expect_events(vec![deleted(3, &cici(), &cici())]);
}

// ---- reacting ----

#[test]
fn a_member_reacts_and_takes_it_back() {
    let react = |by: &UserId, on| RoomCommand::React(reacting(1, by, on));
    room()
        .given(a_group())
        .when(react(&cici(), true))
        .then_expect_events(vec![RoomEvent::ReactionAdded(reacted(1, &cici()))]);
    room()
        .given(a_group())
        .when(react(&cici(), false))
        .then_expect_events(vec![RoomEvent::ReactionRemoved(reacted(1, &cici()))]);
    room().given(a_group()).when(react(&dewi(), true)).then_expect_error(RoomError::NotFound);
}

#[test]
fn across_a_block_one_takes_back_and_sets_nothing() {
    let direct = || vec![direct_opened(), said(1, &ana())];
    let react = |on| RoomCommand::React(React { blocked: true, ..reacting(1, &ben(), on) });
    room().given(direct()).when(react(true)).then_expect_error(RoomError::Blocked);
    room().given(direct()).when(react(false)).then_expect_events(vec![RoomEvent::ReactionRemoved(reacted(1, &ben()))]);
}

#[test]
fn a_reaction_that_stands_there_already_is_no_event_and_nothing_is_taken_back_twice() {
    let react = |by: &UserId, on| RoomCommand::React(React { unchanged: true, ..reacting(1, by, on) });
    for on in [true, false] {
        room().given(a_group()).when(react(&cici(), on)).then_expect_events(vec![]);
        room().given(a_group()).when(react(&dewi(), on)).then_expect_error(RoomError::NotFound);
    }
}

// ---- pinning ----

#[test]
fn across_a_block_nothing_is_pinned_in_a_room_of_two() {
    let pin = |on| RoomCommand::PinMessage(PinMessage { blocked: true, ..pinning(1, &ben(), on) });
    for on in [true, false] {
        room().given(vec![direct_opened(), said(1, &ana())]).when(pin(on)).then_expect_error(RoomError::Blocked);
    }
    room().given(a_group()).when(pin(true)).then_expect_events(vec![RoomEvent::MessagePinned(pinned(1, &ben()))]);
}

#[test]
fn who_keeps_a_group_pins_once_and_in_a_room_of_two_either_does() {
    let pinned_by = |by: &UserId| RoomEvent::MessagePinned(pinned(1, by));
    room().given(a_group()).when(pin(1, &ben(), true)).then_expect_events(vec![pinned_by(&ben())]);
    room().given(a_group()).when(pin(1, &cici(), true)).then_expect_error(RoomError::RoleForbids);
    let mut already = a_group();
    already.push(pinned_by(&ana()));
    room().given(already.clone()).when(pin(1, &ben(), true)).then_expect_events(vec![]);
    room()
        .given(already)
        .when(pin(1, &ben(), false))
        .then_expect_events(vec![RoomEvent::MessageUnpinned(pinned(1, &ben()))]);
    room().given(a_group()).when(pin(1, &ben(), false)).then_expect_events(vec![]);
    room().given(vec![direct_opened()]).when(pin(1, &ben(), true)).then_expect_events(vec![pinned_by(&ben())]);
}

#[test]
fn promise_8_a_room_has_a_limited_number_of_pins_and_a_deleted_message_frees_its_own() {
    let mut full = vec![group_opened(&[ana()])];
    full.extend((1..=PINS_MAX as u64).map(|number| RoomEvent::MessagePinned(pinned(number, &ana()))));
    let next = PINS_MAX as u64 + 1;
    room().given(full.clone()).when(pin(next, &ana(), true)).then_expect_error(RoomError::TooManyPins);
    full.push(deleted(1, &ana(), &ana()));
    room()
        .given(full)
        .when(pin(next, &ana(), true))
        .then_expect_events(vec![RoomEvent::MessagePinned(pinned(next, &ana()))]);
}

// ---- forwarding ----

#[test]
fn where_forwarded_words_are_from_is_kept() {
    let forwarded = Forwarded { room_id: direct_opened_id(), message_id: message_id(9), author_id: dewi() };
    let command = SendMessage { forwarded: Some(forwarded.clone()), ..message(4, &ana()) };
    let sent = room().given(a_group()).when(RoomCommand::SendMessage(command)).inspect_result().expect("allowed");
    assert!(matches!(&sent[..], [RoomEvent::MessageSent(sent)] if sent.forwarded.as_ref() == Some(&forwarded)));
}

#[test]
fn what_somebody_said_who_was_erased_is_carried_nowhere() {
    let forwarded = Forwarded { room_id: direct_opened_id(), message_id: message_id(9), author_id: dewi() };
    let group = state_after(AggregateKind::Room, a_group().into_iter().map(DomainEvent::Room));
    let mut command =
        Command::Room(RoomCommand::SendMessage(SendMessage { forwarded: Some(forwarded), ..message(4, &ana()) }));
    let author = StreamId::user(&dewi());
    assert_eq!(group.needs(&command), [Need { stream: author.clone(), kinds: &["user_registered", "user_erased"] }]);
    let erased = UserEvent::UserErased(UserErased { user_id: dewi(), keys: vec![], at: noon() });
    let gone = [registered(&dewi()), DomainEvent::User(erased)];
    command.learn(&author, &state_after(AggregateKind::User, gone.clone()));
    assert_eq!(group.decide(&command), Err(RoomError::AuthorGone.into()));
    // Nobody was erased: not who is unknown, nor who came back.
    for events in [vec![], gone.into_iter().chain([registered(&dewi())]).collect()] {
        command.learn(&author, &state_after(AggregateKind::User, events));
        assert!(group.decide(&command).is_ok());
    }
}

fn direct_opened_id() -> crate::ids::RoomId {
    crate::cast::room::direct_id()
}

// ---- closed and slow rooms ----

#[test]
fn nothing_is_said_in_a_closed_room_until_it_is_reopened() {
    let mut closed = a_group();
    closed.push(RoomEvent::RoomClosed(turned(&ana())));
    let reaction = RoomCommand::React(reacting(1, &ana(), true));
    let edit = RoomCommand::EditMessage(editing(1, &ana(), &ana()));
    for command in [send(4, &ana()), edit, reaction, pin(1, &ana(), true), add(&ana(), vec![dewi()]), join(&dewi())] {
        room().given(closed.clone()).when(command).then_expect_error(RoomError::Closed);
    }
    room().given(closed.clone()).when(reopen(&ana())).then_expect_events(vec![RoomEvent::RoomReopened(turned(&ana()))]);
    room().given(closed.clone()).when(close(&ana())).then_expect_events(vec![]);
    closed.push(RoomEvent::RoomReopened(turned(&ana())));
    room().given(closed).when(send(4, &ana())).then_expect_events(vec![said(4, &ana())]);
}

#[test]
fn in_a_slow_room_members_wait_and_those_who_keep_it_do_not() {
    let slow = vec![
        group_opened(&[ana(), ben(), cici()]),
        role_changed(&ben(), Role::Admin),
        slowed(30),
        said(1, &ana()),
        said(2, &ben()),
        said(3, &cici()),
    ];
    let later = |sender: &UserId, seconds: i64| {
        let at = Timestamp::from_millis(noon().as_millis() + seconds * 1_000);
        RoomCommand::SendMessage(SendMessage { at, ..message(4, sender) })
    };
    let refused = RoomError::TooSoon { wait_seconds: 20 };
    room().given(slow.clone()).when(later(&cici(), 11)).then_expect_error(refused);
    assert!(room().given(slow.clone()).when(later(&cici(), 30)).inspect_result().is_ok());
    for keeper in [ana(), ben()] {
        assert!(room().given(slow.clone()).when(later(&keeper, 0)).inspect_result().is_ok(), "{keeper}");
    }
    let mut fast = slow;
    fast.push(slowed(0));
    assert!(room().given(fast).when(later(&cici(), 0)).inspect_result().is_ok());
}

// ---- facts of other streams ----

#[test]
fn what_is_said_in_a_room_of_two_asks_for_blocks_and_what_is_taken_away_does_not() {
    let direct = state_after(AggregateKind::Room, [DomainEvent::Room(direct_opened())]);
    let saying = [
        RoomCommand::EditMessage(editing(1, &ana(), &ana())),
        RoomCommand::React(reacting(1, &ana(), true)),
        pin(1, &ana(), true),
        pin(1, &ana(), false),
    ];
    for command in saying {
        assert_eq!(direct.needs(&Command::Room(command.clone())), [blocks_between(&ana(), &ben())], "{command:?}");
        let mut learned = Command::Room(command);
        let related = StreamId::relationship(&UserPair::new(&ana(), &ben()));
        learned.learn(&related, &state_after(AggregateKind::Relationship, [blocked_by(&ben(), &ana())]));
        assert_eq!(direct.decide(&learned), Err(RoomError::Blocked.into()));
    }
    assert_eq!(direct.needs(&Command::Room(delete(1, &ana(), &ana()))), []);
    assert_eq!(facts(1, &ana()).seq, 1);
}
