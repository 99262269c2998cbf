//! One socket on one channel, and how frames reach it. The other half of the hub.

use std::sync::Arc;

use aggregates::ids::{RoomId, UserId};
use axum::extract::ws::Utf8Bytes;
use event_log::Position;

use super::channel_name::{room_channel, user_channel};
use super::hub::{Hub, State};
use super::outbox::Outbox;
use super::people::Step;
use super::protocol::{self, CloseCode, EventData};
use super::socket_id::SocketId;

/// Whom a frame passes by.
#[derive(Debug, Clone, Copy, Default)]
pub struct Except<'a> {
    pub socket: Option<SocketId>,
    pub user: Option<&'a UserId>,
}

pub(super) enum Gate {
    /// Not listening yet.
    Shut,
    /// Frames wait until it opens.
    Held(Vec<Utf8Bytes>),
    Open,
}

pub(super) struct Subscriber {
    pub ticket: u64,
    outbox: Arc<Outbox>,
    /// As whom; `None` on channels that ask for nobody.
    pub user: Option<UserId>,
    /// Frames of events up to here are not for it: the views showed them before it opened.
    pub as_of: Position,
    pub gate: Gate,
}

impl Subscriber {
    pub fn new(ticket: u64, outbox: Arc<Outbox>, user: Option<UserId>) -> Self {
        Self { ticket, outbox, user, as_of: Position::START, gate: Gate::Shut }
    }

    pub fn open(&mut self, channel: &str) {
        let gate = std::mem::replace(&mut self.gate, Gate::Open);
        self.outbox.put(protocol::subscription_succeeded(channel));
        if let Gate::Held(held) = gate {
            held.into_iter().for_each(|frame| self.outbox.put(frame));
        }
    }

    fn give(&mut self, frame: Utf8Bytes, held_max: usize) {
        match &mut self.gate {
            Gate::Shut => {}
            Gate::Held(held) if held.len() < held_max => held.push(frame),
            Gate::Held(_) => {
                self.outbox.close(CloseCode::Reconnect, "too many frames were waiting");
            }
            Gate::Open => self.outbox.put(frame),
        }
    }
}

/// What somebody would hear, asked before anything is rendered.
pub struct Interest<'a>(&'a State);

impl Interest<'_> {
    /// Somebody has the room open, or one of its members is connected.
    pub fn in_room(&self, room: RoomId) -> bool {
        self.0.people.anybody_in(room) || self.in_room_channel(room)
    }

    pub fn in_room_channel(&self, room: RoomId) -> bool {
        self.0.channels.contains_key(&room_channel(room))
    }

    pub fn in_user(&self, user: &UserId) -> bool {
        self.0.channels.contains_key(&user_channel(user))
    }
}

impl Hub {
    /// Takes events up to `to` on: whoever attaches from now on gets none of them. In the same step `look` sees what of
    /// them is wanted; a memory look only.
    pub fn take<T>(&self, to: Position, look: impl FnOnce(&Interest<'_>) -> T) -> T {
        let mut state = self.state();
        state.taken = state.taken.max(to);
        look(&Interest(&state))
    }

    /// To everybody on a channel. `position` of the event that it comes from.
    pub fn publish(&self, channel: &str, frame: &Utf8Bytes, position: Option<Position>, except: Except<'_>) {
        let mut state = self.state();
        deliver(&mut state, channel, position, except, self.outgoing_frames_max, || frame.clone());
    }

    /// To the own channel of every connected member of a room but `except.user`.
    pub fn publish_to_members(
        &self,
        room: RoomId,
        (event, data): (&str, &EventData),
        position: Position,
        except: Except<'_>,
    ) {
        let mut state = self.state();
        let members: Vec<Arc<str>> = state
            .people
            .members(room)
            .filter(|(user, _)| Some(*user) != except.user)
            .map(|(_, channel)| channel.clone())
            .collect();
        let except = Except { user: None, ..except };
        for channel in members {
            let mut frame = None;
            let text = || frame.get_or_insert_with(|| data.frame(event, &channel)).clone();
            deliver(&mut state, &channel, Some(position), except, self.outgoing_frames_max, text);
        }
    }

    /// The connected members of a room whose own channel somebody listens to.
    pub fn listening_members(&self, room: RoomId) -> Vec<UserId> {
        let state = self.state();
        let listening = state.people.members(room).filter(|(_, channel)| state.channels.contains_key(*channel));
        listening.map(|(user, _)| user.clone()).collect()
    }

    pub fn has_listeners(&self, channel: &str) -> bool {
        self.state().channels.contains_key(channel)
    }

    /// Brings memberships forward. Whoever went out is cut off the room's channel in the same step, with a word: the
    /// protocol knows no unsubscription by the server, so it is a `pusher:subscription_error` with status 403.
    pub fn stepped(&self, position: Position, room: RoomId, user: &UserId, step: Step) {
        let mut state = self.state();
        let news = state.people.stepped(position, room, user, step);
        if !news || step == Step::CameIn {
            return;
        }
        let channel = room_channel(room);
        let theirs = |(id, it): (&SocketId, &Subscriber)| {
            (it.user.as_ref() == Some(user)).then(|| (*id, it.outbox.clone(), matches!(it.gate, Gate::Shut)))
        };
        let cut: Vec<_> = state.channels.get(&channel).into_iter().flatten().filter_map(theirs).collect();
        for (id, outbox, shut) in cut {
            // Those still shut have nothing to hide yet and are asked again when they would open.
            if !shut {
                state.end(&channel, id);
                outbox.put(protocol::subscription_error(&channel, "you are no longer a member of this room", 403));
            }
        }
    }
}

fn deliver(
    state: &mut State,
    channel: &str,
    position: Option<Position>,
    except: Except<'_>,
    held_max: usize,
    mut frame: impl FnMut() -> Utf8Bytes,
) {
    let Some(subscribers) = state.channels.get_mut(channel) else { return };
    for (id, subscriber) in subscribers {
        let passed_by =
            Some(*id) == except.socket || (except.user.is_some() && subscriber.user.as_ref() == except.user);
        let seen = position.is_some_and(|position| position <= subscriber.as_of);
        if !passed_by && !seen {
            subscriber.give(frame(), held_max);
        }
    }
}
