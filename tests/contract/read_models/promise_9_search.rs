//! Promise 9, for what is searched: words of the erased are in no table, no index and no file; nor what was deleted.

use aggregates::DomainEvent;
use aggregates::room::{Forwarded, RoomEvent, RoomKind};
use event_log::{Position, StoreUrl};
use projections::{RebuildOptions, UnitName, rebuild, scrub};

use crate::read_models::events::{deleted, edited, message_id, opened, registered, sent};
use crate::read_models::on_every_backend;
use crate::read_models::search::{ask, positions, search_verified};
use crate::read_models::world::{Driven, World, room, until, user};
use crate::support::backend::{Backend, TestStore};
use crate::support::raw;

on_every_backend! {
    words_of_the_erased_are_in_no_index_and_no_file,
    what_was_deleted_or_said_otherwise_is_not_found_and_not_kept,
    whoever_comes_back_finds_what_they_say_then,
    more_than_one_transaction_of_words_goes,
}

/// Ana's words, as they are said and as they are kept.
const ANAS: [&str; 5] = ["Zamrudku", "zamrudku", "zamrud", "zamru", "qwertyana"];

fn forwarded(mut event: DomainEvent, author: &str) -> DomainEvent {
    if let DomainEvent::Room(RoomEvent::MessageSent(message)) = &mut event {
        let message_id = message_id(room(1), 1);
        message.forwarded = Some(Forwarded { room_id: room(1), message_id, author_id: user(author) });
    }
    event
}

fn of_both() -> DomainEvent {
    opened(0, room(1), RoomKind::Group, Some("Kelas"), &["ben", "ana"])
}

/// What of the unit is in tables or files: the log and the other units have their own tests.
async fn found_in_search(store: &TestStore, words: &[&str]) -> Vec<String> {
    let all = raw::found_in_files(store, words).await;
    all.into_iter().filter(|place| ["search", "entries"].iter().any(|part| place.contains(part))).collect()
}

/// Many words around hers, in many commits: so that the index has pages and segments, and hers begin some of them.
async fn much_said(world: &mut World) -> Position {
    world.record([registered(0, "ana", "ana"), registered(0, "ben", "ben"), of_both()]).await;
    for seq in 1..=400_u64 {
        let words: Vec<String> = (0..12).map(|n| format!("zam{:x}", (seq * 7_919 + n * 104_729) % 65_536)).collect();
        let words = words.join(" ");
        let event = match seq % 4 {
            0 => sent(1, room(1), seq, "ana", &format!("Zamrudku {words} qwertyana{seq}")),
            1 if seq % 8 == 1 => forwarded(sent(1, room(1), seq, "ben", &format!("zamrudku {seq}")), "ana"),
            _ => sent(1, room(1), seq, "ben", &format!("benswords {words}")),
        };
        world.record([event]).await;
    }
    world.head()
}

async fn words_of_the_erased_are_in_no_index_and_no_file(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let head = much_said(&mut world).await;
    driven.caught_up(head).await;
    raw::sample(&world.store).await;
    assert!(!found_in_search(&world.store, &ANAS).await.is_empty(), "the test looks where the words are");
    assert_eq!(positions(&driven.views, &ask("zamrudku", &[1], head.0)).await.len(), 10);

    let erased = world.erase("ana").await;
    driven.caught_up(erased).await;
    for wanted in ["zamrudku", "qwertyana4", "qwerty"] {
        assert_eq!(positions(&driven.views, &ask(wanted, &[1], erased.0)).await, [0; 0], "{wanted}");
    }
    assert_eq!(positions(&driven.views, &ask("benswords", &[1], erased.0)).await.len(), 10, "nobody else's");
    search_verified(&world, "after an erasure").await;
    driven.stop().await.expect("nothing unreadable");
    until("nobody reads", async || scrub(&world.store.store_url()).await.expect("scrubbed")).await;
    assert_eq!(found_in_search(&world.store, &ANAS).await, [""; 0]);
    assert!(!found_in_search(&world.store, &["benswords"]).await.is_empty());
    let views = world.views().await;
    assert_eq!(positions(&views, &ask("benswords", &[1], erased.0)).await.len(), 10, "the index is as it was");
    search_verified(&world, "after the index was written anew").await;

    let options = RebuildOptions::default();
    rebuild(&world.store.store_url(), world.store.open().await, UnitName::Search, &options, &|_| {})
        .await
        .expect("rebuilt");
    assert_eq!(found_in_search(&world.store, &ANAS).await, [""; 0], "a rebuild brings nothing back");
}

async fn what_was_deleted_or_said_otherwise_is_not_found_and_not_kept(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    world.record([of_both()]).await;
    let words = ["kesatu", "kedua", "ketiga"].into_iter().zip(1..);
    let head = world.record(words.map(|(word, seq)| sent(1, room(1), seq, "ana", word))).await;
    driven.caught_up(head).await;
    let head = world
        .record([
            edited(4, room(1), 1, "ana", "gantinya"),
            deleted(5, room(1), 2, "ana", "ben"),
            edited(6, room(1), 2, "ana", "terlambat"),
        ])
        .await;
    driven.caught_up(head).await;
    for (wanted, found) in
        [("kesatu", vec![]), ("gantinya", vec![2]), ("kedua", vec![]), ("terlambat", vec![]), ("ketiga", vec![4])]
    {
        assert_eq!(positions(&driven.views, &ask(wanted, &[1], head.0)).await, found, "{wanted}");
    }
    search_verified(&world, "after an edit and a deletion").await;
    driven.stop().await.expect("nothing was wrong");
    if matches!(world.store.store_url(), StoreUrl::Sqlite(_)) {
        until("nobody reads", async || scrub(&world.store.store_url()).await.expect("scrubbed")).await;
        assert_eq!(found_in_search(&world.store, &["kesatu", "kedua", "terlambat"]).await, [""; 0]);
    }
}

/// Also of what they said before: an edit of it is theirs, and stays when the view walks through their words once more.
async fn whoever_comes_back_finds_what_they_say_then(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let said = [sent(1, room(1), 1, "ana", "dahulu"), sent(2, room(1), 2, "ana", "dahulu")];
    world.record([registered(0, "ana", "ana"), of_both()].into_iter().chain(said)).await;
    world.erase("ana").await;
    let head = world.record([registered(3, "ana", "nina"), edited(4, room(1), 1, "ana", "kembali")]).await;
    let driven = Driven::start(world.views().await);
    driven.caught_up(head).await;
    let views = &driven.views;
    assert_eq!(positions(views, &ask("kembali", &[1], head.0)).await, [3]);
    assert_eq!(positions(views, &ask("dahulu", &[1], head.0)).await, [0; 0]);
    search_verified(&world, "after a return").await;
    driven.stop().await.expect("nothing unreadable");
}

async fn more_than_one_transaction_of_words_goes(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let speaker = |seq: u64| if seq.is_multiple_of(3) { "ben" } else { "ana" };
    let said = (1..=4_500).map(|seq| sent(4, room(1), seq, speaker(seq), &format!("{}sword", speaker(seq))));
    let driven = Driven::start(world.views().await);
    world.record([of_both()]).await;
    driven.caught_up(world.record(said).await).await;
    let erased = world.erase("ana").await;
    driven.caught_up(erased).await;
    assert_eq!(positions(&driven.views, &ask("anasword", &[1], erased.0)).await, [0; 0]);
    assert_eq!(positions(&driven.views, &ask("bensword", &[1], erased.0)).await.len(), 10);
    driven.stop().await.expect("nothing unreadable");
    search_verified(&world, "after many words went").await;
}
