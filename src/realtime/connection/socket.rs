//! One client's connection, from its first frame to its close.
//!
//! One task: it reads, writes, and waits for the subscriptions it has under way. Everything it sends is bounded (the
//! outbox) and so is everything it hears (the size of a frame). Never in here: who may listen, what is said.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use aggregates::Timestamp;
use aggregates::ids::UserId;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{SinkExt, StreamExt};
use tokio::time::Instant;

use super::allowance::Allowance;
use super::client_events;
use super::signing_in;
use crate::realtime::frames::Frame;
use crate::realtime::hub::{Attached, Connected, Next, Outbox};
use crate::realtime::inner::Inner;
use crate::realtime::protocol::socket_id::SocketId;
use crate::realtime::protocol::{self, ClientEvent, ClientFrame, CloseCode};
use crate::realtime::receipts::pings::Receipts;
use crate::realtime::subscription::replaying::{self, Replay, Replayed};
use crate::realtime::subscription::subscribing::{self, Answer};

/// Frames written before what was written is flushed.
const WRITE_FRAMES_MAX: usize = 64;
/// Frames of a client heard in a second, and at once: a page that comes back asks for all its channels. What it sends
/// beyond that waits in its own connection.
const HEARD_PER_SECOND_MIN: usize = 100;
/// For the close frame to go out and be answered.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);

/// How a connection ends.
enum End {
    Close(CloseCode, &'static str),
    /// The client has gone.
    Gone,
}

struct Connection {
    ws: WebSocket,
    inner: Arc<Inner>,
    id: SocketId,
    outbox: Arc<Outbox>,
    subscriptions: FuturesUnordered<BoxFuture<'static, Answer>>,
    /// Subscriptions that are given what they missed, a few frames in turn.
    replays: VecDeque<Owing>,
    receipts: Receipts,
    client_events: Allowance,
    heard: Allowance,
    /// Before this nothing more is read: it spoke too fast.
    hears_from: Option<Instant>,
    heard_at: Instant,
    /// Since when a sign of life is waited for.
    pinged_at: Option<Instant>,
}

/// What is written when nothing else waits.
enum Owing {
    Replay(Box<Replay>),
    Frames(Attached, Vec<Utf8Bytes>),
}

/// Forgets the socket however its task ends.
struct Registered<'a> {
    inner: &'a Inner,
    id: SocketId,
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        self.inner.hub.disconnect(self.id);
    }
}

/// Serves one client until it goes or is sent away. `visitor` is whose session it came with.
pub(super) async fn serve(mut ws: WebSocket, inner: Arc<Inner>, visitor: Option<UserId>) {
    // Before the tail has begun, nobody could be told what they will hear.
    let mut progress = inner.hub.progress();
    let begun = async { progress.wait_for(Option::is_some).await.is_ok() };
    if !tokio::time::timeout(inner.config.view_patience, begun).await.unwrap_or(false) {
        return close(&mut ws, CloseCode::OverCapacity, "the server is starting, try again").await;
    }
    let Connected { id, outbox } = match inner.hub.connect() {
        Ok(connected) => connected,
        Err((code, reason)) => return close(&mut ws, code, reason).await,
    };
    let _registered = Registered { inner: &inner, id };
    if visitor.is_some_and(|user| inner.hub.known_by_session(id, user).is_err()) {
        let (code, reason) = subscribing::TOO_MANY_OF_ONE_USER;
        return close(&mut ws, code, reason).await;
    }
    let mut connection = Connection {
        ws,
        inner: inner.clone(),
        id,
        outbox,
        subscriptions: FuturesUnordered::new(),
        replays: VecDeque::new(),
        receipts: Receipts::every(inner.config.receipts.then_some(inner.config.receipt_interval)),
        client_events: Allowance::full(Instant::now()),
        heard: Allowance::full(Instant::now()),
        hears_from: None,
        heard_at: Instant::now(),
        pinged_at: None,
    };
    let end = match connection.run().await {
        Ok(never) => match never {},
        Err(end) => end,
    };
    match end {
        End::Close(code, reason) => close(&mut connection.ws, code, reason).await,
        // Lets the answer to the client's own close out.
        End::Gone => goodbye(&mut connection.ws).await,
    }
}

impl Connection {
    async fn run(&mut self) -> Result<std::convert::Infallible, End> {
        let first = protocol::connection_established(&self.id.to_string(), self.inner.config.activity_timeout);
        self.write([first.into()]).await?;
        let silence = tokio::time::sleep_until(self.silent_at());
        tokio::pin!(silence);
        let outbox = self.outbox.clone();
        loop {
            tokio::select! {
                next = poll_fn(|cx| outbox.poll_next(WRITE_FRAMES_MAX, cx)) => match next {
                    Next::Write(frames) => self.write(frames).await?,
                    Next::Close(code, reason) => return Err(End::Close(code, reason)),
                },
                message = next_message(&mut self.ws, self.hears_from) => match message {
                    Some(Ok(message)) => self.hear(message)?,
                    Some(Err(_)) | None => return Err(End::Gone),
                },
                Some(answer) = self.subscriptions.next(), if !self.subscriptions.is_empty() => self.answer(answer)?,
                () = std::future::ready(()), if !self.replays.is_empty() => self.replay().await?,
                () = &mut silence => {
                    // Set once and looked at when it is over: a busy client moves no timer.
                    if self.silent_at() <= Instant::now() {
                        self.ask_for_life()?;
                    }
                    self.write([]).await?;
                    silence.as_mut().reset(self.silent_at());
                }
            }
            let receipt_at = self.receipts.due_at(Instant::now);
            if let Some(receipt_at) = receipt_at.filter(|at| *at < silence.deadline()) {
                silence.as_mut().reset(receipt_at);
            }
        }
    }

    /// When the client has been silent for too long, as things stand.
    fn silent_at(&self) -> Instant {
        match self.pinged_at {
            Some(pinged_at) => pinged_at + self.inner.config.pong_timeout,
            None => self.heard_at + self.inner.config.activity_timeout,
        }
    }

    fn ask_for_life(&mut self) -> Result<(), End> {
        if self.pinged_at.is_some() {
            return Err(End::Close(CloseCode::PongNotReceived, "no sign of life"));
        }
        self.pinged_at = Some(Instant::now());
        self.outbox.put(protocol::ping());
        Ok(())
    }

    /// Answers go through the outbox like everything else: one order, one limit.
    fn hear(&mut self, message: Message) -> Result<(), End> {
        self.heard_at = Instant::now();
        self.pinged_at = None;
        let per_second = self.pending_max().max(HEARD_PER_SECOND_MIN);
        self.hears_from = self.heard.take_and_wait(u32::try_from(per_second).unwrap_or(u32::MAX), self.heard_at);
        match message {
            Message::Text(text) if text.len() > self.inner.config.message_bytes_max => {
                let max = self.inner.config.message_bytes_max;
                self.outbox.put(protocol::error(&format!("a frame has at most {max} bytes")));
            }
            Message::Text(text) => match ClientFrame::parse(text.as_str()) {
                Ok(frame) => return self.obey(frame),
                Err(malformed) => self.outbox.put(protocol::error(&malformed.to_string())),
            },
            Message::Binary(_) => self.outbox.put(protocol::error("binary frames are not part of the protocol")),
            Message::Pong(payload) => {
                if let Some(position) = self.receipts.answered(&payload) {
                    self.outbox.take_receipt(position);
                }
            }
            Message::Ping(_) => {}
            Message::Close(_) => return Err(End::Gone),
        }
        Ok(())
    }

    fn obey(&mut self, frame: ClientFrame) -> Result<(), End> {
        match frame {
            ClientFrame::Ping => self.outbox.put(protocol::pong()),
            ClientFrame::Pong => {}
            ClientFrame::Subscribe(request) if self.subscriptions.len() >= self.pending_max() => {
                let error = "too many subscriptions are being checked";
                self.outbox.put(protocol::subscription_error(&request.channel, error, 429));
            }
            ClientFrame::Subscribe(request) => match subscribing::begin(&self.inner, self.id, &request) {
                Ok(begun) => self.subscriptions.push(Box::pin(subscribing::finish(self.inner.clone(), begun))),
                Err(answer) => return self.answer(answer),
            },
            ClientFrame::Unsubscribe { channel } => self.inner.hub.unsubscribe(self.id, &channel),
            ClientFrame::ClientEvent(event) => {
                if let Err(reason) = self.relay(&event) {
                    self.outbox.put(client_events::refusal(&reason));
                }
            }
            ClientFrame::SignIn(request) => {
                if let Err(answer) = signing_in::sign_in(&self.inner, self.id, &request) {
                    return self.answer(answer);
                }
            }
            ClientFrame::Unknown { event } => {
                self.outbox.put(protocol::error(&format!("{event} is not an event of the protocol")));
            }
        }
        Ok(())
    }

    fn relay(&mut self, event: &ClientEvent) -> Result<(), String> {
        let per_second = self.inner.config.client_events_per_second;
        if !self.client_events.take(per_second, Instant::now()) {
            return Err(format!("a connection sends at most {per_second} client events a second"));
        }
        client_events::check(event)?;
        match self.inner.hub.relay(self.id, event) {
            true => Ok(()),
            false => Err("subscribe to the channel before sending client events to it".to_owned()),
        }
    }

    /// Unsubscribing frees a place among the channels at once, but not what is being waited for.
    fn pending_max(&self) -> usize {
        self.inner.config.channels_per_connection_max
    }

    fn answer(&mut self, answer: Answer) -> Result<(), End> {
        match answer {
            Answer::Nothing => Ok(()),
            Answer::Say(frame) => {
                self.outbox.put(frame);
                Ok(())
            }
            Answer::Close(code, reason) => Err(End::Close(code, reason)),
            Answer::Replay(replay) => {
                self.replays.push_back(Owing::Replay(replay));
                Ok(())
            }
            Answer::Tell(attached, frames) => {
                self.replays.push_back(Owing::Frames(attached, frames));
                Ok(())
            }
        }
    }

    /// The next frames of the replay whose turn it is. They are written before anything that comes later is taken.
    async fn replay(&mut self) -> Result<(), End> {
        let replay = match self.replays.pop_front() {
            None => return Ok(()),
            Some(Owing::Frames(attached, _)) if !self.inner.hub.is_there(&attached) => return Ok(()),
            Some(Owing::Frames(_, frames)) => return self.write(frames.into_iter().map(Frame::from)).await,
            Some(Owing::Replay(replay)) => replay,
        };
        match replaying::next(&self.inner, replay, WRITE_FRAMES_MAX) {
            Replayed::Frames(frames, replay) => {
                self.replays.push_back(Owing::Replay(replay));
                self.write(frames).await
            }
            Replayed::Open(frames, replay) => {
                if self.subscriptions.is_empty() && self.replays.is_empty() {
                    self.receipts.wrote(replay.reached());
                }
                self.write(frames).await?;
                self.subscriptions.push(Box::pin(replaying::refresh(self.inner.clone(), replay)));
                Ok(())
            }
            Replayed::Overtaken(replay) => {
                self.subscriptions.push(Box::pin(replaying::overtaken(self.inner.clone(), replay)));
                Ok(())
            }
            Replayed::NotAMember(replay) => self.answer(replaying::not_a_member(&replay)),
            Replayed::Gone => Ok(()),
        }
    }

    /// A client that takes nothing is left alone with what it has; it is told when it must go.
    async fn write(&mut self, frames: impl IntoIterator<Item = Frame>) -> Result<(), End> {
        // What is still checked or replayed has frames of earlier positions to come.
        let in_order = self.subscriptions.is_empty() && self.replays.is_empty();
        let (ws, inner, receipts) = (&mut self.ws, &self.inner, &mut self.receipts);
        // Times of the events they tell of.
        let mut recorded: Vec<Timestamp> = Vec::new();
        let writing = async {
            let mut count = 0;
            for Frame { text, recorded_at, position } in frames {
                count += 1;
                recorded.extend(recorded_at);
                if in_order {
                    receipts.wrote(position);
                }
                ws.feed(Message::Text(text)).await?;
            }
            if let Some(payload) = receipts.ask(Instant::now) {
                ws.feed(Message::Ping(payload)).await?;
            }
            ws.flush().await?;
            inner.hub.measures.written(count, &recorded);
            Ok::<_, axum::Error>(())
        };
        tokio::select! {
            biased;
            written = writing => written.map_err(|_| End::Gone),
            (code, reason) = self.outbox.closed() => Err(End::Close(code, reason)),
            // Made only for a client that does not take all of it at once.
            () = async { tokio::time::sleep(self.inner.config.pong_timeout).await } => Err(End::Gone),
        }
    }
}

async fn next_message(ws: &mut WebSocket, from: Option<Instant>) -> Option<Result<Message, axum::Error>> {
    if let Some(from) = from {
        tokio::time::sleep_until(from).await;
    }
    ws.recv().await
}

/// The code says what the client does next; since version 6 there is no `pusher:error` before it.
pub(super) async fn close(ws: &mut WebSocket, code: CloseCode, reason: &'static str) {
    let frame = CloseFrame { code: code.number(), reason: Utf8Bytes::from_static(reason) };
    let said = tokio::time::timeout(CLOSE_PATIENCE, ws.send(Message::Close(Some(frame)))).await;
    if matches!(said, Ok(Ok(()))) {
        goodbye(ws).await;
    }
}

/// Reads to the end, so that the last frame is not lost with the connection.
async fn goodbye(ws: &mut WebSocket) {
    let ended = async { while let Some(Ok(_)) = ws.recv().await {} };
    // Whoever does not answer the close is cut off without.
    let _ = tokio::time::timeout(CLOSE_PATIENCE, ended).await;
}
