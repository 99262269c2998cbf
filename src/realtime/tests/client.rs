//! A client of the protocol that says what it waits for.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use event_log::Position;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::Request;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::told_frames;
use crate::realtime::SocketId;

/// Far above what anything takes; only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(10);

/// A frame whose data has been read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Frame {
    pub event: String,
    pub channel: Option<String>,
    pub data: Value,
    /// Of client events on presence channels.
    pub user_id: Option<String>,
}

pub(crate) struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Came while something else was waited for.
    passed_by: VecDeque<Frame>,
    pub id: SocketId,
    /// The last position that a ping carried, which this client has answered.
    pub answered: Position,
}

impl Client {
    pub async fn connect(address: SocketAddr) -> Self {
        let mut client = Self::raw(address, "key?protocol=7&client=js&version=8.6.0&flash=false").await;
        client.is_established().await;
        client
    }

    async fn is_established(&mut self) {
        let established = self.next().await.expect("a first frame");
        assert_eq!(established.event, "pusher:connection_established");
        self.id = SocketId::parse(established.data["socket_id"].as_str().expect("text")).expect("a socket id");
    }

    /// As somebody whose session the request carries.
    pub async fn connect_as(address: SocketAddr, user: &str) -> Self {
        let mut client = Self::raw_as(address, user).await;
        client.is_established().await;
        client
    }

    /// The same of one that may be sent away.
    pub async fn raw_as(address: SocketAddr, user: &str) -> Self {
        let url = format!("ws://{address}/app/key?protocol=7&client=js&version=8.6.0&flash=false");
        let mut request = url.into_client_request().expect("a request");
        request.headers_mut().insert("x-session-of", user.parse().expect("a header"));
        Self::over(request).await
    }

    /// `target` is what follows `/app/`.
    pub async fn raw(address: SocketAddr, target: &str) -> Self {
        Self::over(format!("ws://{address}/app/{target}").into_client_request().expect("a request")).await
    }

    async fn over(request: Request<()>) -> Self {
        let (socket, _) = tokio_tungstenite::connect_async(request).await.expect("upgrades");
        Self { socket, passed_by: VecDeque::new(), id: SocketId::random(), answered: Position::START }
    }

    pub async fn say(&mut self, event: &str, data: Value) {
        self.say_text(&json!({ "event": event, "data": data }).to_string()).await;
    }

    pub async fn say_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.expect("sent");
    }

    /// The next frame, or the close code.
    async fn next(&mut self) -> Result<Frame, u16> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("a frame in time");
            match message {
                Some(Ok(Message::Text(text))) => {
                    let frame: Value = serde_json::from_str(text.as_str()).expect("JSON");
                    let (event, channel) = (frame["event"].as_str().expect("an event"), frame["channel"].as_str());
                    let data = frame["data"].as_str().expect("data is a string");
                    let data = serde_json::from_str(data).expect("JSON in data");
                    if let Some(channel) = channel {
                        told_frames::check(channel, event, &data);
                    }
                    return Ok(Frame {
                        event: event.to_owned(),
                        channel: channel.map(str::to_owned),
                        data,
                        user_id: frame["user_id"].as_str().map(str::to_owned),
                    });
                }
                Some(Ok(Message::Close(Some(close)))) => return Err(close.code.into()),
                Some(Ok(Message::Ping(payload))) => {
                    let text = std::str::from_utf8(&payload).expect("text");
                    self.answered = Position(text.parse().expect("a position"));
                }
                Some(Ok(_)) => {}
                None | Some(Err(_)) => return Err(0),
            }
        }
    }

    pub async fn say_on(&mut self, event: &str, channel: &str, data: Value) {
        self.say_text(&json!({ "event": event, "channel": channel, "data": data }).to_string()).await;
    }

    /// Waits for `event` on `channel`; others are kept for [`Client::seen`].
    pub async fn expect(&mut self, event: &str, channel: &str) -> Value {
        self.expect_frame(event, channel).await.data
    }

    pub async fn expect_frame(&mut self, event: &str, channel: &str) -> Frame {
        let here = |frame: &Frame| frame.event == event && frame.channel.as_deref().unwrap_or_default() == channel;
        if let Some(at) = self.passed_by.iter().position(here) {
            return self.passed_by.remove(at).expect("it is there");
        }
        loop {
            match self.next().await {
                Ok(frame) if here(&frame) => return frame,
                Ok(frame) => self.passed_by.push_back(frame),
                Err(code) => panic!("closed with {code} while waiting for {event} on {channel:?}"),
            }
        }
    }

    /// Everything that the server had for this socket before it heard this.
    pub async fn seen(&mut self) -> Vec<Frame> {
        self.say("pusher:ping", json!({})).await;
        loop {
            match self.next().await.expect("still connected") {
                frame if frame.event == "pusher:pong" => return self.passed_by.drain(..).collect(),
                frame => self.passed_by.push_back(frame),
            }
        }
    }

    /// The names of what was seen on a channel.
    pub async fn seen_on(&mut self, channel: &str) -> Vec<String> {
        let seen = self.seen().await.into_iter();
        seen.filter(|frame| frame.channel.as_deref() == Some(channel)).map(|frame| frame.event).collect()
    }

    /// Waits for the server to close; frames before it are dropped.
    pub async fn closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.next().await {
                return code;
            }
        }
    }
}
