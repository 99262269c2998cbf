//! A feed remembers how far it was read. Its own decisions do not ask: entries may have been marked unread since.

use serde::{Deserialize, Serialize};

use super::events::FeedEvent;

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Feed {
    read_up_to: u64,
}

impl Feed {
    /// The log position up to which everything was read at once.
    pub const fn read_up_to(&self) -> u64 {
        self.read_up_to
    }

    pub fn evolve(&mut self, event: &FeedEvent) {
        match event {
            FeedEvent::FeedRead(event) => self.read_up_to = self.read_up_to.max(event.up_to),
        }
    }
}
