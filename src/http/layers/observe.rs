//! Each request has an id, a span and a measurement.
//!
//! The id is the caller's `X-Request-Id` when that is a uuid, else a new one; it is echoed, stands in every log line of
//! the request and is the correlation id of every event it causes. Headers, query and body are never logged: they hold
//! tokens, search words and what people write.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;
use uuid::Uuid;

use crate::http::extract::RequestId;

pub const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// Seconds by route, method and status.
pub const REQUEST_SECONDS: &str = "kabar_http_request_seconds";

pub async fn observe(mut request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    let method = known_method(request.method());
    // A pattern, not the path: ids would make a time series each.
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    request.extensions_mut().insert(id);

    let span = tracing::info_span!("request", id = %id.0, method, route);
    let begun = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;

    let (elapsed, status) = (begun.elapsed(), response.status().as_u16());
    span.in_scope(|| tracing::debug!(status, micros = elapsed.as_micros(), "answered"));
    metrics::histogram!(REQUEST_SECONDS, "route" => route, "method" => method, "status" => status.to_string())
        .record(elapsed.as_secs_f64());
    if let Ok(value) = HeaderValue::from_str(&id.0.to_string()) {
        response.headers_mut().insert(REQUEST_ID_HEADER, value);
    }
    response
}

fn request_id(headers: &HeaderMap) -> RequestId {
    let given = headers.get(REQUEST_ID_HEADER).and_then(|value| value.to_str().ok());
    given.and_then(|text| Uuid::try_parse(text).ok()).map_or_else(RequestId::new, RequestId)
}

/// Anybody may invent a method; a label must not follow.
fn known_method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_of(text: &str) -> RequestId {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID_HEADER, text.parse().unwrap());
        request_id(&headers)
    }

    #[test]
    fn a_callers_id_is_kept_when_it_is_one() {
        let given = Uuid::from_u128(7);
        assert_eq!(id_of(&given.to_string()), RequestId(given));
        assert_ne!(id_of("../../etc/passwd\t"), id_of("../../etc/passwd\t"), "a new one each time");
    }

    #[test]
    fn an_invented_method_is_no_label() {
        assert_eq!(known_method(&Method::from_bytes(b"BREW").unwrap()), "other");
    }
}
