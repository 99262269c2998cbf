//! Who listens to what, on this node: sockets, channels, and who is connected.
//!
//! One lock over all of it, held for memory work only, never across an await. Deliveries come from one task (the tail)
//! and a few timers, so there is little to win by sharding, and much to lose: that a membership ends and that its
//! frames stop is one step here, and the frames of a channel have one order. A frame is text that all sockets share;
//! handing it to a socket is a push, and all of them are woken afterwards: what is published together is written
//! together. Each file is a part of what may be asked of it; what lies under the lock (`state`) is seen in this room only.
//!
//! May use `protocol`, `frames`, `people`, `replay_buffer` and `webhooks`. Never in here: IO, rendering, a rule.

mod arrivals;
mod buffered;
mod connections;
mod group_listeners;
mod legacy;
mod listed;
mod listeners;
mod memberships;
mod occupancy;
mod outbox;
mod progress;
mod publishing;
mod relaying;
mod roster;
mod showing;
mod signed_in;
mod state;
mod subscriber;
mod subscriptions;
#[cfg(test)]
mod tests;
mod triggering;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use event_log::Position;
use tokio::sync::watch;

use crate::realtime::config::RealtimeConfig;
use crate::realtime::measures::RealtimeMeasures;
use crate::realtime::webhooks::Happenings;
use state::State;

pub(super) use buffered::{Found, Given, Missing};
pub(super) use connections::Connected;
pub(super) use occupancy::SHOWN_EVERY;
pub(super) use outbox::{Next, Outbox};
pub(super) use publishing::{Apart, Except, Interest};
pub(super) use signed_in::{NotSignedIn, SignedIn};
pub(super) use subscriptions::{Attached, Entry, Opened, Proof, Refused};

/// See the module.
pub struct Hub {
    connections_max: usize,
    connections_per_user_max: usize,
    channels_per_connection_max: usize,
    outgoing_frames_max: usize,
    state: Mutex<State>,
    /// Everything up to here is delivered. `None` until the tail has begun.
    delivered: watch::Sender<Option<Position>>,
    connections: watch::Sender<usize>,
    pub measures: Arc<RealtimeMeasures>,
}

impl Hub {
    pub fn new(config: &RealtimeConfig, happenings: Happenings) -> Self {
        Self {
            connections_max: config.connections_max,
            connections_per_user_max: config.connections_per_user_max,
            channels_per_connection_max: config.channels_per_connection_max,
            outgoing_frames_max: config.outgoing_frames_max,
            state: Mutex::new(State::new(config, happenings)),
            delivered: watch::Sender::new(None),
            connections: watch::Sender::new(0),
            measures: Arc::new(RealtimeMeasures::new()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic while it was held would be a bug; the sockets of others go on.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
