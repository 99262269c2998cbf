//! Which rooms somebody who is connected has muted: read once from the inbox, brought forward by the tail.
//!
//! Also of rooms that they left: who comes back finds them as they were. Beside `memberships` because a mute is no membership:
//! it is read on its own, as of a position of its own. Never in here: a query, a clock.

use std::collections::HashMap;

use aggregates::Timestamp;
use aggregates::ids::RoomId;
use aggregates::participant::Arrangement;
use event_log::Position;
use projections::inbox::{Mute, MutedRoom};

/// At most one entry for each room that the person has muted, or was heard to mute while this was being read.
#[derive(Debug, Default)]
pub struct Mutes {
    rooms: HashMap<RoomId, (Position, Option<Mute>)>,
    /// How far the inbox was when it was read; `None` until then.
    as_of: Option<Position>,
}

impl Mutes {
    /// Takes what the inbox knew at `as_of`; what was heard behind it stays.
    pub fn read(&mut self, muted: &[MutedRoom], as_of: Position) {
        self.rooms.retain(|_, (position, _)| *position > as_of);
        for room in muted {
            self.rooms.entry(room.room_id).or_insert((as_of, Some(room.mute)));
        }
        self.rooms.retain(|_, (_, mute)| mute.is_some());
        self.as_of = Some(as_of);
    }

    /// They gave a room another place.
    pub fn arranged(&mut self, position: Position, room: RoomId, arrangement: Arrangement) {
        let mute = match arrangement {
            Arrangement::Muted { until } => Some(Mute { until }),
            Arrangement::Unmuted => None,
            Arrangement::Pinned | Arrangement::Unpinned | Arrangement::Archived { .. } | Arrangement::Unarchived => {
                return;
            }
        };
        match self.as_of {
            Some(as_of) if position <= as_of => {}
            // Nothing that was read comes any more that would have to be told apart from it.
            Some(_) if mute.is_none() => {
                self.rooms.remove(&room);
            }
            Some(_) | None => {
                self.rooms.insert(room, (position, mute));
            }
        }
    }

    /// Whether a room is muted for what is said at `at`.
    pub fn holds(&self, room: RoomId, at: Timestamp) -> bool {
        let mute = self.rooms.get(&room).and_then(|(_, mute)| *mute);
        mute.is_some_and(|mute| mute.holds_at(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const FOR_EVER: Arrangement = Arrangement::Muted { until: None };

    fn room(number: u128) -> RoomId {
        RoomId(Uuid::from_u128(number))
    }

    fn muted(number: u128) -> MutedRoom {
        MutedRoom { room_id: room(number), mute: Mute { until: None } }
    }

    fn held(mutes: &Mutes) -> Vec<u128> {
        (1..=4).filter(|number| mutes.holds(room(*number), Timestamp::from_millis(0))).collect()
    }

    #[test]
    fn what_is_heard_while_they_are_read_counts_only_behind_what_was_read() {
        let mut mutes = Mutes::default();
        mutes.arranged(Position(5), room(1), FOR_EVER);
        mutes.arranged(Position(11), room(2), Arrangement::Unmuted);
        mutes.arranged(Position(12), room(3), FOR_EVER);
        mutes.read(&[muted(2), muted(4)], Position(10));
        assert_eq!(held(&mutes), [3, 4], "1 was unmuted by 10, 2 was behind it");
        // The tail is behind the view.
        mutes.arranged(Position(9), room(4), Arrangement::Unmuted);
        assert_eq!(held(&mutes), [3, 4]);
        mutes.arranged(Position(13), room(4), Arrangement::Unmuted);
        mutes.arranged(Position(14), room(3), Arrangement::Pinned);
        assert_eq!(held(&mutes), [3]);
        assert_eq!(mutes.rooms.len(), 1, "nothing is kept of a room that is not muted");
    }

    #[test]
    fn a_mute_with_an_end_ends() {
        let mut mutes = Mutes::default();
        mutes.read(&[], Position(1));
        mutes.arranged(Position(2), room(1), Arrangement::Muted { until: Some(Timestamp::from_millis(100)) });
        assert!(mutes.holds(room(1), Timestamp::from_millis(99)));
        assert!(!mutes.holds(room(1), Timestamp::from_millis(100)));
    }
}
