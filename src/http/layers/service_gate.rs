//! Before every route of the platform's own programs: is it one of them, may it do this, and is it not too much.
//!
//! Apart from `gate`, which lets people in: a service key opens no route of a person, and a session none of these. Routes
//! that administrators share take either.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use super::gate;
use crate::config::Scope;
use crate::http::extract::{Asking, RequestId};
use crate::http::problem::Problem;
use crate::http::state::AppState;

/// What a route asks of whoever wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// A session.
    User,
    /// A service key with this scope.
    Service(Scope),
    /// A service key with this scope, or the session of an administrator.
    ServiceOrAdmin(Scope),
}

/// The layer's state.
#[derive(Clone)]
pub struct Guarded {
    pub state: AppState,
    pub guard: Guard,
}

pub async fn guard(State(guarded): State<Guarded>, request: Request, next: Next) -> Result<Response, Problem> {
    let Guarded { state, guard } = guarded;
    let scope = match guard {
        Guard::User => return gate::gate(State(state), request, next).await,
        Guard::Service(scope) | Guard::ServiceOrAdmin(scope) => scope,
    };
    let Some(service) = state.gate.service(request.headers())? else {
        return match guard {
            Guard::ServiceOrAdmin(_) => gate::gate(State(state), request, next).await,
            Guard::User | Guard::Service(_) => Err(Problem::unauthenticated("this route wants a service key")),
        };
    };
    if !service.scopes.contains(&scope) {
        return Err(Problem::forbidden(format!("this key lacks the scope {}", scope.name())));
    }
    let asking = Asking { name: service.name, request_id: request_id(&request) };
    let mut request = request;
    request.extensions_mut().insert(asking);
    Ok(next.run(request).await)
}

fn request_id(request: &Request) -> RequestId {
    request.extensions().get::<RequestId>().copied().unwrap_or_else(RequestId::new)
}
