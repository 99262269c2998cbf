//! Every change of shape our events have been through, oldest first.
//!
//! Given both to the event store (deciding) and to the log's reader (projecting): one history, two readers.

use cqrs_es::persist::EventUpcaster;

/// Empty so far: every event is at its first version.
pub fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
    Vec::new()
}
