//! The Pusher protocol: names of channels, ids of sockets, frames in and out, signatures and what they cover.
//!
//! Pure: text in, text out. May use the way things are written for clients (`wire`) and no other room of realtime.

pub(super) mod channel_name;
pub(super) mod claims;
mod codes;
pub(super) mod credentials;
mod incoming;
mod outgoing;
mod reload;
pub(super) mod resume_point;
pub(super) mod signature;
pub(super) mod socket_id;

pub(super) use codes::{CloseCode, ErrorCode, VERSIONS};
pub(super) use incoming::{ClientEvent, ClientFrame, DATA_BYTES_MAX, EVENT_CHARACTERS_MAX, SignIn, Subscribe};
pub(super) use outgoing::{
    EventData, MEMBER_ADDED, MEMBER_REMOVED, cache_miss, connection_established, error, error_with, event, ping, pong,
    signin_success, subscription_count, subscription_error, subscription_succeeded, subscription_succeeded_among,
    subscription_succeeded_at, told_of, watchlist_events,
};
pub(super) use reload::{RELOAD, Reload, ToReload, reload};
