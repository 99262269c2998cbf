//! Realtime: the Pusher protocol, served by Kabar itself, from the tail of the log.
//!
//! Every node tails the log for its own sockets and keeps no checkpoint. Separate from the reactor because of that: a reactor
//! runs on one node, and the other nodes' sockets would hear nothing. Never in here: a write, a rule; and nothing that a
//! client could not also learn by asking.
//!
//! A frame's way: `tail` follows the log and renders it into `frames`, `hub` gives them to whoever is subscribed and keeps
//! them in the `replay_buffer`, `connection` writes them. A client's way: `connection` reads what it says in `protocol`,
//! `subscription` finds out whether it may listen and gives it what it missed, `hub` remembers that it does.
//!
//! From the ground up; each room may use those said before it, and none behind (`tests/tidy/realtime_rooms.rs` holds them to that):
//!
//! ```text
//! protocol        pure: the Pusher protocol
//! frames          pure: what Kabar says on its own channels
//! webhooks        what happens on channels, told to the application's servers
//! people          pure: who is connected, their rooms, who must not notice whom
//! replay_buffer   pure: what is kept for clients that were away
//! hub             all of it of one node, under one lock
//! inner           what the rooms behind it share: the log, the views, the hub, and what each of them remembers
//! throttled       unread counts, read positions: told once in a while
//! presence        who is here, who types
//! receipts        what clients have received
//! tail            events of the log become frames
//! subscription    may they listen, and what did they miss
//! connection      one client's WebSocket
//! requests, api   what our own routes ask, what the application's servers ask over HTTP
//! ```
//!
//! `config` and `measures` are everybody's. `inner` owns what the rooms behind it remember (`Typing`, `Presences` ..): those
//! types know nothing of `inner`, only the tasks and answers beside them do. Here the rooms are put together.

mod api;
pub mod config;
mod connection;
mod frames;
mod hub;
mod inner;
pub mod measures;
mod people;
mod presence;
mod protocol;
mod receipts;
mod replay_buffer;
mod requests;
mod subscription;
mod tail;
#[cfg(test)]
pub(crate) mod tests;
mod throttled;
pub mod webhooks;

use std::sync::{Arc, Mutex, PoisonError};

use event_log::{CacheSize, EventLogError, Position, SharedLog};
use projections::Views;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::directory::Directory;
use connection::draining::send_everybody_away;
use hub::Hub;
use inner::Inner;
use presence::Presences;
use presence::typing::Typing;
use receipts::arrived::Arrivals;
use replay_buffer::read_mark::ReadMark;
use tail::skips::Skips;
use throttled::gathering::Gathering;
use throttled::reads::Sizes;
use webhooks::Happenings;

pub use api::router as api_router;
pub use config::RealtimeConfig;
pub use connection::endpoint::{Visitors, router};
pub use frames::asyncapi;
pub use people::discretion::is_of_two;
pub use presence::{Attending, Presence, Said};
pub use protocol::channel_name::PusherChannel;
pub use protocol::credentials::{AppCredentials, MasterKey};
pub use protocol::resume_point::ResumePoint;
pub use protocol::signature::Signer;
pub use protocol::socket_id::{InvalidSocketId, SocketId};
pub use receipts::arrived::Arrived;
pub use requests::{Authorisation, Changes, NotKnown, Synced, SyncedEvent, UserAuthorisation};

/// People whose rooms are read at the same time: a thousand clients that come back together queue here, not in the view.
const ROOMS_READ_AT_ONCE_MAX: usize = 32;

/// A handle; clones share everything.
#[derive(Clone)]
pub struct Realtime(Arc<Inner>);

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
        timers.spawn(throttled::unread::run(self.0.clone(), stop.clone()));
        timers.spawn(throttled::reads::run(self.0.clone(), stop.clone()));
        timers.spawn(presence::typing::run(self.0.clone(), stop.clone()));
        timers.spawn(presence::run(self.0.clone(), stop.clone()));
        timers.spawn(receipts::arrived::run(self.0.clone(), stop.clone()));
        timers.spawn(throttled::subscription_counts::run(self.0.clone(), stop.clone()));
        let happenings = self.0.happenings.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(happenings) = happenings {
            let (told, signer) = (self.0.config.webhooks.clone(), self.0.signer.clone());
            timers.spawn(webhooks::run(told, signer, happenings, stop.clone()));
        }
        let tail = tail::run(&self.0, &stop);
        tokio::pin!(tail);
        let followed = tokio::select! {
            followed = &mut tail => Some(followed),
            () = shutdown.cancelled() => None,
        };
        let followed = match followed {
            Some(followed) => {
                send_everybody_away(&self.0).await;
                stop.cancel();
                followed
            }
            None => {
                let drained = async {
                    send_everybody_away(&self.0).await;
                    stop.cancel();
                };
                let (followed, ()) = tokio::join!(tail, drained);
                followed
            }
        };
        while timers.join_next().await.is_some() {}
        followed
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
