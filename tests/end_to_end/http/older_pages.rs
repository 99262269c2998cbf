//! Pages of the platform that were written for bare channel names and never sign in: the session cookie that their browser
//! sends with the WebSocket says who they are (requirements §4).

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::header::{COOKIE, ORIGIN};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::app::TestApp;
use super::on_every_backend;

const PATIENCE: Duration = Duration::from_secs(20);
/// Kabar's own address by default: the first origin that may.
const OURS: &str = "http://127.0.0.1:8080";

on_every_backend![
    a_page_of_ours_listens_by_its_cookie_and_one_of_another_site_does_not,
    what_a_pong_shows_to_have_come_has_arrived_and_is_not_read,
    what_is_written_to_somebody_is_not_told_to_the_page_it_is_written_on,
];

struct Page(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Page {
    async fn open(address: SocketAddr, token: &str, origin: &str) -> Self {
        let url = format!("ws://{address}/app/kabar?protocol=7&client=js&version=7.0.0&flash=false");
        let mut request = url.into_client_request().expect("a request");
        let cookie = format!("theme=dark; next-auth.session-token={token}");
        request.headers_mut().insert(COOKIE, cookie.parse().expect("a header"));
        request.headers_mut().insert(ORIGIN, origin.parse().expect("a header"));
        let (socket, _) = connect_async(request).await.expect("a socket opens");
        Self(socket)
    }

    async fn subscribe(&mut self, channel: &str) {
        let wish = json!({ "event": "pusher:subscribe", "data": { "channel": channel, "auth": "" } });
        self.0.send(Message::text(wish.to_string())).await.expect("sent");
    }

    /// The next frame of one of these events.
    async fn one_of(&mut self, events: &[&str]) -> Value {
        let wanted = async {
            loop {
                let message = self.0.next().await.expect("still open").expect("readable");
                if !message.is_text() {
                    continue;
                }
                let frame: Value = serde_json::from_str(message.to_text().expect("text")).expect("JSON");
                if events.iter().any(|event| frame["event"] == *event) {
                    return frame;
                }
            }
        };
        tokio::time::timeout(PATIENCE, wanted).await.unwrap_or_else(|_| panic!("none of {events:?} in time"))
    }

    async fn verdict(&mut self, channel: &str) -> Value {
        self.subscribe(channel).await;
        let frame = self.one_of(&["pusher_internal:subscription_succeeded", "pusher:subscription_error"]).await;
        assert_eq!(frame["channel"], channel);
        frame["event"].clone()
    }
}

/// The one who is written to does nothing but answer the server's pings, as every client does by itself.
async fn what_a_pong_shows_to_have_come_has_arrived_and_is_not_read(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = ana.room_with(&ben).await;
    let mut of_ana = Page::open(app.address, ana.token(), OURS).await;
    let mut of_ben = Page::open(app.address, ben.token(), OURS).await;
    assert_eq!(of_ana.verdict(&format!("chat-{room}")).await, "pusher_internal:subscription_succeeded");
    assert_eq!(of_ben.verdict("user-ben").await, "pusher_internal:subscription_succeeded");
    let said = ana.sends(&room, "halo").await;
    let answering = async { while of_ben.0.next().await.is_some() {} };
    let told = tokio::select! {
        told = of_ana.one_of(&["message-delivered"]) => told,
        () = answering => panic!("the page was sent away"),
    };
    let told: Value = serde_json::from_str(told["data"].as_str().expect("text")).expect("JSON");
    assert_eq!((&told["userId"], &told["upTo"]), (&json!("ben"), &said["id"]), "{told}");
    let after = told["position"].as_str().expect("a position");
    let shown = ana.get(&format!("/api/chat/messages?roomId={room}&after={after}")).await.ok()["messages"][0].clone();
    assert_eq!((&shown["isDelivered"], &shown["isRead"]), (&json!(true), &json!(false)));
    app.stop().await;
}

async fn a_page_of_ours_listens_by_its_cookie_and_one_of_another_site_does_not(app: TestApp) {
    let [ana, ben, cat] = app.people(["ana", "ben", "cat"]).await;
    let room = ana.room_with(&ben).await;
    let (own, chat) = ("user-ben".to_owned(), format!("chat-{room}"));
    let mut page = Page::open(app.address, ben.token(), OURS).await;
    for channel in [&own, &chat] {
        assert_eq!(page.verdict(channel).await, "pusher_internal:subscription_succeeded", "{channel}");
    }
    ana.post("/api/chat/send", json!({ "roomId": room, "content": "halo" })).await.ok();
    let frames = [page.one_of(&["new-message"]).await, page.one_of(&["new-message"]).await];
    let mut heard: Vec<&str> = frames.iter().filter_map(|frame| frame["channel"].as_str()).collect();
    heard.sort_unstable();
    assert_eq!(heard, [chat.as_str(), own.as_str()]);

    for (token, origin) in
        [(ben.token(), "https://evil.example"), (ben.token(), "null"), (cat.token(), OURS), ("no-token", OURS)]
    {
        let mut page = Page::open(app.address, token, origin).await;
        for channel in [&own, &chat] {
            assert_eq!(page.verdict(channel).await, "pusher:subscription_error", "{origin} {channel}");
        }
    }
    app.stop().await;
}

async fn what_is_written_to_somebody_is_not_told_to_the_page_it_is_written_on(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = ana.room_with(&ben).await;
    let mut desk = Page::open(app.address, ana.token(), OURS).await;
    let established = desk.one_of(&["pusher:connection_established"]).await;
    let established: Value = serde_json::from_str(established["data"].as_str().expect("text")).expect("JSON");
    let mut phone = Page::open(app.address, ana.token(), OURS).await;
    for page in [&mut desk, &mut phone] {
        assert_eq!(page.verdict(&format!("chat-{room}")).await, "pusher_internal:subscription_succeeded");
    }
    let from_desk = json!({"receiverId": "ben", "content": "dari meja", "socket_id": established["socket_id"]});
    ana.post("/api/messages", from_desk).await.ok();
    ana.post("/api/messages", json!({"receiverId": "ben", "content": "dari mana saja"})).await.ok();
    for (page, first) in [(&mut desk, "dari mana saja"), (&mut phone, "dari meja")] {
        let frame = page.one_of(&["new-message"]).await;
        let told: Value = serde_json::from_str(frame["data"].as_str().expect("text")).expect("JSON");
        assert_eq!(told["content"], first);
    }
    app.stop().await;
}
