//! From a stream to its state: what was kept of it and the events behind that, page by page.
//!
//! Folded while it is read, so that memory holds a page and a state, however long the stream is. Separate from the door,
//! because an erasure asks for a state as well. Never in here: SQL, or a decision.

use aggregates::{AggregateKind, State, StreamId};
use metrics::counter;

use crate::measures;
use crate::port::{EventLog, EventLogError};
use crate::snapshots::Since;

/// Events read at once. The largest bring some hundred members each.
const PAGE_EVENTS: usize = 1_000;

/// A stream's state as far as it was read.
#[derive(Debug)]
pub struct Loaded {
    pub state: State,
    /// Sequence of the last event in it.
    pub version: u64,
    /// What was read behind the kept state.
    pub(crate) since: Since,
}

/// Reads a stream to its end; on from `begun`, where some of it is known.
pub async fn load(log: &dyn EventLog, stream: &StreamId, begun: Option<Loaded>) -> Result<Loaded, EventLogError> {
    let mut loaded = match begun {
        Some(begun) => begun,
        None => beginning(log, stream).await,
    };
    loop {
        let page = log.load(stream, loaded.version, PAGE_EVENTS).await?;
        let full = page.len() == PAGE_EVENTS;
        for (sequence, event) in page {
            loaded.state.evolve(&event);
            loaded.version = sequence;
            loaded.since.count(&event);
        }
        if !full {
            return Ok(loaded);
        }
    }
}

/// The kept state, if it is good for anything; else nothing has happened yet.
async fn beginning(log: &dyn EventLog, stream: &StreamId) -> Loaded {
    // Never kept, see [`aggregates::snapshot`].
    if stream.kind != AggregateKind::User {
        match kept(log, stream).await {
            Ok(Some(loaded)) => return loaded,
            Ok(None) => {}
            Err((why, error)) => {
                counter!(measures::SNAPSHOTS_IGNORED, "why" => why).increment(1);
                tracing::warn!(%stream, why, %error, "a kept state is of no use: the stream is read from its beginning");
            }
        }
    }
    Loaded { state: State::empty(stream.kind), version: 0, since: Since::default() }
}

type Reason = Box<dyn std::error::Error + Send + Sync>;

/// The one place that judges. A kept state may be anybody's: of a log that was copied, of a later program, of events that
/// a failover has lost.
async fn kept(log: &dyn EventLog, stream: &StreamId) -> Result<Option<Loaded>, (&'static str, Reason)> {
    let Some(stored) = log.snapshot(stream).await.map_err(|error| ("failed", error.into()))? else { return Ok(None) };
    if stored.log != log.id() {
        return Err(("other_log", format!("it was made of the log {}", stored.log).into()));
    }
    let version = stored.snapshot.sequence;
    if !stored.in_the_log {
        return Err(("not_in_the_log", format!("the event {version} it ends with is not in the log").into()));
    }
    let state = State::from_kept(stream.kind, stored.snapshot.format, &stored.snapshot.state)
        .map_err(|error| ("unreadable", error.into()))?;
    Ok(Some(Loaded { state, version, since: Since::default() }))
}
