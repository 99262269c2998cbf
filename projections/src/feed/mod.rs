//! The unit `feed`: notifications.

pub(crate) mod batch;
pub(crate) mod live;
pub mod project;
pub mod reads;
pub mod rows;

pub use reads::{FeedFilter, FeedPage, FeedReads};
pub use rows::NotificationRow;
