//! An answered command is durable, a repeat writes nothing and is answered the same.

use std::collections::HashSet;

use event_log::{Outcome, Position};

use super::callers::*;
use crate::event_log::every_log;
use crate::support::backend::TestStore;

every_log!(
    a_repeat_gives_the_same_message_and_writes_nothing,
    the_same_key_from_many_callers_at_two_doors_is_one_message,
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

async fn a_repeat_of_a_refused_command_is_decided_again(store: &TestStore) {
    let door = door(store).await;
    door.execute(create_group(group(1), &["ana"])).await.expect("created");
    assert_eq!(refused(door.execute(send_keyed(group(1), "ben", "k")).await), "there is no such room");
    let mut join = create_group(group(2), &["ben"]);
    join.stream = aggregates::StreamId::room(group(1));
    join.command = aggregates::Command::Room(aggregates::room::RoomCommand::JoinRoom(aggregates::room::JoinRoom {
        room_id: group(1),
        user_id: user("ben"),
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
