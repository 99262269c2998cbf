//! Promise 5: how far a reactor has come is kept with the log and never goes back.

use event_log::Position;

use super::drafts::a_room_of;
use super::every_log;
use crate::support::backend::TestStore;

every_log![a_reactor_that_never_ran_has_no_checkpoint, a_checkpoint_never_goes_back_and_outlives_the_process];

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
