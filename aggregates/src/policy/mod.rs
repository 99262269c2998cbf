//! What follows from what: pure decisions above the aggregates, shared by the reactor and by what-if.

pub mod follower;
pub mod templates;
