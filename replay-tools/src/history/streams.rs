//! The states that an import decides on, in memory: loaded when they come up, brought forward with what is decided and
//! with what others write.

use std::collections::HashMap;

use aggregates::{DomainEvent, State, StreamId};
use event_log::{EventLogError, RecordedEvent, SharedLog, loading};
use futures_util::{StreamExt, TryStreamExt, stream};

/// Streams in each half; what was not used for long goes first.
const HALF_STREAMS: usize = 100_000;
/// Questions to the log at the same time.
const LOADS_AT_ONCE_MAX: usize = 8;

pub struct Loaded {
    pub state: State,
    pub version: u64,
}

pub struct Streams {
    log: Option<SharedLog>,
    young: HashMap<StreamId, Loaded>,
    old: HashMap<StreamId, Loaded>,
    /// The log was empty and nothing was let go of: whatever is not here is empty.
    pristine: bool,
}

impl Streams {
    pub fn new(log: Option<SharedLog>, empty: bool) -> Self {
        Self { log, young: HashMap::new(), old: HashMap::new(), pristine: empty }
    }

    /// Nobody but this import has written, and all of it is here.
    pub fn is_pristine(&self) -> bool {
        self.pristine
    }

    /// All of these are here when it returns.
    pub async fn bring(&mut self, wanted: Vec<StreamId>) -> Result<(), EventLogError> {
        let mut missing = Vec::new();
        for stream in wanted {
            if self.young.contains_key(&stream) {
                continue;
            }
            if let Some(loaded) = self.old.remove(&stream) {
                self.young.insert(stream, loaded);
            } else if self.pristine {
                self.young.insert(stream.clone(), Loaded { state: State::empty(stream.kind), version: 0 });
            } else {
                missing.push(stream);
            }
        }
        missing.sort_unstable();
        missing.dedup();
        let log = &self.log;
        let loads = missing.into_iter().map(|stream| load(log.clone(), stream));
        let loaded: Vec<_> = stream::iter(loads).buffer_unordered(LOADS_AT_ONCE_MAX).try_collect().await?;
        self.young.extend(loaded);
        Ok(())
    }

    /// `None` for one that was not brought.
    pub fn get(&self, stream: &StreamId) -> Option<&Loaded> {
        self.young.get(stream)
    }

    pub fn evolve(&mut self, stream: &StreamId, events: &[DomainEvent]) {
        if let Some(loaded) = self.young.get_mut(stream) {
            events.iter().for_each(|event| loaded.state.evolve(event));
            loaded.version += events.len() as u64;
        }
    }

    /// What stands in the log; what was known of it before changes nothing.
    pub fn heed(&mut self, recorded: &RecordedEvent) {
        self.pristine = false;
        let halves = [&mut self.young, &mut self.old];
        let Some(loaded) = halves.into_iter().find_map(|half| half.get_mut(&recorded.stream)) else { return };
        if recorded.sequence == loaded.version + 1 {
            loaded.state.evolve(&recorded.event);
            loaded.version = recorded.sequence;
        }
    }

    /// They are not as they are here: what was decided on them was not written.
    pub fn drop_all(&mut self, streams: impl Iterator<Item = StreamId>) {
        self.pristine = false;
        for stream in streams {
            self.young.remove(&stream);
            self.old.remove(&stream);
        }
    }

    /// Between batches: nothing of what is let go of is undecided.
    pub fn tidy(&mut self) {
        if self.young.len() >= HALF_STREAMS {
            self.old = std::mem::take(&mut self.young);
            self.pristine = false;
        }
    }
}

async fn load(log: Option<SharedLog>, stream: StreamId) -> Result<(StreamId, Loaded), EventLogError> {
    let mut loaded = Loaded { state: State::empty(stream.kind), version: 0 };
    if let Some(log) = log {
        let read = loading::load(&*log, &stream, None).await?;
        loaded = Loaded { state: read.state, version: read.version };
    }
    Ok((stream, loaded))
}
