//! A feed never refuses: whose it is follows from who asks.

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {}
