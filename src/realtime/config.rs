//! What may be set about realtime, with its limits.
//!
//! Every limit has a name here, so that nothing in this room grows without one.

use std::time::Duration;

use super::protocol::credentials::{AppCredentials, MasterKey};
use super::webhooks::Webhook;

/// See the fields. `Default` has no credentials of its own: see [`RealtimeConfig::new`].
#[derive(Debug, Clone)]
pub struct RealtimeConfig {
    pub app: AppCredentials,
    /// Sockets of this node; one more is closed with 4100 (the client comes back after a second). Default 20,000.
    pub connections_max: usize,
    /// Sockets of this node that are known to be one person's, by a session, a sign-in or a subscription as them; the
    /// newest, one too many, is closed with 4100. Default 50.
    pub connections_per_user_max: usize,
    /// Channels of one socket, also those still being checked. Default 200.
    pub channels_per_connection_max: usize,
    /// Bytes of one frame from a client; a longer one is answered with an error. The longest that the protocol knows is a
    /// sign-in with a watchlist, or an event of 10 KB, escaped. Default 32,768.
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
    /// Bytes of frames kept for clients that were away; 0: none, and they are told to reload. Default 32 MiB.
    pub window_bytes_max: usize,
    /// Events whose frames are kept, and read from the log again at the start. Default 20,000.
    pub window_events_max: u64,
    /// Frames replayed on one channel; who missed more is told to reload. Default 1,000.
    pub replay_frames_max: usize,
    /// Whether clients are asked, by WebSocket pings, what they have received. To be switched off where a proxy answers
    /// pings itself. Default on.
    pub receipts: bool,
    /// A connection is asked at most once in this time. Default 5 s.
    pub receipt_interval: Duration,
    /// Let signed-in connections subscribe to `user-..`, `chat-..` and `group-..` as well (requirements §4). Default on.
    pub legacy_channels: bool,
    /// People on one presence channel. Default 100.
    pub presence_members_max: usize,
    /// Client events that one connection may send in a second. Default 10.
    pub client_events_per_second: u32,
    /// Show how many subscribe to a channel (`pusher_internal:subscription_count`). Default off.
    pub subscription_counts: bool,
    /// Cache channels whose last event is kept. Default 1,000.
    pub cache_channels_max: usize,
    /// Whom to tell of what happens on channels. Default nobody.
    pub webhooks: Vec<Webhook>,
    /// What the keys of encrypted channels are made of. Default none: they are for another server to authorise.
    pub encryption_master_key: Option<MasterKey>,
    /// Rooms of which is remembered who the two in it are, and how big they are; at the limit all are forgotten and asked for
    /// again. Default 20,000.
    pub rooms_remembered_max: usize,
    /// How long somebody without a socket is online by a word of theirs. Default 75 s.
    pub heartbeat: Duration,
    /// Whoever is back within it was not away. Default 10 s.
    pub presence_grace: Duration,
    /// People remembered as being here; who comes beyond it is not shown as online. Default 100,000.
    pub presence_people_max: usize,
}

impl RealtimeConfig {
    /// Every limit at its default.
    pub fn new(app: AppCredentials) -> Self {
        Self {
            app,
            connections_max: 20_000,
            connections_per_user_max: 50,
            channels_per_connection_max: 200,
            message_bytes_max: 32 * 1024,
            outgoing_frames_max: 1_024,
            activity_timeout: Duration::from_secs(120),
            pong_timeout: Duration::from_secs(30),
            view_patience: Duration::from_secs(2),
            drain: Duration::from_secs(5),
            read_frames_members_max: 100,
            gather: Duration::from_secs(1),
            legacy_event_names: true,
            window_bytes_max: 32 * 1024 * 1024,
            window_events_max: 20_000,
            replay_frames_max: 1_000,
            receipts: true,
            receipt_interval: Duration::from_secs(5),
            legacy_channels: true,
            presence_members_max: 100,
            client_events_per_second: 10,
            subscription_counts: false,
            cache_channels_max: 1_000,
            webhooks: Vec::new(),
            encryption_master_key: None,
            rooms_remembered_max: 20_000,
            heartbeat: Duration::from_secs(75),
            presence_grace: Duration::from_secs(10),
            presence_people_max: 100_000,
        }
    }

    /// Whether anything is kept for clients that were away.
    pub fn keeps_window(&self) -> bool {
        self.window_bytes_max > 0 && self.window_events_max > 0
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
