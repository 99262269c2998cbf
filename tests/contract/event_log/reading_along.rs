//! What this process keeps in memory of its newest events is what the log holds, whoever wrote it and however fast.

use std::sync::Arc;

use event_log::{Door, DoorOptions, Filter, Position, RecordedEvent, SharedLog, Subscription};

use super::drafts::{Draft, a_room, everything, said, soon};
use super::every_log;
use crate::door::callers::{block, create_group, group, read, register, remove, send, send_keyed};
use crate::support::backend::TestStore;
use crate::support::watcher::Watcher;

every_log![
    what_is_read_along_is_what_the_log_holds,
    two_processes_read_along_what_either_writes,
    what_was_written_without_an_original_is_read_from_the_log,
    a_reader_of_some_kinds_reads_along_past_the_others,
    what_an_import_writes_is_heard_by_whoever_reads_along,
];

/// Follows from `position` to `end`, as the projectors do.
async fn read_along(log: SharedLog, position: Position, end: Position, filter: Filter) -> Vec<RecordedEvent> {
    let mut subscription = Subscription::new(log, position, filter);
    let mut seen = Vec::new();
    while subscription.position() < end {
        seen.extend(subscription.next(3).await.expect("readable").into_events());
    }
    seen
}

/// Events of every kind that the door writes in a test's life; answers the head.
async fn a_busy_minute(door: &Door, number: u128) -> Position {
    let room = group(number);
    let people = [format!("ana-{number}"), format!("ben-{number}"), format!("citra-{number}")];
    let [ana, ben, citra] = people.each_ref().map(String::as_str);
    let mut wishes = vec![register(ana), register(ben), create_group(room, &[ana, ben, citra])];
    wishes.extend((0..10).map(|_| send(room, ana)));
    wishes.extend((0..10).map(|key| send_keyed(room, ben, &key.to_string())));
    wishes.extend([read(room, citra), block(ana, ben), remove(room, ben, ana)]);
    let mut head = Position::START;
    for wish in wishes {
        let decided = soon(
            "an answer",
            tokio::spawn({
                let door = door.clone();
                async move { door.execute(wish).await }
            }),
        );
        head = decided.await.expect("no panic").expect("carried out").position.max(head);
    }
    head
}

async fn what_is_read_along_is_what_the_log_holds(store: &TestStore) {
    let ours = store.open().await;
    let door = Door::open(Arc::clone(&ours), DoorOptions::default()).await.expect("the door opens");
    let head = a_busy_minute(&door, 1).await;
    let along = soon("the end", tokio::spawn(read_along(ours, Position::START, head, Filter::All))).await;
    // A handle of its own has nothing in memory.
    let held = everything(&*store.open().await).await;
    assert_eq!(along.expect("no panic"), held);
}

async fn two_processes_read_along_what_either_writes(store: &TestStore) {
    let (ours, theirs) = (store.open().await, store.open().await);
    let doors = [&ours, &theirs].map(|log| Door::open(Arc::clone(log), DoorOptions::default()));
    let [one, other] = doors;
    let (one, other) = (one.await.expect("the door opens"), other.await.expect("the door opens"));
    let (a, b) = tokio::join!(a_busy_minute(&one, 1), a_busy_minute(&other, 2));
    let end = a.max(b);
    let held = everything(&*store.open().await).await;
    for log in [ours, theirs] {
        let along = soon("the end", tokio::spawn(read_along(log, Position::START, end, Filter::All))).await;
        assert_eq!(along.expect("no panic"), held);
    }
}

async fn what_was_written_without_an_original_is_read_from_the_log(store: &TestStore) {
    let log = store.open().await;
    let door = Door::open(Arc::clone(&log), DoorOptions::default()).await.expect("the door opens");
    let before = a_busy_minute(&door, 1).await;
    Draft::at(before).says(&a_room(), 1, "from elsewhere").append(&*log).await.expect("written");
    let head = a_busy_minute(&door, 2).await;
    let along = soon("the end", tokio::spawn(read_along(Arc::clone(&log), Position::START, head, Filter::All))).await;
    let along = along.expect("no panic");
    assert_eq!(along.iter().map(|event| event.position.0).collect::<Vec<_>>(), (1..=head.0).collect::<Vec<_>>());
    assert_eq!(along, everything(&*store.open().await).await);
}

async fn a_reader_of_some_kinds_reads_along_past_the_others(store: &TestStore) {
    const PEOPLE: Filter = Filter::Kinds(&[aggregates::AggregateKind::User, aggregates::AggregateKind::Relationship]);
    let log = store.open().await;
    let door = Door::open(Arc::clone(&log), DoorOptions::default()).await.expect("the door opens");
    let head = a_busy_minute(&door, 1).await;
    let along = soon("the end", tokio::spawn(read_along(log, Position::START, head, PEOPLE))).await.expect("no panic");
    let mut held = everything(&*store.open().await).await;
    held.retain(|event| PEOPLE.wants(event.stream.kind));
    assert_eq!(held.len(), 3);
    assert_eq!(along, held);
}

/// An import appends pages without their originals, beside doors that append with them: through a log of its own, and
/// through one that somebody reads along. Whoever reads along, wherever, sees all of it once and in order.
async fn what_an_import_writes_is_heard_by_whoever_reads_along(store: &TestStore) {
    const PAGES: u64 = 12;
    const PAGE_EVENTS: u64 = 250;
    let (ours, theirs) = (store.open().await, store.open().await);
    let watchers = [&ours, &theirs].map(|log| Watcher::of(Arc::clone(log)));
    let door = Door::open(Arc::clone(&ours), DoorOptions::default()).await.expect("the door opens");
    for page in 0..PAGES {
        let importing = if page % 2 == 0 { &theirs } else { &ours };
        let room = a_room();
        let mut draft = Draft::at(importing.head().await.expect("readable"));
        for sequence in 1..=PAGE_EVENTS {
            draft = draft.event(said(&room, sequence, "long ago"));
        }
        let (imported, _) = tokio::join!(draft.append(&**importing), a_busy_minute(&door, u128::from(page)));
        assert_eq!(imported.expect("written").left_out, [0; 0], "it rests on nothing");
    }
    let held = everything(&*store.open().await).await;
    let end = held.last().expect("events").position;
    assert!(held.len() as u64 > PAGES * PAGE_EVENTS, "both wrote");
    for watcher in watchers {
        assert_eq!(watcher.up_to(end).await, held);
    }
}
