//! Who comes and goes, and who is told of it.

use std::time::Duration;

use aggregates::relationship::RelationshipCommand;
use projections::Format;
use serde_json::json;

use super::client::Frame;
use super::world::{World, user};
use crate::realtime::Said;

const HERE: Said = Said { is_online: true, room: None, invisible: None };

async fn world(grace: Duration) -> World {
    World::start_with(|config| config.presence_grace = grace).await
}

#[tokio::test]
async fn who_comes_and_goes_is_told_to_the_rooms_that_somebody_else_has_open() {
    let world = world(Duration::from_millis(50)).await;
    let room = world.direct("ana", "ben").await;
    let channel = format!("private-room-{room}");
    let mut ben = world.in_room("ben", room).await;
    let ana = world.in_room("ana", room).await;
    let came = ben.expect("user-status", &channel).await;
    assert_eq!((&came["userId"], &came["status"]), (&json!("ana"), &json!("online")));
    drop(ana);
    let went = ben.expect("user-status", &channel).await;
    assert_eq!((&went["userId"], &went["status"]), (&json!("ana"), &json!("offline")));
    assert!(went["lastSeen"].is_string(), "{went}");
    let shown = world.realtime.presence_of(&[user("ana"), user("ben")]).await.expect("asked");
    assert!(!shown[&user("ana")].is_online && shown[&user("ana")].last_seen_at.is_some());
    assert!(shown[&user("ben")].is_online);
}

#[tokio::test]
async fn who_is_back_at_once_was_not_away() {
    let world = world(Duration::from_secs(60)).await;
    let room = world.direct("ana", "ben").await;
    let channel = format!("private-room-{room}");
    let mut ben = world.in_room("ben", room).await;
    let ana = world.in_room("ana", room).await;
    ben.expect("user-status", &channel).await;
    drop(ana);
    let mut connections = world.realtime.0.hub.connections();
    connections.wait_for(|count| *count == 1).await.expect("it runs");
    let mut ana = world.in_room("ana", room).await;
    let position = world.send(room, "ana", "kembali").await;
    ana.expect("new-message", &channel).await;
    world.told(position).await;
    let seen = ben.seen_on(&channel).await;
    assert!(!seen.contains(&"user-status".to_owned()), "{seen:?}");
}

#[tokio::test]
async fn who_hides_is_told_to_nobody_and_shows_themselves_again() {
    let world = world(Duration::from_millis(50)).await;
    let room = world.direct("ana", "ben").await;
    let channel = format!("private-room-{room}");
    let mut ben = world.in_room("ben", room).await;
    let hides = Said { invisible: Some(true), ..HERE };
    world.realtime.is_here(&user("ana"), hides).await.expect("said");
    let mut ana = world.in_room("ana", room).await;
    let position = world.send(room, "ana", "halo").await;
    ana.expect("new-message", &channel).await;
    world.told(position).await;
    assert!(!ben.seen_on(&channel).await.contains(&"user-status".to_owned()));
    assert!(!world.realtime.presence_of(&[user("ana")]).await.expect("asked")[&user("ana")].is_online);
    let shows = Said { invisible: Some(false), ..HERE };
    world.realtime.is_here(&user("ana"), shows).await.expect("said");
    assert_eq!(ben.expect("user-status", &channel).await["status"], "online");
}

/// R4: the frame says what the profile says, and neither when somebody began to hide.
#[tokio::test]
async fn when_somebody_began_to_hide_is_told_by_no_frame_and_no_profile() {
    let world = world(Duration::from_millis(50)).await;
    let room = world.direct("ana", "ben").await;
    let channel = format!("private-room-{room}");
    let mut ben = world.in_room("ben", room).await;
    let _ana = world.in_room("ana", room).await;
    assert_eq!(ben.expect("user-status", &channel).await["status"], "online");
    let shown = async || world.realtime.presence_of(&[user("ana")]).await.expect("asked")[&user("ana")];
    // She is here for a moment before she hides.
    let came = shown().await.last_seen_at;
    while shown().await.last_seen_at == came {}
    let hides = Said { invisible: Some(true), ..HERE };
    let before = shown().await.last_seen_at;
    world.realtime.is_here(&user("ana"), hides).await.expect("said");
    let went = ben.expect("user-status", &channel).await;
    assert_eq!(went["status"], "offline");
    let shown = shown().await;
    assert!(!shown.is_online && shown.last_seen_at < before, "{shown:?}");
    assert_eq!(went["lastSeen"], json!(shown.last_seen_at));
    // Nor by what she does while she hides.
    world.realtime.is_here(&user("ana"), HERE).await.expect("said");
    assert_eq!(world.realtime.presence_of(&[user("ana")]).await.expect("asked")[&user("ana")], shown);
}

#[tokio::test]
async fn whoever_is_blocked_hears_nothing_of_it_and_the_others_of_the_room_do() {
    let world = world(Duration::from_millis(50)).await;
    let room = world.group("cat", &["ana", "ben"]).await;
    let channel = format!("private-room-{room}");
    let (mut ben, mut cat) = (world.in_room("ben", room).await, world.in_room("cat", room).await);
    ben.expect("user-status", &channel).await;
    let blocked = world.relate("ana", "ben", RelationshipCommand::Block).await;
    world.told(blocked).await;
    let ana = world.in_room("ana", room).await;
    while cat.expect("user-status", &channel).await["userId"] != "ana" {}
    assert!(!ben.seen_on(&channel).await.contains(&"user-status".to_owned()));
    drop(ana);
}

#[tokio::test]
async fn whoever_is_blocked_hears_nothing_though_the_view_has_not_heard_of_the_block() {
    let world = world(Duration::from_millis(50)).await;
    let room = world.group("cat", &["ana", "ben"]).await;
    let channel = format!("private-room-{room}");
    let (mut ben, mut cat) = (world.in_room("ben", room).await, world.in_room("cat", room).await);
    ben.expect("user-status", &channel).await;
    // Whoever holds its file for writing holds the view up; it goes on being read.
    let inbox = world.directory.path().join(format!("inbox-{}-g1.db", Format::CURRENT));
    let holding = rusqlite::Connection::open(inbox).expect("the view's file");
    holding.execute_batch("BEGIN IMMEDIATE").expect("held");
    let blocked = world.relate("ana", "ben", RelationshipCommand::Block).await;
    let mut progress = world.realtime.0.hub.progress();
    progress.wait_for(|delivered| delivered.is_some_and(|delivered| delivered >= blocked)).await.expect("it runs");
    world.realtime.is_here(&user("ana"), HERE).await.expect("said");
    while cat.expect("user-status", &channel).await["userId"] != "ana" {}
    assert!(!ben.seen_on(&channel).await.contains(&"user-status".to_owned()));
    holding.execute_batch("ROLLBACK").expect("let go");
}

#[tokio::test]
async fn who_comes_and_goes_is_told_to_no_more_than_the_limit_and_never_to_themselves() {
    let world = World::start_with(|config| config.read_frames_members_max = 1).await;
    let (small, large) = (world.group("ana", &["cat"]).await, world.group("ana", &["ben", "cat"]).await);
    let [in_small, in_large] = [small, large].map(|room| format!("private-room-{room}"));
    let (mut ben, mut cat) = (world.in_room("ben", large).await, world.in_room("cat", small).await);
    world.subscribe(&mut cat, "cat", &in_large).await;
    let mut ana = world.in_room("ana", small).await;
    world.subscribe(&mut ana, "ana", &in_large).await;
    while cat.expect("user-status", &in_small).await["userId"] != "ana" {}
    world.realtime.is_here(&user("ana"), Said { invisible: Some(true), ..HERE }).await.expect("said");
    let went = cat.expect("user-status", &in_small).await;
    assert_eq!((&went["userId"], &went["status"]), (&json!("ana"), &json!("offline")));
    for client in [&mut ana, &mut ben, &mut cat] {
        let seen = client.seen().await;
        let of_ana = |frame: &&Frame| frame.event == "user-status" && frame.data["userId"] == "ana";
        assert_eq!(seen.iter().filter(of_ana).count(), 0, "{seen:?}");
    }
}

#[tokio::test]
async fn who_has_a_room_before_their_eyes_is_known_to_be_there() {
    let world = world(Duration::from_secs(10)).await;
    let room = world.direct("ana", "ben").await;
    let said = Said { room: Some(room), ..HERE };
    world.realtime.is_here(&user("ana"), said).await.expect("said");
    assert!(world.realtime.is_active_in(room, &user("ana")));
    assert!(!world.realtime.is_active_in(room, &user("ben")));
}
