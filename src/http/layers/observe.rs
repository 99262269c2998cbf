//! Each request has an id, a span and a measurement.
//!
//! The id is the caller's `X-Request-Id` when that is a uuid, else the trace id of their `traceparent` (W3C Trace
//! Context), else a new one. It is echoed, stands in every log line of the request as `correlation` and is the
//! correlation id of every event it causes; door, views, reactor and realtime name it in their lines, so that a request
//! can be followed to its frames. Headers, query and body are never logged: they hold tokens, search words and what
//! people write.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use metrics::{Histogram, histogram};
use tracing::Instrument;
use uuid::Uuid;

use crate::http::extract::RequestId;

pub const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");
const TRACE_PARENT_HEADER: HeaderName = HeaderName::from_static("traceparent");
/// Seconds by route, method and status.
pub const REQUEST_SECONDS: &str = "kabar_http_request_seconds";
/// A request slower than this is worth a line in the log.
const SLOW_REQUEST: Duration = Duration::from_secs(1);

/// The histograms that were needed so far. Routes, methods and statuses are few; nothing of them comes from outside.
#[derive(Clone, Default)]
pub struct RequestSeconds(Arc<RwLock<HashMap<String, ByAnswer>>>);

type ByAnswer = HashMap<(&'static str, u16), Histogram>;

impl RequestSeconds {
    fn record(&self, route: &str, method: &'static str, status: u16, elapsed: Duration) {
        {
            let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(histogram) = known.get(route).and_then(|answers| answers.get(&(method, status))) {
                return histogram.record(elapsed);
            }
        }
        let (name, label) = (route.to_owned(), status.to_string());
        let histogram = histogram!(REQUEST_SECONDS, "route" => name.clone(), "method" => method, "status" => label);
        histogram.record(elapsed);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(name).or_default().insert((method, status), histogram);
    }
}

pub async fn observe(State(seconds): State<RequestSeconds>, mut request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    let method = known_method(request.method());
    // A pattern, not the path: ids would make a time series each.
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("none", MatchedPath::as_str);
    request.extensions_mut().insert(id);

    let span = tracing::info_span!("request", correlation = %id.0, method, route);
    let begun = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;

    let (elapsed, status) = (begun.elapsed(), response.status().as_u16());
    span.in_scope(|| {
        if elapsed > SLOW_REQUEST {
            tracing::warn!(status, micros = elapsed.as_micros(), "a slow request");
        } else {
            tracing::debug!(status, micros = elapsed.as_micros(), "answered");
        }
    });
    seconds.record(route, method, status, elapsed);
    if let Ok(value) = HeaderValue::from_str(&id.0.to_string()) {
        response.headers_mut().insert(REQUEST_ID_HEADER, value);
    }
    response
}

fn request_id(headers: &HeaderMap) -> RequestId {
    let given = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let own = given(REQUEST_ID_HEADER).and_then(|text| Uuid::try_parse(text).ok());
    let traced = || given(TRACE_PARENT_HEADER).and_then(trace_id);
    own.or_else(traced).map_or_else(RequestId::new, RequestId)
}

/// `00-{32 hexadecimal digits}-{16}-{2}`; a later version may have more behind it.
/// <https://www.w3.org/TR/trace-context/#traceparent-header>
fn trace_id(text: &str) -> Option<Uuid> {
    let mut parts = text.split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hexadecimal = |part: &str, digits: usize| {
        part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    let right = hexadecimal(version, 2)
        && version != "ff"
        && hexadecimal(trace, 32)
        && hexadecimal(parent, 16)
        && hexadecimal(flags, 2)
        && (version != "00" || parts.next().is_none());
    let trace = u128::from_str_radix(trace, 16).ok().filter(|trace| right && *trace != 0)?;
    Some(Uuid::from_u128(trace))
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
    fn a_trace_that_comes_from_elsewhere_goes_on_here() {
        let traced = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(TRACE_PARENT_HEADER, text.parse().unwrap());
            request_id(&headers)
        };
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let expected = RequestId(Uuid::try_parse(trace).unwrap());
        assert_eq!(traced(&format!("00-{trace}-00f067aa0ba902b7-01")), expected);
        assert_eq!(traced(&format!("01-{trace}-00f067aa0ba902b7-01-more")), expected);
        for wrong in [
            format!("00-{trace}-00f067aa0ba902b7-01-more"),
            format!("ff-{trace}-00f067aa0ba902b7-01"),
            format!("00-{}-00f067aa0ba902b7-01", trace.to_uppercase()),
            format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            format!("00-{trace}-01"),
            format!("00-+{}-00f067aa0ba902b7-01", &trace[1..]),
        ] {
            assert_ne!(traced(&wrong), traced(&wrong), "{wrong} is no trace: a new id each time");
        }
    }

    #[test]
    fn the_callers_own_id_comes_before_a_trace() {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID_HEADER, Uuid::from_u128(7).to_string().parse().unwrap());
        headers.insert(TRACE_PARENT_HEADER, format!("00-{:032x}-{:016x}-01", 9, 1).parse().unwrap());
        assert_eq!(request_id(&headers), RequestId(Uuid::from_u128(7)));
    }

    #[test]
    fn an_invented_method_is_no_label() {
        assert_eq!(known_method(&Method::from_bytes(b"BREW").unwrap()), "other");
    }
}
