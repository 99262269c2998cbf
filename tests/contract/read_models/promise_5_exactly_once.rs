//! Promise 5, for the views: whatever fails between whichever lines, nothing is lost and nothing is counted twice.

use std::time::Duration;

use aggregates::ids::ReportId;
use aggregates::notification::NotificationType;
use aggregates::participant::Arrangement;
use aggregates::policy::channels::Channel;
use aggregates::policy::choosing::Suppression;
use aggregates::policy::retrying::Became;
use aggregates::policy::settings::Settings;
use aggregates::relationship::RelationshipEvent;
use aggregates::report::Resolution;
use aggregates::room::RoomKind;
use aggregates::{AggregateKind, StreamId};
use event_log::port::{Batch, NewEvent};
use projections::{ReadError, RebuildOptions, UnitName, UnitRun, Views};

use crate::read_models::events::{
    about_message, about_user, added, answering, arranged, chose, course, deleted, delivered, edited, feed_read, filed,
    forwarding, marked, message_id, named, naming, opened, pinned, raised, reacted, read, registered, relation,
    removed, resolved, sent, subscribed, unread_again, unsubscribed,
};
use crate::read_models::on_every_backend;
use crate::read_models::promise_4_rebuild_equals_live::verified;
use crate::read_models::tables;
use crate::read_models::told::{decided, ended, scheduled, started, suppressed, worded};
use crate::read_models::world::{Driven, World, at, room, until, user};
use crate::support::backend::Backend;

on_every_backend! {
    a_failure_at_any_table_loses_nothing,
    two_projectors_at_once_count_once,
    a_view_of_another_log_or_ahead_of_it_does_not_open_until_rebuilt,
    an_unreadable_event_stops_its_unit_and_no_other,
    whoever_does_not_project_still_sees_the_unit_move,
}

/// Something for every table, and for every way to write it.
pub async fn record_everything(world: &mut World, round: u32) {
    let group = room(u128::from(round) + 1);
    let number = u128::from(round) * 10;
    let kind = NotificationType::Follower;
    world
        .record([
            registered(1, "ana", "Ana"),
            opened(2, group, RoomKind::Group, Some("A"), &["ana", "ben"]),
            sent(3, group, 1, "ana", "x"),
            read(4, group, "ben", 1),
            removed(5, group, "ben"),
            added(6, group, &["ben"], 1),
            relation(7, "ana", "ben", RelationshipEvent::UserFollowed),
            relation(8, "ben", "ana", RelationshipEvent::UserBlocked),
            // Pairs that stay: what begins and ends within one batch is never written.
            relation(9, "cleo", &format!("friend-{round}"), RelationshipEvent::UserFollowed),
            relation(9, "cleo", &format!("foe-{round}"), RelationshipEvent::UserBlocked),
            raised(9, number + 1, "ana", kind),
            raised(10, number + 2, "ana", kind),
            marked(11, number + 1, "ana", true),
            worded(11, number + 4, "ana", "worded"),
            decided(11, number + 4, "ana", Channel::Push, scheduled(at(11))),
            decided(11, number + 4, "ana", Channel::Email, suppressed(Suppression::ChannelOff)),
            naming(sent(11, group, 2, "ana", "@ben"), &["ben"], true),
            edited(11, group, 1, "ana", "other words"),
            reacted(11, group, 1, "ben", "👍", true),
            reacted(11, group, 1, "ana", "👍", true),
            pinned(11, group, 2, "ana", true),
            arranged(11, group, "ben", Arrangement::Pinned),
            forwarding(sent(11, group, 3, "ana", "of ben"), group, 1, "ben"),
            deleted(11, group, 3, "ana", "ana"),
            filed(11, "ben", about_user(&format!("foe-{round}")), "spam"),
            filed(11, "cleo", about_message(group, 1, "ana"), "abuse"),
            chose(11, &format!("friend-{round}"), Settings::default()),
            subscribed(11, "ana", course(&format!("c-{round}")), &[Channel::InApp], true),
            subscribed(11, "ben", course(&format!("c-{round}")), &[Channel::InApp], true),
        ])
        .await;
    let head = world.head();
    let report = ReportId::of(&user("cleo"), &about_message(group, 1, "ana"));
    world
        .record([
            relation(12, "ana", "ben", RelationshipEvent::UserUnfollowed),
            relation(13, "ben", "ana", RelationshipEvent::UserUnblocked),
            feed_read(14, "ana", head),
            raised(15, number + 3, "ben", kind),
            started(15, number + 4, "ana", Channel::Push, 1, "onesignal"),
            ended(16, number + 4, "ana", Channel::Push, 1, Became::Accepted),
            answering(sent(16, group, 4, "ben", "y"), message_id(group, 1)),
            naming(edited(17, group, 2, "ana", "@everybody"), &["ben"], true),
            reacted(18, group, 1, "ana", "👍", false),
            named(19, group, "ben", "Another name"),
            unread_again(20, group, "ana", 1),
            delivered(21, group, "ben", 3),
            arranged(22, group, "ana", Arrangement::Muted { until: Some(at(999)) }),
            resolved(23, report, Resolution::UserWarned, "dian", "warned"),
            chose(24, "ana", Settings { locale: Some(format!("l-{round}")), ..Settings::default() }),
            subscribed(25, "ana", course(&format!("c-{round}")), &[Channel::Push, Channel::Email], false),
            unsubscribed(26, "ben", course(&format!("c-{round}"))),
        ])
        .await;
}

async fn a_failure_at_any_table_loses_nothing(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let mut round = 0;
    for unit in UnitName::ALL {
        for table in tables::tables(unit) {
            record_everything(&mut world, round).await;
            driven.caught_up(world.head()).await;
            let before = world.head();
            tables::break_table(&world.store, unit, table).await;
            round += 1;
            record_everything(&mut world, round).await;

            let retrying = || async {
                let health = driven.views.health();
                let health = health.into_iter().find(|one| one.unit == unit).expect("every unit tells");
                matches!(health.run, UnitRun::Retrying { .. })
            };
            until(&format!("{unit} to fail at {table}"), retrying).await;
            let stored = match unit {
                UnitName::Inbox => driven.views.inbox().checkpoint().await,
                UnitName::Feed => driven.views.feed().checkpoint().await,
                UnitName::Search => driven.views.search().checkpoint().await,
            };
            assert_eq!(stored.expect("reads go on"), before, "{table}: nothing of the batch is there");
            verified(&world, &format!("while {table} cannot be written")).await;

            tables::mend_table(&world.store, unit).await;
            driven.caught_up(world.head()).await;
            verified(&world, &format!("after {table} could not be written")).await;
            round += 1;
        }
    }
    driven.stop().await.expect("nothing was wrong");
}

async fn two_projectors_at_once_count_once(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    // On the handle that is written through: both hear of every event at once and reach for it together.
    let (url, log) = (world.store.store_url(), world.log.clone());
    let one = Driven::start(Views::open(&url, log.clone()).await.expect("the views open"));
    let other = Driven::start(Views::open(&url, log).await.expect("the views open"));
    let group = room(1);
    world.record([opened(0, group, RoomKind::Group, Some("A"), &["ana", "ben", "cleo"])]).await;
    for seq in 1..=200 {
        world
            .record([
                sent(1, group, seq, "ana", "x"),
                raised(1, u128::from(seq), "ben", NotificationType::Post),
                marked(1, u128::from(seq), "ben", true),
                marked(2, u128::from(seq), "ben", false),
                // Taken a second time, this would end the stay that it began.
                removed(1, group, "cleo"),
                added(1, group, &["cleo"], seq),
            ])
            .await;
    }
    for driven in [&one, &other] {
        driven.caught_up(world.head()).await;
        assert_eq!(driven.views.inbox().unread_totals(&[user("ben")]).await.expect("answered"), [200]);
        assert_eq!(driven.views.feed().unread_counts(&[user("ben")]).await.expect("answered"), [200]);
    }
    verified(&world, "after two projectors").await;
    one.stop().await.expect("nothing was wrong");
    other.stop().await.expect("nothing was wrong");
}

async fn a_view_of_another_log_or_ahead_of_it_does_not_open_until_rebuilt(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    record_everything(&mut world, 0).await;
    driven.caught_up(world.head()).await;
    driven.stop().await.expect("nothing was wrong");
    let foreign = match backend {
        Backend::Sqlite => "UPDATE unit SET log_id = zeroblob(16)",
        Backend::Postgres => "UPDATE unit SET log_id = '00000000-0000-0000-0000-000000000000'",
    };
    for (generation, (sql, said)) in
        [(foreign, "another log"), ("UPDATE unit SET checkpoint = 1000000", "went back")].into_iter().enumerate()
    {
        let generation = u32::try_from(generation).expect("small") + 1;
        let said = said.replace("another log", "was made from the log 0000");
        tables::run(&world.store, UnitName::Inbox, generation, sql).await;
        let refused = Views::open(&world.store.store_url(), world.log.clone()).await.err().expect("refused");
        assert!(matches!(refused, ReadError::Corrupt { unit: UnitName::Inbox, .. }), "{refused:?}");
        assert!(refused.to_string().contains(&said) && refused.to_string().contains("rebuild"), "{refused}");

        let url = world.store.store_url();
        let report =
            projections::rebuild(&url, world.log.clone(), UnitName::Inbox, &RebuildOptions::default(), &|_| {})
                .await
                .expect("rebuilt");
        assert_eq!((report.replaced, report.generation), (Some(generation), generation + 1));
        assert!(report.checkpoint >= world.head());
        world.views().await;
        verified(&world, "after a rebuild").await;
    }
}

async fn an_unreadable_event_stops_its_unit_and_no_other(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let good = world.record([registered(1, "ana", "Ana")]).await;
    driven.caught_up(good).await;
    let nonsense = NewEvent {
        group: 0,
        stream: StreamId::new(AggregateKind::Room, uuid::Uuid::from_u128(99).to_string()),
        sequence: 1,
        event_id: aggregates::ids::EventId(uuid::Uuid::now_v7()),
        name: "room_opened",
        version: "1",
        payload: r#"{"type": "room_opened", "nonsense": true}"#.to_owned(),
        metadata: "{}".into(),
        original: None,
    };
    let batch = Batch { known: good, events: vec![nonsense], groups: 1, ..Batch::default() };
    world.log.append(&batch).await.expect("the log takes any text");
    world.skip_to(event_log::Position(good.0 + 1));
    let behind = world.record([raised(2, 1, "ana", NotificationType::Post), registered(3, "cleo", "Cleo")]).await;

    let failed = || async {
        let health = driven.views.health();
        let stopped = health.iter().filter(|one| matches!(one.run, UnitRun::Failed { .. }));
        stopped.map(|one| one.unit).eq([UnitName::Inbox, UnitName::Search])
    };
    until("those who read of rooms to stop", failed).await;
    driven.views.wait_for(UnitName::Feed, behind, crate::read_models::world::PATIENCE).await.expect("the feed goes on");
    assert_eq!(driven.views.inbox().checkpoint().await.expect("reads go on"), good, "it did not skip");
    let lagging = driven.views.wait_for(UnitName::Inbox, behind, Duration::from_millis(100)).await;
    assert_eq!(lagging.expect_err("it stopped").at, good);
    let reason = driven.stop().await.expect_err("the reason comes at the end");
    assert!(matches!(reason, ReadError::Corrupt { unit: UnitName::Inbox | UnitName::Search, .. }), "{reason:?}");
}

async fn whoever_does_not_project_still_sees_the_unit_move(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let watching = world.views().await;
    let driven = Driven::start(world.views().await);
    let position = world.record([registered(1, "ana", "Ana")]).await;
    for unit in UnitName::ALL {
        watching.wait_for(unit, position, crate::read_models::world::PATIENCE).await.expect("another process moved it");
        assert_eq!(*watching.progress(unit).borrow(), position);
    }
    driven.stop().await.expect("nothing was wrong");
    let behind = world.record([registered(2, "ben", "Ben")]).await;
    let lagging = watching.wait_for(UnitName::Inbox, behind, Duration::from_millis(120)).await;
    assert_eq!(lagging.expect_err("nobody moves it").wanted, behind);
}
