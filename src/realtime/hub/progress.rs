//! How far the tail has delivered, and what clients have shown to have received of it.

use std::collections::HashMap;

use aggregates::ids::UserId;
use event_log::Position;
use tokio::sync::watch;

use super::Hub;
use super::subscriber::Subscriber;
use crate::realtime::protocol::channel_name::user_channel;

impl Hub {
    /// Everything up to `position` has been delivered.
    pub fn delivered(&self, position: Position) {
        self.delivered.send_replace(Some(position));
    }

    /// How far the tail has delivered; `None` until it has begun.
    pub fn progress(&self) -> watch::Receiver<Option<Position>> {
        self.delivered.subscribe()
    }

    /// What one of somebody's sockets has received of their own channel; `None` when none of them has shown any.
    pub fn received_up_to(&self, user: &UserId) -> Option<Position> {
        self.shown_to_have_received(user).filter(|received| *received > Position::START)
    }

    /// The start of the log where they listen and have shown nothing; `None` when they do not listen.
    pub fn shown_to_have_received(&self, user: &UserId) -> Option<Position> {
        let (state, channel) = (self.state(), user_channel(user));
        let legacy = state.legacy_listeners(&channel);
        let listening = [Some(channel), legacy].into_iter().flatten().filter_map(|name| state.channels.get(&name));
        listening.flat_map(HashMap::values).map(Subscriber::received).max()
    }
}
