//! From what somebody wants to a wish before the door: ids, metadata and the look-ups a rule cannot make itself.
//!
//! One method per command, one file per subject. Separate from `http` so that a service call, a webhook or a reactor
//! wishes in the same way. Never in here: a rule (they are in `aggregates`), a status code, an answer's shape.

mod arranging;
mod caller;
mod choices;
mod failure;
mod keeping;
mod lookups;
mod message_changes;
mod messages;
mod notifications;
mod people;
mod reading;
mod relations;
mod reports;
mod rooms;
mod sends;
mod sessions;

use std::sync::Arc;

use aggregates::ids::EventId;
use aggregates::notification::Surroundings;
use aggregates::{Command, DomainEvent, Metadata, StreamId};
use event_log::{Decided, Door, Outcome, Position, SharedLog, Wish};
use projections::Views;

use crate::clock::SharedClock;

pub use caller::{Caller, Program, WishId};
pub use choices::{Chosen, Taken};
pub use failure::Failure;
pub use keeping::RoomChanges;
pub use message_changes::{Changed, Rewording};
pub use messages::{Draft, Sent};
pub use notifications::Marked;
pub use people::{Filled, Put};
pub use reading::ReadTo;
pub use relations::{Followed, Toggle};
pub use reports::{Filed, Reported};
pub use rooms::{Entered, GroupPlan, Opened};
pub use sends::{Notice, Noticed, NoticedAll};

/// The way to change anything. Clones share everything.
#[derive(Clone)]
pub struct Commands {
    door: Door,
    log: SharedLog,
    views: Views,
    clock: SharedClock,
    reads: Arc<reading::Reads>,
    filled: Arc<people::Filled>,
    /// How this Kabar is set up; written down with what is decided.
    surroundings: Surroundings,
}

impl Commands {
    /// `filled` is shared with whoever reads the tail, and hears there of erasures.
    pub fn new(
        door: Door,
        log: SharedLog,
        views: Views,
        clock: SharedClock,
        filled: Arc<Filled>,
        surroundings: Surroundings,
    ) -> Self {
        Self { door, log, views, clock, reads: Arc::default(), filled, surroundings }
    }

    async fn execute(&self, caller: &Caller, id: WishId, stream: StreamId, command: Command) -> Result<Done, Failure> {
        self.execute_with(caller.metadata(id.command), id, stream, command).await
    }

    async fn execute_with(
        &self,
        metadata: Metadata,
        id: WishId,
        stream: StreamId,
        command: Command,
    ) -> Result<Done, Failure> {
        let wish = Wish { stream, command, id: id.command, repeatable: id.repeatable, metadata };
        Ok(Done::from(self.door.execute(wish).await?))
    }

    /// What a wish of one event did under this id before, for whoever would say no because of what has become of its object
    /// since: an answered command stays answered.
    async fn done_before(&self, id: WishId) -> Result<Option<Done>, Failure> {
        if !id.repeatable {
            return Ok(None);
        }
        let Some(found) = self.log.find(&[EventId::of(id.command, 0)]).await?.pop() else { return Ok(None) };
        let events = self.log.read_stream(&found.stream, found.sequence.saturating_sub(1), 1).await?;
        let events = events.into_iter().map(|recorded| recorded.event).collect();
        Ok(Some(Done { position: found.position, events, new: false }))
    }

    /// `failure`, unless the wish was carried out before: what can be looked up of its object has changed since.
    async fn done_or(&self, id: WishId, failure: Failure) -> Result<Done, Failure> {
        self.done_before(id).await?.ok_or(failure)
    }
}

/// A command that was carried out: durable, and so is everything it was decided on.
#[derive(Debug)]
struct Done {
    position: Position,
    /// What happened; of a repeat what happened the first time; empty when it was so already.
    events: Vec<DomainEvent>,
    /// The events were written just now: what they say is how it is.
    new: bool,
}

impl From<Decided> for Done {
    fn from(decided: Decided) -> Self {
        let position = decided.position;
        match decided.outcome {
            Outcome::Written(events) => Self { position, events, new: true },
            Outcome::Repeated(events) => Self { position, events, new: false },
            Outcome::Nothing => Self { position, events: Vec::new(), new: false },
        }
    }
}
