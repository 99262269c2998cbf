//! What people chose: their settings whole, their subscriptions as stretches of the log, and what an erasure leaves of both.

use aggregates::ids::TargetId;
use aggregates::policy::channels::{Channel, Channels};
use aggregates::policy::settings::{Settings, TypeGroup};
use aggregates::subscription::{Topic, TopicKind};
use event_log::Position;
use projections::feed::{SubscriptionRow, TopicFilter};
use projections::{RebuildOptions, UnitName, Views};

use crate::read_models::events::{chose, course, erased, registered, subscribed, unsubscribed};
use crate::read_models::on_every_backend;
use crate::read_models::promise_4_rebuild_equals_live::{verified, verify};
use crate::read_models::tables;
use crate::read_models::world::{Driven, World, user};
use crate::support::backend::Backend;

on_every_backend! {
    whoever_chose_nothing_has_the_default_and_the_last_choice_counts,
    other_channels_are_another_stretch_and_a_broadcast_finds_who_took_it_then,
    subscriptions_are_filtered_and_paged_and_so_are_subscribers,
    what_somebody_erased_chose_is_gone_live_and_rebuilt_and_they_may_choose_anew,
    a_choice_that_drifted_is_found_with_what_it_came_of,
}

const IN_APP: &[Channel] = &[Channel::InApp];

fn topic(kind: TopicKind, id: &str) -> Topic {
    Topic { kind, target_id: TargetId::parse(id).expect("an id") }
}

fn without(group: TypeGroup) -> Settings {
    Settings { off: [group].into(), ..Settings::default() }
}

async fn whoever_chose_nothing_has_the_default_and_the_last_choice_counts(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let position =
        world.record([chose(1, "ana", without(TypeGroup::Chat)), chose(2, "ana", without(TypeGroup::Post))]).await;
    driven.caught_up(position).await;
    let feed = driven.views.feed();
    assert_eq!(feed.settings(&user("ana")).await.expect("answered"), without(TypeGroup::Post));
    assert_eq!(feed.settings(&user("ben")).await.expect("answered"), Settings::default());
    let matrix = [(aggregates::notification::NotificationType::Mention, [(Channel::WhatsApp, true)].into())].into();
    let settings = Settings { matrix, time_zone: Some("Asia/Makassar".to_owned()), ..without(TypeGroup::Chat) };
    let position = world.record([chose(3, "ana", settings.clone())]).await;
    driven.caught_up(position).await;
    assert_eq!(feed.settings(&user("ana")).await.expect("answered"), settings);
    driven.stop().await.expect("nothing was wrong");
}

async fn other_channels_are_another_stretch_and_a_broadcast_finds_who_took_it_then(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let both = [Channel::InApp, Channel::WhatsApp];
    let mut at = Vec::new();
    for event in [
        subscribed(1, "ana", course("c-1"), IN_APP, true),
        subscribed(2, "ana", course("c-1"), &both, false),
        // As it is already: the stretch goes on.
        subscribed(3, "ana", course("c-1"), &both, false),
        unsubscribed(4, "ana", course("c-1")),
        unsubscribed(5, "ana", course("c-1")),
        subscribed(6, "ana", course("c-1"), &[], false),
    ] {
        let position = world.record([event]).await;
        driven.caught_up(position).await;
        at.push(position);
    }
    let taken = async |position: Position| {
        let found = driven.views.feed().subscription_at(&user("ana"), &course("c-1"), position).await;
        found.expect("answered").map(|row| (row.channels, row.auto, row.from, row.to))
    };
    let (first, second) = (Channels::of(IN_APP), Channels::of(&both));
    assert_eq!(taken(Position(at[0].0 - 1)).await, None);
    assert_eq!(taken(at[0]).await, Some((first, true, at[0], Some(at[1]))));
    for position in [at[1], at[2]] {
        assert_eq!(taken(position).await, Some((second, false, at[1], Some(at[3]))));
    }
    for position in [at[3], at[4]] {
        assert_eq!(taken(position).await, None);
    }
    assert_eq!(taken(Position(at[5].0 + 1_000)).await, Some((Channels::NONE, false, at[5], None)));
    verified(&world, "step by step").await;
    driven.stop().await.expect("nothing was wrong");
}

async fn subscriptions_are_filtered_and_paged_and_so_are_subscribers(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let topics = [
        topic(TopicKind::Course, "a"),
        topic(TopicKind::Course, "b"),
        topic(TopicKind::Event, "a"),
        topic(TopicKind::Group, "B"),
        topic(TopicKind::Group, "a"),
        topic(TopicKind::User, "ben"),
    ];
    let mut events: Vec<_> = topics.iter().rev().map(|to| subscribed(1, "ana", to.clone(), IN_APP, false)).collect();
    events.extend(["dian", "Cleo", "ben"].map(|who| subscribed(2, who, topics[0].clone(), IN_APP, true)));
    events.push(subscribed(3, "eko", topics[0].clone(), IN_APP, true));
    events.push(unsubscribed(4, "eko", topics[0].clone()));
    driven.caught_up(world.record(events).await).await;
    let feed = driven.views.feed();
    let (ana, ask) = (user("ana"), |kind, id: Option<&str>| TopicFilter {
        kind,
        target_id: id.map(|id| TargetId::parse(id).expect("an id")),
    });
    let list = async |filter: &TopicFilter, after, limit| -> Vec<Topic> {
        let rows = feed.subscriptions(&ana, filter, after, limit).await.expect("answered");
        rows.into_iter().map(|row| row.topic).collect()
    };
    assert_eq!(list(&ask(None, None), None, 10).await, topics);
    assert_eq!(list(&ask(None, None), Some(&topics[1]), 2).await, topics[2..4]);
    assert_eq!(list(&ask(Some(TopicKind::Group), None), None, 10).await, topics[3..5]);
    assert_eq!(list(&ask(Some(TopicKind::Group), None), Some(&topics[3]), 10).await, topics[4..5]);
    let same_id = [topics[0].clone(), topics[2].clone(), topics[4].clone()];
    assert_eq!(list(&ask(None, Some("a")), None, 10).await, same_id);
    assert_eq!(list(&ask(Some(TopicKind::Post), Some("a")), None, 10).await, []);
    let subscribers = async |after: Option<&str>, limit| -> Vec<String> {
        let after = after.map(user);
        let rows = feed.subscribers(&topics[0], after.as_ref(), limit).await.expect("answered");
        rows.into_iter().map(|row| row.user_id.to_string()).collect()
    };
    assert_eq!(subscribers(None, 10).await, ["Cleo", "ana", "ben", "dian"], "who said no is none of them");
    assert_eq!(subscribers(Some("ana"), 1).await, ["ben"]);
    driven.stop().await.expect("nothing was wrong");
}

async fn what_somebody_erased_chose_is_gone_live_and_rebuilt_and_they_may_choose_anew(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let before = [
        registered(1, "ana", "ana"),
        chose(2, "ana", without(TypeGroup::Chat)),
        chose(3, "ben", without(TypeGroup::Chat)),
        subscribed(4, "ana", course("c-1"), IN_APP, true),
        subscribed(5, "ana", course("c-2"), IN_APP, true),
        unsubscribed(6, "ana", course("c-2")),
        subscribed(7, "ben", course("c-1"), IN_APP, true),
        // Of those who are subscribed to her it stays: it is theirs.
        subscribed(8, "ben", topic(TopicKind::User, "ana"), IN_APP, false),
    ];
    driven.caught_up(world.record(before).await).await;
    // What goes, what comes behind it, and what both touch, in one batch.
    let behind = [
        subscribed(9, "ana", course("c-3"), IN_APP, true),
        subscribed(9, "ana", course("c-1"), &[Channel::Push], false),
        chose(9, "ana", without(TypeGroup::Post)),
        erased(10, "ana"),
        subscribed(11, "ana", course("c-2"), &[Channel::Email], false),
    ];
    driven.caught_up(world.record(behind).await).await;
    assert_eq!(rows_of(&world, "ana").await, 1);
    is_gone(&driven.views).await;
    let choice = world.record([chose(12, "ana", without(TypeGroup::Event))]).await;
    driven.caught_up(choice).await;
    verified(&world, "after an erasure").await;
    assert_eq!(driven.views.feed().settings(&user("ana")).await.expect("answered"), without(TypeGroup::Event));
    driven.stop().await.expect("nothing was wrong");

    let again = erased(13, "ana");
    let last = world.record([again, subscribed(14, "ana", course("c-2"), &[Channel::Email], false)]).await;
    let url = world.store.store_url();
    let options = RebuildOptions::default();
    let rebuilt = projections::rebuild(&url, world.log.clone(), UnitName::Feed, &options, &|_| {});
    rebuilt.await.expect("rebuilt");
    let driven = Driven::start(world.views().await);
    driven.caught_up(last).await;
    is_gone(&driven.views).await;
    driven.stop().await.expect("nothing was wrong");
}

/// All that Ana has is what she chose afterwards; Ben has all that he had.
async fn is_gone(views: &Views) {
    let feed = views.feed();
    let (ana, ben) = (user("ana"), user("ben"));
    assert_eq!(feed.settings(&ana).await.expect("answered"), Settings::default());
    let list = async |who| -> Vec<(Topic, Channels)> {
        let rows = feed.subscriptions(who, &TopicFilter::default(), None, 10).await.expect("answered");
        rows.into_iter().map(|row: SubscriptionRow| (row.topic, row.channels)).collect()
    };
    assert_eq!(list(&ana).await, [(course("c-2"), Channels::of(&[Channel::Email]))]);
    let bens = [course("c-1"), topic(TopicKind::User, "ana")].map(|topic| (topic, Channels::of(IN_APP)));
    assert_eq!(list(&ben).await, bens);
    assert_eq!(feed.settings(&ben).await.expect("answered"), without(TypeGroup::Chat));
    let of_the_first = feed.subscribers(&course("c-1"), None, 10).await.expect("answered");
    assert_eq!(of_the_first.into_iter().map(|row| row.user_id).collect::<Vec<_>>(), [ben]);
}

/// Rows of somebody, whatever they say.
async fn rows_of(world: &World, name: &str) -> u64 {
    let mut rows = 0;
    for table in ["preferences", "subscriptions"] {
        // What is changed into itself is counted.
        let sql = format!("UPDATE {table} SET user_id = user_id WHERE user_id = '{name}'");
        rows += tables::run(&world.store, UnitName::Feed, 1, &sql).await;
    }
    rows
}

async fn a_choice_that_drifted_is_found_with_what_it_came_of(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let position = world
        .record([
            chose(1, "ana", without(TypeGroup::Chat)),
            subscribed(2, "ana", course("c-1"), IN_APP, true),
            unsubscribed(3, "ana", course("c-1")),
            subscribed(4, "ben", course("c-1"), IN_APP, true),
        ])
        .await;
    driven.caught_up(position).await;
    driven.stop().await.expect("nothing was wrong");
    tables::run(&world.store, UnitName::Feed, 1, "DELETE FROM preferences").await;
    tables::run(&world.store, UnitName::Feed, 1, "UPDATE subscriptions SET to_position = NULL").await;
    let report = verify(&world, UnitName::Feed).await;
    let found: Vec<(&str, Vec<&str>)> = report
        .differences
        .iter()
        .map(|one| (one.table, one.touched_by.iter().map(|touching| touching.event).collect()))
        .collect();
    let expected =
        [("preferences", vec!["preferences_changed"]), ("subscriptions", vec!["subscribed", "unsubscribed"])];
    assert_eq!(found, expected, "{report:?}");
}
