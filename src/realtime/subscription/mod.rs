//! From the wish to listen to a channel to an open subscription, with what was missed in between.
//!
//! `admission` judges what the request says, `subscribing` waits for what the views and the tail must say, `replaying` gives
//! a client that was away what it missed. May use the views, `presence`, `throttled`, `hub` and what lies below it. Never
//! in here: the WebSocket, rendering.

mod admission;
pub(super) mod replaying;
pub(super) mod subscribing;
