//! How far somebody has read in a room, and how they keep it.

use serde::{Deserialize, Serialize};

use super::events::{Arrangement, ParticipantEvent};
use crate::Timestamp;

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Participant {
    /// By reading; what they said themselves is the room's to know.
    pub(super) read_seq: u64,
    #[serde(default)]
    pub(super) delivered_seq: u64,
    #[serde(default)]
    pub(super) muted: Option<Mute>,
    #[serde(default)]
    pub(super) pinned: bool,
    #[serde(default)]
    pub(super) archived_seq: Option<u64>,
}

/// `None` = for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mute {
    pub until: Option<Timestamp>,
}

impl Participant {
    /// Whether the room is not to call them.
    pub fn is_muted_at(&self, moment: Timestamp) -> bool {
        self.muted.is_some_and(|mute| mute.until.is_none_or(|until| moment < until))
    }

    pub fn evolve(&mut self, event: &ParticipantEvent) {
        match event {
            ParticipantEvent::MessagesRead(event) => self.read_seq = self.read_seq.max(event.up_to_seq),
            ParticipantEvent::MarkedUnread(event) => self.read_seq = event.read_seq,
            ParticipantEvent::MessagesDelivered(event) => self.delivered_seq = self.delivered_seq.max(event.up_to_seq),
            ParticipantEvent::RoomArranged(event) => match event.arrangement {
                Arrangement::Muted { until } => self.muted = Some(Mute { until }),
                Arrangement::Unmuted => self.muted = None,
                Arrangement::Pinned => self.pinned = true,
                Arrangement::Unpinned => self.pinned = false,
                Arrangement::Archived { seq } => self.archived_seq = Some(seq),
                Arrangement::Unarchived => self.archived_seq = None,
            },
        }
    }
}
