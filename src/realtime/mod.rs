//! Realtime: the Pusher protocol, served by Kabar itself, from the tail of the log.
//!
//! `endpoint` and `socket` are the wire, `subscribing` is who may listen, `hub` who does; `tail` with `telling`, `unread`,
//! `reads` and `typing` are what there is to hear. Every node tails the log for its own sockets and keeps no checkpoint. Separate
//! from the reactor because of that: a reactor runs on one node, and the other nodes' sockets would hear nothing.
//! Never in here: a write, a rule; and nothing that a client could not also learn by asking.

mod admission;
mod api;
mod arrivals;
mod arrived;
pub mod asyncapi;
mod audience;
mod changes;
pub mod channel_name;
mod claims;
mod client_events;
pub mod config;
pub mod discretion;
pub mod endpoint;
mod frame;
mod frames;
mod gathering;
mod group_listeners;
mod hub;
mod joined;
mod last_events;
mod legacy;
pub mod measures;
mod mutes;
mod occupancy;
mod online;
mod outbox;
mod pacing;
mod people;
mod presence;
pub mod protocol;
mod reads;
mod receipts;
mod replaying;
pub mod resume_point;
mod roster;
mod showing;
pub mod signature;
mod signing_in;
mod skips;
mod socket;
pub mod socket_id;
mod subscriber;
mod subscribing;
mod syncing;
mod tail;
mod telling;
#[cfg(test)]
pub(crate) mod tests;
mod tombstones;
mod triggering;
mod typing;
mod unread;
pub mod webhooks;
mod window;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aggregates::ids::{CommandId, GroupId, RoomId, UserId};
use event_log::{CacheSize, EventLogError, Position, PositionToken, SharedLog};
use projections::{Lagging, ReadError, UnitName, Views};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::directory::Directory;
use crate::wire::user::UserCard;
use arrived::Arrivals;
use channel_name::{PusherChannel, Subject, is_encrypted, is_presence};
use frame::Cause;
use frames::EventName;
use gathering::Gathering;
use hub::Hub;
use presence::Presences;
use protocol::{CloseCode, EventData};
use reads::{ReadMark, Sizes};
use resume_point::ResumePoint;
use signature::Signer;
use skips::Skips;
use subscriber::Except;
use typing::Typing;
use webhooks::{Happenings, Heard};

pub use api::router as api_router;
pub use arrived::Arrived;
pub use channel_name::InvalidChannel;
pub use config::{AppCredentials, MasterKey, RealtimeConfig};
pub use endpoint::{Visitors, router};
pub use presence::{Attending, Presence, Said};
pub use socket_id::{InvalidSocketId, SocketId};
pub use syncing::{Changes, Synced, SyncedEvent};

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
    #[error("realtime is behind the log")]
    Behind,
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
    arrivals: Arrivals,
    /// For the task that sends webhooks, until it takes them.
    happenings: Mutex<Option<Heard>>,
    failure: Mutex<Option<String>>,
}

/// What `/api/pusher/auth` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Authorisation {
    /// `key:signature`.
    pub auth: String,
    /// Says who subscribes; pusher-js hands it on as it is.
    pub channel_data: String,
    /// Of encrypted channels, where their key is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared_secret: Option<String>,
}

/// What `/api/pusher/user-auth` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UserAuthorisation {
    /// `key:signature`.
    pub auth: String,
    /// pusher-js hands it on as it is.
    pub user_data: String,
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
        let (happenings, waiting) = Happenings::to(&config.webhooks);
        Self(Arc::new(Inner {
            signer: Signer::new(&config.app),
            hub: Hub::new(&config, happenings),
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
            arrivals: Arrivals::default(),
            happenings: Mutex::new(waiting),
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
        timers.spawn(arrived::run(self.0.clone(), stop.clone()));
        timers.spawn(show_counts(self.0.clone(), stop.clone()));
        let happenings = self.0.happenings.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(happenings) = happenings {
            timers.spawn(webhooks::run(self.0.clone(), happenings, stop.clone()));
        }
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

    /// Whether the endpoint may sign `channel` for `user`: their own channels, those of the rooms they are in and of the
    /// groups that these belong to. Everything else is for the application's own server to sign.
    ///
    /// A membership that is not seen yet is looked for again when the view has the log's present head (at most
    /// [`RealtimeConfig::view_patience`]); not knowing is not a no, which clients would take as final.
    pub async fn may_subscribe(&self, user: &UserId, channel: &PusherChannel) -> Result<bool, NotKnown> {
        if !channel.is_signed() {
            return Ok(false);
        }
        match channel.subject() {
            Subject::User(id) => Ok(id == user),
            Subject::MembersOf(room) => self.is_member(room, user).await,
            Subject::Group(group) => self.is_in_group(group, user).await,
            Subject::SignedIn(_) | Subject::Application | Subject::Everybody => Ok(false),
        }
    }

    async fn is_in_group(&self, group: &GroupId, user: &UserId) -> Result<bool, NotKnown> {
        let Inner { log, views, config, .. } = &*self.0;
        if !views.inbox().memberships_in(user, group).await?.is_empty() {
            return Ok(true);
        }
        views.wait_for(UnitName::Inbox, log.head().await?, config.view_patience).await?;
        Ok(!views.inbox().memberships_in(user, group).await?.is_empty())
    }

    async fn is_member(&self, room: RoomId, user: &UserId) -> Result<bool, NotKnown> {
        let Inner { log, views, config, .. } = &*self.0;
        if views.inbox().member(room, user).await?.is_some() {
            return Ok(true);
        }
        views.wait_for(UnitName::Inbox, log.head().await?, config.view_patience).await?;
        Ok(views.inbox().member(room, user).await?.is_some())
    }

    /// Signs `channel` for `user` at `socket`. Only after [`Realtime::may_subscribe`]. `card` is what the others on a
    /// presence channel see of them, `resume` up to where they have heard it, so that they are given what they missed.
    pub fn authorise(
        &self,
        user: &UserId,
        socket: SocketId,
        channel: &PusherChannel,
        (card, resume): (Option<&UserCard>, Option<ResumePoint>),
    ) -> Authorisation {
        let name = channel.name();
        let mut data = serde_json::json!({ "user_id": user });
        if let Some(resume) = resume {
            data["resume_after"] = resume.to_string().into();
        }
        if let Some(card) = card.filter(|_| is_presence(&name)) {
            data["user_info"] = user_info(card);
        }
        let channel_data = data.to_string();
        let auth = self.0.signer.channel(&socket.to_string(), &name, Some(&channel_data));
        let key = self.0.config.encryption_master_key.as_ref().filter(|_| is_encrypted(&name));
        Authorisation { auth, channel_data, shared_secret: key.map(|key| key.shared_secret(&name)) }
    }

    /// Signs `user` in at `socket`.
    pub fn authorise_user(&self, user: &UserId, socket: SocketId, card: &UserCard) -> UserAuthorisation {
        let user_data = serde_json::json!({ "id": user, "user_info": user_info(card) }).to_string();
        let auth = self.0.signer.user(&socket.to_string(), &user_data);
        UserAuthorisation { auth, user_data }
    }

    /// Everything that was told on `user`'s own channel up to this position has arrived at one of their sockets on this
    /// node; nothing is said of other nodes. `None` where no socket has shown any of it, or with
    /// [`RealtimeConfig::receipts`] switched off.
    pub fn received_up_to(&self, user: &UserId) -> Option<Position> {
        self.0.hub.received_up_to(user)
    }

    /// What has arrived in direct rooms, for whoever notes it. `None` when somebody does already.
    pub fn arrivals(&self) -> Option<Receiver<Arrived>> {
        self.0.arrivals.take_handed_on()
    }

    /// What is kept for clients that were away. For operators.
    pub fn window_size(&self) -> CacheSize {
        self.0.hub.window_size()
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

    /// Whether a frame on `channel` is wanted: to be kept for whoever is away, or because somebody listens.
    fn wants(&self, channel: &str) -> bool {
        self.config.keeps_window() || self.hub.has_listeners(channel)
    }

    fn fail(&self, failure: Option<String>) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
    }

    /// Encodes once, whatever the number of sockets, under the event's name and the one of older clients. A `wake` of the
    /// hub has to follow.
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
        let legacy = self.hub.legacy_listeners(channel);
        for name in self.names(event) {
            self.hub.publish(channel, &data.frame(name, channel), cause, except);
            if let Some(legacy) = &legacy {
                // Bare names are not signed, so nobody says on them where they stand: nothing is kept for them.
                let cause = cause.map(|cause| Cause { is_told_at_once: false, ..cause });
                self.hub.publish(legacy, &data.frame(name, legacy), cause, except);
            }
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

async fn show_counts(inner: Arc<Inner>, stop: CancellationToken) {
    while tokio::time::timeout(occupancy::SHOWN_EVERY, stop.cancelled()).await.is_err() {
        inner.hub.show_counts();
    }
}

/// What others see of somebody, within what the protocol has room for: of a picture kept in its own address nothing.
fn user_info(card: &UserCard) -> serde_json::Value {
    let info = serde_json::json!({ "name": card.name, "username": card.username, "avatar": card.avatar });
    let fits = |info: &serde_json::Value| info.to_string().len() <= claims::USER_INFO_BYTES_MAX;
    if fits(&info) {
        return info;
    }
    let short = serde_json::json!({ "name": card.name, "username": card.username });
    if fits(&short) { short } else { serde_json::json!({}) }
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
