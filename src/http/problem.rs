//! Every way a request can fail, as RFC 9457 problem details (requirements §3).
//!
//! Policy. *Refusals* (a rule said no) are shown to the caller and logged at INFO. *Invalid requests* name the field. A
//! spent time-out or a lagging view is 503 with Retry-After: nothing was written, the caller may try again. *Faults* are
//! logged with their whole chain, inside the request's span and so with its id, and shown as a bare 503 or 500: what
//! broke inside is not the caller's business. Separate so that no handler chooses a status. Never in here: text that
//! came from a source error.

use std::borrow::Cow;
use std::error::Error;
use std::time::Duration;

use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use event_log::{Chain, CommandError, Position};
use projections::{Lagging, ReadError};
use schemars::JsonSchema;
use serde::Serialize;

use super::answer::AnsweredAt;

/// After how many seconds a caller may come back, where nothing better is known.
const RETRY_AFTER_SECONDS: u64 = 1;

/// One thing that is wrong with the request. `field` is a JSON path (`userIds[3]`), a query parameter or a header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FieldError {
    pub field: Cow<'static, str>,
    pub reason: Cow<'static, str>,
}

/// An answer that says no. Built by its constructors only, so that status, type and headers agree.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    status: StatusCode,
    /// Last part of the `type` URI; append-only, clients compare it.
    kind: &'static str,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    retry_after: Option<Duration>,
    /// How far the decision looked, for refusals.
    position: Option<Position>,
}

/// RFC 9457.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(super) struct Body<'a> {
    /// `urn:kabar:problem:..`; never another for the same thing.
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    errors: &'a [FieldError],
    #[schemars(extend("const" = false))]
    success: bool,
    /// The same as `detail`.
    error: &'a str,
}

impl Problem {
    fn new(status: StatusCode, kind: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { status, kind, detail: detail.into(), errors: Vec::new(), retry_after: None, position: None }
    }

    /// 400: the request cannot be parsed at all.
    pub fn malformed(field: impl Into<Cow<'static, str>>, reason: impl Into<Cow<'static, str>>) -> Self {
        let reason = reason.into();
        Self::new(StatusCode::BAD_REQUEST, "malformed", reason.clone()).naming(field, reason)
    }

    /// 401: nobody, or nobody we can recognise. `detail` says which, never why a signature failed.
    pub fn unauthenticated(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
    }

    /// 403: yours, but your role forbids it.
    pub fn forbidden(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// 404: absent, or not yours; the two are never told apart.
    pub fn not_found(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", detail)
    }

    pub fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "this route does not take this method")
    }

    /// 409: the thing is in another state.
    pub fn conflict(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", detail)
    }

    pub fn too_large(bytes_max: usize) -> Self {
        let reason = format!("a request body has at most {bytes_max} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", reason.clone()).naming("body", reason)
    }

    /// 413 for one part of the request.
    pub fn too_long(field: impl Into<Cow<'static, str>>, reason: impl Into<Cow<'static, str>>) -> Self {
        let reason = reason.into();
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", reason.clone()).naming(field, reason)
    }

    /// 408: the caller was silent, or slow beyond measure.
    pub fn timed_out(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "timed-out", detail)
    }

    pub fn unsupported_media_type(expected: &'static str) -> Self {
        let reason = format!("expected {expected}");
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", reason.clone())
            .naming("Content-Type", reason)
    }

    /// 416: nothing of a file of `bytes` lies in the part that was asked for.
    pub fn no_such_part(bytes: u64) -> Self {
        let reason = format!("the file has {bytes} bytes");
        Self::new(StatusCode::RANGE_NOT_SATISFIABLE, "no-such-part", reason.clone()).naming("Range", reason)
    }

    /// 422: understood, but a value is not possible.
    pub fn invalid(field: impl Into<Cow<'static, str>>, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::invalid_fields(vec![FieldError { field: field.into(), reason: reason.into() }])
    }

    /// 422 with everything that is wrong at once.
    pub fn invalid_fields(errors: Vec<FieldError>) -> Self {
        let detail = match errors.first() {
            Some(first) => format!("{}: {}", first.field, first.reason),
            None => "the request is invalid".to_owned(),
        };
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail) }
    }

    /// 429; `detail` says which limit was met.
    pub fn too_many_requests(detail: impl Into<Cow<'static, str>>, retry_after: Duration) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", detail).retry_after(retry_after)
    }

    /// 503: not now; nothing was written.
    pub fn unavailable(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
            .retry_after(Duration::from_secs(RETRY_AFTER_SECONDS))
    }

    /// The same, in words that say more.
    pub fn explained(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Something of ours broke and coming back later may help. Logged here with its chain.
    pub fn unavailable_fault(source: &(dyn Error + 'static)) -> Self {
        tracing::error!(error = %Chain(source), "unavailable");
        Self::unavailable("the server cannot answer just now")
    }

    /// Something of ours broke for good. Logged here with its chain.
    pub fn fault(source: &(dyn Error + 'static)) -> Self {
        tracing::error!(error = %Chain(source), "a fault");
        Self::broken()
    }

    /// 500 for what was logged elsewhere.
    pub fn broken() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "fault", "something went wrong on our side")
    }

    /// Adds a named field. For handlers that know better than the rule what the caller called it.
    #[must_use]
    pub fn naming(mut self, field: impl Into<Cow<'static, str>>, reason: impl Into<Cow<'static, str>>) -> Self {
        self.errors.push(FieldError { field: field.into(), reason: reason.into() });
        self
    }

    /// For a route that calls a field by another name than the rule does.
    #[must_use]
    pub fn renaming(mut self, field: &str, name: &'static str) -> Self {
        for error in self.errors.iter_mut().filter(|error| error.field == field) {
            error.field = name.into();
        }
        if let Some(reason) = self.detail.strip_prefix(field) {
            self.detail = format!("{name}{reason}").into();
        }
        self
    }

    #[must_use]
    fn retry_after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    #[must_use]
    pub(super) fn decided_at(self, position: Position) -> Self {
        Self { position: Some(position), ..self }
    }

    pub fn status(&self) -> StatusCode {
        self.status
    }

    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Body {
            r#type: format!("urn:kabar:problem:{}", self.kind),
            title: self.status.canonical_reason().unwrap_or(self.kind),
            status: self.status.as_u16(),
            detail: &self.detail,
            errors: &self.errors,
            success: false,
            error: &self.detail,
        };
        let mut response = (self.status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(axum::http::header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(wait) = self.retry_after {
            // Whole seconds, rounded up: coming back too early is refused again.
            let seconds = wait.as_millis().div_ceil(1000).max(1);
            if let Ok(value) = HeaderValue::from_str(&seconds.to_string()) {
                headers.insert(RETRY_AFTER, value);
            }
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"kabar\""));
        }
        if let Some(position) = self.position {
            response.extensions_mut().insert(AnsweredAt(position));
        }
        response
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Refused { refusal, position } => {
                tracing::info!(%refusal, %position, "refused");
                super::refusals::refused(&refusal).decided_at(position)
            }
            CommandError::Unavailable(Some(source)) => Self::unavailable_fault(&*source),
            no_key @ CommandError::NoKey(_) => Self::unavailable_fault(&no_key),
            CommandError::Unavailable(None) => {
                Self::unavailable("the command could not be carried out in time; nothing was written")
            }
            CommandError::Corrupt(source) => Self::fault(&*source),
            CommandError::OutcomeUnknown(source) => {
                tracing::error!(error = &*source as &dyn std::error::Error, "a command's outcome is not known yet");
                Self::unavailable(
                    "it is not known yet whether this was carried out; repeat it with the same Idempotency-Key",
                )
            }
            CommandError::Stopping => Self::unavailable("the server is stopping; nothing was written"),
            mistake @ CommandError::Misaddressed { .. } => Self::fault(&mistake),
        }
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Unavailable { .. } => Self::unavailable_fault(&error),
            ReadError::TookTooLong { .. } => {
                tracing::warn!(%error, "a question took too long");
                Self::unavailable("this took too long: ask for less, in one room or with more words")
            }
            ReadError::Corrupt { .. } | ReadError::Damaged { .. } | ReadError::WordsLost { .. } => Self::fault(&error),
        }
    }
}

impl From<Lagging> for Problem {
    fn from(lagging: Lagging) -> Self {
        tracing::warn!(unit = %lagging.unit, at = %lagging.at, wanted = %lagging.wanted, "a view is behind");
        let reason = format!("the {} view is not there yet", lagging.unit);
        Self::unavailable(reason.clone()).naming("after", reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aggregates::room::RoomError;

    async fn shown(problem: Problem) -> (StatusCode, axum::http::HeaderMap, serde_json::Value) {
        let response = problem.into_response();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 100_000).await.unwrap();
        (parts.status, parts.headers, serde_json::from_slice(&bytes).unwrap())
    }

    #[tokio::test]
    async fn the_body_has_exactly_the_members_the_front_end_reads() {
        let (status, headers, body) = shown(Problem::invalid("limit", "1 to 100")).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(headers["content-type"], "application/problem+json");
        assert_eq!(
            body,
            serde_json::json!({
                "type": "urn:kabar:problem:invalid", "title": "Unprocessable Entity", "status": 422,
                "detail": "limit: 1 to 100", "errors": [{"field": "limit", "reason": "1 to 100"}],
                "success": false, "error": "limit: 1 to 100"
            })
        );
    }

    #[tokio::test]
    async fn who_must_wait_is_told_how_long_in_whole_seconds() {
        let (status, headers, _) = shown(Problem::too_many_requests("reads", Duration::from_millis(1_200))).await;
        assert_eq!((status, &headers["retry-after"]), (StatusCode::TOO_MANY_REQUESTS, &HeaderValue::from_static("2")));
        let lagging = Lagging { unit: projections::UnitName::Feed, at: Position::START, wanted: Position(1) };
        let (status, headers, body) = shown(lagging.into()).await;
        assert_eq!(
            (status, &headers["retry-after"]),
            (StatusCode::SERVICE_UNAVAILABLE, &HeaderValue::from_static("1"))
        );
        assert!(body["detail"].as_str().unwrap().contains("feed"), "{body}");
    }

    #[tokio::test]
    async fn what_broke_inside_is_not_shown() {
        let error = ReadError::Corrupt { unit: projections::UnitName::Inbox, reason: "row 7 of members".into() };
        let (status, _, body) = shown(error.into()).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!body.to_string().contains("row 7"), "{body}");
    }

    #[tokio::test]
    async fn a_refusal_says_how_far_it_looked() {
        let error = CommandError::Refused { refusal: RoomError::Blocked.into(), position: Position(9) };
        let response = Problem::from(error).into_response();
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        assert_eq!(response.extensions().get::<AnsweredAt>(), Some(&AnsweredAt(Position(9))));
    }

    #[tokio::test]
    async fn the_unauthenticated_are_told_how_to_authenticate() {
        let (_, headers, _) = shown(Problem::unauthenticated("sign in first")).await;
        assert!(headers.contains_key("www-authenticate"));
    }
}
