//! An append whose answer was lost is looked up, never guessed: connections cut at every moment, backends terminated,
//! the database killed. PostgreSQL only: SQLite has no connection to lose (processes that die are in `end_to_end`).

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aggregates::ids::{MessageId, RoomId};
use event_log::{CommandError, Door, DoorOptions, Position};

use super::callers::*;
use super::failing_log::{FailingLog, Fault};
use crate::event_log::every_log;
use crate::support::backend::{Backend, TestStore};
use crate::support::chaos_proxy::ChaosProxy;

/// Faults in each test; each needs the recovery of the one before.
const FAULTS: usize = 12;
const CALLERS: usize = 24;
/// Rooms they write to.
const ROOMS: u128 = 5;

/// What callers were told.
type Answers = HashMap<MessageId, (RoomId, u64, Position)>;

/// A budget that outlasts a fault: what is tested is not the patience.
fn patient() -> DoorOptions {
    DoorOptions { command_budget: Duration::from_secs(60), ..DoorOptions::default() }
}

every_log!(a_door_closed_over_an_unknown_outcome_decides_the_rest_on_nothing_undurable);

/// The first send may or may not be written when the door is told to close; the one behind it is still to be decided.
async fn a_door_closed_over_an_unknown_outcome_decides_the_rest_on_nothing_undurable(store: &TestStore) {
    let log = FailingLog::over(store.open().await);
    let door = Door::open(Arc::clone(&log) as _, patient()).await.expect("the door opens");
    door.execute(create_group(group(1), &["ana"])).await.expect("created");
    log.set(Fault::Silence);
    let (sender, closer) = (door.clone(), door.clone());
    let first = tokio::spawn(async move { sender.execute(send(group(1), "ana")).await });
    let sender = door.clone();
    within("the first to be under way", async {
        while whole_log(store).await.len() < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let second = tokio::spawn(async move { sender.execute(send(group(1), "ana")).await });
    let closing = tokio::spawn(async move { closer.close().await });
    let first = within("the first answer", first).await.expect("no panic");
    log.set(Fault::None);
    assert!(matches!(first, Err(CommandError::OutcomeUnknown(_))), "{first:?}");
    let second = within("the second answer", second).await.expect("no panic");
    within("the door to close", closing).await.expect("no panic");
    assert_eq!(door.failure(), None, "the door did not fall");
    let sent = second.map_or(1, |_| 2);
    assert_eq!(messages_in(&whole_log(store).await, group(1)).len(), sent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_lost_on_the_way_back_is_looked_up() {
    let Some(store) = Backend::Postgres.store().await else { return };
    let proxy = ChaosProxy::before(store.postgres().address()).await;
    let door = through(&store, &proxy).await;
    under_load(&store, door.clone(), async {
        for round in 0..FAULTS {
            proxy.cut_before_answer_to(b"");
            within("a lost answer", proxy.struck()).await;
            within("a write after it", progress(&door, round)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_cut_in_the_middle_is_looked_up() {
    let Some(store) = Backend::Postgres.store().await else { return };
    let proxy = ChaosProxy::before(store.postgres().address()).await;
    let door = through(&store, &proxy).await;
    under_load(&store, door.clone(), async {
        for fault in 0..FAULTS {
            proxy.cut_after_upstream_bytes(700 * fault * fault + 1);
            within("a cut request", proxy.struck()).await;
            within("a write after it", progress(&door, fault)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminated_backend_is_replaced_and_nothing_is_written_twice() {
    let Some(store) = Backend::Postgres.store_of_its_own().await else { return };
    let door = door_with(&store, patient()).await;
    under_load(&store, door.clone(), async {
        for round in 0..FAULTS {
            store.postgres().terminate_backends().await;
            // A fault is over when something was written since.
            within("a write after termination", progress(&door, round)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_database_comes_back_with_everything_that_was_answered() {
    let Some(store) = Backend::Postgres.store_of_its_own().await else { return };
    let door = door_with(&store, patient()).await;
    under_load(&store, door.clone(), async {
        for round in 0..3 {
            store.postgres().kill9_and_restart();
            within("a write after a restart", progress(&door, round)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_away_commands_are_given_up_in_time_and_nothing_is_written() {
    let Some(store) = Backend::Postgres.store().await else { return };
    let proxy = ChaosProxy::before(store.postgres().address()).await;
    let url = event_log::StoreUrl::parse(&store.postgres().url_by(proxy.address())).expect("a URL");
    let log = event_log::open(&url);
    let options = DoorOptions { command_budget: Duration::from_millis(300), ..DoorOptions::default() };
    let door = Door::open(log.await.expect("reachable"), options).await.expect("the door opens");
    door.execute(create_group(group(1), &["ana"])).await.expect("created");
    // An answer is lost while nobody can be asked: what was under way waits for its look-up, what comes is given up.
    proxy.refuse(true);
    let waiting = tokio::spawn({
        let door = door.clone();
        async move { door.execute(send_keyed(group(1), "ana", "first")).await }
    });
    for _ in 0..5 {
        let answer = within("an answer", door.execute(send(group(1), "ana"))).await;
        assert!(matches!(answer, Err(CommandError::Unavailable(_) | CommandError::OutcomeUnknown(_))), "{answer:?}");
    }
    proxy.refuse(false);
    let first = within("the first one's answer", waiting).await.expect("no panic");
    let second = loop {
        // The pool may still be making connections: a refusal to wait is not what is tested here.
        match door.execute(send_keyed(group(1), "ana", "first")).await {
            Ok(decided) => break decided,
            Err(CommandError::Unavailable(_)) => {}
            Err(error) => panic!("{error}"),
        }
    };
    if let Ok(first) = first {
        assert_eq!(message_of(&first), message_of(&second));
    }
    assert_eq!(messages_in(&whole_log(&store).await, group(1)).len(), 1, "only the keyed message was ever carried out");
}

async fn through(store: &TestStore, proxy: &ChaosProxy) -> Door {
    let url = event_log::StoreUrl::parse(&store.postgres().url_by(proxy.address())).expect("a URL");
    Door::open(event_log::open(&url).await.expect("reachable"), patient()).await.expect("the door opens")
}

/// Callers write while `faults` strike; then everything that was answered is in the log, once, as answered, and nothing
/// else that was keyed is there twice.
async fn under_load(store: &TestStore, door: Door, faults: impl Future<Output = ()>) {
    for number in 0..ROOMS {
        door.execute(create_group(group(number), &["ana", "ben"])).await.expect("created");
    }
    let stop = Arc::new(AtomicBool::new(false));
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..CALLERS {
        callers.spawn(call(door.clone(), caller, Arc::clone(&stop)));
    }
    faults.await;
    stop.store(true, Ordering::SeqCst);
    let mut answers = Answers::new();
    while let Some(told) = callers.join_next().await {
        answers.extend(told.expect("no caller panics"));
    }
    let events = whole_log(store).await;
    let rooms: Vec<_> = (0..ROOMS).map(|number| messages_in(&events, group(number))).collect();
    assert!(!answers.is_empty(), "nothing was answered");
    for (message, (room, seq, position)) in answers {
        let number = (0..ROOMS).find(|number| group(*number) == room).expect("one of the rooms");
        assert_eq!(rooms[number as usize].get(&message), Some(&(seq, position)), "as answered");
    }
}

/// Sends until told to stop. What is not answered is sent again under the same key until it is.
async fn call(door: Door, caller: usize, stop: Arc<AtomicBool>) -> Answers {
    let mut answers = Answers::new();
    let mut number = 0;
    while !stop.load(Ordering::SeqCst) {
        number += 1;
        let room = group((caller + number) as u128 % ROOMS);
        let key = format!("{caller}-{number}");
        let decided = loop {
            match door.execute(send_keyed(room, "ana", &key)).await {
                Ok(decided) => break decided,
                Err(CommandError::Unavailable(_) | CommandError::OutcomeUnknown(_)) => {}
                Err(error) => panic!("{error}"),
            }
        };
        let (message, seq, position) = message_of(&decided);
        answers.insert(message, (room, seq, position));
    }
    answers
}

async fn progress(door: &Door, round: usize) {
    let key = format!("progress-{round}");
    while door.execute(send_keyed(group(0), "ben", &key)).await.is_err() {}
}

async fn within<T>(what: &str, wait: impl Future<Output = T>) -> T {
    match tokio::time::timeout(Duration::from_secs(60), wait).await {
        Ok(done) => done,
        Err(_) => panic!("waited a minute for {what}"),
    }
}
