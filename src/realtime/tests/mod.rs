//! Realtime on a real log, with real views, over real sockets.

mod client;
mod limits;
mod presence;
mod rooms;
mod users;
pub(crate) mod world;
