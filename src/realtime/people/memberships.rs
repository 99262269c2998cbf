//! Who is connected, and which rooms they are in: loaded once from the inbox, brought forward by the tail.
//!
//! Pure bookkeeping under the hub's lock, so that it is tested without a socket. Never in here: a query, a frame.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use aggregates::Timestamp;
use aggregates::ids::{RoomId, UserId};
use aggregates::participant::RoomArranged;
use event_log::Position;
use projections::inbox::{MutedRoom, Stay};
use tokio::sync::watch;

use super::comings::Comings;
use super::mutes::Mutes;
use crate::realtime::protocol::channel_name::user_channel;

/// Changes kept for somebody while their rooms are being read; more than this in those seconds fails the reading.
const JOURNAL_MAX: usize = 4_096;

/// How far the reading of somebody's rooms has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    Begun,
    Known,
    /// The view did not answer in time; whoever waits gives up, the next to ask begins anew.
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Behind this message of the room's.
    CameIn {
        join_seq: u64,
    },
    WentOut,
}

/// One reading of somebody's rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn(u64);

struct Person {
    /// Subscriptions, also those being checked, that were made as this person.
    holds: usize,
    channel: Arc<str>,
    reading: watch::Sender<Reading>,
    /// Which reading counts: an answer to an earlier one, of somebody who went and came back, knows nothing of the steps
    /// between.
    turn: Turn,
    /// Steps heard while the rooms are being read.
    journal: Vec<(Position, RoomId, Step)>,
    rooms: HashMap<RoomId, Stay>,
    /// `rooms` had everything up to here when it was read: older steps on the tail are in it already.
    as_of: Position,
    mutes: Mutes,
}

impl Person {
    fn step(&mut self, position: Position, room: RoomId, step: Step) {
        match step {
            Step::CameIn { join_seq } => {
                self.rooms.insert(room, Stay { room_id: room, from: position, join_seq });
            }
            Step::WentOut => {
                self.rooms.remove(&room);
            }
        }
    }
}

/// The connected people and, for every room, who of them is in it.
#[derive(Default)]
pub struct People {
    people: HashMap<UserId, Person>,
    turns: u64,
    in_room: HashMap<RoomId, HashSet<UserId>>,
    pub comings: Comings,
}

impl People {
    /// One more subscription of `user`. With a turn, the caller must have their rooms read.
    pub fn hold(&mut self, user: &UserId) -> (watch::Receiver<Reading>, Option<Turn>) {
        let next = Turn(self.turns + 1);
        let mut begin = false;
        let person = self.people.entry(user.clone()).or_insert_with(|| {
            begin = true;
            Person {
                holds: 0,
                channel: user_channel(user),
                reading: watch::Sender::new(Reading::Begun),
                turn: next,
                journal: Vec::new(),
                rooms: HashMap::new(),
                as_of: Position::START,
                mutes: Mutes::default(),
            }
        });
        person.holds += 1;
        if person.holds == 1 {
            self.comings.note(user, true);
        }
        if *person.reading.borrow() == Reading::Failed {
            begin = true;
            person.turn = next;
            person.journal.clear();
            person.mutes = Mutes::default();
            person.reading.send_replace(Reading::Begun);
        }
        let reading = person.reading.subscribe();
        if begin {
            self.turns += 1;
        }
        (reading, begin.then_some(next))
    }

    /// One subscription less; with the last one they are forgotten.
    pub fn release(&mut self, user: &UserId) {
        let Some(person) = self.people.get_mut(user) else { return };
        person.holds = person.holds.saturating_sub(1);
        if person.holds > 0 {
            return;
        }
        if let Some(person) = self.people.remove(user) {
            self.comings.note(user, false);
            for room in person.rooms.into_keys() {
                self.leave(room, user);
            }
        }
    }

    /// Takes what the inbox knew at `as_of` of the rooms they muted. To be called before [`Self::read`], which ends the
    /// reading.
    pub fn read_mutes(&mut self, user: &UserId, turn: Turn, muted: &[MutedRoom], as_of: Position) {
        let Some(person) = self.people.get_mut(user) else { return };
        if person.turn == turn && *person.reading.borrow() == Reading::Begun {
            person.mutes.read(muted, as_of);
        }
    }

    pub fn arranged(&mut self, position: Position, event: &RoomArranged) {
        if let Some(person) = self.people.get_mut(&event.user_id) {
            person.mutes.arranged(position, event.room_id, event.arrangement);
        }
    }

    /// Whether what is said at `at` in a room is muted for somebody who is connected.
    pub fn has_muted(&self, user: &UserId, room: RoomId, at: Timestamp) -> bool {
        self.mutes(user).is_some_and(|mutes| mutes.holds(room, at))
    }

    pub fn mutes(&self, user: &UserId) -> Option<&Mutes> {
        self.people.get(user).map(|person| &person.mutes)
    }

    /// Takes the rooms as the inbox had them at `as_of`, and what was heard since. `None`: they could not be read.
    pub fn read(&mut self, user: &UserId, turn: Turn, answer: Option<(Vec<Stay>, Position)>) {
        let Some(person) = self.people.get_mut(user) else { return };
        if person.turn != turn || *person.reading.borrow() != Reading::Begun {
            return;
        }
        let Some((rooms, as_of)) = answer.filter(|_| person.journal.len() <= JOURNAL_MAX) else {
            person.journal = Vec::new();
            person.reading.send_replace(Reading::Failed);
            return;
        };
        person.rooms = rooms.into_iter().map(|stay| (stay.room_id, stay)).collect();
        person.as_of = as_of;
        for (position, room, step) in std::mem::take(&mut person.journal) {
            if position > as_of {
                person.step(position, room, step);
            }
        }
        for room in person.rooms.keys() {
            self.in_room.entry(*room).or_default().insert(user.clone());
        }
        person.reading.send_replace(Reading::Known);
    }

    /// Somebody came into or went out of a room. True when it was news of somebody whose rooms are known.
    pub fn stepped(&mut self, position: Position, room: RoomId, user: &UserId, step: Step) -> bool {
        let Some(person) = self.people.get_mut(user) else { return false };
        match *person.reading.borrow() {
            Reading::Begun => {
                if person.journal.len() <= JOURNAL_MAX {
                    person.journal.push((position, room, step));
                }
                return false;
            }
            Reading::Failed => return false,
            Reading::Known if position <= person.as_of => return false,
            Reading::Known => {}
        }
        person.step(position, room, step);
        match step {
            Step::CameIn { .. } => {
                self.in_room.entry(room).or_default().insert(user.clone());
            }
            Step::WentOut => self.leave(room, user),
        }
        true
    }

    fn leave(&mut self, room: RoomId, user: &UserId) {
        if let Some(members) = self.in_room.get_mut(&room) {
            members.remove(user);
            if members.is_empty() {
                self.in_room.remove(&room);
            }
        }
    }

    pub fn is_member(&self, room: RoomId, user: &UserId) -> bool {
        self.in_room.get(&room).is_some_and(|members| members.contains(user))
    }

    /// Positions up to this one were in what was read of `user`.
    pub fn as_of(&self, user: &UserId) -> Position {
        self.people.get(user).map(|person| person.as_of).unwrap_or_default()
    }

    /// The rooms of somebody, once they were read.
    pub fn known_rooms(&self, user: &UserId) -> Option<&HashMap<RoomId, Stay>> {
        let person = self.people.get(user)?;
        (*person.reading.borrow() == Reading::Known).then_some(&person.rooms)
    }

    pub fn rooms(&self, user: &UserId) -> Option<&HashMap<RoomId, Stay>> {
        self.people.get(user).map(|person| &person.rooms)
    }

    /// Of somebody who is connected.
    pub fn stay(&self, room: RoomId, user: &UserId) -> Option<&Stay> {
        self.rooms(user)?.get(&room)
    }

    pub fn anybody_in(&self, room: RoomId) -> bool {
        self.in_room.contains_key(&room)
    }

    /// The connected members of a room, each with the name of their own channel.
    pub fn members(&self, room: RoomId) -> impl Iterator<Item = (&UserId, &Arc<str>)> {
        let members = self.in_room.get(&room).into_iter().flatten();
        members.filter_map(|user| self.people.get(user).map(|person| (user, &person.channel)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const CAME_IN: Step = Step::CameIn { join_seq: 0 };

    fn ana() -> UserId {
        UserId::parse("ana").expect("an id")
    }

    fn room(number: u128) -> RoomId {
        RoomId(Uuid::from_u128(number))
    }

    fn stay(number: u128) -> Stay {
        Stay { room_id: room(number), from: Position(1), join_seq: 0 }
    }

    #[test]
    fn what_is_heard_while_rooms_are_read_counts_only_behind_what_was_read() {
        let mut people = People::default();
        let (reading, turn) = people.hold(&ana());
        let turn = turn.expect("the first reads");
        people.stepped(Position(5), room(1), &ana(), Step::WentOut);
        people.stepped(Position(11), room(2), &ana(), CAME_IN);
        people.read(&ana(), turn, Some((vec![stay(1)], Position(10))));
        assert_eq!(*reading.borrow(), Reading::Known);
        assert!(people.is_member(room(1), &ana()), "the removal at 5 came before the return that the view shows");
        assert!(people.is_member(room(2), &ana()));
        // The tail is behind the view: it tells of a removal that the view has long seen undone.
        assert!(!people.stepped(Position(9), room(1), &ana(), Step::WentOut));
        assert!(people.is_member(room(1), &ana()));
        assert!(people.stepped(Position(12), room(1), &ana(), Step::WentOut));
        assert!(!people.is_member(room(1), &ana()));
    }

    #[test]
    fn with_the_last_subscription_nothing_of_somebody_is_kept() {
        let mut people = People::default();
        let (_, turn) = people.hold(&ana());
        let (_, again) = people.hold(&ana());
        assert_eq!(again, None, "their rooms are being read already");
        people.read(&ana(), turn.expect("the first reads"), Some((vec![stay(1), stay(2)], Position(3))));
        people.release(&ana());
        assert!(people.people.contains_key(&ana()));
        people.release(&ana());
        assert!(!people.people.contains_key(&ana()));
        assert!(people.people.is_empty() && people.in_room.is_empty());
        people.release(&ana());
    }

    #[test]
    fn a_reading_that_failed_is_begun_anew_by_the_next() {
        let mut people = People::default();
        let (reading, turn) = people.hold(&ana());
        people.read(&ana(), turn.expect("the first reads"), None);
        assert_eq!(*reading.borrow(), Reading::Failed);
        let (_, turn) = people.hold(&ana());
        people.read(&ana(), turn.expect("it is begun anew"), Some((vec![stay(1)], Position(3))));
        assert!(people.is_member(room(1), &ana()));
    }

    #[test]
    fn an_answer_to_somebody_who_went_and_came_back_does_not_bring_a_removal_back() {
        let mut people = People::default();
        let (_, earlier) = people.hold(&ana());
        // The view has answered, the answer is on its way, and she goes: nobody writes down that she is removed.
        let answer = (vec![stay(1)], Position(10));
        people.release(&ana());
        people.stepped(Position(11), room(1), &ana(), Step::WentOut);
        let (reading, turn) = people.hold(&ana());
        people.read(&ana(), earlier.expect("the first reads"), Some(answer));
        assert_eq!(*reading.borrow(), Reading::Begun, "it is not the answer that she waits for");
        assert!(!people.is_member(room(1), &ana()));
        people.read(&ana(), turn.expect("who comes back reads"), Some((vec![], Position(11))));
        assert_eq!(*reading.borrow(), Reading::Known);
    }

    #[test]
    fn more_steps_than_are_kept_fail_the_reading_instead_of_losing_one() {
        let mut people = People::default();
        let (reading, turn) = people.hold(&ana());
        for step in 0..=JOURNAL_MAX as u64 {
            people.stepped(Position(step + 1), room(1), &ana(), CAME_IN);
        }
        people.read(&ana(), turn.expect("the first reads"), Some((vec![], Position(0))));
        assert_eq!(*reading.borrow(), Reading::Failed);
    }
}
