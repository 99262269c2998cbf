//! Promise 6, for rebuilds that are cut short, held back or have something to mend.

use std::num::NonZeroU64;
use std::sync::Mutex;
use std::time::Duration;

use aggregates::notification::NotificationType;
use aggregates::room::RoomKind;
use event_log::Position;
use projections::{Pace, Progress, RebuildOptions, UnitName, UnitState, rebuild, repair, status};

use crate::read_models::events::{feed_read, opened, raised, sent};
use crate::read_models::on_every_backend;
use crate::read_models::promise_4_rebuild_equals_live::verified;
use crate::read_models::tables;
use crate::read_models::world::{Driven, World, record_on, room, user};
use crate::support::backend::Backend;

on_every_backend! {
    a_rebuild_that_was_cut_short_is_gone_on_with,
    a_throttled_rebuild_comes_in_small_steps,
    a_rebuild_beside_a_writer_rests,
    a_message_whose_place_is_taken_stays_out_of_a_rebuild_too,
    a_repair_changes_only_what_differs,
    a_row_that_differs_names_the_events_that_touched_it,
}

/// A room with messages, behind views that have seen them.
pub async fn talked(backend: Backend, messages: u64) -> Option<(World, Driven)> {
    let mut world = World::on(backend).await?;
    let driven = Driven::start(world.views().await);
    world.record([opened(0, room(1), RoomKind::Group, Some("A"), &["ana", "ben"])]).await;
    world.record((1..=messages).map(|seq| sent(1, room(1), seq, "ana", "x"))).await;
    driven.caught_up(world.head()).await;
    Some((world, driven))
}

/// So small steps that a rebuild can be met between them.
fn in_small_steps() -> RebuildOptions {
    let pace = Pace { events_per_second: NonZeroU64::new(400), yields: false };
    RebuildOptions { pace, ..RebuildOptions::default() }
}

async fn a_rebuild_that_was_cut_short_is_gone_on_with(backend: Backend) {
    let Some((world, driven)) = talked(backend, 300).await else { return };
    let url = world.store.store_url();
    let (reached, mut news) = tokio::sync::mpsc::unbounded_channel();
    let tell = move |progress: Progress| _ = reached.send(progress.position);
    let options = in_small_steps();
    let cut = rebuild(&url, world.log.clone(), UnitName::Inbox, &options, &tell);
    let at = tokio::select! {
        done = cut => panic!("it was not cut short: {done:?}"),
        at = news.recv() => at.expect("it tells where it is"),
    };
    assert!(at > Position::START && at < world.head(), "somewhere in the middle: {at}");
    let building: Vec<_> = status(&url, &world.log).await.expect("answered");
    let building = building.iter().find(|one| one.state == UnitState::Building).expect("it is left");
    assert!(building.checkpoint >= at);

    let on = rebuild(&url, world.log.clone(), UnitName::Inbox, &RebuildOptions::default(), &|_| {}).await;
    let on = on.expect("it goes on");
    let resumed_at = on.resumed_at.expect("not begun anew");
    assert!(resumed_at >= at, "{resumed_at} is before {at}");
    assert_eq!(on.events, world.head().0 - resumed_at.0, "only the rest is read");
    assert_eq!((on.generation, on.replaced), (2, Some(1)));
    verified(&world, "after it was gone on with").await;
    driven.stop().await.expect("nothing was wrong");
}

/// How long it rests between steps is worked out with a clock that is held, beside the code.
async fn a_throttled_rebuild_comes_in_small_steps(backend: Backend) {
    let Some((world, driven)) = talked(backend, 200).await else { return };
    let url = world.store.store_url();
    let steps = Mutex::new(Vec::new());
    // Making indexes at the end is told as well, and is no step.
    let count = |progress: Progress| {
        let mut steps = steps.lock().expect("one at a time");
        if steps.last() != Some(&progress.events_done) {
            steps.push(progress.events_done);
        }
    };
    let throttled = rebuild(&url, world.log.clone(), UnitName::Inbox, &in_small_steps(), &count).await;
    throttled.expect("rebuilt");
    assert_eq!(*steps.lock().expect("one at a time"), [100, 200, 201], "a quarter of a second each, at 400 a second");
    driven.stop().await.expect("nothing was wrong");
}

async fn a_rebuild_beside_a_writer_rests(backend: Backend) {
    // More than one step.
    const MESSAGES: u64 = 5_500;
    let Some((mut world, driven)) = talked(backend, MESSAGES).await else { return };
    let url = world.store.store_url();
    let alone = rebuild(&url, world.log.clone(), UnitName::Inbox, &RebuildOptions::default(), &|_| {}).await;
    assert_eq!(alone.expect("rebuilt").rested, Duration::ZERO, "nobody writes");

    // Somebody writes during its first step.
    let (log, head) = (world.log.clone(), world.head());
    let wrote = Mutex::new(Some(world.store.open().await));
    let beside = move |_: Progress| {
        if let Some(other) = wrote.lock().expect("one at a time").take() {
            tokio::task::block_in_place(|| {
                tokio::runtime::Handle::current().block_on(async {
                    let mut heard = log.listen();
                    heard.mark_unchanged();
                    record_on(&other, &[sent(9, room(1), MESSAGES + 1, "ana", "y")], head, MESSAGES + 2).await;
                    heard.changed().await.expect("it is heard");
                });
            });
        }
    };
    let report = rebuild(&url, world.log.clone(), UnitName::Inbox, &RebuildOptions::default(), &beside).await;
    assert!(report.expect("rebuilt").rested > Duration::ZERO, "it makes room");
    world.skip_to(Position(world.head().0 + 1));
    verified(&world, "after all that").await;
    driven.stop().await.expect("nothing was wrong");
}

/// Our rules never give an id or a place twice; another program that writes to the log might.
async fn a_message_whose_place_is_taken_stays_out_of_a_rebuild_too(backend: Backend) {
    let Some((mut world, driven)) = talked(backend, 3).await else { return };
    let head = world.record([sent(2, room(1), 2, "ben", "again"), sent(3, room(1), 3, "ben", "and again")]).await;
    driven.caught_up(head).await;
    verified(&world, "with two messages in taken places").await;
    let url = world.store.store_url();
    rebuild(&url, world.log.clone(), UnitName::Inbox, &RebuildOptions::default(), &|_| {}).await.expect("rebuilt");
    let kept = driven.views.inbox().message_by_seq(room(1), 2, &user("ana")).await.expect("answered").expect("there");
    assert_eq!(kept.sender_id, user("ana"), "the first one stays");
    driven.stop().await.expect("nothing was wrong");
}

async fn a_repair_changes_only_what_differs(backend: Backend) {
    let Some((mut world, driven)) = talked(backend, 5).await else { return };
    let url = world.store.store_url();
    let mend = async |unit| {
        repair(&url, world.log.clone(), unit, &RebuildOptions::default(), &|_| {}).await.expect("answered")
    };
    let nothing = mend(UnitName::Inbox).await;
    assert!(nothing.found.is_clean() && nothing.repaired.is_none(), "{nothing:?}");

    tables::run(&world.store, UnitName::Inbox, 1, "UPDATE participants SET read_seq = 4 WHERE user_id = 'ben'").await;
    let mended = mend(UnitName::Inbox).await;
    assert_eq!((mended.found.differences_total, mended.found.differences[0].table), (1, "participants"));
    let repaired = mended.repaired.expect("repaired");
    assert_eq!((repaired.generation, repaired.replaced), (2, Some(1)));
    assert!(mend(UnitName::Feed).await.repaired.is_none(), "the feed was right");
    let head = world.record([sent(9, room(1), 6, "ana", "y")]).await;
    driven.caught_up(head).await;
    assert_eq!(driven.views.inbox().unread_totals(&[user("ben")]).await.expect("answered"), [6]);
    let left: Vec<_> = status(&url, &world.log).await.expect("answered").into_iter().map(|one| one.state).collect();
    assert!(!left.contains(&UnitState::Building), "nothing aside is left: {left:?}");
    verified(&world, "after a repair").await;
    driven.stop().await.expect("nothing was wrong");
}

async fn a_row_that_differs_names_the_events_that_touched_it(backend: Backend) {
    let Some((mut world, driven)) = talked(backend, 15).await else { return };
    let kind = NotificationType::Post;
    let first = world.record([raised(1, 1, "ben", kind)]).await;
    let last = world.record([raised(2, 2, "ben", kind), feed_read(3, "ben", first)]).await;
    driven.caught_up(last).await;
    driven.stop().await.expect("nothing was wrong");
    let found = async |unit, sql: &str| {
        tables::run(&world.store, unit, 1, sql).await;
        projections::verify(&world.store.store_url(), world.log.clone(), unit, &|_| {}).await.expect("compared")
    };
    let report =
        found(UnitName::Inbox, "UPDATE rooms SET last_seq = 99; INSERT INTO follow_counts VALUES ('x', 1, 1)").await;
    let [room, stranger] = report.differences.as_slice() else { panic!("{report:?}") };
    assert_eq!(room.touched_by_total, 16, "the opening and 15 messages");
    assert_eq!(room.touched_by.len(), 10, "the latest ones are named");
    assert_eq!((room.touched_by[9].position, room.touched_by[9].event), (Position(16), "message_sent"));
    assert_eq!((stranger.touched_by_total, &*stranger.touched_by), (0, &[][..]), "no event made this row");

    let report = found(UnitName::Feed, "UPDATE notifications SET read_at = 5").await;
    let events: Vec<Vec<&str>> =
        report.differences.iter().map(|one| one.touched_by.iter().map(|touching| touching.event).collect()).collect();
    assert_eq!(events, [vec!["notification_raised", "feed_read"], vec!["notification_raised"]], "{report:?}");
}
