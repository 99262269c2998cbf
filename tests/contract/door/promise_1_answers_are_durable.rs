//! An answered command is durable, a repeat writes nothing and is answered the same.

use std::collections::HashSet;

use std::sync::Arc;

use event_log::{CommandError, Door, DoorOptions, Outcome, Position, Wish};

use super::callers::*;
use super::failing_log::{FailingLog, Fault};
use crate::event_log::every_log;
use crate::support::backend::TestStore;

every_log!(
    a_repeat_gives_the_same_message_and_writes_nothing,
    the_same_key_from_many_callers_at_two_doors_is_one_message,
    the_same_key_at_two_doors_at_once_is_written_once_and_answered_alike,
    a_group_made_under_one_key_at_two_doors_at_once_is_one_group_whatever_id_each_drew,
    a_repeat_whose_events_cannot_be_read_is_not_told_that_nothing_was_written,
    what_was_on_its_way_when_the_door_fell_is_not_told_that_nothing_was_written,
    a_command_of_another_kind_than_its_stream_is_refused_before_the_door,
    a_repeat_of_a_refused_command_is_decided_again,
    what_is_already_so_is_answered_at_a_position_that_shows_it,
    a_caller_who_hangs_up_changes_nothing,
    two_doors_on_one_hot_room_lose_nothing,
);

async fn a_repeat_gives_the_same_message_and_writes_nothing(store: &TestStore) {
    let first_door = door(store).await;
    first_door.execute(create_group(group(1), &["ana", "ben"])).await.expect("created");
    let first = first_door.execute(send_keyed(group(1), "ana", "k1")).await.expect("sent");
    first_door.execute(send(group(1), "ben")).await.expect("sent");
    let again = first_door.execute(send_keyed(group(1), "ana", "k1")).await.expect("repeated");
    let elsewhere = door(store).await.execute(send_keyed(group(1), "ana", "k1")).await.expect("repeated elsewhere");
    assert!(matches!(first.outcome, Outcome::Written(_)));
    assert!(is_repeat(&again) && is_repeat(&elsewhere));
    assert_eq!(message_of(&again), message_of(&first));
    assert_eq!(message_of(&elsewhere), message_of(&first));
    assert_eq!(messages_in(&whole_log(store).await, group(1)).len(), 2);
}

async fn the_same_key_from_many_callers_at_two_doors_is_one_message(store: &TestStore) {
    let doors = [door(store).await, door(store).await];
    doors[0].execute(create_group(group(1), &["ana", "ben"])).await.expect("created");
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..60 {
        let door = doors[caller % 2].clone();
        let key = format!("k{}", caller % 3);
        callers.spawn(async move { (key.clone(), door.execute(send_keyed(group(1), "ana", &key)).await) });
    }
    let mut answers = HashSet::new();
    while let Some(answer) = callers.join_next().await {
        let (key, decided) = answer.expect("no caller panics");
        answers.insert((key, message_of(&decided.expect("answered"))));
    }
    assert_eq!(answers.len(), 3, "one answer per key, whoever asked: {answers:?}");
    assert_eq!(messages_in(&whole_log(store).await, group(1)).len(), 3);
}

/// Whoever comes second is decided on what the first one wrote, and "already so" would be the wrong answer to it.
async fn the_same_key_at_two_doors_at_once_is_written_once_and_answered_alike(store: &TestStore) {
    let doors = [door(store).await, door(store).await];
    for round in 0..40 {
        let wish = create_group_keyed(group(round), &["ana", "ben"], "k");
        let (one, other) = tokio::join!(doors[0].execute(wish.clone()), doors[1].execute(wish));
        let (one, other) = (one.expect("answered"), other.expect("answered"));
        assert_eq!(one.position, other.position, "round {round}: {one:?} {other:?}");
        assert_eq!(one.outcome.events(), other.outcome.events(), "round {round}");
        assert!(is_repeat(&one) != is_repeat(&other), "round {round}: {one:?} {other:?}");
    }
    assert_eq!(whole_log(store).await.len(), 40);
}

/// As over HTTP: each node draws an id for the room, and the key says that it is the same wish.
async fn a_group_made_under_one_key_at_two_doors_at_once_is_one_group_whatever_id_each_drew(store: &TestStore) {
    let doors = [door(store).await, door(store).await];
    for round in 0..40 {
        let one = create_group_keyed(group(2 * round), &["ana", "ben"], "k");
        let other = Wish { id: one.id, repeatable: true, ..create_group(group(2 * round + 1), &["ana", "ben"]) };
        let (one, other) = tokio::join!(doors[0].execute(one), doors[1].execute(other));
        let (one, other) = (one.expect("answered"), other.expect("answered"));
        assert_eq!((one.position, one.outcome.events()), (other.position, other.outcome.events()), "round {round}");
        assert!(is_repeat(&one) != is_repeat(&other), "round {round}: {one:?} {other:?}");
    }
    let log = whole_log(store).await;
    assert_eq!(log.len(), 40, "one room each, and nothing beside it");
}

async fn a_repeat_whose_events_cannot_be_read_is_not_told_that_nothing_was_written(store: &TestStore) {
    let log = FailingLog::over(store.open().await);
    let options = DoorOptions { command_budget: std::time::Duration::from_millis(300), ..DoorOptions::default() };
    let door = Door::open(Arc::clone(&log) as _, options).await.expect("the door opens");
    let wish = create_group_keyed(group(1), &["ana"], "k");
    let first = door.execute(wish.clone()).await.expect("created");
    log.set(Fault::Unreadable);
    let again = door.execute(wish.clone()).await;
    assert!(matches!(again, Err(CommandError::OutcomeUnknown(_))), "{again:?}");
    log.set(Fault::None);
    let again = door.execute(wish).await.expect("repeated");
    assert!(is_repeat(&again) && again.position == first.position, "{again:?}");
}

async fn what_was_on_its_way_when_the_door_fell_is_not_told_that_nothing_was_written(store: &TestStore) {
    let log = FailingLog::over(store.open().await);
    let door = Door::open(Arc::clone(&log) as _, DoorOptions::default()).await.expect("the door opens");
    door.execute(create_group(group(1), &["ana"])).await.expect("created");
    assert_eq!(door.failure(), None);
    log.set(Fault::Panic);
    let answer = door.execute(send(group(1), "ana")).await;
    assert!(matches!(answer, Err(CommandError::OutcomeUnknown(_))), "{answer:?}");
    assert!(door.failure().is_some_and(|reason| reason.contains("panic")), "{:?}", door.failure());
    // Nobody waits for a door that is no more, and it can still be closed.
    assert!(matches!(door.execute(send(group(1), "ana")).await, Err(CommandError::Stopping)));
    door.close().await;
}

async fn a_command_of_another_kind_than_its_stream_is_refused_before_the_door(store: &TestStore) {
    let door = door(store).await;
    let mut wish = create_group(group(1), &["ana"]);
    wish.stream = aggregates::StreamId::user(&user("ana"));
    let answer = door.execute(wish).await;
    assert!(matches!(answer, Err(CommandError::Misaddressed { .. })), "{answer:?}");
    door.execute(create_group(group(1), &["ana"])).await.expect("the door stands");
    assert_eq!(whole_log(store).await.len(), 1);
}

async fn a_repeat_of_a_refused_command_is_decided_again(store: &TestStore) {
    let door = door(store).await;
    door.execute(create_group(group(1), &["ana"])).await.expect("created");
    assert_eq!(refused(door.execute(send_keyed(group(1), "ben", "k")).await), "there is no such room");
    let mut join = create_group(group(2), &["ben"]);
    join.stream = aggregates::StreamId::room(group(1));
    join.command = aggregates::Command::Room(aggregates::room::RoomCommand::JoinRoom(aggregates::room::JoinRoom {
        room_id: group(1),
        user_id: user("ben"),
        is_platform_admin: false,
        at: noon(),
    }));
    door.execute(join).await.expect("joined");
    let sent = door.execute(send_keyed(group(1), "ben", "k")).await.expect("now a member");
    assert!(matches!(sent.outcome, Outcome::Written(_)));
}

async fn what_is_already_so_is_answered_at_a_position_that_shows_it(store: &TestStore) {
    let (here, there) = (door(store).await, door(store).await);
    let created = here.execute(create_group(group(1), &["ana"])).await.expect("created");
    let again = there.execute(create_group(group(1), &["ana"])).await.expect("already so");
    assert_eq!(again.outcome, Outcome::Nothing);
    assert!(again.position >= created.position, "{:?} does not show {:?}", again.position, created.position);
    assert_eq!(whole_log(store).await.len(), 1);
}

async fn a_caller_who_hangs_up_changes_nothing(store: &TestStore) {
    let door = door(store).await;
    door.execute(create_group(group(1), &["ana"])).await.expect("created");
    for _ in 0..20 {
        let calling = door.execute(send(group(1), "ana"));
        // Polled once, so that the command is on its way, and dropped.
        let _ = futures_util::poll!(std::pin::pin!(calling));
    }
    door.close().await;
    assert_eq!(messages_in(&whole_log(store).await, group(1)).len(), 20);
}

async fn two_doors_on_one_hot_room_lose_nothing(store: &TestStore) {
    let doors = [door(store).await, door(store).await];
    doors[0].execute(create_group(group(1), &["ana", "ben"])).await.expect("created");
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..16 {
        let door = doors[caller % 2].clone();
        callers.spawn(async move {
            let mut answers = Vec::new();
            for _ in 0..25 {
                let decided = door.execute(send(group(1), "ana")).await.expect("nobody fails");
                assert!(decided.tries <= 3, "{} tries", decided.tries);
                answers.push(message_of(&decided));
            }
            answers
        });
    }
    let mut answered = Vec::new();
    while let Some(answers) = callers.join_next().await {
        answered.extend(answers.expect("no caller panics"));
    }
    let messages = messages_in(&whole_log(store).await, group(1));
    assert_eq!(messages.len(), 400);
    for (message, seq, position) in answered {
        assert_eq!(messages.get(&message), Some(&(seq, position)), "as answered");
        assert!(position > Position::START);
    }
}
