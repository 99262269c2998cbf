//! What presence asks of the hub: who came and went, who listens, and frames for some of a channel's listeners.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use aggregates::ids::{RoomId, UserId};
use axum::extract::ws::Utf8Bytes;
use tokio::sync::Notify;

use super::{Hub, State};
use crate::realtime::frames::Frame;

impl Hub {
    /// Wakes whoever waits for comings and goings.
    pub fn comings_called(&self) -> Arc<Notify> {
        self.state().people.comings.called()
    }

    /// Who was erased, then who came and went.
    pub fn take_comings(&self) -> (Vec<UserId>, HashMap<UserId, bool>) {
        self.state().people.comings.take()
    }

    /// The rooms of somebody who is connected here, once they were read.
    pub fn known_rooms(&self, user: &UserId) -> Option<Vec<RoomId>> {
        self.state().people.known_rooms(user).map(|rooms| rooms.keys().copied().collect())
    }

    /// As whom a channel is listened to, under its own name or the bare one of older clients.
    pub fn listeners(&self, channel: &str) -> HashSet<UserId> {
        let state = self.state();
        let legacy = state.legacy_listeners(channel);
        let names = std::iter::once(channel).chain(legacy.as_deref());
        let subscribers = names.filter_map(|name| state.channels.get(name)).flat_map(HashMap::values);
        subscribers.filter_map(|subscriber| subscriber.user.clone()).collect()
    }

    /// To those of a channel who listen as one of `users` and are not apart from `of`, whom it tells of. That is known here
    /// of everybody who listens, and may be before the views have it. A `wake` has to follow.
    pub fn publish_to_some(&self, channel: &str, frame: &Utf8Bytes, (users, of): (&HashSet<UserId>, &UserId)) {
        let mut state = self.state();
        let State { channels, to_wake, discretion, .. } = &mut *state;
        let Some(subscribers) = channels.get_mut(channel) else { return };
        for subscriber in subscribers.values_mut() {
            let hears = |user: &UserId| users.contains(user) && !discretion.are_apart(user, of);
            if subscriber.user.as_ref().is_some_and(hears) {
                to_wake.extend(subscriber.give(Frame::from(frame.clone()), self.outgoing_frames_max).cloned());
            }
        }
    }
}
