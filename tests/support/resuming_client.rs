//! A client of the protocol whose connection breaks again and again, and who says each time up to where it has heard:
//! the snippet of docs/realtime.md, in Rust.
//!
//! It keeps every lasting frame in the order it came. Never in here: what it ought to have been shown.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::person::{Person, number, text};
use super::running::APP_KEY;
use super::told_frames;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Until the server, which may be down, is tried again.
const RETRY: Duration = Duration::from_millis(20);
/// Frames between two cuts.
const FRAMES_BETWEEN_CUTS: std::ops::Range<usize> = 5..120;
/// Of a server that answers nothing at all; then the connection is taken for dead.
const SILENCE: Duration = Duration::from_secs(10);

/// What lasts of each channel, in the order it came.
pub type Heard = BTreeMap<String, Vec<Value>>;

/// Where one stands on a channel.
#[derive(Debug, Clone, PartialEq)]
struct Stand {
    position: String,
    /// Frames of that position that came; `None`: all there are.
    frames: Option<u32>,
}

pub struct ResumingClient {
    pub person: Person,
    address: SocketAddr,
    channels: Vec<String>,
    stands: BTreeMap<String, Stand>,
    pub heard: Heard,
    /// How often it was told to reload a channel.
    pub reloads: usize,
    pub cuts: usize,
    random: StdRng,
}

impl ResumingClient {
    pub fn new(person: Person, address: SocketAddr, channels: &[String], seed: u64) -> Self {
        Self {
            person,
            address,
            channels: channels.to_vec(),
            stands: BTreeMap::new(),
            heard: BTreeMap::new(),
            reloads: 0,
            cuts: 0,
            random: StdRng::seed_from_u64(seed),
        }
    }

    /// Before anything is heard: everything up to `position` is known.
    pub fn stands_at(&mut self, position: &str) {
        for channel in &self.channels {
            self.stands.insert(channel.clone(), Stand { position: position.to_owned(), frames: None });
        }
    }

    /// What it has heard of each channel and where it stands, for whoever looks for what is missing.
    pub fn summary(&self) -> String {
        let channels = self.channels.iter().map(|channel| {
            let heard = self.heard.get(channel).map_or(0, Vec::len);
            format!("{channel}: {heard} heard, stands at {:?}", self.stands.get(channel))
        });
        let channels: Vec<String> = channels.collect();
        format!("{}, cut {} times, {} reloads: {}", self.person.id, self.cuts, self.reloads, channels.join("; "))
    }

    /// Connects, and again whenever the connection ends or is cut, until what it has heard `is_enough`.
    pub async fn listen_until(&mut self, is_enough: impl Fn(&Heard) -> bool) {
        let mut retry = tokio::time::interval(RETRY);
        while !is_enough(&self.heard) {
            retry.tick().await;
            let frames = self.random.random_range(FRAMES_BETWEEN_CUTS);
            // Whatever ends it, it comes back: only what it has heard counts.
            let _ended: Option<()> = self.one_connection(frames, &is_enough).await;
            self.cuts += 1;
        }
    }

    /// `None` when the server ended it.
    async fn one_connection(&mut self, mut frames: usize, is_enough: &impl Fn(&Heard) -> bool) -> Option<()> {
        let (mut socket, _) = connect_async(format!("ws://{}/app/{APP_KEY}?protocol=7", self.address)).await.ok()?;
        let established = frame(&mut socket).await?;
        let socket_id = text(&established["data"]["socket_id"]);
        for channel in &self.channels {
            self.subscribe(&mut socket, &socket_id, channel).await?;
        }
        while frames > 0 && !is_enough(&self.heard) {
            let frame = frame(&mut socket).await?;
            if frame["event"] == "pusher:ping" {
                socket.send(Message::text(r#"{"event":"pusher:pong","data":{}}"#)).await.ok()?;
            }
            self.take(&frame).await?;
            // Read positions are told again after each cut: counted, they could be all that there is between two.
            let event = frame["event"].as_str().unwrap_or_default();
            frames -= usize::from(!event.ends_with("-read"));
        }
        Some(())
    }

    async fn subscribe(&self, socket: &mut Socket, socket_id: &str, channel: &str) -> Option<()> {
        let mut form = vec![("socket_id", socket_id.to_owned()), ("channel_name", channel.to_owned())];
        if let Some(Stand { position, frames }) = self.stands.get(channel) {
            let count = frames.map_or_else(String::new, |frames| format!(".{frames}"));
            form.push(("resume_after", format!("{position}{count}")));
        }
        let asked = self.person.ask(reqwest::Method::POST, "/api/pusher/auth").form(&form).send().await.ok()?;
        let signed: Value = asked.json().await.ok()?;
        let data = json!({ "channel": channel, "auth": signed["auth"], "channel_data": signed["channel_data"] });
        let wish = json!({ "event": "pusher:subscribe", "data": data });
        socket.send(Message::text(wish.to_string())).await.ok()
    }

    async fn take(&mut self, frame: &Value) -> Option<()> {
        let (event, data) = (frame["event"].as_str().unwrap_or_default(), &frame["data"]);
        let Some(channel) = frame["channel"].as_str() else { return Some(()) };
        told_frames::check(channel, event, data);
        assert_ne!(event, "pusher:subscription_error", "{}: {frame}", self.person.id);
        if event == "kabar:reload" {
            self.reload(channel, &text(&data["position"])).await?;
            self.reloads += 1;
        } else if event == "new-message" {
            self.hear(channel, data);
        }
        self.stand(channel, event, data);
        Some(())
    }

    /// As the snippet does it.
    fn stand(&mut self, channel: &str, event: &str, data: &Value) {
        let Some(position) = data["position"].as_str() else { return };
        let whole = event.starts_with("pusher") || event.starts_with("kabar:");
        let parts = |position: &str| -> (String, u64) {
            let (log, number) = position.split_once('-').expect("a log and a number");
            (log.to_owned(), number.parse().expect("a number"))
        };
        match self.stands.get_mut(channel) {
            Some(last) if last.position == position => {
                last.frames = last.frames.filter(|_| !whole).map(|frames| frames + 1);
            }
            Some(last)
                if parts(&last.position).0 == parts(position).0 && parts(&last.position).1 > parts(position).1 => {}
            Some(_) | None => {
                let stand = Stand { position: position.to_owned(), frames: (!whole).then_some(1) };
                self.stands.insert(channel.to_owned(), stand);
            }
        }
    }

    fn hear(&mut self, channel: &str, data: &Value) {
        let heard = self.heard.entry(channel.to_owned()).or_default();
        // What was loaded may be ahead of what is told after it.
        let loaded = heard.iter().any(|one| one["loaded"] == true && one["seq"] == data["seq"]);
        if !loaded {
            heard.push(data.clone());
        }
    }

    /// Loads a room's whole history in the place of what was heard of it.
    async fn reload(&mut self, channel: &str, position: &str) -> Option<()> {
        let Some(room) = channel.strip_prefix("private-room-") else { return Some(()) };
        let (mut messages, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/api/chat/messages?roomId={room}&limit=100&after={position}{cursor}");
            let page = self.person.request(reqwest::Method::GET, &path, None).await.ok()?;
            if !page.status.is_success() {
                return None;
            }
            let page = page.body;
            let mut older = page["messages"].as_array()?.clone();
            older.iter_mut().for_each(|message| message["loaded"] = json!(true));
            messages.splice(0..0, older);
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        self.heard.insert(channel.to_owned(), messages);
        Some(())
    }
}

/// The next frame with its data read; `None` when the connection is over.
async fn frame(socket: &mut Socket) -> Option<Value> {
    loop {
        let message = tokio::time::timeout(SILENCE, socket.next()).await.ok()??.ok()?;
        if let Message::Text(text) = message {
            let mut frame: Value = serde_json::from_str(&text).expect("JSON");
            if let Some(data) = frame["data"].as_str() {
                frame["data"] = serde_json::from_str(data).expect("JSON in data");
            }
            return Some(frame);
        }
    }
}

/// (id, seq, content) of messages, in their order.
pub fn told(messages: &[Value]) -> Vec<(String, u64, String)> {
    let one = |message: &Value| (text(&message["id"]), number(&message["seq"]), text(&message["content"]));
    messages.iter().map(one).collect()
}
