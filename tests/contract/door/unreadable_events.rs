//! A newer node or a stock program writes what this program cannot read: whoever asks about that very stream is told so,
//! everybody else goes on.

use aggregates::StreamId;
use event_log::{CommandError, Door, DoorOptions, EventLogError, Filter, Position, StoreUrl};
use sqlx::{Connection, Executor, PgConnection};

use super::callers::*;
use crate::event_log::every_log;
use crate::support::backend::TestStore;

every_log!(
    an_unreadable_event_stops_its_own_stream_and_no_other,
    an_event_of_an_unknown_kind_of_stream_stops_nobody,
    more_of_them_than_one_answer_carries_stop_nobody,
    a_race_that_was_lost_beside_one_is_decided_again,
    who_reads_along_in_the_doors_own_process_does_not_pass_over_it,
);

/// As a program of tomorrow writes: at the end of the log, `count` events of one stream, from `sequence` on.
async fn write(store: &TestStore, (kind, id): (&str, &str), sequence: u64, count: u64) {
    match store.store_url() {
        StoreUrl::Sqlite(directory) => {
            let connection = rusqlite::Connection::open(StoreUrl::file(&directory, "log")).expect("the file opens");
            let sql = format!(
                "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {count} - 1) \
                 INSERT INTO events (position, event_id, aggregate_type, aggregate_id, sequence, event_type, \
                 event_version, payload, metadata, recorded_at) \
                 SELECT (SELECT max(position) FROM events) + 1 + i, randomblob(16), '{kind}', '{id}', {sequence} + i, \
                 'poll_opened', '1', '{{\"type\":\"poll_opened\"}}', '{{}}', 0 FROM n"
            );
            connection.execute_batch(&sql).expect("valid SQL");
        }
        StoreUrl::Postgres(url) => {
            let mut connection = PgConnection::connect(&url).await.expect("connects");
            let sql = format!(
                "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata) \
                 SELECT '{kind}', '{id}', {sequence} + i, 'poll_opened', '1', '{{\"type\":\"poll_opened\"}}', '{{}}' \
                 FROM generate_series(0, {count} - 1) i"
            );
            connection.execute(sql.as_str()).await.expect("valid SQL");
        }
    }
}

/// Two groups, one message in each; the door has both in memory.
async fn two_rooms(store: &TestStore) -> Door {
    let door = door(store).await;
    for number in [1, 2] {
        door.execute(create_group(group(number), &["ana"])).await.expect("created");
        door.execute(send(group(number), "ana")).await.expect("sent");
    }
    door
}

async fn says(door: &Door, number: u128) -> u64 {
    message_of(&door.execute(send(group(number), "ana")).await.expect("sent")).1
}

async fn an_unreadable_event_stops_its_own_stream_and_no_other(store: &TestStore) {
    let (door, other) = (two_rooms(store).await, door(store).await);
    assert_eq!(says(&other, 1).await, 2);
    write(store, ("room", &group(2).to_string()), 3, 1).await;

    assert_eq!(says(&door, 1).await, 3);
    assert_eq!(says(&other, 1).await, 4);
    for door in [&door, &other] {
        // Nor does anything rest on what the stream was before: who is a member of it now is not known.
        let told = door.execute(read(group(2), "ana")).await;
        assert!(matches!(told, Err(CommandError::Corrupt(_))), "{told:?}");
        for _ in 0..2 {
            let told = door.execute(send(group(2), "ana")).await;
            assert!(matches!(told, Err(CommandError::Corrupt(_))), "{told:?}");
        }
    }
    assert_eq!((says(&door, 1).await, says(&other, 1).await), (5, 6));
    assert_eq!((door.failure(), other.failure()), (None, None));

    // Readers do not pass over it: what they would show from there on could be wrong.
    let log = store.open().await;
    let read = log.read_after(Position(5), 10, Filter::All).await;
    assert!(matches!(read, Err(EventLogError::Unreadable { position: Position(6), .. })), "{read:?}");
    assert!(log.read_stream(&StreamId::room(group(1)), 0, 10).await.is_ok());
}

async fn an_event_of_an_unknown_kind_of_stream_stops_nobody(store: &TestStore) {
    let (door, other) = (two_rooms(store).await, door(store).await);
    write(store, ("poll", "1"), 1, 1).await;
    assert_eq!((says(&door, 1).await, says(&other, 1).await, says(&door, 2).await), (2, 3, 2));
}

async fn more_of_them_than_one_answer_carries_stop_nobody(store: &TestStore) {
    let (door, other) = (two_rooms(store).await, door(store).await);
    assert_eq!(says(&other, 1).await, 2);
    write(store, ("room", &group(2).to_string()), 3, 2_500).await;
    assert_eq!((says(&door, 1).await, says(&other, 1).await), (3, 4));
    let told = door.execute(send(group(2), "ana")).await;
    assert!(matches!(told, Err(CommandError::Corrupt(_))), "{told:?}");
    assert_eq!(says(&door, 1).await, 5);
}

async fn a_race_that_was_lost_beside_one_is_decided_again(store: &TestStore) {
    let (door, other) = (two_rooms(store).await, door(store).await);
    assert_eq!(says(&other, 1).await, 2);
    write(store, ("poll", "1"), 1, 1).await;
    let decided = door.execute(send(group(1), "ana")).await.expect("sent");
    assert_eq!((message_of(&decided).1, decided.tries), (3, 2), "lost once, then decided under the lock");
}

async fn who_reads_along_in_the_doors_own_process_does_not_pass_over_it(store: &TestStore) {
    let log = store.open().await;
    let door = Door::open(log.clone(), DoorOptions::default()).await.expect("opens");
    door.execute(create_group(group(1), &["ana"])).await.expect("created");
    write(store, ("poll", "1"), 1, 1).await;
    assert_eq!((says(&door, 1).await, says(&door, 1).await), (1, 2));
    for _ in 0..2 {
        let read = log.read_after(Position(1), 10, Filter::All).await;
        assert!(matches!(read, Err(EventLogError::Unreadable { position: Position(2), .. })), "{read:?}");
    }
}
