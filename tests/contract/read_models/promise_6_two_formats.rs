//! Promise 6, during a rolling deploy: programs of two formats on one store answer both, and nobody goes back in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aggregates::room::RoomKind;
use event_log::Position;
use projections::{
    Format, IfLost, RebuildOptions, Retired, Retiring, UnitName, UnitState, Views, rebuild, retire, status,
};

use crate::read_models::events::{opened, sent};
use crate::read_models::on_every_backend;
use crate::read_models::promise_4_rebuild_equals_live::verified;
use crate::read_models::tables;
use crate::read_models::world::{Driven, World, room, until, user};
use crate::support::backend::Backend;
use crate::support::damage;

const OLD: Format = Format::CURRENT;
const NEW: Format = Format(Format::CURRENT.0 + 1);

on_every_backend! {
    a_new_format_answers_beside_the_old_one_and_never_from_before_it,
    an_old_program_that_comes_back_first_catches_up,
    two_new_programs_at_once_fill_one_generation,
    a_format_goes_only_when_nobody_uses_it_and_another_is_as_far,
    a_rebuild_of_one_format_leaves_the_other_alone,
    a_format_stays_as_long_as_it_shows_more_or_the_other_is_of_another_log,
    what_the_format_showed_that_took_any_text_for_a_group_is_not_taken_over,
}

async fn opened_as(world: &World, format: Format) -> Views {
    let log = world.store.open().await;
    Views::open_format(&world.store.store_url(), log, format).await.expect("the views open")
}

async fn inbox(world: &World) -> Vec<(Format, u32, UnitState)> {
    let found = status(&world.store.store_url(), &world.log).await.expect("answered");
    let inbox = found.into_iter().filter(|one| one.unit == UnitName::Inbox);
    inbox.map(|one| (one.format, one.generation, one.state)).collect()
}

async fn unread(views: &Views) -> u64 {
    views.inbox().unread_totals(&[user("ben")]).await.expect("reads never go down")[0]
}

async fn say(world: &mut World, seqs: std::ops::RangeInclusive<u64>) -> Position {
    for seq in seqs {
        world.record([sent(0, room(1), seq, "ana", "x")]).await;
    }
    world.head()
}

async fn begun(backend: Backend) -> Option<World> {
    let mut world = World::on(backend).await?;
    world.record([opened(0, room(1), RoomKind::Group, Some("A"), &["ana", "ben"])]).await;
    Some(world)
}

async fn a_new_format_answers_beside_the_old_one_and_never_from_before_it(backend: Backend) {
    let Some(mut world) = begun(backend).await else { return };
    let old = Driven::start(opened_as(&world, OLD).await);
    let head = say(&mut world, 1..=50).await;
    old.caught_up(head).await;

    // A client that goes from one program to the other, whichever, as a load balancer has it.
    let stop = Arc::new(AtomicBool::new(false));
    let reading = tokio::spawn({
        let (old, stop) = (old.views.clone(), Arc::clone(&stop));
        async move {
            let mut seen = 0;
            while !stop.load(Ordering::Relaxed) {
                let now = unread(&old).await;
                assert!(now >= seen, "from {seen} back to {now}");
                seen = now;
            }
            seen
        }
    });
    let before = unread(&old.views).await;
    let fresh = opened_as(&world, NEW).await;
    assert!(unread(&fresh).await >= before, "its very first answer, driven by nobody yet");
    let new = Driven::start(fresh);
    let head = say(&mut world, 51..=80).await;
    for driven in [&old, &new] {
        driven.caught_up(head).await;
        assert_eq!(unread(&driven.views).await, 80, "both go on");
    }
    stop.store(true, Ordering::Relaxed);
    assert!(reading.await.expect("no read failed or went back") >= before);
    assert_eq!(inbox(&world).await, [(OLD, 1, UnitState::Live), (NEW, 1, UnitState::Live)]);
    old.stop().await.expect("nothing was wrong");
    new.stop().await.expect("nothing was wrong");
}

async fn an_old_program_that_comes_back_first_catches_up(backend: Backend) {
    let Some(mut world) = begun(backend).await else { return };
    let old = Driven::start(opened_as(&world, OLD).await);
    old.caught_up(world.head()).await;
    old.stop().await.expect("nothing was wrong");
    let new = Driven::start(opened_as(&world, NEW).await);
    let head = say(&mut world, 1..=20).await;
    new.caught_up(head).await;
    // The deploy is taken back.
    let back = opened_as(&world, OLD).await;
    assert_eq!(unread(&back).await, 20, "what clients of the new one have seen");
    new.stop().await.expect("nothing was wrong");
}

async fn two_new_programs_at_once_fill_one_generation(backend: Backend) {
    let Some(mut world) = begun(backend).await else { return };
    let old = Driven::start(opened_as(&world, OLD).await);
    let head = say(&mut world, 1..=30).await;
    old.caught_up(head).await;
    let (one, other) = tokio::join!(opened_as(&world, NEW), opened_as(&world, NEW));
    assert_eq!((unread(&one).await, unread(&other).await), (30, 30));
    assert_eq!(inbox(&world).await, [(OLD, 1, UnitState::Live), (NEW, 1, UnitState::Live)]);
    old.stop().await.expect("nothing was wrong");
}

async fn a_format_goes_only_when_nobody_uses_it_and_another_is_as_far(backend: Backend) {
    let Some(mut world) = begun(backend).await else { return };
    let retired = async |own: Format, old: Format| {
        let url = world.store.store_url();
        let retiring = Retiring { own, old, if_lost: IfLost::Refuse };
        retire(&url, world.log.clone(), UnitName::Inbox, &retiring).await.expect("answered")
    };
    let old = Driven::start(opened_as(&world, OLD).await);
    old.caught_up(world.head()).await;
    assert_eq!(retired(OLD, OLD).await, Retired::Refused("it is the format of this program"));
    assert_eq!(retired(NEW, OLD).await, Retired::Refused("a program of that format is running"));
    old.stop().await.expect("nothing was wrong");
    // PostgreSQL sees sessions go a little later.
    let gone = || async { retired(NEW, OLD).await != Retired::Refused("a program of that format is running") };
    until("the old program's sessions to end", gone).await;
    let refused = retired(NEW, OLD).await;
    assert_eq!(refused, Retired::Refused("this program's own format is not live here: rebuild it first"));

    let new = Driven::start(opened_as(&world, NEW).await);
    new.caught_up(world.head()).await;
    let far = || async { retired(NEW, OLD).await == Retired::Gone(vec![1]) };
    until("the new format to be stored as far", far).await;
    assert_eq!(inbox(&world).await, [(NEW, 1, UnitState::Live)]);
    let head = say(&mut world, 1..=5).await;
    new.caught_up(head).await;
    assert_eq!(unread(&new.views).await, 5);
    new.stop().await.expect("nothing was wrong");
}

/// Programs of format 3 showed what this one reads as nothing: an event of before means something else now.
async fn what_the_format_showed_that_took_any_text_for_a_group_is_not_taken_over(backend: Backend) {
    const BEFORE: Format = Format(3);
    let Some(world) = begun(backend).await else { return };
    let old = Driven::start(opened_as(&world, BEFORE).await);
    old.caught_up(world.head()).await;
    old.stop().await.expect("nothing was wrong");
    let shows = "UPDATE rooms SET group_id = 'Kelas Ibu Ana'";
    assert_eq!(damage::view_of(&world.store, UnitName::Inbox, BEFORE, 1, shows).await, 1);
    let new = Driven::start(world.views().await);
    new.caught_up(world.head()).await;
    verified(&world, "since the event reads otherwise").await;
    new.stop().await.expect("nothing was wrong");
}

async fn a_rebuild_of_one_format_leaves_the_other_alone(backend: Backend) {
    let Some(mut world) = begun(backend).await else { return };
    let old = Driven::start(opened_as(&world, OLD).await);
    let head = say(&mut world, 1..=10).await;
    old.caught_up(head).await;
    let ahead = RebuildOptions { format: NEW, ..RebuildOptions::default() };
    let url = world.store.store_url();
    let report = rebuild(&url, world.log.clone(), UnitName::Inbox, &ahead, &|_| {}).await.expect("filled beforehand");
    assert_eq!((report.generation, report.replaced), (1, None));
    assert_eq!(inbox(&world).await, [(OLD, 1, UnitState::Live), (NEW, 1, UnitState::Live)]);
    let again = rebuild(&url, world.log.clone(), UnitName::Inbox, &ahead, &|_| {}).await.expect("rebuilt");
    assert_eq!((again.generation, again.replaced), (2, Some(1)));
    let head = say(&mut world, 11..=12).await;
    old.caught_up(head).await;
    assert_eq!(unread(&old.views).await, 12, "the old one goes on");
    old.stop().await.expect("nothing was wrong");
}

async fn a_format_stays_as_long_as_it_shows_more_or_the_other_is_of_another_log(backend: Backend) {
    let Some(mut world) = begun(backend).await else { return };
    let (url, log) = (world.store.store_url(), world.log.clone());
    let own = opened_as(&world, OLD).await;
    say(&mut world, 1..=10).await;
    // Nobody drives our own format meanwhile.
    let ahead = RebuildOptions { format: NEW, ..RebuildOptions::default() };
    rebuild(&url, log.clone(), UnitName::Inbox, &ahead, &|_| {}).await.expect("filled");
    let retiring = Retiring { own: OLD, old: NEW, if_lost: IfLost::Refuse };
    let retired = async || retire(&url, log.clone(), UnitName::Inbox, &retiring).await.expect("answered");
    // PostgreSQL sees the sessions of the rebuild go a little later.
    let unused = async || retired().await != Retired::Refused("a program of that format is running");
    until("the sessions of the rebuild to end", unused).await;
    assert_eq!(retired().await, Retired::Refused("this program's own format is not as far yet"));

    let own = Driven::start(own);
    own.caught_up(world.head()).await;
    own.stop().await.expect("nothing was wrong");
    let keep = "CREATE TABLE kept AS SELECT * FROM unit";
    let foreign = match backend {
        Backend::Sqlite => "UPDATE unit SET log_id = randomblob(16)",
        Backend::Postgres => "UPDATE unit SET log_id = gen_random_uuid()",
    };
    tables::run(&world.store, UnitName::Inbox, 1, &format!("{keep}; {foreign}")).await;
    assert_eq!(retired().await, Retired::Refused("this program's own format is not of this log: rebuild it first"));
    let back = "UPDATE unit SET log_id = (SELECT log_id FROM kept); DROP TABLE kept";
    tables::run(&world.store, UnitName::Inbox, 1, back).await;
    assert_eq!(retired().await, Retired::Gone(vec![1]));
    assert_eq!(inbox(&world).await, [(OLD, 1, UnitState::Live)]);
}
