//! Realtime on a real log, with real views, over real sockets.

mod api;
mod client;
mod client_events;
mod limits;
mod presence;
mod rooms;
mod signing_in;
mod users;
mod webhooks;
mod who_is_here;
pub(crate) mod world;
