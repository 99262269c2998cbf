//! What is told at most once in a while, the last of it always: unread counts, read positions, counts of subscriptions.
//!
//! The tail offers what has changed (`gathering`), a task of each kind shows it. May use the views, `hub`, `frames` and
//! what lies below them. Never in here: who asked for it.

pub(super) mod gathering;
mod pacing;
pub(super) mod reads;
pub(super) mod subscription_counts;
pub(super) mod unread;
