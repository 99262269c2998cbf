//! Promise 4: live rows are what a rebuild from the first event gives, at every position, and what naive counting says.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

use aggregates::room::RoomKind;
use projections::inbox::{MessagePage, RoomRow};
use projections::{RebuildOptions, UnitName};

use crate::read_models::events::{added, erased, opened, registered, removed, sent};
use crate::read_models::naive::{Act, Naive};
use crate::read_models::on_every_backend;
use crate::read_models::tables;
use crate::read_models::world::{Driven, World, room, user};
use crate::support::backend::Backend;

on_every_backend! {
    at_every_position_live_rows_are_rebuilt_rows,
    any_events_give_the_answers_of_naive_counting,
    those_who_were_erased_are_blank_live_and_rebuilt,
    a_row_that_drifted_is_found,
}

fn acts(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Act>> {
    proptest::collection::vec(any::<(u8, u8, u8, u8)>().prop_map(Act::from), count)
}

async fn at_every_position_live_rows_are_rebuilt_rows(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let acts = sample(&mut TestRunner::new(Config::default()), 40..41);
    let driven = Driven::start(world.views().await);
    let mut naive = Naive::default();
    for act in &acts {
        for event in naive.events_of(*act, world.head()) {
            let position = world.record([event.clone()]).await;
            naive.take(&event, position);
            driven.caught_up(position).await;
            verified(&world, &format!("at {position} of {acts:?}")).await;
        }
    }
    driven.stop().await.expect("nothing was wrong");
}

async fn any_events_give_the_answers_of_naive_counting(backend: Backend) {
    let cases = match backend {
        Backend::Sqlite => 24,
        Backend::Postgres => 8,
    };
    let mut runner = TestRunner::new(Config::default());
    for _ in 0..cases {
        let Some(mut world) = World::on(backend).await else { return };
        let acts = sample(&mut runner, 1..150);
        let driven = Driven::start(world.views().await);
        let mut naive = Naive::default();
        for act in &acts {
            for event in naive.events_of(*act, world.head()) {
                let position = world.record([event.clone()]).await;
                naive.take(&event, position);
            }
        }
        driven.caught_up(world.head()).await;
        naive.compare(&driven.views).await.unwrap_or_else(|wrong| panic!("{wrong}\nafter {acts:?}"));
        verified(&world, &format!("after {acts:?}")).await;
        driven.stop().await.expect("nothing was wrong");
    }
}

/// Their key is still there, so blank is only what the views themselves blanked; and they come back.
async fn those_who_were_erased_are_blank_live_and_rebuilt(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    for event in [
        registered(1, "ana", "ana"),
        opened(2, room(1), RoomKind::Group, Some("Of Ana"), &["ana", "ben"]),
        opened(3, room(2), RoomKind::Group, Some("Of Ben"), &["ben", "ana"]),
        sent(4, room(1), 1, "ana", "said"),
        sent(5, room(2), 1, "ana", "said"),
        sent(6, room(1), 2, "ben", "kept"),
        removed(7, room(2), "ana"),
        erased(8, "ana"),
        // On rows that a rebuild remembers from before.
        added(9, room(1), &["cleo"], 2),
        added(10, room(2), &["cleo", "ana"], 1),
        sent(11, room(1), 3, "ana", "again"),
    ] {
        let position = world.record([event]).await;
        driven.caught_up(position).await;
    }
    verified(&world, "after an erasure").await;
    are_blank(&driven).await;
    driven.stop().await.expect("nothing was wrong");
    let (url, options) = (world.store.store_url(), RebuildOptions::default());
    let rebuilt = projections::rebuild(&url, world.log.clone(), UnitName::Inbox, &options, &|_| {});
    rebuilt.await.expect("rebuilt");
    let rebuilt = Driven::start(world.views().await);
    are_blank(&rebuilt).await;
    rebuilt.stop().await.expect("nothing was wrong");
}

async fn are_blank(driven: &Driven) {
    let (inbox, ben) = (driven.views.inbox(), user("ben"));
    let shown = |row: Option<RoomRow>| row.map(|row| (row.name, row.last_message)).expect("ben is in");
    let first = shown(inbox.room(room(1), &ben).await.expect("answered"));
    let second = shown(inbox.room(room(2), &ben).await.expect("answered"));
    assert_eq!(first, (None, Some("again".to_owned())));
    assert_eq!(second, (Some("Of Ben".to_owned()), Some(String::new())));
    let found = inbox.messages(room(1), &ben, MessagePage::Newest, 9).await.expect("answered");
    let messages = found.expect("ben is in").messages;
    assert_eq!(messages.iter().map(|row| row.content.as_str()).collect::<Vec<_>>(), ["", "kept", "again"]);
    assert_eq!(inbox.users(&[user("ana")]).await.expect("answered"), []);
}

async fn a_row_that_drifted_is_found(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let mut naive = Naive::default();
    for act in sample(&mut TestRunner::new(Config::default()), 150..151) {
        for event in naive.events_of(act, world.head()) {
            let position = world.record([event.clone()]).await;
            naive.take(&event, position);
        }
    }
    driven.caught_up(world.head()).await;
    driven.stop().await.expect("nothing was wrong");
    for (sql, table) in [
        ("UPDATE rooms SET last_seq = last_seq + 1", "rooms"),
        ("INSERT INTO follow_counts VALUES ('nobody', 1, 1)", "follow_counts"),
        ("DELETE FROM participants", "participants"),
    ] {
        let before = verify(&world, UnitName::Inbox).await.differences_total;
        tables::run(&world.store, UnitName::Inbox, 1, sql).await;
        let report = verify(&world, UnitName::Inbox).await;
        assert!(report.differences_total > before, "{sql}: {report:?}");
        let found = report.differences.iter().find(|one| one.table == table).expect("the table is named");
        assert!(!found.key.is_empty() && (found.live.is_some() || found.rebuilt.is_some()), "{found:?}");
    }
}

fn sample(runner: &mut TestRunner, count: std::ops::Range<usize>) -> Vec<Act> {
    acts(count).new_tree(runner).expect("nothing is filtered").current()
}

pub async fn verify(world: &World, unit: UnitName) -> projections::VerifyReport {
    let report = projections::verify(&world.store.store_url(), world.log.clone(), unit, &|_| {}).await;
    report.expect("the view can be compared")
}

pub async fn verified(world: &World, when: &str) {
    for unit in UnitName::ALL {
        let report = verify(world, unit).await;
        assert!(report.is_clean(), "{unit} drifted {when}: {:#?}", report.differences);
    }
}
