//! The short `new-message` on the own channels of a room's members: it says that there is something to read.

use aggregates::Timestamp;

use crate::realtime::protocol::EventData;

/// What a hint says, to whom has muted its room and to whom has not.
#[derive(Clone)]
pub(in crate::realtime) struct HintData {
    pub muted: EventData,
    pub heard: EventData,
    /// When what it hints at was said: mutes end.
    pub said_at: Timestamp,
}

impl HintData {
    pub fn bytes(&self) -> usize {
        self.heard.bytes() + self.muted.bytes()
    }

    pub fn when(&self, muted: bool) -> &EventData {
        if muted { &self.muted } else { &self.heard }
    }
}
