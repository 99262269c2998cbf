//! The HTTP side: routes, what they take from a request and how they answer.
//!
//! The route table is `api()`, one line per endpoint; the layers around it are in `router()`. Separate so that what a
//! client may ask is read in one place. Never in here: a rule about rooms or people, SQL, a provider.

pub mod answer;
mod chat;
mod cursor;
pub mod extract;
mod failures;
mod notification_tabs;
mod notifications;
pub mod problem;
mod pusher_auth;
mod refusals;
mod relations;
pub mod routes;
mod shorthands;
pub mod state;
mod validity;

use axum::Router;

pub use answer::Answer;
pub use problem::{FieldError, Problem};
pub use state::AppState;

/// The whole HTTP side.
pub fn router(state: AppState) -> Router {
    api().with_state(state)
}

/// The route table. User ids in paths are called `{userId}`, see `extract::ValidPath`.
fn api() -> Router<AppState> {
    routes::table()
}
