//! Pings that carry positions, over real sockets.

use std::time::Duration;

use event_log::Position;

use super::world::{World, user};

const PATIENCE: Duration = Duration::from_secs(10);

/// Waits until what `who` has received is at least `position`.
async fn received(world: &World, who: &str, position: Position) {
    let received = async {
        while world.realtime.received_up_to(&user(who)).is_none_or(|received| received < position) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, received).await.expect("the receipt comes");
}

#[tokio::test]
async fn a_pong_shows_that_everything_before_it_has_arrived() {
    let world = World::start_with(|config| config.receipt_interval = Duration::from_millis(20)).await;
    let room = world.direct("ana", "ben").await;
    let mut ben = world.in_room("ben", room).await;
    assert_eq!(world.realtime.received_up_to(&user("ben")), None);
    for number in 0..5 {
        let position = world.send(room, "ana", &number.to_string()).await;
        // Reading answers the ping, as any WebSocket does.
        let reading = async {
            loop {
                ben.expect("new-message", "private-user-ben").await;
            }
        };
        tokio::select! {
            () = received(&world, "ben", position) => {}
            () = reading => {}
        }
        assert_eq!(world.realtime.received_up_to(&user("ben")), Some(position));
    }
    drop(ben);
    let gone = async {
        while world.realtime.received_up_to(&user("ben")).is_some() {
            tokio::task::yield_now().await
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.expect("forgotten with the connection");
}

#[tokio::test]
async fn a_client_that_reads_nothing_has_received_nothing() {
    let world = World::start_with(|config| config.receipt_interval = Duration::from_millis(1)).await;
    let room = world.direct("ana", "ben").await;
    let ben = world.in_room("ben", room).await;
    let mut cat = world.client().await;
    world.subscribe(&mut cat, "ben", "private-user-ben").await;
    let position = world.send(room, "ana", "halo").await;
    let reading = async {
        loop {
            cat.expect("new-message", "private-user-ben").await;
        }
    };
    tokio::select! {
        () = received(&world, "ben", position) => {}
        () = reading => {}
    }
    drop(cat);
    let forgotten = async {
        while world.realtime.received_up_to(&user("ben")).is_some() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, forgotten).await.expect("the one that read was the only one to have received it");
    drop(ben);
}

#[tokio::test]
async fn switched_off_there_are_no_pings() {
    let world = World::start_with(|config| config.receipts = false).await;
    let room = world.direct("ana", "ben").await;
    let mut ben = world.in_room("ben", room).await;
    let position = world.send(room, "ana", "halo").await;
    ben.expect("new-message", "private-user-ben").await;
    world.told(position).await;
    ben.seen().await;
    assert_eq!(world.realtime.received_up_to(&user("ben")), None);
}
