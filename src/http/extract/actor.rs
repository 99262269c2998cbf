//! Who asks, and under which request. Whoever wants to change something is a `Caller`, made of this.

use aggregates::ids::UserId;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use uuid::Uuid;

use crate::auth::Identity;
use crate::http::problem::Problem;

/// The id of one request: echoed as `X-Request-Id`, in every log line, and the correlation id of every event it causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(pub Uuid);

impl RequestId {
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl Default for RequestId {
    fn default() -> Self {
        Self::new()
    }
}

/// An authenticated user. Put into the request by the layer `gate`; where that did not run or found
/// nobody, extracting one is 401.
#[derive(Debug, Clone)]
pub struct Actor {
    pub identity: Identity,
    pub request_id: RequestId,
}

impl Actor {
    pub fn id(&self) -> &UserId {
        &self.identity.user_id
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Actor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::unauthenticated("sign in first"))
    }
}
