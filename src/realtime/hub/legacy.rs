//! Whether anybody listens to a channel, under its own name or the bare one of older clients.
//!
//! A part of the hub. What is sent to the one is sent to the other in a frame of its own; where nobody uses the old
//! names, that costs one look at a number.

use std::sync::Arc;

use super::{Hub, State};
use crate::realtime::protocol::channel_name::legacy_of;

impl State {
    pub(super) fn is_heard(&self, channel: &str) -> bool {
        self.channels.contains_key(channel) || self.legacy_listeners(channel).is_some()
    }

    /// The bare name, when somebody listens to it.
    pub(super) fn legacy_listeners(&self, channel: &str) -> Option<Arc<str>> {
        if self.legacy_subscriptions == 0 {
            return None;
        }
        let name = legacy_of(channel)?;
        self.channels.get_key_value(&*name).map(|(name, _)| name.clone())
    }
}

impl Hub {
    /// As [`State::legacy_listeners`].
    pub fn legacy_listeners(&self, channel: &str) -> Option<Arc<str>> {
        self.state().legacy_listeners(channel)
    }
}
