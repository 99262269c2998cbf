//! When a state is worth keeping, and the task that keeps it.
//!
//! A kept state is a cache and nothing more: nothing waits for it, what does not fit into the queue is dropped, what cannot
//! be written is left out. Apart from the door's own task, so that no command pays for it. Never in here: SQL, or reading
//! what was kept (`loading`).

use std::collections::BTreeMap;
use std::time::Duration;

use aggregates::room::RoomEvent;
use aggregates::{AggregateKind, DomainEvent, State, StreamId, snapshot};
use metrics::{Counter, counter};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::measures;
use crate::port::{EventLogError, SharedLog, Snapshot};

/// Fewer events than this are read faster than a state is worth keeping, unless the door is told otherwise.
pub(crate) const SNAPSHOT_EVENTS_MIN: u64 = 200;
/// States that wait to be kept; further ones are dropped, and offered again with the stream's next event.
const QUEUE_STATES_MAX: usize = 256;
/// Between two writings: on a busy log one commit a second, not one per stream.
const GATHER: Duration = Duration::from_secs(1);
/// States written in one commit weigh about this.
const WRITE_BYTES: usize = 4 * 1024 * 1024;
/// A state that weighs more is turned into JSON on a thread of its own, where nobody waits for it.
const IN_PLACE_BYTES_MAX: usize = 64 * 1024;

/// What has happened in a stream since its state was kept.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Since {
    events: u64,
    bytes: usize,
}

impl Since {
    pub fn count(&mut self, event: &DomainEvent) {
        self.events += 1;
        self.bytes += weight(event);
    }

    /// The rule: enough of them, and more to read than the state itself. So a room of a hundred thousand is written once
    /// in many thousand messages, and what is written for states stays below what is written for events.
    fn outweighs(&self, state: &State, events_min: u64) -> bool {
        self.events >= events_min && self.bytes > state.weight_bytes()
    }
}

/// About how many bytes an event is in the log.
pub(crate) fn weight(event: &DomainEvent) -> usize {
    const SMALL: usize = 512;
    const MEMBER: usize = 64;
    let DomainEvent::Room(event) = event else { return 2 * SMALL };
    match event {
        RoomEvent::MessageSent(sent) => SMALL + sent.content.reveal().len(),
        RoomEvent::MessageEdited(edited) => SMALL + edited.content.reveal().len(),
        RoomEvent::RoomOpened(opened) => SMALL + opened.members.len() * MEMBER,
        RoomEvent::MembersAdded(added) => SMALL + added.members.len() * MEMBER,
        RoomEvent::MemberRemoved(_)
        | RoomEvent::MemberRoleChanged(_)
        | RoomEvent::RoomRenamed(_)
        | RoomEvent::RoomAvatarChanged(_)
        | RoomEvent::JoinPolicyChanged(_)
        | RoomEvent::SlowModeChanged(_)
        | RoomEvent::RoomClosed(_)
        | RoomEvent::RoomReopened(_)
        | RoomEvent::MessageDeleted(_)
        | RoomEvent::ReactionAdded(_)
        | RoomEvent::ReactionRemoved(_)
        | RoomEvent::MessagePinned(_)
        | RoomEvent::MessageUnpinned(_) => SMALL,
    }
}

struct Offer {
    stream: StreamId,
    state: State,
    version: u64,
}

/// Where states are offered to be kept. The task behind it ends with it.
pub(crate) struct Keeper {
    offers: mpsc::Sender<Offer>,
    dropped: Counter,
    events_min: u64,
}

impl Keeper {
    pub fn over(log: SharedLog, events_min: u64) -> Self {
        let (offers, offered) = mpsc::channel(QUEUE_STATES_MAX);
        tokio::spawn(keep(log, offered));
        Self { offers, dropped: counter!(measures::SNAPSHOTS_DROPPED), events_min }
    }

    /// Offers a durable state if it is worth it, which begins the count anew. Never waits.
    pub fn offer(&self, stream: &StreamId, state: &State, version: u64, since: &mut Since) {
        if stream.kind == AggregateKind::User || !since.outweighs(state, self.events_min) {
            return;
        }
        match self.offers.try_send(Offer { stream: stream.clone(), state: state.clone(), version }) {
            Ok(()) => *since = Since::default(),
            Err(_) => self.dropped.increment(1),
        }
    }
}

async fn keep(log: SharedLog, mut offered: mpsc::Receiver<Offer>) {
    if let Err(error) = log.prune_snapshots(snapshot::FORMAT).await {
        tracing::warn!(%error, "kept states that nobody can use were not deleted");
    }
    let (taken, dropped) = (counter!(measures::SNAPSHOTS_TAKEN), counter!(measures::SNAPSHOTS_DROPPED));
    // In the order of ids, not of a hash: one seed of the simulation is one history.
    let mut waiting: BTreeMap<StreamId, Offer> = BTreeMap::new();
    loop {
        if waiting.is_empty() {
            let Some(offer) = offered.recv().await else { return };
            waiting.insert(offer.stream.clone(), offer);
        }
        for (count, written) in write(&log, std::mem::take(&mut waiting).into_values()).await {
            match written {
                Ok(()) => taken.increment(count),
                Err(EventLogError::Closed) => return,
                Err(error) => {
                    dropped.increment(count);
                    tracing::warn!(%error, "states were not kept");
                }
            }
        }
        let until = Instant::now() + GATHER;
        // Of a stream the newest, and no more streams than the queue has places.
        while waiting.len() < QUEUE_STATES_MAX {
            match tokio::time::timeout_at(until, offered.recv()).await {
                Ok(Some(offer)) => drop(waiting.insert(offer.stream.clone(), offer)),
                Ok(None) | Err(_) => break,
            }
        }
    }
}

/// What became of each commit, and how many states were in it.
async fn write(log: &SharedLog, offers: impl Iterator<Item = Offer>) -> Vec<(u64, Result<(), EventLogError>)> {
    let mut outcomes = Vec::new();
    let mut page = Vec::new();
    let mut bytes = 0;
    let mut offers = offers.peekable();
    while let Some(Offer { stream, state, version }) = offers.next() {
        // A large room is some megabytes of JSON.
        let kept = if state.weight_bytes() <= IN_PLACE_BYTES_MAX {
            state.to_kept()
        } else {
            tokio::task::spawn_blocking(move || state.to_kept()).await.ok().flatten()
        };
        if let Some(Ok(kept)) = kept {
            bytes += kept.len();
            page.push(Snapshot { stream, sequence: version, format: snapshot::FORMAT, state: kept });
        }
        if !page.is_empty() && (bytes >= WRITE_BYTES || offers.peek().is_none()) {
            outcomes.push((page.len() as u64, log.save_snapshots(&page).await));
            page.clear();
            bytes = 0;
        }
    }
    outcomes
}
