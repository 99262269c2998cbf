//! The HTTP side: routes, what they take from a request and how they answer.
//!
//! The route tables are `routes` for users and `operations()`, one line per endpoint; the layers around them are in `router()`.
//! Separate so that what a client may ask is read in one place. Never in here: a rule about rooms or people, SQL, a
//! provider.

pub mod answer;
mod chat;
mod cursor;
pub mod extract;
mod failures;
pub mod layers;
pub mod listener;
mod notification_tabs;
mod notifications;
pub mod operations;
pub mod problem;
mod pusher_auth;
mod refusals;
mod relations;
pub mod routes;
mod shorthands;
pub mod state;
mod validity;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;

pub use answer::Answer;
pub use problem::{FieldError, Problem};
pub use state::AppState;

use layers::{gate, load, observe, positions, security};

/// The whole HTTP side, realtime's socket route included.
pub fn router(state: AppState) -> Router {
    let config = state.config.clone();
    Router::new()
        .merge(routes::table().route_layer(from_fn_with_state(state.clone(), gate::gate)))
        .merge(operations())
        .merge(crate::realtime::router(state.realtime.clone()))
        .fallback(|| async { Problem::not_found("there is no such route") })
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
        // The last is the outermost.
        .layer(from_fn_with_state(positions::Stamp::new(&config, state.log_id), positions::stamp))
        .layer(DefaultBodyLimit::max(config.server.body_bytes_max))
        .layer(from_fn_with_state(load::Load::new(&config.server), load::limit))
        .layer(CatchPanicLayer::custom(load::panicked))
        .layer(security::cors(&config))
        .layer(map_response(security::headers))
        .layer(from_fn(observe::observe))
        .with_state(state)
}

/// Routes of whoever runs Kabar.
fn operations() -> Router<AppState> {
    Router::new()
        .route("/healthz", get(operations::healthz))
        .route("/readyz", get(operations::readyz))
        .route("/metrics", get(operations::metrics))
}
