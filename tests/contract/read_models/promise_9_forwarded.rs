//! Promise 9, for words in more than one place: what was put in other words, what others forwarded, what rooms are called.

use aggregates::room::{AttachedFile, Attachment, RoomEvent, RoomKind};
use aggregates::{DomainEvent, Sealed};
use projections::inbox::{MessagePage, MessageRow};
use projections::{RebuildOptions, UnitName, Views, rebuild, scrub};

use crate::read_models::events::{deleted, edited, forwarding, named, opened, pictured, registered, sent};
use crate::read_models::on_every_backend;
use crate::read_models::promise_4_rebuild_equals_live::verified;
use crate::read_models::world::{Driven, World, room, until, user};
use crate::support::backend::Backend;
use crate::support::raw;

on_every_backend! {
    forwarded_words_go_with_their_author_and_not_with_who_forwarded_them,
    a_room_forgets_the_name_that_somebody_gave_it_and_keeps_the_next_one,
    who_comes_back_and_edits_has_said_something_new,
}

fn with(mut event: DomainEvent, file: &str, client_id: &str) -> DomainEvent {
    let DomainEvent::Room(RoomEvent::MessageSent(message)) = &mut event else { panic!("a message") };
    let name = Some(Sealed::new(format!("{file}-name")));
    let known = Some(AttachedFile { name, bytes: 9, width: None, height: None });
    message.attachment = Some(Attachment { url: Sealed::new(file), media_type: None, file: known });
    message.client_message_id = Some(Sealed::new(client_id));
    event
}

async fn page(views: &Views, number: u128, who: &str) -> Vec<MessageRow> {
    let found = views.inbox().messages(room(number), &user(who), MessagePage::Newest, 9).await.expect("readable");
    found.expect("is in").messages
}

async fn rebuilt(world: &World) -> Views {
    let (url, options) = (world.store.store_url(), RebuildOptions::default());
    rebuild(&url, world.store.open().await, UnitName::Inbox, &options, &|_| {}).await.expect("rebuilt");
    world.views().await
}

/// Ana's words are in a room that she never was in; Ben's are in what she forwarded.
async fn forwarded_words_go_with_their_author_and_not_with_who_forwarded_them(backend: Backend) {
    const ANAS: [&str; 4] = ["anasfirst", "anassecond", "cdn.example/anafile", "anasclient"];
    let Some(mut world) = World::on(backend).await else { return };
    let head = world
        .record([
            registered(1, "ana", "ana"),
            registered(2, "ben", "ben"),
            opened(3, room(1), RoomKind::Group, Some("Both"), &["ana", "ben"]),
            opened(4, room(2), RoomKind::Group, Some("Of Ben"), &["ben", "cleo"]),
            sent(5, room(1), 1, "ana", "anasfirst"),
            sent(6, room(1), 2, "ben", "benssecret"),
            edited(7, room(1), 1, "ana", "anassecond"),
            edited(8, room(1), 2, "ben", "bensother"),
            forwarding(sent(9, room(2), 1, "ben", "kept"), room(3), 1, "dian"),
            with(
                forwarding(sent(10, room(2), 2, "ben", "anasfirst"), room(1), 1, "ana"),
                "https://cdn.example/anafile",
                "b",
            ),
            with(
                forwarding(sent(11, room(1), 3, "ana", "bensother"), room(1), 2, "ben"),
                "https://cdn.example/ben",
                "anasclient",
            ),
            // Shown to nobody, and gone all the same.
            sent(12, room(1), 4, "ana", "anasfirst"),
            deleted(13, room(1), 4, "ana", "ana"),
        ])
        .await;
    let driven = Driven::start(world.views().await);
    driven.caught_up(head).await;
    assert!(raw::found(&world.store, &ANAS).await.len() >= ANAS.len(), "the test looks where the words are");
    let position = world.erase("ana").await;
    driven.caught_up(position).await;
    verified(&world, "after the erasure").await;
    for views in [driven.views.clone(), rebuilt(&world).await] {
        let words = |rows: Vec<MessageRow>| rows.into_iter().map(|row| row.content).collect::<Vec<_>>();
        assert_eq!(words(page(&views, 1, "ben").await), ["", "bensother", "bensother", ""]);
        let there = page(&views, 2, "cleo").await;
        assert_eq!((there[1].attachment_url.as_deref(), there[1].client_message_id.as_deref()), (None, Some("b")));
        assert_eq!(there[1].attached_file, None);
        assert_eq!(words(there), ["kept", ""]);
        let shown = views.inbox().room(room(2), &user("cleo")).await.expect("answered").expect("is in");
        assert_eq!(shown.last_message.as_deref(), Some(""), "the last words were hers");
        let third = page(&views, 1, "ben").await.remove(2);
        assert_eq!(third.attachment_url.as_deref(), Some("https://cdn.example/ben"));
        let name = third.attached_file.as_ref().and_then(|file| file.name.as_deref());
        assert_eq!(name, Some("https://cdn.example/ben-name"));
        assert_eq!(third.client_message_id, None, "what her device called it was hers");
        verified(&world, "after the erasure").await;
    }
    driven.stop().await.expect("nothing unreadable");
    let url = world.store.store_url();
    until("nobody to read the views from before", async || scrub(&url).await.expect("carried out")).await;
    assert_eq!(raw::found(&world.store, &ANAS).await, [""; 0]);
}

async fn a_room_forgets_the_name_that_somebody_gave_it_and_keeps_the_next_one(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    world
        .record([
            registered(1, "ana", "ana"),
            opened(2, room(1), RoomKind::Group, Some("Of Ben"), &["ben", "ana"]),
            opened(3, room(2), RoomKind::Group, Some("Of Ana"), &["ana", "ben"]),
            named(4, room(1), "ana", "Anas name"),
            pictured(5, room(1), "ben", "https://cdn.example/ben"),
            pictured(6, room(2), "ana", "https://cdn.example/ana"),
            named(7, room(2), "ben", "Bens name"),
        ])
        .await;
    let driven = Driven::start(world.views().await);
    world.erase("ana").await;
    // Whoever comes back under the id is somebody else.
    let head =
        world.record([registered(8, "ana", "ana"), pictured(9, room(2), "ana", "https://cdn.example/new")]).await;
    driven.caught_up(head).await;
    for views in [driven.views.clone(), rebuilt(&world).await] {
        let mut shown = Vec::new();
        for number in [1, 2] {
            let row = views.inbox().room(room(number), &user("ben")).await.expect("answered").expect("is in");
            shown.push((row.name, row.avatar));
        }
        let some = |words: &str| Some(words.to_owned());
        let first = (None, some("https://cdn.example/ben"));
        assert_eq!(shown, [first, (some("Bens name"), some("https://cdn.example/new"))]);
        let ask = projections::inbox::RoomsAsk { search: Some("Anas"), limit: 9, ..Default::default() };
        assert_eq!(views.inbox().rooms_of(&user("ben"), &ask).await.expect("answered").rooms, [], "nor is it found");
        verified(&world, "after the erasure").await;
    }
    driven.stop().await.expect("nothing unreadable");
}

async fn who_comes_back_and_edits_has_said_something_new(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    world
        .record([
            registered(1, "ana", "ana"),
            opened(2, room(1), RoomKind::Group, Some("Of Ben"), &["ben", "ana"]),
            sent(3, room(1), 1, "ana", "before"),
            edited(4, room(1), 1, "ana", "also before"),
        ])
        .await;
    let driven = Driven::start(world.views().await);
    world.erase("ana").await;
    let head = world.record([registered(5, "ana", "ana"), edited(6, room(1), 1, "ana", "behind")]).await;
    driven.caught_up(head).await;
    for views in [driven.views.clone(), rebuilt(&world).await] {
        let row = page(&views, 1, "ben").await.remove(0);
        assert_eq!(row.content, "behind");
        let versions = views.inbox().versions(row.id, &user("ben"), 9).await.expect("answered").expect("readable");
        let words: Vec<_> = versions.iter().map(|version| version.content.as_str()).collect();
        assert_eq!(words, ["", "", "behind"]);
        let shown = views.inbox().room(room(1), &user("ben")).await.expect("answered").expect("is in");
        assert_eq!(shown.last_message.as_deref(), Some("behind"));
        verified(&world, "after the erasure").await;
    }
    driven.stop().await.expect("nothing unreadable");
}
