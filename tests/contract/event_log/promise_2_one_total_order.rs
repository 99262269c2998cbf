//! Promise 2: one total order, and no reader ever sees a position after it has seen a later one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use event_log::{Filter, Position, SharedLog, Subscription};

use super::drafts::{Draft, a_room, a_room_of, everything, said, soon, words};
use super::every_log;
use crate::support::backend::{Backend, TestStore};
use crate::support::damage;

every_log![
    positions_are_dense_and_follow_the_batch,
    a_reader_is_never_overtaken_by_a_slow_writer,
    readers_beside_many_writers_see_every_position_once_and_in_order,
    a_subscription_catches_up_and_goes_on_without_gap_or_repeat,
    the_recorded_time_never_goes_back,
];

async fn positions_are_dense_and_follow_the_batch(store: &TestStore) {
    let log = store.open().await;
    let (_, known) = a_room_of(&*log, 3).await;
    let (a, b) = (a_room(), a_room());
    let draft = Draft::at(known).says(&a, 1, "a1").next_group().says(&b, 1, "b1").next_group().says(&a, 2, "a2");
    let appended = draft.append(&*log).await.expect("written");
    assert_eq!(appended.base, known);

    let page = log.read_after(known, 10, Filter::All).await.expect("readable");
    assert_eq!(words(&page.events), ["a1", "b1", "a2"]);
    let positions: Vec<u64> = page.events.iter().map(|event| event.position.0).collect();
    assert_eq!(positions, [known.0 + 1, known.0 + 2, known.0 + 3]);
    assert!(page.events.iter().all(|event| event.recorded_at == appended.recorded_at));
}

/// A slow writer has its place in the log and writes late. A reader that has meanwhile seen later events must still be
/// shown it: skipping it would lose a message for good.
async fn a_reader_is_never_overtaken_by_a_slow_writer(store: &TestStore) {
    let (ours, theirs) = (store.open().await, store.open().await);
    let (slow, _) = ours.lock(Position::START).await.expect("held");
    let second = {
        let theirs = Arc::clone(&theirs);
        tokio::spawn(async move { Draft::at(Position::START).says(&a_room(), 1, "second").append(&*theirs).await })
    };
    let before = ours.read_after(Position::START, 10, Filter::All).await.expect("readable");
    slow.append(Draft::at(Position::START).says(&a_room(), 1, "first").batch()).await.expect("written");
    soon("the second writer", second).await.expect("no panic").expect("written");
    let after = ours.read_after(before.scanned_to, 10, Filter::All).await.expect("readable");

    let seen = [words(&before.events), words(&after.events)].concat();
    assert_eq!(seen, ["first", "second"]);
}

const WRITERS: u64 = 6;
const EVENTS_EACH: u64 = 40;

/// Writes messages one after the other, each to a room of its own, with a head that is often behind.
async fn keep_writing(log: SharedLog, writer: u64) {
    let mut known = Position::START;
    for number in 0..EVENTS_EACH {
        let draft = Draft::at(known).says(&a_room(), 1, &format!("{writer}-{number}"));
        let appended = draft.append(&*log).await.expect("nothing in the way");
        known = Position(appended.base.0 + 1);
    }
}

async fn readers_beside_many_writers_see_every_position_once_and_in_order(store: &TestStore) {
    let handles = [store.open().await, store.open().await];
    let over = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = handles
        .iter()
        .map(|log| {
            let (log, over) = (Arc::clone(log), Arc::clone(&over));
            tokio::spawn(async move {
                let mut seen: Vec<u64> = Vec::new();
                loop {
                    // Asked before reading: what was written before it is in the page or in an earlier one.
                    let last_look = over.load(Ordering::SeqCst);
                    let position = Position(seen.last().copied().unwrap_or(0));
                    let page = log.read_after(position, 7, Filter::All).await.expect("readable");
                    if page.events.is_empty() && last_look {
                        return seen;
                    }
                    seen.extend(page.events.iter().map(|event| event.position.0));
                }
            })
        })
        .collect();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| tokio::spawn(keep_writing(Arc::clone(&handles[writer as usize % 2]), writer)))
        .collect();
    for writer in writers {
        soon("a writer", writer).await.expect("no panic");
    }
    over.store(true, Ordering::SeqCst);
    for reader in readers {
        let seen = soon("a reader", reader).await.expect("no panic");
        assert_eq!(seen, (1..=WRITERS * EVENTS_EACH).collect::<Vec<_>>());
    }
}

async fn a_subscription_catches_up_and_goes_on_without_gap_or_repeat(store: &TestStore) {
    let (ours, theirs) = (store.open().await, store.open().await);
    let (_, known) = a_room_of(&*ours, 10).await;
    let mut subscription = Subscription::new(Arc::clone(&ours), Position(4), Filter::All);
    let reader = tokio::spawn(async move {
        let mut seen = Vec::new();
        while seen.last() != Some(&(known.0 + WRITERS * EVENTS_EACH)) {
            let page = subscription.next(5).await.expect("readable");
            assert!(page.events.len() <= 5);
            seen.extend(page.events.iter().map(|event| event.position.0));
        }
        seen
    });
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| tokio::spawn(keep_writing(Arc::clone(if writer % 2 == 0 { &ours } else { &theirs }), writer)))
        .collect();
    for writer in writers {
        soon("a writer", writer).await.expect("no panic");
    }
    let seen = soon("the subscription to reach the end", reader).await.expect("no panic");
    assert_eq!(seen, (5..=known.0 + WRITERS * EVENTS_EACH).collect::<Vec<_>>());
}

async fn the_recorded_time_never_goes_back(store: &TestStore) {
    let handles = [store.open().await, store.open().await];
    let room = a_room();
    let mut known = Position::START;
    for sequence in 1..=20 {
        if sequence == 10 {
            // As if the clock of the server had gone back since.
            damage::log(store, an_hour_later(store)).await;
        }
        let log = &handles[sequence as usize % 2];
        let appended = Draft::at(known).event(said(&room, sequence, "tick")).append(&**log).await.expect("written");
        known = Position(appended.base.0 + 1);
    }
    let times: Vec<_> = everything(&*handles[0]).await.iter().map(|event| event.recorded_at).collect();
    assert_eq!(times.len(), 20);
    assert!(times.is_sorted(), "{times:?}");
}

fn an_hour_later(store: &TestStore) -> &'static str {
    match store.backend() {
        Backend::Sqlite => "UPDATE events SET recorded_at = recorded_at + 3600000 WHERE position = 9",
        Backend::Postgres => "UPDATE events SET recorded_at = recorded_at + interval '1 hour' WHERE position = 9",
    }
}
