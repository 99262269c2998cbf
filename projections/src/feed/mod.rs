//! The unit `feed`: notifications, and what people chose to hear of.

pub(crate) mod batch;
pub(crate) mod batch_choices;
pub mod choices;
pub(crate) mod live;
pub mod project;
pub mod reads;
pub mod rows;

pub use choices::{ChoiceReads, SettingsRow, SubscriptionRow, TopicFilter};
pub use reads::{FeedFilter, FeedPage, FeedReads};
pub use rows::NotificationRow;
