//! Promise 5: how far a reactor has come is kept with the log and never goes back.

use event_log::{EventLogError, Position, StoreUrl};

use super::drafts::a_room_of;
use super::every_log;
use crate::support::backend::TestStore;
use crate::support::damage;

every_log![
    a_reactor_that_never_ran_has_no_checkpoint,
    a_checkpoint_never_goes_back_and_outlives_the_process,
    the_checkpoint_of_another_log_is_refused,
    a_checkpoint_past_the_head_is_refused,
    a_checkpoint_that_vanished_is_not_taken_for_a_new_reactor,
];

async fn a_reactor_that_never_ran_has_no_checkpoint(store: &TestStore) {
    let log = store.open().await;
    log.save_reactor_checkpoint("another", Position::START).await.expect("saved");
    assert_eq!(log.reactor_checkpoint("notifications").await.expect("readable"), None);
    assert_eq!(log.reactor_checkpoint("another").await.expect("readable"), Some(Position::START));
}

async fn a_checkpoint_never_goes_back_and_outlives_the_process(store: &TestStore) {
    let (ours, theirs) = (store.open().await, store.open().await);
    a_room_of(&*ours, 9).await;
    ours.save_reactor_checkpoint("forward", Position(2)).await.expect("saved");
    for (log, position) in [(&ours, 5), (&theirs, 3), (&ours, 5), (&theirs, 4)] {
        log.save_reactor_checkpoint("notifications", Position(position)).await.expect("saved");
    }
    assert_eq!(theirs.reactor_checkpoint("notifications").await.expect("readable"), Some(Position(5)));
    ours.close().await;
    theirs.close().await;

    let log = store.open().await;
    let reactors = log.reactors().await.expect("readable");
    assert_eq!(reactors, [("forward".to_owned(), Position(2)), ("notifications".to_owned(), Position(5))]);
}

async fn the_checkpoint_of_another_log_is_refused(store: &TestStore) {
    let log = store.open().await;
    a_room_of(&*log, 9).await;
    log.save_reactor_checkpoint("notifications", Position(3)).await.expect("saved");
    log.close().await;
    // As a restore or a copy does that forgets the reactors.
    let renew = match store.store_url() {
        StoreUrl::Sqlite(_) => "UPDATE log_identity SET log_id = randomblob(16)",
        StoreUrl::Postgres(_) => "UPDATE log_identity SET log_id = gen_random_uuid()",
    };
    damage::log(store, renew).await;
    damage::keys(store, "UPDATE keys_identity SET log_id = NULL").await;

    let log = store.open().await;
    let foreign = log.reactor_checkpoint("notifications").await;
    assert!(matches!(foreign, Err(EventLogError::Corrupt(_))), "{foreign:?}");
    for position in [1, 9] {
        let saved = log.save_reactor_checkpoint("notifications", Position(position)).await;
        assert!(matches!(saved, Err(EventLogError::Corrupt(_))), "{saved:?}");
    }
    assert_eq!(log.reactor_checkpoint("another").await.expect("readable"), None);
    assert_eq!(log.reactors().await.expect("readable"), [("notifications".to_owned(), Position(3))], "left as it was");
}

async fn a_checkpoint_past_the_head_is_refused(store: &TestStore) {
    let log = store.open().await;
    a_room_of(&*log, 9).await;
    log.save_reactor_checkpoint("notifications", Position(9)).await.expect("saved");
    assert_eq!(log.reactor_checkpoint("notifications").await.expect("readable"), Some(Position(9)));
    // As an older copy of the events under the checkpoints of today.
    damage::log(store, "DELETE FROM events WHERE position > 8").await;
    let ahead = log.reactor_checkpoint("notifications").await;
    assert!(matches!(ahead, Err(EventLogError::Corrupt(_))), "{ahead:?}");
}

async fn a_checkpoint_that_vanished_is_not_taken_for_a_new_reactor(store: &TestStore) {
    let log = store.open().await;
    a_room_of(&*log, 9).await;
    log.save_reactor_checkpoint("notifications", Position(3)).await.expect("saved");
    damage::log(store, "DELETE FROM reactor_checkpoints").await;
    let lost = log.reactor_checkpoint("notifications").await;
    let Err(EventLogError::Corrupt(reason)) = &lost else { panic!("{lost:?}") };
    assert!(reason.contains("notifications") && reason.contains("its checkpoint is gone"), "{reason}");
    // Nor by the next process. Only an operator who wants it so makes it a new one.
    assert!(store.open().await.reactor_checkpoint("notifications").await.is_err());
    damage::log(store, "DELETE FROM reactors_known WHERE reactor = 'notifications'").await;
    assert_eq!(log.reactor_checkpoint("notifications").await.expect("readable"), None);
}
