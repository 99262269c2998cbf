//! Who is in which room, as far as it decides who listens: read from the inbox, brought forward by the tail.

use aggregates::ids::{RoomId, UserId};
use aggregates::participant::RoomArranged;
use event_log::Position;
use projections::inbox::{MutedRoom, Stay};

use super::subscriber::{Gate, Subscriber};
use super::{Hub, State};
use crate::realtime::people::memberships::{Step, Turn};
use crate::realtime::protocol;
use crate::realtime::protocol::channel_name::channels_of_members;
use crate::realtime::protocol::socket_id::SocketId;

impl Hub {
    /// What the inbox answered about somebody's rooms; see [`People::read`].
    pub fn rooms_were_read(&self, user: &UserId, turn: Turn, answer: Option<(Vec<Stay>, Position)>) {
        self.state().people.read(user, turn, answer);
    }

    /// What it answered about the rooms they muted; see [`People::read_mutes`].
    pub fn mutes_were_read(&self, user: &UserId, turn: Turn, muted: &[MutedRoom], as_of: Position) {
        self.state().people.read_mutes(user, turn, muted, as_of);
    }

    /// How somebody who is connected is in a room; `None` where they are not.
    pub fn stay_in(&self, room: RoomId, user: &UserId) -> Option<Stay> {
        self.state().people.stay(room, user).copied()
    }

    /// Somebody gave a room another place among theirs.
    pub fn arranged(&self, position: Position, event: &RoomArranged) {
        self.state().people.arranged(position, event);
    }

    /// Brings memberships forward. Whoever went out is cut off the room's channel in the same step, with a word: the
    /// protocol knows no unsubscription by the server, so it is a `pusher:subscription_error` with status 403.
    pub fn stepped(&self, position: Position, room: RoomId, user: &UserId, step: Step) {
        let mut state = self.state();
        let news = state.people.stepped(position, room, user, step);
        if !news || step != Step::WentOut {
            return;
        }
        for channel in channels_of_members(room) {
            let theirs = |(id, it): (&SocketId, &Subscriber)| (it.user.as_ref() == Some(user)).then_some(*id);
            let cut: Vec<_> = state.channels.get(&channel).into_iter().flatten().filter_map(theirs).collect();
            for id in cut {
                state.cut(&channel, id, "you are no longer a member of this room");
            }
        }
        for (channel, id) in state.group_listeners.left(user, room) {
            state.cut(&channel, id, "you are in no room of this group any more");
        }
    }
}

impl State {
    /// Ends a subscription against its owner's will. Those still shut have nothing to hide yet and are asked again when they
    /// would open.
    fn cut(&mut self, channel: &str, id: SocketId, why: &str) {
        let Some(subscriber) = self.channels.get(channel).and_then(|subscribers| subscribers.get(&id)) else { return };
        if matches!(subscriber.gate, Gate::Shut) {
            return;
        }
        let outbox = subscriber.outbox.clone();
        self.end(channel, id);
        outbox.put(protocol::subscription_error(channel, why, 403));
    }
}
