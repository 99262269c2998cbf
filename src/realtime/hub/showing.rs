//! Who is shown to whom as here: on the lists of rooms (`presence-room-..`) and on watchlists. A part of the hub.
//!
//! Whoever hides, and whoever is apart from the one who looks, is not here for them: left out of what a new subscriber is
//! shown, and gone or come in the same step as that begins or ends. The application's own presence channels are its own
//! affair. What is known of whom is in `people`.

use std::collections::BTreeSet;
use std::sync::Arc;

use aggregates::ids::{RoomId, UserId};
use event_log::Position;

use super::{Hub, State};
use crate::realtime::people::discretion::{Learnt, Stay};
use crate::realtime::protocol;
use crate::realtime::protocol::channel_name::is_room_roster;

impl State {
    /// The lists of rooms that somebody is on.
    fn lists_of(&self, user: &UserId) -> BTreeSet<Arc<str>> {
        let sockets = self.discretion.sockets(user).into_iter();
        let channels = sockets.filter_map(|id| Some((id, &self.sockets.get(&id)?.channels)));
        let is_on = |channel: &Arc<str>, id| self.rosters.get(channel).is_some_and(|it| it.member_of(id).is_some());
        channels
            .flat_map(|(id, channels)| channels.iter().map(move |channel| (id, channel)))
            .filter(|(id, channel)| is_room_roster(channel) && is_on(channel, *id))
            .map(|(_, channel)| channel.clone())
            .collect()
    }

    /// They have begun to hide, or show themselves.
    fn turned(&mut self, user: &UserId, was_hidden: bool) {
        let is_here = !self.discretion.is_hidden(user);
        if is_here != was_hidden {
            return;
        }
        for channel in self.lists_of(user) {
            if let Some(frame) = self.member_frame(&channel, user, is_here) {
                self.say_to_others(&channel, user, &frame);
            }
        }
        if self.online.is_online(user) {
            self.tell_watchers(if is_here { "online" } else { "offline" }, user);
        }
    }

    /// `other` is here for `viewer`, or no more.
    fn turned_for(&self, viewer: &UserId, other: &UserId, is_here: bool) {
        for channel in self.lists_of(viewer).intersection(&self.lists_of(other)) {
            let Some(frame) = self.member_frame(channel, other, is_here) else { continue };
            let subscribers = self.channels.get(channel).into_iter().flatten().map(|(_, subscriber)| subscriber);
            subscribers.filter(|it| it.user.as_ref() == Some(viewer)).for_each(|it| it.put_if_open(&frame));
        }
        if !self.online.is_online(other) {
            return;
        }
        let event = (if is_here { "online" } else { "offline" }, std::slice::from_ref(other));
        for socket in self.online.watchers(other).filter_map(|watcher| self.sockets.get(&watcher)) {
            if socket.signed_in.as_ref().is_some_and(|it| it.user == *viewer && !it.owes_watchlist) {
                socket.outbox.put(protocol::watchlist_events(&[event]));
            }
        }
    }
}

impl Hub {
    /// They said so.
    pub fn hides(&self, user: &UserId, hidden: bool) {
        let mut state = self.state();
        let was_hidden = state.discretion.is_hidden(user);
        state.discretion.hides(user, hidden);
        state.turned(user, was_hidden);
    }

    /// `from` blocks `to`, or no more.
    pub fn blocked(&self, position: Position, from: &UserId, to: &UserId, holds: bool) {
        let mut state = self.state();
        let were_apart = state.discretion.are_apart(from, to);
        state.discretion.blocked(position, from, to, holds);
        let are_apart = state.discretion.are_apart(from, to);
        if were_apart == are_apart {
            return;
        }
        for (viewer, other) in [(from, to), (to, from)] {
            if !state.discretion.is_hidden(other) {
                state.turned_for(viewer, other, !are_apart);
            }
        }
    }

    /// Whether `room` is one of these two alone, and there is a block between them.
    pub fn is_shut(&self, room: RoomId, a: &UserId, b: &UserId) -> bool {
        self.state().discretion.is_shut(room, a, b)
    }

    pub fn take_unlearnt(&self) -> impl Iterator<Item = UserId> + use<> {
        self.state().discretion.take_unlearnt().into_iter()
    }

    /// What has happened up to here was taken on by the tail.
    pub fn taken(&self) -> Position {
        self.state().taken
    }

    pub fn stay(&self, user: &UserId) -> Option<Stay> {
        self.state().discretion.stay(user)
    }

    pub fn learnt(&self, user: &UserId, stay: Stay, learnt: Learnt) {
        let mut state = self.state();
        let was_hidden = state.discretion.is_hidden(user);
        let is_known = learnt.hidden.is_some();
        state.discretion.learnt(user, stay, learnt);
        state.turned(user, was_hidden);
        if !is_known && state.discretion.is_unknown(user) {
            state.discretion.note_unlearnt(user);
        }
    }

    /// It could not be learnt yet; whoever looks next for the unlearnt finds them.
    pub fn note_unlearnt(&self, user: &UserId) {
        self.state().discretion.note_unlearnt(user);
    }

    /// Themselves and whom they watch, where it is not known who may be shown to whom.
    pub fn unknown_to(&self, user: &UserId) -> Vec<UserId> {
        self.state().unknown_to(user)
    }

    /// Says who of their watchlists is here, where that is owed and known.
    pub fn say_watched(&self, user: &UserId) {
        self.state().say_watched(user);
    }
}
