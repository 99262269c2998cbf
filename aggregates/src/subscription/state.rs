//! What a subscription must remember: how it stands, and for whom of those who had the id.

use serde::{Deserialize, Serialize};

use super::events::{SubscriptionEvent, Why};
use crate::policy::channels::Channels;

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Subscription {
    pub(super) standing: Standing,
    pub(super) erased_before: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) enum Standing {
    #[default]
    Never,
    Subscribed {
        channels: Channels,
        auto: bool,
    },
    Left,
    /// They said no by themselves.
    Declined,
}

impl Subscription {
    /// The channels they take and whether it came by itself, as it stands for whoever has the id now.
    pub fn current(&self, erased_before: u32) -> Option<(Channels, bool)> {
        match self.standing_of(erased_before) {
            Standing::Subscribed { channels, auto } => Some((channels, auto)),
            Standing::Never | Standing::Left | Standing::Declined => None,
        }
    }

    /// Whoever was erased asked for nothing and declined nothing.
    pub(super) fn standing_of(&self, erased_before: u32) -> Standing {
        if self.erased_before == erased_before { self.standing } else { Standing::Never }
    }

    pub fn evolve(&mut self, event: &SubscriptionEvent) {
        match event {
            SubscriptionEvent::Subscribed(event) => {
                self.standing = Standing::Subscribed { channels: event.channels, auto: event.auto };
                self.erased_before = event.erased_before;
            }
            SubscriptionEvent::Unsubscribed(event) => {
                self.standing = match event.why {
                    Why::Asked => Standing::Declined,
                    Why::Left => Standing::Left,
                };
                self.erased_before = event.erased_before;
            }
        }
    }
}
