//! One struct per room. Each field's comment is its manual: meaning, unit, default.
//!
//! Every key is `section.key` in kabar.toml and `KABAR__SECTION__KEY` in the environment, where lists are separated by
//! commas. Unknown keys are refused: a misspelt limit that silently does nothing is worse than no start.

use std::net::IpAddr;
use std::time::Duration;

use serde::Deserialize;

use super::secret::Secret;
use super::service_keys::ServiceKey;
use super::webhooks::WebhookSection;

/// How the server listens and how patient it is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// Address to listen on. Default 127.0.0.1.
    pub host: IpAddr,
    /// TCP port; 0 takes a free one and prints it. Default 8080.
    pub port: u16,
    /// Bytes of a request body; a longer one is 413. Default 262,144.
    pub body_bytes_max: usize,
    /// Connections at once, sockets included; one more waits to be let in. Default 32,768.
    pub connections_max: usize,
    /// Requests being answered at once; one more is 503. Open sockets do not count. Default 4,096.
    pub concurrent_requests_max: usize,
    /// Seconds until a request's head must be there, and a connection may wait for the next one: longer than a proxy
    /// in front keeps its connections. Default 75.
    pub head_seconds_max: u64,
    /// Seconds a request may take before it is 503; longer than `door.command_ms_max` and `server.view_wait_ms_max`
    /// together. Default 15.
    pub request_seconds_max: u64,
    /// Milliseconds a query waits until its view has the position asked for, then 503. Default 2,000.
    pub view_wait_ms_max: u64,
    /// Seconds that requests in flight are given at a graceful stop. Default 10.
    pub drain_seconds_max: u64,
    /// Events that a view or realtime may be behind the log before /readyz says so. Default 10,000.
    pub ready_behind_events_max: u64,
    /// Whether GET /metrics answers, to anyone who reaches the port: keep it from the outside by a proxy, or switch it
    /// off. Default true.
    pub metrics: bool,
    /// Whether the documents of the routes answer (/openapi.json, /asyncapi.json, the page /docs), to anyone. Default true.
    pub docs: bool,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            host: IpAddr::from([127, 0, 0, 1]),
            port: 8080,
            body_bytes_max: 256 * 1024,
            connections_max: 32_768,
            concurrent_requests_max: 4_096,
            head_seconds_max: 75,
            request_seconds_max: 15,
            view_wait_ms_max: 2_000,
            drain_seconds_max: 10,
            ready_behind_events_max: 10_000,
            metrics: true,
            docs: true,
        }
    }
}

impl ServerConfig {
    pub fn view_wait(&self) -> Duration {
        Duration::from_millis(self.view_wait_ms_max)
    }

    pub fn head_time(&self) -> Duration {
        Duration::from_secs(self.head_seconds_max)
    }

    pub fn request_time(&self) -> Duration {
        Duration::from_secs(self.request_seconds_max)
    }

    pub fn drain_time(&self) -> Duration {
        Duration::from_secs(self.drain_seconds_max)
    }
}

/// Where log and views are kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseConfig {
    /// `sqlite:DIRECTORY` or `postgres://USER:PASSWORD@HOST:PORT/DATABASE`. Default sqlite:./data.
    pub url: Secret,
    /// Where the keys are that words are sealed with, as a URL of either form: a place of their own keeps them out of
    /// whatever copies the log. Of one log only. Default: beside the log.
    pub keys_url: Option<Secret>,
    /// The keys of the log are lost, and no backup of them is left: the next start gives it new ones, in the empty place that
    /// `keys_url` names, and what was sealed before stays unread. To be taken out again. Default false.
    pub keys_lost: bool,
}

impl DatabaseConfig {
    pub fn keys_url(&self) -> &Secret {
        self.keys_url.as_ref().unwrap_or(&self.url)
    }
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self { url: Secret::new("sqlite:./data"), keys_url: None, keys_lost: false }
    }
}

/// Whose session tokens are believed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuthConfig {
    /// Secrets of the platform's NextAuth v4 or Auth.js v5, the current one first; several while rotating. Default
    /// none. Also `NEXTAUTH_SECRET` and `AUTH_SECRET`.
    pub nextauth_secrets: Vec<Secret>,
    pub jwt: JwtConfig,
    /// Keys of the platform's own programs, sent as `Authorization: Bearer`: each with a name, at least 32 characters of
    /// key, and scopes (`people`, `moderation`). Default none.
    pub service_keys: Vec<ServiceKey>,
}

/// Our own HS256 tokens.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JwtConfig {
    /// At least 32 bytes each, the current one first; several while rotating. Default: one is made at the first start
    /// on SQLite and kept beside the database; on PostgreSQL none.
    pub secrets: Vec<Secret>,
    /// What `iss` must be. Default: not looked at.
    pub issuer: Option<String>,
    /// What `aud` must hold. Default: not looked at.
    pub audience: Option<String>,
}

/// The platform that Kabar serves.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PlatformConfig {
    /// Base of absolute links and the first allowed origin, without a path; required where push, e-mail or WhatsApp is
    /// configured. Default: Kabar's own address. Also `NEXTAUTH_URL`.
    pub base_url: Option<String>,
}

/// Which pages may call us from a browser.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CorsConfig {
    /// Origins (`https://app.example.id`) beside `platform.base_url`, for reads and for writes by cookie. Default none.
    pub origins: Vec<String>,
}

/// The Pusher side.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RealtimeSection {
    /// Digits only, since some server SDKs parse it as a number. Default 1. Also `PUSHER_APP_ID`.
    pub app_id: String,
    /// Public, part of the socket's URL. Default kabar. Also `PUSHER_APP_KEY`.
    pub key: String,
    /// Signs channels. Default: made at the first start on SQLite and kept beside the database. Also
    /// `PUSHER_APP_SECRET`.
    pub secret: Option<Secret>,
    /// Sockets of this node; one more is closed with 4100. Default 20,000.
    pub connections_max: usize,
    /// Sockets of this node that are one user's: signed in as them, opened with their session, or subscribed to anything of
    /// Kabar's as them. One more is closed with 4100, the others stay. Default 50.
    pub connections_per_user_max: usize,
    /// Channels of one socket; and as many frames of its client, never under 100, are heard in a second and at once: what it
    /// sends beyond that waits in its connection. Default 200.
    pub channels_per_connection_max: usize,
    /// Bytes of one frame from a client. Default 32,768.
    pub message_bytes_max: usize,
    /// Frames waiting for one socket; a slower client is closed with 4200. Default 1,024.
    pub outgoing_frames_max: usize,
    /// Seconds a client may be silent before it is asked for a sign of life. Default 120.
    pub activity_timeout_seconds: u64,
    /// Seconds that sign may take. Default 30.
    pub pong_timeout_seconds: u64,
    /// Milliseconds over which a stopping node sends its clients away. Default 5,000.
    pub drain_ms_max: u64,
    /// Members above which a room gets no message-read frames. Default 100.
    pub read_frames_members_max: usize,
    /// Milliseconds between two message-read frames of a participant and two unread frames of a user. Default 1,000.
    pub gather_ms: u64,
    /// Also send `typing`, `messages-read` and `notification-new`. Default true.
    pub legacy_event_names: bool,
    /// Bytes of frames kept for clients that were away; 0 keeps none, and they are told to reload. Default 33,554,432.
    pub window_bytes_max: usize,
    /// Events whose frames are kept, and read from the log again at the start. Default 20,000.
    pub window_events_max: u64,
    /// Frames replayed on one channel; who missed more is told to reload. Default 1,000.
    pub replay_frames_max: usize,
    /// Ask clients, by WebSocket pings, what they have received; to be switched off where a proxy answers pings itself.
    /// Default true.
    pub receipts: bool,
    /// Milliseconds between two such pings of a connection. Default 5,000.
    pub receipt_interval_ms: u64,
    /// Seconds that somebody without a socket is online after `POST /api/presence`. Default 75.
    pub heartbeat_seconds: u64,
    /// Milliseconds that somebody may be away without being told to be: for pages that are loaded again. Default 10,000.
    pub presence_grace_ms: u64,
    /// Let signed-in connections subscribe to the bare names of older clients, `user-..`, `chat-..` and `group-..`, as
    /// well. Default true.
    pub legacy_channels: bool,
    /// People remembered as being here, at least 16; beyond it somebody who comes is not shown as online. About 300 bytes
    /// each. Default 100,000.
    pub presence_people_max: usize,
    /// People on one presence channel; one more is refused. Default 100.
    pub presence_members_max: usize,
    /// Client events that one connection may send in a second; those beyond are answered with error 4301. Default 10.
    pub client_events_per_second: u32,
    /// Show on each channel how many subscribe to it (`pusher:subscription_count`). Default false.
    pub subscription_counts: bool,
    /// Cache channels whose last event is kept, at 10 KB each at most. Default 1,000.
    pub cache_channels_max: usize,
    /// What the keys of encrypted channels are made of: 32 bytes in base64, the same as in the server SDKs. Default: none,
    /// and Kabar tells nobody the key of an encrypted channel.
    pub encryption_master_key: Option<Secret>,
    /// The application's servers that are told what happens on channels, signed as Pusher signs its webhooks; in
    /// kabar.toml only, as `[[realtime.webhooks]]`. At most 10. Default none.
    pub webhooks: Vec<WebhookSection>,
}

impl Default for RealtimeSection {
    fn default() -> Self {
        Self {
            app_id: "1".to_owned(),
            key: "kabar".to_owned(),
            secret: None,
            connections_max: 20_000,
            connections_per_user_max: 50,
            channels_per_connection_max: 200,
            message_bytes_max: 32 * 1024,
            outgoing_frames_max: 1_024,
            activity_timeout_seconds: 120,
            pong_timeout_seconds: 30,
            drain_ms_max: 5_000,
            read_frames_members_max: 100,
            gather_ms: 1_000,
            legacy_event_names: true,
            window_bytes_max: 32 * 1024 * 1024,
            window_events_max: 20_000,
            replay_frames_max: 1_000,
            receipts: true,
            receipt_interval_ms: 5_000,
            heartbeat_seconds: 75,
            presence_grace_ms: 10_000,
            presence_people_max: 100_000,
            legacy_channels: true,
            presence_members_max: 100,
            client_events_per_second: 10,
            subscription_counts: false,
            cache_channels_max: 1_000,
            encryption_master_key: None,
            webhooks: Vec::new(),
        }
    }
}

/// Limits of the one way in for commands.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DoorConfig {
    /// Commands decided into one append. Default 256.
    pub batch_commands_max: usize,
    /// Commands waiting; beyond it callers wait. Default 8,192.
    pub queue_commands_max: usize,
    /// Milliseconds a command may take before it is 503 with nothing written. Default 2,000.
    pub command_ms_max: u64,
    /// Aggregates kept in memory, at least 16; about 1 KB each, and big rooms more. Default 50,000.
    pub cached_streams_max: usize,
}

impl Default for DoorConfig {
    fn default() -> Self {
        Self { batch_commands_max: 256, queue_commands_max: 8_192, command_ms_max: 2_000, cached_streams_max: 50_000 }
    }
}

/// What is kept in memory so that it need not be asked for again, beside `door.cached_streams_max` and
/// `limits.users_max`. A cache that is full forgets and asks again: too small it costs time, never an answer. The defaults
/// are for a machine of 512 MB; `kabar_cache_entries` says what came of each.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CachesConfig {
    /// People whose names and pictures are at hand, at least 16; about 500 bytes each. Default 20,000.
    pub people_max: usize,
    /// Sessions that have told the directory what they say of their owner, at least 16; about 500 bytes each.
    /// Default 20,000.
    pub sessions_max: usize,
    /// Rooms of which is remembered who the two in it are, or that it is one of many, at least 16; about 250 bytes each.
    /// Default 20,000.
    pub rooms_max: usize,
    /// Keys at hand that words are sealed and opened with, at least 16; about 900 bytes each. Default 50,000.
    pub keys_max: usize,
    /// Newest events, for views, reactor and realtime, which then need not read the log; at least 16. Default 8,192.
    pub log_events_max: usize,
    /// Bytes that those may weigh together, about; at least 1,048,576. Default 16,777,216.
    pub log_bytes_max: usize,
    /// Commands remembered as just carried out, at least `door.batch_commands_max`; about 250 bytes each. Default 16,384.
    pub commands_max: usize,
}

impl Default for CachesConfig {
    fn default() -> Self {
        Self {
            people_max: 20_000,
            sessions_max: 20_000,
            rooms_max: 20_000,
            keys_max: 50_000,
            log_events_max: 8_192,
            log_bytes_max: 16 * 1024 * 1024,
            commands_max: 16_384,
        }
    }
}

/// How much one user may do; past it 429 with Retry-After.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Messages. Default 10 a second, 30 at once.
    pub sends: Rate,
    /// Typing. Default 2 a second, 4 at once.
    pub typing: Rate,
    /// Every other write. Default 20 a second, 40 at once.
    pub writes: Rate,
    /// Queries and channel authorisations. Default 50 a second, 200 at once: pusher-js authorises all its channels anew
    /// after every reconnect.
    pub reads: Rate,
    /// Everything that one service key asks. Default 500 a second, 1,000 at once.
    pub services: Rate,
    /// Users remembered per kind of request, about 100 bytes each; at the limit those who have been idle longest are
    /// forgotten. Default 100,000.
    pub users_max: usize,
    /// Further limits of single routes, beside the ones above; in kabar.toml only, as `[[limits.routes]]`. At most 50.
    /// Default none.
    pub routes: Vec<RouteLimit>,
}

/// How often one user may ask one thing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteLimit {
    /// As docs/http.md writes it: `POST /api/chat/messages/{messageId}/forward`.
    pub route: String,
    pub rate: Rate,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            sends: Rate { per_second: 10, burst: 30 },
            typing: Rate { per_second: 2, burst: 4 },
            writes: Rate { per_second: 20, burst: 40 },
            reads: Rate { per_second: 50, burst: 200 },
            services: Rate { per_second: 500, burst: 1_000 },
            users_max: 100_000,
            routes: Vec::new(),
        }
    }
}

/// A token bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Refill, 1 to 1,000,000.
    pub per_second: u32,
    /// Size, 1 to 1,000,000.
    pub burst: u32,
}

/// What is said about the work.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// `text` for people or `json` for machines. Default text.
    pub format: LogFormat,
    /// A level, or directives as in `info,kabar::http=debug`. Default info.
    pub level: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: "info".to_owned() }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum LogFormat {
    Text,
    Json,
}

impl TryFrom<String> for LogFormat {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("expected text or json"),
        }
    }
}

/// People to try Kabar with.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DemoConfig {
    /// `on`, `off`, or `auto`: on when Kabar runs on SQLite and no secrets and no services outside are configured. Only a
    /// new database gets them. Default auto.
    pub mode: DemoMode,
}

impl Default for DemoConfig {
    fn default() -> Self {
        Self { mode: DemoMode::Auto }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum DemoMode {
    Auto,
    On,
    Off,
}

impl TryFrom<String> for DemoMode {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "auto" => Ok(Self::Auto),
            "on" => Ok(Self::On),
            "off" => Ok(Self::Off),
            _ => Err("expected auto, on or off"),
        }
    }
}
