//! One connection, from the handshake to its end.

use std::time::{Duration, SystemTime};

use aggregates::Timestamp;
use anyhow::{Context, anyhow};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use url::Url;

use super::STEP_PATIENCE;
use super::authorisation::{self, Answer};
use super::closing::{self, Next};
use super::frame::Frame;
use crate::arguments::Server;
use crate::outcome::Failure;
use crate::paint::{Colour, Paint, harmless, line};

/// After a ping of ours, how long the server may stay silent (as pusher-js has it).
const PONG_PATIENCE: Duration = Duration::from_secs(30);
/// Our own limit of silence; the server's may be shorter.
const SILENCE_MAX: Duration = Duration::from_secs(120);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub struct Session<'a> {
    pub server: &'a Server,
    pub http: &'a reqwest::Client,
    pub json: bool,
}

/// How a connection ended.
pub enum Ended {
    /// The channel is not for this person.
    Refused(String),
    /// It never came to be.
    NotReached(anyhow::Error),
    Lost {
        reason: String,
        next: Next,
    },
}

/// What one wait for a frame brought.
enum Heard {
    Frame(Frame),
    Closed { reason: String, next: Next },
    Silence,
}

impl Session<'_> {
    /// An error is one of writing the output; whatever the server does is in [`Ended`].
    pub async fn run(&self) -> Result<Ended, Failure> {
        let mut socket = match self.connect().await {
            Ok(socket) => socket,
            Err(error) => return Ok(Ended::NotReached(error)),
        };
        let (socket_id, silence_max) = match handshake(&mut socket).await {
            Ok(established) => established,
            Err(ended) => return Ok(ended),
        };
        let leave = match authorisation::ask(self.http, self.server, &socket_id).await {
            Ok(Answer::Granted(leave)) => leave,
            Ok(Answer::Refused(reason)) => return Ok(Ended::Refused(reason)),
            Err(error) => return Ok(Ended::NotReached(error)),
        };
        let mut wish = json!({ "channel": self.server.channel, "auth": leave.auth });
        if let Some(channel_data) = leave.channel_data {
            wish["channel_data"] = channel_data.into();
        }
        if let Err(ended) = send(&mut socket, &json!({ "event": "pusher:subscribe", "data": wish })).await {
            return Ok(ended);
        }
        self.follow(&mut socket, silence_max).await
    }

    async fn connect(&self) -> anyhow::Result<Socket> {
        let url = address(self.server);
        let (socket, _) = timeout(STEP_PATIENCE, connect_async(url.as_str()))
            .await
            .map_err(|_| anyhow!("no answer within {STEP_PATIENCE:?}"))?
            .context("the WebSocket cannot be opened")?;
        Ok(socket)
    }

    async fn follow(&self, socket: &mut Socket, silence_max: Duration) -> Result<Ended, Failure> {
        let mut pinged = false;
        loop {
            let patience = if pinged { PONG_PATIENCE } else { silence_max };
            let frame = match hear(socket, patience).await {
                Heard::Frame(frame) => frame,
                Heard::Closed { reason, next } => return Ok(Ended::Lost { reason, next }),
                Heard::Silence if pinged => {
                    let reason = "the server is silent".to_owned();
                    return Ok(Ended::Lost { reason, next: closing::after(None) });
                }
                Heard::Silence => {
                    pinged = true;
                    if let Err(ended) = send(socket, &json!({ "event": "pusher:ping", "data": {} })).await {
                        return Ok(ended);
                    }
                    continue;
                }
            };
            pinged = false;
            if let Some(ended) = self.take(socket, &frame).await? {
                return Ok(ended);
            }
        }
    }

    /// Answers or prints a frame; `Some` when it ends the session.
    async fn take(&self, socket: &mut Socket, frame: &Frame) -> Result<Option<Ended>, Failure> {
        match frame.event.as_str() {
            "pusher:ping" => Ok(send(socket, &json!({ "event": "pusher:pong", "data": {} })).await.err()),
            "pusher:pong" => Ok(None),
            "pusher:subscription_error" => Ok(Some(Ended::Refused(frame.reason()))),
            "pusher:error" => {
                eprintln!("replay: the server complains: {}", harmless(&frame.reason()));
                Ok(None)
            }
            "pusher_internal:subscription_succeeded" => {
                eprintln!("replay: following {}", self.server.channel);
                Ok(None)
            }
            _ => {
                line(&self.shown(frame))?;
                Ok(None)
            }
        }
    }

    fn shown(&self, frame: &Frame) -> String {
        let at = now();
        if self.json {
            let Frame { event, channel, .. } = frame;
            return json!({ "at": at, "event": event, "channel": channel, "data": frame.data() }).to_string();
        }
        let paint = Paint::for_stdout();
        format!(
            "{}  {}  {}",
            paint.text(Colour::Dim, &at.to_string()),
            paint.text(Colour::Cyan, &harmless(&frame.event)),
            harmless(&frame.data().to_string())
        )
    }
}

/// `pusher:connection_established`: our socket id and how long silence may last.
async fn handshake(socket: &mut Socket) -> Result<(String, Duration), Ended> {
    let broken = |reason: &str| Ended::NotReached(anyhow!("{reason}"));
    match hear(socket, STEP_PATIENCE).await {
        Heard::Frame(frame) if frame.event == "pusher:connection_established" => {
            let socket_id =
                frame.data()["socket_id"].as_str().ok_or_else(|| broken("no socket_id in the handshake"))?;
            let silence = frame.data()["activity_timeout"].as_u64().filter(|seconds| *seconds > 0);
            let silence = silence.map_or(SILENCE_MAX, Duration::from_secs).min(SILENCE_MAX);
            Ok((socket_id.to_owned(), silence))
        }
        Heard::Frame(frame) => Err(broken(&format!("the handshake began with {:?}", frame.event))),
        Heard::Closed { reason, next } => Err(Ended::Lost { reason, next }),
        Heard::Silence => Err(broken("connected, but no handshake came: is this a Pusher server?")),
    }
}

async fn hear(socket: &mut Socket, patience: Duration) -> Heard {
    loop {
        let lost = |reason: String| Heard::Closed { reason, next: closing::after(None) };
        match timeout(patience, socket.next()).await {
            Err(_) => return Heard::Silence,
            Ok(None) => return lost("the connection ended".to_owned()),
            Ok(Some(Err(error))) => return lost(format!("the connection broke: {error}")),
            Ok(Some(Ok(Message::Text(text)))) => match Frame::parse(&text) {
                Ok(frame) => return Heard::Frame(frame),
                Err(error) => return lost(format!("the server said something else than a frame: {error}")),
            },
            Ok(Some(Ok(Message::Close(close)))) => {
                let code = close.as_ref().map(|close| u16::from(close.code));
                let said = close.map_or_else(String::new, |close| harmless(&close.reason));
                let reason = code.map_or_else(|| "closed".to_owned(), |code| format!("closed with {code} {said}"));
                return Heard::Closed { reason: reason.trim_end().to_owned(), next: closing::after(code) };
            }
            // WebSocket pings are answered by the library; they count as a sign of life.
            Ok(Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_)))) => {}
        }
    }
}

async fn send(socket: &mut Socket, frame: &serde_json::Value) -> Result<(), Ended> {
    socket
        .send(Message::text(frame.to_string()))
        .await
        .map_err(|error| Ended::Lost { reason: format!("the connection broke: {error}"), next: closing::after(None) })
}

/// `{url}/app/{key}` with what protocol 7 wants to know of a client.
fn address(server: &Server) -> Url {
    let mut url = server.url.clone();
    let path = format!("{}/app/{}", url.path().trim_end_matches('/'), server.key);
    url.set_path(&path);
    url.query_pairs_mut()
        .clear()
        .append_pair("protocol", "7")
        .append_pair("client", "replay")
        .append_pair("version", env!("CARGO_PKG_VERSION"));
    url
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
