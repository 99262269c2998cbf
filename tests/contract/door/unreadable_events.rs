//! A newer node or a stock program writes what this program cannot read: whoever asks about that very stream is told so,
//! everybody else goes on.

use std::sync::Arc;
use std::time::Duration;

use aggregates::ids::EventId;
use aggregates::{AggregateKind, StreamId};
use async_trait::async_trait;
use event_log::port::Found;
use event_log::raw::{self, BEGINNING, Reading};
use event_log::spoken::EverythingSpoken;
use event_log::{
    CommandError, Door, DoorOptions, EventLog, EventLogError, Filter, LogWrapper, Position, SharedLog, StoreUrl,
    Subscription,
};
use projections::{UnitName, Views};
use sqlx::{Connection, Executor, PgConnection};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

use super::callers::*;
use crate::event_log::every_log;
use crate::support::backend::TestStore;

every_log!(
    an_unreadable_event_stops_its_own_stream_and_no_other,
    an_event_of_an_unknown_kind_of_stream_stops_nobody,
    more_of_them_than_one_answer_carries_stop_nobody,
    a_race_that_was_lost_beside_one_is_decided_again,
    who_reads_along_in_the_doors_own_process_does_not_pass_over_it,
    a_command_that_another_node_carried_out_behind_one_is_answered_as_a_repeat,
    readers_come_right_up_to_one,
    a_view_comes_right_up_to_one,
    what_somebody_said_is_found_on_both_sides_of_one,
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

/// Look-ups are answered, and the answers held back until told.
struct SlowLookUps {
    log: SharedLog,
    asked: Notify,
    answering: Semaphore,
}

#[async_trait]
impl LogWrapper for SlowLookUps {
    fn wrapped(&self) -> &dyn EventLog {
        &*self.log
    }

    async fn find(&self, ids: &[EventId]) -> Result<Vec<Found>, EventLogError> {
        let found = self.log.find(ids).await;
        self.asked.notify_one();
        drop(self.answering.acquire().await);
        found
    }
}

/// Looked up before the other node wrote it, decided on what the door reads anew after it has leapt: there it is done
/// already, and nobody would be told what it wrote.
async fn a_command_that_another_node_carried_out_behind_one_is_answered_as_a_repeat(store: &TestStore) {
    let other = two_rooms(store).await;
    let log = SlowLookUps { log: store.open().await, asked: Notify::new(), answering: Semaphore::new(0) };
    let log = Arc::new(log);
    let options = DoorOptions { command_budget: Duration::from_secs(60), ..DoorOptions::default() };
    let door = Door::open(Arc::clone(&log) as _, options).await.expect("opens");
    assert_eq!(says(&door, 1).await, 2);
    let wish = || create_group_keyed(group(3), &["ana"], "once");
    let waiting = tokio::spawn({
        let door = door.clone();
        async move { door.execute(wish()).await }
    });
    log.asked.notified().await;
    // Behind an event that cannot be read, and so many more that the door has to leap over all of it.
    write(store, ("room", &group(2).to_string()), 3, 1).await;
    let first = other.execute(wish()).await.expect("created");
    write(store, ("room", &group(2).to_string()), 4, 2_500).await;
    log.answering.add_permits(Semaphore::MAX_PERMITS / 2);
    let second = waiting.await.expect("no panic").expect("it was created");
    assert!(is_repeat(&second), "{second:?}");
    assert_eq!((second.position, second.outcome.events()), (first.position, first.outcome.events()));
}

async fn readers_come_right_up_to_one(store: &TestStore) {
    let door = two_rooms(store).await;
    write(store, ("room", &group(2).to_string()), 3, 1).await;
    assert_eq!(says(&door, 1).await, 2);
    let log = store.open().await;
    for wanted in [Filter::All, Filter::Kinds(&[AggregateKind::Room])] {
        let page = log.read_after(Position::START, 10, wanted).await.expect("what lies before it");
        assert_eq!((page.events.len(), page.scanned_to), (4, Position(4)), "{wanted:?}");
        let part = log.read_after(Position(1), 2, wanted).await.expect("what lies before it");
        assert_eq!((part.events.len(), part.scanned_to), (2, Position(3)), "{wanted:?}");
        let mut reader = Subscription::new(log.clone(), Position::START, wanted);
        assert_eq!(reader.next(10).await.expect("what lies before it").scanned_to, Position(4));
        let told = reader.next(10).await;
        assert!(matches!(told, Err(EventLogError::Unreadable { position: Position(5), .. })), "{told:?}");
    }
    let users = log.read_after(Position::START, 10, Filter::Kinds(&[AggregateKind::User])).await;
    assert_eq!(users.expect("it is none of theirs").scanned_to, Position(6));

    // How long it has been waiting can be told without reading it.
    let mut look = raw::look(&store.store_url(), Reading::Moving).await.expect("a look");
    for row in look.page(BEGINNING, 6, 10).await.expect("rows") {
        let before = Position(row.position.unsigned_abs() - 1);
        let recorded = log.recorded_behind(before).await.expect("answered").expect("there is one");
        assert_eq!(recorded.as_millis(), row.recorded_ms(), "{before}");
    }
    assert_eq!(log.recorded_behind(Position(6)).await.expect("answered"), None);
}

async fn a_view_comes_right_up_to_one(store: &TestStore) {
    let door = two_rooms(store).await;
    write(store, ("room", &group(2).to_string()), 3, 1).await;
    assert_eq!(says(&door, 1).await, 2);
    let views = Views::open(&store.store_url(), store.open().await).await.expect("open");
    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let (views, stop) = (views.clone(), stop.clone());
        async move { views.run(stop).await }
    });
    views.wait_for(UnitName::Inbox, Position(4), Duration::from_secs(30)).await.expect("all that lies before it");
    let shown = views.inbox().room(group(2), &user("ana")).await.expect("readable").expect("is there");
    assert_eq!(shown.last_seq, 1);
    let further = views.wait_for(UnitName::Inbox, Position(5), Duration::from_millis(200)).await;
    assert_eq!(further.expect_err("it does not pass over it").at, Position(4));
    stop.cancel();
    // Whichever view came to it first.
    let ended = running.await.expect("no panic").expect_err("it stopped there, and says so").to_string();
    assert!(UnitName::ALL.iter().any(|unit| ended.contains(&unit.to_string())), "{ended}");
}

/// Whoever is to be erased is, whatever else is in the log.
async fn what_somebody_said_is_found_on_both_sides_of_one(store: &TestStore) {
    let door = two_rooms(store).await;
    write(store, ("room", &group(2).to_string()), 3, 1).await;
    assert_eq!(says(&door, 1).await, 2);
    let log = store.open().await;
    let ana = "ana".parse().expect("an id");
    let spoken = EverythingSpoken::by(&log, &ana, 10, |_| ()).await.expect("looked through");
    assert_eq!((spoken.readable.get("message_sent"), spoken.unreadable), (Some(&3), 1), "{spoken:?}");
}
