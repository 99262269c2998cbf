//! What is heard on one's own channel.

use aggregates::feed::{FeedCommand, MarkFeedRead};
use aggregates::notification::{MarkNotification, NotificationCommand, Surroundings};
use aggregates::policy::follower::{follower_notification, notify_of_follower};
use aggregates::policy::settings::TypeGroup;
use aggregates::preferences::SettingsPatch;
use aggregates::relationship::{Directed, RelationshipCommand};
use aggregates::{Command, StreamId};
use event_log::{Position, PositionToken};
use serde_json::json;

use super::world::{World, at, user};
use crate::realtime::{MasterKey, PusherChannel, SocketId, Synced};

#[tokio::test]
async fn unread_follows_messages_and_reading() {
    let world = World::start().await;
    let room = world.direct("ana", "ben").await;
    let mut ben = world.client().await;
    world.subscribe(&mut ben, "ben", "private-user-ben").await;
    let mut unread = async |wanted: u64| {
        // Gathered: the value may come in steps, the last one always comes.
        loop {
            let shown = ben.expect("unread", "private-user-ben").await;
            assert_eq!(shown["notifications"], 0);
            if shown["chat"] == wanted {
                break;
            }
        }
    };
    world.send(room, "ana", "satu").await;
    unread(1).await;
    world.send(room, "ana", "dua").await;
    world.send(room, "ana", "tiga").await;
    unread(3).await;
    world.read(room, "ben").await;
    unread(0).await;
}

#[tokio::test]
async fn a_follow_is_told_with_the_id_of_the_notification_that_follows_from_it() {
    let world = World::start().await;
    let mut ben = world.client().await;
    world.subscribe(&mut ben, "ben", "private-user-ben").await;
    let position = world.follows("ana", "ben").await;
    let follower = ben.expect("new-follower", "private-user-ben").await;
    assert_eq!(
        follower,
        json!({ "userId": "ana", "name": "Ana", "username": "ana.u", "avatar": null,
                "notificationId": follower_notification(&user("ana"), &user("ben")),
                "position": format!("{}-{}", world.log.id(), position.0 - 1) }),
        "what was decided of push comes behind it"
    );
    let position = world.relate("ana", "ben", RelationshipCommand::Unfollow).await;
    let unfollowed = ben.expect("user-unfollowed", "private-user-ben").await;
    assert_eq!((&unfollowed["userId"], &unfollowed["username"]), (&json!("ana"), &json!("ana.u")));
    assert_eq!(unfollowed["position"], format!("{}-{position}", world.log.id()));
}

#[tokio::test]
async fn a_follow_that_ends_by_a_block_is_told_to_nobody_then_or_later() {
    let world = World::start().await;
    let channel = "private-user-ben";
    let mut ben = world.client().await;
    world.subscribe(&mut ben, "ben", channel).await;
    world.follows("ana", "ben").await;
    let position = ben.expect("new-follower", channel).await["position"].as_str().expect("text").to_owned();
    let blocked = world.relate("ana", "ben", RelationshipCommand::Block).await;
    world.told(blocked).await;
    assert!(!ben.seen_on(channel).await.contains(&"user-unfollowed".to_owned()));
    world.relate("ana", "ben", RelationshipCommand::Unblock).await;
    world.follows("cat", "ben").await;
    let mut ben = world.resumed("ben", channel, &position).await;
    ben.expect("new-follower", channel).await;
    assert!(!ben.seen_on(channel).await.contains(&"user-unfollowed".to_owned()));
}

#[tokio::test]
async fn a_follow_that_somebody_does_not_want_to_hear_of_is_no_frame() {
    let world = World::start().await;
    let mut ben = world.client().await;
    world.subscribe(&mut ben, "ben", "private-user-ben").await;
    let off = SettingsPatch { groups: [(TypeGroup::Follower, false)].into(), ..SettingsPatch::default() };
    world.prefers("ben", off).await;
    let position = world.follows("ana", "ben").await;
    world.told(position).await;
    let seen = ben.seen_on("private-user-ben").await;
    assert!(!seen.iter().any(|event| event == "new-follower" || event == "notification"), "{seen:?}");
}

#[tokio::test]
async fn a_notification_is_told_whole_and_so_is_its_reading() {
    let world = World::start().await;
    let mut ben = world.client().await;
    world.subscribe(&mut ben, "ben", "private-user-ben").await;
    world.relate("ana", "ben", RelationshipCommand::Follow).await;
    let followed = Directed { from: user("ana"), to: user("ben"), at: at() };
    let (id, raise) = notify_of_follower(&followed, Surroundings::default());
    world.done(StreamId::notification(id), Command::Notification(raise)).await;
    let notification = ben.expect("notification", "private-user-ben").await;
    assert_eq!((&notification["id"], &notification["type"]), (&json!(id), &json!("FOLLOWER")));
    assert_eq!(notification["message"], "Ana mulai mengikuti Anda");
    assert_eq!(ben.expect("notification-new", "private-user-ben").await, notification);
    // The inbox has nothing of it: how far it is may be stored later, and what is asked now is told all of it all the same.
    let from = PositionToken { log: world.log.id(), position: Position::START };
    let Ok(Synced::Changes(changes)) = world.realtime.sync(&user("ben"), Some(from), 100).await else {
        panic!("changes")
    };
    assert!(changes.events.iter().any(|event| event.event == "notification"), "{changes:?}");
    while ben.expect("unread", "private-user-ben").await["notifications"] != 1 {}

    let mark = MarkNotification { notification_id: id, marked_by: user("ben"), at: at() };
    world.done(StreamId::notification(id), Command::Notification(NotificationCommand::MarkRead(mark))).await;
    assert_eq!(ben.expect("notification-read", "private-user-ben").await["ids"], json!([id]));
    while ben.expect("unread", "private-user-ben").await["notifications"] != 0 {}
    let up_to = world.log.head().await.expect("a head").0;
    let all = MarkFeedRead { user_id: user("ben"), up_to, at: at() };
    world.done(StreamId::feed(&user("ben")), Command::Feed(FeedCommand::MarkRead(all))).await;
    assert_eq!(ben.expect("notification-read", "private-user-ben").await["all"], true);
}

#[tokio::test]
async fn the_key_of_an_encrypted_channel_is_given_with_its_own_signature_alone() {
    let key = MasterKey::parse("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").expect("a key");
    let world = World::start_with(|config| config.encryption_master_key = Some(key.clone())).await;
    let secret = |channel: &str| {
        let parsed = PusherChannel::parse(channel).expect("a channel");
        world.realtime.authorise(&user("ana"), SocketId::random(), &parsed, (None, None)).shared_secret
    };
    let encrypted = "private-encrypted-user-ana";
    assert_eq!(secret(encrypted), Some(key.shared_secret(encrypted)));
    assert_eq!(secret("private-user-ana"), None);
}

#[tokio::test]
async fn a_channel_is_its_owners_alone() {
    let world = World::start().await;
    let mut ana = world.client().await;
    world.ask(&mut ana, "ana", "private-user-ben").await;
    let error = ana.expect("pusher:subscription_error", "private-user-ben").await;
    assert_eq!((&error["type"], &error["status"]), (&json!("AuthError"), &json!(403)));
}

#[tokio::test]
async fn the_endpoint_signs_only_ones_own_channel_and_rooms_one_is_in() {
    let world = World::start().await;
    let room = world.direct("ana", "ben").await;
    let may = async |who: &str, channel: &str| {
        let channel = crate::realtime::PusherChannel::parse(channel).expect("a channel");
        world.realtime.may_subscribe(&user(who), &channel).await.expect("an answer")
    };
    assert!(may("ana", "private-user-ana").await);
    assert!(may("ben", &format!("private-room-{room}")).await);
    assert!(!may("ana", "private-user-ben").await);
    assert!(!may("cat", &format!("private-room-{room}")).await);
    assert!(!may("ana", "private-orders").await, "an application's own channel is for its own server to sign");
}
