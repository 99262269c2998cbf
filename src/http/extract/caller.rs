//! Who wants something, for commands: the signed-in user, the request and its `Idempotency-Key`.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::{Actor, IdempotencyKey};
use crate::commands::Caller;
use crate::http::problem::Problem;

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let actor = Actor::from_request_parts(parts, state).await?;
        let IdempotencyKey(key) = IdempotencyKey::from_request_parts(parts, state).await?;
        Ok(Self { user_id: actor.identity.user_id, request: actor.request_id.0, key })
    }
}
