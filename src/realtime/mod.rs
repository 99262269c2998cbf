//! Realtime: the Pusher protocol, served by Kabar itself, from the tail of the log.

pub mod channel_name;
pub mod config;
pub mod protocol;
pub mod signature;
pub mod socket_id;

#[derive(Clone)]
pub struct Realtime {}
