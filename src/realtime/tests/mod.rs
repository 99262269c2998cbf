//! Realtime on a real log, with real views, over real sockets.

mod apart;
mod api;
mod client;
mod client_events;
mod limits;
mod messages;
mod presence;
mod receipts;
mod resuming;
mod rooms;
mod signing_in;
// That of the tests of the built server: one opinion on what a frame may say.
#[path = "../../../tests/support/told_frames.rs"]
mod told_frames;
mod users;
mod webhooks;
mod who_is_here;
mod window;
pub(crate) mod world;
