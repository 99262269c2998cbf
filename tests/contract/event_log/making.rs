//! A log made from rows: nothing until it is whole, then a log of its own that has all of them.

use event_log::raw::{self, BEGINNING, Facts, MakeError, RawEvent, RawReactor, Reactors, Reading};
use event_log::{LogId, Position, StoreUrl};
use futures_util::future;
use uuid::Uuid;

use super::drafts::{Draft, a_room, a_room_of, soon};
use super::every_log;
use crate::support::backend::{Backend, TestStore};
use crate::support::damage;

/// Beside the first; each tries again and again.
const OTHER_RESTORES: usize = 3;

every_log![
    a_log_made_from_rows_has_all_of_them_under_an_id_of_its_own,
    a_log_that_was_not_finished_is_refused_and_begun_anew,
    a_log_is_never_made_where_there_is_one,
    a_log_that_was_made_meanwhile_is_not_written_over,
    restores_that_come_while_another_finishes_leave_its_log_whole,
    a_look_of_one_moment_does_not_see_what_is_written_meanwhile,
    rows_of_one_position_are_all_seen_wherever_a_page_ends,
];

async fn rows(store: &TestStore) -> (Facts, Vec<RawEvent>) {
    let mut log = raw::look(&store.store_url(), Reading::OneMoment).await.expect("a look");
    let facts = log.facts().await.expect("facts");
    let mut rows = Vec::new();
    let mut place = BEGINNING;
    loop {
        let page = log.page(place, facts.head, 2).await.expect("a page");
        let Some(last) = page.last() else { return (facts, rows) };
        place = (last.position, last.event_id);
        rows.extend(page);
    }
}

async fn a_log_made_from_rows_has_all_of_them_under_an_id_of_its_own(store: &TestStore) {
    let Some(origin) = store.backend().store().await else { return };
    let log = origin.open().await;
    a_room_of(&*log, 5).await;
    log.save_reactor_checkpoint("notification", Position(3)).await.expect("saved");
    let (facts, written) = rows(&origin).await;
    log.close().await;
    let foreign = RawReactor { name: "foreign".to_owned(), log: LogId(Uuid::from_u128(1)), position: 2 };

    let mut making = raw::make(&store.store_url()).await.expect("an empty place");
    for page in written.chunks(2) {
        making.write(page.to_vec()).await.expect("written");
    }
    let places = [facts.reactors.places.clone(), vec![foreign.clone()]].concat();
    let reactors = Reactors { places, lost: vec!["digest".to_owned()] };
    let id = making.finish(facts.id, reactors).await.expect("finished");
    assert_ne!(id, facts.id);

    let (made, read) = rows(store).await;
    assert_eq!((made.id, made.head, &read), (id, facts.head, &written), "to the byte");
    let own = RawReactor { log: id, ..facts.reactors.places[0].clone() };
    assert_eq!(made.reactors.places, [foreign, own], "those of the log go with it, a foreign one stays foreign");
    let log = store.open().await;
    assert_eq!(log.id(), id);
    assert_eq!(log.reactor_checkpoint("notification").await.expect("its own"), Some(Position(3)));
    assert!(log.reactor_checkpoint("foreign").await.is_err());
    assert_eq!(made.reactors.lost, ["digest"]);
    assert!(log.reactor_checkpoint("digest").await.is_err(), "it does not begin anew at the head");
    let room = a_room();
    Draft::at(Position(made.head.unsigned_abs())).says(&room, 1, "go on").append(&*log).await.expect("appended");
}

async fn a_log_that_was_not_finished_is_refused_and_begun_anew(store: &TestStore) {
    let Some(origin) = store.backend().store().await else { return };
    let log = origin.open().await;
    a_room_of(&*log, 3).await;
    let (facts, written) = rows(&origin).await;
    log.close().await;

    let mut making = raw::make(&store.store_url()).await.expect("an empty place");
    making.write(written[..2].to_vec()).await.expect("written");
    let second = raw::make(&store.store_url()).await.err().expect("one at a time");
    assert!(matches!(&second, MakeError::NotEmpty(what) if what.contains("another restore")), "{second}");
    // As kill -9 leaves it.
    drop(making);
    let refused = event_log::open(&store.store_url()).await.err().expect("no log");
    assert!(refused.to_string().contains("not finished"), "{refused}");

    // A server notices a lost connection a moment later.
    let again = async {
        loop {
            match raw::make(&store.store_url()).await {
                Ok(making) => return making,
                Err(MakeError::NotEmpty(_)) => {}
                Err(MakeError::Log(error)) => panic!("{error}"),
            }
        }
    };
    let mut making = soon("the second try to begin", again).await;
    making.write(written.clone()).await.expect("written");
    making.finish(facts.id, Reactors::default()).await.expect("finished");
    assert_eq!(rows(store).await.1, written);
}

async fn a_log_is_never_made_where_there_is_one(store: &TestStore) {
    store.open().await.close().await;
    let refused = raw::make(&store.store_url()).await.err().expect("there is a log, although an empty one");
    assert!(matches!(refused, MakeError::NotEmpty(_)), "{refused}");
}

/// Somebody else had the place between the first look and the last step: a copy that was put there, another program.
async fn a_log_that_was_made_meanwhile_is_not_written_over(store: &TestStore) {
    let StoreUrl::Sqlite(directory) = store.store_url() else { return };
    let making = raw::make(&store.store_url()).await.expect("an empty place");
    let log = StoreUrl::file(&directory, "log");
    std::fs::write(&log, b"somebody's").expect("written");
    let refused = making.finish(LogId(Uuid::nil()), Reactors::default()).await.expect_err("it is taken");
    assert!(matches!(&refused, MakeError::NotEmpty(what) if what.contains("log.db was made meanwhile")), "{refused}");
    assert_eq!(std::fs::read(&log).expect("readable"), b"somebody's");
}

/// Wherever in the end of the first they come: before it, they are told of it; behind it, there is a log.
async fn restores_that_come_while_another_finishes_leave_its_log_whole(store: &TestStore) {
    let Some(origin) = store.backend().store().await else { return };
    let log = origin.open().await;
    a_room_of(&*log, 3).await;
    let (facts, written) = rows(&origin).await;
    log.close().await;

    let mut first = raw::make(&store.store_url()).await.expect("an empty place");
    first.write(written.clone()).await.expect("written");
    let (finished, is_finished) = tokio::sync::watch::channel(false);
    let others = (0..OTHER_RESTORES).map(async |other| {
        let mut last = false;
        while !last {
            // Once more when it is finished.
            last = *is_finished.borrow();
            match raw::make(&store.store_url()).await {
                Ok(_) => panic!("{other} took the place of the first"),
                Err(MakeError::NotEmpty(_)) => {}
                Err(MakeError::Log(error)) => panic!("{other}: {error}"),
            }
        }
    });
    let finishing = async {
        let id = first.finish(facts.id, Reactors::default()).await.expect("finished");
        finished.send_replace(true);
        id
    };
    let (id, _) = soon("the end of all of them", future::join(finishing, future::join_all(others))).await;
    let (made, read) = rows(store).await;
    assert_eq!((made.id, read), (id, written));
}

async fn a_look_of_one_moment_does_not_see_what_is_written_meanwhile(store: &TestStore) {
    let log = store.open().await;
    a_room_of(&*log, 2).await;
    let mut look = raw::look(&store.store_url(), Reading::OneMoment).await.expect("a look");
    let facts = look.facts().await.expect("facts");
    Draft::at(Position(facts.head.unsigned_abs()))
        .says(&a_room(), 1, "later")
        .append(&*log)
        .await
        .expect("nobody waits");
    log.save_reactor_checkpoint("notification", Position(1)).await.expect("nobody waits");
    assert_eq!(look.facts().await.expect("facts"), facts);
    assert_eq!(look.page(BEGINNING, i64::MAX, 100).await.expect("a page").len(), 2);
}

/// On SQLite a position is the row's number. On PostgreSQL only an index keeps two rows from having the same.
async fn rows_of_one_position_are_all_seen_wherever_a_page_ends(store: &TestStore) {
    let log = store.open().await;
    a_room_of(&*log, 6).await;
    log.close().await;
    if store.backend() == Backend::Postgres {
        damage::log(store, "DROP INDEX events_position; UPDATE events SET position = 2 WHERE position IN (3, 4)").await;
    }
    let mut look = raw::look(&store.store_url(), Reading::Moving).await.expect("a look");
    for limit in 1..=6 {
        let (mut place, mut ids) = (BEGINNING, Vec::new());
        loop {
            let page = look.page(place, i64::MAX, limit).await.expect("a page");
            let Some(last) = page.last() else { break };
            place = (last.position, last.event_id);
            ids.extend(page.iter().map(|row| row.event_id));
        }
        let once: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!((ids.len(), once.len()), (6, 6), "in pages of {limit}");
    }
}
