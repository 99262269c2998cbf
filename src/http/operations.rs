//! For whoever runs Kabar: is the process alive, may it be given traffic, what does it measure.
//!
//! `/healthz` only says that the process answers: a load balancer restarts what does not. `/readyz` asks everything a
//! request needs and names what is wrong: a load balancer sends traffic elsewhere meanwhile. Never in here: anything
//! about users; all three answer to anybody.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aggregates::Timestamp;
use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use event_log::{CacheSize, Position};
use metrics::gauge;
use projections::views::UnitRun;
use serde::Serialize;

use super::problem::Problem;
use super::state::AppState;
use crate::{measures, realtime};

/// A log that does not say where it is in this time does not answer commands either.
const LOG_PATIENCE: Duration = Duration::from_secs(1);

/// What the process knows of itself beyond what it can ask.
#[derive(Debug, Default)]
pub struct Health {
    draining: AtomicBool,
    /// Tasks that ended without being asked to, and why.
    ended: Mutex<Vec<(&'static str, String)>>,
}

impl Health {
    /// From now on not ready: the process is stopping.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// A task of the process is gone; the process stays up, answers what it still can, and is not ready.
    pub fn task_ended(&self, task: &'static str, reason: String) {
        tracing::error!(task, reason, "a task ended; this process is not ready any more and should be restarted");
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).push((task, reason));
    }

    fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    fn ended(&self) -> Vec<(&'static str, String)> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One thing that requests need.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    name: &'static str,
    ok: bool,
    /// How far it has come in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
    /// Events of the log that it has not seen yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    behind: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Serialize)]
struct Readiness {
    status: &'static str,
    at: Timestamp,
    checks: Vec<Check>,
}

/// `GET /healthz`
pub async fn healthz() -> Json<serde_json::Value> {
    Json(serde_json::json!({ "status": "ok" }))
}

/// `GET /readyz`
pub async fn readyz(State(state): State<AppState>) -> Response {
    let checks = checks(&state).await;
    let ready = checks.iter().all(|check| check.ok);
    let (status, word) = if ready { (StatusCode::OK, "ready") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready") };
    (status, Json(Readiness { status: word, at: state.clock.now(), checks })).into_response()
}

/// `GET /metrics`, in the format of Prometheus.
pub async fn metrics(State(state): State<AppState>) -> Result<Response, Problem> {
    let Some(recorded) = state.metrics.as_ref().filter(|_| state.config.server.metrics) else {
        return Err(Problem::not_found("there is no such route"));
    };
    // What a look is enough for is asked now, and costs nothing meanwhile.
    for check in checks(&state).await {
        gauge!(measures::READY, "part" => check.name).set(if check.ok { 1.0 } else { 0.0 });
        if let Some(position) = check.position {
            gauge!(measures::POSITION, "part" => check.name).set(as_float(position));
        }
        if let Some(behind) = check.behind {
            gauge!(measures::BEHIND_EVENTS, "part" => check.name).set(as_float(behind));
            if let Some(seconds) = seconds_behind(&state, &check, behind).await {
                gauge!(measures::BEHIND_SECONDS, "part" => check.name).set(seconds);
            }
        }
    }
    gauge!(event_log::measures::DOOR_QUEUE).set(as_float(state.door.inside() as u64));
    gauge!(event_log::measures::LOG_CONNECTIONS).set(as_float(state.log.connections_in_use() as u64));
    for (unit, in_use) in state.views.connections_in_use() {
        gauge!(projections::measures::VIEW_CONNECTIONS, "unit" => unit.name()).set(as_float(in_use as u64));
    }
    show_memory(&state);
    gauge!(realtime::measures::OUTGOING).set(as_float(state.realtime.take_outgoing_max() as u64));
    let mut response = recorded.render().into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"));
    Ok(response)
}

fn show_memory(state: &AppState) {
    let own = vec![state.gate.remembered(), state.realtime.window_size(), state.realtime.attending()];
    let caches = [state.door.caches(), state.log.caches(), state.directory.caches(), own];
    for CacheSize { name, entries, entries_max, bytes } in caches.into_iter().flatten() {
        gauge!(measures::CACHE_ENTRIES, "cache" => name).set(as_float(entries as u64));
        gauge!(measures::CACHE_ENTRIES_MAX, "cache" => name).set(as_float(entries_max as u64));
        if let Some(bytes) = bytes {
            gauge!(measures::CACHE_BYTES, "cache" => name).set(as_float(bytes as u64));
        }
    }
    if let Some(bytes) = resident_bytes() {
        gauge!(measures::MEMORY).set(as_float(bytes));
    }
}

/// Only Linux says it in a file.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib: u64 =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1_024)
}

/// How long the first event that a part has not seen has been waiting. `None` when the log does not say.
async fn seconds_behind(state: &AppState, check: &Check, behind: u64) -> Option<f64> {
    if behind == 0 {
        return Some(0.0);
    }
    // Not read as an event: a part that is stuck is mostly stuck at one that cannot be read.
    let first = state.log.recorded_behind(Position(check.position?));
    let recorded_at = tokio::time::timeout(LOG_PATIENCE, first).await.ok()?.ok()?;
    let waiting = recorded_at.map_or(0, |recorded_at| state.clock.now().as_millis() - recorded_at.as_millis());
    Some(as_float(waiting.max(0).unsigned_abs()) / 1_000.0)
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 events")]
fn as_float(count: u64) -> f64 {
    count as f64
}

async fn checks(state: &AppState) -> Vec<Check> {
    let (head, log) = match tokio::time::timeout(LOG_PATIENCE, state.log.head()).await {
        Ok(Ok(head)) => (Some(head), Check { position: Some(head.0), ..Check::of("log", state.log.trouble()) }),
        Ok(Err(error)) => (None, Check::failed("log", error.to_string())),
        Err(_) => (None, Check::failed("log", "it does not answer".into())),
    };
    let mut checks = vec![log, Check::of("door", state.door.failure())];
    for unit in state.views.health() {
        let failure = match unit.run {
            UnitRun::Idle | UnitRun::Running => None,
            UnitRun::Retrying { reason } | UnitRun::Failed { reason } => Some(reason),
        };
        checks.push(Check::of(unit.unit.name(), failure).at(Some(unit.checkpoint), head, state));
    }
    let realtime = state.realtime.health();
    checks.push(Check::of("realtime", realtime.failure).at(realtime.position, head, state));
    let reactor = state.reactor.borrow().clone();
    checks.push(Check::of("reactor", reactor.failure).at(reactor.position, head, state));
    checks.push(Check::of("delivery", state.delivery.borrow().failure.clone()));
    for (task, reason) in state.health.ended() {
        // What has a line already is the same part, and that line knows more.
        match checks.iter_mut().find(|check| check.name == task) {
            Some(known) => known.fails(reason),
            None => checks.push(Check::failed(task, reason)),
        }
    }
    if state.health.is_draining() {
        checks.push(Check::failed("server", "it is stopping".into()));
    }
    checks
}

impl Check {
    fn fine(name: &'static str) -> Self {
        Self { name, ok: true, position: None, behind: None, reason: None }
    }

    fn failed(name: &'static str, reason: String) -> Self {
        Self { ok: false, reason: Some(reason), ..Self::fine(name) }
    }

    fn of(name: &'static str, failure: Option<String>) -> Self {
        failure.map_or_else(|| Self::fine(name), |reason| Self::failed(name, reason))
    }

    fn fails(&mut self, reason: String) {
        self.ok = false;
        self.reason.get_or_insert(reason);
    }

    /// A subscriber that is further behind than the configuration allows would answer with yesterday's news.
    fn at(mut self, position: Option<Position>, head: Option<Position>, state: &AppState) -> Self {
        let behind_max = state.config.server.ready_behind_events_max;
        self.position = position.map(|position| position.0);
        self.behind = position.zip(head).map(|(position, head)| head.0.saturating_sub(position.0));
        if self.behind.is_some_and(|behind| behind > behind_max) {
            self.ok = false;
            self.reason.get_or_insert_with(|| "it is catching up".into());
        }
        self
    }
}
