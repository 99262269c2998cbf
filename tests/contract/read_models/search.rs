//! A search finds what is there, on every engine the same, live and rebuilt.

use std::time::Duration;

use aggregates::room::RoomKind;
use event_log::StoreUrl;
use projections::search::{SearchAsk, SearchedRoom, Wanted};
use projections::{ReadError, RebuildOptions, UnitName, Views, rebuild};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

use crate::read_models::events::{message_id, opened, sent};
use crate::read_models::on_every_backend;
use crate::read_models::promise_4_rebuild_equals_live::verify;
use crate::read_models::search_naive::{Act, Naive, questions};
use crate::read_models::tables;
use crate::read_models::world::{Driven, World, room};
use crate::support::backend::Backend;

on_every_backend! {
    promise_4_any_events_are_found_as_by_looking_at_everything,
    the_newest_of_many_rooms_come_first_and_page_by_page,
    a_room_that_is_not_asked_for_is_not_looked_into,
    a_message_that_is_there_twice_is_found_where_it_was_first,
    promise_4_an_index_that_drifted_is_found,
    promise_8_a_search_that_takes_too_long_ends,
}

pub fn ask(wanted: &str, rooms: &[u128], last: u64) -> SearchAsk {
    let searched =
        |number: &u128| SearchedRoom { room_id: room(*number), after_seq: 0, last_position: event_log::Position(last) };
    SearchAsk {
        rooms: rooms.iter().map(searched).collect(),
        wanted: Wanted::parse(wanted).expect("searchable"),
        sender: None,
        sent_from: None,
        sent_before: None,
        has_attachment: None,
        before: None,
        limit: 10,
        patience: Duration::from_secs(20),
    }
}

/// This unit alone: what is made up here is for it.
pub async fn search_verified(world: &World, when: &str) {
    let report = verify(world, UnitName::Search).await;
    assert!(report.is_clean(), "it drifted {when}: {:#?}", report.differences);
}

pub async fn positions(views: &Views, ask: &SearchAsk) -> Vec<u64> {
    let hits = views.search().search(ask).await.expect("answered");
    hits.into_iter().map(|hit| hit.position.0).collect()
}

async fn compare(naive: &Naive, views: &Views, when: &str) -> Result<(), TestCaseError> {
    for (ask, lines) in questions(naive) {
        let found = positions(views, &ask).await;
        prop_assert_eq!(found, naive.find(&ask, &lines), "{} {:?}", when, ask);
    }
    Ok(())
}

async fn promise_4_any_events_are_found_as_by_looking_at_everything(backend: Backend) {
    let cases = match backend {
        Backend::Sqlite => 12,
        Backend::Postgres => 5,
    };
    let mut runner = TestRunner::new(Config::default());
    let strategy = proptest::collection::vec(any::<Act>(), 10..90);
    for _ in 0..cases {
        let acts = strategy.new_tree(&mut runner).expect("nothing is filtered").current();
        let Some(mut world) = World::on(backend).await else { return };
        let driven = Driven::start(world.views().await);
        let mut naive = Naive::default();
        for (nth, act) in acts.iter().enumerate() {
            let event = naive.event_of(*act);
            let position = world.record([event.clone()]).await;
            naive.take(&event, *act, position);
            if nth % 30 == 7 {
                driven.caught_up(position).await;
                compare(&naive, &driven.views, "on the way").await.unwrap_or_else(|error| panic!("{acts:?}: {error}"));
            }
        }
        driven.caught_up(world.head()).await;
        compare(&naive, &driven.views, "live").await.unwrap_or_else(|error| panic!("{acts:?}: {error}"));
        search_verified(&world, &format!("after {acts:?}")).await;
        driven.stop().await.expect("nothing was wrong");
        let options = RebuildOptions::default();
        rebuild(&world.store.store_url(), world.log.clone(), UnitName::Search, &options, &|_| {})
            .await
            .expect("rebuilt");
        compare(&naive, &world.views().await, "rebuilt").await.unwrap_or_else(|error| panic!("{acts:?}: {error}"));
    }
}

/// More rooms than one statement looks into, each with what is searched for.
async fn the_newest_of_many_rooms_come_first_and_page_by_page(backend: Backend) {
    const ROOMS: u128 = 60;
    let Some(mut world) = World::on(backend).await else { return };
    let mut last = std::collections::BTreeMap::new();
    for round in 1..=3 {
        for number in 1..=ROOMS {
            let words = if number % 20 == 7 { "langka kelas" } else { "kelas" };
            last.insert(number, world.record([sent(1, room(number), round, "ana", words)]).await);
        }
    }
    let driven = Driven::start(world.views().await);
    driven.caught_up(world.head()).await;
    let all: Vec<u128> = (1..=ROOMS).collect();
    let mut asked = ask("kelas", &all, 0);
    for searched in &mut asked.rooms {
        searched.last_position = last[&searched.room_id.0.as_u128()];
    }
    let mut found = Vec::new();
    loop {
        let page = positions(&driven.views, &SearchAsk { limit: 25, ..asked.clone() }).await;
        asked.before = page.last().map(|last| event_log::Position(*last));
        found.extend_from_slice(&page);
        if page.len() < 25 {
            break;
        }
    }
    let expected: Vec<u64> = (1..=world.head().0).rev().collect();
    assert_eq!(found, expected);
    let rare = SearchAsk { before: None, wanted: Wanted::parse("langka").expect("searchable"), ..asked };
    assert_eq!(positions(&driven.views, &rare).await.len(), 9, "however far down the rooms are");
    driven.stop().await.expect("nothing was wrong");
}

async fn a_room_that_is_not_asked_for_is_not_looked_into(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    // Two rooms whose ids end alike: what an index may not tell apart, the rows do.
    let twin = aggregates::ids::RoomId(uuid::Uuid::from_u128(1 << 100 | 1));
    let head = world.record([sent(1, room(1), 1, "ana", "rahasia"), sent(2, twin, 1, "ana", "rahasia")]).await;
    let driven = Driven::start(world.views().await);
    driven.caught_up(head).await;
    assert_eq!(positions(&driven.views, &ask("rahasia", &[1], head.0)).await, [1]);
    assert_eq!(positions(&driven.views, &ask("rahasia", &[2], head.0)).await, [0; 0]);
    assert_eq!(positions(&driven.views, &ask("rahasia", &[], head.0)).await, [0; 0]);
    driven.stop().await.expect("nothing was wrong");
}

/// No rule writes this; a foreign program might.
async fn a_message_that_is_there_twice_is_found_where_it_was_first(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let events =
        [sent(1, room(1), 1, "ana", "satu"), sent(2, room(1), 1, "ana", "dua"), sent(3, room(1), 2, "ben", "satu")];
    let head = world.record(events).await;
    let driven = Driven::start(world.views().await);
    driven.caught_up(head).await;
    let again = world.record([sent(4, room(1), 2, "ben", "tiga")]).await;
    driven.caught_up(again).await;
    for (wanted, found) in [("satu", vec![3, 1]), ("dua", vec![]), ("tiga", vec![])] {
        assert_eq!(positions(&driven.views, &ask(wanted, &[1], again.0)).await, found, "{wanted}");
    }
    let hits = driven.views.search().search(&ask("satu", &[1], again.0)).await.expect("answered");
    assert_eq!((hits[0].message_id, hits[0].room_id, hits[0].seq), (message_id(room(1), 2), room(1), 2));
    search_verified(&world, "after messages that were there twice").await;
    driven.stop().await.expect("nothing was wrong");
}

/// The rows are compared as those of every unit are. On SQLite the index is not the engine's affair alone.
async fn promise_4_an_index_that_drifted_is_found(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    world.record([opened(0, room(1), RoomKind::Group, Some("A"), &["ana"])]).await;
    let head = world.record((1..=50).map(|seq| sent(1, room(1), seq, "ana", &format!("kelas nomor{seq}")))).await;
    let driven = Driven::start(world.views().await);
    driven.caught_up(head).await;
    driven.stop().await.expect("nothing was wrong");
    assert!(verify(&world, UnitName::Search).await.is_clean());
    if !matches!(world.store.store_url(), StoreUrl::Sqlite(_)) {
        return;
    }
    let key = &uuid::Uuid::from_u128(1).simple().to_string()[22..];
    for (sql, term) in [
        // A word that is not found any more, and one that is found where it is not, in place of where it is.
        (format!("INSERT INTO terms (terms, rowid, tokens) VALUES ('delete', 7, '{key}:kelas')"), "kelas"),
        (format!("INSERT INTO terms (rowid, tokens) VALUES (7, '{key}:lain')"), "lain"),
        (
            format!(
                "INSERT INTO terms (terms, rowid, tokens) VALUES ('delete', 9, '{key}:nomor8');
                 INSERT INTO terms (rowid, tokens) VALUES (10, '{key}:nomor8')"
            ),
            "nomor8",
        ),
    ] {
        tables::run(&world.store, UnitName::Search, 1, &sql).await;
        let report = verify(&world, UnitName::Search).await;
        let found = report.differences.iter().find(|one| one.key == format!("{key}:{term}"));
        assert!(found.is_some_and(|one| one.table == "answers"), "{term}: {report:?}");
    }
    let (url, options) = (world.store.store_url(), RebuildOptions::default());
    let repaired = projections::repair(&url, world.log.clone(), UnitName::Search, &options, &|_| {});
    repaired.await.expect("repaired").repaired.expect("something differed");
    assert!(verify(&world, UnitName::Search).await.is_clean());
}

async fn promise_8_a_search_that_takes_too_long_ends(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let head = world.record((1..=3_000).map(|seq| sent(1, room(1), seq, "ana", "kelas"))).await;
    let driven = Driven::start(world.views().await);
    driven.caught_up(head).await;
    let hasty = SearchAsk { patience: Duration::ZERO, ..ask("kelas", &[1], head.0) };
    match driven.views.search().search(&hasty).await {
        Err(ReadError::TookTooLong { unit: UnitName::Search, .. }) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(positions(&driven.views, &ask("kelas", &[1], head.0)).await.len(), 10, "the next one is answered");
    driven.stop().await.expect("nothing was wrong");
}
