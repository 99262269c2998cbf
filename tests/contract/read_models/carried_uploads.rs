//! Who may fetch a file: whoever may read a message that carries it, and whom a report shows one.

use aggregates::ids::ReportId;
use aggregates::report::{Resolution, Subject};
use aggregates::room::{Attachment, RoomEvent, RoomKind};
use aggregates::{DomainEvent, Sealed};

use crate::read_models::events::{added, deleted, filed, from_join, message_id, opened, removed, resolved, sent};
use crate::read_models::on_every_backend;
use crate::read_models::world::{Driven, World, room, user};
use crate::support::backend::Backend;

on_every_backend! {
    a_file_is_carried_to_whoever_may_read_a_message_with_it,
    a_file_is_shown_by_reports_of_a_message_that_carries_it,
}

const FILE: &str = "/api/uploads/abcdefghijklmnopqrstuv00000000000000000000000000000007";

fn carrying(mut event: DomainEvent, address: &str) -> DomainEvent {
    let DomainEvent::Room(RoomEvent::MessageSent(message)) = &mut event else { panic!("a message") };
    message.attachment = Some(Attachment::at(Sealed::new(address), None));
    event
}

async fn a_file_is_carried_to_whoever_may_read_a_message_with_it(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let (first, second, third) = (room(1), room(2), room(3));
    let head = world
        .record([
            opened(1, first, RoomKind::Group, Some("A"), &["ana", "ben", "eko"]),
            from_join(opened(2, second, RoomKind::Group, Some("B"), &["ben", "cleo"])),
            opened(3, third, RoomKind::Group, Some("C"), &["fay"]),
            carrying(sent(4, first, 1, "ana", ""), FILE),
            carrying(sent(5, second, 1, "ben", ""), FILE),
            added(6, second, &["dian"], 1),
            removed(7, first, "eko"),
            carrying(sent(8, third, 1, "fay", ""), &format!("{FILE}0")),
        ])
        .await;
    driven.caught_up(head).await;
    let inbox = driven.views.inbox();
    let carried = async || {
        let mut to = Vec::new();
        for who in ["ana", "ben", "cleo", "dian", "eko", "fay", "zoe"] {
            if inbox.carries_upload(FILE, &user(who)).await.expect("answered") {
                to.push(who);
            }
        }
        to
    };
    assert_eq!(carried().await, ["ana", "ben", "cleo"]);
    let head = world.record([deleted(9, second, 1, "ben", "ben"), carrying(sent(10, third, 2, "fay", ""), FILE)]).await;
    driven.caught_up(head).await;
    assert_eq!(carried().await, ["ana", "ben", "fay"]);
    let head = world.record([removed(11, first, "ben"), added(12, third, &["zoe"], 2)]).await;
    driven.caught_up(head).await;
    assert_eq!(carried().await, ["ana", "fay", "zoe"]);
    driven.stop().await.expect("nothing was wrong");
}

async fn a_file_is_shown_by_reports_of_a_message_that_carries_it(backend: Backend) {
    let Some(mut world) = World::on(backend).await else { return };
    let driven = Driven::start(world.views().await);
    let (first, second) = (room(1), room(2));
    let about = |room, seq, author: &str| Subject::Message {
        room_id: room,
        message_id: message_id(room, seq),
        author_id: user(author),
    };
    let head = world
        .record([
            opened(1, first, RoomKind::Group, Some("A"), &["ana", "ben"]),
            opened(2, second, RoomKind::Group, Some("B"), &["ben", "cleo"]),
            carrying(sent(3, first, 1, "ana", ""), FILE),
            sent(4, first, 2, "ana", "kasar"),
            carrying(sent(5, second, 1, "ben", ""), FILE),
            // Of whoever sent it and of where it is, and of another message of theirs.
            filed(6, "ben", Subject::User { user_id: user("ana") }, "x"),
            filed(7, "ben", Subject::Room { room_id: first }, "x"),
            filed(8, "ben", about(first, 2, "ana"), "x"),
        ])
        .await;
    driven.caught_up(head).await;
    let inbox = driven.views.inbox();
    let shown = async || inbox.reports_upload(FILE).await.expect("answered");
    assert!(!shown().await);
    let of_ben = about(second, 1, "ben");
    let head = world.record([filed(9, "cleo", of_ben.clone(), "x")]).await;
    driven.caught_up(head).await;
    assert!(shown().await && !inbox.reports_upload(&format!("{FILE}0")).await.expect("answered"));
    let report = ReportId::of(&user("cleo"), &of_ben);
    let head = world.record([resolved(10, report, Resolution::Dismissed, "dian", "x")]).await;
    driven.caught_up(head).await;
    assert!(shown().await, "the report is there, and shows it");
    let head = world.record([deleted(11, second, 1, "ben", "ben")]).await;
    driven.caught_up(head).await;
    assert!(!shown().await);
    driven.stop().await.expect("nothing was wrong");
}
