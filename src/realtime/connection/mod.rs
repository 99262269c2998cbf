//! One client's WebSocket, from its handshake to its close.
//!
//! `endpoint` takes it in, `socket` reads and writes it, and the rest is what may be said on it. May use `subscription`,
//! `receipts`, `hub` and what lies below it. Never in here: who may listen, what is said.

mod allowance;
mod client_events;
pub(super) mod draining;
pub(super) mod endpoint;
mod signing_in;
mod socket;
