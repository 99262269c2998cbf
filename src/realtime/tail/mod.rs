//! Events of the log become frames: followed one by one, told to those whom they concern.
//!
//! `following` reads the log and brings memberships forward, `audience` says who is concerned, `telling` and `changes` what
//! they are told. May use the views, `presence`, `throttled` and `receipts` (to which it hands what is theirs), `hub` and
//! what lies below it. Never in here: a socket.

mod audience;
mod changes;
mod following;
pub(super) mod skips;
mod telling;

pub(super) use following::run;
