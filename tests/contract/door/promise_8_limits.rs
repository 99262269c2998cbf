//! What the door holds in memory has an end, and so has the time a command may take (promise 8).

use std::time::Duration;

use event_log::{CommandError, DoorOptions};

use super::callers::*;
use crate::event_log::every_log;
use crate::support::backend::TestStore;

every_log!(
    states_that_were_let_go_are_read_again,
    commands_that_rest_on_more_streams_than_are_kept_do_not_take_them_from_each_other,
    a_full_queue_gives_up_in_time_with_nothing_written,
    a_closed_door_answers_what_it_let_in_and_no_more,
);

async fn states_that_were_let_go_are_read_again(store: &TestStore) {
    let options = DoorOptions { cached_streams_max: 3, ..DoorOptions::default() };
    let door = door_with(store, options).await;
    for number in 0..12 {
        door.execute(create_group(group(number), &["ana"])).await.expect("created");
    }
    for round in 1..=4 {
        for number in 0..12 {
            let decided = door.execute(send(group(number), "ana")).await.expect("sent");
            assert_eq!(message_of(&decided).1, round, "the room goes on where it was");
        }
    }
    whole_log(store).await;
}

async fn commands_that_rest_on_more_streams_than_are_kept_do_not_take_them_from_each_other(store: &TestStore) {
    // They get through one after the other, each after some reads: in a busy test that takes its time.
    let command_budget = Duration::from_secs(60);
    let options = DoorOptions { cached_streams_max: 3, command_budget, ..DoorOptions::default() };
    let door = door_with(store, options).await;
    let mut callers = tokio::task::JoinSet::new();
    for number in 0..40 {
        let door = door.clone();
        callers.spawn(async move {
            // The room's own stream, and what lies between its opener and each of four others.
            let others = [1, 2, 3, 4].map(|other| format!("person-{number}-{other}"));
            let mut members = vec!["ana"];
            members.extend(others.iter().map(String::as_str));
            door.execute(create_group(group(number), &members)).await
        });
    }
    while let Some(answer) = callers.join_next().await {
        answer.expect("no caller panics").expect("created");
    }
    assert_eq!(whole_log(store).await.len(), 40, "each room is opened");
    door.execute(send(group(0), "ana")).await.expect("sent");
    door.close().await;
    let kept = door.caches().into_iter().find(|size| size.name == "streams").expect("it is counted");
    assert!(kept.entries <= 3, "{kept:?}");
}

async fn a_full_queue_gives_up_in_time_with_nothing_written(store: &TestStore) {
    let options = DoorOptions { queue_commands_max: 1, command_budget: Duration::ZERO, ..DoorOptions::default() };
    let door = door_with(store, options).await;
    let answer = door.execute(create_group(group(1), &["ana"])).await;
    assert!(matches!(answer, Err(CommandError::Unavailable(_))), "{answer:?}");
    door.close().await;
    assert_eq!(whole_log(store).await.len(), 0);
}

async fn a_closed_door_answers_what_it_let_in_and_no_more(store: &TestStore) {
    let door = door(store).await;
    door.execute(create_group(group(1), &["ana"])).await.expect("created");
    let mut senders = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let door = door.clone();
        senders.spawn(async move { door.execute(send(group(1), "ana")).await });
    }
    tokio::task::yield_now().await;
    door.close().await;
    let mut sent = 0;
    while let Some(answer) = senders.join_next().await {
        match answer.expect("no caller panics") {
            Ok(_) => sent += 1,
            Err(CommandError::Stopping) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert!(matches!(door.execute(send(group(1), "ana")).await, Err(CommandError::Stopping)));
    assert_eq!(messages_in(&whole_log(store).await, group(1)).len(), sent, "what was answered, and nothing else");
}
