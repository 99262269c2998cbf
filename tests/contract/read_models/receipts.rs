//! Who is said to have read what: the furthest they ever came, of what they could read.

use aggregates::room::RoomKind;

use crate::read_models::events::{added, from_join, message_id, opened, read, removed, sent, unread_again};
use crate::read_models::on_every_backend;
use crate::read_models::world::{Driven, World, at, room, user};
use crate::support::backend::Backend;

on_every_backend! {
    whoever_came_too_late_to_read_a_message_is_none_of_its_readers,
    what_others_are_told_is_not_taken_back_by_a_mark_of_unread,
}

async fn readers(driven: &Driven, group: aggregates::ids::RoomId, seq: u64) -> (u64, Vec<String>) {
    let found = driven.views.inbox().read_by(message_id(group, seq), &user("ana")).await.expect("answered");
    let found = found.expect("readable");
    (found.count, found.users.iter().map(ToString::to_string).collect())
}

async fn whoever_came_too_late_to_read_a_message_is_none_of_its_readers(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let (from_start, late) = (room(1), room(2));
    for (group, event) in [
        (from_start, opened(1, from_start, RoomKind::Group, Some("A"), &["ana", "ben", "cleo"])),
        (late, from_join(opened(1, late, RoomKind::Group, Some("B"), &["ana", "ben", "cleo"]))),
    ] {
        world
            .record([
                event,
                sent(2, group, 1, "ana", "one"),
                read(3, group, "ben", 1),
                read(4, group, "cleo", 1),
                removed(5, group, "cleo"),
                added(6, group, &["cleo", "dian"], 1),
                sent(7, group, 2, "ana", "two"),
                read(8, group, "cleo", 2),
                read(9, group, "dian", 2),
                read(10, group, "ben", 2),
            ])
            .await;
    }
    driven.caught_up(world.head()).await;
    let all = |names: &[&str]| (names.len() as u64, names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    assert_eq!(readers(&driven, late, 1).await, all(&["ben"]), "the others cannot read it");
    assert_eq!(readers(&driven, late, 2).await, all(&["ben", "dian", "cleo"]));
    for seq in [1, 2] {
        assert_eq!(readers(&driven, from_start, seq).await, all(&["ben", "dian", "cleo"]), "{seq}");
    }
    driven.stop().await.expect("nothing was wrong");
}

async fn what_others_are_told_is_not_taken_back_by_a_mark_of_unread(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let direct = room(1);
    let place = async || {
        let ben = driven.views.inbox().member(direct, &user("ben")).await.expect("answered").expect("in");
        (ben.read_seq, ben.seen_seq, ben.unread, ben.last_read_at, ben.delivered_seq)
    };
    let mut record = async |events: Vec<_>| {
        let head = world.record(events).await;
        driven.caught_up(head).await;
    };
    record(vec![
        opened(1, direct, RoomKind::Direct, None, &["ana", "ben"]),
        sent(2, direct, 1, "ana", "one"),
        sent(3, direct, 2, "ana", "two"),
        read(4, direct, "ben", 2),
        unread_again(5, direct, "ben", 0),
    ])
    .await;
    assert_eq!(place().await, (0, 2, 2, Some(at(4)), 2));
    assert_eq!(readers(&driven, direct, 2).await, (1, vec!["ben".to_owned()]));
    record(vec![read(6, direct, "ben", 1)]).await;
    assert_eq!(place().await, (1, 2, 1, Some(at(4)), 2), "nothing that others do not know");
    record(vec![sent(7, direct, 3, "ana", "three"), read(8, direct, "ben", 3)]).await;
    assert_eq!(place().await, (3, 3, 0, Some(at(8)), 3));
    driven.stop().await.expect("nothing was wrong");
}
