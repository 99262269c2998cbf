//! Words whose keys are lost: the live view may be the last that has them, and nothing takes its place that has not.

use std::collections::BTreeMap;

use aggregates::ids::UserId;
use aggregates::room::RoomKind;
use event_log::sealing::keys::Kept;
use projections::inbox::MessagePage;
use projections::{
    Format, IfLost, LostWords, ReadError, RebuildOptions, Retired, Retiring, UnitName, UnitState, Views, rebuild,
    repair, retire, status, verify,
};

use crate::read_models::events::{erased, notification_id, opened, registered, sent};
use crate::read_models::on_every_backend;
use crate::read_models::tables;
use crate::read_models::told::worded;
use crate::read_models::world::{Driven, World, room, until, user};
use crate::support::backend::Backend;
use crate::support::damage;

on_every_backend! {
    a_rebuild_takes_no_words_away_whose_keys_are_lost,
    neither_does_a_repair,
    nor_a_new_format_that_a_program_fills_by_itself,
    what_is_lost_of_somebody_who_was_erased_keeps_nobody_back,
    nor_does_a_rebuild_take_away_what_a_notification_said,
}

const GO_ON: RebuildOptions =
    RebuildOptions { format: Format::CURRENT, fresh: false, pace: projections::Pace::FULL, if_lost: IfLost::GoOn };
/// Ben's name, username and address, and what he said.
const BENS: u64 = 3 + 2;

/// Ana and Ben have talked, a view of `format` shows it, and Ben's key is lost. His key, for whoever brings it back.
async fn lost(backend: Backend, format: Format) -> Option<(World, Vec<Kept>)> {
    let mut world = World::on(backend).await?;
    let head = world
        .record([
            registered(1, "ana", "anabel"),
            registered(2, "ben", "benjamin"),
            opened(3, room(1), RoomKind::Group, Some("Room"), &["ana", "ben"]),
            sent(4, room(1), 1, "ana", "one"),
            sent(5, room(1), 2, "ben", "two"),
            sent(6, room(1), 3, "ben", "three"),
        ])
        .await;
    let url = world.store.store_url();
    let driven = Driven::start(Views::open_format(&url, world.log.clone(), format).await.expect("the views open"));
    driven.caught_up(head).await;
    driven.stop().await.expect("nothing was wrong");
    let keys = world.log.sealing().expect("keys").page(None, 10).await.expect("keys");
    damage::keys(&world.store, "DELETE FROM keys WHERE owner = 'ben'").await;
    // Without the key at hand.
    world.log = world.store.open().await;
    Some((world, keys))
}

async fn live(world: &World) -> Vec<(Format, u32)> {
    let found = status(&world.store.store_url(), &world.log).await.expect("answered");
    let live = found.into_iter().filter(|one| one.unit == UnitName::Inbox && one.state == UnitState::Live);
    live.map(|one| (one.format, one.generation)).collect()
}

async fn said(views: &Views) -> Vec<String> {
    let found = views.inbox().messages(room(1), &user("ben"), MessagePage::Newest, 9).await.expect("readable");
    let mut said: Vec<String> = found.expect("ben is in").messages.into_iter().map(|row| row.content).collect();
    said.sort();
    said
}

fn of_ben(lost: &LostWords) {
    assert_eq!(lost.by_user(), &BTreeMap::<UserId, u64>::from([(user("ben"), BENS)]));
}

#[track_caller]
fn refused<T: std::fmt::Debug>(done: Result<T, ReadError>) {
    let Err(ReadError::WordsLost { unit: UnitName::Inbox, lost }) = done else { panic!("{done:?}") };
    of_ben(&lost);
}

async fn a_rebuild_takes_no_words_away_whose_keys_are_lost(backend: Backend) {
    let Some((world, keys)) = lost(backend, Format::CURRENT).await else { return };
    let (url, log) = (world.store.store_url(), world.log.clone());
    let rebuilt = async |unit, options: &RebuildOptions| rebuild(&url, log.clone(), unit, options, &|_| {}).await;
    refused(rebuilt(UnitName::Inbox, &RebuildOptions::default()).await);
    // What was filled is not gone on with unseen: the same is counted.
    refused(rebuilt(UnitName::Inbox, &RebuildOptions::default()).await);
    assert_eq!(live(&world).await, [(Format::CURRENT, 1)]);
    assert_eq!(said(&world.views().await).await, ["one", "three", "two"]);
    assert!(rebuilt(UnitName::Feed, &RebuildOptions::default()).await.is_ok(), "it has no words");

    let compared = verify(&url, log.clone(), UnitName::Inbox, &|_| {}).await.expect("compared");
    of_ben(&compared.lost);
    assert!(!compared.is_clean());

    let report = rebuilt(UnitName::Inbox, &GO_ON).await.expect("it was said");
    of_ben(&report.lost);
    assert_eq!((report.generation, report.resumed_at), (2, None));
    assert_eq!(said(&world.views().await).await, ["", "", "one"]);
    let compared = verify(&url, log.clone(), UnitName::Inbox, &|_| {}).await.expect("compared");
    of_ben(&compared.lost);
    assert!(compared.is_clean(), "and it says how many words that rests on");

    log.sealing().expect("keys").bring_in(keys).await.expect("brought back");
    let report = rebuilt(UnitName::Inbox, &RebuildOptions::default()).await.expect("nothing is lost any more");
    assert_eq!((report.generation, report.lost), (3, LostWords::default()));
    assert_eq!(said(&world.views().await).await, ["one", "three", "two"]);
}

async fn neither_does_a_repair(backend: Backend) {
    let Some((world, _)) = lost(backend, Format::CURRENT).await else { return };
    let (url, log) = (world.store.store_url(), world.log.clone());
    tables::run(&world.store, UnitName::Inbox, 1, "UPDATE rooms SET last_seq = 7").await;
    refused(repair(&url, log.clone(), UnitName::Inbox, &RebuildOptions::default(), &|_| {}).await);
    assert_eq!(said(&world.views().await).await, ["one", "three", "two"]);
    let report = repair(&url, log.clone(), UnitName::Inbox, &GO_ON, &|_| {}).await.expect("it was said");
    of_ben(&report.found.lost);
    assert!(report.repaired.is_some_and(|repaired| repaired.resumed_at == Some(world.head())));
    // Where nothing differs nothing is changed, and nobody has to say anything.
    let report = repair(&url, log, UnitName::Inbox, &RebuildOptions::default(), &|_| {}).await.expect("compared");
    assert!(report.repaired.is_none() && report.found.lost.any());
}

/// The old format stays for as long as it may be the last that has them.
async fn nor_a_new_format_that_a_program_fills_by_itself(backend: Backend) {
    let old = Format(Format::CURRENT.0 - 1);
    let Some((world, keys)) = lost(backend, old).await else { return };
    let url = world.store.store_url();
    refused(Views::open(&url, world.store.open().await).await.map(drop));
    assert_eq!(live(&world).await, [(old, 1)], "and the program does not start");
    let program_of_before = Views::open_format(&url, world.store.open().await, old).await.expect("it does");
    assert_eq!(said(&program_of_before).await, ["one", "three", "two"]);
    drop(program_of_before);
    let views = Views::open_although(&url, world.store.open().await, IfLost::GoOn).await.expect("it was said");
    assert_eq!(said(&views).await, ["", "", "one"]);
    assert_eq!(live(&world).await, [(old, 1), (Format::CURRENT, 1)]);

    let retired = async |if_lost| {
        let retiring = Retiring { own: Format::CURRENT, old, if_lost };
        retire(&url, world.log.clone(), UnitName::Inbox, &retiring).await.expect("answered")
    };
    // PostgreSQL sees sessions go a little later.
    let unused = async || retired(IfLost::Refuse).await != Retired::Refused("a program of that format is running");
    until("the sessions of the program of before to end", unused).await;
    let Retired::Refused(why) = retired(IfLost::Refuse).await else { panic!("the last words went") };
    assert!(why.contains("the last that has those words"), "{why}");
    world.log.sealing().expect("keys").bring_in(keys).await.expect("brought back");
    rebuild(&url, world.log.clone(), UnitName::Inbox, &RebuildOptions::default(), &|_| {}).await.expect("rebuilt");
    assert_eq!(said(&world.views().await).await, ["one", "three", "two"]);
    assert_eq!(retired(IfLost::Refuse).await, Retired::Gone(vec![1]));
}

async fn what_is_lost_of_somebody_who_was_erased_keeps_nobody_back(backend: Backend) {
    let Some((mut world, _)) = lost(backend, Format::CURRENT).await else { return };
    let driven = Driven::start(world.views().await);
    // Without a word about the key: as a program of before erased.
    let head = world.record([erased(7, "ben")]).await;
    driven.caught_up(head).await;
    driven.stop().await.expect("nothing was wrong");
    let report =
        rebuild(&world.store.store_url(), world.log.clone(), UnitName::Inbox, &RebuildOptions::default(), &|_| {})
            .await;
    assert!(!report.expect("the live view is blank of him, too").lost.any());
}

/// Of people the feed shows no words, so theirs are not counted.
async fn nor_does_a_rebuild_take_away_what_a_notification_said(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let head = world.record([registered(1, "ben", "benjamin"), worded(2, 1, "ben", "a notice")]).await;
    let driven = Driven::start(world.views().await);
    driven.caught_up(head).await;
    driven.stop().await.expect("nothing was wrong");
    damage::keys(&world.store, "DELETE FROM keys WHERE owner = 'ben'").await;
    world.log = world.store.open().await;
    let (url, log) = (world.store.store_url(), world.log.clone());
    let content = async || {
        let views = world.views().await;
        let found = views.feed().raised(&user("ben"), notification_id(1)).await.expect("answered");
        found.expect("is there").notification.content.expect("it had words")
    };
    let rebuilt = rebuild(&url, log.clone(), UnitName::Feed, &RebuildOptions::default(), &|_| {}).await;
    let Err(ReadError::WordsLost { unit: UnitName::Feed, lost }) = rebuilt else { panic!("{rebuilt:?}") };
    assert_eq!(lost.by_user(), &BTreeMap::<UserId, u64>::from([(user("ben"), 1)]));
    assert!(content().await.contains("a notice"));
    rebuild(&url, log, UnitName::Feed, &GO_ON, &|_| {}).await.expect("it was said");
    assert_eq!(content().await, "", "there was something, and nobody can read it");
}
