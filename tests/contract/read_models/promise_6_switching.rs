//! Promise 6, in the moment a new generation takes the live one's place, and which one does.

use std::num::NonZeroU64;
use std::sync::Mutex;

use aggregates::room::RoomKind;
use event_log::{Position, Sealing, StoreUrl};
use projections::{
    Pace, Progress, ReadError, RebuildOptions, RebuildReport, UnitName, UnitState, rebuild, repair, status,
};

use crate::read_models::events::{erased, opened, sent};
use crate::read_models::on_every_backend;
use crate::read_models::promise_4_rebuild_equals_live::verified;
use crate::read_models::promise_6_rebuild_at_full_strength::talked;
use crate::read_models::tables;
use crate::read_models::world::{Driven, World, record_on, room, user};
use crate::support::backend::Backend;

on_every_backend! {
    a_new_generation_takes_over_where_the_live_one_stands,
    a_rebuild_that_fails_at_its_last_step_leaves_the_live_view,
    an_unfinished_generation_before_the_live_one_is_never_shown,
    an_unfinished_generation_of_another_log_is_begun_anew,
    an_unfinished_generation_that_was_filled_without_some_keys_is_begun_anew,
    a_repair_does_not_compare_with_what_is_further_than_the_live_view,
    a_view_that_is_closed_is_not_written_any_more,
    what_was_blanked_stays_blank_through_the_last_events,
    a_row_that_was_loaded_before_the_blanking_is_not_remembered_past_it,
}

const MESSAGES: u64 = 20;

async fn generations(world: &World) -> Vec<(u32, UnitState)> {
    let found = status(&world.store.store_url(), &world.log).await.expect("answered");
    let inbox = found.into_iter().filter(|one| one.unit == UnitName::Inbox);
    inbox.map(|one| (one.generation, one.state)).collect()
}

async fn rebuilt(world: &World, tell: &(dyn Fn(Progress) + Send + Sync)) -> Result<RebuildReport, ReadError> {
    let options = RebuildOptions::default();
    rebuild(&world.store.store_url(), world.log.clone(), UnitName::Inbox, &options, tell).await
}

/// Does something once, when a rebuild tells how far it is, which waits meanwhile.
fn once<F: Future<Output = ()>>(act: impl FnOnce() -> F + Send) -> impl Fn(Progress) + Send + Sync {
    let act = Mutex::new(Some(act));
    move |_| {
        if let Some(act) = act.lock().expect("one at a time").take() {
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(act()));
        }
    }
}

async fn a_new_generation_takes_over_where_the_live_one_stands(backend: Backend) {
    let Some((mut world, driven)) = talked(backend, MESSAGES).await else { return };
    let (other, head) = (world.store.open().await, world.head());
    let last = Position(head.0 + 1);
    // Filled up to the head; now somebody says something more, the live view shows it, and nobody drives it any more.
    let tell = once(|| async move {
        record_on(&other, &[sent(9, room(1), MESSAGES + 1, "ana", "y")], head, MESSAGES + 2).await;
        driven.caught_up(last).await;
        driven.stop().await.expect("nothing was wrong");
    });
    let report = rebuilt(&world, &tell).await.expect("rebuilt");
    assert_eq!((report.generation, report.checkpoint), (2, last), "not before what was shown");
    let unread = world.views().await.inbox().unread_totals(&[user("ben")]).await.expect("answered");
    assert_eq!(unread, [MESSAGES + 1]);
    world.skip_to(last);
    verified(&world, "after the switch").await;
}

/// A second generation that is filled, and cannot say that it is ready.
async fn fails_at_its_last_step(world: &World) {
    let (begun, mut has_begun) = tokio::sync::mpsc::unbounded_channel();
    let tell = move |progress: Progress| _ = begun.send(progress.position);
    let pace = Pace { events_per_second: NonZeroU64::new(4), yields: false };
    let (url, slowly) = (world.store.store_url(), RebuildOptions { pace, ..RebuildOptions::default() });
    tokio::select! {
        biased;
        _ = has_begun.recv() => {}
        done = rebuild(&url, world.log.clone(), UnitName::Inbox, &slowly, &tell) => panic!("not cut short: {done:?}"),
    }
    // While nobody writes it.
    tables::hold_state(&world.store, UnitName::Inbox, 2).await;
    rebuilt(world, &|_| {}).await.expect_err("it is held");
}

async fn a_rebuild_that_fails_at_its_last_step_leaves_the_live_view(backend: Backend) {
    let Some((mut world, driven)) = talked(backend, MESSAGES).await else { return };
    fails_at_its_last_step(&world).await;
    assert_eq!(generations(&world).await, [(1, UnitState::Live), (2, UnitState::Building)]);
    let head = world.record([sent(9, room(1), MESSAGES + 1, "ana", "y")]).await;
    driven.caught_up(head).await;
    let unread = driven.views.inbox().unread_totals(&[user("ben")]).await.expect("reads never go down");
    assert_eq!(unread, [MESSAGES + 1], "and the live one goes on");

    tables::let_state_go(&world.store, UnitName::Inbox, 2).await;
    let report = rebuilt(&world, &|_| {}).await.expect("rebuilt");
    assert_eq!((report.generation, report.replaced, report.checkpoint), (2, Some(1), head));
    assert!(report.resumed_at.is_some(), "gone on with");
    verified(&world, "after the second try").await;
    driven.stop().await.expect("nothing was wrong");
}

/// As when one was filled for long, given up, and another one begun from a newer program took its place.
async fn an_unfinished_generation_before_the_live_one_is_never_shown(backend: Backend) {
    let Some((world, driven)) = talked(backend, MESSAGES).await else { return };
    driven.stop().await.expect("nothing was wrong");
    rebuilt(&world, &|_| {}).await.expect("rebuilt");
    tables::run(&world.store, UnitName::Inbox, 1, "UPDATE unit SET state = 'building'").await;
    let report = rebuilt(&world, &|_| {}).await.expect("rebuilt");
    assert_eq!((report.generation, report.replaced, report.resumed_at), (3, Some(2), None));
    assert_eq!(
        generations(&world).await,
        [(2, UnitState::Closed), (3, UnitState::Live)],
        "what was unfinished is gone"
    );
    verified(&world, "after the rebuild").await;
}

async fn an_unfinished_generation_of_another_log_is_begun_anew(backend: Backend) {
    let Some((world, driven)) = talked(backend, MESSAGES).await else { return };
    driven.stop().await.expect("nothing was wrong");
    rebuilt(&world, &|_| {}).await.expect("rebuilt");
    tables::run(&world.store, UnitName::Inbox, 1, "UPDATE unit SET state = 'ready'").await;
    let foreign = match backend {
        Backend::Sqlite => "UPDATE unit SET state = 'building', log_id = randomblob(16)",
        Backend::Postgres => "UPDATE unit SET state = 'building', log_id = gen_random_uuid()",
    };
    tables::run(&world.store, UnitName::Inbox, 2, foreign).await;
    let report = rebuilt(&world, &|_| {}).await.expect("rebuilt");
    assert_eq!((report.generation, report.resumed_at, report.events), (2, None, world.head().0));
    assert_eq!(generations(&world).await, [(1, UnitState::Closed), (2, UnitState::Live)]);
    verified(&world, "after the rebuild").await;
}

/// Keys came back since: what they open is blank in it.
async fn an_unfinished_generation_that_was_filled_without_some_keys_is_begun_anew(backend: Backend) {
    let Some((world, driven)) = talked(backend, MESSAGES).await else { return };
    driven.stop().await.expect("nothing was wrong");
    fails_at_its_last_step(&world).await;
    tables::let_state_go(&world.store, UnitName::Inbox, 2).await;
    let elsewhere = tempfile::tempdir().expect("a folder");
    let other = Sealing::open(&StoreUrl::Sqlite(elsewhere.path().to_owned())).await.expect("keys");
    other.key_of(&user("ana"), true).await.expect("made");
    let keys = other.page(None, 10).await.expect("a key");
    world.log.sealing().expect("keys").bring_in(keys).await.expect("brought in");
    let report = rebuilt(&world, &|_| {}).await.expect("rebuilt");
    assert_eq!((report.generation, report.resumed_at, report.events), (2, None, world.head().0));
    verified(&world, "after the rebuild").await;
}

async fn a_repair_does_not_compare_with_what_is_further_than_the_live_view(backend: Backend) {
    let Some((mut world, driven)) = talked(backend, MESSAGES).await else { return };
    driven.stop().await.expect("nothing was wrong");
    // A rebuild dies behind the end of its filling, and the live view is not driven.
    world.record([sent(9, room(1), MESSAGES + 1, "ana", "y")]).await;
    fails_at_its_last_step(&world).await;
    tables::let_state_go(&world.store, UnitName::Inbox, 2).await;
    let (url, options) = (world.store.store_url(), RebuildOptions::default());
    let report = repair(&url, world.log.clone(), UnitName::Inbox, &options, &|_| {}).await.expect("answered");
    assert!(report.found.is_clean() && report.repaired.is_none(), "{report:?}");
    assert_eq!(generations(&world).await, [(1, UnitState::Live)], "nothing is left aside");
}

/// Whoever drives the view learns of the switch from what it cannot write.
async fn a_view_that_is_closed_is_not_written_any_more(backend: Backend) {
    let Some((mut world, driven)) = talked(backend, MESSAGES).await else { return };
    rebuilt(&world, &|_| {}).await.expect("rebuilt");
    let before = tables::checkpoint(&world.store, UnitName::Inbox, 1).await;
    let head = world.record([sent(9, room(1), MESSAGES + 1, "ana", "y")]).await;
    driven.caught_up(head).await;
    assert_eq!(driven.views.health()[0].generation, 2, "it went over");
    assert_eq!(tables::checkpoint(&world.store, UnitName::Inbox, 1).await, before, "and left the closed one as it was");
    driven.stop().await.expect("nothing was wrong");
}

/// Their key still stands, so blank is only what the views blanked.
async fn what_was_blanked_stays_blank_through_the_last_events(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    world.record([opened(1, room(1), RoomKind::Group, Some("Of Ana"), &["ana", "ben"])]).await;
    let head = world.record([sent(2, room(1), 1, "ana", "said"), erased(3, "ana")]).await;
    driven.caught_up(head).await;
    let (other, last) = (world.store.open().await, Position(head.0 + 1));
    // Behind the filling, on the room that it remembers with its name.
    let tell = once(|| async move {
        record_on(&other, &[sent(4, room(1), 2, "ben", "kept")], head, 3).await;
        driven.caught_up(last).await;
        driven.stop().await.expect("nothing was wrong");
    });
    assert_eq!(rebuilt(&world, &tell).await.expect("rebuilt").checkpoint, last);
    let shown = world.views().await.inbox().room(room(1), &user("ben")).await.expect("answered").expect("ben is in");
    assert_eq!((shown.name, shown.last_message.as_deref()), (None, Some("kept")));
    world.skip_to(last);
    verified(&world, "after the switch").await;
}

/// The same where the room is loaded anew behind the erasure, in another transaction, and blanked only when the indexes
/// are made.
async fn a_row_that_was_loaded_before_the_blanking_is_not_remembered_past_it(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let opening = opened(1, room(1), RoomKind::Group, Some("Of Ana"), &["ana", "ben"]);
    world.record([opening, sent(2, room(1), 1, "ana", "said"), erased(3, "ana")]).await;
    let head = world.record((2..=300).map(|seq| sent(4, room(1), seq, "ben", "kept"))).await;
    driven.caught_up(head).await;
    let (other, last) = (world.store.open().await, Position(head.0 + 1));
    let tell = once(|| async move {
        record_on(&other, &[sent(5, room(1), 301, "ben", "the last")], head, 302).await;
        driven.caught_up(last).await;
        driven.stop().await.expect("nothing was wrong");
    });
    // Pages of a quarter of it, each written by itself: the erasure is in the first, ben speaks on in the next.
    let pace = Pace { events_per_second: NonZeroU64::new(800), yields: false };
    let slowly = RebuildOptions { pace, ..RebuildOptions::default() };
    let report = rebuild(&world.store.store_url(), world.log.clone(), UnitName::Inbox, &slowly, &tell).await;
    assert_eq!(report.expect("rebuilt").checkpoint, last);
    let shown = world.views().await.inbox().room(room(1), &user("ben")).await.expect("answered").expect("ben is in");
    assert_eq!((shown.name, shown.last_message.as_deref()), (None, Some("the last")));
    world.skip_to(last);
    verified(&world, "after the switch").await;
}
