//! What the rooms of realtime share on one node: the log, the views, the hub, and of each room what it remembers.
//!
//! It owns what those rooms remember, so it names their types; what they do is theirs. A room takes from here its own
//! memory and that of the rooms below it. Never in here: a task, a rule.

use std::sync::{Mutex, PoisonError};

use aggregates::ids::{RoomId, UserId};
use event_log::{Position, PositionToken, SharedLog};
use projections::Views;
use serde::Serialize;
use tokio::sync::Semaphore;

use super::config::RealtimeConfig;
use super::frames::{Cause, EventName, encode};
use super::hub::{Except, Hub};
use super::presence::Presences;
use super::presence::typing::Typing;
use super::protocol::signature::Signer;
use super::receipts::arrived::Arrivals;
use super::replay_buffer::read_mark::ReadMark;
use super::tail::skips::Skips;
use super::throttled::gathering::Gathering;
use super::throttled::reads::Sizes;
use super::webhooks::Heard;
use crate::directory::Directory;

/// The views do not answer; the client may come back.
pub(super) struct NotReady;

pub(super) struct Inner {
    pub(super) config: RealtimeConfig,
    pub(super) signer: Signer,
    pub(super) log: SharedLog,
    pub(super) views: Views,
    pub(super) directory: Directory,
    pub(super) hub: Hub,
    pub(super) skips: Skips,
    pub(super) typing: Typing,
    pub(super) presences: Presences,
    pub(super) unread: Gathering<UserId, Position>,
    pub(super) reads: Gathering<(RoomId, UserId), ReadMark>,
    pub(super) sizes: Sizes,
    pub(super) room_reads: Semaphore,
    pub(super) arrivals: Arrivals,
    /// For the task that sends webhooks, until it takes them.
    pub(super) happenings: Mutex<Option<Heard>>,
    pub(super) failure: Mutex<Option<String>>,
}

impl Inner {
    pub(super) fn token(&self, position: Position) -> String {
        PositionToken { log: self.log.id(), position }.to_string()
    }

    /// Whether a frame on `channel` is wanted: to be kept for whoever is away, or because somebody listens.
    pub(super) fn wants(&self, channel: &str) -> bool {
        self.config.keeps_window() || self.hub.has_listeners(channel)
    }

    pub(super) fn fail(&self, failure: Option<String>) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
    }

    /// Encodes once, whatever the number of sockets, under the event's name and the one of older clients. A `wake` of the
    /// hub has to follow.
    pub(super) fn announce(
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

    pub(super) fn names(&self, event: EventName) -> impl Iterator<Item = &'static str> + use<> {
        let legacy = event.legacy.filter(|_| self.config.legacy_event_names);
        std::iter::once(event.name).chain(legacy)
    }

    /// Waits until this node's tail has delivered everything up to `position`.
    pub(super) async fn delivered(&self, position: Position) -> Result<(), NotReady> {
        let mut progress = self.hub.progress();
        let there = progress.wait_for(|delivered| delivered.is_some_and(|delivered| delivered >= position)).await;
        there.map(|_| ()).map_err(|_| NotReady)
    }
}
