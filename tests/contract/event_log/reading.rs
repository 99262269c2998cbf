//! Reading: by stream, from a position on, some kinds only, and waiting for more.

use std::sync::Arc;

use aggregates::ids::UserPair;
use aggregates::{AggregateKind, StreamId};
use event_log::{Filter, Position, Subscription};
use sqlx::Executor;

use super::drafts::{Draft, a_room, a_room_of, everything, followed, said, soon, user, words};
use super::every_log;
use crate::support::backend::{Backend, TestStore};

every_log![
    a_stream_reads_back_in_the_order_it_was_written,
    an_event_reads_back_as_it_was_written,
    reading_after_the_last_position_is_empty_not_an_error,
    a_page_ends_at_its_limit_and_the_next_goes_on,
    a_filter_leaves_out_other_kinds_and_says_how_far_it_looked,
    a_rare_kind_is_found_in_one_look,
    a_waiting_reader_wakes_when_something_is_written,
    whoever_listens_hears_of_every_writer,
    what_could_not_be_announced_is_announced_later,
    whoever_listens_learns_that_the_log_was_closed,
];

async fn a_stream_reads_back_in_the_order_it_was_written(store: &TestStore) {
    let log = store.open().await;
    let (room, _) = a_room_of(&*log, 5).await;
    let (_, head) = a_room_of(&*log, 2).await;
    Draft::at(head).says(&room, 6, "6").append(&*log).await.expect("written");

    let stream = log.read_stream(&room, 0, 100).await.expect("readable");
    assert_eq!(words(&stream), ["1", "2", "3", "4", "5", "6"]);
    assert_eq!(stream.iter().map(|event| event.sequence).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert!(stream.iter().all(|event| event.stream == room));
    assert_eq!(words(&log.read_stream(&room, 2, 3).await.expect("readable")), ["3", "4", "5"]);
    assert_eq!(log.read_stream(&room, 6, 3).await.expect("readable"), []);
    assert_eq!(log.read_stream(&a_room(), 0, 3).await.expect("readable"), []);

    let loaded = log.load(&room, 4, 100).await.expect("readable");
    let expected: Vec<_> = stream[4..].iter().map(|event| (event.sequence, event.event.clone())).collect();
    assert_eq!(loaded, expected);
    // In pages: a full one is not the end, and both ways of reading one are alike.
    let page = log.load(&room, 4, 1).await.expect("readable");
    assert_eq!(page, expected[..1]);
    assert_eq!(log.load(&room, 5, 1).await.expect("readable"), expected[1..]);
    assert_eq!(log.load(&room, 6, 1).await.expect("readable"), []);
}

async fn an_event_reads_back_as_it_was_written(store: &TestStore) {
    let log = store.open().await;
    let room = a_room();
    let event = said(&room, 1, "Selamat pagi, \"dunia\" \u{1f600}\n\\ ' $1 ?1");
    let appended = Draft::at(Position::START).event(event.clone()).append(&*log).await.expect("written");

    let [read] = &everything(&*log).await[..] else { panic!("one event") };
    assert_eq!((read.position, read.sequence, &read.stream), (Position(1), 1, &room));
    assert_eq!((read.event_id, read.recorded_at), (event.event_id, appended.recorded_at));
    assert_eq!(read.event.to_json().expect("JSON"), event.payload);
    assert_eq!(read.metadata.actor, Some(user("ana")));
}

async fn reading_after_the_last_position_is_empty_not_an_error(store: &TestStore) {
    let log = store.open().await;
    const ROOMS: Filter = Filter::Kinds(&[AggregateKind::Room]);
    for filter in [Filter::All, ROOMS] {
        let page = log.read_after(Position::START, 10, filter).await.expect("readable");
        assert_eq!((page.events.len(), page.scanned_to), (0, Position::START), "an empty log");
    }
    let (_, head) = a_room_of(&*log, 2).await;
    for filter in [Filter::All, ROOMS] {
        for position in [head, Position(head.0 + 100)] {
            let page = log.read_after(position, 10, filter).await.expect("readable");
            assert_eq!((page.events.len(), page.scanned_to), (0, position));
        }
    }
}

async fn a_page_ends_at_its_limit_and_the_next_goes_on(store: &TestStore) {
    let log = store.open().await;
    a_room_of(&*log, 7).await;
    let mut position = Position::START;
    let mut pages = Vec::new();
    for _ in 0..3 {
        let page = log.read_after(position, 3, Filter::All).await.expect("readable");
        position = page.scanned_to;
        pages.push(words(&page.events));
    }
    assert_eq!(pages, [vec!["1", "2", "3"], vec!["4", "5", "6"], vec!["7"]]);
    assert_eq!(position, Position(7));
}

async fn a_filter_leaves_out_other_kinds_and_says_how_far_it_looked(store: &TestStore) {
    const PAIRS: Filter = Filter::Kinds(&[AggregateKind::Relationship, AggregateKind::User]);
    let log = store.open().await;
    let (room, pair) = (a_room(), StreamId::relationship(&UserPair::new(&user("ana"), &user("ben"))));
    let draft = Draft::at(Position::START)
        .event(said(&room, 1, "1"))
        .event(followed(&pair, 1))
        .event(said(&room, 2, "2"))
        .event(followed(&pair, 2))
        .event(said(&room, 3, "3"));
    draft.append(&*log).await.expect("written");

    let positions = |page: &event_log::Page| page.events.iter().map(|event| event.position.0).collect::<Vec<_>>();
    let all = log.read_after(Position::START, 10, PAIRS).await.expect("readable");
    assert_eq!((positions(&all), all.scanned_to), (vec![2, 4], Position(5)));
    assert_eq!(log.read_after(Position(4), 10, PAIRS).await.expect("readable").scanned_to, Position(5));

    // Page by page nothing is lost; a page may be empty, it still says how far it looked.
    let mut position = Position::START;
    let mut seen = Vec::new();
    while position < Position(5) {
        let page = log.read_after(position, 1, PAIRS).await.expect("readable");
        assert!(page.events.len() <= 1 && page.scanned_to > position, "{page:?}");
        assert!(page.events.iter().all(|event| event.position <= page.scanned_to), "{page:?}");
        position = page.scanned_to;
        seen.extend(positions(&page));
    }
    assert_eq!(seen, [2, 4]);
    assert!(all.events.iter().all(|event| PAIRS.wants(event.stream.kind)));
}

/// A reader of a rare kind must not take the log in pages of what it does not want.
async fn a_rare_kind_is_found_in_one_look(store: &TestStore) {
    const PAIRS: Filter = Filter::Kinds(&[AggregateKind::Relationship]);
    let log = store.open().await;
    let pair = StreamId::relationship(&UserPair::new(&user("ana"), &user("ben")));
    let (_, head) = a_room_of(&*log, 300).await;
    Draft::at(head).event(followed(&pair, 1)).append(&*log).await.expect("written");
    a_room_of(&*log, 300).await;

    let page = log.read_after(Position::START, 10, PAIRS).await.expect("readable");
    assert_eq!((page.events.len(), page.scanned_to), (1, Position(601)));
    let page = log.read_after(Position::START, 1, PAIRS).await.expect("readable");
    assert_eq!((page.events.len(), page.scanned_to), (1, Position(301)), "full: what follows was not looked at");
}

async fn a_waiting_reader_wakes_when_something_is_written(store: &TestStore) {
    let (ours, theirs) = (store.open().await, store.open().await);
    let mut known = Position::START;
    for writer in [&ours, &theirs] {
        let mut subscription = Subscription::new(Arc::clone(&ours), known, Filter::All);
        let waiting = tokio::spawn(async move { subscription.next(10).await });
        let appended = Draft::at(known).says(&a_room(), 1, "wake up").append(&**writer).await.expect("written");
        known = Position(appended.base.0 + 1);
        let page = soon("the reader to wake", waiting).await.expect("no panic").expect("readable");
        assert_eq!((words(&page.events), page.scanned_to), (vec!["wake up".to_owned()], known));
    }
}

async fn whoever_listens_hears_of_every_writer(store: &TestStore) {
    let (ours, theirs) = (store.open().await, store.open().await);
    let mut heard = ours.listen();
    for (log, head) in [(&ours, 3), (&theirs, 6)] {
        a_room_of(&**log, 3).await;
        let told = soon("the news", heard.wait_for(|position| *position >= Position(head))).await;
        assert_eq!(*told.expect("open"), Position(head));
    }
}

/// SQLite has nobody to ask for it.
async fn what_could_not_be_announced_is_announced_later(store: &TestStore) {
    if store.backend() == Backend::Sqlite {
        return;
    }
    let (ours, theirs) = (store.open().await, store.open().await);
    let mut heard = ours.listen();
    let mut superuser = store.superuser().await;
    superuser.execute("REVOKE EXECUTE ON FUNCTION pg_notify(text, text) FROM PUBLIC").await.expect("revoked");
    a_room_of(&*theirs, 3).await;
    let tried = async {
        let sql = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() \
                   AND pid <> pg_backend_pid() AND state LIKE 'idle%' AND query LIKE '%pg_notify%')";
        while !sqlx::query_scalar::<_, bool>(sql).fetch_one(&mut superuser).await.expect("an answer") {}
    };
    soon("a try to announce it", tried).await;
    assert_eq!(*heard.borrow_and_update(), Position::START, "nobody was told");
    superuser.execute("GRANT EXECUTE ON FUNCTION pg_notify(text, text) TO PUBLIC").await.expect("granted");
    // Nobody writes any more, and nobody looks.
    let told = soon("the news", heard.wait_for(|position| *position >= Position(3))).await;
    assert_eq!(*told.expect("open"), Position(3));
}

async fn whoever_listens_learns_that_the_log_was_closed(store: &TestStore) {
    let log = store.open().await;
    let mut subscription = Subscription::new(Arc::clone(&log), Position::START, Filter::All);
    let waiting = tokio::spawn(async move { subscription.next(10).await });
    log.close().await;
    let ended = soon("the reader to end", waiting).await.expect("no panic");
    assert!(matches!(ended, Err(event_log::EventLogError::Closed)), "{ended:?}");
}
