//! Which messages of direct rooms have arrived: what a client's pong shows becomes the "delivered" of its person.
//!
//! The tail notes the last message that somebody who listens was told of, room by room. Once in [`LOOK_EVERY`] all that
//! their sockets have shown to have received is handed on, so that a conversation in full flow is one command each second
//! and not one each message. Whoever is gone is forgotten: what they missed has not arrived. Never in here: a command.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aggregates::ids::{MessageId, RoomId, UserId};
use event_log::Position;
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::realtime::Realtime;
use crate::realtime::inner::Inner;

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Rooms in which somebody's receipt is waited for; of more, what has arrived shows with the next message or the reading.
const AWAITED_MAX: usize = 100_000;
/// Handed on and not yet carried out; then the next look waits.
const HANDED_ON_MAX: usize = 1_024;

/// `user` has received everything in `room` up to this message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    pub room: RoomId,
    pub user: UserId,
    pub message: MessageId,
    pub seq: u64,
}

/// The last message that somebody was told of, not known to have arrived.
#[derive(Debug, Clone, Copy)]
struct Awaited {
    message: MessageId,
    seq: u64,
    position: Position,
}

pub(in crate::realtime) struct Arrivals {
    awaited: Mutex<HashMap<(UserId, RoomId), Awaited>>,
    hand_on: mpsc::Sender<Arrived>,
    /// For whoever carries it out, until they take it.
    handed_on: Mutex<Option<mpsc::Receiver<Arrived>>>,
}

impl Default for Arrivals {
    fn default() -> Self {
        let (hand_on, handed_on) = mpsc::channel(HANDED_ON_MAX);
        Self { awaited: Mutex::default(), hand_on, handed_on: Mutex::new(Some(handed_on)) }
    }
}

impl Arrivals {
    /// `user`, who listens, is told of a message at `position`.
    pub fn told(&self, user: &UserId, room: RoomId, (message, seq): (MessageId, u64), position: Position) {
        let mut awaited = self.awaited();
        let key = (user.clone(), room);
        if awaited.len() < AWAITED_MAX || awaited.contains_key(&key) {
            awaited.insert(key, Awaited { message, seq, position });
        }
    }

    /// What has come, of those who have received up to `received(user)`; `None` stands for somebody who is gone.
    fn take(&self, received: impl Fn(&UserId) -> Option<Position>) -> Vec<Arrived> {
        let mut arrived = Vec::new();
        self.awaited().retain(|(user, room), awaited| match received(user) {
            None => false,
            Some(up_to) if up_to < awaited.position => true,
            Some(_) => {
                let Awaited { message, seq, .. } = *awaited;
                arrived.push(Arrived { room: *room, user: user.clone(), message, seq });
                false
            }
        });
        arrived
    }

    pub fn take_handed_on(&self) -> Option<mpsc::Receiver<Arrived>> {
        self.handed_on.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    // A panic while it was held cannot leave it half changed.
    fn awaited(&self) -> MutexGuard<'_, HashMap<(UserId, RoomId), Awaited>> {
        self.awaited.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Until `stop`, or until nobody carries out what is handed on.
pub(in crate::realtime) async fn run(inner: Arc<Inner>, stop: CancellationToken) {
    let mut look = tokio::time::interval(LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = look.tick() => {}
        }
        for arrived in inner.arrivals.take(|user| inner.hub.shown_to_have_received(user)) {
            tokio::select! {
                () = stop.cancelled() => return,
                handed_on = inner.arrivals.hand_on.send(arrived) => if handed_on.is_err() { return },
            }
        }
    }
}

impl Realtime {
    /// Everything that was told on `user`'s own channel up to this position has arrived at one of their sockets on this
    /// node; nothing is said of other nodes. `None` where no socket has shown any of it, or with
    /// [`super::super::RealtimeConfig::receipts`] switched off.
    pub fn received_up_to(&self, user: &UserId) -> Option<Position> {
        self.0.hub.received_up_to(user)
    }

    /// What has arrived in direct rooms, for whoever notes it. `None` when somebody does already.
    pub fn arrivals(&self) -> Option<mpsc::Receiver<Arrived>> {
        self.0.arrivals.take_handed_on()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn user(id: &str) -> UserId {
        UserId::parse(id).expect("an id")
    }

    fn message(seq: u64) -> (MessageId, u64) {
        (MessageId(Uuid::from_u128(u128::from(seq))), seq)
    }

    #[test]
    fn the_last_of_what_has_come_is_handed_on_once() {
        let (arrivals, room) = (Arrivals::default(), RoomId(Uuid::from_u128(1)));
        arrivals.told(&user("ana"), room, message(1), Position(10));
        arrivals.told(&user("ana"), room, message(2), Position(12));
        assert_eq!(arrivals.take(|_| Some(Position(11))), []);
        let (id, seq) = message(2);
        let arrived = Arrived { room, user: user("ana"), message: id, seq };
        assert_eq!(arrivals.take(|_| Some(Position(12))), [arrived]);
        assert_eq!(arrivals.take(|_| Some(Position(13))), []);
    }

    #[test]
    fn of_whoever_is_gone_nothing_is_waited_for() {
        let (arrivals, room) = (Arrivals::default(), RoomId(Uuid::from_u128(1)));
        arrivals.told(&user("ana"), room, message(1), Position(10));
        assert_eq!(arrivals.take(|_| None), []);
        assert_eq!(arrivals.take(|_| Some(Position(99))), []);
    }

    #[test]
    fn promise_8_no_more_are_waited_for_than_the_limit() {
        let arrivals = Arrivals::default();
        for number in 0..AWAITED_MAX + 2 {
            arrivals.told(&user("ana"), RoomId(Uuid::from_u128(number as u128)), message(1), Position(1));
        }
        assert_eq!(arrivals.awaited().len(), AWAITED_MAX);
    }
}
