//! What clients have received, shown by their connections, and what of it is a message's "delivered".
//!
//! It says that frames arrived, never that anybody has read them. `pings` is one connection's and pure; `arrived` may use
//! `hub`. Never in here: a command.

pub(super) mod arrived;
pub(super) mod pings;
