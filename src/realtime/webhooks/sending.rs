//! Brings webhooks to one URL, in order, and again for five minutes where they are not taken.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::budget::Budget;
use super::happening::{EventKind, Happening};
use crate::realtime::measures::WebhookMeasures;
use crate::realtime::protocol::signature::Signer;

/// Requests that wait for one URL, and what they may weigh.
const QUEUE_MAX: usize = 1_000;
const QUEUE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How long a request is tried for.
const TRIED_FOR: Duration = Duration::from_secs(5 * 60);
const REQUEST_TIME_MAX: Duration = Duration::from_secs(10);
const BACKOFF_FIRST: Duration = Duration::from_secs(1);
const BACKOFF_MAX: Duration = Duration::from_secs(60);

/// Whom to tell of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    pub url: Url,
    pub events: Vec<EventKind>,
    /// Between the first two attempts; twice as long each time. Default 1 s.
    pub backoff_first: Duration,
}

impl Webhook {
    pub fn new(url: Url, events: Vec<EventKind>) -> Self {
        Self { url, events, backoff_first: BACKOFF_FIRST }
    }
}

/// One request's worth.
pub(super) struct Batch {
    body: String,
    events: u64,
    until: Instant,
}

#[derive(Serialize)]
struct Body<'a> {
    time_ms: u64,
    events: &'a [&'a Happening],
}

impl Batch {
    /// `since` is the time, as 1970 counts it.
    pub fn of(since: Duration, events: &[&Happening]) -> Self {
        let time_ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        let count = u64::try_from(events.len()).unwrap_or(u64::MAX);
        // Numbers and texts always serialise; nothing at all would be no webhook to anybody.
        let body = serde_json::to_string(&Body { time_ms, events }).unwrap_or_default();
        Self { body, events: count, until: Instant::now() + TRIED_FOR }
    }
}

/// The queue before one URL. Its sender ends with it, when everything was tried.
pub(super) struct Target {
    events: Vec<EventKind>,
    queue: mpsc::Sender<Batch>,
    budget: Budget,
    measures: WebhookMeasures,
}

impl Target {
    /// From `stop` on each request is tried once.
    pub fn start(
        webhook: &Webhook,
        (signer, measures): (&Signer, &WebhookMeasures),
        stop: &CancellationToken,
        senders: &mut JoinSet<()>,
    ) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE_MAX);
        let budget = Budget::of(QUEUE_BYTES_MAX);
        match client() {
            Ok(http) => {
                let sender = Sender {
                    http,
                    webhook: webhook.clone(),
                    signer: signer.clone(),
                    budget: budget.clone(),
                    measures: measures.clone(),
                };
                senders.spawn(sender.run(waiting, stop.clone()));
            }
            Err(error) => tracing::error!(%error, "webhooks cannot be sent"),
        }
        Self { events: webhook.events.clone(), queue, budget, measures: measures.clone() }
    }

    pub fn wants(&self, kind: EventKind) -> bool {
        self.events.contains(&kind)
    }

    /// Never waits. What does not fit is dropped.
    pub fn put(&self, batch: Batch) {
        let (events, bytes) = (batch.events, batch.body.len());
        if !self.budget.take(bytes) {
            return self.measures.dropped.increment(events);
        }
        if self.queue.try_send(batch).is_err() {
            self.budget.give(bytes);
            self.measures.dropped.increment(events);
        }
    }
}

fn client() -> reqwest::Result<reqwest::Client> {
    // One is needed, and which one does not matter: another part may have chosen it.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    reqwest::Client::builder()
        .timeout(REQUEST_TIME_MAX)
        // A signed body goes to the URL that was configured and nowhere else.
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("kabar/", env!("CARGO_PKG_VERSION")))
        .build()
}

struct Sender {
    http: reqwest::Client,
    webhook: Webhook,
    signer: Signer,
    budget: Budget,
    measures: WebhookMeasures,
}

impl Sender {
    async fn run(self, mut waiting: mpsc::Receiver<Batch>, stop: CancellationToken) {
        while let Some(batch) = waiting.recv().await {
            let taken = self.send(&batch, &stop).await;
            self.budget.give(batch.body.len());
            if !taken {
                self.measures.dropped.increment(batch.events);
                // Its path and query may hold what only the receiver is to know.
                let host = self.webhook.url.host_str().unwrap_or_default();
                tracing::warn!(host, events = batch.events, "a webhook was given up");
            }
        }
    }

    /// Whether it was taken in the end.
    async fn send(&self, batch: &Batch, stop: &CancellationToken) -> bool {
        let mut backoff = self.webhook.backoff_first;
        loop {
            if self.is_taken(batch).await {
                self.measures.taken.increment(1);
                return true;
            }
            self.measures.refused.increment(1);
            if stop.is_cancelled() || Instant::now() + backoff > batch.until {
                return false;
            }
            tokio::select! {
                () = tokio::time::sleep(backoff) => {}
                // One more attempt, and then no more.
                () = stop.cancelled() => {}
            }
            backoff = (backoff * 2).min(BACKOFF_MAX);
        }
    }

    async fn is_taken(&self, batch: &Batch) -> bool {
        let request = self
            .http
            .post(self.webhook.url.clone())
            // Exactly this: receivers compare it as a text.
            .header(CONTENT_TYPE, "application/json")
            .header("X-Pusher-Key", self.signer.key())
            .header("X-Pusher-Signature", self.signer.sign(batch.body.as_bytes()))
            .body(batch.body.clone());
        match request.send().await {
            Ok(answer) => {
                let status = answer.status();
                if !status.is_success() {
                    tracing::debug!(%status, "a webhook was not taken");
                }
                status.is_success()
            }
            Err(error) => {
                tracing::debug!(error = %error.without_url(), "a webhook did not arrive");
                false
            }
        }
    }
}
