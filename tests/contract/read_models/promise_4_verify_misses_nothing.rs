//! Promise 4, for the comparison itself: no table, no column and no row is left out, and it leaves nothing behind.

use aggregates::room::RoomKind;
use projections::UnitName;

use crate::read_models::events::{opened, sent};
use crate::read_models::on_every_backend;
use crate::read_models::promise_4_rebuild_equals_live::{verified, verify};
use crate::read_models::promise_5_exactly_once::record_everything;
use crate::read_models::tables::{self, Kept};
use crate::read_models::world::{Driven, World, room};
use crate::support::backend::Backend;

on_every_backend! {
    a_value_that_differs_in_any_column_of_any_table_is_found,
    a_row_that_differs_far_down_a_long_table_is_found,
    a_comparison_leaves_nothing_behind,
}

/// The columns are asked of the engine: one that comes later, or a whole table, is in it as well.
async fn a_value_that_differs_in_any_column_of_any_table_is_found(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    record_everything(&mut world, 0).await;
    driven.caught_up(world.head()).await;
    driven.stop().await.expect("nothing was wrong");
    for unit in UnitName::ALL {
        let columns = tables::columns(&world.store, unit, 1).await;
        assert!(columns.len() > 10, "{columns:?}");
        for column in columns {
            let kept = Kept::of(&world.store, unit, &column.table).await;
            assert!(kept.change(&column).await > 0, "no row of {} to change", column.table);
            let report = verify(&world, unit).await;
            let found = report.differences.iter().any(|one| one.table == column.table);
            assert!(found, "{}.{} differs, and is not found: {report:?}", column.table, column.name);
            kept.put_back().await;
        }
    }
    verified(&world, "after everything was put back").await;
}

async fn a_row_that_differs_far_down_a_long_table_is_found(backend: Backend) {
    // More than two pages of a comparison.
    const MESSAGES: u64 = 2_100;
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    world.record([opened(0, room(1), RoomKind::Group, Some("A"), &["ana", "ben"])]).await;
    world.record((1..=MESSAGES).map(|seq| sent(1, room(1), seq, "ana", "x"))).await;
    driven.caught_up(world.head()).await;
    driven.stop().await.expect("nothing was wrong");
    let report = verify(&world, UnitName::Inbox).await;
    assert!(report.is_clean() && report.rows > MESSAGES, "{report:?}");
    let last = world.head();
    let sql = format!("UPDATE messages SET content = 'y' WHERE position IN (1001, 1002, 2001, 2002, {last})");
    assert_eq!(tables::run(&world.store, UnitName::Inbox, 1, &sql).await, 5);
    assert_eq!(verify(&world, UnitName::Inbox).await.differences_total, 5);
    let sql = format!("DELETE FROM messages WHERE position IN (1001, {last})");
    assert_eq!(tables::run(&world.store, UnitName::Inbox, 1, &sql).await, 2);
    let report = verify(&world, UnitName::Inbox).await;
    assert_eq!(report.differences_total, 5, "what is missing differs as well");
    assert_eq!(report.differences.iter().filter(|one| one.live.is_none()).count(), 2, "{report:?}");
}

async fn a_comparison_leaves_nothing_behind(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    record_everything(&mut world, 0).await;
    driven.caught_up(world.head()).await;
    driven.stop().await.expect("nothing was wrong");
    let before = tables::places(&world.store).await;
    verified(&world, "").await;
    assert_eq!(tables::places(&world.store).await, before, "files or schemas");
}
