//! Pusher's HTTP API, `/apps/{id}/..`: what server SDKs trigger events and ask about channels with.
//!
//! Every request is signed with the application's secret (`signed`), so whoever asks is the application: it may address any
//! channel, also Kabar's own. Nothing of it enters the log: what is triggered reaches the sockets of this node.

mod lookups;
mod repeats;
mod signed;
mod trigger;

use std::sync::Arc;

use aggregates::ids::UserId;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::Realtime;
use crate::clock::SharedClock;
use crate::http::Problem;
use repeats::Repeats;
use signed::Signed;

/// What the handlers share.
#[derive(Clone)]
struct Api {
    realtime: Realtime,
    clock: SharedClock,
    repeats: Arc<Repeats>,
}

/// Mounted at the root of the server.
pub fn router<S: Clone + Send + Sync + 'static>(realtime: Realtime, clock: SharedClock) -> Router<S> {
    Router::new()
        .route("/apps/{app}/events", post(trigger::events))
        .route("/apps/{app}/batch_events", post(trigger::batch_events))
        .route("/apps/{app}/channels", get(lookups::channels))
        .route("/apps/{app}/channels/{channel}", get(lookups::channel))
        .route("/apps/{app}/channels/{channel}/users", get(lookups::users))
        .route("/apps/{app}/users/{user}/terminate_connections", post(terminate_connections))
        .with_state(Api { realtime, clock, repeats: Arc::default() })
}

async fn terminate_connections(
    State(api): State<Api>,
    Path((_, user)): Path<(String, String)>,
    _: Signed,
) -> Result<Json<Value>, Problem> {
    let user = UserId::parse(&user).map_err(|error| Problem::malformed("user", error.to_string()))?;
    let ended = api.realtime.0.hub.terminate(&user);
    tracing::info!(%user, connections = ended, "the application has ended a user's connections");
    Ok(Json(json!({})))
}
