//! Everything that is wrong with a configuration, at once: who fixes one key should not find the next at the next start.

use std::borrow::Cow;

use event_log::StoreUrl;

use super::{Config, Rate, RouteLimit};
use crate::http::routes::is_route;
use crate::realtime::MasterKey;

/// One key that cannot be so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    pub key: Cow<'static, str>,
    pub reason: String,
}

impl Invalid {
    pub(super) fn new(key: impl Into<Cow<'static, str>>, reason: impl Into<String>) -> Self {
        Self { key: key.into(), reason: reason.into() }
    }
}

const WEBHOOKS_MAX: usize = 10;
/// They are looked through for every request.
const LIMITED_ROUTES_MAX: usize = 50;
const JWT_SECRET_BYTES_MIN: usize = 32;
const RATE_MAX: u32 = 1_000_000;
/// A command needs its own stream and those its decision rests on, all in memory at once.
const CACHED_STREAMS_MIN: usize = 16;
/// Less is no cache any more.
const CACHED_MIN: usize = 16;
/// The largest events there are must find a place.
const CACHED_BYTES_MIN: usize = 1024 * 1024;

impl Config {
    /// Empty when the program can start. On SQLite a missing secret is no fault: it is made at the start.
    pub fn validate(&self) -> Vec<Invalid> {
        let mut found = Vec::new();
        self.check_stores_and_secrets(&mut found);
        self.check_addresses(&mut found);
        self.check_limits(&mut found);
        self.check_caches(&mut found);
        found.extend(self.uploads.wrong());
        found.extend(super::service_keys::wrong(&self.auth.service_keys));
        found.extend(self.wrong_outside());
        found.extend(self.delivery.wrong());
        self.check_log(&mut found);
        found
    }

    fn check_stores_and_secrets(&self, found: &mut Vec<Invalid>) {
        let mut wrong = |key: &'static str, reason: String| found.push(Invalid::new(key, reason));
        let store = StoreUrl::parse(self.database.url.reveal());
        if let Err(error) = &store {
            wrong("database.url", error.to_string());
        } else if let Err(error) = StoreUrl::parse(self.database.keys_url().reveal()) {
            wrong("database.keys_url", error.to_string());
        }
        // Whether secrets are missing cannot be known of a store that is none.
        let made_here = !matches!(store, Ok(StoreUrl::Postgres(_)));
        if !made_here && self.auth.jwt.secrets.is_empty() && self.auth.nextauth_secrets.is_empty() {
            wrong(
                "auth.jwt.secrets",
                "nobody could sign in: set KABAR__AUTH__JWT__SECRETS, or auth.nextauth_secrets (NEXTAUTH_SECRET)"
                    .into(),
            );
        }
        if self.auth.jwt.secrets.iter().any(|secret| secret.reveal().len() < JWT_SECRET_BYTES_MIN) {
            wrong("auth.jwt.secrets", format!("each has at least {JWT_SECRET_BYTES_MIN} bytes"));
        }
        if self.auth.nextauth_secrets.iter().any(super::Secret::is_empty) {
            wrong("auth.nextauth_secrets", "an empty secret is none".into());
        }
        let unsigned = self.realtime.secret.as_ref().map_or(!made_here, super::Secret::is_empty);
        if unsigned {
            wrong("realtime.secret", "missing".into());
        }
        let digits = !self.realtime.app_id.is_empty() && self.realtime.app_id.bytes().all(|byte| byte.is_ascii_digit());
        if !digits {
            wrong("realtime.app_id", "digits only".into());
        }
        if let Some(key) = &self.realtime.encryption_master_key
            && let Err(error) = MasterKey::parse(key.reveal())
        {
            wrong("realtime.encryption_master_key", error.to_string());
        }
        if self.realtime.webhooks.len() > WEBHOOKS_MAX {
            wrong("realtime.webhooks", format!("at most {WEBHOOKS_MAX}"));
        }
        for (index, webhook) in self.realtime.webhooks.iter().enumerate() {
            if let Err(reason) = webhook.webhook() {
                wrong("realtime.webhooks", format!("[{index}].url: {reason}"));
            }
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if self.realtime.key.is_empty() || !self.realtime.key.bytes().all(plain) {
            wrong("realtime.key", "letters, digits, - and _ only: it is part of a URL and of signatures".into());
        }
    }

    fn check_addresses(&self, found: &mut Vec<Invalid>) {
        if let Some(url) = &self.platform.base_url
            && let Err(reason) = origin(url)
        {
            found.push(Invalid::new("platform.base_url", reason));
        }
        for text in &self.cors.origins {
            if let Err(reason) = origin(text) {
                found.push(Invalid::new("cors.origins", format!("{text}: {reason}")));
            }
        }
    }

    fn check_limits(&self, found: &mut Vec<Invalid>) {
        let realtime = &self.realtime;
        let counts = [
            ("server.body_bytes_max", self.server.body_bytes_max as u64),
            ("server.connections_max", self.server.connections_max as u64),
            ("server.concurrent_requests_max", self.server.concurrent_requests_max as u64),
            ("server.head_seconds_max", self.server.head_seconds_max),
            ("server.request_seconds_max", self.server.request_seconds_max),
            ("server.view_wait_ms_max", self.server.view_wait_ms_max),
            ("door.batch_commands_max", self.door.batch_commands_max as u64),
            ("door.queue_commands_max", self.door.queue_commands_max as u64),
            ("door.command_ms_max", self.door.command_ms_max),
            ("limits.users_max", self.limits.users_max as u64),
            ("realtime.connections_max", realtime.connections_max as u64),
            ("realtime.connections_per_user_max", realtime.connections_per_user_max as u64),
            ("realtime.channels_per_connection_max", realtime.channels_per_connection_max as u64),
            ("realtime.message_bytes_max", realtime.message_bytes_max as u64),
            ("realtime.outgoing_frames_max", realtime.outgoing_frames_max as u64),
            ("realtime.presence_members_max", realtime.presence_members_max as u64),
            ("realtime.client_events_per_second", u64::from(realtime.client_events_per_second)),
            ("realtime.cache_channels_max", realtime.cache_channels_max as u64),
            ("realtime.activity_timeout_seconds", realtime.activity_timeout_seconds),
            ("realtime.pong_timeout_seconds", realtime.pong_timeout_seconds),
            ("realtime.heartbeat_seconds", realtime.heartbeat_seconds),
        ];
        for (key, value) in counts {
            if value == 0 {
                found.push(Invalid::new(key, "at least 1"));
            }
        }
        let rates = [
            ("limits.sends", self.limits.sends),
            ("limits.typing", self.limits.typing),
            ("limits.writes", self.limits.writes),
            ("limits.reads", self.limits.reads),
            ("limits.services", self.limits.services),
        ];
        for (key, Rate { per_second, burst }) in rates {
            if !(1..=RATE_MAX).contains(&per_second) || !(1..=RATE_MAX).contains(&burst) {
                found.push(Invalid::new(key, format!("per_second and burst are 1 to {RATE_MAX}")));
            }
        }
        self.check_routes(found);
        // A request that is given up before its command is would say 503 and still be carried out.
        let longest = self.door.command_ms_max.saturating_add(self.server.view_wait_ms_max);
        if self.server.request_seconds_max.saturating_mul(1_000) <= longest {
            let reason = "longer than door.command_ms_max and server.view_wait_ms_max together";
            found.push(Invalid::new("server.request_seconds_max", reason));
        }
    }

    fn check_routes(&self, found: &mut Vec<Invalid>) {
        let key = "limits.routes";
        if self.limits.routes.len() > LIMITED_ROUTES_MAX {
            found.push(Invalid::new(key, format!("at most {LIMITED_ROUTES_MAX}")));
        }
        for RouteLimit { route, rate: Rate { per_second, burst } } in &self.limits.routes {
            if !is_route(route) {
                let reason = format!("there is no route {route:?}: METHOD /path as docs/http.md has it");
                found.push(Invalid::new(key, reason));
            }
            if !(1..=RATE_MAX).contains(per_second) || !(1..=RATE_MAX).contains(burst) {
                found.push(Invalid::new(key, format!("{route}: per_second and burst are 1 to {RATE_MAX}")));
            }
        }
    }

    fn check_caches(&self, found: &mut Vec<Invalid>) {
        let caches = &self.caches;
        let limits = [
            ("caches.people_max", caches.people_max, CACHED_MIN),
            ("caches.sessions_max", caches.sessions_max, CACHED_MIN),
            ("caches.rooms_max", caches.rooms_max, CACHED_MIN),
            ("realtime.presence_people_max", self.realtime.presence_people_max, CACHED_MIN),
            ("caches.keys_max", caches.keys_max, CACHED_MIN),
            ("caches.log_events_max", caches.log_events_max, CACHED_MIN),
            ("caches.log_bytes_max", caches.log_bytes_max, CACHED_BYTES_MIN),
            ("caches.commands_max", caches.commands_max, self.door.batch_commands_max),
            ("door.cached_streams_max", self.door.cached_streams_max, CACHED_STREAMS_MIN),
        ];
        for (key, limit, least) in limits {
            if limit < least {
                found.push(Invalid::new(key, format!("at least {least}")));
            }
        }
    }

    fn check_log(&self, found: &mut Vec<Invalid>) {
        if let Err(reason) = log_level(&self.log.level) {
            found.push(Invalid::new("log.level", reason));
        }
    }
}

/// The filter takes a word that is no level for the name of a module, and then nothing at all is logged.
fn log_level(text: &str) -> Result<(), String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let is_level = |word: &str| LEVELS.iter().any(|level| level.eq_ignore_ascii_case(word));
    let mut directives = text.split(',').map(str::trim).filter(|directive| !directive.is_empty()).peekable();
    if directives.peek().is_none() {
        return Err(format!("empty; one of {}", LEVELS.join(", ")));
    }
    // A span's fields are in braces and may hold commas and signs: the filter itself looks at those.
    if text.contains(['[', '{'])
        || directives.all(|directive| is_level(directive.rsplit_once('=').map_or(directive, |(_, level)| level)))
    {
        return tracing_subscriber::EnvFilter::try_new(text).map(drop).map_err(|error| error.to_string());
    }
    Err(format!("one of {}, or MODULE=LEVEL, separated by commas", LEVELS.join(", ")))
}

/// `http(s)://host[:port]`, nothing behind it.
fn origin(text: &str) -> Result<(), String> {
    let url = url::Url::parse(text).map_err(|error| error.to_string())?;
    let web = matches!(url.scheme(), "http" | "https") && url.has_host();
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if web && bare { Ok(()) } else { Err("expected http(s)://host[:port] without a path".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    fn startable() -> Config {
        let mut config = Config::default();
        config.auth.jwt.secrets = vec![Secret::new("x".repeat(32))];
        config.realtime.secret = Some(Secret::new("secret"));
        config
    }

    fn said(config: &Config) -> Vec<String> {
        config.validate().into_iter().map(|Invalid { key, reason }| format!("{key}: {reason}")).collect()
    }

    #[test]
    fn the_defaults_with_secrets_can_start() {
        assert_eq!(startable().validate(), []);
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let mut config = Config::default();
        config.database.url = Secret::new("postgres://kabar@db/kabar");
        config.realtime.app_id = "a1".into();
        config.realtime.key = "a b".into();
        config.platform.base_url = Some("https://app.example.id/path".into());
        config.cors.origins = vec!["app.example.id".into(), "https://right.example.id".into()];
        config.limits.reads.burst = 0;
        config.server.body_bytes_max = 0;
        config.server.request_seconds_max = 2;
        config.log.level = "=loud=".into();
        let keys: Vec<_> = config.validate().into_iter().map(|invalid| invalid.key).collect();
        assert_eq!(
            keys,
            [
                "auth.jwt.secrets",
                "realtime.secret",
                "realtime.app_id",
                "realtime.key",
                "platform.base_url",
                "cors.origins",
                "server.body_bytes_max",
                "limits.reads",
                "server.request_seconds_max",
                "log.level",
            ]
        );
    }

    #[test]
    fn a_limit_of_a_route_that_is_none_is_refused() {
        let wrong = |route: &str, per_second| {
            let mut config = startable();
            config.limits.routes = vec![RouteLimit { route: route.to_owned(), rate: Rate { per_second, burst: 1 } }];
            config.validate().len()
        };
        assert_eq!(wrong("POST /api/chat/send", 1), 0);
        assert_eq!(wrong("POST /api/chat/send", 0), 1);
        for route in ["/api/chat/send", "PUT /api/chat/send", "POST /api/nothing", ""] {
            assert_eq!(wrong(route, 1), 1, "{route}");
        }
    }

    #[test]
    fn a_store_that_is_none_says_nothing_of_secrets() {
        let mut config = Config::default();
        config.database.url = Secret::new("mysql://x");
        let keys: Vec<_> = config.validate().into_iter().map(|invalid| invalid.key).collect();
        assert_eq!(keys, ["database.url"]);
    }

    #[test]
    fn a_level_that_is_none_is_refused() {
        let said = |level: &str| {
            let mut config = startable();
            config.log.level = level.to_owned();
            config.validate().into_iter().map(|invalid| invalid.key).collect::<Vec<_>>()
        };
        for right in ["info", "WARN", "off", "info,kabar::http=debug", "warn,kabar=trace", "[request{id=7}]=debug"] {
            assert_eq!(said(right), Vec::<&str>::new(), "{right}");
        }
        for wrong in ["lodu", "", " ", "kabar", "info,kabar=lodu", "info;debug", "=loud="] {
            assert_eq!(said(wrong), ["log.level"], "{wrong}");
        }
    }

    #[test]
    fn a_cache_too_small_for_one_command_is_refused() {
        let mut config = startable();
        config.door.cached_streams_max = CACHED_STREAMS_MIN - 1;
        let found = said(&config);
        assert_eq!(found, ["door.cached_streams_max: at least 16"]);
        config.door.cached_streams_max = CACHED_STREAMS_MIN;
        assert_eq!(config.validate(), []);
    }

    #[test]
    fn a_cache_that_holds_nothing_is_refused() {
        let mut config = startable();
        config.caches.people_max = 0;
        config.caches.log_bytes_max = CACHED_BYTES_MIN - 1;
        // As many as one batch are carried out in one moment.
        config.caches.commands_max = config.door.batch_commands_max - 1;
        let found = said(&config);
        assert_eq!(
            found,
            [
                "caches.people_max: at least 16",
                "caches.log_bytes_max: at least 1048576",
                "caches.commands_max: at least 256",
            ]
        );
    }

    #[test]
    fn a_master_key_that_is_none_is_refused_and_not_shown() {
        let mut config = startable();
        config.realtime.encryption_master_key = Some(Secret::new("hunter2"));
        let found = said(&config);
        assert_eq!(found, ["realtime.encryption_master_key: 32 bytes in base64"]);
        config.realtime.encryption_master_key = Some(Secret::new("Ly8vLy8vLy8vLy8vLy8vLy8vLy8vLy8vLy8vLy8vLy8="));
        assert_eq!(config.validate(), []);
    }

    #[test]
    fn a_short_secret_is_refused_and_not_shown() {
        let mut config = startable();
        config.auth.jwt.secrets = vec![Secret::new("hunter2")];
        let found = config.validate();
        assert_eq!(found.len(), 1);
        assert!(!found[0].reason.contains("hunter2"));
    }
}
