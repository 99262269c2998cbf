//! The unit `feed`: notifications, what became of them elsewhere, and what people chose to hear of.

pub(crate) mod batch;
pub(crate) mod batch_choices;
pub mod choices;
pub mod deliveries;
pub(crate) mod live;
pub mod project;
pub mod reads;
pub mod rows;

pub use choices::{ChoiceReads, SettingsRow, SubscriptionRow, TopicFilter};
pub use deliveries::{DeliveryReads, DeliveryRow, DeliveryState, DueDelivery};
pub use reads::{FeedFilter, FeedPage, FeedReads};
pub use rows::{FeedEntry, NotificationRow};
