//! Members with an open socket each, subscribed to their room, who count what they are shown.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::{SinkExt, StreamExt};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::running::{APP_KEY, token};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens a socket of `user` on `room` and leaves it counting `new-message` frames into `seen`.
pub async fn watch(http: &Client, address: SocketAddr, user: &str, room: &str, seen: &Arc<AtomicU64>) {
    let (mut socket, _) =
        connect_async(format!("ws://{address}/app/{APP_KEY}?protocol=7")).await.expect("a socket opens");
    let established = frame(&mut socket, "pusher:connection_established").await;
    let data: Value = serde_json::from_str(established["data"].as_str().expect("text")).expect("JSON");
    let socket_id = data["socket_id"].as_str().expect("a socket id");
    let channel = format!("private-room-{room}");
    let signed: Value = http
        .post(format!("http://{address}/api/pusher/auth"))
        .bearer_auth(token(user))
        .form(&[("socket_id", socket_id), ("channel_name", &channel)])
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("a signature");
    let mut wanted = json!({ "channel": channel, "auth": signed["auth"] });
    if let Some(data) = signed.get("channel_data") {
        wanted["channel_data"] = data.clone();
    }
    let subscribe = json!({ "event": "pusher:subscribe", "data": wanted }).to_string();
    socket.send(Message::text(subscribe)).await.expect("sent");
    frame(&mut socket, "pusher_internal:subscription_succeeded").await;
    let seen = Arc::clone(seen);
    tokio::spawn(async move {
        while let Some(Ok(message)) = socket.next().await {
            match message {
                Message::Text(text) if text.contains("\"event\":\"new-message\"") => {
                    seen.fetch_add(1, Ordering::Relaxed);
                }
                Message::Text(text) if text.contains("\"pusher:ping\"") => {
                    let pong = Message::text(r#"{"event":"pusher:pong","data":{}}"#);
                    if socket.send(pong).await.is_err() {
                        return;
                    }
                }
                _ => {}
            }
        }
    });
}

async fn frame(socket: &mut Socket, event: &str) -> Value {
    loop {
        let message = socket.next().await.expect("it stays open").expect("a frame");
        if let Message::Text(text) = message {
            let value: Value = serde_json::from_str(&text).expect("JSON");
            assert_ne!(value["event"], "pusher:error", "{value}");
            if value["event"] == event {
                return value;
            }
        }
    }
}
