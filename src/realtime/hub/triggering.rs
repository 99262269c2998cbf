//! What the application's servers may do to channels and ask of them. A part of the hub.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Hub;
use super::publishing::{Except, deliver};
use crate::realtime::protocol;
use crate::realtime::protocol::channel_name::{is_cache, is_server_to_user, legacy_of, own_of_legacy};
use crate::realtime::protocol::socket_id::SocketId;

impl Hub {
    /// To everybody on these channels, and under the other name of each that has one; once, whatever is named twice. A `wake` has
    /// to follow.
    pub fn trigger(&self, channels: &[String], (event, data): (&str, &str), except: Option<SocketId>) {
        let mut names: BTreeSet<String> = channels.iter().cloned().collect();
        names.extend(channels.iter().filter_map(|name| own_of_legacy(name)));
        names.extend(channels.iter().filter_map(|name| legacy_of(name).map(String::from)));
        let except = Except { socket: except, ..Except::default() };
        for name in names {
            let cached = is_cache(&name);
            // For each by itself: a hundred crowded channels in one step would make everybody else wait.
            let mut state = self.state();
            if !cached && !state.channels.contains_key(name.as_str()) {
                continue;
            }
            let frame = protocol::event(event, &name, data, None);
            if cached {
                state.last_events.keep(&name, frame.clone(), data, Instant::now());
            }
            deliver(&mut state, &name, None, except, self.outgoing_frames_max, || frame.clone());
        }
    }

    /// Open subscriptions and, on a presence channel, people.
    pub fn occupation(&self, channel: &str) -> (usize, usize) {
        let state = self.state();
        let users = state.rosters.get(channel).map_or(0, super::roster::Roster::len);
        (state.occupancy.count(channel), users)
    }

    /// Channels that somebody subscribes to, but those that stand for one signed-in user.
    pub fn occupied(&self, prefix: &str) -> Vec<Arc<str>> {
        let state = self.state();
        let names = state.occupancy.channels().filter(|name| name.starts_with(prefix) && !is_server_to_user(name));
        names.cloned().collect()
    }

    pub fn users_on(&self, channel: &str) -> Vec<Arc<str>> {
        let state = self.state();
        state.rosters.get(channel).into_iter().flat_map(|roster| roster.ids().cloned()).collect()
    }

    /// The data of the last event on a cache channel, and how much longer it is kept.
    pub fn kept(&self, channel: &str) -> Option<(Arc<str>, Duration)> {
        self.state().last_events.data(channel, Instant::now())
    }
}
