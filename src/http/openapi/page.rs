//! `/openapi.json`, `/asyncapi.json` and the page that shows the former: everything comes out of the program, nothing from elsewhere.
//!
//! Open to anybody, as the routes they tell of are not. `server.docs = false` takes them away.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Bytes;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use event_log::Chain;
use serde_json::Value;

use super::document;
use crate::config::ServerConfig;
use crate::http::{AppState, Problem};
use crate::realtime::asyncapi;

/// Its own script and style, and questions to this server: nothing else, and in nobody's frame.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The routes of the documents, where they are wanted.
pub fn router(config: &ServerConfig) -> Router<AppState> {
    if !config.docs {
        return Router::new();
    }
    let openapi = || document().map_err(|error| Chain(&error).to_string());
    let asyncapi = || asyncapi::document().map_err(|error| Chain(&error).to_string());
    Router::new()
        .route("/openapi.json", kept(openapi))
        .route("/asyncapi.json", kept(asyncapi))
        .route("/docs", get(|| async { shown("text/html; charset=utf-8", include_str!("page/index.html")) }))
        .route("/docs/page.js", get(|| async { shown("text/javascript; charset=utf-8", include_str!("page/page.js")) }))
        .route("/docs/page.css", get(|| async { shown("text/css; charset=utf-8", include_str!("page/page.css")) }))
}

/// A document that is made when it is first asked for: a program that nobody asks need not have it.
fn kept(make: fn() -> Result<Value, String>) -> MethodRouter<AppState> {
    let kept: Arc<OnceLock<Option<Bytes>>> = Arc::default();
    get(async move || {
        let made = kept.get_or_init(|| match make() {
            Ok(document) => Some(Bytes::from(document.to_string())),
            Err(error) => {
                tracing::error!(error, "a document of the interface cannot be made");
                None
            }
        });
        made.clone().map(|json| shown("application/json", json)).ok_or_else(Problem::broken)
    })
}

fn shown(content_type: &'static str, body: impl IntoResponse) -> Response {
    let headers: [(HeaderName, HeaderValue); 3] = [
        (CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY)),
        // Another version of the program has other documents.
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, body).into_response()
}
