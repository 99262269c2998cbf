//! What is kept for clients that were away: the frame window (ADR 0017), and the last event of each cache channel.
//!
//! Pure bookkeeping: the hub holds it under its lock. May use `protocol`, `frames` and `people` (mutes). Never in here: a
//! query, a socket, whether somebody may come back (`subscription` asks that).

mod found;
pub(super) mod last_events;
pub(super) mod read_mark;
mod tombstones;
pub(super) mod window;
