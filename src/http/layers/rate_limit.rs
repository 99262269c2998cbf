//! How much one user may do (requirements R75): a token bucket per user and kind of request.
//!
//! Each bucket is one number (the "theoretical arrival time" of GCRA), so that 100,000 users are a few megabytes, and
//! idle ones are forgotten without a loss: their bucket is full. Own code instead of the governor crate because that
//! has no upper bound on the users it remembers. Times come in, from a clock that never goes back.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aggregates::ids::UserId;
use axum::http::Method;
use event_log::CacheSize;

use crate::config::{LimitsConfig, Rate};

/// Which limit a request counts against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Sends,
    Typing,
    Writes,
    Reads,
    /// Of a service key, by its name.
    Services,
}

/// A bucket is empty. Said to whoever met the limit: which one it was, and what it lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spent<'a> {
    /// A kind of request, or a single route.
    limit: &'a str,
    rate: Rate,
    /// Until there is a token.
    pub wait: Duration,
}

impl fmt::Display for Spent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limit, rate: Rate { per_second, burst }, .. } = self;
        write!(f, "{limit}: {per_second} a second, burst {burst}")
    }
}

impl Class {
    /// As `[limits]` calls it.
    const fn name(self) -> &'static str {
        match self {
            Self::Sends => "sends",
            Self::Typing => "typing",
            Self::Writes => "writes",
            Self::Reads => "reads",
            Self::Services => "services",
        }
    }

    /// By method and route pattern.
    pub fn of(method: &Method, route: &str) -> Self {
        match route {
            _ if method.is_safe() => Self::Reads,
            "/api/chat/messages" if *method == Method::PATCH => Self::Sends,
            "/api/chat/send" | "/api/messages" | "/api/chat/messages/{messageId}/forward" => Self::Sends,
            "/api/chat/typing" => Self::Typing,
            // Signs, but writes nothing.
            "/api/pusher/auth" | "/api/pusher/user-auth" => Self::Reads,
            _ => Self::Writes,
        }
    }
}

/// The buckets of all users.
#[derive(Debug)]
pub struct RateLimits {
    sends: Buckets,
    typing: Buckets,
    writes: Buckets,
    reads: Buckets,
    services: Buckets,
    /// Single routes, as they are written down: `POST /api/chat/send`.
    routes: Vec<(String, Buckets)>,
}

impl RateLimits {
    pub fn new(config: &LimitsConfig) -> Self {
        let buckets = |rate| Buckets::new(rate, config.users_max);
        Self {
            sends: buckets(config.sends),
            typing: buckets(config.typing),
            writes: buckets(config.writes),
            reads: buckets(config.reads),
            services: buckets(config.services),
            routes: config.routes.iter().map(|limit| (limit.route.clone(), buckets(limit.rate))).collect(),
        }
    }

    /// Users remembered, of all kinds together. For operators.
    pub fn size(&self) -> CacheSize {
        let kinds = [&self.sends, &self.typing, &self.writes, &self.reads, &self.services];
        let all = || kinds.into_iter().chain(self.routes.iter().map(|(_, buckets)| buckets));
        CacheSize::counted("rates", all().map(Buckets::users).sum(), all().map(Buckets::users_max).sum())
    }

    /// Takes one token, or says how long until there is one. `now` is the time since some fixed moment.
    pub fn take(&self, class: Class, user: &UserId, now: Duration) -> Result<(), Spent<'_>> {
        let buckets = self.of(class);
        buckets.take(user, now).map_err(|wait| buckets.spent(class.name(), wait))
    }

    /// Takes `more` tokens for a request that took one when it came in, or none of them. Of a bucket too small for all of
    /// them it takes the room there is, and what is left over later.
    pub fn take_more(&self, class: Class, user: &UserId, more: u32, now: Duration) -> Result<(), Spent<'_>> {
        let buckets = self.of(class);
        buckets.take_some(user, more, now).map_err(|wait| buckets.spent(class.name(), wait))
    }

    const fn of(&self, class: Class) -> &Buckets {
        match class {
            Class::Sends => &self.sends,
            Class::Typing => &self.typing,
            Class::Writes => &self.writes,
            Class::Reads => &self.reads,
            Class::Services => &self.services,
        }
    }

    /// The same for a single route, where it has a limit of its own.
    pub fn take_route(&self, method: &Method, route: &str, user: &UserId, now: Duration) -> Result<(), Spent<'_>> {
        let limited = self.routes.iter().find(|(limited, _)| {
            limited.split_once(' ').is_some_and(|(verb, path)| verb == method.as_str() && path == route)
        });
        let Some((limit, buckets)) = limited else { return Ok(()) };
        buckets.take(user, now).map_err(|wait| buckets.spent(limit, wait))
    }
}

/// So that users of different shards never wait for each other.
const SHARDS: usize = 16;

#[derive(Debug)]
struct Buckets {
    rate: Rate,
    /// Time that one token takes to come back.
    interval: Duration,
    /// Tokens of a full bucket.
    burst: u32,
    users_per_shard_max: usize,
    /// When each user's bucket is full again.
    shards: [Mutex<HashMap<UserId, Duration>>; SHARDS],
    hasher: RandomState,
}

impl Buckets {
    fn new(rate: Rate, users_max: usize) -> Self {
        let interval = Duration::from_secs(1) / rate.per_second.max(1);
        Self {
            rate,
            interval,
            burst: rate.burst.max(1),
            users_per_shard_max: users_max.div_ceil(SHARDS).max(1),
            shards: Default::default(),
            hasher: RandomState::new(),
        }
    }

    const fn spent<'a>(&self, limit: &'a str, wait: Duration) -> Spent<'a> {
        Spent { limit, rate: self.rate, wait }
    }

    fn users(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).len()).sum()
    }

    fn users_max(&self) -> usize {
        self.users_per_shard_max * SHARDS
    }

    fn take(&self, user: &UserId, now: Duration) -> Result<(), Duration> {
        self.take_tokens(user, (1, 1), now)
    }

    /// Behind one that was taken: there are never more left than all but one.
    fn take_some(&self, user: &UserId, some: u32, now: Duration) -> Result<(), Duration> {
        self.take_tokens(user, (some.min(self.burst.saturating_sub(1)), some), now)
    }

    /// Takes `taken` if `needed` of them are there.
    fn take_tokens(&self, user: &UserId, (needed, taken): (u32, u32), now: Duration) -> Result<(), Duration> {
        let shard = &self.shards[self.hasher.hash_one(user) as usize % SHARDS];
        // A panic while it was held cannot leave it half changed: every change is one insert.
        let mut full_at = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let ahead = full_at.get(user).copied().unwrap_or_default().max(now);
        let wait = (ahead - now + self.interval * needed).saturating_sub(self.interval * self.burst);
        if !wait.is_zero() {
            return Err(wait);
        }
        if full_at.len() >= self.users_per_shard_max && !full_at.contains_key(user) {
            forget_idle(&mut full_at, now);
        }
        full_at.insert(user.clone(), ahead + self.interval * taken);
        Ok(())
    }
}

/// Forgets full buckets, which say nothing; when too few are, also the quarter that is nearest to full.
fn forget_idle(full_at: &mut HashMap<UserId, Duration>, now: Duration) {
    let before = full_at.len();
    full_at.retain(|_, full| *full > now);
    let enough = before / 4;
    if before - full_at.len() > enough || full_at.is_empty() {
        return;
    }
    let mut times: Vec<Duration> = full_at.values().copied().collect();
    let (_, &mut threshold, _) = times.select_nth_unstable(enough.min(full_at.len() - 1));
    full_at.retain(|_, full| *full > threshold);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RouteLimit;

    fn user(text: &str) -> UserId {
        UserId::parse(text).unwrap()
    }

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn ten_a_second_three_at_once() -> Buckets {
        Buckets::new(Rate { per_second: 10, burst: 3 }, 1_000)
    }

    #[test]
    fn a_burst_is_taken_and_then_the_rate_holds() {
        let buckets = ten_a_second_three_at_once();
        let ana = user("ana");
        for _ in 0..3 {
            assert_eq!(buckets.take(&ana, at(1_000)), Ok(()));
        }
        assert_eq!(buckets.take(&ana, at(1_000)), Err(at(100)));
        assert_eq!(buckets.take(&ana, at(1_060)), Err(at(40)), "being refused costs nothing");
        assert_eq!(buckets.take(&ana, at(1_100)), Ok(()));
        assert_eq!(buckets.take(&ana, at(1_100)), Err(at(100)));
    }

    #[test]
    fn several_are_taken_all_or_none() {
        let buckets = ten_a_second_three_at_once();
        let ana = user("ana");
        buckets.take(&ana, at(1_000)).unwrap();
        assert_eq!(buckets.take_some(&ana, 2, at(1_000)), Ok(()));
        buckets.take(&ana, at(1_100)).unwrap();
        assert_eq!(buckets.take_some(&ana, 2, at(1_100)), Err(at(200)));
        assert_eq!(buckets.take_some(&ana, 0, at(1_100)), Ok(()));
        assert_eq!(buckets.take(&ana, at(1_200)), Ok(()), "nothing was taken");
    }

    #[test]
    fn more_than_a_bucket_holds_is_paid_for_later() {
        let buckets = ten_a_second_three_at_once();
        let ana = user("ana");
        buckets.take(&ana, at(1_000)).unwrap();
        assert_eq!(buckets.take_some(&ana, 9, at(1_000)), Ok(()));
        assert_eq!(buckets.take(&ana, at(1_000)), Err(at(800)));
        let one = Buckets::new(Rate { per_second: 1, burst: 1 }, 10);
        one.take(&ana, at(0)).unwrap();
        assert_eq!(one.take_some(&ana, 9, at(0)), Ok(()));
        assert_eq!(one.take(&ana, at(0)), Err(at(10_000)));
    }

    #[test]
    fn over_ten_seconds_the_rate_and_one_burst_pass() {
        let buckets = ten_a_second_three_at_once();
        let passed = (0..10_000).filter(|millis| buckets.take(&user("ana"), at(*millis)).is_ok()).count();
        assert_eq!(passed, 3 + 99);
    }

    #[test]
    fn users_do_not_share_a_bucket() {
        let buckets = ten_a_second_three_at_once();
        for _ in 0..3 {
            buckets.take(&user("ana"), at(0)).unwrap();
        }
        assert!(buckets.take(&user("ana"), at(0)).is_err());
        assert!(buckets.take(&user("ben"), at(0)).is_ok());
    }

    #[test]
    fn no_more_users_are_remembered_than_the_limit() {
        let buckets = Buckets::new(Rate { per_second: 10, burst: 3 }, 160);
        for number in 0..10_000 {
            buckets.take(&user(&format!("user-{number}")), at(number / 100)).unwrap();
        }
        let remembered = buckets.users();
        assert_eq!(buckets.users_max(), 160);
        assert!(remembered <= 160, "{remembered}");
        assert!(remembered > 60, "{remembered}: the limit is used");
    }

    #[test]
    fn at_the_limit_whoever_is_busiest_stays_limited() {
        let buckets = Buckets::new(Rate { per_second: 1, burst: 5 }, SHARDS * 8);
        let ana = user("ana");
        while buckets.take(&ana, at(0)).is_ok() {}
        for number in 0..1_000 {
            buckets.take(&user(&format!("user-{number}")), at(1)).unwrap();
        }
        assert!(buckets.take(&ana, at(2)).is_err());
    }

    #[test]
    fn a_single_route_may_have_a_limit_of_its_own() {
        let route = "/api/chat/messages/{messageId}/forward";
        let limit = RouteLimit { route: format!("POST {route}"), rate: Rate { per_second: 1, burst: 1 } };
        let limits = RateLimits::new(&LimitsConfig { routes: vec![limit], ..LimitsConfig::default() });
        let take = |method: &Method, route: &str| limits.take_route(method, route, &user("ana"), at(0));
        assert_eq!(take(&Method::POST, route), Ok(()));
        let spent = take(&Method::POST, route).expect_err("one a second");
        assert_eq!((spent.wait, spent.to_string()), (at(1_000), format!("POST {route}: 1 a second, burst 1")));
        assert_eq!(take(&Method::DELETE, route), Ok(()), "another method is another route");
        assert_eq!(take(&Method::POST, "/api/chat/send"), Ok(()));
        assert_eq!(limits.take_route(&Method::POST, route, &user("ben"), at(0)), Ok(()));
    }

    #[test]
    fn whoever_meets_a_limit_is_told_which() {
        let limits = RateLimits::new(&LimitsConfig::default());
        let all = [Class::Sends, Class::Typing, Class::Writes, Class::Reads, Class::Services];
        let told = all.map(|class| {
            let mut taken = 0..2_000;
            let spent = taken.find_map(|_| limits.take(class, &user("ana"), at(0)).err());
            spent.map(|spent| spent.to_string()).unwrap_or_default()
        });
        assert_eq!(
            told,
            [
                "sends: 10 a second, burst 30",
                "typing: 2 a second, burst 4",
                "writes: 20 a second, burst 40",
                "reads: 50 a second, burst 200",
                "services: 500 a second, burst 1000",
            ]
        );
        let more = limits.take_more(Class::Sends, &user("ana"), 5, at(0)).expect_err("nothing is left");
        assert_eq!(more.to_string(), "sends: 10 a second, burst 30");
    }

    #[test]
    fn every_request_has_a_class() {
        assert_eq!(Class::of(&Method::POST, "/api/chat/send"), Class::Sends);
        assert_eq!(Class::of(&Method::POST, "/api/messages"), Class::Sends);
        assert_eq!(Class::of(&Method::GET, "/api/messages"), Class::Reads);
        assert_eq!(Class::of(&Method::PATCH, "/api/chat/messages"), Class::Sends, "other words are words");
        assert_eq!(Class::of(&Method::DELETE, "/api/chat/messages"), Class::Writes);
        assert_eq!(Class::of(&Method::POST, "/api/chat/typing"), Class::Typing);
        assert_eq!(Class::of(&Method::POST, "/api/pusher/auth"), Class::Reads);
        assert_eq!(Class::of(&Method::PATCH, "/api/notifications"), Class::Writes);
    }
}
