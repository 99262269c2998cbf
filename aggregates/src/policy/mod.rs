//! What follows from what: pure decisions above the aggregates, shared by the reactor and by what-if.

pub mod channels;
pub mod choosing;
pub mod content;
pub mod deciding;
pub mod follower;
pub mod quiet_hours;
pub mod related;
pub mod retrying;
pub mod settings;
pub mod templates;
