//! The states of streams as far as the door knows them.
//!
//! `durable` is what the log holds up to the door's head; `working` is that plus the batch being gathered. They are
//! kept apart so that a failed append costs nothing but `working`: what was never made durable leaves no trace.

use std::collections::{HashMap, HashSet, VecDeque};

use aggregates::{State, StreamId};

use super::job::Job;
use crate::loading::Loaded;
use crate::port::Foreign;
use crate::recorded::RecordedEvent;
use crate::snapshots::{Keeper, Since};

#[allow(clippy::large_enum_variant, reason = "nearly all of them are ready: a box would be one more jump for each")]
pub(super) enum Slot {
    /// Being read from the log; these commands wait for it.
    Loading {
        waiting: Vec<Job>,
        /// Others wrote to it since the reading began: what comes back is not the end.
        stale: bool,
    },
    Ready(Cached),
}

impl Slot {
    fn waiting(&self) -> &[Job] {
        match self {
            Self::Loading { waiting, .. } => waiting,
            Self::Ready(_) => &[],
        }
    }
}

pub(super) struct Cached {
    pub durable: State,
    /// Sequence of the last durable event.
    pub version: u64,
    /// Up to there, since the state was last kept.
    pub since: Since,
    pub working: Option<Working>,
    /// The group of the batch being gathered whose commands are addressed to this stream.
    pub group: Option<u32>,
    /// The batch it was last used in.
    pub used: u64,
}

/// The state after the events of the batch being gathered.
pub(super) struct Working {
    pub state: State,
    pub version: u64,
    pub since: Since,
    /// The group of commands those events belong to, see [`super::decide`].
    pub group: u32,
}

impl Cached {
    /// What a decision made now rests on.
    pub fn present(&self) -> &State {
        self.working.as_ref().map_or(&self.durable, |working| &working.state)
    }

    pub fn present_version(&self) -> u64 {
        self.working.as_ref().map_or(self.version, |working| working.version)
    }
}

pub(super) struct Cache {
    slots: HashMap<StreamId, Slot>,
    limit: usize,
    batch: u64,
    keeper: Keeper,
}

impl Cache {
    pub fn new(limit: usize, keeper: Keeper) -> Self {
        Self { slots: HashMap::new(), limit, batch: 0, keeper }
    }

    pub fn len(&self) -> usize {
        self.slots.len()
    }

    pub fn get(&self, stream: &StreamId) -> Option<&Cached> {
        match self.slots.get(stream) {
            Some(Slot::Ready(cached)) => Some(cached),
            Some(Slot::Loading { .. }) | None => None,
        }
    }

    pub fn get_mut(&mut self, stream: &StreamId) -> Option<&mut Cached> {
        let batch = self.batch;
        match self.slots.get_mut(stream) {
            Some(Slot::Ready(cached)) => {
                cached.used = batch;
                Some(cached)
            }
            Some(Slot::Loading { .. }) | None => None,
        }
    }

    /// Lets a command wait for a stream. `true`: nobody is reading it yet, the caller must.
    pub fn wait(&mut self, stream: &StreamId, job: Job) -> bool {
        if let Some(Slot::Loading { waiting, .. }) = self.slots.get_mut(stream) {
            waiting.push(job);
            return false;
        }
        let slot = Slot::Loading { waiting: vec![job], stale: false };
        self.slots.insert(stream.clone(), slot);
        true
    }

    /// Takes what was read. Gives back the commands that waited; or what was read, to go on from there, when others wrote
    /// meanwhile.
    #[allow(clippy::result_large_err, reason = "no error: a state that is not there yet")]
    pub fn loaded(&mut self, stream: &StreamId, loaded: Loaded) -> Result<Vec<Job>, Loaded> {
        let Some(Slot::Loading { waiting, stale }) = self.slots.get_mut(stream) else { return Ok(Vec::new()) };
        if *stale {
            *stale = false;
            return Err(loaded);
        }
        let waiting = std::mem::take(waiting);
        let Loaded { state: durable, version, mut since } = loaded;
        // Read just now, and long: nobody needs to read all of that again.
        self.keeper.offer(stream, &durable, version, &mut since);
        let cached = Cached { durable, version, since, working: None, group: None, used: self.batch };
        self.slots.insert(stream.clone(), Slot::Ready(cached));
        Ok(waiting)
    }

    /// A stream could not be read: it is forgotten, its commands come back.
    pub fn load_failed(&mut self, stream: &StreamId) -> Vec<Job> {
        match self.slots.remove(stream) {
            Some(Slot::Loading { waiting, .. }) => waiting,
            Some(ready @ Slot::Ready(_)) => {
                self.slots.insert(stream.clone(), ready);
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    /// Takes what others wrote, in order. A state it does not follow on is forgotten and read anew when needed.
    pub fn foreign(&mut self, tail: &Foreign) {
        self.foreign_events(&tail.events);
        // Nobody can say what the stream is now: whoever needs it asks the log, and is told so.
        tail.unreadable.iter().filter_map(|event| event.stream.as_ref()).for_each(|stream| self.doubt(stream));
    }

    pub fn foreign_events<'a>(&mut self, events: impl IntoIterator<Item = &'a RecordedEvent>) {
        for recorded in events {
            match self.slots.get_mut(&recorded.stream) {
                Some(Slot::Loading { stale, .. }) => *stale = true,
                Some(Slot::Ready(cached)) if recorded.sequence == cached.version + 1 => {
                    cached.durable.evolve(&recorded.event);
                    cached.version = recorded.sequence;
                    cached.since.count(&recorded.event);
                    self.keeper.offer(&recorded.stream, &cached.durable, cached.version, &mut cached.since);
                }
                Some(Slot::Ready(cached)) if recorded.sequence > cached.version => {
                    self.slots.remove(&recorded.stream);
                }
                Some(Slot::Ready(_)) | None => {}
            }
        }
    }

    fn doubt(&mut self, stream: &StreamId) {
        match self.slots.get_mut(stream) {
            Some(Slot::Loading { stale, .. }) => *stale = true,
            Some(Slot::Ready(_)) => drop(self.slots.remove(stream)),
            None => {}
        }
    }

    /// What others wrote cannot be read: every state may be behind.
    pub fn doubt_all(&mut self) {
        self.slots.retain(|_, slot| match slot {
            Slot::Loading { stale, .. } => {
                *stale = true;
                true
            }
            Slot::Ready(_) => false,
        });
    }

    /// The batch is durable: what was working is now durable.
    pub fn commit(&mut self, stream: &StreamId) {
        if let Some(Slot::Ready(cached)) = self.slots.get_mut(stream) {
            cached.group = None;
            if let Some(working) = cached.working.take() {
                cached.durable = working.state;
                cached.version = working.version;
                cached.since = working.since;
                self.keeper.offer(stream, &cached.durable, cached.version, &mut cached.since);
            }
        }
    }

    /// The batch was not written: what was working never happened.
    pub fn discard(&mut self, stream: &StreamId) {
        if let Some(Slot::Ready(cached)) = self.slots.get_mut(stream) {
            cached.group = None;
            cached.working = None;
        }
    }

    /// The log may hold more of this stream than is known: read it anew.
    pub fn forget(&mut self, stream: &StreamId) {
        if matches!(self.slots.get(stream), Some(Slot::Ready(_))) {
            self.slots.remove(stream);
        }
    }

    /// Commands that wait for streams and whose time is spent.
    pub fn expire(&mut self, spent: impl Fn(&Job) -> bool) -> Vec<Job> {
        let mut expired = Vec::new();
        for slot in self.slots.values_mut() {
            if let Slot::Loading { waiting, .. } = slot
                && waiting.iter().any(&spent)
            {
                let (gone, kept) = std::mem::take(waiting).into_iter().partition(&spent);
                expired.extend::<Vec<Job>>(gone);
                *waiting = kept;
            }
        }
        // In the order they came, not in the order of a hash: one seed of the simulation is one history.
        expired.sort_by_key(|job| (job.born, job.wish.id));
        expired
    }

    pub fn is_loading(&self) -> bool {
        self.slots.values().any(|slot| matches!(slot, Slot::Loading { waiting, .. } if !waiting.is_empty()))
    }

    /// Between batches: keeps memory bounded by letting go of what has not been used for longest. What the oldest commands
    /// inside rest on stays, in three quarters of the room and of the very oldest in any case, so that commands that rest on many
    /// streams cannot take them from each other for ever. So there may be more than the limit by the streams of one command.
    pub fn next_batch(&mut self, ready: &VecDeque<Job>) {
        self.batch += 1;
        if self.slots.len() <= self.limit {
            return;
        }
        let kept = self.rested_on_by_the_oldest(ready);
        // Rare and linear: a quarter goes at once, so the sweep is paid for by the many loads before it.
        let mut unused: Vec<(u64, &StreamId)> = self
            .slots
            .iter()
            .filter_map(|(stream, slot)| match slot {
                Slot::Ready(cached) if !kept.contains(stream) => Some((cached.used, stream)),
                Slot::Ready(_) | Slot::Loading { .. } => None,
            })
            .collect();
        let excess = (self.slots.len() - (self.limit - self.limit / 4)).min(unused.len());
        if excess == 0 {
            return;
        }
        unused.select_nth_unstable(excess - 1);
        let longest: Vec<StreamId> = unused[..excess].iter().map(|(_, stream)| (*stream).clone()).collect();
        for stream in longest {
            self.slots.remove(&stream);
        }
    }

    fn rested_on_by_the_oldest(&self, ready: &VecDeque<Job>) -> HashSet<StreamId> {
        let mut inside: Vec<&Job> = self.slots.values().flat_map(Slot::waiting).chain(ready).collect();
        inside.sort_unstable_by_key(|job| (job.born, job.wish.id));
        let mut streams = HashSet::new();
        // Were there more, little could go, and the next batch would sweep again.
        let room = self.limit - self.limit / 4;
        for job in inside {
            streams.extend(self.rested_on(job));
            if streams.len() >= room {
                break;
            }
        }
        streams
    }

    /// The streams that a command is decided on, as far as can be said now: its own one says which the others are.
    fn rested_on(&self, job: &Job) -> impl Iterator<Item = StreamId> {
        let needs = self.get(&job.wish.stream).map(|own| own.present().needs(&job.wish.command)).unwrap_or_default();
        needs.into_iter().map(|need| need.stream).chain([job.wish.stream.clone()])
    }
}
