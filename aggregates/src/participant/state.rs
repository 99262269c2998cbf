//! How far somebody has read in a room.

use serde::{Deserialize, Serialize};

use super::events::ParticipantEvent;

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Participant {
    pub(super) read_seq: u64,
}

impl Participant {
    pub fn evolve(&mut self, event: &ParticipantEvent) {
        match event {
            ParticipantEvent::MessagesRead(event) => self.read_seq = self.read_seq.max(event.up_to_seq),
        }
    }
}
