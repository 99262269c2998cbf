//! However long a stream is, the door reads a bounded part of it; and what it has read is the same state (promise 8).

use std::sync::Arc;
use std::sync::atomic::Ordering;

use aggregates::ids::EventId;
use aggregates::{AggregateKind, DomainEvent, State, StreamId, snapshot, versions};
use event_log::port::{NewEvent, Snapshot};
use event_log::{Door, DoorOptions, EventLog, Position, StoreUrl, loading};
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use super::callers::*;
use super::failing_log::FailingLog;
use crate::event_log::drafts::{Draft, said, soon};
use crate::event_log::every_log;
use crate::support::backend::TestStore;

every_log!(
    a_room_with_20_000_messages_behind_it_is_read_to_its_end_once,
    a_state_is_the_same_whatever_was_kept_of_it,
    what_was_kept_and_is_of_no_use_is_passed_over,
    two_doors_go_on_from_each_others_states,
);

/// A door whose reading and keeping is counted.
async fn counted(store: &TestStore) -> (Door, Arc<FailingLog>) {
    let log = FailingLog::over(store.open().await);
    let door = Door::open(log.clone(), DoorOptions::default()).await.expect("the door opens");
    (door, log)
}

async fn keeps_one(log: &FailingLog) {
    let mut kept = log.kept.subscribe();
    soon("a state to be kept", kept.wait_for(|kept| *kept > 0)).await.expect("the log is there");
}

/// As others wrote them: `count` messages behind the sequence `after`, which has the number of the last.
async fn messages(log: &dyn EventLog, room: &StreamId, after: u64, count: u64) {
    const AT_ONCE: u64 = 1_000;
    let mut head = log.head().await.expect("readable");
    for first in (after + 1..=after + count).step_by(AT_ONCE as usize) {
        let last = (first + AT_ONCE - 1).min(after + count);
        let draft = (first..=last).fold(Draft::at(head), |draft, number| draft.event(said(room, number, "halo")));
        let appended = draft.append(log).await.expect("written");
        head = Position(appended.base.0 + last - first + 1);
    }
}

async fn says(door: &Door) -> u64 {
    message_of(&door.execute(send(group(1), "ana")).await.expect("sent")).1
}

async fn a_room_with_20_000_messages_behind_it_is_read_to_its_end_once(store: &TestStore) {
    let room = StreamId::room(group(1));
    let (first, log) = counted(store).await;
    first.execute(create_group(group(1), &["ana"])).await.expect("created");
    first.close().await;
    messages(&*log, &room, 1, 20_000).await;

    let (cold, log) = counted(store).await;
    assert_eq!(says(&cold).await, 20_002);
    assert_eq!(log.loaded.load(Ordering::SeqCst), 20_001);
    keeps_one(&log).await;

    let (again, log) = counted(store).await;
    assert_eq!(says(&again).await, 20_003);
    assert_eq!(log.loaded.load(Ordering::SeqCst), 1, "what was said behind the kept state");
    for _ in 0..200 {
        says(&again).await;
    }
    keeps_one(&log).await;
    let (last, log) = counted(store).await;
    assert_eq!(says(&last).await, 20_204);
    assert!(log.loaded.load(Ordering::SeqCst) <= 2, "kept by the way as well");
}

/// A payload of every event there is, by kind.
fn samples(kind: AggregateKind) -> Vec<(&'static str, String)> {
    let written = versions::WRITTEN.iter().filter(|(of, _, _)| *of == kind);
    let sample = |(_, name, version): &(AggregateKind, &'static str, u32)| {
        let file = format!("{}/aggregates/tests/golden/{name}.{version}.json", env!("CARGO_MANIFEST_DIR"));
        (*name, std::fs::read_to_string(file).expect("a sample of every event"))
    };
    written.map(sample).collect()
}

async fn a_state_is_the_same_whatever_was_kept_of_it(store: &TestStore) {
    const EVENTS: u64 = 30;
    let log = store.open().await;
    for kind in AggregateKind::ALL {
        let (stream, samples) = (StreamId::new(kind, "7"), samples(kind));
        let mut dice = 7_u64;
        let mut states = vec![State::empty(kind)];
        let mut draft = Draft::at(log.head().await.expect("readable"));
        for sequence in 1..=EVENTS {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (name, payload) = &samples[(dice >> 33) as usize % samples.len()];
            let event = DomainEvent::from_stored(&stream, name, "1", payload).expect("readable");
            let mut state = states[sequence as usize - 1].clone();
            state.evolve(&event);
            states.push(state);
            draft = draft.event(NewEvent {
                group: 0,
                stream: stream.clone(),
                sequence,
                event_id: EventId(Uuid::new_v4()),
                name,
                version: "1",
                payload: payload.clone(),
                metadata: Arc::from("{}"),
                original: None,
            });
        }
        draft.append(&*log).await.expect("written");
        for border in 1..=EVENTS {
            if let Some(kept) = states[border as usize].to_kept() {
                let (stream, state) = (stream.clone(), kept.expect("JSON"));
                let snapshot = Snapshot { stream, sequence: border, format: snapshot::FORMAT, state };
                log.save_snapshots(&[snapshot]).await.expect("kept");
            }
            let loaded = loading::load(&*log, &stream, None).await.expect("readable");
            assert_eq!((&loaded.state, loaded.version), (&states[EVENTS as usize], EVENTS), "{kind:?} at {border}");
        }
    }
}

async fn run(store: &TestStore, sql: &str) {
    match store.store_url() {
        StoreUrl::Sqlite(directory) => {
            let connection = rusqlite::Connection::open(StoreUrl::file(&directory, "log")).expect("the file opens");
            connection.execute_batch(sql).expect("valid SQL");
        }
        StoreUrl::Postgres(url) => {
            let mut connection = PgConnection::connect(&url).await.expect("connects");
            connection.execute(sql).await.expect("valid SQL");
        }
    }
}

async fn what_was_kept_and_is_of_no_use_is_passed_over(store: &TestStore) {
    let room = StreamId::room(group(1));
    let (first, log) = counted(store).await;
    first.execute(create_group(group(1), &["ana"])).await.expect("created");
    messages(&*log, &room, 1, 300).await;
    let (other_log, other_event) = match store.store_url() {
        StoreUrl::Sqlite(_) => ("randomblob(16)", "randomblob(16)"),
        StoreUrl::Postgres(_) => ("gen_random_uuid()", "gen_random_uuid()"),
    };
    let wrongs = [
        "format = format + 1".to_owned(),
        "state = 'no state'".to_owned(),
        "state = '{\"kind\":\"feed\",\"state\":{}}'".to_owned(),
        "sequence = sequence + 1000000".to_owned(),
        format!("event_id = {other_event}"),
        format!("log_id = {other_log}"),
        // Seen by the round before it, and of no use itself.
        "sequence = sequence".to_owned(),
    ];
    for (seq, wrong) in (301..).zip(wrongs) {
        let (door, log) = counted(store).await;
        assert_eq!(says(&door).await, seq + 1);
        // Read from the beginning, and made anew.
        assert_eq!(log.loaded.load(Ordering::SeqCst), seq, "before {wrong}");
        keeps_one(&log).await;
        door.close().await;
        run(store, &format!("UPDATE state_snapshots SET {wrong}")).await;
    }
}

async fn two_doors_go_on_from_each_others_states(store: &TestStore) {
    let room = StreamId::room(group(1));
    let (ours, our_log) = counted(store).await;
    ours.execute(create_group(group(1), &["ana"])).await.expect("created");
    messages(&*our_log, &room, 1, 500).await;
    let (theirs, _) = counted(store).await;
    for round in 0..150 {
        assert_eq!(says(&theirs).await, 502 + 2 * round);
        assert_eq!(says(&ours).await, 503 + 2 * round);
    }
    keeps_one(&our_log).await;
    let (third, log) = counted(store).await;
    assert_eq!(says(&third).await, 802);
    assert!(log.loaded.load(Ordering::SeqCst) < 801, "not from the beginning");
}
