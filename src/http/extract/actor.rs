//! Who asks, and under which request.

use aggregates::Metadata;
use aggregates::ids::{CommandId, UserId};
use aggregates::user::Profile;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use uuid::Uuid;

use super::idempotency::IdempotencyKey;
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

/// An authenticated user. Put into the request by the middleware `authenticate`; where that did not run or found
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

    /// What the session token says of them; fills gaps of the directory, never wins over it.
    pub fn profile(&self) -> &Profile {
        &self.identity.profile
    }

    /// The id of the wish this request is, and whether somebody may ask for it again: with a key it is derived from
    /// (actor, route, key), so that a repeat is recognised for ever; without one it is random.
    ///
    /// `route` is the route's name, stable for ever: a renamed route forgets its keys.
    pub fn command_id(&self, route: &str, key: Option<&str>) -> (CommandId, bool) {
        match key {
            Some(key) => (CommandId::keyed(self.id().as_str(), route, key), true),
            None => (CommandId(Uuid::now_v7()), false),
        }
    }

    /// As [`Actor::command_id`], from the header.
    pub fn command_id_of(&self, route: &str, key: &IdempotencyKey) -> (CommandId, bool) {
        self.command_id(route, key.0.as_deref())
    }

    /// What travels beside the events that `command` leads to.
    pub fn metadata(&self, command: CommandId) -> Metadata {
        Metadata {
            actor: Some(self.id().clone()),
            correlation: Some(self.request_id.0),
            command: Some(command),
            ..Metadata::default()
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Actor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::unauthenticated("sign in first"))
    }
}
