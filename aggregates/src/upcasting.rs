//! Every change of shape our events have been through, oldest first.
//!
//! One list, two readers: the log's reader goes through [`STEPS`] directly, cqrs-es and postgres-es are given the same
//! steps by [`upcasters`]. Never in here: what an event means now; a step knows two shapes and nothing else.

use cqrs_es::persist::{EventUpcaster, SemanticVersionEventUpcaster};
use serde_json::Value;

/// How one event got from one version to the next.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// The stored name.
    pub name: &'static str,
    /// The version it leads to; it starts from the one before.
    pub to: u32,
    pub change: fn(Value) -> Value,
}

/// Empty so far: every event is at its first version. Append-only; the steps of one event in ascending order.
pub const STEPS: &[Step] = &[];

/// The steps as cqrs-es wants them.
pub fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
    upcasters_of(STEPS)
}

/// The same for another history of shapes.
pub fn upcasters_of(steps: &[Step]) -> Vec<Box<dyn EventUpcaster>> {
    let upcaster = |step: &Step| -> Box<dyn EventUpcaster> {
        Box::new(SemanticVersionEventUpcaster::new(step.name, &step.to.to_string(), Box::new(step.change)))
    };
    steps.iter().map(upcaster).collect()
}

/// What an old payload is now, and the version it then has. `None`, at the cost of a few comparisons, for one that is
/// not old: it is read as it stands.
pub fn upcast(
    steps: &[Step],
    name: &str,
    version: u32,
    payload: &str,
) -> Option<Result<(Value, u32), serde_json::Error>> {
    let mut due = steps.iter().filter(|step| step.name == name && step.to > version).peekable();
    due.peek()?;
    let stored: Value = match serde_json::from_str(payload) {
        Ok(stored) => stored,
        Err(error) => return Some(Err(error)),
    };
    Some(Ok(due.fold((stored, version), |(payload, _), step| ((step.change)(payload), step.to))))
}
