//! Before every route of a user: who is it, may this page write for them, and is it not too much.
//!
//! In this order, so that a stranger is 401 whatever else is wrong, and a refused request costs its user a token only
//! when it is theirs. The body has not been read yet.

use std::sync::Arc;
use std::time::Instant;

use aggregates::ids::UserId;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::Response;
use event_log::{CacheSize, Chain};

use super::rate_limit::{Class, RateLimits, Spent};
use crate::auth::{AllowedOrigins, Authenticator, Carrier, Identity, Service, ServiceKeys};
use crate::clock::SharedClock;
use crate::commands::Caller;
use crate::config::Config;
use crate::http::extract::{Actor, RequestId};
use crate::http::problem::Problem;
use crate::http::state::AppState;

/// Everything that decides whether a request may pass.
pub struct Gate {
    auth: Arc<Authenticator>,
    services: ServiceKeys,
    clock: SharedClock,
    origins: AllowedOrigins,
    rates: RateLimits,
    /// Buckets count from here: the wall clock may be set back, this cannot.
    opened: Instant,
}

impl Gate {
    pub fn new(config: &Config, auth: Arc<Authenticator>, clock: SharedClock) -> Self {
        let origins = AllowedOrigins::new(config.allowed_origins());
        let services = ServiceKeys::new(&config.auth.service_keys);
        Self { auth, services, clock, origins, rates: RateLimits::new(&config.limits), opened: Instant::now() }
    }

    /// What it remembers of users. For operators.
    pub fn remembered(&self) -> CacheSize {
        self.rates.size()
    }

    /// Which of the platform's programs asks; `None` for whoever is none.
    pub fn service(&self, headers: &HeaderMap) -> Result<Option<Service>, Problem> {
        let Some(service) = self.services.find(headers) else { return Ok(None) };
        if let Ok(name) = UserId::parse(&service.name) {
            self.rates.take(Class::Services, &name, self.opened.elapsed()).map_err(too_many)?;
        }
        Ok(Some(service.clone()))
    }

    /// For a request that says as much as `sends` messages, of which the first was counted when it came in.
    pub fn count_sends(&self, user: &UserId, sends: usize) -> Result<(), Problem> {
        let more = u32::try_from(sends.saturating_sub(1)).unwrap_or(u32::MAX);
        let taken = self.rates.take_more(Class::Sends, user, more, self.opened.elapsed());
        taken.map_err(too_many)
    }

    /// Whose session a request for a WebSocket carries. A browser opens one for whoever's page asks and sends the cookie
    /// along: only pages of ours are heard. Nobody is refused; who is nobody signs in over the socket.
    pub fn visitor(&self, headers: &HeaderMap) -> Option<UserId> {
        let session = self.auth.authenticate(headers, self.clock.now()).ok()?;
        let ours = match session.carrier {
            Carrier::Cookie => self.origins.check(headers).is_ok(),
            Carrier::Bearer => true,
        };
        ours.then_some(session.identity.user_id)
    }

    fn admit(&self, method: &Method, route: &str, headers: &HeaderMap) -> Result<Identity, Problem> {
        let session = self
            .auth
            .authenticate(headers, self.clock.now())
            .map_err(|error| Problem::unauthenticated(error.to_string()))?;
        if session.carrier == Carrier::Cookie && !method.is_safe() {
            self.origins.check(headers).map_err(|error| Problem::forbidden(error.to_string()))?;
        }
        let (user, now) = (&session.identity.user_id, self.opened.elapsed());
        self.rates.take_route(method, route, user, now).map_err(too_many)?;
        self.rates.take(Class::of(method, route), user, now).map_err(too_many)?;
        Ok(session.identity)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "as map_err asks")]
fn too_many(spent: Spent<'_>) -> Problem {
    Problem::too_many_requests(spent.to_string(), spent.wait)
}

/// Lets users in and puts the [`Actor`] into their request. Somebody new is entered into the directory first, from what
/// their token says, so that what they do next carries their name.
pub async fn gate(State(state): State<AppState>, mut request: Request, next: Next) -> Result<Response, Problem> {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let identity = state.gate.admit(request.method(), route, request.headers())?;
    let request_id = request.extensions().get::<RequestId>().copied().unwrap_or_else(RequestId::new);
    greet(&state, &identity, request_id).await;
    request.extensions_mut().insert(Actor { identity, request_id });
    Ok(next.run(request).await)
}

/// A directory that cannot be written now is no reason to refuse a read: the next request tries again.
async fn greet(state: &AppState, identity: &Identity, request_id: RequestId) {
    let caller = Caller { user_id: identity.user_id.clone(), request: request_id.0, key: None };
    if let Err(error) = state.commands.fill_profile(&caller, &identity.profile).await {
        tracing::warn!(error = %Chain(&error), "the directory could not be filled");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{NewToken, mint};
    use crate::clock::{Clock, SystemClock};
    use crate::config::{Rate, Secret};

    const COOKIE: &str = "next-auth.session-token";

    fn config() -> Config {
        let mut config = Config::default();
        config.auth.jwt.secrets = vec![Secret::new("x".repeat(32))];
        config.platform.base_url = Some("https://app.example.id".into());
        config.limits.sends = Rate { per_second: 1, burst: 2 };
        config
    }

    fn gate_of(config: &Config) -> Gate {
        Gate::new(config, Arc::new(Authenticator::new(&config.auth)), Arc::new(SystemClock))
    }

    fn token(config: &Config) -> String {
        let user_id = UserId::parse("rara").unwrap();
        let issued_at = SystemClock.now();
        let new = NewToken { user_id: &user_id, name: None, username: None, role: None, issued_at, seconds: 60 };
        mint(&config.auth.jwt, &new).unwrap()
    }

    fn headers(pairs: &[(&'static str, String)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn status(gate: &Gate, method: Method, pairs: &[(&'static str, String)]) -> u16 {
        gate.admit(&method, "/api/chat/send", &headers(pairs)).map_or_else(|problem| problem.status().as_u16(), |_| 200)
    }

    #[test]
    fn a_stranger_is_asked_to_sign_in() {
        let gate = gate_of(&config());
        assert_eq!(status(&gate, Method::POST, &[]), 401);
        assert_eq!(status(&gate, Method::POST, &[("authorization", "Bearer x".into())]), 401);
    }

    #[test]
    fn a_write_by_cookie_needs_one_of_our_pages_and_a_read_does_not() {
        let config = config();
        let gate = gate_of(&config);
        let cookie = ("cookie", format!("{COOKIE}={}", token(&config)));
        assert_eq!(status(&gate, Method::GET, std::slice::from_ref(&cookie)), 200);
        assert_eq!(status(&gate, Method::POST, std::slice::from_ref(&cookie)), 403);
        assert_eq!(status(&gate, Method::POST, &[cookie.clone(), ("origin", "https://evil.example".into())]), 403);
        assert_eq!(status(&gate, Method::POST, &[cookie, ("origin", "https://app.example.id".into())]), 200);
    }

    #[test]
    fn a_socket_is_opened_in_somebodys_name_by_their_cookie_from_one_of_our_pages_only() {
        let config = config();
        let gate = gate_of(&config);
        let cookie = ("cookie", format!("{COOKIE}={}", token(&config)));
        let visitor = |pairs: &[(&'static str, String)]| gate.visitor(&headers(pairs)).map(|user| user.to_string());
        let ours = ("origin", "https://app.example.id".to_owned());
        assert_eq!(visitor(&[cookie.clone(), ours.clone()]).as_deref(), Some("rara"));
        assert_eq!(visitor(std::slice::from_ref(&cookie)), None, "a browser says where it comes from");
        assert_eq!(visitor(&[cookie, ("origin", "https://evil.example".into())]), None);
        assert_eq!(visitor(std::slice::from_ref(&ours)), None);
        assert_eq!(visitor(&[("cookie", format!("{COOKIE}=x")), ours]), None);
        let bearer = ("authorization", format!("Bearer {}", token(&config)));
        assert_eq!(visitor(&[bearer]).as_deref(), Some("rara"));
    }

    #[test]
    fn a_write_by_bearer_token_needs_no_origin_and_past_the_limit_waits() {
        let config = config();
        let gate = gate_of(&config);
        let bearer = [("authorization", format!("Bearer {}", token(&config)))];
        assert_eq!(status(&gate, Method::POST, &bearer), 200);
        assert_eq!(status(&gate, Method::POST, &bearer), 200);
        assert_eq!(status(&gate, Method::POST, &bearer), 429);
        assert_eq!(status(&gate, Method::GET, &bearer), 200, "reads have their own bucket");
    }
}
