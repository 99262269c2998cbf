//! From a stream to its state, page by page.
//!
//! Folded while it is read, so that memory holds a page and a state, however long the stream is. Separate from the door,
//! because an erasure asks for a state as well. Never in here: SQL, or a decision.

use aggregates::{State, StreamId};

use crate::port::{EventLog, EventLogError};

/// Events read at once. The largest bring some hundred members each.
const PAGE_EVENTS: usize = 1_000;

/// A stream's state as far as it was read.
pub(crate) struct Loaded {
    pub state: State,
    /// Sequence of the last event in it.
    pub version: u64,
}

/// Reads a stream to its end; on from `begun`, where some of it is known.
pub(crate) async fn load(
    log: &dyn EventLog,
    stream: &StreamId,
    begun: Option<Loaded>,
) -> Result<Loaded, EventLogError> {
    let mut loaded = begun.unwrap_or_else(|| Loaded { state: State::empty(stream.kind), version: 0 });
    loop {
        let page = log.load(stream, loaded.version, PAGE_EVENTS).await?;
        let full = page.len() == PAGE_EVENTS;
        for (sequence, event) in page {
            loaded.state.evolve(&event);
            loaded.version = sequence;
        }
        if !full {
            return Ok(loaded);
        }
    }
}
