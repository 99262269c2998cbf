//! One person's notification feed as a whole: "mark all read" is one event, however many entries there are.

mod commands;
mod decide;
mod error;
mod events;
mod state;
#[cfg(test)]
mod tests;

pub use commands::{FeedCommand, MarkFeedRead};
pub use error::FeedError;
pub use events::{FeedEvent, FeedRead};
pub use state::Feed;

crate::aggregate::cqrs_aggregate!(Feed, crate::AggregateKind::Feed, FeedCommand, FeedEvent, FeedError);
