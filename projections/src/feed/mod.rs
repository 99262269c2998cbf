//! The unit `feed`: notifications.

pub mod reads;
pub mod rows;

pub use reads::{FeedFilter, FeedPage, FeedReads};
pub use rows::NotificationRow;
