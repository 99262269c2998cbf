//! The built binary and two real, unmodified pusher-js clients, on every engine: what the front end would see.

use serde_json::Value;

use crate::support::backend::Backend;
use crate::support::person::{Person, client, number, text};
use crate::support::pusher_js::PusherJs;
use crate::support::running::{APP_KEY, Installation, Running};

const REQUEST_PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

#[tokio::test]
async fn two_people_talk_follow_and_part_over_real_pusher_js_on_sqlite() {
    two_people_talk_follow_and_part(Backend::Sqlite).await;
}

#[tokio::test]
async fn two_people_talk_follow_and_part_over_real_pusher_js_on_postgres() {
    two_people_talk_follow_and_part(Backend::Postgres).await;
}

/// Two with sockets, and somebody whom nothing of it concerns.
struct Scene {
    installation: Installation,
    running: Running,
    ana: Person,
    ben: Person,
    stranger: Person,
    anas_browser: PusherJs,
    bens_browser: PusherJs,
}

async fn two_people_talk_follow_and_part(backend: Backend) {
    if PusherJs::left_out("two people over real pusher-js") {
        return;
    }
    let Some(store) = backend.store().await else { return };
    let mut scene = Scene::set(&store.url()).await;
    let room = scene.a_message_is_on_both_sockets_and_unread_until_it_is_read().await;
    scene.a_follow_is_a_notification_frame_and_a_feed_entry().await;
    scene.a_stranger_is_refused(&room).await;
    scene.a_removed_member_hears_no_more(&room).await;
    let Scene { installation, running, anas_browser, bens_browser, .. } = scene;
    drop((anas_browser, bens_browser));
    let ended = running.stop().await;
    assert!(ended.success(), "a polite stop ended with {ended}");
    installation.verify_is_clean().await;
}

impl Scene {
    async fn set(store: &str) -> Self {
        let installation = Installation::new(store);
        let running = installation.start().await;
        let http = client(REQUEST_PATIENCE);
        let [ana, ben, stranger] = ["ana", "ben", "cindy"].map(|id| Person::new(&http, installation.address, id));
        for person in [&ana, &ben, &stranger] {
            person.shows_up().await;
        }
        let mut anas_browser = PusherJs::connect("ana", installation.address, APP_KEY, ana.token()).await;
        let mut bens_browser = PusherJs::connect("ben", installation.address, APP_KEY, ben.token()).await;
        anas_browser.subscribe("private-user-ana").await;
        bens_browser.subscribe("private-user-ben").await;
        Self { installation, running, ana, ben, stranger, anas_browser, bens_browser }
    }

    async fn a_message_is_on_both_sockets_and_unread_until_it_is_read(&mut self) -> String {
        let room = self.ana.opens_direct_room_with(&self.ben).await;
        assert_eq!(self.ben.opens_direct_room_with(&self.ana).await, room, "one room for the two of them");
        let channel = format!("private-room-{room}");
        self.anas_browser.subscribe(&channel).await;
        self.bens_browser.subscribe(&channel).await;

        let message = self.ana.sends(&room, "Halo Ben, apa kabar?").await;
        for browser in [&mut self.anas_browser, &mut self.bens_browser] {
            let frame = browser.expect_on(&channel, "new-message").await;
            for field in ["id", "seq", "roomId", "senderId", "content", "position"] {
                assert_eq!(frame[field], message[field], "{field} of the frame");
            }
        }
        let called = self.bens_browser.expect_on("private-user-ben", "new-message").await;
        assert_eq!(called["roomId"], room);

        let sent_at = text(&message["position"]);
        assert_eq!(self.ben.unread_in(&room, Some(&sent_at)).await, 1);
        assert_eq!(self.ana.unread_in(&room, Some(&sent_at)).await, 0, "one's own message is not unread");

        let read_at = self.ben.reads(&room).await;
        assert_eq!(self.ben.unread_in(&room, read_at.as_deref()).await, 0);
        // Sending moved ana's own place and made a frame of it: the one meant is ben's.
        let read = self.anas_browser.expect_where(&channel, "message-read", |frame| frame["userId"] == "ben").await;
        assert_eq!(number(&read["upToSeq"]), 1);
        assert_eq!(read["upTo"], message["id"]);
        room
    }

    async fn a_follow_is_a_notification_frame_and_a_feed_entry(&mut self) {
        let answer = self.ana.post("/api/users/ben/follow?on=true", serde_json::json!({})).await;
        assert_eq!(answer.ok()["following"], true);
        let frame = self.bens_browser.expect_on("private-user-ben", "notification").await;
        assert_eq!((&frame["type"], &frame["actorId"]), (&Value::from("FOLLOWER"), &Value::from("ana")));

        let position = frame["position"].as_str().map_or_else(String::new, |position| format!("&after={position}"));
        let feed = self.ben.get(&format!("/api/notifications?limit=10{position}")).await.ok();
        let entries = feed["notifications"].as_array().expect("a list");
        assert_eq!(entries.len(), 1, "{feed}");
        assert_eq!(entries[0]["id"], frame["id"]);
        assert_eq!(entries[0]["title"], "Pengikut Baru");
        assert_eq!(entries[0]["message"], "ana the tester mulai mengikuti Anda");
        assert_eq!(number(&feed["unreadCount"]), 1);
    }

    async fn a_stranger_is_refused(&mut self, room: &str) {
        let address = self.installation.address;
        let mut browser = PusherJs::connect("cindy", address, APP_KEY, self.stranger.token()).await;
        for channel in [format!("private-room-{room}"), "private-user-ana".to_owned()] {
            let refusal = browser.is_refused(&channel).await;
            assert_eq!(number(&refusal["status"]), 403, "{channel}: {refusal}");
        }
        browser.subscribe("private-user-cindy").await;
    }

    async fn a_removed_member_hears_no_more(&mut self, direct_room: &str) {
        let group = self.ana.creates_group("Kelas Desain").await;
        self.ben.joins(&group).await;
        let channel = format!("private-room-{group}");
        self.anas_browser.subscribe(&channel).await;
        self.bens_browser.subscribe(&channel).await;
        self.ana.sends(&group, "selamat datang").await;
        self.bens_browser.expect_on(&channel, "new-message").await;

        self.ana.delete(&format!("/api/chat/groups/{group}/members/ben")).await.ok();
        self.bens_browser.expect_on(&channel, "pusher:subscription_error").await;
        let later = self.ana.sends(&group, "tanpa ben").await;
        self.anas_browser.expect_where(&channel, "new-message", |frame| frame["id"] == later["id"]).await;

        // Frames of one socket come in the log's order: what ben hears now would have come after the one he must not hear.
        let marker = self.ana.sends(direct_room, "masih di sini?").await;
        let direct = format!("private-room-{direct_room}");
        self.bens_browser.expect_where(&direct, "new-message", |frame| frame["id"] == marker["id"]).await;
        let overheard = self.bens_browser.left_over(&channel);
        assert!(overheard.iter().all(|seen| seen.event != "new-message"), "{overheard:#?}");
        // pusher-js believes itself subscribed still; it asks anew only after letting go.
        self.bens_browser.unsubscribe(&channel).await;
        let refusal = self.bens_browser.is_refused(&channel).await;
        assert_eq!(number(&refusal["status"]), 403, "{refusal}");
    }
}

#[tokio::test]
async fn replay_follows_a_channel_of_the_running_server_as_somebody_who_may() {
    let Some(store) = Backend::Sqlite.store().await else { return };
    let installation = Installation::new(&store.url());
    let running = installation.start().await;
    let http = client(REQUEST_PATIENCE);
    let [ana, ben] = ["ana", "ben"].map(|id| Person::new(&http, installation.address, id));
    ana.shows_up().await;
    ben.shows_up().await;

    let mut tail = installation.tail_channel("private-user-ben", ben.token());
    tail.expect_note("following private-user-ben").await;
    ana.post("/api/users/ben/follow?on=true", serde_json::json!({})).await.ok();
    let frame = tail.expect_frame("notification").await;
    assert_eq!(frame["data"]["actorId"], "ana");

    let refused = installation.tail_channel("private-user-ana", ben.token()).ended().await;
    assert_eq!(refused.code(), Some(1), "not ben's channel");
    assert!(running.stop().await.success());
}
