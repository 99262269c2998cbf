//! Who of those who are connected must not notice whom: two between whom there is a block, and whoever hides.
//!
//! Read once when somebody connects, then brought forward: blocks by the tail, hiding by `POST /api/presence`. What is not
//! known yet counts as hidden, so that nobody is shown by mistake. Pure bookkeeping under the hub's lock: each look is
//! O(1). What is done about it is in `showing`. Never in here: a query, a frame.

use std::collections::{HashMap, HashSet};

use aggregates::ids::{RoomId, UserId};
use event_log::Position;
use projections::inbox::BlocksAround;

use crate::realtime::protocol::socket_id::SocketId;

/// Blocks each way that are remembered of one person. Whoever has more is apart from everybody.
pub const BLOCKS_MAX: usize = 10_000;

/// One way of the blocks around somebody.
#[derive(Default)]
struct Blocks {
    others: HashMap<UserId, (Position, bool)>,
    /// How far the inbox was when it was read; `None` until then.
    as_of: Option<Position>,
    too_many: bool,
}

impl Blocks {
    /// Takes what the inbox knew at `as_of`; what was heard behind it stays.
    fn read(&mut self, others: Vec<UserId>, as_of: Position) {
        if self.as_of.is_some_and(|known| known > as_of) {
            return;
        }
        self.too_many |= others.len() > BLOCKS_MAX;
        self.others.retain(|_, (position, _)| *position > as_of);
        for other in others {
            self.others.entry(other).or_insert((as_of, true));
        }
        self.others.retain(|_, (_, holds)| *holds);
        self.as_of = Some(as_of);
        self.limit();
    }

    fn heard(&mut self, position: Position, other: &UserId, holds: bool) {
        match self.as_of {
            Some(as_of) if position <= as_of => {}
            // Nothing that was read comes any more that would have to be told apart from it.
            Some(_) if !holds => {
                self.others.remove(other);
            }
            Some(_) | None => {
                self.others.insert(other.clone(), (position, holds));
            }
        }
        self.limit();
    }

    fn limit(&mut self) {
        self.too_many |= self.others.len() > BLOCKS_MAX;
        if self.too_many {
            self.others = HashMap::new();
        }
    }

    fn holds(&self, other: &UserId) -> bool {
        self.too_many || self.others.get(other).is_some_and(|(_, holds)| *holds)
    }
}

/// One stay of somebody: an answer about an earlier one knows nothing of what was heard between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stay(u64);

struct Person {
    stay: Stay,
    /// The sockets that subscribed or signed in as them, and by how many of either.
    sockets: HashMap<SocketId, usize>,
    /// `None`: not known yet.
    hidden: Option<bool>,
    blocks: Blocks,
    blocked_by: Blocks,
}

/// What was read of somebody.
pub struct Learnt {
    /// `None`: it could not be asked.
    pub hidden: Option<bool>,
    pub around: BlocksAround,
}

#[derive(Default)]
pub struct Discretion {
    people: HashMap<UserId, Person>,
    stays: u64,
    /// Of whom it must still be read.
    unlearnt: HashSet<UserId>,
}

impl Discretion {
    /// One more subscription or sign-in of `user` at `socket`.
    pub fn hold(&mut self, user: &UserId, socket: SocketId) {
        let stay = Stay(self.stays + 1);
        let person = self.people.entry(user.clone()).or_insert_with(|| Person {
            stay,
            sockets: HashMap::new(),
            hidden: None,
            blocks: Blocks::default(),
            blocked_by: Blocks::default(),
        });
        if person.stay == stay {
            self.stays += 1;
        }
        *person.sockets.entry(socket).or_default() += 1;
    }

    /// One less; with the last they are forgotten.
    pub fn release(&mut self, user: &UserId, socket: SocketId) {
        let Some(person) = self.people.get_mut(user) else { return };
        if let Some(holds) = person.sockets.get_mut(&socket) {
            *holds -= 1;
            if *holds == 0 {
                person.sockets.remove(&socket);
            }
        }
        if person.sockets.is_empty() {
            self.people.remove(user);
        }
    }

    /// Whether `socket` may be there as `user`: of one person no more than `sockets_max` are.
    pub fn has_room(&self, user: &UserId, socket: SocketId, sockets_max: usize) -> bool {
        let sockets = self.people.get(user).map(|person| &person.sockets);
        sockets.is_none_or(|sockets| sockets.len() < sockets_max || sockets.contains_key(&socket))
    }

    /// Everything that is there as `user`.
    pub fn sockets(&self, user: &UserId) -> Vec<SocketId> {
        self.people.get(user).into_iter().flat_map(|person| person.sockets.keys().copied()).collect()
    }

    /// What an answer about them is to be given back with.
    pub fn stay(&self, user: &UserId) -> Option<Stay> {
        self.people.get(user).map(|person| person.stay)
    }

    pub fn is_unknown(&self, user: &UserId) -> bool {
        self.people.get(user).is_some_and(|person| person.hidden.is_none() || person.blocks.as_of.is_none())
    }

    /// To be read by whoever next takes them: at most everybody who is connected.
    pub fn note_unlearnt(&mut self, user: &UserId) {
        self.unlearnt.insert(user.clone());
    }

    pub fn take_unlearnt(&mut self) -> HashSet<UserId> {
        std::mem::take(&mut self.unlearnt)
    }

    /// What they said of hiding meanwhile is newer than what was read.
    pub fn learnt(&mut self, user: &UserId, stay: Stay, learnt: Learnt) {
        let Some(person) = self.people.get_mut(user).filter(|person| person.stay == stay) else { return };
        person.hidden = person.hidden.or(learnt.hidden);
        let BlocksAround { blocks, blocked_by, as_of } = learnt.around;
        person.blocks.read(blocks, as_of);
        person.blocked_by.read(blocked_by, as_of);
    }

    pub fn hides(&mut self, user: &UserId, hidden: bool) {
        if let Some(person) = self.people.get_mut(user) {
            person.hidden = Some(hidden);
        }
    }

    /// `from` blocks `to`, or no more.
    pub fn blocked(&mut self, position: Position, from: &UserId, to: &UserId, holds: bool) {
        if let Some(person) = self.people.get_mut(from) {
            person.blocks.heard(position, to, holds);
        }
        if let Some(person) = self.people.get_mut(to) {
            person.blocked_by.heard(position, from, holds);
        }
    }

    /// Also of somebody who is not connected.
    pub fn is_hidden(&self, user: &UserId) -> bool {
        self.people.get(user).is_none_or(|person| person.hidden != Some(false))
    }

    /// Of two of whom one is connected.
    pub fn are_apart(&self, a: &UserId, b: &UserId) -> bool {
        let knows = |of: &UserId, other: &UserId| {
            let person = self.people.get(of);
            person.is_some_and(|person| person.blocks.holds(other) || person.blocked_by.holds(other))
        };
        a != b && (knows(a, b) || knows(b, a))
    }

    /// Whether there is anybody whom they are apart from, as far as it is known.
    pub fn is_apart_from_anybody(&self, user: &UserId) -> bool {
        let has_any = |blocks: &Blocks| blocks.too_many || blocks.others.values().any(|(_, holds)| *holds);
        self.people.get(user).is_some_and(|person| has_any(&person.blocks) || has_any(&person.blocked_by))
    }

    /// Whether `viewer` may notice that `other` is here.
    pub fn sees(&self, viewer: &UserId, other: &UserId) -> bool {
        viewer == other || !(self.is_hidden(other) || self.are_apart(viewer, other))
    }

    /// Whether `room` is one of these two alone, and there is a block between them.
    pub fn is_shut(&self, room: RoomId, a: &UserId, b: &UserId) -> bool {
        self.are_apart(a, b) && is_of_two(room, a, b)
    }
}

/// The rooms of two have ids made of the two: nothing has to be looked up.
pub fn is_of_two(room: RoomId, a: &UserId, b: &UserId) -> bool {
    [RoomId::direct(a, b), RoomId::mentor_session(a, b), RoomId::mentor_session(b, a)].contains(&room)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users() -> [UserId; 3] {
        ["ana", "ben", "cat"].map(|id| UserId::parse(id).expect("an id"))
    }

    fn learnt(hidden: bool, blocks: &[&UserId], as_of: u64) -> Learnt {
        let blocks = blocks.iter().map(|user| (*user).clone()).collect();
        let around = BlocksAround { blocks, blocked_by: vec![], as_of: Position(as_of) };
        Learnt { hidden: Some(hidden), around }
    }

    #[test]
    fn what_is_heard_while_it_is_read_counts_only_behind_what_was_read() {
        let [ana, ben, cat] = users();
        let mut discretion = Discretion::default();
        discretion.hold(&ana, SocketId::random());
        assert!(discretion.is_hidden(&ana), "until it is known");
        discretion.blocked(Position(5), &ana, &cat, true);
        discretion.blocked(Position(11), &ana, &ben, false);
        let stay = discretion.stay(&ana).expect("she is here");
        discretion.learnt(&ana, stay, learnt(false, &[&ben], 10));
        assert!(!discretion.are_apart(&ana, &ben) && !discretion.are_apart(&cat, &ana));
        // The tail is behind the view.
        discretion.blocked(Position(9), &ana, &cat, true);
        assert!(!discretion.are_apart(&ana, &cat), "it had ended by 10");
        discretion.blocked(Position(12), &cat, &ana, true);
        assert!(discretion.are_apart(&ana, &cat) && !discretion.sees(&cat, &ana));
        discretion.blocked(Position(13), &ana, &cat, true);
        discretion.blocked(Position(14), &cat, &ana, false);
        assert!(discretion.are_apart(&ana, &cat), "one way is left");
        discretion.blocked(Position(15), &ana, &cat, false);
        assert!(discretion.sees(&cat, &ana));
    }

    #[test]
    fn an_answer_about_an_earlier_stay_counts_for_nothing_and_their_own_word_for_more() {
        let [ana, ..] = users();
        let mut discretion = Discretion::default();
        let socket = SocketId::random();
        discretion.hold(&ana, socket);
        let earlier = discretion.stay(&ana).expect("she is here");
        discretion.release(&ana, socket);
        assert!(discretion.people.is_empty());
        discretion.hold(&ana, socket);
        discretion.hold(&ana, socket);
        discretion.learnt(&ana, earlier, learnt(false, &[], 10));
        assert!(discretion.is_hidden(&ana));
        discretion.hides(&ana, true);
        let stay = discretion.stay(&ana).expect("she is here");
        discretion.learnt(&ana, stay, learnt(false, &[], 10));
        assert!(discretion.is_hidden(&ana));
        discretion.release(&ana, socket);
        assert_eq!(discretion.sockets(&ana), [socket], "by another hold");
    }

    #[test]
    fn promise_8_who_has_more_blocks_than_are_remembered_is_apart_from_everybody() {
        let [ana, ben, cat] = users();
        let mut discretion = Discretion::default();
        discretion.hold(&ana, SocketId::random());
        let stay = discretion.stay(&ana).expect("she is here");
        let other = |number: usize| UserId::parse(&format!("u{number}")).expect("an id");
        let around = BlocksAround { blocked_by: (0..BLOCKS_MAX).map(other).collect(), ..BlocksAround::default() };
        discretion.learnt(&ana, stay, Learnt { hidden: Some(false), around });
        assert!(!discretion.are_apart(&ana, &ben));
        discretion.blocked(Position(1), &cat, &ana, true);
        assert!(discretion.are_apart(&ana, &ben));
        assert!(discretion.people[&ana].blocked_by.others.is_empty(), "nothing is kept of them");
    }

    #[test]
    fn promise_8_somebody_is_there_by_no_more_sockets_than_the_limit_and_again_when_one_is_gone() {
        let [ana, ben, _] = users();
        let mut discretion = Discretion::default();
        let [first, second, third] = std::array::from_fn(|_| SocketId::random());
        discretion.hold(&ana, first);
        assert!(discretion.has_room(&ana, second, 2));
        discretion.hold(&ana, second);
        assert!(!discretion.has_room(&ana, third, 2) && discretion.has_room(&ben, third, 2));
        assert!(discretion.has_room(&ana, first, 2), "it is counted already");
        discretion.release(&ana, second);
        assert!(discretion.has_room(&ana, third, 2));
    }

    #[test]
    fn only_a_room_of_two_is_shut_by_a_block() {
        let [ana, ben, cat] = users();
        let mut discretion = Discretion::default();
        discretion.hold(&ana, SocketId::random());
        discretion.blocked(Position(1), &ben, &ana, true);
        assert!(discretion.is_shut(RoomId::direct(&ana, &ben), &ana, &ben));
        assert!(discretion.is_shut(RoomId::mentor_session(&ben, &ana), &ana, &ben));
        assert!(!discretion.is_shut(RoomId::direct(&ana, &cat), &ana, &ben));
        assert!(!discretion.is_shut(RoomId::direct(&ana, &cat), &ana, &cat));
    }
}
