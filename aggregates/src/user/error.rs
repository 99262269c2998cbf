//! A directory entry never refuses: what it is given was validated before.

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UserError {}
