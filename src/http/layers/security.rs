//! Headers that keep browsers from doing harm with our answers, and which pages may read them.

use std::time::Duration;

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderValue, Method};
use axum::response::Response;
use tower_http::cors::{AllowHeaders, CorsLayer};

use super::observe::REQUEST_ID_HEADER;
use super::positions::POSITION_HEADER;
use crate::config::Config;

/// How long a browser may remember the answer to a preflight.
const PREFLIGHT_AGE: Duration = Duration::from_secs(3_600);

/// Nothing of ours is a page, a frame or worth keeping in a cache. A handler that knows better says so itself.
pub async fn headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// The platform's pages, with their cookies; nobody else's.
pub fn cors(config: &Config) -> CorsLayer {
    let origins = config.allowed_origins().into_iter().filter_map(|origin| HeaderValue::from_str(&origin).ok());
    CorsLayer::new()
        .allow_origin(origins.collect::<Vec<_>>())
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        // Clients add headers of their own to channel authorisations; the origin is what protects.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([POSITION_HEADER, REQUEST_ID_HEADER, RETRY_AFTER])
        .max_age(PREFLIGHT_AGE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::extract::Request;
    use axum::routing::post;
    use tower::ServiceExt;

    async fn preflight(origin: &str) -> Response {
        let mut config = Config::default();
        config.platform.base_url = Some("https://app.example.id".into());
        let app: Router = Router::new().route("/x", post(|| async {})).layer(cors(&config));
        let request = Request::options("/x")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "idempotency-key");
        app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn only_the_platforms_pages_may_call() {
        let allowed = preflight("https://app.example.id").await;
        assert_eq!(allowed.headers()["access-control-allow-origin"], "https://app.example.id");
        assert_eq!(allowed.headers()["access-control-allow-credentials"], "true");
        assert_eq!(allowed.headers()["access-control-allow-headers"], "idempotency-key");
        let refused = preflight("https://evil.example").await;
        assert!(!refused.headers().contains_key("access-control-allow-origin"));
    }

    #[tokio::test]
    async fn an_answer_is_no_page() {
        let response = headers(Response::new(Body::empty())).await;
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert!(response.headers()["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    }
}
