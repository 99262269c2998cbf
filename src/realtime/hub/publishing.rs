//! How a frame reaches those who listen to its channel, and whom it passes by.

use std::sync::Arc;

use aggregates::ids::{RoomId, UserId};
use aggregates::room::HistoryFrom;
use axum::extract::ws::Utf8Bytes;
use event_log::Position;

use super::{Hub, State};
use crate::realtime::frames::{Cause, Frame, HintData, Joined};
use crate::realtime::people::discretion::Discretion;
use crate::realtime::protocol::channel_name::{room_channel, user_channel};
use crate::realtime::protocol::socket_id::SocketId;

/// Whom a frame passes by.
#[derive(Debug, Clone, Copy, Default)]
pub struct Except<'a> {
    pub socket: Option<SocketId>,
    pub user: Option<&'a UserId>,
    /// Those who are apart from whom it tells of.
    pub apart: Option<Apart<'a>>,
}

/// Whom a frame tells of.
#[derive(Debug, Clone, Copy)]
pub struct Apart<'a> {
    pub from: &'a UserId,
    /// It is kept from the other one of a room of two alone: in groups both stay.
    pub of_two: Option<RoomId>,
}

impl Apart<'_> {
    fn holds(self, discretion: &Discretion, user: &UserId) -> bool {
        match self.of_two {
            Some(room) => discretion.is_shut(room, self.from, user),
            None => discretion.are_apart(self.from, user),
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
        self.0.is_heard(&room_channel(room))
    }

    pub fn in_user(&self, user: &UserId) -> bool {
        self.0.is_heard(&user_channel(user))
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

    /// Sockets begin to write what was published. To be called by whoever has published, once for all of it: a socket
    /// then writes in one go what came together.
    pub fn wake(&self) {
        let to_wake = std::mem::take(&mut self.state().to_wake);
        to_wake.iter().for_each(|outbox| outbox.wake());
    }

    /// To everybody on a channel. `cause` is the event that it comes from. A `wake` has to follow.
    pub fn publish(&self, channel: &str, frame: &Utf8Bytes, cause: Option<Cause>, except: Except<'_>) {
        let mut state = self.state();
        if let Some(cause) = cause.filter(|cause| cause.is_told_at_once) {
            state.window.keep(channel, cause, frame, except.socket);
        }
        deliver(&mut state, channel, cause, except, self.outgoing_frames_max, || frame.clone());
    }

    /// To everybody on a room's channel, a frame of each. A `wake` has to follow.
    pub fn publish_joined(&self, joined: &Arc<Joined>, cause: Cause, except: Except<'_>) {
        let (mut state, channel) = (self.state(), joined.channel());
        state.window.keep_joined(&channel, cause, joined, except.socket);
        let legacy = state.legacy_listeners(&channel);
        for channel in std::iter::once(channel).chain(legacy) {
            if state.is_heard(&channel) {
                for frame in joined.frames(&channel) {
                    let text = || frame.clone();
                    deliver(&mut state, &channel, Some(cause), except, self.outgoing_frames_max, text);
                }
            }
        }
    }

    /// To the own channel of every connected member of a room but `except.user`. A `wake` has to follow.
    pub fn publish_to_members(
        &self,
        room: RoomId,
        (event, hint): (&'static str, &HintData),
        cause: Cause,
        except: Except<'_>,
    ) {
        let mut state = self.state();
        state.window.keep_hint(room, (event, hint), cause, (except.user, except.socket));
        let people = &state.people;
        let members: Vec<(Arc<str>, bool)> = people
            .members(room)
            .filter(|(user, _)| Some(*user) != except.user)
            .map(|(user, channel)| (channel.clone(), people.has_muted(user, room, hint.said_at)))
            .collect();
        let except = Except { user: None, ..except };
        for (channel, muted) in members {
            let data = hint.when(muted);
            let mut frame = None;
            let text = || frame.get_or_insert_with(|| data.frame(event, &channel)).clone();
            deliver(&mut state, &channel, Some(cause), except, self.outgoing_frames_max, text);
            if let Some(legacy) = state.legacy_listeners(&channel) {
                let frame = data.frame(event, &legacy);
                deliver(&mut state, &legacy, Some(cause), except, self.outgoing_frames_max, || frame.clone());
            }
        }
    }

    /// The connected members of a room whose own channel somebody listens to.
    pub fn listening_members(&self, room: RoomId) -> Vec<UserId> {
        let state = self.state();
        let listening = state.people.members(room).filter(|(_, channel)| state.is_heard(channel));
        listening.map(|(user, _)| user.clone()).collect()
    }

    pub fn has_listeners(&self, channel: &str) -> bool {
        self.state().is_heard(channel)
    }
}

pub(super) fn deliver(
    state: &mut State,
    channel: &str,
    cause: Option<Cause>,
    except: Except<'_>,
    held_max: usize,
    mut frame: impl FnMut() -> Utf8Bytes,
) {
    let State { channels, people, to_wake, discretion, .. } = state;
    let Some(subscribers) = channels.get_mut(channel) else { return };
    for (id, subscriber) in subscribers {
        let user = subscriber.user.as_ref();
        let apart = except.apart.zip(user).is_some_and(|(apart, user)| apart.holds(discretion, user));
        let passed_by = Some(*id) == except.socket || (except.user.is_some() && user == except.user) || apart;
        let seen = cause.is_some_and(|cause| cause.position <= subscriber.as_of);
        let replayed = subscriber.replaying && cause.is_some_and(|cause| cause.is_told_at_once);
        // Of what whoever came later may not read they hear nothing either.
        let hidden = cause.and_then(|cause| cause.about).is_some_and(|about| {
            about.history_from == HistoryFrom::Join
                && !about.is_for(user.and_then(|user| people.stay(about.room, user)))
        });
        if !passed_by && !seen && !replayed && !hidden {
            to_wake.extend(subscriber.give(Frame::of(frame(), cause), held_max).cloned());
        }
    }
}
