//! What every table of "last seen" promises.

use aggregates::Timestamp;
use aggregates::ids::UserId;
use event_log::Position;
use event_log::last_seen::{Seen, open};

use crate::event_log::every_log;
use crate::support::backend::TestStore;

every_log!(
    a_moment_never_goes_back,
    who_hides_stays_hidden_whatever_is_written_late,
    who_was_deleted_is_not_known,
    how_far_it_was_read_never_goes_back,
);

fn user(id: &str) -> UserId {
    UserId::parse(id).expect("an id")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(second * 1_000)
}

fn seen(id: &str, at: Option<Timestamp>, invisible: bool) -> Seen {
    Seen { user_id: user(id), at, invisible }
}

async fn a_moment_never_goes_back(store: &TestStore) {
    let table = open(&store.store_url()).await.expect("the table opens");
    table.saw(vec![(user("ana"), at(20)), (user("ben"), at(5))]).await.expect("kept");
    table.saw(vec![(user("ana"), at(10)), (user("ben"), at(6))]).await.expect("kept");
    let mut known = table.of(&[user("ana"), user("ben"), user("cici")]).await.expect("read");
    known.sort_by(|one, other| one.user_id.cmp(&other.user_id));
    assert_eq!(known, [seen("ana", Some(at(20)), false), seen("ben", Some(at(6)), false)]);
    table.close().await;
}

/// A node that has not heard of it, or a write that was on its way.
async fn who_hides_stays_hidden_whatever_is_written_late(store: &TestStore) {
    let (here, elsewhere) = (open(&store.store_url()).await, open(&store.store_url()).await);
    let (here, elsewhere) = (here.expect("the table opens"), elsewhere.expect("the table opens"));
    here.hide(&user("ana"), true).await.expect("kept");
    assert_eq!(here.of(&[user("ana")]).await.expect("read"), [seen("ana", None, true)]);
    elsewhere.saw(vec![(user("ana"), at(3))]).await.expect("kept");
    assert_eq!(here.of(&[user("ana")]).await.expect("read"), [seen("ana", Some(at(3)), true)]);
    here.hide(&user("ana"), false).await.expect("kept");
    assert_eq!(elsewhere.of(&[user("ana")]).await.expect("read"), [seen("ana", Some(at(3)), false)]);
    here.close().await;
    elsewhere.close().await;
}

async fn who_was_deleted_is_not_known(store: &TestStore) {
    let table = open(&store.store_url()).await.expect("the table opens");
    table.saw(vec![(user("ana"), at(1)), (user("ben"), at(1))]).await.expect("kept");
    table.delete(&[user("ana"), user("cici")]).await.expect("deleted");
    assert_eq!(table.of(&[user("ana"), user("ben")]).await.expect("read"), [seen("ben", Some(at(1)), false)]);
    table.close().await;
}

async fn how_far_it_was_read_never_goes_back(store: &TestStore) {
    let log = store.open().await.id();
    let table = open(&store.store_url()).await.expect("the table opens");
    assert_eq!(table.erased_to(log).await.expect("read"), Position(0));
    for position in [7, 3] {
        table.save_erased_to(log, Position(position)).await.expect("kept");
        assert_eq!(table.erased_to(log).await.expect("read"), Position(7));
    }
    table.close().await;
}
