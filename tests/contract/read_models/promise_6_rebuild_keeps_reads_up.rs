//! Promise 6, for the views: a rebuild never takes reads down and never goes back in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aggregates::room::RoomKind;
use event_log::Position;
use projections::{ReadError, RebuildOptions, UnitName, UnitState, Views, rebuild, status};

use crate::read_models::events::{opened, sent};
use crate::read_models::on_every_backend;
use crate::read_models::promise_4_rebuild_equals_live::verified;
use crate::read_models::tables;
use crate::read_models::world::{Driven, PATIENCE, World, room, until, user};
use crate::support::backend::Backend;

on_every_backend! {
    reads_go_on_while_generations_change_under_them,
    an_unfinished_rebuild_is_not_shown,
    a_rebuild_that_died_before_closing_is_finished_by_whoever_opens,
    a_rebuild_that_died_before_closing_takes_nobody_back_in_time,
    one_rebuild_at_a_time,
}

async fn generations(world: &World) -> Vec<(u32, UnitState)> {
    let found = status(&world.store.store_url(), &world.log).await.expect("answered");
    let inbox = found.into_iter().filter(|one| one.unit == UnitName::Inbox);
    inbox.map(|one| (one.generation, one.state)).collect()
}

fn options() -> RebuildOptions {
    RebuildOptions::default()
}

async fn rebuilt(world: &World) -> projections::RebuildReport {
    let report = rebuild(&world.store.store_url(), world.log.clone(), UnitName::Inbox, &options(), &|_| {}).await;
    report.expect("it can be rebuilt")
}

async fn reads_go_on_while_generations_change_under_them(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    assert_eq!(generations(&world).await, [], "looking makes nothing");
    let driven = Driven::start(world.views().await);
    let idle = world.views().await;
    let group = room(1);
    world.record([opened(0, group, RoomKind::Group, Some("A"), &["ana", "ben"])]).await;
    driven.caught_up(world.head()).await;

    let stop = Arc::new(AtomicBool::new(false));
    let reading = tokio::spawn(read_on(driven.views.clone(), Arc::clone(&stop)));
    let mut seq = 0;
    for generation in 2..=4 {
        for _ in 0..60 {
            seq += 1;
            world.record([sent(seq, group, seq.unsigned_abs(), "ana", "x")]).await;
        }
        let report = rebuilt(&world).await;
        assert_eq!((report.replaced, report.generation), (Some(generation - 1), generation));
        world.record([sent(seq + 1, group, seq.unsigned_abs() + 1, "ana", "x")]).await;
        seq += 1;
        driven.caught_up(world.head()).await;
        let went_over = || async {
            driven.views.health().iter().any(|one| (one.unit, one.generation) == (UnitName::Inbox, generation))
        };
        until("the server to go over", went_over).await;
    }
    stop.store(true, Ordering::Relaxed);
    let reads = reading.await.expect("no read failed or went back");
    assert!(reads > 0);
    assert_eq!(generations(&world).await, [(3, UnitState::Closed), (4, UnitState::Live)]);
    // Opened on the first generation, which is deleted by now, and nobody drives this handle.
    idle.wait_for(UnitName::Inbox, world.head(), PATIENCE).await.expect("it goes over");
    let unread = idle.inbox().unread_totals(&[user("ben")]).await.expect("answered");
    assert_eq!(unread, [seq.unsigned_abs()]);
    verified(&world, "after three rebuilds").await;
    driven.stop().await.expect("nothing was wrong");
}

/// Reads until told to stop; says how often.
async fn read_on(views: Views, stop: Arc<AtomicBool>) -> u64 {
    let (mut reads, mut checkpoint, mut unread) = (0, Position::START, 0);
    while !stop.load(Ordering::Relaxed) {
        let (_, at) = views.inbox().memberships(&user("ben")).await.expect("reads never go down");
        let now = views.inbox().unread_totals(&[user("ben")]).await.expect("reads never go down")[0];
        assert!(at >= checkpoint && now >= unread, "from {checkpoint}, {unread} unread, back to {at}, {now}");
        (checkpoint, unread) = (at, now);
        reads += 1;
    }
    reads
}

async fn an_unfinished_rebuild_is_not_shown(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    world.record([opened(0, room(1), RoomKind::Group, Some("A"), &["ana"])]).await;
    driven.caught_up(world.head()).await;
    driven.stop().await.expect("nothing was wrong");
    rebuilt(&world).await;
    // As if it had died while filling; and its rows are no good.
    tables::run(&world.store, UnitName::Inbox, 2, "UPDATE unit SET state = 'building'; DELETE FROM rooms").await;
    tables::run(&world.store, UnitName::Inbox, 1, "UPDATE unit SET state = 'ready'").await;

    let views = world.views().await;
    assert_eq!(views.health()[0].generation, 1, "what is being filled is not shown");
    let fresh = RebuildOptions { fresh: true, ..options() };
    let report = rebuild(&world.store.store_url(), world.log.clone(), UnitName::Inbox, &fresh, &|_| {}).await;
    let report = report.expect("rebuilt");
    assert_eq!((report.generation, report.resumed_at), (2, None), "begun anew");
    assert_eq!(generations(&world).await, [(1, UnitState::Closed), (2, UnitState::Live)]);
    verified(&world, "after the second try").await;
}

async fn a_rebuild_that_died_before_closing_is_finished_by_whoever_opens(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    world.record([opened(0, room(1), RoomKind::Group, Some("A"), &["ana"])]).await;
    driven.caught_up(world.head()).await;
    driven.stop().await.expect("nothing was wrong");
    rebuilt(&world).await;
    tables::run(&world.store, UnitName::Inbox, 1, "UPDATE unit SET state = 'ready'").await;

    assert_eq!(world.views().await.health()[0].generation, 2);
    assert_eq!(generations(&world).await, [(1, UnitState::Closed), (2, UnitState::Live)]);
}

/// The server goes on with the old one, which was not closed; the next start must not go back.
async fn a_rebuild_that_died_before_closing_takes_nobody_back_in_time(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    world.record([opened(0, room(1), RoomKind::Group, Some("A"), &["ana", "ben"])]).await;
    world.views().await;
    rebuilt(&world).await;
    let state = async |number, state: &str| {
        let sql = format!("UPDATE unit SET state = '{state}'");
        tables::run(&world.store, UnitName::Inbox, number, &sql).await;
    };
    state(2, "building").await;
    state(1, "ready").await;
    let driven = Driven::start(world.views().await);
    let head = world.record((1..=5).map(|seq| sent(1, room(1), seq, "ana", "x"))).await;
    driven.caught_up(head).await;
    driven.stop().await.expect("nothing was wrong");
    tables::run(&world.store, UnitName::Inbox, 2, "UPDATE unit SET state = 'ready'").await;

    // Nobody drives it: this is what the first question is answered from.
    let views = world.views().await;
    assert_eq!(views.health()[0].generation, 2);
    assert_eq!(views.inbox().unread_totals(&[user("ben")]).await.expect("answered"), [5]);
    assert_eq!(generations(&world).await, [(1, UnitState::Closed), (2, UnitState::Live)]);
}

async fn one_rebuild_at_a_time(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    world.views().await;
    world.record([opened(0, room(1), RoomKind::Group, Some("A"), &["ana"])]).await;
    let (url, log) = (world.store.store_url(), world.log.clone());
    let (begun, has_begun) = std::sync::mpsc::channel();
    let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
    let may_go_on = std::sync::Mutex::new(may_go_on);
    let first = tokio::spawn({
        let (url, log) = (url.clone(), log.clone());
        async move {
            // Stands still at its first step, until the others have been refused.
            let stand_still = move |_| {
                if begun.send(()).is_ok() {
                    // Said to the runtime: the thread may be the one that everybody else's wire is read by.
                    tokio::task::block_in_place(|| {
                        may_go_on.lock().expect("one at a time").recv_timeout(PATIENCE).expect("told to go on");
                    });
                }
            };
            rebuild(&url, log, UnitName::Inbox, &options(), &stand_still).await
        }
    });
    tokio::task::block_in_place(|| has_begun.recv_timeout(PATIENCE).expect("the first rebuild begins"));
    drop(has_begun);
    let second = rebuild(&url, log.clone(), UnitName::Inbox, &options(), &|_| {}).await.expect_err("refused");
    let compared = projections::verify(&url, log.clone(), UnitName::Inbox, &|_| {}).await.expect_err("refused");
    for refused in [second, compared] {
        let ReadError::Unavailable { unit: UnitName::Inbox, source } = refused else { panic!("{refused:?}") };
        assert!(source.to_string().contains("another rebuild"), "{source}");
    }
    let feed = rebuild(&url, log, UnitName::Feed, &options(), &|_| {}).await.expect("another unit is another matter");
    assert_eq!(feed.generation, 2);
    go_on.send(()).expect("it waits");
    assert_eq!(first.await.expect("no panic").expect("rebuilt").generation, 2);
    assert_eq!(generations(&world).await, [(1, UnitState::Closed), (2, UnitState::Live)]);
}
