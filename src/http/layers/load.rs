//! No more at once than we can answer, no longer than it makes sense, and a panic is one request's misfortune.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use crate::config::Config;
use crate::http::problem::Problem;
use crate::http::uploads;

pub const HEALTH_PATH: &str = "/healthz";

/// How much and how long. A socket counts only until it is open.
#[derive(Debug, Clone)]
pub struct Load {
    places: Arc<Semaphore>,
    time_max: Duration,
    /// Of requests that bring a file.
    upload_time_max: Duration,
}

impl Load {
    pub fn new(config: &Config) -> Self {
        let places = Arc::new(Semaphore::new(config.server.concurrent_requests_max));
        let time_max = config.server.request_time();
        Self { places, time_max, upload_time_max: config.uploads.time() + time_max }
    }

    fn time_for(&self, request: &Request) -> Duration {
        let brings_a_file = request.method() == Method::POST && request.uri().path() == uploads::PATH;
        if brings_a_file { self.upload_time_max } else { self.time_max }
    }
}

/// Sheds what does not fit: waiting in line would only make everybody late.
pub async fn limit(State(load): State<Load>, request: Request, next: Next) -> Result<Response, Problem> {
    // Whoever asks whether the process is alive restarts it when nobody answers: being busy is no reason.
    if request.uri().path() == HEALTH_PATH {
        return Ok(next.run(request).await);
    }
    let Ok(_place) = load.places.try_acquire() else {
        return Err(Problem::unavailable("too many requests at once; nothing was written"));
    };
    let time_max = load.time_for(&request);
    match tokio::time::timeout(time_max, next.run(request)).await {
        Ok(response) => Ok(response),
        Err(_) => {
            tracing::error!(seconds = time_max.as_secs(), "a request was given up");
            Err(Problem::unavailable("the request took too long"))
        }
    }
}

/// For `tower_http::catch_panic`: what was said goes to the log, not to the caller.
pub fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let said = panic.downcast_ref::<String>().map(String::as_str);
    let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("something");
    tracing::error!(panic = said, "a handler panicked");
    Problem::broken().into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use tokio::sync::Notify;
    use tower::ServiceExt;

    fn app(places: usize, time_max: Duration, entered: Arc<Notify>, leave: Arc<Notify>) -> Router {
        let slow = move || async move {
            entered.notify_one();
            leave.notified().await;
        };
        let load = Load { places: Arc::new(Semaphore::new(places)), time_max, upload_time_max: time_max };
        Router::new()
            .route("/slow", get(slow))
            .route(HEALTH_PATH, get(|| async {}))
            .route(
                "/panic",
                get(|| async {
                    if true {
                        panic!("hush")
                    }
                }),
            )
            .layer(axum::middleware::from_fn_with_state(load, limit))
            .layer(tower_http::catch_panic::CatchPanicLayer::custom(panicked))
    }

    async fn get_of(app: &Router, path: &str) -> Response {
        app.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn one_more_than_there_are_places_is_sent_away() {
        let (entered, leave) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let app = app(1, Duration::from_secs(60), entered.clone(), leave.clone());
        let first = tokio::spawn({
            let app = app.clone();
            async move { get_of(&app, "/slow").await.status() }
        });
        entered.notified().await;
        let second = get_of(&app, "/slow").await;
        assert_eq!(second.status(), 503);
        assert!(second.headers().contains_key("retry-after"));
        assert_eq!(get_of(&app, HEALTH_PATH).await.status(), 200, "busy is not dead");
        leave.notify_one();
        assert_eq!(first.await.unwrap(), 200);
        leave.notify_one();
        assert_eq!(get_of(&app, "/slow").await.status(), 200, "the place is free again");
    }

    #[tokio::test]
    async fn a_request_that_takes_too_long_is_given_up() {
        let app = app(1, Duration::from_millis(1), Arc::default(), Arc::default());
        assert_eq!(get_of(&app, "/slow").await.status(), 503);
    }

    #[tokio::test]
    async fn a_panic_is_a_bare_500() {
        let app = app(1, Duration::from_secs(5), Arc::default(), Arc::default());
        let response = get_of(&app, "/panic").await;
        assert_eq!(response.status(), 500);
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("hush"));
        assert_eq!(get_of(&app, "/panic").await.status(), 500, "its place is free again");
    }
}
