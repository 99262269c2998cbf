//! Realtime on a real log, with real views, over real sockets.

mod client;
mod limits;
mod receipts;
mod resuming;
mod rooms;
mod users;
mod window;
pub(crate) mod world;
