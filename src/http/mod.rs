//! The HTTP side: routes, what they take from a request and how they answer.
//!
//! The route tables are `routes` for users and `operations()`, one line per endpoint; the layers around them are in
//! `layered()`. Separate so that what a client may ask is read in one place. Never in here: a rule about rooms or
//! people, SQL, a provider.

pub mod answer;
mod chat;
mod cursor;
pub mod extract;
mod failures;
pub mod layers;
pub mod listener;
mod notification_tabs;
mod notifications;
pub mod openapi;
pub mod operations;
mod people;
mod preferences;
mod presence;
pub mod problem;
mod pusher_auth;
mod refusals;
mod relations;
mod reports;
pub mod routes;
mod sends;
pub mod serving;
mod shorthands;
pub mod state;
mod subscriptions;
mod sync;
mod uploads;
mod validity;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn_with_state, map_request, map_response};
use axum::routing::get;
use event_log::LogId;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;

pub use answer::Answer;
pub use problem::{FieldError, Problem};
pub use state::{AppState, Handles};

use crate::config::Config;
use crate::realtime;
use layers::{compress, load, observe, positions, security};

/// The whole HTTP side, and the route that becomes a socket.
pub fn router(state: AppState) -> Router {
    let users = routes::table(&state);
    let gate = state.gate.clone();
    let sockets = realtime::router(state.realtime.clone(), Arc::new(move |headers| gate.visitor(headers)));
    let api = realtime::api_router(state.realtime.clone(), state.clock.clone());
    let compressed = ServiceBuilder::new().layer(map_request(compress::plain_for_strangers)).layer(compress::layer());
    // Not the sockets: what becomes one has no body of its own.
    let answers = users.merge(operations()).merge(openapi::router(&state.config.server)).layer(compressed);
    layered(answers.merge(sockets).merge(api), &state.config, state.log_id).with_state(state)
}

/// Around every route, found or not.
fn layered<S: Clone + Send + Sync + 'static>(routes: Router<S>, config: &Config, log_id: LogId) -> Router<S> {
    // Layers made into one are boxed once for a request, not once each. Within one the first is the outermost.
    let limits = ServiceBuilder::new()
        .layer(from_fn_with_state(load::Load::new(config), load::limit))
        .layer(DefaultBodyLimit::max(config.server.body_bytes_max))
        .layer(from_fn_with_state(positions::Stamp::new(config, log_id), positions::stamp));
    let answers = ServiceBuilder::new()
        .layer(from_fn_with_state(observe::RequestSeconds::default(), observe::observe))
        .layer(map_response(security::headers))
        .layer(security::cors(config));
    routes
        .fallback(|| async { Problem::not_found("there is no such route") })
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
        // The last is the outermost.
        .layer(limits)
        .layer(CatchPanicLayer::custom(load::panicked))
        .layer(answers)
}

/// Routes of whoever runs Kabar.
fn operations() -> Router<AppState> {
    Router::new()
        .route(load::HEALTH_PATH, get(operations::healthz))
        .route("/readyz", get(operations::readyz))
        .route("/metrics", get(operations::metrics))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::extract::Request;
    use axum::response::Response;
    use axum::routing::post;
    use tower::ServiceExt;

    async fn answer(request: axum::http::request::Builder) -> (Response<()>, serde_json::Value) {
        let routes = Router::new().route("/things", post(|| async { "made" })).route(
            "/broken",
            get(|| async {
                if true {
                    panic!("hush")
                }
            }),
        );
        let app: Router = layered(routes, &Config::default(), LogId(uuid::Uuid::from_u128(1)));
        let (parts, body) = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap().into_parts();
        let bytes = axum::body::to_bytes(body, 100_000).await.unwrap();
        (Response::from_parts(parts, ()), serde_json::from_slice(&bytes).unwrap_or_default())
    }

    #[tokio::test]
    async fn whatever_goes_wrong_is_a_problem() {
        for (request, status) in
            [(Request::get("/nothing"), 404), (Request::get("/things"), 405), (Request::get("/broken"), 500)]
        {
            let (response, body) = answer(request).await;
            assert_eq!(response.status(), status);
            assert_eq!((&body["status"], &body["success"]), (&status.into(), &false.into()), "{body}");
            assert!(response.headers().contains_key("x-request-id"), "{status}");
            assert!(response.headers().contains_key("content-security-policy"), "{status}");
        }
    }

    #[tokio::test]
    async fn a_wrong_method_is_told_the_right_one() {
        let (response, _) = answer(Request::get("/things")).await;
        assert_eq!(response.headers()["allow"], "POST");
    }

    #[tokio::test]
    async fn the_callers_request_id_comes_back() {
        let id = uuid::Uuid::from_u128(7).to_string();
        let (response, _) = answer(Request::post("/things").header("x-request-id", &id)).await;
        assert_eq!(
            (response.status().as_u16(), response.headers()["x-request-id"].to_str().unwrap()),
            (200, id.as_str())
        );
    }
}
