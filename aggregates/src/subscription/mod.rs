//! One person and one topic: whether they want to hear of it, and on which channels (requirements R11).
//!
//! One stream for each pair, so that subscribers of one topic never wait for each other.

mod commands;
mod decide;
mod error;
mod events;
mod state;
#[cfg(test)]
mod tests;

pub use commands::{ChannelWishes, End, Join, Subscribe, SubscriptionCommand};
pub use error::SubscriptionError;
pub use events::{Subscribed, SubscriptionEvent, Topic, TopicKind, Unsubscribed, Why};
pub use state::Subscription;

use crate::policy::channels::{Channel, Channels};

/// What somebody takes who chose nothing.
pub const DEFAULT_CHANNELS: Channels = Channels::of(&[Channel::InApp, Channel::Push, Channel::Email]);

crate::aggregate::cqrs_aggregate!(
    Subscription,
    crate::AggregateKind::Subscription,
    SubscriptionCommand,
    SubscriptionEvent,
    SubscriptionError
);
