//! Promise 9, for what lies about: generations that nobody shows, write-ahead logs, dropped keys.

use std::num::NonZeroU64;

use aggregates::user::{Profile, UserErased, UserEvent, UserRegistered};
use aggregates::words::HasWords;
use aggregates::{DomainEvent, Unreadable};
use event_log::{Filter, Position, StoreUrl};
use projections::{Format, Pace, Progress, RebuildOptions, UnitName, rebuild, scrub, status, verify};
use sqlx::Executor;

use crate::read_models::events::{registered, sent};
use crate::read_models::on_every_backend;
use crate::read_models::promise_9_erased::{ANAS, events, full, said};
use crate::read_models::tables::places;
use crate::read_models::world::{Driven, World, at, room, until, user};
use crate::support::backend::Backend;
use crate::support::damage;
use crate::support::raw;

on_every_backend! {
    what_rebuilds_and_comparisons_left_behind_goes_with_the_words_in_it,
    a_dropped_key_is_in_no_file,
    somebody_who_reads_from_before_is_said_to_be_in_the_way,
    words_of_the_erased_leave_what_a_process_has_in_memory,
    a_word_sealed_before_an_erasure_and_written_behind_it_is_never_shown,
    whoever_writes_an_erasure_carries_it_out,
    a_key_that_comes_back_with_a_restored_log_is_dropped_at_the_start,
    words_whose_key_was_lost_before_their_erasure_are_erased_and_not_lost,
    an_erasure_names_a_key_also_of_somebody_who_had_none,
}

const OTHER: Format = Format(Format::CURRENT.0 + 1);

async fn what_rebuilds_and_comparisons_left_behind_goes_with_the_words_in_it(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let head = full(&mut world).await;
    let driven = Driven::start(world.views().await);
    driven.caught_up(head).await;
    let url = world.store.store_url();
    let fill = async |options: RebuildOptions| {
        rebuild(&url, world.log.clone(), UnitName::Inbox, &options, &|_| {}).await.expect("rebuilt")
    };
    // A closed one, one of another format that no program uses, a comparison and a rebuild that died.
    fill(RebuildOptions::default()).await;
    fill(RebuildOptions { format: OTHER, ..RebuildOptions::default() }).await;
    dies(async |tell| verify(&url, world.log.clone(), UnitName::Inbox, tell).await).await;
    let pace = Pace { events_per_second: NonZeroU64::new(400), yields: false };
    let slowly = RebuildOptions { pace, ..RebuildOptions::default() };
    dies(async |tell| rebuild(&url, world.log.clone(), UnitName::Inbox, &slowly, tell).await).await;
    let went_over =
        || async { driven.views.health().iter().any(|one| (one.unit, one.generation) == (UnitName::Inbox, 2)) };
    until("the server to go over", went_over).await;
    assert!(places(&world.store).await.iter().any(|place| place.contains("verify")), "a comparison lies there");
    assert_eq!(inbox(&world).await.len(), 4, "and as many generations");

    // Whoever has a view open keeps its write-ahead log, and her words are in that.
    let idle = world.views().await;
    let head = world.record([sent(300, room(1), 121, "ana", "anasword")]).await;
    driven.caught_up(head).await;
    let position = world.erase("ana").await;
    driven.caught_up(position).await;
    driven.stop().await.expect("nothing unreadable");
    // PostgreSQL sees the sessions of what died a little later.
    let done = || async { scrub(&url).await.expect("scrubbed") && inbox(&world).await == [(Format::CURRENT, 2)] };
    until("everything but the live view to be gone", done).await;
    assert!(!places(&world.store).await.iter().any(|place| place.contains("verify")), "the comparison as well");
    scrubbed(&world).await;
    assert_eq!(raw::found_in_files(&world.store, &ANAS).await, [""; 0]);
    assert!(!raw::found(&world.store, &["benssecret"]).await.is_empty(), "nobody else is erased");
    drop(idle);
}

/// Begins something and gives it up when it has read something.
async fn dies<T: std::fmt::Debug>(begin: impl AsyncFnOnce(&(dyn Fn(Progress) + Send + Sync)) -> T) {
    let (reached, mut news) = tokio::sync::mpsc::unbounded_channel();
    let tell = move |progress: Progress| _ = reached.send(progress.position);
    tokio::select! {
        biased;
        _ = news.recv() => {}
        done = begin(&tell) => panic!("it was not cut short: {done:?}"),
    }
}

async fn inbox(world: &World) -> Vec<(Format, u32)> {
    let found = status(&world.store.store_url(), &world.log).await.expect("answered");
    let inbox = found.into_iter().filter(|one| one.unit == UnitName::Inbox);
    inbox.map(|one| (one.format, one.generation)).collect()
}

async fn a_dropped_key_is_in_no_file(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    full(&mut world).await;
    // Many of one length: what one leaves free, another moves into, and leaves its own place free and whole.
    let names: Vec<String> = (10..30).map(|number| format!("u{number}")).collect();
    world.record(names.iter().map(|name| registered(300, name, name))).await;
    let bens = secret_of(&world, "ben").await;
    let mut secrets = vec![secret_of(&world, "ana").await];
    for name in &names {
        secrets.push(secret_of(&world, name).await);
    }
    assert!(!raw::bytes_in_files(&world.store, &secrets[0]).await.is_empty(), "the test looks where the keys are");
    raw::sample(&world.store).await;
    for name in ["ana"].into_iter().chain(names.iter().map(String::as_str)) {
        world.erase(name).await;
    }
    scrubbed(&world).await;
    for secret in &secrets {
        assert_eq!(raw::bytes_in_files(&world.store, secret).await, [""; 0]);
    }
    assert!(!raw::bytes_in_files(&world.store, &bens).await.is_empty(), "nobody else's");
}

/// On PostgreSQL any session that begins in this moment may be in the way.
async fn scrubbed(world: &World) {
    let sealing = world.log.sealing().expect("keys");
    until("nobody to read the keys from before", async || sealing.scrub().await.expect("carried out")).await;
}

/// PostgreSQL keeps dead rows for whoever reads from before, and says nothing.
async fn somebody_who_reads_from_before_is_said_to_be_in_the_way(backend: Backend) {
    if backend == Backend::Sqlite {
        return;
    }
    let Some(mut world) = World::on(backend).await else { return };
    let head = full(&mut world).await;
    let driven = Driven::start(world.views().await);
    driven.caught_up(head).await;
    let url = world.store.store_url();
    let mut reader = world.store.superuser().await;
    reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM events").await.expect("a look");
    let position = world.erase("ana").await;
    driven.caught_up(position).await;
    driven.stop().await.expect("nothing unreadable");
    let sealing = world.log.sealing().expect("keys");
    assert!(!sealing.scrub().await.expect("carried out"), "the key is kept for the reader");
    assert!(!scrub(&url).await.expect("carried out"), "and so are the words");
    assert!(!raw::found_in_files(&world.store, &ANAS).await.is_empty(), "which is true");

    reader.execute("COMMIT").await.expect("done");
    scrubbed(&world).await;
    until("nobody to read the views from before", async || scrub(&url).await.expect("carried out")).await;
    assert_eq!(raw::found_in_files(&world.store, &ANAS).await, [""; 0]);
}

/// A lost key is a fault that somebody is told of; what is erased is none.
async fn words_whose_key_was_lost_before_their_erasure_are_erased_and_not_lost(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    full(&mut world).await;
    let sealing = world.log.sealing().expect("keys").clone();
    let key = sealing.key_of(&user("ana"), false).await.expect("readable").expect("she said something");
    let (keys, lose) = ("keys", "DELETE FROM keys WHERE owner = 'ana'");
    match world.store.store_url() {
        StoreUrl::Sqlite(directory) => {
            let connection = rusqlite::Connection::open(StoreUrl::file(&directory, keys)).expect("the file opens");
            connection.execute(lose, []).expect("lost");
        }
        StoreUrl::Postgres(_) => {
            let lose = lose.replace("FROM keys", "FROM kabar_keys.keys");
            sqlx::query(&lose).execute(&mut world.store.superuser().await).await.expect("lost");
        }
    }
    let erased = UserErased { user_id: user("ana"), keys: vec![key], at: at(300) };
    world.record([UserEvent::UserErased(erased).into()]).await;
    let restarted = world.store.open().await;
    let first = restarted.read_after(Position::START, 1, Filter::All).await.expect("readable");
    let mut why = Vec::new();
    let mut events = first.into_events();
    events.next().expect("an event").event.visit_words(&mut |_, words| why.push(words.unreadable()));
    assert!(!why.is_empty() && why.iter().all(|why| *why == Some(Unreadable::Erased)), "{why:?}");
}

/// So that a word of theirs, sealed in this moment and written behind the erasure, is sealed with what is dropped.
async fn an_erasure_names_a_key_also_of_somebody_who_had_none(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let silent = UserRegistered { user_id: user("dewi"), profile: Profile::default(), at: at(1) };
    world.record([UserEvent::UserRegistered(silent).into()]).await;
    let sealing = world.log.sealing().expect("keys").clone();
    assert_eq!(sealing.key_of(&user("dewi"), false).await.expect("readable"), None, "nothing of hers was sealed");
    let position = world.erase("dewi").await;
    let page = world.log.read_after(Position(position.0 - 1), 1, Filter::All).await.expect("readable");
    let event = page.into_events().next().expect("the erasure").event;
    let DomainEvent::User(UserEvent::UserErased(erased)) = event else { panic!("{event:?}") };
    assert_eq!(erased.keys.len(), 1, "{erased:?}");
    let next = sealing.key_of(&user("dewi"), true).await.expect("made").expect("made");
    assert_ne!(next, erased.keys[0], "whoever comes back has another one");
}

async fn secret_of(world: &World, name: &str) -> Vec<u8> {
    let sql = format!("SELECT secret FROM keys WHERE owner = '{}' AND secret IS NOT NULL", user(name));
    match world.store.store_url() {
        StoreUrl::Sqlite(directory) => {
            let connection = rusqlite::Connection::open(StoreUrl::file(&directory, "keys")).expect("the file opens");
            connection.query_row(&sql, [], |row| row.get(0)).expect("a key")
        }
        StoreUrl::Postgres(_) => {
            let sql = sql.replace("FROM keys", "FROM kabar_keys.keys");
            sqlx::query_scalar(&sql).fetch_one(&mut world.store.superuser().await).await.expect("a key")
        }
    }
}

async fn words_of_the_erased_leave_what_a_process_has_in_memory(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    // From the beginning: so they have read all of it along, and have it in memory.
    let other = world.store.open().await;
    full(&mut world).await;
    for log in [&world.log, &other] {
        assert_eq!(said(&events(&**log).await, "ana").len(), 121);
    }
    let head = world.erase("ana").await;
    for log in [&world.log, &other] {
        log.read_after(Position(head.0 - 1), 10, Filter::All).await.expect("the erasure passes");
        let events = events(&**log).await;
        assert_eq!(said(&events, "ana"), [""; 0]);
        assert_eq!(said(&events, "ben"), ["benssecret"], "nobody else's");
    }
}

/// As a command does that was sealed, then waited while somebody else erased its author.
async fn a_word_sealed_before_an_erasure_and_written_behind_it_is_never_shown(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    full(&mut world).await;
    let sealing = world.log.sealing().expect("keys").clone();
    let mut late = [sent(400, room(1), 121, "ana", "anasword")];
    sealing.seal(&mut late).await.expect("sealed");
    world.erase("ana").await;
    let [late] = late;
    let position = world.record_with_originals([late]).await;
    // From memory, and from the log.
    for log in [&world.log, &world.store.open().await] {
        let page = log.read_after(Position(position.0 - 1), 10, Filter::All).await.expect("readable");
        let event = page.into_events().next().expect("it is there").event;
        assert_eq!(said(&[event], "ana"), [""; 0]);
    }
}

/// Not only when somebody reads it: until then a word could be sealed with what is gone.
async fn whoever_writes_an_erasure_carries_it_out(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    full(&mut world).await;
    let sealing = world.log.sealing().expect("keys").clone();
    let key = sealing.key_of(&user("ana"), false).await.expect("readable").expect("she said something");
    let erased = UserErased { user_id: user("ana"), keys: vec![key], at: at(300) };
    world.record_with_originals([UserEvent::UserErased(erased).into()]).await;
    assert_eq!(sealing.key_of(&user("ana"), false).await.expect("readable"), None);
}

/// An older backup of the keys beside a log that was restored: how far erasures were carried out says nothing of it.
async fn a_key_that_comes_back_with_a_restored_log_is_dropped_at_the_start(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    full(&mut world).await;
    let secret: String = secret_of(&world, "ana").await.iter().map(|byte| format!("{byte:02x}")).collect();
    world.erase("ana").await;
    // The next start notes that it is carried out.
    world.store.open().await.close().await;
    let (log_id, keys, secret) = match backend {
        Backend::Sqlite => ("randomblob(16)", "keys", format!("x'{secret}'")),
        Backend::Postgres => ("gen_random_uuid()", "kabar_keys.keys", format!("'\\x{secret}'::bytea")),
    };
    // A log is restored while nobody has it open.
    world.log.close().await;
    damage::log(&world.store, &format!("UPDATE log_identity SET log_id = {log_id}")).await;
    damage::keys(&world.store, "UPDATE keys_identity SET log_id = NULL").await;
    let back = format!("UPDATE {keys} SET secret = {secret} WHERE owner = 'ana'");
    match world.store.store_url() {
        StoreUrl::Sqlite(directory) => {
            let connection = rusqlite::Connection::open(StoreUrl::file(&directory, "keys")).expect("the file opens");
            assert_eq!(connection.execute(&back, []).expect("put back"), 1);
        }
        StoreUrl::Postgres(_) => assert_eq!(damage::log(&world.store, &back).await, 1),
    }
    let restored = world.store.open().await;
    let key = restored.sealing().expect("keys").key_of(&user("ana"), false).await.expect("readable");
    assert_eq!(key, None, "dropped before anybody reads");
}
