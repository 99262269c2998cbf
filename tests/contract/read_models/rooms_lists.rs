//! Lists of rooms: their people, what is unread in them, and the total, all as they were at one moment.

use aggregates::room::RoomKind;
use projections::inbox::{RoomsAsk, RoomsFound};

use crate::read_models::events::{added, opened, read, removed, sent};
use crate::read_models::on_every_backend;
use crate::read_models::world::{Driven, World, room, user};
use crate::support::backend::Backend;

on_every_backend! {
    a_list_says_of_each_room_what_the_room_itself_says,
    a_page_without_rooms_still_has_the_total,
    of_a_crowd_the_most_active_are_listed_and_nobody_who_left,
}

fn names(found: &RoomsFound, of: aggregates::ids::RoomId) -> Vec<&str> {
    found.members.iter().filter(|member| member.room_id == of).map(|member| member.user_id.as_str()).collect()
}

async fn a_list_says_of_each_room_what_the_room_itself_says(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let (group, direct, left) = (room(1), room(2), room(3));
    let position = world
        .record([
            opened(1, group, RoomKind::Group, Some("A"), &["ana", "ben", "cleo", "dian"]),
            opened(2, direct, RoomKind::Direct, None, &["ana", "ben"]),
            opened(3, left, RoomKind::Group, Some("C"), &["ana", "ben"]),
            sent(4, group, 1, "cleo", "one"),
            sent(5, direct, 1, "ben", "hi"),
            sent(6, left, 1, "ben", "hi"),
            read(7, group, "dian", 1),
            removed(8, group, "dian"),
            // Heard of late: who is away stays away.
            read(9, group, "dian", 1),
            removed(10, left, "ana"),
            sent(11, group, 2, "cleo", "two"),
            removed(12, group, "ana"),
            added(13, group, &["ana"], 2),
            sent(14, group, 3, "ben", "three"),
        ])
        .await;
    driven.caught_up(position).await;
    let inbox = driven.views.inbox();

    for who in ["ana", "ben", "cleo", "dian", "eko"].map(user) {
        for members_each in [1, 2, 20] {
            let ask = RoomsAsk { limit: 10, members_each, ..RoomsAsk::default() };
            let found = inbox.rooms_of(&who, &ask).await.expect("answered");
            let ids: Vec<_> = found.rooms.iter().map(|(room, _)| room.id).collect();
            for (shown, _) in &found.rooms {
                assert_eq!(Some(shown), inbox.room(shown.id, &who).await.expect("answered").as_ref());
            }
            assert_eq!(found.members, inbox.members(&ids, members_each).await.expect("answered"), "{who}");
            for member in &found.members {
                let alone = inbox.member(member.room_id, &member.user_id).await.expect("answered");
                assert_eq!(Some(member), alone.as_ref());
            }
            assert_eq!(found.total_unread, found.rooms.iter().map(|(room, _)| room.unread).sum::<u64>(), "{who}");
            assert_eq!(
                vec![found.total_unread],
                inbox.unread_totals(std::slice::from_ref(&who)).await.expect("answered")
            );
        }
    }
    let ask = RoomsAsk { limit: 10, members_each: 20, ..RoomsAsk::default() };
    let found = inbox.rooms_of(&user("ana"), &ask).await.expect("answered");
    let unread: Vec<_> = found.rooms.iter().map(|(room, _)| (room.id, room.unread)).collect();
    assert_eq!(unread, [(group, 1), (direct, 1)], "counted from the rejoin");
    assert_eq!(names(&found, group), ["ben", "cleo", "ana"], "the most recently active first");
    assert_eq!(names(&found, direct), ["ben", "ana"]);
    driven.stop().await.expect("nothing was wrong");
}

async fn a_page_without_rooms_still_has_the_total(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let (first, second) = (room(1), room(2));
    let position = world
        .record([
            opened(1, first, RoomKind::Group, Some("A"), &["ana", "ben"]),
            opened(2, second, RoomKind::Group, Some("B"), &["ana", "ben"]),
            sent(3, first, 1, "ben", "one"),
            sent(4, second, 1, "ben", "two"),
            sent(5, second, 2, "ben", "three"),
        ])
        .await;
    driven.caught_up(position).await;
    let inbox = driven.views.inbox();
    let ana = user("ana");
    let ask = RoomsAsk { limit: 1, members_each: 20, ..RoomsAsk::default() };

    let page = inbox.rooms_of(&ana, &ask).await.expect("answered");
    assert_eq!((page.rooms.len(), page.rooms[0].0.id, page.total_unread), (1, second, 3));
    let after = Some(page.rooms[0].1);
    let page = inbox.rooms_of(&ana, &RoomsAsk { after, ..ask }).await.expect("answered");
    assert_eq!((page.rooms.len(), page.rooms[0].0.id, page.total_unread), (1, first, 3));
    let after = Some(page.rooms[0].1);
    for nothing in
        [RoomsAsk { after, ..ask }, RoomsAsk { search: Some("nowhere"), ..ask }, RoomsAsk { limit: 0, ..ask }]
    {
        let page = inbox.rooms_of(&ana, &nothing).await.expect("answered");
        assert_eq!(page, RoomsFound { total_unread: 3, ..RoomsFound::default() }, "{nothing:?}");
    }
    let stranger = inbox.rooms_of(&user("eko"), &ask).await.expect("answered");
    assert_eq!(stranger, RoomsFound::default());
    driven.stop().await.expect("nothing was wrong");
}

async fn of_a_crowd_the_most_active_are_listed_and_nobody_who_left(backend: Backend) {
    const CROWD: usize = 1_000;
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let (crowd, pair) = (room(1), room(2));
    let crowding: Vec<String> = (0..CROWD).map(|number| format!("m{number:04}")).collect();
    let everybody: Vec<&str> = crowding.iter().map(String::as_str).collect();
    world
        .record([
            opened(1, crowd, RoomKind::Group, Some("Crowd"), &["ana"]),
            added(2, crowd, &everybody[..500], 0),
            added(3, crowd, &everybody[500..], 0),
            opened(4, pair, RoomKind::Direct, None, &["ana", "ben"]),
            sent(5, pair, 1, "ben", "hi"),
        ])
        .await;
    let mut seq = 0;
    for speaker in &everybody[..40] {
        seq += 1;
        world.record([sent(6, crowd, seq, speaker, "hi")]).await;
    }
    // Of the forty who spoke all but three leave, and most of the others.
    for leaver in everybody[3..900].iter() {
        world.record([removed(7, crowd, leaver)]).await;
    }
    driven.caught_up(world.head()).await;
    let ask = RoomsAsk { limit: 10, members_each: 5, ..RoomsAsk::default() };
    let found = driven.views.inbox().rooms_of(&user("ana"), &ask).await.expect("answered");
    assert_eq!(names(&found, crowd), ["m0002", "m0001", "m0000", "ana", "m0900"]);
    assert_eq!(names(&found, pair), ["ben", "ana"]);
    let counts: Vec<_> = found.rooms.iter().map(|(room, _)| (room.unread, room.participant_count)).collect();
    assert_eq!((counts, found.total_unread), (vec![(40, 104), (1, 2)], 41));
    driven.stop().await.expect("nothing was wrong");
}
