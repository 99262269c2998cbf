//! Webhooks: what happens on channels, told to the application's own servers (the protocol's webhooks, signed).
//!
//! `happening` is what may be told, `settling` holds back what a quick reconnect undoes, `sending` brings it to one URL.
//! Nothing of it ever holds the hub up: what does not fit into a queue is dropped, counted and said.

mod happening;
mod sending;
mod settling;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use happening::{EventKind, Happening};
pub use sending::Webhook;

use super::Inner;
use sending::{Batch, Target};
use settling::Settling;

/// What may wait to be looked at.
const HAPPENINGS_MAX: usize = 10_000;
/// Happenings in one request.
const BATCH_MAX: usize = 100;
/// How long what is left may take when the node stops.
const LAST_PATIENCE: Duration = Duration::from_secs(3);

/// The hub's end: never waits.
pub struct Happenings {
    /// `None` where nobody is to be told.
    queue: Option<mpsc::Sender<Happening>>,
    wanted: Vec<EventKind>,
}

impl Happenings {
    pub fn to(webhooks: &[Webhook]) -> (Self, Option<mpsc::Receiver<Happening>>) {
        let mut wanted: Vec<EventKind> = webhooks.iter().flat_map(|webhook| webhook.events.iter().copied()).collect();
        wanted.sort_unstable();
        wanted.dedup();
        if wanted.is_empty() {
            return (Self { queue: None, wanted }, None);
        }
        let (queue, waiting) = mpsc::channel(HAPPENINGS_MAX);
        (Self { queue: Some(queue), wanted }, Some(waiting))
    }

    /// `what` is made only where somebody wants it.
    pub fn tell(&self, kind: EventKind, what: impl FnOnce() -> Happening) {
        let Some(queue) = self.queue.as_ref().filter(|_| self.wanted.contains(&kind)) else { return };
        if queue.try_send(what()).is_err() {
            sending::dropped(1);
        }
    }
}

/// Until `stop`, and then until everything that was heard is sent or [`LAST_PATIENCE`] is over.
pub(super) async fn run(inner: Arc<Inner>, mut waiting: mpsc::Receiver<Happening>, stop: CancellationToken) {
    let mut senders = JoinSet::new();
    let targets: Vec<Target> = inner
        .config
        .webhooks
        .iter()
        .map(|webhook| Target::start(webhook, &inner.signer, &stop, &mut senders))
        .collect();
    let mut settling = Settling::default();
    let mut heard = Vec::with_capacity(BATCH_MAX);
    loop {
        let over = async {
            match settling.next() {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let stopped = tokio::select! {
            _ = waiting.recv_many(&mut heard, BATCH_MAX) => false,
            () = over => false,
            () = stop.cancelled() => true,
        };
        let now = Instant::now();
        let mut settled: Vec<Happening> = heard.drain(..).filter_map(|it| settling.take(it, now)).collect();
        if stopped {
            while let Ok(it) = waiting.try_recv() {
                settled.extend(settling.take(it, now));
            }
            settled.extend(settling.take_all());
        } else {
            settled.extend(settling.take_over(now));
        }
        hand_out(&targets, &settled);
        if stopped {
            break;
        }
    }
    drop(targets);
    let ended = async { while senders.join_next().await.is_some() {} };
    if tokio::time::timeout(LAST_PATIENCE, ended).await.is_err() {
        tracing::warn!("some webhooks were not sent in time");
    }
}

fn hand_out(targets: &[Target], settled: &[Happening]) {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    for some in settled.chunks(BATCH_MAX) {
        for target in targets {
            let wanted: Vec<&Happening> = some.iter().filter(|it| target.wants(it.kind())).collect();
            if !wanted.is_empty() {
                target.put(Batch::of(since, &wanted));
            }
        }
    }
}
