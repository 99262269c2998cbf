//! What may be set about realtime, with its limits.
//!
//! Every limit has a name here, so that nothing in this room grows without one.

use std::fmt;
use std::time::Duration;

/// The application that pusher-js connects to: `PUSHER_APP_ID`, `PUSHER_APP_KEY`, `PUSHER_APP_SECRET`.
#[derive(Clone)]
pub struct AppCredentials {
    /// Digits only: some server SDKs parse it as a number.
    pub id: String,
    /// Public; part of the URL.
    pub key: String,
    /// Signs channels. Never shown, also not by `Debug`.
    pub secret: String,
}

impl fmt::Debug for AppCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppCredentials").field("id", &self.id).field("key", &self.key).finish_non_exhaustive()
    }
}

/// See the fields. `Default` has no credentials of its own: see [`RealtimeConfig::new`].
#[derive(Debug, Clone)]
pub struct RealtimeConfig {
    pub app: AppCredentials,
    /// Sockets of this node; one more is closed with 4100 (the client comes back after a second). Default 20,000.
    pub connections_max: usize,
    /// Channels of one socket, also those still being checked. Default 200.
    pub channels_per_connection_max: usize,
    /// Bytes of one frame from a client; a longer one is answered with an error. Default 10,240.
    pub message_bytes_max: usize,
    /// Frames waiting for one socket; a client that is slower is closed with 4200. Default 1,024.
    pub outgoing_frames_max: usize,
    /// Told to the client, and how long a client may be silent before it is asked for a sign of life. Default 120 s.
    pub activity_timeout: Duration,
    /// How long that sign may take before the socket is closed with 4201. Default 30 s.
    pub pong_timeout: Duration,
    /// How long a subscription waits for the views before the client is sent away to try again. Default 2 s.
    pub view_patience: Duration,
    /// Over how long a stopping node sends its clients away: they all come back at once. Default 5 s.
    pub drain: Duration,
    /// Rooms above it get no `message-read` frames (requirements §2). Default 100.
    pub read_frames_members_max: usize,
    /// At most one `message-read` per participant and one `unread` per user in this time. Default 1 s.
    pub gather: Duration,
    /// Also send `typing`, `messages-read` and `notification-new` (requirements §4). Default on.
    pub legacy_event_names: bool,
    /// Rooms of which is remembered who the two in it are, and how big they are; at the limit all are forgotten and asked for
    /// again. Default 20,000.
    pub rooms_remembered_max: usize,
    /// How long somebody without a socket is online by a word of theirs. Default 75 s.
    pub heartbeat: Duration,
    /// Whoever is back within it was not away. Default 10 s.
    pub presence_grace: Duration,
}

impl RealtimeConfig {
    /// Every limit at its default.
    pub fn new(app: AppCredentials) -> Self {
        Self {
            app,
            connections_max: 20_000,
            channels_per_connection_max: 200,
            message_bytes_max: 10 * 1024,
            outgoing_frames_max: 1_024,
            activity_timeout: Duration::from_secs(120),
            pong_timeout: Duration::from_secs(30),
            view_patience: Duration::from_secs(2),
            drain: Duration::from_secs(5),
            read_frames_members_max: 100,
            gather: Duration::from_secs(1),
            legacy_event_names: true,
            rooms_remembered_max: 20_000,
            heartbeat: Duration::from_secs(75),
            presence_grace: Duration::from_secs(10),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_not_shown() {
        let app = AppCredentials { id: "1".into(), key: "key".into(), secret: "hush".into() };
        assert!(!format!("{:?}", RealtimeConfig::new(app)).contains("hush"));
    }
}
