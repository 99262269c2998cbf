//! What is known of the people who are connected: their rooms and mutes, who came and went, who must not notice whom.
//!
//! Pure bookkeeping: the hub holds it under its lock, and it is tested without a socket. May use `protocol`. Never in here:
//! a query, a frame, a clock.

pub(super) mod comings;
pub(super) mod discretion;
pub(super) mod memberships;
pub(super) mod mutes;
pub(super) mod online;
