//! Which of the platform's programs asks. Put into the request by the layer `service_gate`.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::{IdempotencyKey, RequestId};
use crate::commands::Program;
use crate::http::problem::Problem;

#[derive(Debug, Clone)]
pub struct Asking {
    pub name: String,
    pub request_id: RequestId,
}

impl<S: Send + Sync> FromRequestParts<S> for Program {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let asking = parts.extensions.get::<Asking>().cloned();
        let Asking { name, request_id } =
            asking.ok_or_else(|| Problem::unauthenticated("this route wants a service key"))?;
        let IdempotencyKey(key) = IdempotencyKey::from_request_parts(parts, state).await?;
        Ok(Self { name, request: request_id.0, key })
    }
}
