//! How far somebody has read a room: of all their marks only the last is kept, and told.

use aggregates::Timestamp;
use aggregates::ids::{MessageId, RoomId};
use aggregates::room::HistoryFrom;
use event_log::Position;

use crate::realtime::frames::About;
use crate::realtime::protocol::socket_id::SocketId;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::realtime) struct ReadMark {
    pub up_to: MessageId,
    pub up_to_seq: u64,
    /// Of its room.
    pub history_from: HistoryFrom,
    pub read_at: Timestamp,
    pub position: Position,
    pub except: Option<SocketId>,
}

impl ReadMark {
    /// The message it names: whoever may not read that one hears nothing of it.
    pub fn about(&self, room: RoomId) -> About {
        About { room, seq: self.up_to_seq, history_from: self.history_from }
    }

    /// Reading never goes backwards: one who spoke last and then reads something older is told of as having spoken.
    pub fn later(self, next: Self) -> Self {
        if next.up_to_seq >= self.up_to_seq { next } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_mark_is_never_replaced_by_an_earlier_place() {
        let mark = |seq: u64, position: u64| ReadMark {
            up_to: MessageId(Uuid::from_u128(seq.into())),
            up_to_seq: seq,
            history_from: HistoryFrom::Start,
            read_at: Timestamp::from_millis(0),
            position: Position(position),
            except: None,
        };
        assert_eq!(mark(5, 1).later(mark(7, 2)), mark(7, 2));
        assert_eq!(mark(7, 1).later(mark(5, 2)), mark(7, 1));
    }
}
