//! Promise 3: at the expected version, whole or not at all, and nothing that rests on what others have changed.

use std::sync::Arc;

use aggregates::StreamId;
use aggregates::ids::UserPair;
use aggregates::room::RoomEvent;
use event_log::port::AppendError;
use event_log::{Position, SharedLog};

use super::drafts::{Draft, a_room, a_room_of, everything, followed, removed, said, soon, user, words, write};
use super::every_log;
use crate::support::backend::TestStore;

every_log![
    two_writers_at_the_same_sequence_cannot_both_win,
    many_writers_fill_one_stream_without_gap_or_loss,
    what_others_wrote_comes_back_and_breaks_only_what_rested_on_it,
    a_broken_group_takes_all_its_events_along,
    a_busy_room_does_not_break_its_readers_and_a_removal_does,
    a_taken_event_leaves_the_whole_batch_out,
    nobody_writes_while_the_log_is_held,
    a_lock_that_is_dropped_lets_go_and_writes_nothing,
    a_lock_brings_what_others_wrote,
    who_is_too_far_behind_is_told_so,
];

async fn two_writers_at_the_same_sequence_cannot_both_win(store: &TestStore) {
    let handles = [store.open().await, store.open().await];
    for _ in 0..20 {
        let (room, known) = a_room_of(&*handles[0], 1).await;
        let race = |log: &SharedLog, words: &'static str| {
            let (log, room) = (Arc::clone(log), room.clone());
            tokio::spawn(async move {
                let answer = Draft::at(known).says(&room, 2, words).append(&*log).await;
                answer.expect("a lost race is no error").left_out.is_empty()
            })
        };
        let (a, b) = (race(&handles[0], "a"), race(&handles[1], "b"));
        let won = [a.await.expect("no panic"), b.await.expect("no panic")];
        assert_ne!(won[0], won[1], "exactly one wins");
        let stream = handles[0].read_stream(&room, 1, 10).await.expect("readable");
        assert_eq!(words(&stream), [if won[0] { "a" } else { "b" }]);
    }
}

/// Each writes until its message is in, as the door does: first on what it knows, then with the log held.
async fn many_writers_fill_one_stream_without_gap_or_loss(store: &TestStore) {
    const WRITERS: u64 = 8;
    const MESSAGES_EACH: u64 = 10;
    let handles = [store.open().await, store.open().await];
    let room = a_room();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (log, room) = (Arc::clone(&handles[writer as usize % 2]), room.clone());
            tokio::spawn(async move {
                for number in 0..MESSAGES_EACH {
                    say_at_last(&log, &room, &format!("{writer}-{number}")).await;
                }
            })
        })
        .collect();
    for writer in writers {
        soon("a writer", writer).await.expect("no panic");
    }
    let stream = handles[0].read_stream(&room, 0, 1_000).await.expect("readable");
    let sequences: Vec<u64> = stream.iter().map(|event| event.sequence).collect();
    assert_eq!(sequences, (1..=WRITERS * MESSAGES_EACH).collect::<Vec<_>>());
    let mut said = words(&stream);
    said.sort();
    said.dedup();
    assert_eq!(said.len() as u64, WRITERS * MESSAGES_EACH, "every message is there once");
}

async fn say_at_last(log: &SharedLog, room: &StreamId, text: &str) {
    let known = log.head().await.expect("readable");
    let version = log.load(room, 0, 1_000).await.expect("readable").last().map_or(0, |(sequence, _)| *sequence);
    let first = Draft::at(known).says(room, version + 1, text).append(&**log).await;
    match first {
        Ok(appended) if appended.left_out.is_empty() => return,
        Ok(_) | Err(AppendError::Taken) => {}
        Err(error) => panic!("{error}"),
    }
    let (held, tail) = log.lock(known).await.expect("held");
    let version =
        tail.events.iter().filter(|event| event.stream == *room).map(|event| event.sequence).fold(version, u64::max);
    let head = tail.end().unwrap_or(known);
    let appended = held.append(Draft::at(head).says(room, version + 1, text).batch()).await.expect("nobody in the way");
    assert!(appended.left_out.is_empty() && appended.foreign.is_empty(), "{appended:?}");
}

async fn what_others_wrote_comes_back_and_breaks_only_what_rested_on_it(store: &TestStore) {
    let (ours, theirs) = (store.open().await, store.open().await);
    let (busy, _) = a_room_of(&*ours, 1).await;
    let (calm, known) = a_room_of(&*ours, 1).await;
    Draft::at(known).says(&busy, 2, "theirs").says(&busy, 3, "theirs too").append(&*theirs).await.expect("written");

    let draft =
        Draft::at(known).says(&busy, 2, "ours").next_group().says(&calm, 2, "calm").next_group().resting_on(&busy, 1);
    let appended = draft.append(&*ours).await.expect("carried out");
    assert_eq!(appended.left_out, [0, 2]);
    assert_eq!(words(&appended.foreign.events), ["theirs", "theirs too"]);
    let foreign: Vec<u64> = appended.foreign.events.iter().map(|event| event.position.0).collect();
    assert_eq!(foreign, [known.0 + 1, known.0 + 2]);
    assert_eq!(appended.base, Position(known.0 + 2));
    let last = everything(&*ours).await.pop().expect("not empty");
    assert_eq!((last.position, last.stream), (Position(known.0 + 3), calm));
}

async fn a_broken_group_takes_all_its_events_along(store: &TestStore) {
    let (ours, theirs) = (store.open().await, store.open().await);
    let (room, known) = a_room_of(&*ours, 1).await;
    Draft::at(known).says(&room, 2, "theirs").append(&*theirs).await.expect("written");
    let elsewhere = a_room();
    let draft = Draft::at(known).says(&elsewhere, 1, "in the broken group").resting_on(&room, 1).next_group().says(
        &a_room(),
        1,
        "in a whole one",
    );
    let appended = draft.append(&*ours).await.expect("carried out");
    assert_eq!(appended.left_out, [0]);
    assert_eq!(words(&everything(&*ours).await), ["1", "theirs", "in a whole one"]);
    assert_eq!(ours.read_stream(&elsewhere, 0, 10).await.expect("readable"), []);
}

async fn a_busy_room_does_not_break_its_readers_and_a_removal_does(store: &TestStore) {
    const REMOVALS: &[&str] = &[RoomEvent::MEMBER_REMOVED];
    let (ours, theirs) = (store.open().await, store.open().await);
    let (room, known) = a_room_of(&*ours, 1).await;
    let pair = StreamId::relationship(&UserPair::new(&user("ana"), &user("ben")));
    let mut their_head = known;
    write(&*theirs, &mut their_head, said(&room, 2, "busy")).await;

    let reads = Draft::at(known).guarded(&room, 1, REMOVALS).event(followed(&pair, 1));
    let appended = reads.append(&*ours).await.expect("carried out");
    assert_eq!(appended.left_out, [0; 0], "a message breaks nothing");
    assert_eq!(appended.foreign.events.len(), 1);

    let known = Position(appended.base.0 + 1);
    their_head = known;
    write(&*theirs, &mut their_head, removed(&room, 3, "ben")).await;
    // A guard on a version from before: what it rests on is what is written behind the known head.
    let reads = Draft::at(known).guarded(&room, 1, REMOVALS).event(followed(&pair, 2));
    let appended = reads.append(&*ours).await.expect("carried out");
    assert_eq!(appended.left_out, [0], "a removal breaks it");

    // Who has seen the removal rests on a later version, and is not broken by it.
    let reads = Draft::at(known).guarded(&room, 3, REMOVALS).event(followed(&pair, 2));
    assert_eq!(reads.append(&*ours).await.expect("carried out").left_out, [0; 0]);
}

async fn a_taken_event_leaves_the_whole_batch_out(store: &TestStore) {
    let log = store.open().await;
    let (room, known) = a_room_of(&*log, 1).await;
    let draft = Draft::at(known).event(said(&a_room(), 1, "new")).event(said(&room, 1, "its place is taken"));
    let answer = draft.append(&*log).await;
    assert!(matches!(answer, Err(AppendError::Taken)), "{answer:?}");

    let mut repeated = said(&a_room(), 1, "its id is taken");
    repeated.event_id = everything(&*log).await[0].event_id;
    let answer = Draft::at(known).event(said(&a_room(), 1, "new")).event(repeated).append(&*log).await;
    assert!(matches!(answer, Err(AppendError::Taken)), "{answer:?}");
    assert_eq!(words(&everything(&*log).await), ["1"]);
    assert_eq!(log.head().await.expect("readable"), known);
}

async fn nobody_writes_while_the_log_is_held(store: &TestStore) {
    let (ours, theirs) = (store.open().await, store.open().await);
    for waiting_on in [&ours, &theirs] {
        let known = ours.head().await.expect("readable");
        let (held, tail) = ours.lock(known).await.expect("held");
        assert!(tail.is_empty(), "{tail:?}");
        let mut other = {
            let log = Arc::clone(waiting_on);
            tokio::spawn(async move { Draft::at(known).says(&a_room(), 1, "other").append(&*log).await })
        };
        // Reading waits for nobody; the other one is still at it afterwards.
        assert_eq!(ours.head().await.expect("readable"), known);
        assert!(futures_util::poll!(&mut other).is_pending());
        let appended = held.append(Draft::at(known).says(&a_room(), 1, "held").batch()).await.expect("written");
        assert_eq!(appended.base, known);
        let other = soon("the other writer", other).await.expect("no panic").expect("written");
        assert_eq!(other.base, Position(known.0 + 1));
    }
}

async fn a_lock_that_is_dropped_lets_go_and_writes_nothing(store: &TestStore) {
    let (ours, theirs) = (store.open().await, store.open().await);
    let (held, _) = ours.lock(Position::START).await.expect("held");
    drop(held);
    let appended = soon("the log", Draft::at(Position::START).says(&a_room(), 1, "free").append(&*theirs)).await;
    assert_eq!(appended.expect("written").base, Position::START);
    assert_eq!(words(&everything(&*ours).await), ["free"]);
}

async fn a_lock_brings_what_others_wrote(store: &TestStore) {
    let (ours, theirs) = (store.open().await, store.open().await);
    let (room, head) = a_room_of(&*theirs, 3).await;
    let (held, tail) = ours.lock(Position(1)).await.expect("held");
    assert_eq!(words(&tail.events), ["2", "3"]);
    let appended = held.append(Draft::at(head).says(&room, 4, "4").batch()).await.expect("written");
    assert_eq!((appended.base, appended.left_out.len()), (head, 0));
}

async fn who_is_too_far_behind_is_told_so(store: &TestStore) {
    let log = store.open().await;
    let (_, head) = a_room_of(&*log, 3_000).await;
    let answer = Draft::at(Position::START).says(&a_room(), 1, "late").append(&*log).await;
    match answer {
        Err(AppendError::Behind { head: told }) => assert_eq!(told, head),
        other => panic!("expected to be told to read on, got {other:?}"),
    }
    let locked = log.lock(Position::START).await.map(|_| ());
    assert!(matches!(locked, Err(AppendError::Behind { .. })), "{locked:?}");
    assert_eq!(log.head().await.expect("readable"), head);
    // The lock was let go.
    let appended = soon("the log", Draft::at(head).says(&a_room(), 1, "in time").append(&*log)).await;
    assert_eq!(appended.expect("written").base, head);
}
