//! Realtime: the Pusher protocol, served by Kabar itself, from the tail of the log.
//!
//! `endpoint` and `socket` are the wire, `subscribing` is who may listen, `hub` who does; `tail` with `telling`, `unread`,
//! `reads` and `typing` are what there is to hear. Every node tails the log for its own sockets and keeps no checkpoint. Separate
//! from the reactor because of that: a reactor runs on one node, and the other nodes' sockets would hear nothing.
//! Never in here: a write, a rule; and nothing that a client could not also learn by asking.

mod audience;
pub mod channel_name;
pub mod config;
pub mod endpoint;
mod frame;
mod frames;
mod gathering;
mod hub;
pub mod measures;
mod outbox;
mod pacing;
mod people;
mod presence;
pub mod protocol;
mod reads;
pub mod signature;
mod skips;
mod socket;
pub mod socket_id;
mod subscriber;
mod subscribing;
mod tail;
mod telling;
#[cfg(test)]
pub(crate) mod tests;
mod typing;
mod unread;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aggregates::ids::{CommandId, RoomId, UserId};
use event_log::{EventLogError, Position, PositionToken, SharedLog};
use projections::{Lagging, ReadError, UnitName, Views};
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::directory::Directory;
use channel_name::PusherChannel;
use frame::Cause;
use frames::EventName;
use gathering::Gathering;
use hub::Hub;
use presence::Presences;
use protocol::{CloseCode, EventData};
use reads::{ReadMark, Sizes};
use signature::Signer;
use skips::Skips;
use subscriber::Except;
use typing::Typing;

pub use channel_name::InvalidChannel;
pub use config::{AppCredentials, RealtimeConfig};
pub use endpoint::router;
pub use presence::{Attending, Presence, Said};
pub use socket_id::{InvalidSocketId, SocketId};

/// People whose rooms are read at the same time: a thousand clients that come back together queue here, not in the view.
const ROOMS_READ_AT_ONCE_MAX: usize = 32;
/// How long closing sockets may take beyond the drain.
const GOODBYE: Duration = Duration::from_secs(3);

/// Whether somebody may listen cannot be said now.
#[derive(Debug, thiserror::Error)]
pub enum NotKnown {
    #[error(transparent)]
    Lagging(#[from] Lagging),
    #[error(transparent)]
    View(#[from] ReadError),
    #[error(transparent)]
    Log(#[from] EventLogError),
}

/// A handle; clones share everything.
#[derive(Clone)]
pub struct Realtime(Arc<Inner>);

struct Inner {
    config: RealtimeConfig,
    signer: Signer,
    log: SharedLog,
    views: Views,
    directory: Directory,
    hub: Hub,
    skips: Skips,
    typing: Typing,
    presences: Presences,
    unread: Gathering<UserId, Position>,
    reads: Gathering<(RoomId, UserId), ReadMark>,
    sizes: Sizes,
    room_reads: Semaphore,
    failure: Mutex<Option<String>>,
}

/// What `/api/pusher/auth` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Authorisation {
    /// `key:signature`.
    pub auth: String,
    /// Says who subscribes; pusher-js hands it on as it is.
    pub channel_data: String,
}

/// For `/readyz` and `/metrics`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RealtimeHealth {
    /// Everything up to here was delivered; `None` until the tail has begun.
    pub position: Option<Position>,
    pub connections: usize,
    /// Why the tail stopped or what it is waiting for.
    pub failure: Option<String>,
}

impl Realtime {
    /// Serves nobody until [`Realtime::run`] runs: sockets wait for it.
    pub fn new(
        config: RealtimeConfig,
        log: SharedLog,
        views: Views,
        directory: Directory,
        attending: Attending,
    ) -> Self {
        let sizes = Sizes::up_to(config.rooms_remembered_max);
        Self(Arc::new(Inner {
            signer: Signer::new(&config.app),
            hub: Hub::new(&config),
            presences: Presences::new(&config, attending),
            config,
            log,
            views,
            directory,
            skips: Skips::default(),
            typing: Typing::default(),
            unread: Gathering::new(Position::max),
            reads: Gathering::new(ReadMark::later),
            sizes,
            room_reads: Semaphore::new(ROOMS_READ_AT_ONCE_MAX),
            failure: Mutex::default(),
        }))
    }

    /// Follows the log until `shutdown`, then sends every client away, spread over [`RealtimeConfig::drain`], and
    /// returns when they are gone. Returns early, after the same, when the log holds something that cannot be read.
    pub async fn run(&self, shutdown: CancellationToken) -> Result<(), EventLogError> {
        // The tail and the timers go on while sockets are being closed.
        let stop = CancellationToken::new();
        let mut timers = JoinSet::new();
        timers.spawn(unread::run(self.0.clone(), stop.clone()));
        timers.spawn(reads::run(self.0.clone(), stop.clone()));
        timers.spawn(typing::run(self.0.clone(), stop.clone()));
        timers.spawn(presence::run(self.0.clone(), stop.clone()));
        let tail = tail::run(&self.0, &stop);
        tokio::pin!(tail);
        let followed = tokio::select! {
            followed = &mut tail => Some(followed),
            () = shutdown.cancelled() => None,
        };
        let followed = match followed {
            Some(followed) => {
                self.0.send_everybody_away().await;
                stop.cancel();
                followed
            }
            None => {
                let drained = async {
                    self.0.send_everybody_away().await;
                    stop.cancel();
                };
                let (followed, ()) = tokio::join!(tail, drained);
                followed
            }
        };
        while timers.join_next().await.is_some() {}
        followed
    }

    /// `user`, a member of `room`, types or has stopped (requirements R4). `except` is the socket it was typed at; the
    /// typer's other sockets hear nothing of it either.
    pub async fn typing(&self, room: RoomId, user: &UserId, is_typing: bool, except: Option<SocketId>) {
        typing::heard(&self.0, room, user, is_typing, except).await;
    }

    /// Who types in a room right now, as far as this node knows.
    pub fn typing_users(&self, room: RoomId) -> Vec<UserId> {
        self.0.typing.users(room, Instant::now())
    }

    /// The frames of this command pass this socket by. To be said before the command is carried out.
    pub fn skip_socket(&self, command: CommandId, socket: SocketId) {
        self.0.skips.remember(command, socket, Instant::now());
    }

    /// Whether the endpoint may sign `channel` for `user`: their own channel and the rooms they are in. Everything else
    /// is for the application's own server to sign.
    ///
    /// A membership that is not seen yet is looked for again when the view has the log's present head (at most
    /// [`RealtimeConfig::view_patience`]); not knowing is not a no, which clients would take as final.
    pub async fn may_subscribe(&self, user: &UserId, channel: &PusherChannel) -> Result<bool, NotKnown> {
        match channel {
            PusherChannel::User(id) => Ok(id == user),
            PusherChannel::Room(room) => self.is_member(*room, user).await,
            PusherChannel::Private(_) | PusherChannel::Public(_) => Ok(false),
        }
    }

    async fn is_member(&self, room: RoomId, user: &UserId) -> Result<bool, NotKnown> {
        let Inner { log, views, config, .. } = &*self.0;
        if views.inbox().member(room, user).await?.is_some() {
            return Ok(true);
        }
        views.wait_for(UnitName::Inbox, log.head().await?, config.view_patience).await?;
        Ok(views.inbox().member(room, user).await?.is_some())
    }

    /// Signs `channel` for `user` at `socket`. Only after [`Realtime::may_subscribe`].
    pub fn authorise(&self, user: &UserId, socket: SocketId, channel: &PusherChannel) -> Authorisation {
        let channel_data = serde_json::json!({ "user_id": user }).to_string();
        let auth = self.0.signer.channel(&socket.to_string(), &channel.name(), Some(&channel_data));
        Authorisation { auth, channel_data }
    }

    /// The most frames that waited for one socket since this was last asked.
    pub fn take_outgoing_max(&self) -> usize {
        self.0.hub.measures.take_outgoing_max()
    }

    pub fn health(&self) -> RealtimeHealth {
        RealtimeHealth {
            position: *self.0.hub.progress().borrow(),
            connections: *self.0.hub.connections().borrow(),
            failure: self.0.failure.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}

impl Inner {
    fn token(&self, position: Position) -> String {
        PositionToken { log: self.log.id(), position }.to_string()
    }

    fn fail(&self, failure: Option<String>) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
    }

    /// Encodes once, whatever the number of sockets, under the event's name and the one of older clients.
    fn announce(
        &self,
        channel: &str,
        event: EventName,
        data: &impl Serialize,
        cause: Option<Cause>,
        except: Except<'_>,
    ) {
        let Some(data) = encode(event, data) else { return };
        tracing::debug!(frame = event.name, channel, "a frame goes out");
        for name in self.names(event) {
            self.hub.publish(channel, &data.frame(name, channel), cause, except);
        }
    }

    fn names(&self, event: EventName) -> impl Iterator<Item = &'static str> + use<> {
        let legacy = event.legacy.filter(|_| self.config.legacy_event_names);
        std::iter::once(event.name).chain(legacy)
    }

    /// Clients come back at once and all together, so they are sent away one after the other.
    async fn send_everybody_away(&self) {
        const TICK: Duration = Duration::from_millis(50);
        let outboxes = self.hub.drain();
        let ticks = (self.config.drain.as_millis() / TICK.as_millis()).max(1);
        let at_once = outboxes.len().div_ceil(usize::try_from(ticks).unwrap_or(usize::MAX)).max(1);
        for some in outboxes.chunks(at_once) {
            for outbox in some {
                outbox.close(CloseCode::Reconnect, "the server is stopping");
            }
            tokio::time::sleep(TICK).await;
        }
        let mut connections = self.hub.connections();
        if tokio::time::timeout(GOODBYE, connections.wait_for(|count| *count == 0)).await.is_err() {
            tracing::warn!(connections = *connections.borrow(), "sockets did not close in time");
        }
    }
}

fn encode(event: EventName, data: &impl Serialize) -> Option<EventData> {
    match EventData::of(data) {
        Ok(data) => Some(data),
        Err(error) => {
            tracing::error!(event = event.name, %error, "a frame cannot be encoded");
            None
        }
    }
}
