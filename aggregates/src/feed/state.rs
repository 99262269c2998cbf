//! A feed remembers nothing in order to decide: entries may have been marked unread since it was last read.

use serde::{Deserialize, Serialize};

use super::events::FeedEvent;

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Feed {}

impl Feed {
    pub fn evolve(&mut self, event: &FeedEvent) {
        match event {
            FeedEvent::FeedRead(_) => {}
        }
    }
}
