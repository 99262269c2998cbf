//! Promise 1: an answered append is durable, and a lost answer can be found out.

use event_log::Position;
use event_log::port::AppendError;

use super::drafts::{Draft, a_room, a_room_of, everything, said, soon, words};
use super::every_log;
use crate::support::backend::TestStore;

every_log![
    what_was_answered_is_there_after_reopening,
    a_repeated_append_is_taken_and_found_where_it_was_written,
    an_event_that_was_never_written_is_not_found,
    what_was_settled_as_absent_never_appears,
    a_batch_without_events_is_checked_as_well,
    a_log_that_went_back_is_refused,
    nothing_is_written_after_closing,
];

async fn what_was_answered_is_there_after_reopening(store: &TestStore) {
    let log = store.open().await;
    let (_, head) = a_room_of(&*log, 3).await;
    let (id, before) = (log.id(), everything(&*log).await);
    log.close().await;

    let log = store.open().await;
    assert_eq!(log.id(), id, "the log is the same one");
    assert_eq!(log.head().await.expect("readable"), head);
    assert_eq!(everything(&*log).await, before);
    log.close().await;
}

async fn a_repeated_append_is_taken_and_found_where_it_was_written(store: &TestStore) {
    let log = store.open().await;
    let room = a_room();
    let draft = Draft::at(Position::START).event(said(&room, 1, "one")).event(said(&room, 2, "two"));
    let appended = draft.append(&*log).await.expect("written");

    // Known behind the head, as of somebody who never had the answer.
    let again = draft.append(&*log).await;
    assert!(matches!(again, Err(AppendError::Taken)), "{again:?}");

    for found in [log.find(&draft.ids()).await, log.settle(&draft.ids()).await] {
        let mut found = found.expect("readable");
        found.sort_by_key(|found| found.position);
        let places: Vec<_> = found.iter().map(|found| (found.event_id, found.position, found.sequence)).collect();
        let ids = draft.ids();
        let (first, second) = (Position(appended.base.0 + 1), Position(appended.base.0 + 2));
        assert_eq!(places, [(ids[0], first, 1), (ids[1], second, 2)]);
        assert!(found.iter().all(|found| found.stream == room));
    }
    assert_eq!(words(&everything(&*log).await), ["one", "two"]);
}

async fn an_event_that_was_never_written_is_not_found(store: &TestStore) {
    let log = store.open().await;
    a_room_of(&*log, 1).await;
    let unwritten = Draft::at(Position::START).says(&a_room(), 1, "never").ids();
    assert_eq!(log.find(&unwritten).await.expect("readable"), []);
    assert_eq!(log.settle(&unwritten).await.expect("readable"), []);
}

/// The caller of an append goes away at some moment; what a settled look-up says about it stays true.
async fn what_was_settled_as_absent_never_appears(store: &TestStore) {
    let log = store.open().await;
    for moment in 0..40 {
        let draft = Draft::at(Position::START).says(&a_room(), 1, "lost");
        let ids = draft.ids();
        // Carried on for some of its steps, then dropped.
        let mut append = Box::pin(draft.append(&*log));
        for _ in 0..moment % 4 {
            if futures_util::poll!(&mut append).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(append);

        let settled = log.settle(&ids).await.expect("readable");
        a_room_of(&*log, 1).await;
        assert_eq!(log.find(&ids).await.expect("readable"), settled, "dropped at moment {moment}");
    }
}

async fn a_batch_without_events_is_checked_as_well(store: &TestStore) {
    let (ours, theirs) = (store.open().await, store.open().await);
    let (room, known) = a_room_of(&*ours, 2).await;
    let nothing_new = Draft::at(known).resting_on(&room, 2).append(&*ours).await.expect("checked");
    assert_eq!((nothing_new.base, nothing_new.left_out.len(), nothing_new.foreign.events.len()), (known, 0, 0));

    Draft::at(known).says(&room, 3, "theirs").append(&*theirs).await.expect("written");
    let overtaken = Draft::at(known).resting_on(&room, 2).append(&*ours).await.expect("checked");
    assert_eq!(overtaken.left_out, [0]);
    assert_eq!(words(&overtaken.foreign.events), ["theirs"]);
    assert_eq!(overtaken.base, Position(known.0 + 1));
}

async fn a_log_that_went_back_is_refused(store: &TestStore) {
    let log = store.open().await;
    let (_, head) = a_room_of(&*log, 2).await;
    let known = Position(head.0 + 5);
    for draft in [Draft::at(known).says(&a_room(), 1, "lost"), Draft::at(known)] {
        match draft.append(&*log).await {
            Err(AppendError::WentBack { known: told, head: found }) => assert_eq!((told, found), (known, head)),
            other => panic!("expected a refusal, got {other:?}"),
        }
    }
    let locked = log.lock(known).await.map(|_| ());
    assert!(matches!(locked, Err(AppendError::WentBack { .. })), "{locked:?}");
    assert_eq!(log.head().await.expect("readable"), head);
}

async fn nothing_is_written_after_closing(store: &TestStore) {
    let log = store.open().await;
    let (_, head) = a_room_of(&*log, 1).await;
    log.close().await;
    log.close().await;
    let late = soon("an answer of a closed log", Draft::at(head).says(&a_room(), 1, "late").append(&*log)).await;
    assert!(matches!(late, Err(AppendError::NothingWritten(_))), "{late:?}");
    assert_eq!(store.open().await.head().await.expect("readable"), head);
}
